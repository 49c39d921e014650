"""Of which foot an event is that the file marks without a side, from how both feet move around it.

In walking one foot swings while the other one stands: just before a contact the foot that is about to land
still moves forward fast, just after a toe-off the foot that has left does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from gaitviewer.core.gait import EventKind, Side
from gaitviewer.formats.markers import MarkerEvent
from gaitviewer.messages import Message, message
from gaitviewer.research.validation.projection import WalkingBody

_WINDOW_S = (0.02, 0.12)  # before a contact, after a toe-off
_SWINGS = 0.7  # of the walking speed: the slowest that a swinging foot moves there
_TIMES_FASTER = 2.0  # than the standing foot, for the side to be sure


def find_event_sides(
    events: Iterable[MarkerEvent], body: WalkingBody
) -> tuple[tuple[MarkerEvent, ...], tuple[Message, ...]]:
    """The events with the sides that are sure from the markers, and sentences on what was done.

    Only contacts and toe-offs without a side change; one whose side is not sure keeps None.
    """
    events = tuple(events)
    asked = [event for event in events if event.kind is not None and event.side is None]
    if not asked:
        return events, ()
    sides = {id(event): _side(event, body) for event in asked}
    told = sum(side is not None for side in sides.values())
    notes = []
    if told:
        notes.append(message("note.markers.sides_told", told=told, total=len(events)))
    if lost := len(asked) - told:
        notes.append(message("note.markers.sides_lost", lost=lost, total=len(events)))
    return tuple(replace(e, side=sides[id(e)]) if id(e) in sides else e for e in events), tuple(notes)


def _side(event: MarkerEvent, body: WalkingBody) -> Side | None:
    low, high = _WINDOW_S
    if event.kind is EventKind.INITIAL_CONTACT:
        low, high = -high, -low
    around = (body.times >= event.time_s + low - 1e-9) & (body.times <= event.time_s + high + 1e-9)
    if around.sum() < 3:
        return None
    hips = body.middle("hip")[:, 0]
    seen = np.flatnonzero(np.isfinite(hips))
    walking = (hips[seen[-1]] - hips[seen[0]]) / (body.times[seen[-1]] - body.times[seen[0]])
    speed = {}
    for side in Side:
        ahead = body.part(side, "ankle")[around, 0]
        if not np.isfinite(ahead).all():
            return None
        speed[side] = float(ahead[-1] - ahead[0]) / float(np.ptp(body.times[around]))
    swings = max(Side, key=lambda side: speed[side])
    sure = speed[swings] > _SWINGS * walking and speed[swings] > _TIMES_FASTER * abs(speed[swings.other])
    return swings if sure else None
