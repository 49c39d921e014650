"""From raw keypoints to walking passes, events and strides: one view, and both views of a trial."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from gaitviewer.analysis.events.by_hand import with_hand_events
from gaitviewer.analysis.events.detect import detect_events
from gaitviewer.analysis.settings import motion_settings
from gaitviewer.analysis.signal.cleaning import F8, clean
from gaitviewer.analysis.signal.leg_refiner import LegRefiner
from gaitviewer.analysis.signal.prepared import HIPS, PreparedView, middle_of, prepare_view, walking_speed
from gaitviewer.analysis.walking.company import judge_company
from gaitviewer.analysis.walking.laterality import near_side, put_sides_right
from gaitviewer.analysis.walking.passes import (
    CROSSES_SHORTLY,
    NOT_SEEN,
    OUT_OF_PLANE,
    classify_view,
    find_passes,
)
from gaitviewer.analysis.walking.possible import REFUSED_PASSES, is_impossible, refuse_impossible_times
from gaitviewer.analysis.walking.strides import (
    ANOTHER_SPEED,
    RUNNING,
    Pace,
    exclude_at_the_edge,
    exclude_running,
    exclude_unsteady,
    exclude_unsure,
    find_strides,
    move_events,
    of_another_speed,
    pace_of,
    set_apart,
    slow_motion_suspected,
    unlike_paces,
)
from gaitviewer.analysis.walking.sync import check_sides, estimate_sync
from gaitviewer.core.arrays import segments
from gaitviewer.core.gait import (
    ByView,
    GaitEvent,
    GaitEvents,
    HandEvent,
    LeftOut,
    Side,
    Stride,
    View,
    WalkingPass,
)
from gaitviewer.core.measures import FindingSeverity, QualityFinding, TrialMotion, ViewMotion
from gaitviewer.core.pose import Corrections, PoseSequence
from gaitviewer.core.remarks import RemarkKind, ViewRemarks
from gaitviewer.core.session import Sync, Trial
from gaitviewer.errors import AnalysisError
from gaitviewer.messages import Message, message

_NAMES = {View.SAGITTAL: "side-view", View.CORONAL: "end-view"}
_SURE = 0.5  # confidence from which another view is named in an error


def read_view(
    seen: PoseSequence | PreparedView,
    view: View,
    *,
    trial_id: str,
    mirrored: bool = False,
    events: tuple[GaitEvents, ...] | None = None,
    leg_refiner: LegRefiner | None = None,
    remarks: ViewRemarks | None = None,
    corrections: Corrections | None = None,
    hand_events: tuple[HandEvent, ...] = (),
) -> ViewMotion:
    """Find passes, sides, events and strides in one view.

    Args:
        seen: keypoints as estimated or corrected, prepared or not.
        view: the camera's plane.
        trial_id: id of the recording.
        mirrored: whether the video is a mirror image.
        events: events that a person corrected, one for each pass; None detects them.
        leg_refiner: of the estimator that saw this view; None takes the legs as they were estimated.
        remarks: what the pose step noticed in this view.
        corrections: what persons set of ``seen``, and the estimate below it.
        hand_events: what persons say of events, whatever is detected.

    Raises:
        AnalysisError: the frame rate is too low, or nobody walks in this view.
        ValueError: as many events as passes are needed.
    """
    given = seen if isinstance(seen, PreparedView) else prepare_view(seen)
    _check_rate(given.raw, view, trial_id)
    passes, left_out, seen = _passes_with_sides(given, view, corrections, mirrored=mirrored)
    if not passes:
        raise AnalysisError(_why_nobody_walks(given, view, left_out, trial_id))
    if leg_refiner is not None:
        seen = PreparedView(seen.raw, clean(leg_refiner.refine(seen.raw, passes)))
    found = tuple(detect_events(seen.clean, one) for one in passes) if events is None else events
    if len(found) != len(passes):
        raise ValueError(f"{len(found)} sets of events for {len(passes)} passes")
    found = with_hand_events(found, passes, hand_events, seen.raw.times)
    pose, travel = seen.clean, seen.trajectory
    speed = walking_speed(travel, passes)
    strides = _strides_of(seen.raw, speed, passes, found, trial_id, remarks)
    quality = (
        *_on_treadmill(passes, trial_id, view),
        *_on_hidden(pose, passes, trial_id, view),
        *_on_sides(passes, trial_id, view),
        *_on_lost(pose, left_out, trial_id, view),
        *_on_strides(passes, strides, trial_id, view),
    )
    return ViewMotion(
        pose=pose,
        raw=given.raw,
        passes=passes,
        left_out=left_out,
        events=found,
        strides=strides,
        height_px=travel.height_px,
        speed=speed,
        quality=quality,
        legs_put_right=leg_refiner is not None,
        remarks=remarks,
    )


def read_trial(
    trial: Trial,
    poses: ByView[PoseSequence | None] | ByView[PreparedView | None],
    *,
    sync: Sync | None = None,
    mirrored: bool = False,
    events: ByView[tuple[GaitEvents, ...] | None] | None = None,
    leg_refiner: LegRefiner | None = None,
    remarks: ByView[ViewRemarks | None] | None = None,
    corrections: ByView[Corrections | None] = ByView(None, None),  # noqa: B008  frozen
    hand_events: ByView[tuple[HandEvent, ...]] = ByView((), ()),  # noqa: B008  frozen
) -> TrialMotion:
    """Read every view of a trial, and bring the views together.

    Where the offset is known well enough, strides of the end view carry the events of the side view, moved by
    it; elsewhere the end view's own, rougher ones.

    Args:
        trial: the recording.
        poses: keypoints of each view, as estimated or corrected, prepared or not.
        sync: the offset if it is known; else that of the trial; else it is estimated from the gait.
        mirrored: whether the videos are mirror images.
        events: events that a person corrected, per view.
        leg_refiner: of the estimator that saw the side view; None takes the legs as they were estimated.
        remarks: what the search for the subject noticed in each view.
        corrections: what persons set of the points of each view, see :func:`read_view`.
        hand_events: what persons say of the events of each view.

    Raises:
        AnalysisError: a view cannot be read, or there is none.
    """
    given = events or ByView(None, None)
    noticed = remarks or ByView(None, None)
    read = {
        view: read_view(
            seen, view, trial_id=trial.id, mirrored=mirrored, events=given[view],
            leg_refiner=leg_refiner if view is View.SAGITTAL else None, remarks=noticed[view],
            corrections=corrections[view], hand_events=hand_events[view],
        )
        for view in View
        if (seen := poses[view]) is not None
    }  # fmt: skip
    if not read:
        raise AnalysisError(message("error.analysis.no_pose", trial=trial.id))
    sagittal, coronal = (read.get(view) for view in View)
    sync = sync or trial.sync
    if sagittal is None or coronal is None:
        return TrialMotion(trial, ByView(sagittal, coronal), sync)
    estimate = estimate_sync(sagittal, coronal)
    sync = sync or estimate
    corrected = given.coronal is not None or bool(hand_events.coronal)
    coronal = _brought_together(sagittal, coronal, sync, trial.id, corrected=corrected)
    return TrialMotion(trial, ByView(sagittal, coronal), sync, estimate)


def labelled_pose(
    pose: PoseSequence, view: View, corrections: Corrections | None, *, mirrored: bool = False
) -> PoseSequence:
    """Keypoints with left and right as they are measured and shown: what a person who corrects them sees.

    Args:
        pose: as estimated, with the corrections over it.
        view: the camera's plane.
        corrections: what persons set of it.
        mirrored: whether the video is a mirror image.
    """
    return _passes_with_sides(prepare_view(pose), view, corrections, mirrored=mirrored)[2].raw


def _passes_with_sides(
    given: PreparedView, view: View, corrections: Corrections | None, *, mirrored: bool
) -> tuple[tuple[WalkingPass, ...], tuple[LeftOut, ...], PreparedView]:
    """Passes, what is none, and the view with left and right put right.

    What a person set is left or right as it is called: labels are exchanged in the estimate below it.
    """
    if corrections is None:
        passes, left_out = find_passes(given, view)
        if not passes:
            return passes, left_out, given
        passes, seen = put_sides_right(given, passes, mirrored=mirrored)
        return passes, left_out, seen
    seen = given
    judged: tuple[WalkingPass, ...] = ()
    if corrections.estimate is not None:
        below = prepare_view(corrections.estimate)
        judged, below = put_sides_right(below, find_passes(below, view)[0], mirrored=mirrored)
        seen = prepare_view(corrections.over(below.raw))
    passes, left_out = find_passes(seen, view)
    sided = []
    for one in passes:
        same = [other for other in judged if other.direction is one.direction and _shared(one, other) > 0]
        other = max(same, key=partial(_shared, one), default=one)
        near = near_side(one.direction, mirrored=mirrored)
        sided.append(replace(one, near=near, swapped=other.swapped, notes=other.notes, mirrored=mirrored))
    return tuple(sided), left_out, seen


def _shared(one: WalkingPass, other: WalkingPass) -> int:
    """How many frames two passes have in common."""
    return min(one.stop, other.stop) - max(one.start, other.start)


def _check_rate(pose: PoseSequence, view: View, trial_id: str) -> None:
    least = motion_settings().passes.least_rate_hz
    where = _where(view, trial_id)
    if len(pose) < 3:
        raise AnalysisError(message("error.analysis.too_few_frames", where=where, frames=len(pose)))
    if pose.rate_hz < least:
        raise AnalysisError(
            message("error.analysis.rate_too_low", where=where, rate_hz=pose.rate_hz, least=least)
        )


def _where(view: View, trial_id: str) -> Message:
    return message(f"error.analysis.video.{view.value}", trial=trial_id)


def _why_nobody_walks(seen: PreparedView, view: View, left_out: tuple[LeftOut, ...], trial_id: str) -> Message:
    """What was seen instead of walking, and what to do."""
    where = _where(view, trial_id)
    guess = classify_view(seen)
    if guess.view is not view and guess.confidence >= _SURE:
        return message(f"error.analysis.looks_like.{guess.view.value}", where=where, reason=guess.reason)
    spans: Counter[Message] = Counter()
    for one in left_out:
        spans[one.reason] += one.stop - one.start
    others = [(reason, frames) for reason, frames in spans.most_common() if reason != NOT_SEEN]
    shown = tuple(
        message("error.analysis.in_frames", reason=reason, frames=frames) for reason, frames in others[:2]
    )
    nobody = message("error.analysis.nobody_seen")
    return message(f"error.analysis.no_walking.{view.value}", where=where, shown=shown or nobody)


def _strides_of(
    pose: PoseSequence,
    speed: F8,
    passes: tuple[WalkingPass, ...],
    events: Sequence[GaitEvents],
    trial_id: str,
    remarks: ViewRemarks | None,
) -> tuple[Stride, ...]:
    """All strides of all passes, those while starting, stopping or turning excluded."""
    out: list[Stride] = []
    for index, (one, found) in enumerate(zip(passes, events, strict=True)):
        rows = slice(one.start, one.stop)
        strides = find_strides(found, one, trial=trial_id, pass_index=index)
        if one.view is View.SAGITTAL:
            strides = exclude_running(strides, found)
        out.extend(exclude_unsteady(strides, pose.times[rows], speed[rows]))
    if remarks is not None and remarks.spans(RemarkKind.PERSON_BESIDE):
        out = list(judge_company(out, pose, passes, remarks))
    apart = unlike_paces(paces_of(speed, passes, out))
    alike = tuple(one for one in out if one.pass_index not in apart)
    # over all passes, so that one bad pass does not make its own measure
    if passes[0].view is View.CORONAL:
        checked = exclude_unsure(alike)
    else:
        spans = [(float(pose.times[one.start]), float(pose.times[one.stop - 1])) for one in passes]
        checked = exclude_at_the_edge(alike, spans)
    rest = set_apart([one for one in out if one.pass_index in apart], apart)
    return refuse_impossible_times(sorted((*checked, *rest), key=lambda one: one.pass_index))


def paces_of(speed: F8, passes: Sequence[WalkingPass], strides: Sequence[Stride]) -> dict[int, Pace]:
    """The pace of each pass of a view that has strides, by its index; ``speed`` [T] as in the view's motion."""
    found = {}
    for index, one in enumerate(passes):
        own = [stride for stride in strides if stride.pass_index == index]
        pace = pace_of(own, speed[one.start : one.stop])
        if pace is not None:
            found[index] = pace
    return found


