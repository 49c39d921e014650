"""The program's walker as the tests need it: without variability, deviating, seen without error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gaitviewer.core.pose import PoseSequence
from gaitviewer.synthesis.curves import CycleCurve
from gaitviewer.synthesis.filming.cameras import Camera
from gaitviewer.synthesis.gait.model import LimbCurves, Variability, WalkerGait


def steady(gait: WalkerGait) -> WalkerGait:
    """The same gait without any variability."""
    return replace(gait, variability=Variability(0.0, 0.0, 0.0, 0.0))


def deviate(limb: LimbCurves, **added: CycleCurve | float) -> LimbCurves:
    """A limb with curves added to its curves and numbers to its curves or numbers."""

    def plus(old: CycleCurve | float, more: CycleCurve | float) -> CycleCurve | float:
        if isinstance(old, CycleCurve):
            return old.plus(more if isinstance(more, CycleCurve) else CycleCurve.constant(more))
        return old + more

    return replace(limb, **{name: plus(getattr(limb, name), more) for name, more in added.items()})


def observe(
    points: NDArray[np.float64],
    camera: Camera,
    *,
    times: ArrayLike,
    noise_px: float = 0.0,
    seed: int = 0,
    crop: bool = True,
) -> PoseSequence:
    """Keypoints of ``points`` [T, 23, 3] in the picture, with Gaussian noise; those outside are missing."""
    xy = camera.project(points)
    if noise_px > 0:
        xy = xy + noise_px * np.random.default_rng(seed).standard_normal(xy.shape)
    seen = np.isfinite(xy).all(axis=2)
    if crop:
        size = np.array([camera.width, camera.height]) - 1
        seen &= ((xy >= 0) & (xy <= size)).all(axis=2)
    return PoseSequence(
        np.where(seen[..., None], xy, np.nan).astype(np.float32),
        seen.astype(np.float32),
        np.asarray(times, np.float64),
        camera.width,
        camera.height,
    )
