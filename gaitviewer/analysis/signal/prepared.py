"""One view's keypoints with what every later step reads from them: made once and handed on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from gaitviewer.analysis.signal.cleaning import F8, body_height_px, clean
from gaitviewer.analysis.signal.trajectory import BodyTrajectory, body_trajectory
from gaitviewer.core.pose import PoseSequence


@dataclass(frozen=True, eq=False)
class PreparedView:
    """The keypoints of one view.

    Attributes:
        raw: as estimated or corrected.
        clean: doubtful points dropped, short gaps bridged (:func:`~gaitviewer.analysis.signal.cleaning.clean`).
    """

    raw: PoseSequence
    clean: PoseSequence

    @cached_property
    def trajectory(self) -> BodyTrajectory:
        """The subject's way through the picture; worked out when it is first asked for."""
        return body_trajectory(self.clean, self.height_px)

    @cached_property
    def height_px(self) -> F8:
        """[T] length of the body (:func:`~gaitviewer.analysis.signal.cleaning.body_height_px`), pixels."""
        return body_height_px(self.clean)

    def relabelled(self, raw: PoseSequence) -> PreparedView:
        """The view with other keypoints (left and right put right); the very same if nothing was changed."""
        return self if raw is self.raw else prepare_view(raw)


def prepare_view(raw: PoseSequence) -> PreparedView:
    """Clean the keypoints of one view."""
    return PreparedView(raw, clean(raw))