def alike_trials(motions: Sequence[TrialMotion]) -> tuple[TrialMotion, ...]:
    """The same trials; where a view of one plays at another speed than the others', its strides do not count.

    What plays at real speed in one file and slowed down in another is one walk in different clocks.
    """
    found = list(motions)
    for view in View:
        seen = {number: one for number, motion in enumerate(found) if (one := motion.views[view]) is not None}
        paces = {
            (number, index): pace
            for number, one in seen.items()
            for index, pace in paces_of(one.speed, one.passes, one.strides).items()
        }
        apart = unlike_paces(paces)
        for number in sorted({number for number, _ in apart}):
            motion, old = found[number], seen[number]
            mine = {index: why for (place, index), why in apart.items() if place == number}
            known = len(speed_findings(old.strides, motion.trial.id, view))
            strides = set_apart(old.strides, mine)
            told = speed_findings(strides, motion.trial.id, view)[known:]
            new = replace(old, strides=strides, quality=(*old.quality, *told))
            views = {other: new if other is view else motion.views[other] for other in View}
            found[number] = replace(motion, views=ByView(*(views[other] for other in View)))
    return tuple(found)


def speed_findings(strides: Sequence[Stride], trial_id: str, view: View) -> list[QualityFinding]:
    """What is said of the passes that play at another speed."""
    out = []
    for index in sorted(
        {stride.pass_index for stride in strides if of_another_speed(strides, stride.pass_index)}
    ):
        why = next(
            one.excluded for one in strides if one.pass_index == index and one.excluded.code == ANOTHER_SPEED
        )
        text = message(
            "finding.unlike_speeds.pass",
            number=index + 1,
            view=message(f"camera.{view.value}"),
            stride_s=why["stride_s"],
            usual_s=why["usual_s"],
        )
        topic, advice = message("topic.unlike_speeds"), message("finding.unlike_speeds.advice")
        out.append(QualityFinding(FindingSeverity.WARNING, topic, text, advice, trial=trial_id, view=view))
    return out


