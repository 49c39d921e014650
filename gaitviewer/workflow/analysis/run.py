"""The main job: recordings of one session in, measures, library entry and result files out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.edits import change_trials, set_foot_zero, take_views
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.core.session import GIVEN, Sync
from gaitviewer.errors import PoseError, UserError, VideoError
from gaitviewer.messages import message
from gaitviewer.workflow.analysis.inputs import video_digests
from gaitviewer.workflow.analysis.measure import core_provenance, measure_document
from gaitviewer.workflow.analysis.measures_cache import cached_measures
from gaitviewer.workflow.analysis.open_trials import open_trials
from gaitviewer.workflow.analysis.request import AnalyzeRequest, session_id

if TYPE_CHECKING:
    from gaitviewer.core.output import Answer
    from gaitviewer.pose import PoseResult
    from gaitviewer.store import Library

AskModels = Callable[[Document, Measures, Tick], "tuple[Answer, ...]"]


@dataclass(frozen=True, slots=True)
class AnalyzeResult:
    """What an analysis made.

    Attributes:
        document: poses and facts, as stored in the library.      measures: everything measured.
        files: the files written.      seconds: wall time.
    """

    document: Document
    measures: Measures
    files: tuple[Path, ...]
    seconds: float


def analyze(
    request: AnalyzeRequest, *, ask: AskModels | None = None, tick: Tick = no_progress
) -> AnalyzeResult:
    """Analyse the recordings of one session and write its results; all files appear, or none.

    Args:
        request: what to analyse.
        ask: asks learned models about what was found; their answers go into the results.
        tick: carries progress out.

    Raises:
        UserError: with one sentence on what happened, to what, and what to do.
        Cancelled: the tick stopped the work; nothing was written.
    """
    from gaitviewer.store import open_library
    from gaitviewer.util import file_set
    from gaitviewer.workflow.results import export as results_export

    started = time.monotonic()
    file_set.check_folder(request.out)
    with contextlib.ExitStack() as stack:
        # Opened first: a damaged or newer library is better known before the work than after it.
        library = stack.enter_context(open_library(request.library)) if request.keep else None
        if library is not None:
            library.require_writable()
        trials = open_trials(request, subprogress(tick, 0.0, 0.02))
        session = replace(request.session, id=session_id(request.session, video_digests(trials)))
        document = Document(session, tuple(TrialData(trial, ByView(None, None)) for trial in trials))
        document = _estimate_usable(document, request, subprogress(tick, 0.02, 0.85))
        if library is not None:
            document = with_persons_work(document, library)
        document = with_offset(document, request.offset_s)
        document = set_foot_zero(document, request.foot_zero_deg)
        measure = cached_measures if request.use_cache else measure_document
        measures = measure(document, tick=subprogress(tick, 0.85, 0.88))
        answers = () if ask is None else ask(document, measures, subprogress(tick, 0.88, 0.9))
        files = results_export.write_results(
            request.out,
            document,
            measures,
            core=core_provenance(document, seconds=time.monotonic() - started),
            options=request.report,
            answers=answers,
            tick=subprogress(tick, 0.9, 0.99),
        )
        if library is not None:
            tick(0.99, message("progress.storing"))
            results_export.store_results(library, document, files)
    tick(1.0, message("progress.done"))
    return AnalyzeResult(document, measures, files, time.monotonic() - started)


def _estimate_usable(document: Document, request: AnalyzeRequest, tick: Tick) -> Document:
    """The document with the keypoints of every video that can be used; each that cannot is marked in it.

    Raises:
        UserError: no video can be used; the first problem.
    """
    from gaitviewer.workflow.analysis.run_session import marked_failed

    def estimate(of: Document) -> Document:
        return estimate_poses(
            of, workers=request.workers, use_cache=request.use_cache, pose_model=request.pose_model, tick=tick
        )

    filmed = [(number, view) for number, data in enumerate(document.trials) for view in data.trial.views]
    try:
        return estimate(document)
    except (PoseError, VideoError):
        if len(filmed) == 1:
            raise
    trials = list(document.trials)
    problems: list[UserError] = []
    for number, view in filmed:
        trial = trials[number].trial
        alone = ByView(*(trial.videos[one] if one is view else None for one in View))
        bare = TrialData(replace(trial, videos=alone), ByView(None, None))
        try:
            (found,) = estimate(replace(document, trials=(bare,))).trials
            trials[number] = take_views(trials[number], found, [view])
        except (PoseError, VideoError) as error:
            problems.append(error)
            trials[number] = marked_failed(trials[number], view, error)
    if len(problems) == len(filmed):
        raise problems[0]
    return replace(document, trials=tuple(trials))


def with_persons_work(document: Document, library: Library) -> Document:
    """The same document with what a person did in this session before: an analysis never throws it away.

    Grades, key images, hand measures and texts are kept; corrected points and events, strides and recordings
    left out, and an offset that was set, too.
    """
    known = (*library.list_sessions(), *library.list_sessions(deleted=True))
    if document.session.id not in {row.id for row in known}:
        return document
    before = library.load_session(document.session.id)
    older = {data.trial.id: data for data in before.trials}
    trials = []
    for data in document.trials:
        old = older.get(data.trial.id)
        if old is not None:
            trial = replace(data.trial, excluded=old.trial.excluded, sync=old.trial.sync)
            data = take_views(replace(old, trial=trial), data, View)
        trials.append(data)
    return replace(before, session=document.session, trials=tuple(trials))


def with_offset(document: Document, offset_s: float | None) -> Document:
    """The same document with an offset that a person knows, in all trials of two views; None: unchanged."""
    if offset_s is None:
        return document

    def change(data: TrialData) -> TrialData:
        if data.poses.sagittal is None or data.poses.coronal is None:
            return data
        sync = Sync(offset_s, 0.5 / _slowest_rate(data.poses), GIVEN)
        return replace(data, trial=replace(data.trial, sync=sync))

    return change_trials(document, change)


def _slowest_rate(poses: ByView[PoseSequence | None]) -> float:
    return min(pose.rate_hz for pose in (poses.sagittal, poses.coronal) if pose is not None)


def estimate_poses(
    document: Document,
    *,
    workers: int = 2,
    use_cache: bool = True,
    pose_model: str = "best",
    tick: Tick = no_progress,
    came: Callable[[Document], None] | None = None,
) -> Document:
    """The same document with the keypoints of every video, estimated side by side.

    ``pose_model`` is the name of a pose model, or "best" for the best one that is here.
    ``came`` is told the document with the keypoints known so far, as soon as those of a video are complete.

    Raises:
        PoseError, VideoError: a video cannot be used.
        SettingsError: the pose model is not here.
        Cancelled: the tick stopped the work.
    """
    from gaitviewer import pose
    from gaitviewer.video import check_identity

    sources = {}
    for data in document.trials:
        for view in data.trial.views:
            stream = data.trial.videos[view]
            assert stream is not None
            check_identity(stream)
            sources[(data.trial.id, view)] = pose.VideoJob(
                source=pose.FrameSource(
                    "gaitviewer.video:open_video",
                    (str(stream.path),),
                    {"recorded_at_hz": stream.recorded_at_hz},
                ),
                info=stream.info,
                digest=stream.sha256,
                name=stream.path.name,
            )
    so_far: dict[tuple[str, View], PoseResult] = {}

    def with_those(known: dict[tuple[str, View], PoseResult]) -> Document:
        return replace(document, trials=tuple(_with_poses(data, known) for data in document.trials))

    def one_came(key: tuple[str, View], result: PoseResult) -> None:
        so_far[key] = result
        if came is not None:
            came(with_those(so_far))

    results = pose.estimate_many(
        sources, workers=workers, use_cache=use_cache, model=pose_model, tick=tick, came=one_came
    )
    return with_those(results)


def _with_poses(data: TrialData, results: dict[tuple[str, View], PoseResult]) -> TrialData:
    found = ByView(*(results.get((data.trial.id, view)) for view in View))
    return replace(
        data,
        poses=found.map(lambda one: None if one is None else one.pose),
        provenance=found.map(lambda one: None if one is None else one.provenance),
        remarks=found.map(lambda one: None if one is None else one.remarks),
    )
