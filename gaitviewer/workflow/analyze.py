"""The main job: recordings of one session in, measures, library entry and result files out."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gaitviewer import __version__
from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import Provenance
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.progress import Tick, part, silent
from gaitviewer.core.session import Session, Sync, Trial
from gaitviewer.errors import AnalysisError
from gaitviewer.workflow.recordings import open_trials
from gaitviewer.workflow.request import AnalyzeRequest, session_id

if TYPE_CHECKING:
    from gaitviewer.pose import PoseResult

SURE_OF_VIEW = 0.75  # below this confidence, the person's word on the view counts


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


def analyze(request: AnalyzeRequest, *, tick: Tick = silent) -> AnalyzeResult:
    """Analyse the recordings of one session and write its results; all files appear, or none.

    Raises:
        UserError: with one sentence on what happened, to what, and what to do.
        Cancelled: the tick stopped the work; nothing was written.
    """
    from gaitviewer.store import open_library
    from gaitviewer.workflow import exports, outputs

    started = time.monotonic()
    outputs.check_folder(request.out)
    with contextlib.ExitStack() as stack:
        # Opened first: a damaged or newer library is better known before the work than after it.
        library = stack.enter_context(open_library(request.library)) if request.keep else None
        trials = open_trials(request, part(tick, 0.0, 0.02))
        poses = _estimate(trials, request, part(tick, 0.02, 0.85))
        session = replace(request.session, id=session_id(request.session, _digests(trials)))
        document = _document(session, trials, poses)
        measures = measure(document, request=request, tick=part(tick, 0.85, 0.9))
        files = exports.write_results(
            request.out,
            document,
            measures,
            core=_provenance(document, request, time.monotonic() - started),
            paper=request.paper,
            anonymous=request.anonymous,
            tick=part(tick, 0.9, 0.99),
        )
        if library is not None:
            tick(0.99, "storing the session")
            exports.store_results(library, document, files)
    tick(1.0, "done")
    return AnalyzeResult(document, measures, files, time.monotonic() - started)


def measure(document: Document, *, request: AnalyzeRequest, tick: Tick = silent) -> Measures:
    """From stored poses to everything measured; a pure function of its arguments.

    Raises:
        AnalysisError: a video shows another view than it was given for, or there is no gait to measure.
    """
    from gaitviewer.analysis.measure import measure_session
    from gaitviewer.analysis.motion import read_trial

    motions = []
    total = len(document.trials)
    for number, data in enumerate(document.trials):
        tick(number / (total + 1), f"gait of recording {data.trial.id}")
        check_views(data.trial, data.poses)
        given = None
        if request.offset_s is not None:
            given = Sync(request.offset_s, 0.5 / _slowest_rate(data.poses), "given")
        motions.append(read_trial(data.trial, data.poses, sync=given, mirrored=document.session.mirrored))
    tick(total / (total + 1), "angles and scores")
    return measure_session(document.session, tuple(motions), flat_foot_zero_deg=request.foot_zero_deg)


def _slowest_rate(poses: ByView[PoseSequence | None]) -> float:
    return min(pose.rate_hz for pose in (poses.sagittal, poses.coronal) if pose is not None)


def check_views(trial: Trial, poses: ByView[PoseSequence | None]) -> None:
    """Refuse a video that was given for the wrong view.

    Raises:
        AnalysisError: naming the file, what it shows, and how to give it.
    """
    from gaitviewer.analysis.passes import classify_view

    wrong: list[tuple[View, str]] = []
    for view in View:
        pose, stream = poses[view], trial.videos[view]
        if pose is None or stream is None:
            continue
        guess = classify_view(pose)
        if guess.view is not view and guess.confidence >= SURE_OF_VIEW:
            wrong.append((view, f"{stream.path.name} was given as the {view.value} view, but {guess.reason}"))
    if len(wrong) == 2:
        raise AnalysisError(
            f"The two videos seem to be exchanged: {wrong[0][1]}. Give it with --{wrong[1][0].value}, "
            f"and the other one with --{wrong[0][0].value}."
        )
    if wrong:
        view, words = wrong[0]
        other = View.CORONAL if view is View.SAGITTAL else View.SAGITTAL
        raise AnalysisError(f"{words}. Give it with --{other.value}, or choose the other camera's video.")


def _estimate(
    trials: tuple[Trial, ...], request: AnalyzeRequest, tick: Tick
) -> dict[tuple[str, View], PoseResult]:
    from gaitviewer import pose

    sources = {}
    for trial in trials:
        for view in trial.views:
            stream = trial.videos[view]
            assert stream is not None
            sources[(trial.id, view)] = pose.VideoJob(
                source=pose.FrameSource(
                    "gaitviewer.video:open_video",
                    (str(stream.path),),
                    {"recorded_at_hz": stream.recorded_at_hz},
                ),
                info=stream.info,
                digest=stream.sha256,
                name=stream.path.name,
            )
    return pose.estimate_many(sources, workers=request.workers, use_cache=request.use_cache, tick=tick)


def _document(
    session: Session, trials: tuple[Trial, ...], results: dict[tuple[str, View], PoseResult]
) -> Document:
    def of(trial: Trial, view: View) -> tuple[PoseSequence | None, Provenance | None]:
        result = results.get((trial.id, view))
        return (None, None) if result is None else (result.pose, result.provenance)

    data = []
    for trial in trials:
        (side_pose, side_made), (front_pose, front_made) = (of(trial, view) for view in View)
        data.append(TrialData(trial, ByView(side_pose, front_pose), provenance=ByView(side_made, front_made)))
    return Document(session, tuple(data))


def _digests(trials: tuple[Trial, ...]) -> list[str]:
    streams = [trial.videos[view] for trial in trials for view in View]
    return [stream.sha256 for stream in streams if stream is not None]


def inputs_digest(document: Document, request: AnalyzeRequest) -> str:
    """SHA-256 over everything that the measures depend on."""
    facts = {
        "program": __version__,
        "videos": _digests(tuple(d.trial for d in document.trials)),
        "session": str(document.session),
        "offset_s": request.offset_s,
        "recorded_at_hz": request.recorded_at_hz,
        "foot_zero_deg": list(request.foot_zero_deg),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _provenance(document: Document, request: AnalyzeRequest, seconds: float) -> Provenance:
    """What made the measures, from what."""
    return Provenance(
        model=f"gaitviewer measuring core {__version__}",
        weights_digest="",
        inputs_digest=inputs_digest(document, request),
        program=__version__,
        device="cpu",
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=seconds,
    )
