"""Keypoints over time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import readonly_array
from gaitviewer.core.skeleton import BODY_FEET_23, Skeleton


class Origin(IntEnum):
    """Where a keypoint comes from."""

    ESTIMATED = 0
    INTERPOLATED = 1
    CORRECTED = 2


@dataclass(frozen=True, slots=True, eq=False)
class PoseSequence:
    """One person's keypoints, one row for each frame of a video, in presentation order.

    Row ``i`` is frame number ``i`` of the video, so a row index is a frame number.

    Attributes:
        xy: [T, K, 2] f32, upright source pixels, x to the right, y down; NaN = not seen, never 0.
        score: [T, K] f32, the estimator's confidence 0..1; 0 where ``xy`` is NaN.
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
