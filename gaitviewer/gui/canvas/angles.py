"""Angles drawn on the body: arcs with values, lines of the posture, evidence, hand tools."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QColor, QPainter

from gaitviewer.core.construction import Construction, FramePoints, construct
from gaitviewer.core.gait import Side, View
from gaitviewer.gui.canvas.scene import Scene
from gaitviewer.gui.canvas.strokes import (
    arc,
    dot,
    draw_lines,
    label,
    line,
    plain_pen,
    ring,
    side_colour,
)
from gaitviewer.gui.model.manual_tools import DrawnMeasurement, ToolKind, leg_length_px

# What the overlay of angles shows: of the near side in the side view, of the body in the coronal one.
_SAGITTAL = ("trunk_tilt", "hip_flexion", "knee_flexion", "ankle_dorsiflexion")
_CORONAL = ("trunk_lateral_lean",)
_LEVELS = ("shoulder_obliquity", "pelvic_obliquity")


def body_of(scene: Scene, side: Side) -> FramePoints | None:
    """The keypoints in widget pixels, for constructions."""
    pose, points = scene.content.pose, scene.points
    if pose is None or points is None:
        return None
    return FramePoints(points, pose.skeleton, side)


def draw_construction(
    painter: QPainter, made: Construction, colour: QColor, *, width: float = 2.0, radius: float | None = None
) -> tuple[float, float] | None:
    """Rays, guides and arc of an angle; returns where its value may be written."""
    draw_lines(painter, [line(a, b) for a, b in made.guides], plain_pen(colour, width * 0.7, dashed=True))
    draw_lines(painter, [line(a, b) for a, b in made.rays], plain_pen(colour, width))
    if made.arc is None:
        ends = made.points()
        return (float(ends[:, 0].max()), float(ends[:, 1].mean())) if len(ends) else None
    centre, size, start, extent = made.arc
    size = size if radius is None else min(size, radius)
    arc(painter, centre, size, start, extent, plain_pen(colour, width))
    middle = math.radians(start + extent / 2)
    reach = size + 14.0
    return float(centre[0] + reach * math.cos(middle)), float(centre[1] - reach * math.sin(middle))


def _value_text(value: float) -> str:
    return "" if math.isnan(value) else f"{round(value)}°"


def _value_of(scene: Scene, angle: str, side: Side) -> str:
    """The value of the curve; not beside evidence of the same angle, which says it for its own limb."""
    mark = scene.evidence_here
    if mark is not None and mark.evidence.angle == angle:
        return ""
    return _value_text(scene.content.values.at(angle, side, scene.time_s))


def write(
    painter: QPainter,
    scene: Scene,
    at: tuple[float, float],
    text: str,
    colour: QColor | None,
    *,
    off: Iterable[Sequence[float] | NDArray[np.float64]] = (),
) -> None:
    """Words of a picture, off the earlier ones and off the points they speak of."""
    label(painter, at, text, scene.palette, colour=colour, bounds=scene.size, labels=scene.labels, off=off)


def paint_angles(painter: QPainter, scene: Scene) -> None:
    """Arcs of the joints with the values of the curves (none outside strides)."""
    sagittal = scene.content.view is View.SAGITTAL
    side = scene.near or Side.RIGHT
    body = body_of(scene, side)
    if body is None:
        return
    colour = side_colour(scene.palette, side)
    for angle in _SAGITTAL if sagittal else _CORONAL:
        made = construct(angle, body)
        if made is None:
            continue
        at = draw_construction(painter, made, colour, width=1.6, radius=26.0)
        text = _value_of(scene, angle, side)
        if at is not None and text:
            write(painter, scene, at, text, colour, off=made.points())


def paint_posture(painter: QPainter, scene: Scene) -> None:
    """Coronal view: plumb line through the middle of the hips, lines through hips and shoulders."""
    body = body_of(scene, Side.RIGHT)
    if body is None:
        return
    hips, shoulders = body.middle("hip"), body.middle("shoulder")
    colour = scene.palette.colour("tool")
    if np.isfinite(hips).all() and np.isfinite(shoulders).all():
        tall = float(hips[1] - shoulders[1])
        plumb = line((hips[0], shoulders[1] - 0.35 * tall), (hips[0], hips[1] + 1.9 * tall))
        draw_lines(painter, [plumb], plain_pen(colour, 1.4, dashed=True))
        dot(painter, shoulders, 3.0, colour)
        dot(painter, hips, 3.0, colour)
    for angle, part in zip(_LEVELS, ("shoulder", "hip"), strict=True):
        _paint_level(painter, scene, body, angle, part)


def _paint_level(painter: QPainter, scene: Scene, body: FramePoints, angle: str, part: str) -> None:
    own, other = body.own(part), body.other(part)
    if not (np.isfinite(own).all() and np.isfinite(other).all()):
        return
    colour = scene.palette.colour("tool")
    beyond = 0.35 * (own - other)
    draw_lines(painter, [line(other - beyond, own + beyond)], plain_pen(colour, 2.0))
    text = _value_of(scene, angle, Side.RIGHT)
    if text:
        ends = sorted((own + beyond, other - beyond), key=lambda xy: float(xy[0]))
        write(painter, scene, (float(ends[1][0]) + 6, float(ends[1][1])), text, None, off=(own, other))


def paint_evidence(painter: QPainter, scene: Scene) -> None:
    """Points and angle that a grade rests on, on its own frame only."""
    mark = scene.evidence_here
    if mark is None:
        return
    body = body_of(scene, mark.side)
    if body is None:
        return
    colour = scene.palette.colour("evidence")
    made = construct(mark.evidence.angle, body) if mark.evidence.angle else None
    at = draw_construction(painter, made, colour, width=2.6) if made is not None else None
    spoken_of = [*made.points()] if made is not None else []
    for name in mark.evidence.keypoints:
        point = body.named(name) if name in body.skeleton.keypoints else np.full(2, np.nan)
        if np.isfinite(point).all():
            ring(painter, point, 7.0, plain_pen(colour, 2.0))
            spoken_of.append(point)
            at = (float(point[0]) + 14, float(point[1])) if at is None else at
    if at is not None and mark.label:
        write(painter, scene, at, mark.label, colour, off=spoken_of)


def evidence_points(scene: Scene) -> NDArray[np.float64]:
    """[N, 2] what of the evidence must be seen, upright source pixels (empty if nothing is known)."""
    mark, pose = scene.evidence, scene.content.pose
    if mark is None or pose is None or not 0 <= mark.evidence.frame < len(pose):
        return np.empty((0, 2))
    body = FramePoints(np.asarray(pose.xy[mark.evidence.frame], np.float64), pose.skeleton, mark.side)
    known = [body.named(name) for name in mark.evidence.keypoints if name in pose.skeleton.keypoints]
    made = construct(mark.evidence.angle, body) if mark.evidence.angle else None
    parts = [np.array(known).reshape(-1, 2)] + ([made.points()] if made is not None else [])
    points = np.concatenate(parts)
    return np.asarray(points[np.isfinite(points).all(axis=1)])


def paint_tools(painter: QPainter, scene: Scene) -> None:
    """Finished hand measurements of this frame and the one that is being drawn."""
    for done in scene.tools:
        _paint_measure(painter, scene, done)
    draft = [scene.placement.to_widget(*xy) for xy in scene.draft]
    colour = scene.palette.colour("tool")
    draw_lines(painter, [line(a, b) for a, b in pairwise(draft)], plain_pen(colour, 2.0))
    for point in draft:
        dot(painter, point, 3.5, colour)


def _paint_measure(painter: QPainter, scene: Scene, done: DrawnMeasurement) -> None:
    colour = scene.palette.colour("tool")
    points = [scene.placement.to_widget(*xy) for xy in done.points]
    if done.kind is ToolKind.VERTICAL:
        low = max(points, key=lambda xy: xy[1])
        high = min(points, key=lambda xy: xy[1])
        draw_lines(painter, [line(low, (low[0], high[1]))], plain_pen(colour, 1.4, dashed=True))
    draw_lines(painter, [line(a, b) for a, b in pairwise(points)], plain_pen(colour, 2.0))
    for point in points:
        dot(painter, point, 4.0, colour)
    at = points[1]
    if done.kind is ToolKind.GONIOMETER:
        radius = 0.45 * min(math.dist(points[0], at), math.dist(points[2], at))
        start, stop = (
            math.degrees(math.atan2(at[1] - end[1], end[0] - at[0])) for end in (points[0], points[2])
        )
        arc(painter, at, radius, start, (stop - start + 180) % 360 - 180, plain_pen(colour, 1.6))
    else:
        at = ((points[0][0] + points[1][0]) / 2, (points[0][1] + points[1][1]) / 2)
    text = done.text + share_of_leg(scene, done)
    write(painter, scene, (at[0] + 12, at[1]), text, colour, off=points)


def share_of_leg(scene: Scene, done: DrawnMeasurement) -> str:
    """A distance as a share of the leg in the same picture: an estimate, as the picture has no scale."""
    pose = scene.content.pose
    if done.kind is not ToolKind.DISTANCE or pose is None or done.frame >= len(pose.xy):
        return ""
    leg_px = leg_length_px(pose.xy[done.frame])
    if leg_px is None:
        return ""
    share = 100 * math.dist(*done.points) / leg_px
    return QCoreApplication.translate("Overlays", "  (≈ {n} % of leg length in the picture)").format(
        n=round(share)
    )
