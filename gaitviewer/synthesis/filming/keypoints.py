"""What a pose estimator would say of the walker: projected points with noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gaitviewer.core.pose import PoseSequence
from gaitviewer.synthesis.filming.cameras import Camera


def observe(
    points: NDArray[np.float64],
    camera: Camera,
    *,
    times: ArrayLike,
    noise_px: float = 0.0,
    seed: int = 0,
    crop: bool = True,
) -> PoseSequence:
    """Keypoints of ``points`` in the picture of ``camera``.

    Args:
        points: [T, 23, 3] metres; NaN for a point that is not there.
        camera: which.
        times: [T] seconds on the camera's clock.
        noise_px: standard deviation of independent Gaussian noise per axis and frame, pixels.
        seed: of the noise.
        crop: whether points outside the picture are missing.
    """
    xy = camera.project(points)
    if noise_px > 0:
        xy = xy + noise_px * np.random.default_rng(seed).standard_normal(xy.shape)
    seen = np.isfinite(xy).all(axis=2)
    if crop:
        size = np.array([camera.width, camera.height]) - 1
        seen &= ((xy >= 0) & (xy <= size)).all(axis=2)
    return PoseSequence(
        xy=np.where(seen[..., None], xy, np.nan).astype(np.float32),
        score=seen.astype(np.float32),
        times=np.asarray(times, np.float64),
        width=camera.width,
        height=camera.height,
    )
