"""Between a moment of the recording and a per cent of the gait cycle; which strides count. Pure values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.document import Document
from gaitviewer.core.gait import Side, Stride, View
from gaitviewer.core.measures import Curve, Measures

# Strides of two views are one step if they share this part of the longer one: a view may see its end badly.
_SAME_STRIDE = 0.6


def to_player(time_s: float, view: View, offset_s: float) -> float:
    """A moment of a video on the player's scale (seconds of the sagittal recording)."""
    return time_s - offset_s if view is View.CORONAL else time_s


def from_player(time_s: float, view: View, offset_s: float) -> float:
    """A moment of the player's scale in a video's own time."""
    return time_s + offset_s if view is View.CORONAL else time_s


def percent_in(stride: Stride, time_s: float, offset_s: float) -> float:
    """Per cent of the cycle at a moment of the player's scale; outside 0..100 when it is not in the stride."""
    own = from_player(time_s, stride.view, offset_s)
    return 100.0 * (own - stride.start_s) / stride.duration_s


def time_at(stride: Stride, percent: float, offset_s: float) -> float:
    """The moment of the player's scale at a per cent of the cycle."""
    return to_player(stride.start_s + stride.duration_s * percent / 100.0, stride.view, offset_s)


def stride_at(
    strides: Iterable[Stride], time_s: float, *, trial: str, side: Side, view: View, offset_s: float
) -> Stride | None:
    """The stride of a limb and view that is walked at a moment; the one that counts, if two meet."""
    here = [
        s
        for s in strides
        if (s.trial, s.side, s.view) == (trial, side, view) and 0.0 <= percent_in(s, time_s, offset_s) <= 100.0
    ]
    return min(here, key=lambda s: (not s.counts, -s.start_s), default=None)


def nearest_stride(strides: Sequence[Stride], time_s: float, offset_s: float) -> Stride | None:
    """The stride that contains a moment, or the one closest to it."""

    def away(stride: Stride) -> float:
        percent = percent_in(stride, time_s, offset_s)
        return max(0.0, -percent, percent - 100.0) * stride.duration_s

    return min(strides, key=lambda s: (away(s), not s.counts), default=None)


def value_at(values: NDArray[np.float64], percent: float) -> float:
    """A curve [101] at a per cent between 0 and 100; NaN in gaps."""
    low = min(int(percent), values.size - 2)
    part = percent - low
    return float(values[low] if part == 0 else (1 - part) * values[low] + part * values[low + 1])


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
    grid = np.arange(101.0)
    best: tuple[float, Curve] | None = None
    for curve in curves:
        away = np.hypot((grid - percent) * per_percent, (curve.values - value) * per_unit)
        if np.isfinite(away).any():
            least = float(np.nanmin(away))
            if least <= radius_px and (best is None or least < best[0]):
                best = (least, curve)
    return None if best is None else best[1]


@dataclass(frozen=True, slots=True)
class Excluded:
    """Which strides a person left out, by key, with the reasons."""

    reasons: dict[str, str]

    def why(self, stride: Stride) -> str:
        """Why a stride does not count; "" if it does."""
        return self.reasons.get(stride.key, "") or stride.excluded


def excluded_by_hand(document: Document | None) -> Excluded:
    """The strides that a person left out."""
    trials = document.trials if document is not None else ()
    return Excluded({key: why for data in trials for key, why in data.excluded_strides})


def same_step(stride: Stride, strides: Iterable[Stride], offset_s: float) -> tuple[str, ...]:
    """Keys of this stride in all views: a limb that stumbled did so for both cameras."""
    start, stop = (to_player(t, stride.view, offset_s) for t in (stride.start_s, stride.stop_s))
    keys = {stride.key}
    for other in strides:
        if (other.trial, other.side) != (stride.trial, stride.side) or other.view is stride.view:
            continue
        begin, end = (to_player(t, other.view, offset_s) for t in (other.start_s, other.stop_s))
        shared = min(stop, end) - max(start, begin)
        if shared >= _SAME_STRIDE * max(stop - start, end - begin):
            keys.add(other.key)
    return tuple(sorted(keys))


def leave_out(document: Document, trial: str, keys: Sequence[str], reason: str) -> Document:
    """The document with these strides of a trial left out for a reason.

    Raises:
        ValueError: there is no reason.
    """
    if not reason.strip():
        raise ValueError("a stride is left out for a reason")
    return _changed(document, trial, keys, tuple((key, reason.strip()) for key in keys))


def take_back(document: Document, trial: str, keys: Sequence[str]) -> Document:
    """The document with these strides of a trial counting again."""
    return _changed(document, trial, keys, ())


def _changed(
    document: Document, trial: str, keys: Sequence[str], added: tuple[tuple[str, str], ...]
) -> Document:
    trials = []
    for data in document.trials:
        if data.trial.id == trial:
            kept = tuple(pair for pair in data.excluded_strides if pair[0] not in keys)
            data = replace(data, excluded_strides=kept + added)
        trials.append(data)
    return replace(document, trials=tuple(trials))


def waiting(measures: Measures, excluded: Excluded) -> int:
    """How many strides a person left out that the measures still count."""
    return sum(1 for stride in measures.strides if stride.counts and excluded.reasons.get(stride.key))
