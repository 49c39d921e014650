"""One view ready for its angles: smoothed points, each pass in gait coordinates, and where its feet stand."""

from __future__ import annotations

from dataclasses import dataclass

from gaitviewer.analysis.kinematics.floor import Array, FootFloor, GaitFrame, fit_floor, gait_frame
from gaitviewer.core.gait import BySide, View
from gaitviewer.core.measures import ViewMotion


@dataclass(frozen=True, slots=True, eq=False)
class SmoothedPass:
    """One walking pass.

    Attributes:
        frame: the pass in gait coordinates.
        floor: each foot's floor line; None in the end view, which does not show it.
    """

    frame: GaitFrame
    floor: BySide[FootFloor] | None


@dataclass(frozen=True, slots=True, eq=False)
class SmoothedView:
    """One view of one trial.

    Attributes:
        motion: what was found in it.
        xy: [T, K, 2] low-pass filtered points of ``motion.pose``, pixels.
        passes: one for each pass of ``motion``.
    """

    motion: ViewMotion
    xy: Array
    passes: tuple[SmoothedPass, ...]


def smooth_view(motion: ViewMotion) -> SmoothedView:
    """Smooth the points of a view and find where the feet stand in each pass."""
    from gaitviewer.analysis.signal.cleaning import smooth_xy

    xy = smooth_xy(motion.pose)
    frames = [gait_frame(motion.pose, one, xy=xy) for one in motion.passes]
    return SmoothedView(
        motion,
        xy,
        tuple(
            SmoothedPass(frame, fit_floor(frame) if frame.walking_pass.view is View.SAGITTAL else None)
            for frame in frames
        ),
    )
