"""Strides, events and key images of the open trial on the player's clock, and which strides count. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gaitviewer.core.document import Document
from gaitviewer.core.gait import Side, Stride, View
from gaitviewer.core.measures import CYCLE_POINTS, Curve, Measures, TrialMotion
from gaitviewer.core.timebase import TrialClock
from gaitviewer.messages import Message, as_written

_SAME_S = 1e-3
# Strides of two views are one step if they share this part of the longer one: a view may see its end badly.
_SAME_STRIDE = 0.6


def event_times(motion: TrialMotion | None, clock: TrialClock) -> list[float]:
    """Moments of all gait events; those of the side view where there is one."""
    if motion is None:
        return []
    view = View.SAGITTAL if motion.views.sagittal is not None else View.CORONAL
    seen = motion.views[view]
    events = seen.events if seen is not None else ()
    return sorted(clock.from_view(e.time_s, view) for group in events for e in group.events)


def strides_of(motion: TrialMotion | None) -> tuple[Stride, ...]:
    """Strides of the side view, or of the other one where there is none."""
    if motion is None:
        return ()
    seen = motion.views.sagittal or motion.views.coronal
    return seen.strides if seen is not None else ()


def stride_at(
    motion: TrialMotion | None, time_s: float, clock: TrialClock, *, side: Side | None = None
) -> Stride | None:
    """The stride that contains a moment: of the side asked for, else the one nearest to its start."""
    inside = []
    for stride in strides_of(motion):
        start, stop = clock.span(stride)
        if start - _SAME_S <= time_s < stop and side in (None, stride.side):
            inside.append((time_s - start, stride.far, stride))
    return min(inside, key=lambda found: (found[1], found[0]))[2] if inside else None


def stride_of_limb(
    strides: Iterable[Stride], time_s: float, clock: TrialClock, *, trial: str, side: Side, view: View
) -> Stride | None:
    """The stride of a limb and view that is walked at a moment; the one that counts, if two meet."""
    here = [
        s
        for s in strides
        if (s.trial, s.side, s.view) == (trial, side, view) and 0.0 <= clock.percent(s, time_s) <= 100.0
    ]
    return min(here, key=lambda s: (not s.counts, -s.start_s), default=None)


def nearest_stride(strides: Sequence[Stride], time_s: float, clock: TrialClock) -> Stride | None:
    """The stride that contains a moment, or the one closest to it."""

    def away(stride: Stride) -> float:
        percent = clock.percent(stride, time_s)
        return max(0.0, -percent, percent - 100.0) * stride.duration_s

    return min(strides, key=lambda s: (away(s), not s.counts), default=None)


def stride_starts(motion: TrialMotion | None, clock: TrialClock) -> list[float]:
    """Where strides begin."""
    return sorted({clock.span(stride)[0] for stride in strides_of(motion)})


def key_image_times(document: Document | None, trial: str, clock: TrialClock) -> list[float]:
    """Moments of the key images of a trial."""
    images = document.key_images if document is not None else ()
    return sorted({clock.from_view(k.time_s, k.view) for k in images if k.trial == trial})


def same_step(stride: Stride, strides: Iterable[Stride], clock: TrialClock) -> tuple[str, ...]:
    """Keys of this stride in all views: a limb that stumbled did so for both cameras."""
    start, stop = clock.span(stride)
    keys = {stride.key}
    for other in strides:
        if (other.trial, other.side) != (stride.trial, stride.side) or other.view is stride.view:
            continue
        begin, end = clock.span(other)
        shared = min(stop, end) - max(start, begin)
        if shared >= _SAME_STRIDE * max(stop - start, end - begin):
            keys.add(other.key)
    return tuple(sorted(keys))


def curve_near(
    curves: Sequence[Curve], *, percent: float, value: float, per_percent: float, per_unit: float,
    radius_px: float,
) -> Curve | None:  # fmt: skip
    """The curve nearest to a point of a plot, at most ``radius_px`` away.

    Args:
        curves: what is drawn.
        percent: the point, per cent of the cycle.
        value: the point, in the plot's unit.
        per_percent: pixels for one per cent.
        per_unit: pixels for one unit of the value.
        radius_px: how far a click may miss.
    """
    grid = np.arange(float(CYCLE_POINTS))
    best: tuple[float, Curve] | None = None
    for curve in curves:
        away = np.hypot((grid - percent) * per_percent, (curve.values - value) * per_unit)
        if np.isfinite(away).any():
            least = float(np.nanmin(away))
            if least <= radius_px and (best is None or least < best[0]):
                best = (least, curve)
    return None if best is None else best[1]


@dataclass(frozen=True, slots=True)
class ExcludedStrides:
    """Which strides a person left out, by key, with the reasons."""

    reasons: dict[str, str]

    def why(self, stride: Stride) -> Message:
        """Why a stride does not count; NOTHING if it does."""
        return as_written(self.reasons.get(stride.key, "")) or stride.excluded

    def still_counted(self, measures: Measures) -> int:
        """How many of them the measures still count."""
        return sum(1 for stride in measures.strides if stride.counts and self.reasons.get(stride.key))


def excluded_by_hand(document: Document | None) -> ExcludedStrides:
    """The strides that a person left out."""
    trials = document.trials if document is not None else ()
    return ExcludedStrides({key: why for data in trials for key, why in data.excluded_strides})
