"""What can be drawn over a picture: one table, each row switchable by itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QLineF, QPointF
from PySide6.QtGui import QColor, QPainter, QPolygonF

from gaitviewer.core.arrays import segments
from gaitviewer.core.gait import EventKind, Side, View
from gaitviewer.core.pose import PLACED, Origin
from gaitviewer.core.skeleton import Keypoint, Skeleton
from gaitviewer.gui.canvas.angles import (
    draw_construction,
    paint_angles,
    paint_evidence,
    paint_posture,
    write,
)
from gaitviewer.gui.canvas.explanations import (
    legends_of,
    paint_attention,
    paint_occlusion,
    paint_pointed,
    paint_saliency,
)
from gaitviewer.gui.canvas.scene import Content, Scene
from gaitviewer.gui.canvas.strokes import (
    dot,
    draw_lines,
    label,
    label_box,
    line,
    plain_pen,
    ring,
    side_colour,
    side_pen,
)

__all__ = ["OVERLAYS", "Overlay", "draw_construction", "paint_overlays"]

# Points are opaque from this score on and fade below it, in steps; bones take the lower score of their ends.
_SURE = 0.7
_FAINT = 0.25
_STEPS = 3
_TRAIL_S = 1.2
_TRAILS = (Keypoint.LEFT_ANKLE, Keypoint.RIGHT_ANKLE, Keypoint.LEFT_BIG_TOE, Keypoint.RIGHT_BIG_TOE)
_FLAG_S = 0.12
_FEET = {
    Side.LEFT: (Keypoint.LEFT_HEEL, Keypoint.LEFT_BIG_TOE),
    Side.RIGHT: (Keypoint.RIGHT_HEEL, Keypoint.RIGHT_BIG_TOE),
}


@dataclass(frozen=True, slots=True)
class Overlay:
    """One thing that can be drawn.

    Attributes:
        name: as in the table of keys ("overlay.<name>").
        paint: draws it.   shown: whether it is on at first.
        view: the only view in which it means something, or None.
        icon: name of its icon.
    """

    name: str
    paint: Callable[[QPainter, Scene], None]
    shown: bool = True
    view: View | None = None
    icon: str = "overlays"


@lru_cache(maxsize=8)
def point_sides(skeleton: Skeleton) -> tuple[Side | None, ...]:
    """The side of each keypoint, None in the middle of the body."""
    return tuple(
        next((side for side in Side if name.startswith(f"{side.value}_")), None) for name in skeleton.keypoints
    )


@lru_cache(maxsize=8)
def bone_sides(skeleton: Skeleton) -> tuple[Side | None, ...]:
    """The side of each bone, None where it joins both."""
    sides = point_sides(skeleton)
    return tuple(sides[a] if sides[a] is sides[b] else None for a, b in skeleton.edges)


def _opacity(score: float) -> float:
    level = math.floor(_STEPS * min(1.0, max(0.0, score / _SURE))) / _STEPS
    return _FAINT + (1.0 - _FAINT) * level


def paint_skeleton(painter: QPainter, scene: Scene) -> None:
    """Bones by side, score as opacity; corrected points as rings, interpolated ones hollow."""
    pose, points = scene.content.pose, scene.points
    if pose is None or points is None:
        return
    # a person's point is as good as it gets to the eye, whatever the estimator thought
    scores = np.where(pose.has_origin(*PLACED)[scene.frame], 1.0, pose.score[scene.frame])
    seen = np.isfinite(points).all(axis=1)
    width = 2.0 if scene.placement.scale < 1.2 else 3.0
    groups: dict[tuple[Side | None, float], list[QLineF]] = {}
    for (a, b), side in zip(pose.skeleton.edges, bone_sides(pose.skeleton), strict=True):
        if seen[a] and seen[b]:
            key = (side, _opacity(float(min(scores[a], scores[b]))))
            groups.setdefault(key, []).append(line(points[a], points[b]))
    far = scene.near.other if scene.near is not None else None
    for (side, opacity), bones in sorted(groups.items(), key=lambda item: item[0][0] is not far):
        draw_lines(painter, bones, side_pen(scene.palette, side, width, opacity))
    sides = point_sides(pose.skeleton)
    for index in np.flatnonzero(seen).tolist():
        colour = side_colour(scene.palette, sides[index], _opacity(float(scores[index])))
        _paint_point(painter, scene, int(pose.origin[scene.frame, index]), points[index], width + 0.6, colour)


def _paint_point(
    painter: QPainter, scene: Scene, origin: int, at: NDArray[np.float64], radius: float, colour: QColor
) -> None:
    if origin == Origin.INTERPOLATED:
        ring(painter, at, radius, plain_pen(colour, 1.2))
        return
    dot(painter, at, radius, colour)
    if origin == Origin.CORRECTED:
        ring(painter, at, radius + 3.5, plain_pen(scene.palette.colour("overlay_text"), 1.6))


def paint_trails(painter: QPainter, scene: Scene) -> None:
    """Where ankles and toes were during the last second, fading."""
    pose = scene.content.pose
    if pose is None or not 0 <= scene.frame < len(pose):
        return
    first = int(np.searchsorted(pose.times, scene.time_s - _TRAIL_S))
    place = scene.placement
    for keypoint in _TRAILS:
        way = pose.xy[first : scene.frame + 1, keypoint].astype(np.float64) * place.scale + (place.x, place.y)
        side = point_sides(pose.skeleton)[keypoint]
        # Three stretches, older ones paler; a gap stays a gap.
        for third, opacity in zip(np.array_split(np.arange(len(way)), 3), (0.25, 0.5, 0.9), strict=True):
            if third.size == 0:
                continue
            stretch = way[third[0] : third[-1] + 2]
            painter.setPen(side_pen(scene.palette, side, 1.6, opacity))
            for part in _unbroken(stretch):
                painter.drawPolyline(part)


def _unbroken(way: NDArray[np.float64]) -> list[QPolygonF]:
    seen = np.isfinite(way).all(axis=1)
    parts = np.split(way, np.flatnonzero(np.diff(seen.astype(np.int8))) + 1)
    return [
        QPolygonF([QPointF(x, y) for x, y in part])
        for part in parts
        if len(part) > 1 and np.isfinite(part).all()
    ]


def paint_events(painter: QPainter, scene: Scene) -> None:
    """A flag beside the foot at initial contacts and toe-offs."""
    points = scene.points
    if points is None:
        return
    for event in scene.content.events:
        away = abs(event.time_s - scene.time_s)
        if away > _FLAG_S:
            continue
        heel, toe = (points[index] for index in _FEET[event.side])
        at = heel if event.kind is EventKind.INITIAL_CONTACT else toe
        if not np.isfinite(at).all():
            continue
        tr = QCoreApplication.translate
        text = tr("Overlays", "IC") if event.kind is EventKind.INITIAL_CONTACT else tr("Overlays", "TO")
        text += " *" if event.corrected else ""
        painter.setOpacity(1.0 - 0.7 * away / _FLAG_S)
        colour = side_colour(scene.palette, event.side)
        draw_lines(painter, [line(at, (at[0], at[1] + 26.0))], side_pen(scene.palette, event.side, 2.0))
        foot = (float(at[0]), float(at[1]) + 32.0)
        write(painter, scene, foot, text, colour, off=(heel, toe))
        painter.setOpacity(1.0)


def paint_mask(painter: QPainter, scene: Scene) -> None:
    """The outline of the person."""
    masks = scene.content.masks
    if masks is None or not 0 <= scene.frame < len(masks):
        return
    cells = masks.cells(scene.frame)
    place = scene.placement
    # Cells are whole source pixels; the last column may stick out of the picture.
    size = -(-masks.width // cells.shape[1]) * place.scale
    painter.setPen(plain_pen(scene.palette.colour("tool", 0.9), 1.6))
    corners = np.array(outline(cells), np.float64).reshape(-1, 4) * size + (place.x, place.y, place.x, place.y)
    painter.drawLines([QLineF(*edge) for edge in corners.tolist()])


def outline(cells: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Edges (x0, y0, x1, y1) between inside and outside, in cells; runs along a row or column are one edge."""
    padded = np.pad(cells, 1)
    across, down = padded[1:, :] != padded[:-1, :], (padded[:, 1:] != padded[:, :-1]).T
    return [
        *((a - 1, row, b - 1, row) for row, a, b in _runs(across)),
        *((column, a - 1, column, b - 1) for column, a, b in _runs(down)),
    ]


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    return [(int(n), a, b) for n in np.flatnonzero(flags.any(axis=1)) for a, b in segments(flags[n])]


