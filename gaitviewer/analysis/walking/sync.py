"""The offset between the two cameras, estimated from the gait: ``coronal time = sagittal time + offset``.

Three things are known of it, and each offset is weighed by all of them:

* the cameras were started at about the same time, and both recorded the walk (weak);
* walking there and back, the subject passes each place of the walkway twice: at both times the end camera
  must see a body of the same size (tells the stride);
* each contact and toe-off of a foot happens at one time in both views (tells the fraction of a stride).

The result is the likeliest offset, and its standard error over everything that is still possible: where a
whole stride more or less fits as well, the error says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np

from gaitviewer.analysis.events.detect import detect_events
from gaitviewer.analysis.events.sagittal import typical_stride
from gaitviewer.analysis.settings import motion_settings
from gaitviewer.analysis.signal.cleaning import F8, nanmedian
from gaitviewer.analysis.signal.trajectory import HIPS, body_trajectory, middle_of
from gaitviewer.core.gait import Direction, EventKind, GaitEvent, GaitEvents, Side, WalkingPass
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import ASSUMED, ESTIMATED, Sync
from gaitviewer.messages import Message, message

_PLACES = 15  # places along the walkway at which the sizes are compared


def estimate_sync(
    sagittal: PoseSequence,
    sagittal_passes: Sequence[WalkingPass],
    coronal: PoseSequence,
    coronal_passes: Sequence[WalkingPass],
    *,
    sagittal_events: Sequence[GaitEvents] | None = None,
    coronal_events: Sequence[GaitEvents] | None = None,
    coronal_height_px: F8 | None = None,
) -> Sync:
    """Estimate the offset of the coronal camera from the gait.

    Args:
        sagittal: cleaned keypoints of the side view with the sides right.
        sagittal_passes: its walking passes.
        coronal: the same of the end view.
        coronal_passes: its walking passes.
        sagittal_events: events, one for each pass; detected if not given.
        coronal_events: the same of the end view.
        coronal_height_px: [T] the body's height in the end view; worked out if not given.

    Returns:
        The offset with its standard error; "assumed equal start" where the gait tells nothing.
    """
    s = motion_settings().sync
    if sagittal_events is None:
        sagittal_events = [detect_events(sagittal, one) for one in sagittal_passes]
    if coronal_events is None:
        coronal_events = [detect_events(coronal, one) for one in coronal_passes]
    offsets = np.arange(-4 * s.equal_start_s, 4 * s.equal_start_s + 0.5 * s.step_s, s.step_s)
    spans = [_span(coronal, one) for one in coronal_passes]
    steps = _fit_events(offsets, sagittal_events, coronal_events, spans)
    height = body_trajectory(coronal).height_px if coronal_height_px is None else coronal_height_px
    places = _fit_places(offsets, sagittal, sagittal_passes, coronal, coronal_passes, np.log(height))
    if not steps.any() and not places.any():
        note = message("note.sync.nothing_in_common")
        return Sync(0.0, s.equal_start_s, ASSUMED, note)
    total = steps + places - 0.5 * (offsets / s.equal_start_s) ** 2
    total += s.unseen * _unseen(offsets, sagittal, sagittal_passes, coronal)
    probability = np.exp(total - total.max())
    probability /= probability.sum()
    best = float(offsets[int(np.argmax(probability))])
    # over the likeliest 95 %: a rival among them counts in full, remote chances do not
    order = np.argsort(probability)[::-1]
    likely = order[: int(np.searchsorted(np.cumsum(probability[order]), 0.95)) + 1]
    spread = float(np.sum(probability[likely] * (offsets[likely] - best) ** 2) / np.sum(probability[likely]))
    sigma = float(np.sqrt(spread + s.step_s**2))
    notes = [_explain(best, offsets, probability, _stride_of(sagittal_events))]
    doubt: float | None = None
    if places.any():
        notes += _conflict(offsets, steps, places, best)
        exchanged = _fit_events(offsets, sagittal_events, [_exchange(e) for e in coronal_events], spans)
        doubt = _mirror_doubt(offsets, total, exchanged + (total - steps))
        if doubt is not None:
            notes.append(message("note.sync.exchanged", offset_s=doubt))
    return Sync(best, sigma, ESTIMATED, message("note.sync.all", notes=tuple(notes)), doubt)


def check_sides(
    sagittal_events: Sequence[GaitEvents],
    coronal_events: Sequence[GaitEvents],
    coronal_spans: Sequence[tuple[float, float]],
    sync: Sync,
) -> bool | None:
    """Whether both views call the same foot left, by the times of their events; None if it cannot be told.

    Args:
        sagittal_events: events of the side view, one for each pass.
        coronal_events: the same of the end view.
        coronal_spans: start and end of each coronal pass, seconds.
        sync: the offset; where it is vaguer than a quarter of a stride nothing can be said.
    """
    stride = _stride_of(sagittal_events)
    if sync.sigma_s > 0.25 * stride:
        return None
    near = np.array([sync.offset_s])
    exchanged = [_exchange(events) for events in coronal_events]
    as_is = float(_fit_events(near, sagittal_events, coronal_events, coronal_spans)[0])
    other = float(_fit_events(near, sagittal_events, exchanged, coronal_spans)[0])
    ratio = as_is - other
    return None if abs(ratio) < motion_settings().sync.exchange else ratio > 0


def _fit_events(
    offsets: F8,
    sagittal: Sequence[GaitEvents],
    coronal: Sequence[GaitEvents],
    spans: Sequence[tuple[float, float]],
) -> F8:
    """Logarithm of how much better each offset explains the events than no relation at all, [n]."""
    s = motion_settings().sync
    stride = _stride_of(sagittal)
    fit = np.zeros(len(offsets))
    for event in (e for events in sagittal for e in events.events):
        moved = event.time_s + offsets
        for (start, stop), events in zip(spans, coronal, strict=True):
            twins = events.of(event.kind, event.side)
            if not twins:
                continue
            covered = (moved >= start) & (moved <= stop)
            match = np.max([_density(moved - twin.time_s, event, twin) for twin in twins], axis=0)
            # density relative to one event of the kind anywhere in a stride
            gain = np.log((1 - s.outlier_share) * match * stride + s.outlier_share)
            fit += np.where(covered, s.event_weight * gain, 0.0)
    return fit


def _density(apart: F8, event: GaitEvent, twin: GaitEvent) -> F8:
    s = motion_settings().sync
    sigma = float(np.sqrt(event.sigma_s**2 + twin.sigma_s**2 + s.event_sd_s**2))
    return np.asarray(np.exp(-0.5 * (apart / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi)), np.float64)


def _fit_places(
    offsets: F8,
    sagittal: PoseSequence,
    sagittal_passes: Sequence[WalkingPass],
    coronal: PoseSequence,
    coronal_passes: Sequence[WalkingPass],
    size: F8,
) -> F8:
    """Logarithm of how well each offset lets the body have one size at one place, [n]; 0 where it is silent."""
    s = motion_settings().sync
    x = middle_of(sagittal.xy.astype(np.float64), HIPS)[:, 0]
    fit = np.zeros(len(offsets))
    for one, two in combinations([one for one in sagittal_passes if not one.on_treadmill], 2):
        first, second = (_way(sagittal, x, p) for p in (one, two))
        low, high = max(first[1].min(), second[1].min()), min(first[1].max(), second[1].max())
        if high <= low:
            continue
        places = np.linspace(low, high, _PLACES)
        times = [np.interp(places, way[1], way[0]) for way in (first, second)]
        back = one.direction is not two.direction
        first_size, first_way = _sizes(coronal, size, coronal_passes, times[0][:, None] + offsets)
        other_size, other_way = _sizes(coronal, size, coronal_passes, times[1][:, None] + offsets)
        both = np.isfinite(first_size) & np.isfinite(other_size)
        enough = both.sum(axis=0) >= 3
        turned = (first_way != other_way) & both
        fits = turned.sum(axis=0) > 0.5 * both.sum(axis=0)
        apart = nanmedian(np.where(both, first_size - other_size, np.nan), axis=0)
        # the best fit counts as much as two standard errors of a miss
        gain = np.where(
            fits == back, np.maximum(s.impossible, 2.0 - 0.5 * (apart / s.size_sd) ** 2), s.impossible
        )
        fit += np.where(enough, gain, 0.0)
    return fit


def _unseen(offsets: F8, sagittal: PoseSequence, passes: Sequence[WalkingPass], coronal: PoseSequence) -> F8:
    """Share of the side view's walking that lies outside the end view's recording, [n]."""
    times = np.concatenate([sagittal.times[one.start : one.stop] for one in passes])
    moved = times + offsets[:, None]
    outside = (moved < coronal.times[0]) | (moved > coronal.times[-1])
    return np.asarray(outside.mean(axis=1), np.float64)


def _way(pose: PoseSequence, x: F8, one: WalkingPass) -> tuple[F8, F8]:
    """Times and places of a pass, places rising."""
    rows = np.arange(one.start, one.stop)
    rows = rows[np.isfinite(x[rows])]
    order = rows if one.direction.forward_sign > 0 else rows[::-1]
    return pose.times[order], np.maximum.accumulate(x[order])


def _sizes(pose: PoseSequence, size: F8, passes: Sequence[WalkingPass], times: F8) -> tuple[F8, F8]:
    """Logarithm of the body's size at ``times``, and + towards or - away; NaN and 0 outside all passes."""
    out, way = np.full(times.shape, np.nan), np.zeros(times.shape)
    for one in passes:
        rows = np.arange(one.start, one.stop)
        rows = rows[np.isfinite(size[rows])]
        start, stop = _span(pose, one)
        inside = (times >= start) & (times <= stop)
        out[inside] = np.interp(times[inside], pose.times[rows], size[rows])
        way[inside] = 1.0 if one.direction is Direction.TOWARDS else -1.0
    return out, way


