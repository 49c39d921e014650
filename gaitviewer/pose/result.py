"""What pose estimation gives."""

from __future__ import annotations

from dataclasses import dataclass

from gaitviewer.core.output import Provenance
from gaitviewer.core.pose import PoseSequence
from gaitviewer.messages import Message
from gaitviewer.pose.masks import MaskSequence


@dataclass(frozen=True, slots=True, eq=False)
class PoseResult:
    """The walking subject of one video.

    Attributes:
        pose: keypoints of all frames; left and right as the estimator says. NaN rows: not found.
        masks: the subject's outline in all frames.
        provenance: what made it.
        notes: what is odd (other people, frames without the subject).
        from_cache: whether it was computed earlier.
    """

    pose: PoseSequence
    masks: MaskSequence
    provenance: Provenance
    notes: tuple[Message, ...] = ()
    from_cache: bool = False