def impossible_findings(strides: Sequence[Stride], trial_id: str, view: View) -> list[QualityFinding]:
    """What is said of strides, and of passes, that no walk can have."""
    refused = [stride for stride in strides if is_impossible(stride)]
    if not refused:
        return []
    camera = message(f"camera.{view.value}")
    mixed = {stride.pass_index: stride.excluded for stride in refused if stride.excluded.code in REFUSED_PASSES}
    texts = [
        message("finding.impossible.pass", number=index + 1, view=camera, why=why)
        for index, why in sorted(mixed.items())
    ]
    alone = [stride for stride in refused if stride.pass_index not in mixed]
    if alone:
        why = alone[0].excluded
        texts.append(message("finding.impossible.strides", count=len(alone), view=camera, why=why))
    topic, advice = message("topic.impossible"), message("finding.impossible.advice")
    return [
        QualityFinding(FindingSeverity.WARNING, topic, text, advice, trial=trial_id, view=view)
        for text in texts
    ]


def _brought_together(
    sagittal: ViewMotion, coronal: ViewMotion, sync: Sync, trial_id: str, *, corrected: bool
) -> ViewMotion:
    """The coronal view with the side view's events where they are known to belong, and the side check."""
    pose = coronal.pose
    spans = [(float(pose.times[one.start]), float(pose.times[one.stop - 1])) for one in coronal.passes]
    agree = check_sides(sagittal.events, coronal.events, spans, sync)
    quality = coronal.quality
    if agree is False:
        finding = QualityFinding(
            FindingSeverity.WARNING,
            message("topic.sides"),
            message("finding.sides.disagree"),
            trial=trial_id,
            view=View.CORONAL,
        )
        quality = (*quality, finding)
    usable = sync.sigma_s <= motion_settings().sync.usable_s and agree is not False
    if corrected or not usable:
        return replace(coronal, quality=quality)
    events: list[GaitEvents] = []
    strides: list[Stride] = []
    lending = [
        found for number, found in enumerate(sagittal.events) if not of_another_speed(sagittal.strides, number)
    ]
    for index, (one, own, (start, stop)) in enumerate(zip(coronal.passes, coronal.events, spans, strict=True)):
        moved = [
            event
            for found in lending
            for event in move_events(found, sync.offset_s, sigma_s=sync.sigma_s).events
            if start <= event.time_s <= stop
        ]
        lent = find_strides(GaitEvents(tuple(moved)), one, trial=trial_id, pass_index=index)
        lent = tuple(replace(stride, events_from=View.SAGITTAL) for stride in lent)
        kept = [stride for stride in coronal.strides if stride.pass_index == index]
        kept = [mine for mine in kept if not any(_overlap(mine, theirs) for theirs in lent)]
        strides += _numbered([*lent, *kept])
        events.append(_merged(moved, own))
    if coronal.remarks is not None and coronal.remarks.spans(RemarkKind.PERSON_BESIDE):
        strides = list(judge_company(strides, coronal.raw, coronal.passes, coronal.remarks))
    apart = unlike_paces(paces_of(coronal.speed, coronal.passes, strides))
    known = len(speed_findings(coronal.strides, trial_id, View.CORONAL))
    together = refuse_impossible_times(set_apart(strides, apart))
    quality = (*quality, *speed_findings(together, trial_id, View.CORONAL)[known:])
    return replace(coronal, events=tuple(events), strides=together, quality=quality)