def _caption(scene: Scene) -> tuple[tuple[float, float], str]:
    """Where the caption stands and what it says."""
    tr = QCoreApplication.translate
    names = {View.SAGITTAL: tr("Overlays", "Side"), View.CORONAL: tr("Overlays", "Front or back")}
    text = tr("Overlays", "{view}  {time:.3f} s  frame {frame}").format(
        view=names[scene.content.view], time=scene.time_s, frame=scene.frame
    )
    if not scene.covered:
        text += "  " + tr("Overlays", "(camera not running)")
    elif not scene.exact:
        text += "  …"
    return (6.0, scene.size[1] - 16.0), text


def paint_caption(painter: QPainter, scene: Scene) -> None:
    """View, time and frame; whether the picture is the one asked for."""
    at, text = _caption(scene)
    label(painter, at, text, scene.palette, bounds=scene.size)


OVERLAYS: tuple[Overlay, ...] = (
    Overlay("mask", paint_mask, shown=False, icon="mask"),
    Overlay("attention", paint_attention, shown=False, icon="attention"),
    Overlay("occlusion", paint_occlusion, shown=False, icon="attention"),
    Overlay("trails", paint_trails, shown=False, icon="trails"),
    Overlay("skeleton", paint_skeleton, icon="skeleton"),
    Overlay("saliency", paint_saliency, icon="saliency"),
    Overlay("feature", paint_pointed, icon="knowledge_map"),
    Overlay("posture", paint_posture, view=View.CORONAL, icon="posture"),
    Overlay("angles", paint_angles, shown=False, icon="angles"),
    Overlay("events", paint_events, icon="event"),
    Overlay("evidence", paint_evidence, icon="evidence"),
    Overlay("caption", paint_caption, icon="caption"),
)


def paint_overlays(painter: QPainter, scene: Scene, shown: frozenset[str]) -> None:
    """Draw every overlay that is on, in the order of the table."""
    content: Content = scene.content
    if "evidence" not in shown:
        scene = replace(scene, evidence=None)
    if "caption" in shown:  # it stays where it is: other words keep off
        at, text = _caption(scene)
        scene.labels.take(label_box(painter, at, text, bounds=scene.size))
    legends = legends_of(painter, scene, shown)
    for overlay in OVERLAYS:
        if overlay.name in shown and overlay.view in (None, content.view):
            overlay.paint(painter, scene)
    for box, legend in legends:
        painter.drawPixmap(box.topLeft(), legend)
