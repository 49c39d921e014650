"""Which leg is which where the subject steps in and out of the picture.

Near the picture's edge an estimator takes one leg for the other, holds one back or puts both in one place. A
leg that was followed through a pass moves on from there: labels that fit its way better when exchanged are
exchanged, and a leg that is nowhere near its way is missing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gaitviewer.analysis.settings import SideSettings, motion_settings
from gaitviewer.analysis.signal.cleaning import F8
from gaitviewer.analysis.signal.prepared import PreparedView
from gaitviewer.core.gait import WalkingPass
from gaitviewer.core.pose import Origin, PoseSequence
from gaitviewer.core.skeleton import Keypoint

_PARTS = ("KNEE", "ANKLE", "HEEL", "BIG_TOE", "SMALL_TOE")
# hips stay: at the edge it is the legs below that are confused
_LEGS = tuple([int(Keypoint[f"{side}_{part}"]) for part in _PARTS] for side in ("LEFT", "RIGHT"))
_MEMORY = 3  # frames from which a leg's way is continued

_Where = list[F8]  # points [5, 2] of the left and of the right leg


def repair_legs_at_edge(seen: PreparedView, one: WalkingPass, wide: WalkingPass) -> PoseSequence:
    """Put the legs right before and after a pass, from its ends outwards.

    Args:
        seen: keypoints whose labels are steady within the pass.
        one: the pass; its frames are not changed.
        wide: the same pass with the frames around it that are to be looked at.

    Returns:
        The recording with the leg points from the knee down exchanged, or missing, in some of these frames.
        Frames in which a person corrected a leg stay as they are.
    """
    heights = seen.height_px[one.start : one.stop]
    if not np.isfinite(heights).any():
        return seen.raw
    walk = _Walk(seen.raw, float(np.nanmedian(heights)))
    walk.go(range(one.stop - _MEMORY, one.stop), range(one.stop, wide.stop))
    walk.go(range(one.start + _MEMORY - 1, one.start - 1, -1), range(one.start - 1, wide.start - 1, -1))
    return walk.result()


class _Walk:
    """One pose being put right."""

    def __init__(self, pose: PoseSequence, height_px: float) -> None:
        self._pose, self._height = pose, height_px
        self._xy, self._score, self._origin = pose.xy.copy(), pose.score.copy(), pose.origin.copy()
        self._changed = False

    def go(self, known: Sequence[int], frames: Sequence[int]) -> None:
        """Walk over ``frames``, away from the ``known`` ones."""
        settings = motion_settings().sides
        trails: list[list[int]] = [list(known), list(known)]
        for frame in frames:
            legs = [points for leg in _LEGS for points in leg]
            if (self._origin[frame, legs] == Origin.CORRECTED).any():
                trails = [[*trail, frame] for trail in trails]
                continue
            expected = [
                self._expect(leg, trail, frame, settings) for leg, trail in zip(_LEGS, trails, strict=True)
            ]
            here = [self._xy[frame, leg].astype(np.float64) for leg in _LEGS]
            straight, crossed = self._off(here, expected), self._off(here[::-1], expected)
            if _total(crossed, settings) + settings.exchange_saves < _total(straight, settings):
                self._exchange(frame)
                straight = crossed
            for leg, trail, off in zip(_LEGS, trails, straight, strict=True):
                if np.isfinite(off).any() and np.nanmax(off) <= settings.off_way:
                    trail.append(frame)
                else:
                    self._drop(frame, leg)

    def result(self) -> PoseSequence:
        """The pose as it is now."""
        if not self._changed:
            return self._pose
        return self._pose.with_points(self._xy, score=self._score, origin=self._origin)

    def _expect(self, leg: list[int], trail: list[int], frame: int, settings: SideSettings) -> F8:
        """[5, 2] where the leg should be: straight on from where it was last; NaN once it is lost."""
        times = self._pose.times
        if abs(times[frame] - times[trail[-1]]) > settings.lost_s:
            return np.full((len(leg), 2), np.nan)
        rows = trail[-_MEMORY:]
        where = self._xy[rows][:, leg].astype(np.float64)
        t = times[rows] - times[rows].mean()
        slope = np.tensordot(t, where, axes=1) / float(t @ t)
        ahead = where[-1] + slope * (times[frame] - times[rows[-1]])
        return np.asarray(ahead, np.float64)

    def _off(self, here: _Where, expected: list[F8]) -> list[F8]:
        """[5] for each leg: how far its points are from where they should be, body heights; NaN: not seen."""
        return [
            np.asarray(np.hypot(*(points - way).T) / self._height, np.float64)
            for points, way in zip(here, expected, strict=True)
        ]

    def _exchange(self, frame: int) -> None:
        left, right = _LEGS
        for values in (self._xy, self._score, self._origin):
            values[frame, left], values[frame, right] = values[frame, right], values[frame, left].copy()
        self._changed = True

    def _drop(self, frame: int, leg: list[int]) -> None:
        if not np.isfinite(self._xy[frame, leg]).any():
            return
        self._xy[frame, leg], self._score[frame, leg] = np.nan, 0.0
        self._origin[frame, leg] = Origin.ESTIMATED
        self._changed = True


def _total(off: list[F8], settings: SideSettings) -> float:
    """How badly both legs fit, body heights: each at most a jump, and a jump where nothing can be compared."""
    means = (float(np.nanmean(one)) if np.isfinite(one).any() else np.inf for one in off)
    return sum(min(mean, settings.longest_jump) for mean in means)