def _overlap(one: Stride, other: Stride) -> bool:
    """Whether two strides of one limb share more than a fifth of the shorter one."""
    if one.side is not other.side:
        return False
    shared = min(one.stop_s, other.stop_s) - max(one.start_s, other.start_s)
    return shared > 0.2 * min(one.duration_s, other.duration_s)


def _numbered(strides: list[Stride]) -> list[Stride]:
    """Strides of one pass by time, each limb numbered from 0."""
    count = {side: 0 for side in Side}
    out = []
    for stride in sorted(strides, key=lambda s: (s.start_s, s.side.value)):
        out.append(replace(stride, number=count[stride.side]))
        count[stride.side] += 1
    return out


def _merged(moved: list[GaitEvent], own: GaitEvents) -> GaitEvents:
    """The side view's events, and the end view's own ones outside the time that those cover."""
    if not moved:
        return own
    start, stop = min(e.time_s for e in moved), max(e.time_s for e in moved)
    margin = 0.15
    rest = [e for e in own.events if not start - margin <= e.time_s <= stop + margin]
    return GaitEvents((*moved, *rest))


def _on_treadmill(passes: tuple[WalkingPass, ...], trial_id: str, view: View) -> list[QualityFinding]:
    """Which passes were walked on a treadmill, and what that leaves out."""
    topic, advice = message("topic.treadmill"), message("finding.treadmill.advice")
    return [
        QualityFinding(
            FindingSeverity.WARNING,
            topic,
            message("finding.treadmill.is", number=number),
            advice,
            trial=trial_id,
            view=view,
        )
        for number, one in enumerate(passes, start=1)
        if one.on_treadmill
    ]


