"""From several detectors' findings to one event, and the order of the events of both feet."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gaitviewer.analysis.events.sagittal import DetectedEvent, typical_stride
from gaitviewer.analysis.settings import DetectorSettings, motion_settings
from gaitviewer.core.gait import EventKind, GaitEvent, Side


@dataclass(frozen=True, slots=True)
class WeightedEvent:
    """An event with how clearly it was seen."""

    event: GaitEvent
    prominence: float


def weight_events(
    found: DetectedEvent,
    side: Side,
    detectors: dict[str, DetectorSettings],
    *,
    stride_s: float,
    frame_s: float,
    base_sd_s: float,
) -> WeightedEvent:
    """One event from what the detectors found, each one's known bias removed.

    Args:
        found: times as found, by detector.
        side: whose foot.
        detectors: their settings by name.
        stride_s: typical stride time, seconds.
        frame_s: frame interval, seconds.
        base_sd_s: standard error of a perfectly tracked event, seconds.
    """
    moments = tuple((name, time - detectors[name].bias(stride_s)) for name, time in found.detectors)
    time, spread, agreed = consensus(moments, detectors)
    sigma = float(np.sqrt(base_sd_s**2 + frame_s**2 / 12.0 + spread**2))
    return WeightedEvent(GaitEvent(found.kind, side, time, sigma, moments, agreed), found.prominence)


def consensus(
    moments: tuple[tuple[str, float], ...], detectors: dict[str, DetectorSettings]
) -> tuple[float, float, bool]:
    """One time from several detectors' bias-free times.

    The mean weighted by each detector's precision; where they disagree, of those near the weighted median.

    Args:
        moments: (name, seconds).
        detectors: their settings by name.

    Returns:
        Time, the detectors' scatter in seconds (its own error for a single one), and whether they agree (a
        single one has nobody to agree with).
    """
    s = motion_settings().events
    times = np.array([time for _, time in moments])
    weights = np.array([detectors[name].sd_s ** -2.0 for name, _ in moments])
    spread = float(np.ptp(times))
    chosen = np.ones(len(times), np.bool_)
    if spread > s.disagree_s:
        order = np.argsort(times)
        half = int(np.searchsorted(np.cumsum(weights[order]), 0.5 * weights.sum()))
        chosen = np.abs(times - times[order][half]) <= s.near_s
    time = float(np.average(times[chosen], weights=weights[chosen]))
    if len(times) == 1:
        return time, detectors[moments[0][0]].sd_s, False
    scatter = float(np.sqrt(np.average((times - time) ** 2, weights=weights)))
    return time, scatter, spread <= s.disagree_s


def enforce_alternation(weighed: list[WeightedEvent]) -> list[GaitEvent]:
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
    out: list[WeightedEvent] = []
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
