"""What stands in front of the walkway: a column that hides the subject for a moment.

An estimator makes up what it does not see, points and outline alike. But an edge of the outline then stands
still at one place of the picture while the trunk walks on: at one side of the column where the subject goes
behind it, at the other side where it comes out. Points behind the column are nobody's observation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.pose.masks import MASK_CELL_PX, MaskSequence
from gaitviewer.pose.merge import torso_px
from gaitviewer.pose.settings import HiddenSettings

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SHOULDERS = [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]
_HIPS = [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]
_OTHER = list(BODY_FEET_23.flips)
_FEET = tuple(
    [int(Keypoint[f"{side}_{part}"]) for part in ("ANKLE", "HEEL", "BIG_TOE")] for side in ("LEFT", "RIGHT")
)
_TREND = 3  # frames from which a point's way is continued


@dataclass(frozen=True, slots=True)
class Column:
    """What hides who walks between the columns ``left`` and ``right`` of the picture, pixels."""

    left: float
    right: float


@dataclass(frozen=True, slots=True)
class _StillEdge:
    """An edge of the outline that stays at one column, pixels, over the frames ``start:stop``."""

    column: float
    start: int
    stop: int


def find_columns(
    xy: Floats, times: Doubles, masks: MaskSequence, settings: HiddenSettings
) -> tuple[Column, ...]:
    """What the subject walks behind, from left to right; a camera that stands still is taken for granted.

    Args:
        xy: [T, 23, 2] keypoints, pixels.
        times: [T] seconds.
        masks: the outline in the same frames.
        settings: limits.
    """
    hips, size = _way(xy, times), torso_px(xy)
    begins, ends = (_still_edges(edge, hips, size, settings) for edge in _trunk_edges(xy, masks))
    found: list[Column] = []
    for first, last, forward in (
        *((first, last, -1) for first in begins for last in ends),
        *((first, last, 1) for first in ends for last in begins),
    ):
        if first.start >= last.start:
            continue
        unit = float(np.nanmedian(size[first.start : last.stop]))
        width = (last.column - first.column) * forward
        around = hips[(times >= times[first.start] - 1.0) & (times <= times[last.stop - 1] + 1.0)]
        if np.ptp(around[np.isfinite(around)]) < settings.least_travel * unit:
            continue  # who turns, or comes nearer, does not walk across
        steps = np.diff(hips[first.start : last.stop])
        # a trunk's breadth and the column's are walked, no more: another edge belongs to another crossing
        walked = np.sum(np.abs(steps)) <= width + settings.trunk * unit and np.sum(steps) * forward >= width
        if walked and settings.narrowest * unit <= width <= settings.widest * unit:
            found.append(Column(*sorted((first.column, last.column))))
    return _joined(found)


def _trunk_edges(xy: Floats, masks: MaskSequence) -> tuple[Doubles, Doubles]:
    """[T, columns - 1] part of the trunk's rows in which the outline begins, and ends, near each column."""
    columns = -(-masks.width // MASK_CELL_PX)
    begins = np.zeros((len(masks), columns - 1))
    ends = begins.copy()
    top, bottom = (xy[:, points, 1].mean(axis=1) / MASK_CELL_PX for points in (_SHOULDERS, _HIPS))
    for frame in np.flatnonzero(masks.seen & np.isfinite(top + bottom) & (bottom - top >= 4)):
        rows = masks.cells(frame)[int(max(top[frame], 0)) : int(bottom[frame])]
        steps = np.diff(rows.astype(np.int8), axis=1)
        for out, here in ((begins, steps > 0), (ends, steps < 0)):
            near = here.copy()
            near[:, 1:] |= here[:, :-1]
            near[:, :-1] |= here[:, 1:]
            out[frame] = near.mean(axis=0)
    return begins, ends


def _way(xy: Floats, times: Doubles) -> Doubles:
    """[T] column of the hips on a straight line through half a second to either side; hidden hips stray."""
    values = xy[:, _HIPS, 0].mean(axis=1).astype(np.float64)
    out = np.full(len(values), np.nan)
    seen = np.flatnonzero(np.isfinite(values))
    for frame in seen:
        near = seen[np.abs(times[seen] - times[frame]) <= 0.5]
        if len(near) >= 3:
            out[frame] = np.polyval(np.polyfit(times[near] - times[frame], values[near], 1), 0.0)
    return out


def _still_edges(share: Doubles, hips: Doubles, size: Doubles, settings: HiddenSettings) -> list[_StillEdge]:
    """Edges that stay where they are while the hips walk on."""
    found = []
    straight = share >= settings.edge_share
    for column in np.flatnonzero(straight.sum(axis=0) >= 2):
        frames = np.flatnonzero(straight[:, column])
        for run in np.split(frames, np.flatnonzero(np.diff(frames) > 2) + 1):
            first, last = int(run[0]), int(run[-1])
            if abs(hips[last] - hips[first]) >= settings.still_way * size[first] + 3 * MASK_CELL_PX:
                found.append(_StillEdge((column + 1.0) * MASK_CELL_PX, first, last + 1))
    return found


def _joined(found: Sequence[Column]) -> tuple[Column, ...]:
    """One column for all that overlap."""
    out: list[Column] = []
    for one in sorted(found, key=lambda c: c.left):
        if out and one.left <= out[-1].right:
            out[-1] = Column(out[-1].left, max(out[-1].right, one.right))
        else:
            out.append(one)
    return tuple(out)


def hidden_points(xy: Floats, times: Doubles, columns: Sequence[Column], settings: HiddenSettings) -> Mask:
    """[T, 23] true where a point is behind a column, or must be by its way though it was put elsewhere.

    Args:
        xy: [T, 23, 2] keypoints, pixels.
        times: [T] seconds.
        columns: of :func:`find_columns`.
        settings: limits.
    """
    out = np.zeros(xy.shape[:2], np.bool_)
    hips, size, x = _way(xy, times), torso_px(xy), xy[..., 0].astype(np.float64)
    reach = 3.0 * float(np.nanmedian(size)) if columns else 0.0  # beyond it no point of the body gets there
    for column in columns:
        near = np.abs(hips - 0.5 * (column.left + column.right)) <= reach + 0.5 * (column.right - column.left)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], near, [False]]).astype(np.int8)))
        for start, stop in edges.reshape(-1, 2).tolist():
            forward = 1.0 if hips[stop - 1] >= hips[start] else -1.0
            low, high = sorted((forward * column.left, forward * column.right))
            margin = settings.margin * float(np.nanmedian(size[start:stop]))
            rows = slice(start, stop)
            for point in range(xy.shape[1]):
                way, other = forward * x[rows, point], forward * x[rows, _OTHER[point]]
                ahead = _Behind(low - margin, high + margin, 2.0 * margin)
                back = _Behind(-high - margin, -low + margin, 2.0 * margin)
                out[rows, point] |= ahead.frames(way, other, times[rows])
                out[rows, point] |= back.frames(-way[::-1], -other[::-1], -times[rows][::-1])[::-1]
    seen = np.isfinite(xy).all(axis=2)
    for foot in _FEET:  # what is left of a foot that is mostly behind is made up too
        gone = out[:, foot] | ~seen[:, foot]
        out[:, foot] |= (out[:, foot].any(axis=1) & (gone.sum(axis=1) >= 2))[:, None]
    return np.asarray(out & seen, np.bool_)