def _on_hidden(
    pose: PoseSequence, passes: tuple[WalkingPass, ...], trial_id: str, view: View
) -> list[QualityFinding]:
    """Where the hips are hidden within a pass: the subject walked on behind something."""
    found = []
    for number, one in enumerate(passes, start=1):
        seen = np.isfinite(middle_of(pose.xy[one.start : one.stop].astype(np.float64), HIPS)).all(axis=1)
        gaps = tuple(
            message("finding.hidden.frames", first=one.start + start, last=one.start + stop - 1)
            for start, stop in segments(~seen)
            if start > 0 and stop < len(seen)
        )
        if gaps:
            text = message(
                "finding.hidden.is", number=number, view=message(f"camera.{view.value}"), frames=gaps
            )
            topic, advice = message("topic.hidden"), message("finding.hidden.advice")
            found.append(
                QualityFinding(FindingSeverity.WARNING, topic, text, advice, trial=trial_id, view=view)
            )
    return found


def _on_lost(
    pose: PoseSequence, left_out: tuple[LeftOut, ...], trial_id: str, view: View
) -> list[QualityFinding]:
    """Stretches that look like a pass of the side view and are none."""
    if view is not View.SAGITTAL:
        return []
    least_s = motion_settings().passes.least_duration_s
    topic, advice = message("topic.walking"), message("finding.lost.advice")
    return [
        QualityFinding(
            FindingSeverity.WARNING,
            topic,
            message("finding.lost.frames", first=one.start, last=one.stop - 1, why=one.reason),
            advice,
            trial=trial_id,
            view=view,
        )
        for one in left_out
        if one.reason.code == CROSSES_SHORTLY
        or (one.reason.code == OUT_OF_PLANE and pose.times[one.stop - 1] - pose.times[one.start] >= least_s)
    ]


