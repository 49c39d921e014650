"""What lies below the cursor. Pure functions on points; distances in whatever unit the points have."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Xy = tuple[float, float]


def nearest_point(points: NDArray[np.float64], at: Xy, radius: float) -> int | None:
    """Index of the point [N, 2] nearest to ``at`` within ``radius``; unseen (NaN) points are passed over."""
    if not len(points):
        return None
    distance = np.hypot(points[:, 0] - at[0], points[:, 1] - at[1])
    if not np.isfinite(distance).any():
        return None
    best = int(np.nanargmin(distance))
    return best if distance[best] <= radius else None


def nearest_handle(shapes: Sequence[Sequence[Xy]], at: Xy, radius: float) -> tuple[int, int] | None:
    """(shape, corner) of the corner nearest to ``at`` within ``radius``; of equals the latest shape."""
    best, found = radius, None
    for number, corners in enumerate(shapes):
        for corner, (x, y) in enumerate(corners):
            distance = math.hypot(x - at[0], y - at[1])
            if distance <= best:
                best, found = distance, (number, corner)
    return found
