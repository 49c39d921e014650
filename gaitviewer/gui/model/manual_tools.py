"""Measuring by hand on the picture: goniometer, line against the vertical, distance. Pure values."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.document import Document, ManualMeasurement
from gaitviewer.core.gait import View
from gaitviewer.core.session import VideoStream
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.gui.model.hit_testing import Xy


class ToolKind(Enum):
    """The hand tools."""

    GONIOMETER = "goniometer"
    VERTICAL = "vertical"
    DISTANCE = "distance"

    @property
    def corners(self) -> int:
        """How many points it takes."""
        return 3 if self is ToolKind.GONIOMETER else 2

    @property
    def unit(self) -> str:
        """Of its values: degrees or, as a picture has no scale, pixels."""
        return "px" if self is ToolKind.DISTANCE else "deg"


@dataclass(frozen=True, slots=True)
class DrawnMeasurement:
    """A finished drawing on one frame; the document keeps it as a :class:`ManualMeasurement`.

    Attributes:
        kind: the tool.   view, frame, time_s: the picture, time of its own video.
        points: as set, upright source pixels; the goniometer's vertex is the second one.
        value: in the unit of the tool.
    """

    kind: ToolKind
    view: View
    frame: int
    time_s: float
    points: tuple[Xy, ...]
    value: float

    @property
    def flexion_deg(self) -> float:
        """What a straight limb lacks: 180 minus the goniometer's angle."""
        return 180.0 - self.value

    @property
    def text(self) -> str:
        """The value as it is written beside the drawing."""
        if self.kind is ToolKind.GONIOMETER:
            return f"{self.value:.1f}° ({self.flexion_deg:.1f}°)"
        if self.kind is ToolKind.VERTICAL:
            return f"{self.value:+.1f}°"
        return f"{self.value:.0f} {self.kind.unit}"


def as_measurement(drawn: DrawnMeasurement, trial: str, *, rater: str) -> ManualMeasurement:
    """What was drawn as the document keeps it, made now by this rater."""
    return ManualMeasurement(
        drawn.kind.value,
        float(drawn.value),
        drawn.kind.unit,
        trial,
        drawn.view,
        drawn.frame,
        tuple((float(x), float(y)) for x, y in drawn.points),
        rater=rater,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def drawn_in(
    document: Document, trial: str, streams: Iterable[VideoStream | None]
) -> tuple[DrawnMeasurement, ...]:
    """What was measured by hand in a trial, as the canvases draw it."""
    times = {stream.view: stream.info.times for stream in streams if stream is not None}
    return tuple(
        DrawnMeasurement(
            kind=ToolKind(m.tool),
            view=m.view,
            frame=m.frame,
            time_s=float(times[m.view][m.frame]),
            points=m.points,
            value=m.value,
        )
        for m in document.hand_measures
        if m.trial == trial and m.view in times and 0 <= m.frame < len(times[m.view])
    )


def joint_angle_deg(start: Xy, vertex: Xy, end: Xy) -> float:
    """Angle at ``vertex`` between two points, 0 to 180 degrees; NaN if a point lies on the vertex."""
    a = (start[0] - vertex[0], start[1] - vertex[1])
    b = (end[0] - vertex[0], end[1] - vertex[1])
    if not any(a) or not any(b):
        return float("nan")
    return abs(math.degrees(math.atan2(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1])))


def lean_deg(first: Xy, second: Xy) -> float:
    """Lean of the line against the vertical, the upper end to the right positive, -90 to 90 degrees."""
    low, high = (first, second) if first[1] >= second[1] else (second, first)
    if low == high:
        return float("nan")
    return math.degrees(math.atan2(high[0] - low[0], low[1] - high[1]))


def leg_length_px(points: NDArray[np.float64]) -> float | None:
    """Length of the leg, hip to knee to ankle, as it lies in the picture; None unless both legs are seen.

    A leg that points towards the camera looks short: the longer of the two is taken.

    Args:
        points: [K, 2] keypoints of one frame, pixels; NaN where not seen.
    """
    hips, knees, ankles = (
        points[list(pair)]
        for pair in (
            (Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP),
            (Keypoint.LEFT_KNEE, Keypoint.RIGHT_KNEE),
            (Keypoint.LEFT_ANKLE, Keypoint.RIGHT_ANKLE),
        )
    )
    legs = np.linalg.norm(hips - knees, axis=1) + np.linalg.norm(knees - ankles, axis=1)
    return float(legs.max()) if np.isfinite(legs).all() and legs.max() > 0 else None


def measure(
    kind: ToolKind,
    points: tuple[Xy, ...],
    *,
    view: View,
    frame: int,
    time_s: float,
) -> DrawnMeasurement:
    """The value of a complete drawing.

    Raises:
        ValueError: the tool takes another number of points.
    """
    if len(points) != kind.corners:
        raise ValueError(f"{kind.value} takes {kind.corners} points, not {len(points)}")
    if kind is ToolKind.GONIOMETER:
        value = joint_angle_deg(points[0], points[1], points[2])
    elif kind is ToolKind.VERTICAL:
        value = lean_deg(points[0], points[1])
    else:
        value = math.dist(points[0], points[1])
    return DrawnMeasurement(kind, view, frame, time_s, points, value)


def moved(old: DrawnMeasurement, corner: int, to: Xy) -> DrawnMeasurement:
    """The measurement with one point elsewhere and its value anew."""
    points = tuple(to if number == corner else xy for number, xy in enumerate(old.points))
    return measure(old.kind, points, view=old.view, frame=old.frame, time_s=old.time_s)
