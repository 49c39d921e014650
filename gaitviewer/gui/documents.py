"""What results of jobs change in a document, as pure functions: a person's edits always stay."""

from __future__ import annotations

from dataclasses import replace

from gaitviewer.core.document import Document, TrialData


def has_poses(document: Document) -> bool:
    """Whether any view has keypoints."""
    return any(pose is not None for d in document.trials for pose in (d.poses.sagittal, d.poses.coronal))


def with_poses_of(now: Document, found: Document) -> Document:
    """``now`` with the keypoints of ``found``; everything else, a person's edits included, stays."""
    new = {data.trial.id: data for data in found.trials}
    trials = []
    for data in now.trials:
        other = new.get(data.trial.id)
        if other is not None and any(pose is not None for pose in (other.poses.sagittal, other.poses.coronal)):
            data = replace(data, poses=other.poses, provenance=other.provenance)
        trials.append(data)
    return replace(now, trials=tuple(trials))


def same_poses(one: Document, other: Document) -> bool:
    """Whether two documents hold the very same keypoints."""
    return all(
        a.poses.sagittal is b.poses.sagittal and a.poses.coronal is b.poses.coronal
        for a, b in zip(one.trials, other.trials, strict=True)
    )


def with_videos_of(now: Document, found: Document) -> Document:
    """``now`` with the places of the videos of ``found``."""
    videos = {data.trial.id: data.trial.videos for data in found.trials}
    trials = tuple(
        replace(data, trial=replace(data.trial, videos=videos.get(data.trial.id, data.trial.videos)))
        for data in now.trials
    )
    return replace(now, trials=trials)


def _inputs(data: TrialData) -> tuple[object, ...]:
    """What the measures of a trial depend on, compared by identity or by value where it is small."""
    return (data.trial.id, data.trial.sync, data.trial.excluded, data.excluded_strides)


def same_inputs(one: Document, other: Document | None) -> bool:
    """Whether the measures of two documents are the same."""
    if other is None or one.session != other.session or len(one.trials) != len(other.trials):
        return False
    return same_poses(one, other) and all(
        _inputs(a) == _inputs(b)
        and a.events.sagittal is b.events.sagittal
        and a.events.coronal is b.events.coronal
        for a, b in zip(one.trials, other.trials, strict=True)
    )
