"""Single points followed through a video by optical flow, until the way back does not lead to the start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.serialise import read_resource
from gaitviewer.pose import _cv


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """See the data file for each value; lengths in picture heights."""

    window: float
    levels: int
    most_back: float
    least_corner: float


@lru_cache(maxsize=1)
def flow_settings() -> FlowSettings:
    """Read and check ``resources/pose/flow.toml``.

    Raises:
        SettingsError: an entry is missing, unknown or of a wrong type.
    """
    return read_resource("pose/flow.toml", FlowSettings)


def follow_points(pictures: Iterable[NDArray[np.uint8]], start: NDArray[np.float32]) -> NDArray[np.float32]:
    """Follow points from the first picture through those after it.

    Args:
        pictures: u8 [H, W, 3] RGB, one after the other; no more are taken once all points are lost.
        start: [P, 2] pixels in the first picture.

    Returns:
        [n, P, 2] pixels in each picture after the first; NaN from where a point is lost.
    """
    cv2, settings = _cv.load("cv2"), flow_settings()
    found: list[NDArray[np.float32]] = []
    before = None
    here = np.asarray(start, np.float32).copy()
    for picture in pictures:
        grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
        if before is not None:
            here = _one_step(cv2, before, grey, here, settings)
            if not np.isfinite(here).any():
                break
            found.append(here)
        before = grey
    return np.stack(found) if found else np.empty((0, len(start), 2), np.float32)


def _one_step(
    cv2: object, before: NDArray[np.uint8], after: NDArray[np.uint8], here: NDArray[np.float32], s: FlowSettings
) -> NDArray[np.float32]:
    height, width = before.shape
    side = max(5, round(s.window * height) | 1)
    how = {"winSize": (side, side), "maxLevel": s.levels, "minEigThreshold": s.least_corner}
    there = np.full_like(here, np.nan)
    known = np.flatnonzero(np.isfinite(here).all(axis=1))
    flow = cv2.calcOpticalFlowPyrLK  # type: ignore[attr-defined]
    moved, good, _ = flow(before, after, here[known, None], None, **how)
    back, again, _ = flow(after, before, moved, None, **how)
    off = np.hypot(*(back - here[known, None]).reshape(-1, 2).T)
    inside = ((moved >= 0) & (moved <= (width - 1, height - 1))).all(axis=(1, 2))
    kept = (good.ravel() == 1) & (again.ravel() == 1) & inside & (off <= s.most_back * height)
    there[known[kept]] = moved[kept, 0]
    return there
