"""Keypoints over time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import readonly_array
from gaitviewer.core.skeleton import BODY_FEET_23, Skeleton


class Origin(IntEnum):
    """Where a keypoint comes from.

    ESTIMATED: as the estimator gave it.   INTERPOLATED: over a short gap, when it was cleaned.
    CORRECTED: a person put it there.   SPREAD: follows from points that a person put near it in time.
    EXCHANGED: estimated, with left and right exchanged by a person.
    HIDDEN: a person says that something covers it.   ABSENT: a person says that it is not in the picture.
    """

    ESTIMATED = 0
    INTERPOLATED = 1
    CORRECTED = 2
    SPREAD = 3
    EXCHANGED = 4
    HIDDEN = 5
    ABSENT = 6


PLACED = (Origin.CORRECTED, Origin.SPREAD, Origin.EXCHANGED)
"""A person vouches that the point is there, whatever confidence an estimator had."""
DENIED = (Origin.HIDDEN, Origin.ABSENT)
"""A person says that nobody can see where the point is."""


@dataclass(frozen=True, slots=True, eq=False)
class PoseSequence:
    """One person's keypoints, one row for each frame of a video, in presentation order.

    Row ``i`` is frame number ``i`` of the video, so a row index is a frame number.

    Attributes:
        xy: [T, K, 2] f32, upright source pixels, x to the right, y down; NaN = not seen, never 0.
        score: [T, K] f32, the estimator's confidence 0..1, a person's points have that of the estimate below
            them, or 0; 0 where ``xy`` is NaN.
        origin: [T, K] u8, an :class:`Origin` for each point.
        times: [T] f64, seconds of real time from the start of the recording, strictly increasing.
        width, height: size of the upright picture in pixels.
        skeleton: the layout of K.
    """

    xy: NDArray[np.float32]
    score: NDArray[np.float32]
    times: NDArray[np.float64]
    width: int
    height: int
    origin: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    skeleton: Skeleton = BODY_FEET_23

    def __post_init__(self) -> None:
        put = object.__setattr__
        points = len(self.skeleton)
        put(self, "xy", readonly_array(self.xy, np.float32, (None, points, 2), "xy"))
        frames = self.xy.shape[0]
        put(self, "score", readonly_array(self.score, np.float32, (frames, points), "score"))
        put(self, "times", readonly_array(self.times, np.float64, (frames,), "times"))
        origin = self.origin if self.origin.size else np.zeros((frames, points), np.uint8)
        put(self, "origin", readonly_array(origin, np.uint8, (frames, points), "origin"))
        if frames > 1 and not bool(np.all(np.diff(self.times) > 0)):
            raise ValueError("times must increase strictly")
        if self.width <= 0 or self.height <= 0:
            raise ValueError("the picture has no size")

    def __len__(self) -> int:
        return int(self.xy.shape[0])

    @property
    def rate_hz(self) -> float:
        """Median frame rate in Hz (NaN for fewer than two frames)."""
        return float(1.0 / np.median(np.diff(self.times))) if len(self) > 1 else float("nan")

    def has_origin(self, *origins: Origin) -> NDArray[np.bool_]:
        """[T, K] true where a keypoint comes from one of these."""
        return np.isin(self.origin, origins)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """[T, K] true where a keypoint has a position."""
        return np.asarray(np.isfinite(self.xy).all(axis=2), np.bool_)

    def with_points(
        self,
        xy: NDArray[np.float32],
        *,
        score: NDArray[np.float32] | None = None,
        origin: NDArray[np.uint8] | None = None,
    ) -> PoseSequence:
        """The same recording with other keypoints."""
        return replace(
            self,
            xy=xy,
            score=self.score if score is None else score,
            origin=self.origin if origin is None else origin,
        )

    def flipped_labels(self, start: int = 0, stop: int | None = None) -> PoseSequence:
        """Left and right labels exchanged in frames ``start:stop`` (positions stay where they are)."""
        flips = list(self.skeleton.flips)
        xy, score, origin = self.xy.copy(), self.score.copy(), self.origin.copy()
        rows = slice(start, stop)
        xy[rows] = xy[rows][:, flips]
        score[rows] = score[rows][:, flips]
        origin[rows] = origin[rows][:, flips]
        return self.with_points(xy, score=score, origin=origin)


@dataclass(frozen=True, slots=True, eq=False)
class Corrections:
    """What persons set in one view, and the estimate below it, which is never changed.

    Attributes:
        estimate: as the estimator gave it; None where nothing was estimated.
        cells: [N] i32, ``frame * K + point``, in order, each once.
        xy: [N, 2] f32, upright source pixels; NaN where a point is hidden or absent.
        origin: [N] u8, an :class:`Origin` for each, never ``ESTIMATED`` or ``INTERPOLATED``.
    """

    estimate: PoseSequence | None
    cells: NDArray[np.int32]
    xy: NDArray[np.float32]
    origin: NDArray[np.uint8]

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "cells", readonly_array(self.cells, np.int32, (None,), "cells"))
        put(self, "xy", readonly_array(self.xy, np.float32, (len(self.cells), 2), "xy"))
        put(self, "origin", readonly_array(self.origin, np.uint8, (len(self.cells),), "origin"))
        if not bool(np.all(np.diff(self.cells) > 0)):
            raise ValueError("cells must increase strictly")

    @property
    def placed(self) -> Corrections:
        """Only those that say where a point is."""
        where = np.isin(self.origin, PLACED)
        return Corrections(self.estimate, self.cells[where], self.xy[where], self.origin[where])

    def over(self, pose: PoseSequence) -> PoseSequence:
        """Keypoints with these over them; frames that the recording does not have are passed over."""
        inside = self.cells < pose.score.size
        cells, placed = self.cells[inside], np.isfinite(self.xy[inside]).all(axis=1)
        xy, score, origin = pose.xy.copy(), pose.score.copy(), pose.origin.copy()
        xy.reshape(-1, 2)[cells] = self.xy[inside]
        origin.reshape(-1)[cells] = self.origin[inside]
        score.reshape(-1)[cells[~placed]] = 0.0
        return pose.with_points(xy, score=score, origin=origin)
