"""From a document to everything measured in it: the one path of the command line and the window."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gaitviewer import __version__
from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import FindingSeverity, Measures, QualityFinding, TrialMotion, ViewMotion
from gaitviewer.core.output import Provenance
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.core.session import Trial
from gaitviewer.errors import AnalysisError, reason_of
from gaitviewer.messages import NOTHING, Message, as_written, message, named
from gaitviewer.workflow.analysis.inputs import failure_of, inputs_digest, shows_nobody
from gaitviewer.workflow.analysis.leg_refiners import describe_leg_refiner, find_leg_refiner

if TYPE_CHECKING:
    from gaitviewer.analysis.signal.prepared import PreparedView

SURE_OF_VIEW = 0.75  # below this confidence, the person's word on the view counts


def measure_document(document: Document, *, tick: Tick = no_progress) -> Measures:
    """From stored poses and a person's corrections to everything measured; a pure function.

    Honours corrected points and events, excluded strides and trials, and an offset that was given.

    Args:
        document: the session.
        tick: progress.

    Raises:
        AnalysisError: a video shows another view than it was given for, or there is no gait to measure.
    """
    from gaitviewer.analysis.measure import measure_session

    if not any(_has_pose(data) for data in document.trials):
        raise AnalysisError(message("error.workflow.not_analysed"))
    motions = []
    total = len(document.trials)
    for number, data in enumerate(document.trials):
        tick(number / (total + 1), message("progress.gait", trial=data.trial.id))
        motions.append(_motion(data, mirrored=document.session.mirrored))
    tick(total / (total + 1), message("progress.angles_and_scores"))
    return measure_session(document.session, tuple(motions), flat_foot_zero_deg=document.foot_zero_deg)


def _has_pose(data: TrialData) -> bool:
    return data.poses.sagittal is not None or data.poses.coronal is not None


def _motion(data: TrialData, *, mirrored: bool) -> TrialMotion:
    unusable = tuple(found for view in View if (found := _unusable(data, view)) is not None)
    if not _has_pose(data):  # its video could not be read: the other recordings count
        return TrialMotion(data.trial, ByView(None, None), data.trial.sync, unusable=unusable)
    try:
        motion = _read(data, mirrored=mirrored)
    except AnalysisError as error:
        alone = _without_bad_view(data, error, mirrored=mirrored)
        if alone is not None:
            motion = alone
        elif data.trial.excluded:
            return TrialMotion(data.trial, ByView(None, None), data.trial.sync, unusable=unusable)
        else:
            raise
    left_out = dict(data.excluded_strides)
    sagittal, coronal = (_without(motion.views[view], left_out) for view in View)
    return replace(motion, views=ByView(sagittal, coronal), unusable=unusable + motion.unusable)


def _read(data: TrialData, *, mirrored: bool) -> TrialMotion:
    from gaitviewer.analysis.signal.prepared import prepare_view
    from gaitviewer.analysis.walking.trial import read_trial

    seen = data.poses.map(lambda pose: None if pose is None else prepare_view(pose))
    check_views(data.trial, seen)
    try:
        return read_trial(
            data.trial,
            seen,
            mirrored=mirrored,
            events=data.events,
            leg_refiner=find_leg_refiner(data.provenance.sagittal),
            remarks=data.remarks,
            corrections=data.corrections,
            hand_events=data.hand_events,
        )
    except ValueError as error:
        if data.events.sagittal is None and data.events.coronal is None:
            raise
        raise AnalysisError(
            message("error.workflow.events_no_longer_fit", trial=data.trial.id, reason=reason_of(error))
        ) from error


def _without_bad_view(data: TrialData, error: AnalysisError, *, mirrored: bool) -> TrialMotion | None:
    """The recording with the one of its two views that can be read, the other named; None: both or none can."""
    if error.message.code == "error.workflow.events_no_longer_fit":
        return None  # a person's work is not passed over
    read: list[TrialMotion] = []
    unusable: list[QualityFinding] = []
    for view in View:
        other = View.CORONAL if view is View.SAGITTAL else View.SAGITTAL
        if data.poses[view] is None:
            return None
        alone = replace(
            data,
            poses=replace(data.poses, **{other.value: None}),
            events=replace(data.events, **{other.value: None}),
        )
        try:
            read.append(_read(alone, mirrored=mirrored))
        except AnalysisError as reason:
            unusable.append(unusable_view(data.trial, view, reason.message))
    if len(read) != 1:
        return None
    return replace(read[0], trial=data.trial, unusable=tuple(unusable))


def _unusable(data: TrialData, view: View) -> QualityFinding | None:
    """What is said of a view that was searched in vain, or whose video failed; None if it was not."""
    if shows_nobody(data, view):
        nobody = message("finding.unusable_view.nobody")
        return unusable_view(data.trial, view, nobody, message("finding.unusable_view.nobody_advice"))
    failure = failure_of(data, view)
    return unusable_view(data.trial, view, failure) if failure else None


def unusable_view(trial: Trial, view: View, reason: Message, advice: Message = NOTHING) -> QualityFinding:
    """What is said of a view that was recorded and from which nothing is measured; the other view counts."""
    stream = trial.videos[view]
    text = message(
        "finding.unusable_view.is",
        view=named(view),
        file="" if stream is None else stream.path.name,
        reason=reason,
    )
    topic = message("topic.unusable_view")
    return QualityFinding(FindingSeverity.REFUSED, topic, text, advice, trial=trial.id, view=view)


def _without(motion: ViewMotion | None, left_out: dict[str, str]) -> ViewMotion | None:
    """The same motion, strides that a person left out marked with the reason."""
    if motion is None or not any(stride.key in left_out for stride in motion.strides):
        return motion
    strides = tuple(
        replace(stride, excluded=as_written(left_out[stride.key]) or message("reason.left_out_by_person"))
        if stride.key in left_out
        else stride
        for stride in motion.strides
    )
    return replace(motion, strides=strides)


def check_views(trial: Trial, seen: ByView[PreparedView | None]) -> None:
    """Refuse a video that was given for the wrong view.

    Raises:
        AnalysisError: naming the file, what it shows, and how to give it.
    """
    from gaitviewer.analysis.walking.passes import classify_view

    wrong: dict[View, Message] = {}
    for view in View:
        prepared, stream = seen[view], trial.videos[view]
        if prepared is None or stream is None:
            continue
        guess = classify_view(prepared)
        if guess.view is not view and guess.confidence >= SURE_OF_VIEW:
            wrong[view] = message(
                "error.workflow.given_as", file=stream.path.name, view=_name(view), seen=guess.reason
            )
    if len(wrong) == 2:
        first, second = wrong
        raise AnalysisError(
            message(
                "error.workflow.views_exchanged", given=wrong[first], view=_name(second), other=_name(first)
            )
        )
    for view, given in wrong.items():
        other = View.CORONAL if view is View.SAGITTAL else View.SAGITTAL
        raise AnalysisError(message("error.workflow.wrong_view", given=given, view=_name(other)))


def _name(view: View) -> Message:
    return message(f"error.view.{view.value}")


def core_provenance(document: Document, *, seconds: float = float("nan")) -> Provenance:
    """What made the measures, from what."""
    made_by = [f"gaitviewer measuring core {__version__}"]
    refiners = {describe_leg_refiner(data.provenance.sagittal) for data in document.trials}
    made_by += sorted(refiners - {""})
    return Provenance(
        model="; ".join(made_by),
        weights_digest="",
        inputs_digest=inputs_digest(document),
        program=__version__,
        device="cpu",
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=seconds,
    )
