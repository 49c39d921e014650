"""Where models looked, put on the frames of one view: what the pictures, the timeline and the panels draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import Side, View
from gaitviewer.core.maps import AttentionMap, SaliencyMap
from gaitviewer.core.output import Answer, item_asked
from gaitviewer.core.saliency import has_evidence, scale_top

_LEAST_S = 0.05  # a cell of a map stands for so much time at least, before and after its middle

LEAST_SHARE = 0.02
"""Of the scale: less is drawn as nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class SaliencyTrack:
    """The saliency of one view of a recording over its whole time.

    Attributes:
        values: [N, V] raw; NaN = unknown.   times_s: [N] on the clock of the view, rising.
        reach_s: [N] how long before and after its middle a cell counts.
        keypoints: V names.   top: where the scale ends, the same for every clip of the model.
        is_empty: there is nothing to draw in any cell of any map of the clip.
        out_of_date: the recording is another by now.   statement: what must stand beside it.
    """

    values: NDArray[np.float64]
    times_s: NDArray[np.float64]
    reach_s: NDArray[np.float64]
    keypoints: tuple[str, ...]
    top: float
    is_empty: bool = False
    out_of_date: bool = False
    statement: str = ""

    def cell_at(self, time_s: float) -> int | None:
        """The cell that counts at a moment of the view's own video; None where the model did not look."""
        after = int(np.searchsorted(self.times_s, time_s))
        near = [k for k in (after - 1, after) if 0 <= k < len(self.times_s)]
        best = min(near, key=lambda k: abs(float(self.times_s[k]) - time_s), default=None)
        if best is None or abs(float(self.times_s[best]) - time_s) > self.reach_s[best]:
            return None
        return best

    def shares(self, cell: int) -> NDArray[np.float64]:
        """[V] values of a cell in parts of the scale, with their sign; NaN = unknown."""
        return np.asarray(self.values[cell] / self.top if self.top > 0 else np.zeros(len(self.keypoints)))

    def strongest(self, cell: int, count: int = 3) -> tuple[tuple[str, float], ...]:
        """Joints with the most evidence in a cell, with their raw values; those without any are left out."""
        row = self.values[cell]
        order = np.argsort(-np.nan_to_num(np.abs(row)))[:count]
        return tuple((self.keypoints[k], float(row[k])) for k in order if np.isfinite(row[k]) and row[k] != 0)

    @property
    def is_signed(self) -> bool:
        """Whether some evidence speaks against the answer."""
        return bool((self.values < 0).any())


def saliency_track(answer: Answer | None, trial: str, view: View) -> SaliencyTrack | None:
    """All maps of a view of a recording, one after the other; None where the model did not look or judge."""
    if answer is None or any(opinion.probabilities is None for opinion in answer.output.opinions):
        return None
    maps = [one for one in answer.output.saliency if (one.trial, one.view) == (trial, view)]
    maps = [one for one in maps if len(one.times_s) and one.keypoints == maps[0].keypoints]
    if not maps:
        return None
    times = np.concatenate([one.times_s for one in maps])
    reach = np.concatenate([_reach(one) for one in maps])
    order = np.argsort(times, kind="stable")
    values, top = np.concatenate([one.values for one in maps])[order], scale_top(answer.output)
    with np.errstate(invalid="ignore"):
        faint = top <= 0 or not bool((np.abs(values) >= LEAST_SHARE * top).any())
    return SaliencyTrack(
        values=values,
        times_s=times[order],
        reach_s=reach[order],
        keypoints=maps[0].keypoints,
        top=top,
        is_empty=faint or not has_evidence(answer.output.saliency),
        out_of_date=answer.out_of_date,
        statement=answer.output.statement,
    )


def _reach(one: SaliencyMap) -> NDArray[np.float64]:
    """Three quarters of the usual step: a missing cell is not bridged, one off its place is."""
    step = float(np.median(np.diff(one.times_s))) if len(one.times_s) > 1 else 0.0
    return np.full(len(one.times_s), max(_LEAST_S, 0.75 * step))


@dataclass(frozen=True, slots=True, eq=False)
class AttentionTrack:
    """Where the video model looked for one item of a limb, in one view.

    Attributes:
        maps: of one kind ("attention" or "occlusion"), each with one time, rising.
        low, high: ends of the scale over all of them; 0 and 0 where nothing is known.
        out_of_date, statement: as of :class:`SaliencyTrack`.
    """

    maps: tuple[AttentionMap, ...]
    low: float
    high: float
    out_of_date: bool = False
    statement: str = ""

    @property
    def kind(self) -> str:
        """What the maps tell: "attention" or "occlusion"."""
        return self.maps[0].kind

    def map_at(self, time_s: float) -> AttentionMap | None:
        """The map whose tubelet shows a moment of the view's own video; None where the model did not look."""
        times = np.array([one.times_s[0] for one in self.maps])
        best = int(np.argmin(np.abs(times - time_s)))
        step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
        away = abs(float(times[best]) - time_s)
        return self.maps[best] if away <= max(_LEAST_S, 0.75 * step) else None

    @property
    def is_empty(self) -> bool:
        """Whether every patch has the same value: then there is nothing to tell."""
        return not self.high > self.low


def attention_track(
    answer: Answer | None, trial: str, view: View, asked: tuple[int, Side] | None, kind: str
) -> AttentionTrack | None:
    """The maps of an item of a limb; None where there are none, or no opinion."""
    if answer is None or asked is None:
        return None
    silent = {item_asked(one.name) for one in answer.output.opinions if one.probabilities is None}
    own = [
        one
        for one in explained_maps(answer.output.attention, asked)
        if (one.trial, one.view, one.kind) == (trial, view, kind)
    ]
    if not own or asked in silent:
        return None
    known = [one.values[np.isfinite(one.values)] for one in own]
    seen = np.concatenate(known) if known else np.zeros(0)
    most = float(np.abs(seen).max()) if seen.size else 0.0
    # attention adds up to one: it is told from the least to the most; occlusion has a zero of its own
    low, high = (
        (-most if bool((seen < 0).any()) else 0.0, most)
        if kind == "occlusion"
        else (float(seen.min()) if seen.size else 0.0, float(seen.max()) if seen.size else 0.0)
    )
    ordered = tuple(sorted(own, key=lambda one: float(one.times_s[0])))
    return AttentionTrack(ordered, low, high, answer.out_of_date, answer.output.statement)


def explained_maps(maps: Iterable[AttentionMap], asked: tuple[int, Side]) -> tuple[AttentionMap, ...]:
    """The maps of an item of a limb that have a time."""
    return tuple(one for one in maps if item_asked(one.target) == asked and len(one.times_s))


@dataclass(frozen=True, slots=True)
class PointedFeature:
    """A feature of the knowledge map that is pointed at.

    Attributes:
        name, title: the feature.   trial, view: where it was read.
        figures: lines of points, each point the keypoints (by number) whose middle it is.
    """

    name: str
    title: str
    trial: str
    view: View
    figures: tuple[tuple[tuple[int, ...], ...], ...]


def middles(points: NDArray[np.float64], figure: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """[P, 2] the points of a figure among keypoints [K, 2]; NaN where one is not seen."""
    return np.stack([points[list(rows)].mean(axis=0) for rows in figure])
