"""What actions do: moving by gait events and strides, and edits as pure functions of the document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from gaitviewer.core.document import Document, ManualMeasurement
from gaitviewer.core.gait import Side, Stride, View
from gaitviewer.core.measures import TrialMotion
from gaitviewer.core.session import Sync, VideoStream
from gaitviewer.gui.model.manual_tools import DrawnMeasurement as DrawnMeasure
from gaitviewer.gui.model.manual_tools import ToolKind

_SAME_S = 1e-3


def _shift(view: View, offset_s: float) -> float:
    """What to take from a view's own time for the player's."""
    return offset_s if view is View.CORONAL else 0.0


def event_times(motion: TrialMotion | None, offset_s: float) -> list[float]:
    """Moments of all gait events, player's time; those of the side view where there is one."""
    if motion is None:
        return []
    view = View.SAGITTAL if motion.views.sagittal is not None else View.CORONAL
    seen = motion.views[view]
    events = seen.events if seen is not None else ()
    return sorted(e.time_s - _shift(view, offset_s) for group in events for e in group.events)


def strides_of(motion: TrialMotion | None) -> tuple[Stride, ...]:
    """Strides of the side view, or of the other one where there is none."""
    if motion is None:
        return ()
    seen = motion.views.sagittal or motion.views.coronal
    return seen.strides if seen is not None else ()


def span_of(stride: Stride, offset_s: float) -> tuple[float, float]:
    """Start and end of a stride, player's time."""
    shift = _shift(stride.view, offset_s)
    return stride.start_s - shift, stride.stop_s - shift


def stride_at(
    motion: TrialMotion | None, time_s: float, offset_s: float, *, side: Side | None = None
) -> Stride | None:
    """The stride that contains a moment: of the side asked for, else the one nearest to its start."""
    inside = []
    for stride in strides_of(motion):
        start, stop = span_of(stride, offset_s)
        if start - _SAME_S <= time_s < stop and side in (None, stride.side):
            inside.append((time_s - start, stride.far, stride))
    return min(inside, key=lambda found: (found[1], found[0]))[2] if inside else None


def stride_starts(motion: TrialMotion | None, offset_s: float) -> list[float]:
    """Where strides begin, player's time."""
    return sorted({span_of(stride, offset_s)[0] for stride in strides_of(motion)})


def percent_of(stride: Stride, time_s: float, offset_s: float) -> float:
    """Per cent of the gait cycle at a moment."""
    start, stop = span_of(stride, offset_s)
    return 100.0 * (time_s - start) / (stop - start)


def time_at_percent(stride: Stride, percent: float, offset_s: float) -> float:
    """The moment at a per cent of the gait cycle, player's time."""
    start, stop = span_of(stride, offset_s)
    return start + (stop - start) * percent / 100.0


# --- edits ------------------------------------------------------------------------------------------------


def key_image_times(document: Document | None, trial: str, offset_s: float) -> list[float]:
    """Moments of the key images of a trial, player's time."""
    images = document.key_images if document is not None else ()
    return sorted({k.time_s - _shift(k.view, offset_s) for k in images if k.trial == trial})


def with_offset(document: Document, trial: str, offset_s: float, sigma_s: float) -> Document:
    """The document with an offset between the views of a trial that a person set."""
    sync = Sync(round(offset_s, 6), sigma_s, "given", "set by a person")
    return _with_sync(document, trial, sync)


def without_offset(document: Document, trial: str) -> Document:
    """The document with the offset of a trial estimated from the gait again."""
    return _with_sync(document, trial, None)


def _with_sync(document: Document, trial: str, sync: Sync | None) -> Document:
    trials = tuple(
        replace(data, trial=replace(data.trial, sync=sync)) if data.trial.id == trial else data
        for data in document.trials
    )
    return replace(document, trials=trials)


def with_drawn(
    document: Document, trial: str, drawn: Iterable[DrawnMeasure], *, rater: str, views: Sequence[View]
) -> Document:
    """The document with what was measured by hand in these views of a trial.

    A measurement that is there already keeps who made it, when, and the item it is meant for; one whose
    corner was moved keeps them too.
    """
    kept = [m for m in document.hand_measures if m.trial != trial or m.view not in views]
    known = [m for m in document.hand_measures if m.trial == trial and m.view in views]
    for one in drawn:
        before = _closest(one, known)
        if before is not None:
            known.remove(before)
        kept.append(_as_measure(one, trial, rater, before))
    return document if tuple(kept) == document.hand_measures else replace(document, hand_measures=tuple(kept))


def _closest(one: DrawnMeasure, known: Sequence[ManualMeasurement]) -> ManualMeasurement | None:
    """The stored measurement that shares most points with a drawn one, at least all but one."""
    best, shared = None, len(one.points) - 1
    for other in known:
        same = sum(_near(a, b) for a, b in zip(one.points, other.points, strict=False))
        if (other.tool, other.view, other.frame) == (one.kind.value, one.view, one.frame) and same >= shared:
            best, shared = other, same
    return best


def _near(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] - other[0]) < 1e-6 and abs(one[1] - other[1]) < 1e-6


def _as_measure(
    one: DrawnMeasure, trial: str, rater: str, before: ManualMeasurement | None
) -> ManualMeasurement:
    points = tuple((float(x), float(y)) for x, y in one.points)
    if before is not None:
        return replace(before, points=points, value=float(one.value), unit=one.unit)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return ManualMeasurement(
        one.kind.value, float(one.value), one.unit, trial, one.view, one.frame, points, rater=rater, when=now
    )


def drawn_of(document: Document, trial: str, streams: Iterable[VideoStream | None]) -> tuple[DrawnMeasure, ...]:
    """What was measured by hand in a trial, as the canvases draw it."""
    times = {stream.view: stream.info.times for stream in streams if stream is not None}
    return tuple(
        DrawnMeasure(
            kind=ToolKind(m.tool),
            view=m.view,
            frame=m.frame,
            time_s=float(times[m.view][m.frame]),
            points=m.points,
            value=m.value,
            unit=m.unit,
        )
        for m in document.hand_measures
        if m.trial == trial and m.view in times and 0 <= m.frame < len(times[m.view])
    )


def with_item(document: Document, number: int, item: int, side: Side) -> Document:
    """The document with one measurement (by its place) meant for an item of a side."""
    measures = list(document.hand_measures)
    measures[number] = replace(measures[number], item=item, side=side)
    return replace(document, hand_measures=tuple(measures))
