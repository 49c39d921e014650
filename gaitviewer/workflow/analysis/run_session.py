"""The analysis of a session that is in the library: view by view, a person's work untouched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata

from gaitviewer.core.corrections import estimate_of
from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.edits import change_trial, take_views
from gaitviewer.core.evgs import EvgsMeasure
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import Measures, Parameter, SagittalPattern
from gaitviewer.core.output import Provenance
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.core.remarks import ViewRemarks
from gaitviewer.core.session import Trial, VideoStream
from gaitviewer.errors import NobodyError, UserError, VideoError
from gaitviewer.messages import Message, message
from gaitviewer.workflow.analysis.inputs import shows_nobody
from gaitviewer.workflow.analysis.measure import measure_document

Came = Callable[[Document], None]
Lost = Callable[[str, View], None]
# Part of the whole that is estimating poses; the rest is measuring.
_POSES = 0.95


class NothingFoundError(VideoError):
    """No video of a session gave a pose.

    Attributes:
        document: the session, with the videos marked that show nobody.
    """

    def __init__(self, problems: Sequence[Message], document: Document) -> None:
        """The first problem is the one that is told."""
        super().__init__(problems[0] if problems else message("error.workflow.no_recording"))
        self.document = document


def analyse_document(
    document: Document,
    *,
    workers: int = 2,
    use_cache: bool = True,
    pose_model: str = "best",
    came: Came | None = None,
    lost: Lost | None = None,
    measure: bool = True,
    tick: Tick = no_progress,
) -> tuple[Document, Measures | None, tuple[Message, ...]]:
    """Estimate the keypoints of a session recording by recording and view by view, then measure.

    A video that cannot be read, or shows nobody, leaves the other ones usable; without any, the first
    problem is raised.

    Args:
        document: the session; corrections that a person made to events are kept.
        workers: processes for pose estimation.
        use_cache: take poses that were estimated earlier.
        pose_model: name of the pose model, or "best" for the best one that is here.
        came: told the document after each view, in this thread.
        lost: told the trial and view that nothing will come from, in this thread.
        measure: measure at the end (a window does so by itself).
        tick: progress.

    Returns:
        The document with poses; its measures, or None; and the problems.

    Raises:
        NothingFoundError: no video gave a pose.
        SettingsError: the pose model is not here.
        Cancelled: the tick stopped the work.
    """
    from gaitviewer.pose.models import choose_model

    run = _Run(document, workers, use_cache, choose_model(pose_model).name, came, [], 0)
    total = len(document.trials)
    for number in range(total):
        run.analyse_trial(number, subprogress(tick, _POSES * number / total, _POSES * (number + 1) / total))
        data = run.document.trials[number]
        for view in data.trial.views:
            if lost is not None and data.poses[view] is None:
                lost(data.trial.id, view)
    problems = run.problems
    if not run.found:
        raise NothingFoundError(problems, run.document)
    if not measure:
        return run.document, None, tuple(problems)
    try:
        measures: Measures | None = measure_document(run.document, tick=subprogress(tick, _POSES, 1.0))
    except UserError as error:
        problems.append(error.message)
        measures = None
    return run.document, measures, tuple(problems)


@dataclass(slots=True)
class _Run:
    """An analysis under way: the document so far, the problems so far, the number of views that came."""

    document: Document
    workers: int
    use_cache: bool
    pose_model: str
    came: Came | None
    problems: list[Message]
    found: int

    def analyse_trial(self, number: int, tick: Tick) -> None:
        """Both views side by side; if one cannot be used, the other by itself."""
        data = self.document.trials[number]
        trial = _readable(data.trial, self.problems)
        if not trial.views:
            return
        before = self.found
        try:
            self._estimate(number, trial, tick)
        except UserError as error:
            if len(trial.views) == 1 or self.found > before:  # the other one is the one that failed
                missing = [view for view in trial.views if self.document.trials[number].poses[view] is None]
                self._note(number, missing[0] if len(missing) == 1 else None, error)
                return
            for view in trial.views:
                self._analyse_alone(number, trial, view, tick)

    def _analyse_alone(self, number: int, trial: Trial, view: View, tick: Tick) -> None:
        kept = {other.value: trial.videos[other] if other is view else None for other in View}
        try:
            self._estimate(number, replace(trial, videos=ByView(**kept)), tick)
        except UserError as error:
            self._note(number, view, error)

    def _note(self, number: int, view: View | None, error: UserError) -> None:
        """What went wrong is remembered with the video, where it is known with which."""
        self.problems.append(error.message)
        data = marked_failed(self.document.trials[number], view, error)
        self.document = change_trial(self.document, data.trial.id, lambda _: data)

    def _estimate(self, number: int, trial: Trial, tick: Tick) -> None:
        from gaitviewer.workflow.analysis.run import estimate_poses

        bare = TrialData(trial, ByView(None, None))

        def take(found: Document) -> None:
            data = with_found(self.document.trials[number], found.trials[0])
            if data is self.document.trials[number]:
                return
            self.document = change_trial(self.document, data.trial.id, lambda _: data)
            self.found += 1
            if self.came is not None:
                self.came(self.document)

        take(
            estimate_poses(
                replace(self.document, trials=(bare,)),
                workers=self.workers,
                use_cache=self.use_cache,
                pose_model=self.pose_model,
                tick=tick,
                came=take,
            )
        )


def marked_failed(data: TrialData, view: View | None, error: UserError) -> TrialData:
    """The trial with what went wrong with the video of a view; keypoints that it has stay.

    That nobody is in a video tells by itself in which.
    """
    if isinstance(error, NobodyError):
        return marked_nobody(data, error)
    stream = None if view is None else data.trial.videos[view]
    if stream is None or view is None or data.poses[view] is not None:
        return data
    failed = ViewRemarks(failure=error.message, video=stream.sha256)
    return replace(data, remarks=replace(data.remarks, **{view.value: failed}))


def marked_nobody(data: TrialData, error: NobodyError) -> TrialData:
    """The trial with its view of this video marked: searched, nobody there. Keypoints that it has stay."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    mark = Provenance(error.model, "", error.digest, metadata.version("gaitviewer"), "cpu", when, 0.0)

    def made(view: View) -> Provenance | None:
        stream = data.trial.videos[view]
        meant = stream is not None and stream.sha256 == error.digest and data.poses[view] is None
        return mark if meant else data.provenance[view]

    return replace(data, provenance=ByView(made(View.SAGITTAL), made(View.CORONAL)))


