"""Where models looked, drawn over a picture: saliency of joints, attention of patches, a feature's points.

Every scale is absolute: it is the same in every frame and stands in a legend, and what has no evidence is not
drawn.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap

from gaitviewer.core.arrays import F8
from gaitviewer.core.maps import AttentionMap
from gaitviewer.core.numerals import significant
from gaitviewer.core.saliency import joints_xy
from gaitviewer.gui.canvas.scene import Scene
from gaitviewer.gui.canvas.strokes import HALO, draw_lines, line, plain_pen, ring
from gaitviewer.gui.model.explanations import LEAST_SHARE, AttentionTrack, SaliencyTrack, middles
from gaitviewer.gui.widgets.theme import Palette

_TOP_PART = 0.032  # radius at the end of the scale, in heights of the picture
_RADIUS_PX = (9.0, 34.0)  # but not less or more than this
_LEGEND_SHARES = (0.1, 0.4, 1.0)
_LEGEND_PX = 9.0
_PRUNED = QColor(10, 13, 16, 150)


def top_radius(scene: Scene) -> float:
    """Radius of a joint at the end of the scale, widget pixels."""
    pose = scene.content.pose
    height = pose.height * scene.placement.scale if pose is not None else scene.size[1]
    return min(_RADIUS_PX[1], max(_RADIUS_PX[0], _TOP_PART * height))


def saliency_marks(scene: Scene) -> list[tuple[str, float, float, float, float]]:
    """What is drawn in this frame: joint, x, y, radius in widget pixels, and the share of the scale."""
    track, pose = scene.content.looked.saliency, scene.content.pose
    cell = track.cell_at(scene.time_s) if track is not None else None
    if track is None or track.is_empty or pose is None or cell is None or not 0 <= scene.frame < len(pose):
        return []
    place, shares = scene.placement, track.shares(cell)
    xy = joints_xy(np.asarray(pose.xy[scene.frame], np.float64), pose.skeleton, track.keypoints)
    xy = xy * place.scale + (place.x, place.y)
    with np.errstate(invalid="ignore"):
        drawn = np.flatnonzero((np.abs(shares) >= LEAST_SHARE) & np.isfinite(xy).all(axis=1))
    top = top_radius(scene)
    radii = top * np.sqrt(np.minimum(1.0, np.abs(shares)))
    # the largest first: a small one is not lost below
    return [
        (track.keypoints[k], float(xy[k, 0]), float(xy[k, 1]), float(radii[k]), float(shares[k]))
        for k in sorted(drawn.tolist(), key=lambda k: -radii[k])
    ]


def paint_saliency(painter: QPainter, scene: Scene) -> None:
    """Discs whose area is the evidence of each joint; rings where it speaks against the answer."""
    track = scene.content.looked.saliency
    if track is None:
        return
    for _, x, y, radius, share in saliency_marks(scene):
        paint_evidence_disc(painter, scene.palette, x, y, radius, against=share < 0)


def paint_evidence_disc(
    painter: QPainter, palette: Palette, x: float, y: float, radius: float, *, against: bool = False
) -> None:
    """Evidence of a joint: a disc; a ring where it speaks against the answer."""
    ratio = painter.device().devicePixelRatioF()
    disc = _disc(palette, round(4 * radius), against, ratio)
    half = disc.width() / ratio / 2
    painter.drawPixmap(QPointF(x - half, y - half), disc)


@lru_cache(maxsize=512)
def _disc(palette: Palette, quarters: int, against: bool, ratio: float) -> QPixmap:
    """Drawn once for each radius, in quarters of a pixel: round shapes take long."""
    radius = quarters / 4
    picture = _blank(2 * radius + 6, 2 * radius + 6, ratio)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    centre = QPointF(picture.width() / ratio / 2, picture.height() / ratio / 2)
    painter.setPen(plain_pen(HALO, 3.2))
    painter.setBrush(Qt.BrushStyle.NoBrush if against else palette.colour("salient", 0.55))
    painter.drawEllipse(centre, radius, radius)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(plain_pen(palette.colour("salient"), 1.8, dashed=against))
    painter.drawEllipse(centre, radius, radius)
    painter.end()
    return picture


def saliency_legend(track: SaliencyTrack) -> tuple[tuple[str, float], ...]:
    """Entries of the legend: words, share of the scale (NaN: words alone)."""
    tr = QCoreApplication.translate
    if track.is_empty:
        return ((tr("Overlays", "no evidence of any joint in this view"), math.nan),)
    rows = [(significant(share * track.top) + ("+" if share == 1.0 else ""), share) for share in _LEGEND_SHARES]
    if track.is_signed:
        rows.append((tr("Overlays", "speaks against"), -0.4))
    return tuple(rows)


def legends_of(painter: QPainter, scene: Scene, shown: Collection[str]) -> list[tuple[QRectF, QPixmap]]:
    """The plates of what is shown, and their places: other words keep off, nothing is drawn over them."""
    looked, font = scene.content.looked, painter.font().toString()
    palette, ratio = scene.palette, painter.device().devicePixelRatioF()
    plates: list[QPixmap] = []
    tr = QCoreApplication.translate
    for name, track, title in (
        ("attention", looked.attention, tr("Overlays", "Edinburgh score from video: attention")),
        ("occlusion", looked.occlusion, tr("Overlays", "Edinburgh score from video: loss without a patch")),
    ):
        if name in shown and track is not None:
            ends = None if track.is_empty else (track.low, track.high)
            plates.append(
                _patch_legend(_titled(title, track, again=bool(plates)), ends, track.kind, font, palette, ratio)
            )
    if "saliency" in shown and looked.saliency is not None:
        title = tr("Overlays", "Gait severity estimate: where it looked")
        lines = _titled(title, looked.saliency, again=bool(plates))
        plates.append(_legend(lines, saliency_legend(looked.saliency), font, palette, ratio))
    if "feature" in shown and looked.pointed is not None:
        plates.append(_legend((looked.pointed.title,), (), font, palette, ratio))
    return [(_place(scene, plate.width() / ratio, plate.height() / ratio), plate) for plate in plates]


def _titled(title: str, track: SaliencyTrack | AttentionTrack, *, again: bool) -> tuple[str, ...]:
    """A title, "out of date" if it is, and the statement, where it does not stand in the plate above."""
    if track.out_of_date:
        title += " " + QCoreApplication.translate("Overlays", "(out of date)")
    return (title, track.statement) if track.statement and not again else (title,)


@lru_cache(maxsize=16)
def _legend(
    lines: tuple[str, ...], entries: tuple[tuple[str, float], ...], font: str, palette: Palette, ratio: float
) -> QPixmap:
    """The plate with words and the discs of the scale; drawn once, not with every frame."""
    face = QFont()
    face.fromString(font)
    metrics = QFontMetricsF(face)
    row = max(metrics.height(), 2 * _LEGEND_PX + 2) if entries else 0.0
    widths = [
        metrics.horizontalAdvance(words) + (2 * _LEGEND_PX + 18) * math.isfinite(share)
        for words, share in entries
    ]
    wide = max(sum(widths), *(metrics.horizontalAdvance(words) for words in lines)) + 14
    high = len(lines) * metrics.height() + row + 8
    picture = _blank(wide, high, ratio)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(face)
    box = QRectF(0.0, 0.0, wide, high)
    _paint_plate(painter, palette, box)
    y = _write_lines(painter, palette, box, lines, metrics)
    x = 7.0
    for (words, share), width in zip(entries, widths, strict=True):
        at = x
        if math.isfinite(share):
            radius = _LEGEND_PX * math.sqrt(abs(share))
            paint_evidence_disc(painter, palette, x + _LEGEND_PX, y + row / 2, radius, against=share < 0)
            at += 2 * _LEGEND_PX + 5
        painter.setPen(palette.colour("overlay_text"))
        painter.drawText(QRectF(at, y, width + 2, row), Qt.AlignmentFlag.AlignVCenter, words)
        x += width
    painter.end()
    return picture


def _blank(wide: float, high: float, ratio: float) -> QPixmap:
    picture = QPixmap(math.ceil(wide * ratio), math.ceil(high * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    return picture


def _paint_plate(painter: QPainter, palette: Palette, box: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.colour("overlay_back", 0.82))
    painter.drawRoundedRect(box, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _place(scene: Scene, wide: float, high: float) -> QRectF:
    """In the upper corner where less of the person is, below any earlier words; later ones keep off."""
    wide = min(wide, scene.size[0] - 12.0)
    corners = [QRectF(x, 6.0, wide, high) for x in (6.0, scene.size[0] - 6.0 - wide)]
    person = _person(scene)
    shared = [person.intersected(corner) for corner in corners]
    box = corners[int(shared[1].width() * shared[1].height() < shared[0].width() * shared[0].height())]
    below = [taken.bottom() for taken in scene.labels.taken if taken.intersects(box)]
    box.moveTop(max(below) + 4.0 if below else box.top())
    scene.labels.take(QRectF(box))
    return box


def _person(scene: Scene) -> QRectF:
    points = scene.points
    seen = points[np.isfinite(points).all(axis=1)] if points is not None else np.zeros((0, 2))
    if not len(seen):
        return QRectF()
    (left, top), (right, bottom) = seen.min(axis=0).tolist(), seen.max(axis=0).tolist()
    return QRectF(left, top, right - left, bottom - top)


def _write_lines(
    painter: QPainter, palette: Palette, box: QRectF, lines: Sequence[str], metrics: QFontMetricsF
) -> float:
    """Lines from the top of a plate; returns where the next thing stands."""
    y = box.top() + 3
    painter.setPen(palette.colour("overlay_text"))
    for words in lines:
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, box.width() - 14)
        painter.drawText(QRectF(box.left() + 7, y, box.width(), metrics.height()), words)
        y += metrics.height()
    return y


# --- attention ------------------------------------------------------------------------------------------------


def paint_attention(painter: QPainter, scene: Scene) -> None:
    """What the video model attended to for the selected item."""
    _paint_patches(painter, scene, scene.content.looked.attention)


def paint_occlusion(painter: QPainter, scene: Scene) -> None:
    """How much the answer to the selected item falls without a patch."""
    _paint_patches(painter, scene, scene.content.looked.occlusion)


def patch_opacity(values: F8, low: float, high: float, kind: str) -> F8:
    """0..1 for each patch: its place on the scale; NaN = pruned."""
    if kind == "occlusion":  # it has a zero of its own
        low, high = 0.0, max(abs(low), abs(high))
        values = np.abs(values)
    return np.asarray((values - low) / (high - low) if high > low else 0.0 * values)  # NaN stays NaN


def _paint_patches(painter: QPainter, scene: Scene, track: AttentionTrack | None) -> None:
    if track is None:
        return
    found = track.map_at(scene.time_s)
    if found is not None:
        _paint_grid(painter, scene, track, found)


def _paint_grid(painter: QPainter, scene: Scene, track: AttentionTrack, found: AttentionMap) -> None:
    place = scene.placement
    corners = np.array(found.box_px) * place.scale + (place.x, place.y, place.x, place.y)
    left, top, right, bottom = corners.tolist()
    rows, columns = found.values.shape[1:]
    wide, high = (right - left) / columns, (bottom - top) / rows
    opacity = patch_opacity(found.values[0], track.low, track.high, track.kind)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for row in range(rows):
        for column in range(columns):
            share, value = float(opacity[row, column]), float(found.values[0, row, column])
            box = QRectF(left + column * wide, top + row * high, wide, high)
            if math.isnan(share):
                painter.fillRect(box, _PRUNED)
            elif share > LEAST_SHARE:
                name = "salient" if value >= 0 else "tool"
                painter.fillRect(box, scene.palette.colour(name, 0.65 * share))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(plain_pen(scene.palette.colour("salient"), 1.4))
    painter.drawRect(QRectF(left, top, right - left, bottom - top))


@lru_cache(maxsize=16)
def _patch_legend(
    lines: tuple[str, ...],
    ends: tuple[float, float] | None,
    kind: str,
    font: str,
    palette: Palette,
    ratio: float,
) -> QPixmap:
    """The plate with the scale of patches, without ``ends`` that all are alike, and what was not looked at."""
    face = QFont()
    face.fromString(font)
    metrics = QFontMetricsF(face)
    tr, high = QCoreApplication.translate, metrics.height()
    pruned, same = tr("Overlays", "not looked at"), tr("Overlays", "all patches alike")
    words = (same,) if ends is None else tuple(map(significant, ends))
    last = sum(map(metrics.horizontalAdvance, (*words, pruned))) + 60 + 60
    wide = max(last, *map(metrics.horizontalAdvance, lines)) + 14
    box = QRectF(0.0, 0.0, wide, (len(lines) + 1) * high + 10)
    picture = _blank(box.width(), box.height(), ratio)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(face)
    _paint_plate(painter, palette, box)
    y, x = _write_lines(painter, palette, box, lines, metrics) + 2, 7.0
    for index, word in enumerate(words):
        painter.setPen(palette.colour("overlay_text"))
        painter.drawText(QRectF(x, y, wide, high), word)
        x += metrics.horizontalAdvance(word) + 5
        if index == 0 and ends is not None:
            for step, value in enumerate(np.linspace(*ends, 60).tolist()):
                share = float(patch_opacity(np.array([value]), *ends, kind)[0])
                name = "salient" if value >= 0 else "tool"
                painter.fillRect(QRectF(x + step, y + 2, 1.2, high - 4), palette.colour(name, share))
            x += 65
    painter.fillRect(QRectF(x + 8, y + 2, 12, high - 4), _PRUNED)
    painter.setPen(plain_pen(palette.colour("overlay_text"), 0.8))
    painter.drawRect(QRectF(x + 8, y + 2, 12, high - 4))
    painter.drawText(QRectF(x + 25, y, wide, high), pruned)
    painter.end()
    return picture


# --- a feature of the knowledge map -----------------------------------------------------------------------


def paint_pointed(painter: QPainter, scene: Scene) -> None:
    """The points and segments that a feature of the knowledge map is read from."""
    pointed, points = scene.content.looked.pointed, scene.points
    if pointed is None or points is None:
        return
    pen = plain_pen(scene.palette.colour("salient"), 2.2)
    radius = min(8.0, max(3.5, 0.3 * top_radius(scene)))
    for figure in pointed.figures:
        way = middles(points, figure)
        seen = np.isfinite(way).all(axis=1)
        pairs = [(a, b) for a, b in pairwise(range(len(way))) if seen[a] and seen[b]]
        draw_lines(painter, [line(way[a], way[b]) for a, b in pairs], pen)
        for at in way[seen]:
            ring(painter, at, radius, plain_pen(HALO, 3.8))
            ring(painter, at, radius, pen)
