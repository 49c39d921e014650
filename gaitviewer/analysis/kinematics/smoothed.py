"""One view ready for its angles: smoothed points, each pass in gait coordinates, and where its feet stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaitviewer.analysis.kinematics.floor import FootFloor, GaitFrame, fit_floor, gait_frame
from gaitviewer.core.gait import BySide, View
from gaitviewer.core.measures import ViewMotion


@dataclass(frozen=True, slots=True, eq=False)
class SmoothedPass:
    """One walking pass.

    Attributes:
        frame: the pass in gait coordinates.
        unsmoothed: the same before the low-pass filter, which tells the noise.
        floor: each foot's floor line; None in the end view, which does not show it.
    """

    frame: GaitFrame
    unsmoothed: GaitFrame
    floor: BySide[FootFloor] | None


@dataclass(frozen=True, slots=True, eq=False)
class SmoothedView:
    """One view of one trial.

    Attributes:
        motion: what was found in it.
        passes: one for each pass of ``motion``.
    """

    motion: ViewMotion
    passes: tuple[SmoothedPass, ...]


def smooth_view(motion: ViewMotion) -> SmoothedView:
    """Smooth the points of a view and find where the feet stand in each pass."""
    from gaitviewer.analysis.signal.cleaning import smooth_xy

    pose, smooth = motion.pose, smooth_xy(motion.pose)
    passes = []
    for one in motion.passes:
        frame, unsmoothed = (gait_frame(one, xy, pose.times) for xy in (smooth, pose.xy.astype(np.float64)))
        floor = fit_floor(frame) if one.view is View.SAGITTAL else None
        passes.append(SmoothedPass(frame, unsmoothed, floor))
    return SmoothedView(motion, tuple(passes))
