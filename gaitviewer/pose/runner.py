"""From videos to the walking subject's pose: plan, run in workers, put together, cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gaitviewer import paths
from gaitviewer.core.output import Provenance
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.core.skeleton import BODY_FEET_23
from gaitviewer.errors import NobodyError
from gaitviewer.messages import Message, Value, message
from gaitviewer.pose.cache import load_result, result_key, store_result
from gaitviewer.pose.estimator import PoseEstimator, Sighting, make_estimator
from gaitviewer.pose.follow import NO_RUN, Run
from gaitviewer.pose.hidden import find_columns, hidden_points
from gaitviewer.pose.masks import MaskSequence, SmallMask
from gaitviewer.pose.merge import finish, merge_masks, merge_runs
from gaitviewer.pose.models import choose_model
from gaitviewer.pose.pool import PoseTask, WorkerPool
from gaitviewer.pose.remarks import remarks_on
from gaitviewer.pose.result import PoseResult
from gaitviewer.pose.settings import TrackingSettings, load_settings
from gaitviewer.pose.source import VideoJob
from gaitviewer.pose.tasks import SCAN_COST, FollowTask, ScanTask
from gaitviewer.pose.tracking import BodyPath, SubjectTracks, choose_subject, link_sightings, path_of

Key = TypeVar("Key", bound=Hashable)

_SCAN_PARTS = 2
_BODY_PER_POINTS = 1.12  # body height over the height from eyes to heels


@dataclass(slots=True)
class _Progress:
    """Keeps count of finished work and tells how long the rest will take."""

    tick: Tick
    began: float = field(default_factory=time.monotonic)
    planned: dict[int, float] = field(default_factory=dict)
    done: dict[int, float] = field(default_factory=dict)
    running: dict[PoseTask, float] = field(default_factory=dict)
    note: Message = field(default_factory=lambda: message("progress.starting_workers"))

    def plan(self, key: int, units: float) -> None:
        self.planned[key] = units

    def finish(self, task: Any, units: float) -> None:
        self.running.pop(task, None)
        self.done[task.key] = self.done.get(task.key, 0.0) + units

    def hear(self, task: Any, frames: int) -> None:
        if task is not None:
            self.running[task] = frames * task.units
            self.note = self._describe(task)
        share = self._share(None)
        self.tick(min(share, 0.99), self.note)

    def _share(self, key: int | None) -> float:
        keys = self.planned if key is None else [key]
        total = sum(self.planned[k] for k in keys)
        done = sum(self.done.get(k, 0.0) for k in keys)
        done += sum(units for task, units in self.running.items() if getattr(task, "key", None) in keys)
        return min(1.0, done / max(total, 1.0))

    def _describe(self, task: Any) -> Message:
        """``progress.pose``: which video, how many of its frames, and (once known) seconds left for all."""
        count = task.job.info.frame_count
        values: dict[str, Value] = {
            "video": task.job.name,
            "frames": int(count * self._share(task.key)),
            "total": count,
        }
        share = self._share(None)
        if share > 0.05:
            values["seconds"] = max(1, round((time.monotonic() - self.began) * (1 - share) / share))
            return message("progress.pose_time_left", **values)
        return message("progress.pose", **values)


@dataclass(slots=True, eq=False)
class _Work:
    """One video on its way."""

    key: int
    job: VideoJob
    settings: TrackingSettings
    estimator: PoseEstimator
    began: float = field(default_factory=time.monotonic)
    scans_left: int = 0
    follows_left: int = 0
    sightings: list[Sighting] = field(default_factory=list)
    subject: SubjectTracks | None = None
    runs: dict[tuple[int, bool], Run] = field(default_factory=dict)
    follows: list[FollowTask] = field(default_factory=list)

    def scan_tasks(self) -> list[ScanTask]:
        """The search, in parts of equal length, the same whatever else runs: results are repeatable."""
        info = self.job.info
        step = max(1, round(info.rate_hz / self.settings.scan.rate_hz))
        pictures = range(0, info.frame_count, step)
        size = max(1, -(-len(pictures) // _SCAN_PARTS))
        pieces = [pictures[first : first + size] for first in range(0, len(pictures), size)]
        self.scans_left = len(pieces)
        return [ScanTask(self.key, self.job, piece) for piece in pieces]

    def follow_tasks(self) -> list[FollowTask]:
        """Choose the subject; each stretch in which the subject is there, backward too where that tells more.

        Raises:
            NobodyError: there is nobody.
        """
        info, settings = self.job.info, self.settings
        tracks = link_sightings(self.sightings, info.rate_hz, settings.link)
        self.subject = choose_subject(tracks, info.rate_hz, settings.subject, settings.link)
        if self.subject is None:
            raise _nobody(self.job, self.estimator.name)
        courses = [path_of(track) for track in self.subject.tracks]
        for number, path in enumerate(courses):
            low = courses[number - 1].stop if number else 0
            high = courses[number + 1].start if number + 1 < len(courses) else info.frame_count
            for backward in (False, True) if self.estimator.looks_back else (False,):
                span = self._span(path, low, high, backward=backward)
                self.follows.append(FollowTask(self.key, self.job, number, path, span, backward))
        self.follows_left = len(self.follows)
        return self.follows

    def _span(self, path: BodyPath, low: int, high: int, *, backward: bool) -> range:
        follow, rate = self.settings.follow, self.job.info.rate_hz
        lead, reach = round(follow.lead_s * rate), round(follow.reach_s * rate)
        before, after = (reach, lead) if backward else (lead, reach)
        if not self.estimator.looks_back:
            before = reach
        return range(max(low, path.start - before), min(high, path.stop + after))


def _nobody(job: VideoJob, model: str) -> NobodyError:
    return NobodyError(
        message("error.pose.nobody", file=job.name),
        digest=job.digest,
        model=model,
    )


def estimate_many(
    jobs: Mapping[Key, VideoJob],
    *,
    workers: int = 2,
    use_cache: bool = True,
    cache_dir: Path | None = None,
    tick: Tick = no_progress,
    model: str = "full",
    came: Callable[[Key, PoseResult], None] | None = None,
) -> dict[Key, PoseResult]:
    """The walking subject's pose in each of several videos, estimated side by side.

    Args:
        jobs: the videos.
        workers: processes to use.
        use_cache: look for earlier results and keep new ones.
        cache_dir: where; the user's cache folder if None.
        tick: progress; raising :class:`gaitviewer.errors.Cancelled` stops everything.
        model: name of the pose model (that of one that was added, too), or "best".
        came: told each video's pose as soon as it is complete, while others are still being worked on.

    Raises:
        NobodyError: a video shows nobody, or nobody large enough.
        PoseError: a worker died.
        SettingsError: the pose model is not here.
        UserError: whatever opening a video raises.
    """
    settings = load_settings()
    model = choose_model(model).name  # the workers use this very one
    estimator = make_estimator(model)
    folder = cache_dir if cache_dir is not None else paths.cache_dir()
    facts = {"estimator": estimator.name, "weights": estimator.weights_digest, "settings": settings.digest}
    cache_keys = {key: result_key(job.digest, job.info, **facts) for key, job in jobs.items()}
    results: dict[Key, PoseResult] = {}
    if use_cache:
        for key, job in jobs.items():
            if job.digest and (known := load_result(folder, cache_keys[key], job.info)) is not None:
                results[key] = known
                if came is not None:
                    came(key, known)
    missing = [key for key in jobs if key not in results]
    if missing:
        works = [_Work(number, jobs[key], settings, estimator) for number, key in enumerate(missing)]

        def complete(work: _Work) -> None:
            key = missing[work.key]
            made = _assemble(work, estimator.weights_digest, cache_keys[key])
            results[key] = made
            if use_cache and jobs[key].digest:
                store_result(folder, cache_keys[key], made)
            if came is not None:
                came(key, made)

        _run(works, workers=max(1, workers), model=model, tick=tick, complete=complete)
    tick(1.0, message("progress.pose_done"))
    return {key: results[key] for key in jobs}


def _run(
    works: Sequence[_Work], *, workers: int, model: str, tick: Tick, complete: Callable[[_Work], None]
) -> None:
    """Search all videos, then follow each one's subject as soon as it is known."""
    progress = _Progress(tick)
    begin: list[PoseTask] = []
    for work in works:
        scans = work.scan_tasks()
        searched = SCAN_COST * sum(len(s.frames) for s in scans)
        progress.plan(work.key, searched + 2.0 * work.job.info.frame_count)  # at most; corrected below
        begin += scans

    def finished(task: PoseTask, result: Any) -> Sequence[PoseTask]:
        if isinstance(task, ScanTask):
            work = works[task.key]
            progress.finish(task, SCAN_COST * len(task.frames))
            work.sightings += result
            work.scans_left -= 1
            if work.scans_left:
                return ()
            follows = work.follow_tasks()
            progress.plan(task.key, progress.done[task.key] + sum(t.weight for t in follows))
            return follows
        assert isinstance(task, FollowTask)
        progress.finish(task, task.weight)
        work = works[task.key]
        work.runs[task.stretch, task.backward] = result
        work.follows_left -= 1
        if not work.follows_left:
            complete(work)
        return ()

    tick(0.0, progress.note)
    with WorkerPool(workers, model) as pool:
        pool.run(begin, finished=finished, progress=progress.hear)