def _explain(best: float, offsets: F8, probability: F8, stride: float) -> Message:
    """What else is possible, in words."""
    near = np.abs(offsets - best) <= 0.3 * stride
    elsewhere = float(probability[~near].sum())
    if elsewhere < 0.1:
        return message("note.sync.agree")
    rest = np.where(near, 0.0, probability)
    rival = float(offsets[int(np.argmax(rest))])
    return message("note.sync.rival", offset_s=rival, percent=100 * elsewhere)


def _conflict(offsets: F8, steps: F8, places: F8, best: float) -> list[Message]:
    """A warning where the places ask for another offset than the steps."""
    row = int(np.argmin(np.abs(offsets - best)))
    if float(places.max() - places[row]) < motion_settings().sync.exchange or not steps.any():
        return []
    likely = float(offsets[int(np.argmax(places))])
    return [message("note.sync.conflict", offset_s=likely)]


def _mirror_doubt(offsets: F8, as_is: F8, exchanged: F8) -> float | None:
    """The offset at which exchanged sides would explain the steps just as well, None if there is none."""
    if exchanged.max() < as_is.max():
        return None
    return float(offsets[int(np.argmax(exchanged))])


def _exchange(events: GaitEvents) -> GaitEvents:
    return GaitEvents(
        tuple(
            GaitEvent(e.kind, e.side.other, e.time_s, e.sigma_s, e.detectors, e.agreed, e.corrected)
            for e in events.events
        )
    )


def _span(pose: PoseSequence, one: WalkingPass) -> tuple[float, float]:
    return float(pose.times[one.start]), float(pose.times[one.stop - 1])


def _stride_of(passes: Sequence[GaitEvents]) -> float:
    """Median stride time over all passes and feet; 1 s if there is no whole stride."""
    gaps = [
        later.time_s - earlier.time_s
        for events in passes
        for side in Side
        for contacts in [events.of(EventKind.INITIAL_CONTACT, side)]
        for earlier, later in pairwise(contacts)
    ]
    return float(np.median(gaps)) if gaps else typical_stride([])
