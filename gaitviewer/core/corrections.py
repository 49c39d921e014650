"""Points that persons set in a trial: the pose is always the estimate with these over it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.pose import DENIED, Corrections, Origin, PoseSequence
from gaitviewer.core.skeleton import BODY_FEET_23

T = TypeVar("T")
POINTS = len(BODY_FEET_23)


def estimate_of(data: TrialData, view: View) -> PoseSequence | None:
    """The keypoints of a view as they were estimated; None where nothing was."""
    corrections = data.corrections[view]
    return data.poses[view] if corrections is None else corrections.estimate


def empty_pose(data: TrialData, view: View) -> PoseSequence:
    """Keypoints of a view of which none is seen: what a person begins with where there is no estimate.

    Raises:
        ValueError: the view has no video.
    """
    stream = data.trial.videos[view]
    if stream is None:
        raise ValueError(f"trial {data.trial.id} has no {view.value} video")
    frames = len(stream.info.times)
    xy = np.full((frames, POINTS, 2), np.nan, np.float32)
    score = np.zeros((frames, POINTS), np.float32)
    return PoseSequence(xy, score, stream.info.times, stream.info.width, stream.info.height)


def set_points(
    data: TrialData, view: View, cells: ArrayLike, xy: ArrayLike, origin: ArrayLike | Origin
) -> TrialData:
    """A trial with some points of a view set by a person; the very same one if nothing is new.

    Args:
        data: the trial.
        view: which view.
        cells: [N] ``frame * K + point``; of two for one point the later counts.
        xy: [N, 2] pixels; of no account where a point is hidden, absent, or as estimated.
        origin: [N], or one for all; ``ESTIMATED`` restores the estimate.

    Raises:
        ValueError: there is no such frame or point, or a point that is placed has no position.
    """
    new = np.asarray(cells, np.int32).reshape(-1)
    origins = np.broadcast_to(np.asarray(origin, np.uint8), new.shape)
    places = np.array(np.broadcast_to(np.asarray(xy, np.float32), (len(new), 2)))
    places[np.isin(origins, DENIED)] = np.nan
    placed = ~np.isin(origins, (*DENIED, Origin.ESTIMATED))
    if not np.isfinite(places[placed]).all():
        raise ValueError("a point that is set needs a position")
    old, pose = data.corrections[view], data.poses[view]
    frames = len(pose) if pose is not None else len(empty_pose(data, view))
    if len(new) and not 0 <= int(new.min()) <= int(new.max()) < frames * POINTS:
        raise ValueError(f"no such frame: the {view.value} view has {frames}")
    if old is not None:
        new, origins = np.concatenate([old.cells, new]), np.concatenate([old.origin, origins])
        places = np.concatenate([old.xy, places])
    at = len(new) - 1 - np.unique(new[::-1], return_index=True)[1]
    at = at[origins[at] != Origin.ESTIMATED]
    return _over(data, view, estimate_of(data, view), new[at], places[at], origins[at])


def with_estimate(data: TrialData, view: View, estimate: PoseSequence | None) -> TrialData:
    """A trial with another estimate of a view; what persons set stays over it."""
    old = data.corrections[view]
    if old is None:
        return replace(data, poses=_with(data.poses, view, estimate))
    return _over(data, view, estimate, old.cells, old.xy, old.origin)


def _over(
    data: TrialData,
    view: View,
    estimate: PoseSequence | None,
    cells: NDArray[np.int32],
    xy: NDArray[np.float32],
    origin: NDArray[np.uint8],
) -> TrialData:
    old = data.corrections[view]
    if old is not None and old.estimate is estimate and _same(old, cells, xy, origin):
        return data
    if not len(cells):
        if old is None and data.poses[view] is estimate:
            return data
        return replace(
            data,
            poses=_with(data.poses, view, estimate),
            corrections=_with(data.corrections, view, None),
        )
    corrections = Corrections(estimate, cells, xy, origin)
    pose = corrections.over(empty_pose(data, view) if estimate is None else estimate)
    return replace(
        data,
        poses=_with(data.poses, view, pose),
        corrections=_with(data.corrections, view, corrections),
    )


def _same(
    old: Corrections, cells: NDArray[np.int32], xy: NDArray[np.float32], origin: NDArray[np.uint8]
) -> bool:
    return (
        np.array_equal(old.cells, cells)
        and np.array_equal(old.origin, origin)
        and np.array_equal(old.xy, xy, equal_nan=True)
    )


def _with(values: ByView[T], view: View, value: T) -> ByView[T]:
    return replace(values, **{view.value: value})


def count_by_hand(document: Document) -> tuple[Counter[Origin], int]:
    """How many points of a session persons set, by kind, and how many events they spoke about."""
    points: Counter[Origin] = Counter()
    events = 0
    for data in document.trials:
        for view in View:
            corrections = data.corrections[view]
            if corrections is not None:
                points.update(Origin(int(one)) for one in corrections.origin)
            events += len(data.hand_events[view])
    return points, events