def _assemble(work: _Work, weights: str, inputs: str) -> PoseResult:
    """Merge the runs of all stretches.

    Raises:
        NobodyError: nobody was found, or the person is too small.
    """
    info, settings = work.job.info, work.settings
    count = info.frame_count
    xy = np.full((count, len(BODY_FEET_23), 2), np.nan, np.float32)
    score = np.zeros((count, len(BODY_FEET_23)), np.float32)
    masks: dict[int, SmallMask] = {}
    for stretch in sorted({number for number, _ in work.runs}):
        forward, backward = work.runs[stretch, False], work.runs.get((stretch, True), NO_RUN)
        merged = merge_runs(forward, backward, frames=count, settings=settings.merge)
        points, sure = finish(*merged, width=info.width, height=info.height, settings=settings.merge)
        rows = np.isfinite(points).any(axis=(1, 2)) & ~np.isfinite(xy).any(axis=(1, 2))
        xy[rows], score[rows] = points[rows], sure[rows]
        masks.update(merge_masks(forward, backward, rows))
    outlines = MaskSequence.collect(masks, frames=count, width=info.width, height=info.height)
    columns = find_columns(xy, info.times, outlines, settings.hidden)
    hidden = hidden_points(xy, info.times, columns, settings.hidden)
    xy[hidden], score[hidden] = np.nan, 0.0
    pose = PoseSequence(xy, score, info.times, info.width, info.height)
    _check_size(work, pose)
    provenance = Provenance(
        model=work.estimator.name,
        weights_digest=weights,
        inputs_digest=inputs,
        program=metadata.version("gaitviewer"),
        device="cpu",
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - work.began, 2),
    )
    assert work.subject is not None, "who is followed was chosen"
    remarks = remarks_on(work.subject, pose, work.runs, settings.company, work.estimator.limits)
    return PoseResult(pose, outlines, provenance, replace(remarks, video=work.job.digest))


def body_heights_px(pose: PoseSequence) -> NDArray[np.float64]:
    """[N] height of the person in the frames that show both head and a heel, pixels."""
    whole = pose.seen[:, :5].any(axis=1) & pose.seen[:, 15:].any(axis=1)
    rows = pose.xy[whole]
    if not len(rows):
        return np.zeros(0)
    extent = np.nanmax(rows[..., 1], axis=1) - np.nanmin(rows[..., 1], axis=1)
    return np.asarray(_BODY_PER_POINTS * extent, np.float64)


def _check_size(work: _Work, pose: PoseSequence) -> None:
    job = work.job
    if not pose.seen.any():
        raise _nobody(job, work.estimator.name)
    heights = body_heights_px(pose)
    tallest = float(np.percentile(heights, 90)) if heights.size else float("inf")
    least = work.settings.subject.min_height_px
    if tallest < least:
        raise NobodyError(
            message("error.pose.too_small", file=job.name, height_px=tallest, least_px=least),
            digest=job.digest,
            model=work.estimator.name,
        )
