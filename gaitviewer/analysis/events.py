"""Initial contacts and toe-offs of a walking pass: several detectors, one consensus, the right order.

Zeni finds each event, the foot's speed places it, the vertical velocity is heard; each detector's known bias
is removed first (``resources/events.toml``). Where they are too far apart the event is flagged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gaitviewer.analysis.coronal_events import detect_coronal
from gaitviewer.analysis.detectors import FINDERS, Found, FootTrack, track_foot, typical_stride
from gaitviewer.analysis.thresholds import DetectorSettings, motion_settings
from gaitviewer.core.gait import EventKind, GaitEvent, GaitEvents, Side, View, WalkingPass
from gaitviewer.core.pose import PoseSequence


@dataclass(frozen=True, slots=True)
class _Weighed:
    """An event with how clearly it was seen."""

    event: GaitEvent
    prominence: float


def detect_events(pose: PoseSequence, walking_pass: WalkingPass) -> GaitEvents:
    """Initial contacts and toe-offs of both feet over one pass.

    Args:
        pose: cleaned keypoints with the sides right (after ``apply_sides``).
        walking_pass: the pass to look at.

    Returns:
        Events in time order, contacts and toe-offs alternating for each foot. A pass in which no foot is seen
        well enough has none.
    """
    if walking_pass.view is View.CORONAL:
        return detect_coronal(pose, walking_pass)
    frame_s = float(np.median(np.diff(pose.times)))
    events: list[GaitEvent] = []
    for side in Side:
        foot = track_foot(pose, walking_pass, side)
        weighed: list[_Weighed] = []
        for finder in FINDERS:
            found = finder(foot)
            stride = typical_stride([dict(one.detectors)["zeni"] for one in found])
            weighed += [_weigh(one, foot, side, stride=stride, frame_s=frame_s) for one in found]
        events += alternate(weighed)
    return GaitEvents(tuple(flag_disorder(events)))


def consensus(
    moments: tuple[tuple[str, float], ...], detectors: dict[str, DetectorSettings], *, frame_s: float
) -> tuple[float, float, bool]:
    """One time from several detectors' bias-free times.

    Args:
        moments: (name, seconds).
        detectors: their settings by name.
        frame_s: frame interval, seconds.

    Returns:
        Time, its standard error, and whether the detectors agree (a single one has nobody to agree with).
    """
    s = motion_settings().events
    times = np.array([time for _, time in moments])
    weights = np.array([detectors[name].sd_s ** -2.0 for name, _ in moments])
    spread = float(np.ptp(times))
    agreed = len(times) > 1 and spread <= s.disagree_s
    chosen = np.ones(len(times), np.bool_)
    if spread > s.disagree_s:
        order = np.argsort(times)
        half = np.searchsorted(np.cumsum(weights[order]), 0.5 * weights.sum())
        chosen = np.abs(times - times[order][half]) <= s.near_s
    time = float(np.average(times[chosen], weights=weights[chosen]))
    scatter = float(np.average((times - time) ** 2, weights=weights))
    alone = float(weights.max() ** -0.5) if len(times) == 1 else 0.0
    sigma = float(np.sqrt(s.base_sd_s**2 + frame_s**2 / 12.0 + scatter + alone**2))
    return time, sigma, agreed


def alternate(weighed: list[_Weighed]) -> list[GaitEvent]:
    """Let contacts and toe-offs of one foot take turns.

    Of two events of one kind closer than half a stride with nothing between them, the fainter goes; farther
    apart, the one between them was not seen, and both stay.
    """
    rows = sorted(weighed, key=lambda w: w.event.time_s)
    strides = [
        typical_stride([w.event.time_s for w in rows if w.event.kind is kind])
        for kind in EventKind
        if sum(w.event.kind is kind for w in rows) > 1
    ]
    least = 0.5 * (min(strides) if strides else 1.0)
    out: list[_Weighed] = []
    for row in rows:
        before = out[-1] if out else None
        same = before is not None and before.event.kind is row.event.kind
        if same and before is not None and row.event.time_s - before.event.time_s < least:
            out[-1] = max(before, row, key=lambda w: w.prominence)
        else:
            out.append(row)
    return [w.event for w in out]


def flag_disorder(events: list[GaitEvent]) -> list[GaitEvent]:
    """Mark toe-offs, and the other foot's contacts after them, that come out of order.

    In walking one foot leaves the floor only after the other has come down. A toe-off clearly before that is
    running, or one of the two events is wrong: neither counts as agreed.
    """
    limit = motion_settings().events.order_s
    wrong: set[int] = set()
    rows = sorted(range(len(events)), key=lambda i: events[i].time_s)
    for place, i in enumerate(rows):
        if events[i].kind is not EventKind.TOE_OFF:
            continue
        after = next((j for j in rows[place + 1 :] if events[j].side is not events[i].side), None)
        if after is None or events[after].kind is not EventKind.INITIAL_CONTACT:
            continue
        if events[after].time_s - events[i].time_s > limit and _airborne(events, events[i], events[after]):
            wrong |= {i, after}
    return [replace(e, agreed=False) if i in wrong else e for i, e in enumerate(events)]


def _airborne(events: list[GaitEvent], leaving: GaitEvent, landing: GaitEvent) -> bool:
    """Whether the other foot was already off the floor when this one left."""
    last = [e for e in events if e.side is landing.side and e.time_s < leaving.time_s]
    return bool(last) and max(last, key=lambda e: e.time_s).kind is EventKind.TOE_OFF


def _weigh(found: Found, foot: FootTrack, side: Side, *, stride: float, frame_s: float) -> _Weighed:
    s = motion_settings().events
    detectors = s.contact if found.kind is EventKind.INITIAL_CONTACT else s.toe_off
    moments = tuple((name, time - detectors[name].bias(stride)) for name, time in found.detectors)
    time, sigma, agreed = consensus(moments, detectors, frame_s=frame_s)
    if foot.stand_in:
        sigma = float(np.hypot(sigma, s.ankle_sd_s))
    event = GaitEvent(found.kind, side, time, sigma, moments, agreed)
    return _Weighed(event, found.prominence)
