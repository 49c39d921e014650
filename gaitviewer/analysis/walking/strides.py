"""Strides: from a foot's contact to its next, with the toe-off between and the other foot's events inside.

Every complete stride of a pass is kept. Unusual ones are flagged; only those in which the subject starts,
stops or turns are excluded, and each says why.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from gaitviewer.analysis.settings import motion_settings
from gaitviewer.analysis.signal.cleaning import F8
from gaitviewer.core.gait import EventKind, GaitEvent, GaitEvents, Side, Stride, WalkingPass
from gaitviewer.messages import NOTHING, Message, message

K = TypeVar("K", bound=Hashable)

ANOTHER_SPEED = "reason.another_speed"
RUNNING = "reason.running"


def find_strides(
    events: GaitEvents, walking_pass: WalkingPass, *, trial: str, pass_index: int
) -> tuple[Stride, ...]:
    """All complete strides of one pass.

    Args:
        events: of this pass, in the time of its video.
        walking_pass: the pass; its near side decides which limb is far.
        trial: id of the recording.
        pass_index: which pass of its view.

    Returns:
        Strides by time. Two contacts without a toe-off between them are no stride.
    """
    out: list[Stride] = []
    for side in Side:
        contacts = events.of(EventKind.INITIAL_CONTACT, side)
        number = 0
        for first, last in itertools.pairwise(contacts):
            toe_off = _first(events.of(EventKind.TOE_OFF, side), first.time_s, last.time_s)
            if toe_off is None:
                continue
            inside = [_first(events.of(kind, side.other), first.time_s, last.time_s) for kind in EventKind]
            contact, opposite_off = inside
            if contact is not None and opposite_off is not None and opposite_off.time_s > contact.time_s:
                opposite_off = (
                    None  # its own lies before this stride: what was found ends the other foot's stance
                )
            stride = Stride(
                trial=trial,
                view=walking_pass.view,
                pass_index=pass_index,
                number=number,
                side=side,
                start_s=first.time_s,
                toe_off_s=toe_off.time_s,
                stop_s=last.time_s,
                opposite_toe_off_s=None if opposite_off is None else opposite_off.time_s,
                opposite_contact_s=None if contact is None else contact.time_s,
                event_sigma_s=float(np.sqrt(np.mean([e.sigma_s**2 for e in (first, toe_off, last)]))),
                far=walking_pass.near is not None and side is not walking_pass.near,
                events_from=walking_pass.view,
                flags=_flags(first, toe_off, last),
            )
            out.append(stride)
            number += 1
    return tuple(sorted(out, key=lambda s: (s.start_s, s.side.value)))


def exclude_unsteady(strides: tuple[Stride, ...], times: F8, speed: F8) -> tuple[Stride, ...]:
    """Exclude the strides in which the subject starts, stops or turns.

    Args:
        strides: of one pass.
        times: [n] seconds of the frames of that pass.
        speed: [n] walking speed in the direction of the pass, any unit; NaN where unknown.
    """
    share = motion_settings().strides.slow_share
    known = np.isfinite(speed)
    if not known.any():
        return strides
    usual = float(np.median(speed[known]))
    out = []
    for stride in strides:
        inside = known & (times >= stride.start_s) & (times <= stride.stop_s)
        ratio = float(np.mean(speed[inside])) / usual if inside.any() else 1.0
        if ratio < share:
            reason = message("reason.unsteady", percent=100 * ratio)
            stride = replace(stride, excluded=stride.excluded or reason)
        out.append(stride)
    return tuple(out)


def exclude_running(strides: tuple[Stride, ...], events: GaitEvents) -> tuple[Stride, ...]:
    """Exclude the strides of a pass in which the subject runs: both feet are off the floor before contacts.

    Norms and score are of walking. Events and angles stay.

    Args:
        strides: of one pass of a side view.
        events: of that pass.
    """
    s = motion_settings().strides
    flights = []
    for side in Side:
        for contact in events.of(EventKind.INITIAL_CONTACT, side):
            before = [e for e in events.events if e.side is side.other and e.time_s < contact.time_s]
            if before:  # a foot that stands is a flight of nothing
                left = before[-1].kind is EventKind.TOE_OFF
                flights.append(contact.time_s - before[-1].time_s if left else 0.0)
    stances = [stride.stance_fraction for stride in strides]
    if len(flights) < s.least_flights or not stances or float(np.median(stances)) >= s.running_stance:
        return strides
    flight_s = float(np.median(flights))
    if np.mean(np.array(flights) >= s.flight_s) < s.flight_share:
        return strides
    reason = message(RUNNING, flight_s=flight_s, percent=100 * float(np.median(stances)))
    return tuple(replace(stride, excluded=stride.excluded or reason) for stride in strides)


def exclude_unsure(strides: tuple[Stride, ...]) -> tuple[Stride, ...]:
    """Exclude the strides that the end view alone could not cut out well.

    Its events are rough: where one was mistaken, the stance share or the stride time is far from the others'.
    (Strides with the side view's events are only flagged: there an unusual stride is the subject's own.)

    Args:
        strides: of the coronal view, with its own events.
    """
    s = motion_settings().strides
    if not strides:
        return strides
    usual = float(np.median([stride.duration_s for stride in strides]))
    out = []
    for stride in strides:
        odd = NOTHING
        if not s.least_stance <= stride.stance_fraction <= s.most_stance:
            odd = message("note.stance_share", percent=100 * stride.stance_fraction)
        elif abs(stride.duration_s - usual) > s.end_view_share * usual:
            odd = message("note.unusual_stride_time", seconds=stride.duration_s, usual_s=usual)
        reason = message("reason.unsure_events", odd=odd) if odd else NOTHING
        out.append(replace(stride, excluded=stride.excluded or reason))
    return tuple(out)


def exclude_at_the_edge(
    strides: tuple[Stride, ...], spans: Sequence[tuple[float, float]]
) -> tuple[Stride, ...]:
    """Exclude strides that begin or end where the subject leaves the picture and are unlike all others.

    There the estimator makes up feet inside the picture, and a contact with them.

    Args:
        strides: of one view, from the side.
        spans: first and last time of each pass, seconds.
    """
    s = motion_settings().strides

    def touches(stride: Stride) -> bool:
        first_s, last_s = spans[stride.pass_index]
        return stride.start_s - first_s < s.edge_s or last_s - stride.stop_s < s.edge_s

    inner = [stride.duration_s for stride in strides if not touches(stride)]
    if not inner:
        return strides
    usual = float(np.median(inner))
    out = []
    for stride in strides:
        if touches(stride) and abs(stride.duration_s - usual) > s.edge_share * usual:
            reason = message("reason.at_the_edge", seconds=stride.duration_s, usual_s=usual)
            stride = replace(stride, excluded=stride.excluded or reason)
        out.append(stride)
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a walking pass plays.

    Attributes:
        stride_s: median stride time.   speed: median walking speed, body heights a second.
    """

    stride_s: float
    speed: float


