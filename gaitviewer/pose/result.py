"""What pose estimation gives."""

from __future__ import annotations

from dataclasses import dataclass

from gaitviewer.core.output import Provenance
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.remarks import ViewRemarks
from gaitviewer.pose.masks import MaskSequence


@dataclass(frozen=True, slots=True, eq=False)
class PoseResult:
    """The walking subject of one video.

    Attributes:
        pose: keypoints of all frames; left and right as the estimator says. NaN rows: not found.
        masks: the subject's outline in all frames.
        provenance: what made it.
        remarks: what else was noticed (other people, frames without the subject, the light).
        from_cache: whether it was computed earlier.
    """

    pose: PoseSequence
    masks: MaskSequence
    provenance: Provenance
    remarks: ViewRemarks = ViewRemarks()  # noqa: RUF009  frozen
    from_cache: bool = False
