"""What the search for the subject noticed besides the keypoints: other people, gaps, exchanged legs, light."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.remarks import Light, Remark, RemarkKind, Spans, ViewRemarks
from gaitviewer.core.skeleton import BODY_FEET_23
from gaitviewer.pose.follow import Run
from gaitviewer.pose.merge import LEGS
from gaitviewer.pose.settings import CompanySettings
from gaitviewer.pose.tracking import PersonTrack, SubjectTracks, path_of

_EXCHANGED = [BODY_FEET_23.flips[point] for point in LEGS]


def remarks_on(
    subject: SubjectTracks,
    pose: PoseSequence,
    runs: Mapping[tuple[int, bool], Run],
    settings: CompanySettings,
    limits: Iterable[RemarkKind] = (),
) -> ViewRemarks:
    """All remarks on one video.

    Args:
        subject: who was followed, and who else is there.
        pose: the keypoints that came of it.
        runs: what each look at each stretch gave, by (stretch, backward).
        settings: thresholds.
        limits: what has to be said of all keypoints of the estimator.
    """
    sure = [track for track in subject.others if track.score > settings.sure_score]
    spans = {
        RemarkKind.ANOTHER_PERSON: tuple((track.start, track.stop - 1) for track in sure),
        RemarkKind.PERSON_BESIDE: _beside(subject, sure, pose, settings),
        RemarkKind.NOT_FOUND: _gaps(pose, settings.border),
        RemarkKind.LEGS_EXCHANGED: _exchanged(pose, runs.values(), settings.least_exchanged),
    }
    noticed = [Remark(kind, found) for kind, found in spans.items() if found]
    if not subject.walks:
        noticed.insert(0, Remark(RemarkKind.NOBODY_WALKS))
    noticed += map(Remark, limits)
    return ViewRemarks(tuple(noticed), _light(subject))


def _light(subject: SubjectTracks) -> Light | None:
    seen = [s.light for track in subject.tracks for s in track.sightings if s.light is not None]
    if not seen:
        return None
    return Light(
        round(float(np.median([one.brightness for one in seen])), 4),
        round(float(np.median([one.contrast for one in seen])), 4),
    )


def _beside(
    subject: SubjectTracks, others: Iterable[PersonTrack], pose: PoseSequence, settings: CompanySettings
) -> Spans:
    """Where somebody is so near to the subject that the keypoints of both may be mixed."""
    there = np.zeros(len(pose), np.bool_)
    reach = round(settings.gap_s * pose.rate_hz)
    for track in subject.tracks:
        for first, last in _joined([s.frame for s in track.sightings if s.doubled], reach, settings.least):
            there[max(track.start, first - reach // 2) : min(track.stop, last + reach // 2 + 1)] = True
        path = path_of(track)
        for other in others:
            theirs = path_of(other)
            for frame in range(max(path.start, theirs.start), min(path.stop, theirs.stop)):
                there[frame] |= path.distance(theirs.at(frame), frame) < settings.near
    return _spans(there)


def _joined(frames: list[int], reach: int, least: int) -> Spans:
    """(first, last) of the groups of at least ``least`` frames that follow each other within ``reach``."""
    cuts = np.flatnonzero(np.diff(frames) > reach) + 1
    groups = np.split(np.array(frames, np.int64), cuts)
    return tuple((int(group[0]), int(group[-1])) for group in groups if group.size >= least)


def _gaps(pose: PoseSequence, border: float) -> Spans:
    """Frames in which the subject is missing and had not walked out of the picture."""
    found = np.flatnonzero(pose.seen.any(axis=1))
    holes = [(int(a), int(b)) for a, b in pairwise(found) if b - a > 1]
    return tuple((a + 1, b - 1) for a, b in holes if not (_leaves(pose, a, border) or _leaves(pose, b, border)))


def _leaves(pose: PoseSequence, frame: int, border: float) -> bool:
    """Whether the body is at the edge of the picture, or nearly so."""
    size = np.array([pose.width, pose.height], np.float64)
    low, high = (ends(pose.xy[frame], axis=0) / size for ends in (np.nanmin, np.nanmax))
    return bool((low < border).any() or (high > 1 - border).any())


def _exchanged(pose: PoseSequence, runs: Iterable[Run], least: int) -> Spans:
    """Where a look at the video had the legs the other way round than it was settled in the end."""
    there = np.zeros(len(pose), np.bool_)
    legs = list(LEGS)
    for run in runs:
        if not run.frames.size:
            continue
        settled = pose.xy[run.frames][:, legs]
        straight, turned = (
            np.linalg.norm(run.xy[:, points] - settled, axis=2) for points in (legs, _EXCHANGED)
        )
        both = np.isfinite(straight) & np.isfinite(turned)
        there[run.frames] |= np.where(both, straight - turned, 0.0).sum(axis=1) > 0
    return tuple(span for span in _spans(there) if span[1] - span[0] + 1 >= least)


def _spans(there: NDArray[np.bool_]) -> Spans:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8)))
    return tuple((start, stop - 1) for start, stop in edges.reshape(-1, 2).tolist())