def nobody_in(document: Document) -> frozenset[tuple[str, View]]:
    """Recordings and views in whose videos an analysis found nobody."""
    return frozenset(
        (data.trial.id, view) for data in document.trials for view in View if shows_nobody(data, view)
    )


def with_found(data: TrialData, found: TrialData) -> TrialData:
    """The same trial with the keypoints of the views that were found, and with those marked that show nobody.

    What persons set stays over them. It is the very same one if nothing is new.
    """

    def newer(view: View) -> bool:
        estimate = estimate_of(found, view)
        if estimate is not None:
            return estimate is not estimate_of(data, view)
        return (
            data.poses[view] is None
            and shows_nobody(found, view)
            and found.provenance[view] != data.provenance[view]
        )

    if not any(newer(view) for view in View):
        return data
    return take_views(data, found, [view for view in View if newer(view)])


def gone_message(stream: VideoStream) -> Message:
    """What is said of a video whose file is not there."""
    return message("error.workflow.video_gone", file=stream.path.name)


def _readable(trial: Trial, problems: list[Message]) -> Trial:
    """The trial with the videos whose files are there."""

    def kept(view: View) -> VideoStream | None:
        stream = trial.videos[view]
        if stream is not None and not stream.path.is_file():
            problems.append(gone_message(stream))
            return None
        return stream

    return replace(trial, videos=ByView(kept(View.SAGITTAL), kept(View.CORONAL)))


# --- what is shown meanwhile ---------------------------------------------------------------------------


def poses_to_come(document: Document) -> frozenset[tuple[str, View]]:
    """Recordings and views that have a video and no keypoints."""
    return frozenset(
        (data.trial.id, view)
        for data in document.trials
        for view in data.trial.views
        if data.poses[view] is None
    )


def progress_of_trial(fraction: float, number: int, total: int) -> float:
    """How far the keypoints of one recording are (0..1) when the analysis is this far.

    Args:
        fraction: of the whole analysis.
        number: which recording, from 0.
        total: recordings in the session.
    """
    return min(1.0, max(0.0, fraction / _POSES * total - number))


def progress_told(note: Message) -> tuple[str, float | None]:
    """The video that a note of the analysis is about ("" for none) and how far it is (0..1, None: not told)."""
    if note.code not in ("progress.pose", "progress.pose_time_left"):
        return "", None
    return str(note["video"]), float(str(note["frames"])) / max(1.0, float(str(note["total"])))


def views_to_come(document: Document) -> frozenset[View]:
    """Views that no recording has keypoints of yet though a video is there."""
    there = {v for data in document.trials for v in View if data.poses[v] is not None}
    filmed = {v for data in document.trials for v in View if data.trial.videos[v] is not None}
    return frozenset(filmed - there)


def _is_there(document: Document, view: View) -> bool:
    """Whether the file of any recording of a view is where it was: nothing comes from the others."""
    streams = (data.trial.videos[view] for data in document.trials)
    return any(stream is not None and stream.path.is_file() for stream in streams)


def mark_to_come(measures: Measures, document: Document) -> Measures:
    """The same measures while an analysis goes on: what misses only a view to come says so."""
    missing = frozenset(view for view in views_to_come(document) if _is_there(document, view))
    if not missing:
        return measures
    reason = message("reason.view_to_come", view=message(f"plane.{next(iter(missing)).value}"))

    def item(measure: EvgsMeasure) -> EvgsMeasure:
        waits = not measure.assessable and measure.item.view in missing
        return replace(measure, reason=reason) if waits else measure

    def parameter(row: Parameter) -> Parameter:
        waits = any(value is None for value in row.values)
        return replace(row, reason=reason) if waits else row

    def pattern(found: SagittalPattern) -> SagittalPattern:
        waits = not found.label and View.SAGITTAL in missing
        return replace(found, reason=reason) if waits else found

    sheet = measures.evgs.measures.map(lambda side: tuple(item(measure) for measure in side))
    return replace(
        measures,
        evgs=replace(measures.evgs, measures=sheet),
        parameters=tuple(parameter(row) for row in measures.parameters),
        patterns=measures.patterns.map(pattern),
    )