def _on_sides(passes: tuple[WalkingPass, ...], trial_id: str, view: View) -> list[QualityFinding]:
    """What was odd about left and right."""
    return [
        QualityFinding(
            FindingSeverity.NOTE,
            message("topic.sides"),
            message("finding.sides.of_frames", first=one.start, last=one.stop - 1, note=note),
            trial=trial_id,
            view=view,
        )
        for one in passes
        for note in one.notes
    ]


def _on_strides(
    passes: tuple[WalkingPass, ...], strides: tuple[Stride, ...], trial_id: str, view: View
) -> list[QualityFinding]:
    """Too few strides, or strides too slow to be real time."""
    out = []
    empty = [
        index
        for index in range(1, len(passes) + 1)
        if not any(stride.pass_index == index - 1 for stride in strides)
    ]
    topic, advice = message("topic.strides"), message("finding.strides.incomplete_advice")
    if not strides:
        texts = [message("finding.strides.incomplete", count=len(passes))]
    elif view is View.SAGITTAL:
        texts = [message("finding.strides.incomplete_pass", number=number) for number in empty]
    else:
        texts = []
    texts += [
        message("finding.running.is", number=index + 1, why=why)
        for index, why in sorted(
            {s.pass_index: s.excluded for s in strides if s.excluded.code == RUNNING}.items()
        )
    ]
    out += [
        QualityFinding(FindingSeverity.WARNING, topic, text, advice, trial=trial_id, view=view)
        for text in texts
    ]
    out += speed_findings(strides, trial_id, view)
    slow = slow_motion_suspected(tuple(one for one in strides if not of_another_speed(strides, one.pass_index)))
    if slow is not None:
        text = message("finding.slow_motion.suspected", seconds=slow)
        topic, advice = message("topic.slow_motion"), message("finding.slow_motion.advice")
        out.append(QualityFinding(FindingSeverity.WARNING, topic, text, advice, trial=trial_id, view=view))
    return out
