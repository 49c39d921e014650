"""What models look at: raw values with the grid that leads back to seconds, pixels and feature names.

Values are never scaled here; a view that scales them shows the range: a map without evidence must look empty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import readonly_array
from gaitviewer.core.gait import View


@dataclass(frozen=True, slots=True, eq=False)
class SaliencyMap:
    """Evidence of each keypoint over time.

    Attributes:
        values: [T', V] f64, raw and not negative.
        times_s: [T'] middle of each cell on the trial's clock of ``view``, seconds.
        keypoints: V names.
        trial, view: which recording.   layer: where in the network it was read.   target: of which output.
    """

    values: NDArray[np.float64]
    times_s: NDArray[np.float64]
    keypoints: tuple[str, ...]
    trial: str
    view: View
    layer: str
    target: str

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "values", readonly_array(self.values, np.float64, (None, len(self.keypoints)), "values"))
        put(self, "times_s", readonly_array(self.times_s, np.float64, (self.values.shape[0],), "times_s"))


@dataclass(frozen=True, slots=True, eq=False)
class AttentionMap:
    """Attention of a video model over patches.

    Attributes:
        values: [T', Y, X] f64 raw; NaN = patch not looked at (pruned).
        times_s: [T'] middle of each tubelet, seconds.
        box_px: left, top, right, bottom of the crop in source pixels.
        trial, view, kind: which recording; "attention" or "occlusion".   target: of which output.
    """

    values: NDArray[np.float64]
    times_s: NDArray[np.float64]
    box_px: tuple[float, float, float, float]
    trial: str
    view: View
    kind: str
    target: str

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "values", readonly_array(self.values, np.float64, (None, None, None), "values"))
        put(self, "times_s", readonly_array(self.times_s, np.float64, (self.values.shape[0],), "times_s"))


@dataclass(frozen=True, slots=True, eq=False)
class KnowledgeMap:
    """The kinematic knowledge map of one clip.

    Attributes:
        values: [238, T] f64 in each feature's own unit; finite.
        features: 238 names.   times_s: [T] seconds.
        trial, view: which recording.   cycle: [T] position in the gait cycle 0..1, NaN if unknown.
        kind: "values", or "importance" (raw and not negative) of each value for the answer ``target``.
    """

    values: NDArray[np.float64]
    features: tuple[str, ...]
    times_s: NDArray[np.float64]
    trial: str
    view: View
    cycle: NDArray[np.float64]
    kind: str = "values"
    target: str = ""

    def __post_init__(self) -> None:
        put = object.__setattr__
        frames = len(self.times_s)
        put(self, "values", readonly_array(self.values, np.float64, (len(self.features), frames), "values"))
        put(self, "times_s", readonly_array(self.times_s, np.float64, (frames,), "times_s"))
        put(self, "cycle", readonly_array(self.cycle, np.float64, (frames,), "cycle"))


@dataclass(frozen=True, slots=True)
class FeatureFinding:
    """A feature that mattered.

    Attributes:
        feature, domain: its name and the group that it belongs to.
        start_s, stop_s: its window, seconds on the trial's clock.
        weight: raw: what the answer would lose without it.   words: the feature with its value, for people.
        value, unit: what was measured; NaN where it is told over time only.
        norm, norm_sd: mean and standard deviation in healthy children, in ``unit``; NaN where none is known.
    """

    feature: str
    domain: str
    start_s: float
    stop_s: float
    weight: float
    words: str
    value: float = math.nan
    unit: str = ""
    norm: float = math.nan
    norm_sd: float = math.nan


@dataclass(frozen=True, slots=True)
class MapRow:
    """What a row of the knowledge map is, for people.

    Attributes:
        name, title: identifier, and what it is called.
        group, unit: the kind of rows that it belongs to; its own unit.
    """

    name: str
    title: str
    group: str
    unit: str