@dataclass(frozen=True, slots=True)
class _Behind:
    """Between ``low`` and ``high`` along the walk nothing is seen; closer than ``near`` is the same place."""

    low: float
    high: float
    near: float

    def frames(self, way: Doubles, other: Doubles, times: Doubles) -> Mask:
        """[n] true from where a point goes behind until it is seen on the other side.

        Where it would have come by its course it is behind, wherever it was put; an estimator likes to put it
        on the same point of the other side of the body.

        Args:
            way: [n] where the point was put, along the walk, pixels.
            other: [n] the same of the other side of the body.
            times: [n] seconds.
        """
        out = np.zeros(len(way), np.bool_)
        trail: list[int] = []  # frames in which it was seen on this side
        behind = False
        for i in np.flatnonzero(np.isfinite(way)):
            if behind:
                if way[i] >= self.high:
                    break
                out[i] = True
                back = list(range(max(0, i - _TREND), i + 1))
                if self._stands(way[back], other[back]):  # it came down on this side after all
                    out[back], trail, behind = False, back[-_TREND:], False
                continue
            expected = self._expected(way, times, trail, i)
            if self.low < way[i] < self.high or self.low < expected < self.high:
                behind = out[i] = True
            elif way[i] >= self.high:
                break
            else:
                trail = [*trail[-_TREND + 1 :], int(i)]
        return out

    def _expected(self, way: Doubles, times: Doubles, trail: list[int], i: int) -> float:
        if len(trail) < _TREND:
            return float(way[i])
        t = times[trail]
        return float(np.polyval(np.polyfit(t - times[i], way[trail], 1), 0.0))

    def _stands(self, way: Doubles, other: Doubles) -> bool:
        if len(way) <= _TREND or not np.isfinite(way).all() or way.max() > self.low:
            return False
        return bool(np.ptp(way) <= 0.5 * self.near and not np.any(np.abs(way - other) < self.near))