def pace_of(strides: Sequence[Stride], speed: F8) -> Pace | None:
    """The pace of one pass; None where it has no stride that counts, or no speed is known.

    Args:
        strides: of that pass.
        speed: [n] walking speed in the frames of the pass, body heights a second; NaN where unknown.
    """
    times = [stride.duration_s for stride in strides if stride.counts]
    known = np.abs(speed[np.isfinite(speed)])
    if not times or not known.size:
        return None
    return Pace(float(np.median(times)), float(np.median(known)))


def unlike_paces(paces: Mapping[K, Pace]) -> dict[K, Message]:
    """Which passes play at another speed than the usual one, and the reason why their strides do not count.

    A slow-motion export often holds real speed and slow motion in one rate. Slowed down, a stride takes as much
    longer as the subject walks slower; a stride that was cut out wrongly, or a person who takes their time,
    does not change both alike. The passes whose stride time is nearest to that of ordinary walking count.
    """
    s = motion_settings().strides
    if len(paces) < 2:
        return {}
    usual = min(paces.values(), key=lambda pace: abs(math.log(pace.stride_s / s.usual_s)))

    def unlike(pace: Pace) -> bool:
        longer, slower = pace.stride_s / usual.stride_s, usual.speed / max(pace.speed, 1e-9)
        return min(longer, slower) > s.unlike_share or max(longer, slower) < 1.0 / s.unlike_share

    return {
        key: message("reason.another_speed", stride_s=pace.stride_s, usual_s=usual.stride_s)
        for key, pace in paces.items()
        if unlike(pace)
    }


def of_another_speed(strides: Sequence[Stride], pass_index: int) -> bool:
    """Whether a pass was set apart by :func:`unlike_paces`."""
    return any(one.pass_index == pass_index and one.excluded.code == ANOTHER_SPEED for one in strides)


def set_apart(strides: Sequence[Stride], reasons: Mapping[int, Message]) -> tuple[Stride, ...]:
    """Exclude the strides of the passes (by their index) that a reason is given for."""
    return tuple(
        replace(one, excluded=one.excluded or reasons[one.pass_index]) if one.pass_index in reasons else one
        for one in strides
    )


def move_events(events: GaitEvents, offset_s: float, *, sigma_s: float = 0.0) -> GaitEvents:
    """The same events in another camera's time: ``offset_s`` later, less sure by ``sigma_s``."""
    return GaitEvents(tuple(_move(event, offset_s, sigma_s) for event in events.events))


def slow_motion_suspected(strides: tuple[Stride, ...]) -> float | None:
    """Median stride time if it is too long for real time (slow motion played at normal speed), else None."""
    if not strides:
        return None
    middle = float(np.median([stride.duration_s for stride in strides]))
    return middle if middle > motion_settings().strides.slow_motion_s else None


def _move(event: GaitEvent, offset_s: float, sigma_s: float) -> GaitEvent:
    return replace(
        event,
        time_s=event.time_s + offset_s,
        sigma_s=float(np.hypot(event.sigma_s, sigma_s)),
        detectors=tuple((name, time + offset_s) for name, time in event.detectors),
    )


def _first(events: tuple[GaitEvent, ...], after_s: float, before_s: float) -> GaitEvent | None:
    return next((e for e in events if after_s < e.time_s < before_s), None)


def _flags(first: GaitEvent, toe_off: GaitEvent, last: GaitEvent) -> tuple[Message, ...]:
    s = motion_settings().strides
    duration = last.time_s - first.time_s
    stance = (toe_off.time_s - first.time_s) / duration
    flags = []
    if not s.shortest_s <= duration <= s.longest_s:
        flags.append(message("note.stride_time", seconds=duration))
    if not s.least_stance <= stance <= s.most_stance:
        flags.append(message("note.stance_share", percent=100 * stance))
    unsure = tuple(
        message(f"event.{name}")
        for name, e in (("start", first), ("toe_off", toe_off), ("end", last))
        if not e.agreed and not e.corrected
    )
    if unsure:
        flags.append(message("note.detectors_disagree", events=unsure))
    return tuple(flags)
