"""What a person does with keypoints: pure functions from a document to a document.

Each takes the trial, the view and, where it looks at neighbours, ``shown``: the keypoints with left and right
as they are shown (:func:`gaitviewer.analysis.walking.trial.labelled_pose`); without it, those of the document.
What a person set in a frame (``CORRECTED``, ``HIDDEN``, ``ABSENT``) is only changed by an edit of that frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gaitviewer.core.corrections import POINTS, empty_pose, estimate_of
from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.edits import set_points
from gaitviewer.core.gait import View
from gaitviewer.core.pose import DENIED, PLACED, Origin, PoseSequence
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.errors import AnalysisError
from gaitviewer.messages import message, named

ALL_POINTS: tuple[int, ...] = tuple(range(POINTS))
_PARTS = {
    "leg": ("HIP", "KNEE", "ANKLE", "HEEL", "BIG_TOE", "SMALL_TOE"),
    "foot": ("ANKLE", "HEEL", "BIG_TOE", "SMALL_TOE"),
    "arm": ("SHOULDER", "ELBOW", "WRIST"),
}
LIMBS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        f"{side} {part}": tuple(int(Keypoint[f"{side.upper()}_{name}"]) for name in names)
        for part, names in _PARTS.items()
        for side in ("left", "right")
    }
    | {
        "head": tuple(
            int(Keypoint[name]) for name in ("NOSE", "LEFT_EYE", "RIGHT_EYE", "LEFT_EAR", "RIGHT_EAR")
        )
    }
)
"""Points that move together."""
_BY_A_PERSON = (Origin.CORRECTED, *DENIED)
INTERPOLATED_FRAMES = 30
"""How far to either side corrected frames are looked for where no range is given."""
SPREAD_S = 0.1
"""How far a correction reaches by itself beyond the frames that were corrected, seconds."""


def limb_of(point: int) -> tuple[int, ...]:
    """The leg, arm or head that a point belongs to."""
    return next((points for points in LIMBS.values() if point in points), (point,))


def _data(document: Document, trial: str) -> TrialData:
    return next(data for data in document.trials if data.trial.id == trial)


def _shown(document: Document, trial: str, view: View, shown: PoseSequence | None) -> PoseSequence:
    data = _data(document, trial)
    return shown or data.poses[view] or empty_pose(data, view)


def _cells(frames: ArrayLike, points: ArrayLike) -> NDArray[np.int32]:
    """[F * P] the cells of all these points in all these frames."""
    rows = np.asarray(frames, np.int32).reshape(-1, 1)
    return (rows * POINTS + np.asarray(points, np.int32)).reshape(-1)


# --- a single frame --------------------------------------------------------------------------------------


def place(
    document: Document, trial: str, view: View, frame: int, places: Mapping[int, tuple[float, float]]
) -> Document:
    """Put points where a person says they are, also where there were none; pixels by point."""
    return set_points(document, trial, view, _cells(frame, [*places]), [*places.values()], Origin.CORRECTED)


def shift(
    document: Document,
    trial: str,
    view: View,
    frame: int,
    points: Sequence[int],
    by: tuple[float, float],
    *,
    shown: PoseSequence | None = None,
) -> Document:
    """Move several points (a limb, the whole skeleton) by as many pixels; those not seen stay away."""
    xy = _shown(document, trial, view, shown).xy[frame, list(points)]
    seen = np.isfinite(xy).all(axis=1)
    return set_points(
        document,
        trial,
        view,
        _cells(frame, np.array(points)[seen]),
        xy[seen] + np.array(by, np.float32),
        Origin.CORRECTED,
    )


def deny(
    document: Document, trial: str, view: View, frames: Iterable[int], points: Sequence[int], origin: Origin
) -> Document:
    """Say that points are ``HIDDEN`` by something, or ``ABSENT`` from the picture.

    Where a point is hidden for a short time, it is bridged when it is measured; an absent one never is.
    """
    return set_points(document, trial, view, _cells([*frames], points), np.nan, origin)


def restore(
    document: Document, trial: str, view: View, frames: Iterable[int], points: Sequence[int] = ALL_POINTS
) -> Document:
    """Points as the estimator gave them."""
    return set_points(document, trial, view, _cells([*frames], points), np.nan, Origin.ESTIMATED)


def copy_frame(
    document: Document,
    trial: str,
    view: View,
    source: int,
    frame: int,
    points: Sequence[int] = ALL_POINTS,
    *,
    shown: PoseSequence | None = None,
) -> Document:
    """Points of another frame, usually the one before or after, put into this one.

    Raises:
        AnalysisError: there are none.
    """
    xy = _shown(document, trial, view, shown).xy
    seen = [point for point in points if 0 <= source < len(xy) and np.isfinite(xy[source, point]).all()]
    if not seen:
        raise AnalysisError(message("error.correction.no_neighbour", frame=source, view=named(view)))
    return set_points(document, trial, view, _cells(frame, seen), xy[source, seen], Origin.CORRECTED)


# --- ranges ----------------------------------------------------------------------------------------------


def propagate(
    document: Document,
    trial: str,
    view: View,
    source: int,
    frames: Iterable[int],
    points: Sequence[int] = ALL_POINTS,
    *,
    shown: PoseSequence | None = None,
) -> Document:
    """Points of a frame put into each of these frames, but not over any that a person set.

    Raises:
        AnalysisError: the frame has none of them.
    """
    pose = _shown(document, trial, view, shown)
    seen = [point for point in points if np.isfinite(pose.xy[source, point]).all()]
    if not seen:
        raise AnalysisError(message("error.correction.no_neighbour", frame=source, view=named(view)))
    rows = [frame for frame in frames if frame != source]
    cells, xy = _cells(rows, seen), np.tile(pose.xy[source, seen], (len(rows), 1))
    free = ~np.isin(pose.origin.reshape(-1)[cells], _BY_A_PERSON)
    return set_points(document, trial, view, cells[free], xy[free], Origin.SPREAD)


def swap_sides(
    document: Document,
    trial: str,
    view: View,
    start: int,
    stop: int,
    points: Sequence[int] = ALL_POINTS,
    *,
    shown: PoseSequence | None = None,
) -> Document:
    """Left and right exchanged in the frames ``start:stop``; doing it again gives what was there before.

    Each of the ``points`` changes places with its counterpart.
    """
    data, pose = _data(document, trial), _shown(document, trial, view, shown)
    flips = np.array(BODY_FEET_23.flips)
    chosen = [point for point in ALL_POINTS if flips[point] != point and {point, int(flips[point])} & {*points}]
    if not chosen:
        return document
    rows = np.arange(start, stop)
    cells = _cells(rows, chosen)
    xy = pose.xy[start:stop][:, flips[chosen]].reshape(-1, 2)
    origin = pose.origin[start:stop][:, flips[chosen]].reshape(-1)
    exchanged = np.isin(origin, (Origin.ESTIMATED, Origin.INTERPOLATED))
    # what was exchanged before goes back to where the estimate below has it
    back = origin == Origin.EXCHANGED
    origin = np.where(exchanged, Origin.EXCHANGED, np.where(back, Origin.ESTIMATED, origin))
    unseen = np.isin(origin, PLACED) & ~np.isfinite(xy).all(axis=1)
    origin[unseen] = Origin.HIDDEN  # the estimator saw nothing there
    was_unseen = _hidden_by_exchange(data, view, rows, chosen, flips)
    origin[was_unseen] = Origin.ESTIMATED
    neither = unseen & (pose.origin[start:stop][:, chosen].reshape(-1) == Origin.ESTIMATED)
    neither &= ~pose.seen[start:stop][:, chosen].reshape(-1)
    return set_points(document, trial, view, cells[~neither], xy[~neither], origin[~neither])


def _hidden_by_exchange(
    data: TrialData, view: View, rows: NDArray[np.int64], chosen: Sequence[int], flips: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """[N] whether an exchange put "hidden" at the counterpart for want of an estimate: undone by the next."""
    corrections = data.corrections[view]
    if corrections is None or corrections.estimate is None:
        return np.zeros(len(rows) * len(chosen), np.bool_)
    pose, below = data.poses[view], corrections.estimate
    assert pose is not None
    hidden = pose.origin[rows][:, flips[chosen]] == Origin.HIDDEN
    partner = pose.origin[rows][:, list(chosen)] == Origin.EXCHANGED
    return np.asarray((hidden & partner & ~below.seen[rows][:, list(chosen)]).reshape(-1), np.bool_)


def interpolate(
    document: Document,
    trial: str,
    view: View,
    start: int,
    stop: int,
    points: Sequence[int] = ALL_POINTS,
    *,
    shown: PoseSequence | None = None,
    estimate: PoseSequence | None = None,
    spread_s: float = SPREAD_S,
) -> Document:
    """Points between corrected frames follow a spline through them; beyond, the correction fades out.

    Between the first and the last frame of ``start:stop`` in which a person put a point somewhere, it lies on a
    cubic spline through these frames. To either side, what the person moved it by is added to the ``estimate``
    (with left and right as in ``shown``; by default as it came) with a weight that falls from one to zero over
    ``spread_s``. Points that a person set, hidden and absent ones included, are not touched.

    Raises:
        AnalysisError: no point was corrected in these frames.
    """
    from scipy.interpolate import CubicSpline

    data, pose = _data(document, trial), _shown(document, trial, view, shown)
    below = estimate or estimate_of(data, view)
    cells: list[NDArray[np.int32]] = []
    places: list[NDArray[np.float64]] = []
    for point in points:
        own = pose.origin[start:stop, point]
        knots = start + np.flatnonzero(own == Origin.CORRECTED)
        if not len(knots):
            continue
        times, free = pose.times, ~np.isin(own, _BY_A_PERSON)
        rows = start + np.flatnonzero(free)
        at = pose.xy[knots, point].astype(np.float64)
        inner = rows[(rows > knots[0]) & (rows < knots[-1])]
        if len(inner):
            cells.append(_cells(inner, point))
            places.append(
                np.asarray(CubicSpline(times[knots], at, bc_type="natural")(times[inner]), np.float64)
            )
        if below is None:
            continue
        for knot, outer in ((knots[0], rows[rows < knots[0]]), (knots[-1], rows[rows > knots[-1]])):
            moved = pose.xy[knot, point].astype(np.float64) - below.xy[knot, point]
            away = np.abs(times[outer] - times[knot]) / spread_s
            outer, away = outer[away < 1.0], away[away < 1.0]
            weight = 0.5 * (1.0 + np.cos(np.pi * away))
            spread = below.xy[outer, point] + weight[:, None] * moved
            seen = np.isfinite(spread).all(axis=1)
            cells.append(_cells(outer[seen], point))
            places.append(spread[seen])
    if not cells:
        raise AnalysisError(message("error.correction.no_points", first=start, last=stop - 1, view=named(view)))
    return set_points(document, trial, view, np.concatenate(cells), np.concatenate(places), Origin.SPREAD)


def follow(
    document: Document, trial: str, view: View, frame: int, tracks: Mapping[int, NDArray[np.float32]]
) -> Document:
    """Points put where they were followed to, frame by frame after ``frame``; not over any that a person set.

    ``tracks`` are, by point, [n, 2] pixels in the frames after it; one ends before its first NaN.

    Raises:
        AnalysisError: none was followed even one frame.
    """
    pose = _shown(document, trial, view, None)
    cells: list[NDArray[np.int32]] = []
    places: list[NDArray[np.float32]] = []
    for point, track in tracks.items():
        rows = np.arange(frame + 1, frame + 1 + len(track))
        stops = ~np.isfinite(track).all(axis=1) | np.isin(pose.origin[rows, point], _BY_A_PERSON)
        count = int(np.argmax(stops)) if stops.any() else len(track)
        cells.append(_cells(rows[:count], point))
        places.append(track[:count])
    if not sum(map(len, cells)):
        raise AnalysisError(message("error.correction.nothing_to_follow", frame=frame, view=named(view)))
    return set_points(document, trial, view, np.concatenate(cells), np.concatenate(places), Origin.SPREAD)
