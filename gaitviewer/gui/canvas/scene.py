"""Everything that is drawn over one picture, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.evgs import Evidence
from gaitviewer.core.gait import Direction, GaitEvent, Side, View, WalkingPass
from gaitviewer.core.measures import Curve, Measures, ViewMotion
from gaitviewer.core.pose import Corrections, PoseSequence
from gaitviewer.gui.canvas.labels import LabelPlacer
from gaitviewer.gui.canvas.placement import Placement
from gaitviewer.gui.model.explanations import AttentionTrack, PointedFeature, SaliencyTrack
from gaitviewer.gui.model.manual_tools import DrawnMeasurement
from gaitviewer.gui.widgets.theme import Palette


class MaskSource(Protocol):
    """Outlines of the person, as the pose estimator packs them."""

    width: int
    height: int

    def __len__(self) -> int: ...

    def cells(self, frame: int) -> NDArray[np.bool_]:
        """[rows, columns] coarse mask that covers the whole picture."""


class CurveValues:
    """Angles at a moment, read from the curves of the session: the picture and the plots agree."""

    def __init__(self, curves: Sequence[Curve] = ()) -> None:
        """``curves`` of one view of one trial."""
        self._curves: dict[tuple[str, Side], list[Curve]] = {}
        for curve in curves:
            self._curves.setdefault((curve.angle, curve.stride.side), []).append(curve)

    def at(self, angle: str, side: Side, time_s: float) -> float:
        """The value at a time of that view's video; NaN outside strides and in gaps."""
        for curve in self._curves.get((angle, side), ()):
            stride = curve.stride
            if stride.start_s <= time_s <= stride.stop_s:
                percent = 100.0 * (time_s - stride.start_s) / stride.duration_s
                return float(np.interp(percent, np.arange(curve.values.size), curve.values))
        return float("nan")


@dataclass(frozen=True, slots=True)
class EvidenceMark:
    """The evidence that is pointed at.

    Attributes:
        evidence: frame, points and angle.   side: the limb.
        label: value with its uncertainty, for people.
    """

    evidence: Evidence
    side: Side
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """Where models looked in one view.

    Attributes:
        saliency: of the joints, or None.
        attention, occlusion: of the patches for the selected item, or None.
        pointed: a feature of the knowledge map that was read here and is pointed at, or None.
    """

    saliency: SaliencyTrack | None = None
    attention: AttentionTrack | None = None
    occlusion: AttentionTrack | None = None
    pointed: PointedFeature | None = None


NOWHERE = Looked()
"""Where no model was asked, or its answers are kept from the rater."""


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What is known of one view of the trial that is shown; changes with the document, not with the frame.

    Attributes:
        view: which.   pose: keypoints to draw, or None.
        passes, events: of this view, times of its video.
        values: angles over time.   masks: outlines, or None.
        looked: where models looked.
    """

    view: View
    pose: PoseSequence | None = None
    passes: tuple[WalkingPass, ...] = ()
    events: tuple[GaitEvent, ...] = ()
    values: CurveValues = field(default_factory=CurveValues)
    masks: MaskSource | None = None
    looked: Looked = NOWHERE

    def pass_at(self, frame: int) -> WalkingPass | None:
        """The walking pass that a frame belongs to."""
        return next((p for p in self.passes if p.start <= frame < p.stop), None)


def content_of(
    view: View,
    *,
    raw: PoseSequence | None = None,
    motion: ViewMotion | None = None,
    measures: Measures | None = None,
    trial: str = "",
    masks: MaskSource | None = None,
    hide_values: bool = False,
    looked: Looked = NOWHERE,
    corrections: Corrections | None = None,
) -> Content:
    """What to draw over a view: the cleaned pose where there is one, else the raw one.

    Points that a person placed are where they were put, also before they are measured.
    With ``hide_values`` no angle has a value; what is drawn stays.
    """
    curves = measures.curves if measures is not None and not hide_values else ()
    mine = [c for c in curves if c.stride.trial == trial and c.stride.view is view]
    pose = motion.pose if motion is not None else raw
    if motion is not None and corrections is not None and pose is not None:
        pose = corrections.placed.over(pose)
    return Content(
        view=view,
        pose=pose,
        passes=motion.passes if motion is not None else (),
        events=tuple(e for group in motion.events for e in group.events) if motion is not None else (),
        values=CurveValues(mine),
        masks=masks,
        looked=looked,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One picture with everything that may be drawn over it.

    Attributes:
        content: what is known of the view.
        frame, time_s: the frame that is shown and its time in its own video.
        placement: where the picture lies.   size: of the widget.
        palette: colours.
        evidence: what is pointed at, or None.
        tools: finished hand measurements of this frame.   draft: points of the one being drawn.
        exact: the picture is the one asked for.
        covered: the camera was recording at the player's time.
        labels: where words already stand.
    """

    content: Content
    frame: int
    time_s: float
    placement: Placement
    size: tuple[float, float]
    palette: Palette
    evidence: EvidenceMark | None = None
    tools: tuple[DrawnMeasurement, ...] = ()
    draft: tuple[tuple[float, float], ...] = ()
    exact: bool = True
    covered: bool = True
    labels: LabelPlacer = field(default_factory=LabelPlacer)

    @property
    def points(self) -> NDArray[np.float64] | None:
        """[K, 2] keypoints of this frame in widget pixels, or None."""
        pose = self.content.pose
        if pose is None or not 0 <= self.frame < len(pose):
            return None
        place = self.placement
        xy = np.asarray(pose.xy[self.frame], np.float64) * place.scale
        xy += (place.x, place.y)
        return xy

    @property
    def evidence_here(self) -> EvidenceMark | None:
        """The evidence if this is its picture."""
        mark = self.evidence
        here = mark is not None and (mark.evidence.frame, mark.evidence.view) == (self.frame, self.content.view)
        return mark if here else None

    @property
    def near(self) -> Side | None:
        """The side nearest to the camera in this frame."""
        found = self.content.pass_at(self.frame)
        return found.near if found is not None else None

    @property
    def direction(self) -> Direction | None:
        """Where the subject walks in this frame."""
        found = self.content.pass_at(self.frame)
        return found.direction if found is not None else None
