"""What is read off saliency maps wherever they are drawn: one absolute scale, means over a clip, peaks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import F8
from gaitviewer.core.maps import SaliencyMap
from gaitviewer.core.output import ModelOutput
from gaitviewer.core.skeleton import Skeleton

_TOP = 3.0  # the scale ends at so many times what the most important joint has in the population
_MIDDLES = {"neck": ("left_shoulder", "right_shoulder"), "pelvis": ("left_hip", "right_hip")}

BODY_PLACES: Mapping[str, tuple[float, float]] = {
    "nose": (0.0, 0.94), "neck": (0.0, 0.84), "pelvis": (0.0, 0.53),
    **{f"{side}_{part}": (sign * x, y) for side, sign in (("left", 1), ("right", -1)) for part, x, y in (
        ("eye", 0.025, 0.965), ("ear", 0.05, 0.95), ("shoulder", 0.12, 0.81), ("elbow", 0.17, 0.66),
        ("wrist", 0.19, 0.52), ("hip", 0.07, 0.52), ("knee", 0.08, 0.29), ("ankle", 0.085, 0.07),
        ("heel", 0.075, 0.02), ("big_toe", 0.11, -0.02), ("small_toe", 0.15, 0.0),
    )},
}  # fmt: skip
"""A standing body seen from the front, in parts of its height; the subject's left is on the right."""
BODY_BONES = (("neck", "nose"), ("neck", "pelvis"), *(
    (a if a in ("neck", "pelvis") else f"{side}_{a}", f"{side}_{b}")
    for side in ("left", "right") for a, b in (
        ("neck", "shoulder"), ("shoulder", "elbow"), ("elbow", "wrist"), ("pelvis", "hip"), ("hip", "knee"),
        ("knee", "ankle"), ("ankle", "big_toe"), ("ankle", "heel"))))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Peak:
    """A moment at which a map has much evidence.

    Attributes:
        map: which map.   cell: which row of it.   total: sum over its joints, without signs.
    """

    map: SaliencyMap
    cell: int
    total: float

    @property
    def time_s(self) -> float:
        """On the clock of the map's view, seconds."""
        return float(self.map.times_s[self.cell])


def scale_top(output: ModelOutput) -> float:
    """Where the scale of a model's saliency ends: the same for every clip of a model with a population ranking.

    Without a ranking it is the largest value of these maps; 0 where there is nothing to show.
    """
    most = max((high for _, _, _, high in output.ranking if math.isfinite(high)), default=0.0)
    if most > 0:
        return _round_up(_TOP * most)
    values = [np.abs(one.values[np.isfinite(one.values)]) for one in output.saliency]
    return _round_up(max((float(v.max()) for v in values if v.size), default=0.0))


def _round_up(value: float) -> float:
    """The next number with one digit, 0.0412 -> 0.05."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return math.ceil(value / power * (1 - 1e-9)) * power


def has_evidence(maps: Sequence[SaliencyMap]) -> bool:
    """Whether there is anything to draw: a known value other than zero, and not the same one everywhere."""
    known = np.concatenate([one.values[np.isfinite(one.values)] for one in maps]) if maps else np.zeros(0)
    return bool(known.any()) and (known.size == 1 or bool((known != known[0]).any()))


def joint_means(maps: Sequence[SaliencyMap]) -> dict[str, float]:
    """Mean of each keypoint over all cells of all maps in which it is known; one never known is left out."""
    found: dict[str, list[F8]] = {}
    for one in maps:
        for name, column in zip(one.keypoints, one.values.T, strict=True):
            found.setdefault(name, []).append(column[np.isfinite(column)])
    joined = {name: np.concatenate(columns) for name, columns in found.items()}
    return {name: float(values.mean()) for name, values in joined.items() if values.size}


def peaks(maps: Sequence[SaliencyMap], count: int, *, apart_s: float = 0.2) -> tuple[Peak, ...]:
    """The moments with the most evidence, by map and time; none where there is no evidence."""
    found: list[Peak] = []
    for one in maps:
        totals = np.nansum(np.abs(one.values), axis=1)
        found += [Peak(one, cell, float(total)) for cell, total in enumerate(totals) if total > 0]
    taken: list[Peak] = []
    for peak in sorted(found, key=lambda peak: -peak.total):
        near = any(peak.map is other.map and abs(peak.time_s - other.time_s) < apart_s for other in taken)
        if not near and len(taken) < count:
            taken.append(peak)
    places = [id(one) for one in maps]
    return tuple(sorted(taken, key=lambda peak: (places.index(id(peak.map)), peak.time_s)))


@lru_cache(maxsize=16)
def joint_rows(skeleton: Skeleton, names: tuple[str, ...]) -> NDArray[np.int64]:
    """[V, 2] the keypoints whose middle each joint of a map is (twice the same for most); -1 where unknown."""
    found = np.full((len(names), 2), -1, np.int64)
    for row, name in enumerate(names):
        parts = _MIDDLES.get(name, (name, name))
        if set(parts) <= set(skeleton.keypoints):
            found[row] = [skeleton.keypoints.index(part) for part in parts]
    return found


def joints_xy(xy: F8, skeleton: Skeleton, names: tuple[str, ...]) -> F8:
    """[V, 2] where joints of a map lie among keypoints [K, 2], neck and pelvis between the sides; or NaN."""
    rows = joint_rows(skeleton, names)
    middles = np.asarray(0.5 * (xy[rows[:, 0]] + xy[rows[:, 1]]), np.float64)
    middles[rows[:, 0] < 0] = np.nan
    return middles


def joint_xy(xy: F8, skeleton: Skeleton, name: str) -> F8:
    """[2] where one joint of a map lies; or NaN."""
    return np.asarray(joints_xy(xy, skeleton, (name,))[0])
