"""Events that a person sets, confirms or denies; they hold however often the others are detected anew.

A person's event takes the place of what is detected of the same kind and foot within ``apart_s``
(``resources/events.toml``), in which no second one can be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from gaitviewer.analysis.settings import motion_settings
from gaitviewer.analysis.signal.cleaning import F8
from gaitviewer.core.document import Document
from gaitviewer.core.edits import set_hand_events
from gaitviewer.core.gait import GaitEvent, GaitEvents, HandEvent, View, WalkingPass
from gaitviewer.errors import AnalysisError
from gaitviewer.messages import Message, message, named


def with_hand_events(
    found: tuple[GaitEvents, ...], passes: Sequence[WalkingPass], said: Sequence[HandEvent], times: F8
) -> tuple[GaitEvents, ...]:
    """The events of each pass with what persons say of them.

    Args:
        found: as detected, one for each pass.
        passes: the passes of the view.
        said: what persons say; what lies outside all passes has no effect.
        times: [T] seconds of the frames of the view.
    """
    if not said:
        return found
    frame_s = float(np.median(np.diff(times)))
    sigma_s = float(np.hypot(motion_settings().events.base_sd_s, frame_s / 12**0.5))
    merged = []
    for events, one in zip(found, passes, strict=True):
        start_s, stop_s = times[one.start] - frame_s / 2, times[one.stop - 1] + frame_s / 2
        own = [word for word in said if start_s <= word.time_s <= stop_s]
        kept = [event for event in events.events if not any(_is_meant(event, word) for word in own)]
        for word in own:
            if not word.denied:
                meant = [event for event in events.events if _is_meant(event, word)]
                heard = min(meant, key=lambda e: abs(e.time_s - word.time_s)).detectors if meant else ()
                kept.append(GaitEvent(word.kind, word.side, word.time_s, sigma_s, heard, corrected=True))
        merged.append(GaitEvents(tuple(kept)))
    return tuple(merged)


def _is_meant(event: GaitEvent | HandEvent, word: HandEvent) -> bool:
    near = abs(event.time_s - word.time_s) < motion_settings().events.apart_s
    return near and (event.kind, event.side) == (word.kind, word.side)


def set_event(
    document: Document, trial: str, view: View, new: HandEvent, shown: Iterable[GaitEvents]
) -> Document:
    """An event at a moment: the one of its kind and foot that is near moves there, else it is a new one.

    ``shown`` are the events of each pass of the view as they are now.

    Raises:
        AnalysisError: it would be out of order, or nobody walks then.
    """
    near = [event for events in shown for event in events.events if _is_meant(event, new)]
    nearest = min(near, key=lambda event: abs(event.time_s - new.time_s), default=None)
    return move_event(document, trial, view, nearest, new, shown)


def move_event(
    document: Document,
    trial: str,
    view: View,
    old: GaitEvent | None,
    new: HandEvent,
    shown: Iterable[GaitEvents],
) -> Document:
    """An event that is shown, ``old``, put to another moment; None adds one. See :func:`set_event`."""
    others = [event for events in shown for event in events.events if event != old]
    if problem := _out_of_order(others, old, new):
        raise AnalysisError(problem)
    said = _said(document, trial, view)
    kept = [word for word in said if old is None or not _is_meant(old, word)]
    kept = [word for word in kept if not _is_meant(new, word)]
    if old is not None and not _is_meant(old, new):
        # put so far away that what was detected would be there again
        kept.append(HandEvent(old.kind, old.side, old.time_s, denied=True))
    return set_hand_events(document, trial, view, [*kept, new])


def confirm_event(document: Document, trial: str, view: View, event: GaitEvent) -> Document:
    """A detected event is a person's, at its moment."""
    said = [word for word in _said(document, trial, view) if not _is_meant(event, word)]
    return set_hand_events(document, trial, view, [*said, HandEvent(event.kind, event.side, event.time_s)])


def delete_event(document: Document, trial: str, view: View, event: GaitEvent) -> Document:
    """There is no such event."""
    said = [word for word in _said(document, trial, view) if not _is_meant(event, word)]
    denied = HandEvent(event.kind, event.side, event.time_s, denied=True)
    return set_hand_events(document, trial, view, [*said, denied])


def forget_event(document: Document, trial: str, view: View, event: HandEvent) -> Document:
    """Nothing is said any more of an event: what is detected holds."""
    return set_hand_events(
        document, trial, view, [word for word in _said(document, trial, view) if word != event]
    )


def _said(document: Document, trial: str, view: View) -> tuple[HandEvent, ...]:
    return next(data.hand_events[view] for data in document.trials if data.trial.id == trial)


def _out_of_order(others: Sequence[GaitEvent], old: GaitEvent | None, new: HandEvent) -> Message | None:
    """Why an event cannot be where a person wants it; None if it can."""
    foot = [event for event in others if event.side is new.side]

    def words(event: GaitEvent | HandEvent) -> Message:
        return message(f"event_at.{event.kind.name.lower()}", side=named(event.side), time_s=event.time_s)

    for event in foot:
        if event.kind is not new.kind:
            passed = old is not None and (event.time_s - old.time_s) * (event.time_s - new.time_s) <= 0
            if passed or event.time_s == new.time_s:
                return message("error.correction.event_passes", event=words(new), other=words(event))
    before = max((e for e in foot if e.time_s < new.time_s), key=lambda e: e.time_s, default=None)
    after = min((e for e in foot if e.time_s >= new.time_s), key=lambda e: e.time_s, default=None)
    for neighbour in (before, after):
        if neighbour is None or neighbour.kind is not new.kind:
            continue
        if abs(neighbour.time_s - new.time_s) < motion_settings().strides.shortest_s:
            return message("error.correction.event_twice", event=words(new), other=words(neighbour))
    return None
