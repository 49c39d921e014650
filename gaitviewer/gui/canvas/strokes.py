"""How things look on top of a picture: pens, rings and words that stay readable on any background."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from gaitviewer.core.gait import Side
from gaitviewer.gui.canvas.labels import LabelPlacer, inside
from gaitviewer.gui.widgets.theme import Palette

HALO = QColor(22, 27, 33)
"""What lies around lines and dots so that they show on light and dark."""
# Left is dashed, right solid, so that the sides differ without their colours.
_DASHES = (3.0, 1.8)
Array = NDArray[np.float64]


@lru_cache(maxsize=256)
def side_colour(palette: Palette, side: Side | None, opacity: float = 1.0) -> QColor:
    """Colour of a side; the middle of the body is drawn pale."""
    name = {Side.LEFT: "left", Side.RIGHT: "right"}.get(side, "overlay_text") if side else "overlay_text"
    return palette.colour(name, opacity)


def side_pen(palette: Palette, side: Side | None, width: float, opacity: float = 1.0) -> QPen:
    """Pen of a side: colour and line style."""
    return _side_pen(palette, side, width, round(opacity, 1))


@lru_cache(maxsize=256)
def _side_pen(palette: Palette, side: Side | None, width: float, opacity: float) -> QPen:
    pen = QPen(side_colour(palette, side, opacity), width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)  # round ends take several times as long
    if side is Side.LEFT:
        pen.setDashPattern(_DASHES)
    return pen


@lru_cache(maxsize=64)
def halo_pen(width: float, *, dashed: bool = False) -> QPen:
    """What lies below a line so that it shows on light and dark; dashed below a dashed line.

    Opaque: Qt draws opaque lines five to ten times as fast as translucent ones.
    """
    pen = QPen(HALO, width + 1.6)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if dashed:  # patterns count in widths of the pen
        shrink = width / (width + 1.6)
        pen.setDashPattern([part * shrink for part in _DASHES])
    return pen


def plain_pen(colour: QColor, width: float, *, dashed: bool = False) -> QPen:
    """A pen of any colour."""
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashed:
        pen.setDashPattern(_DASHES)
    return pen


def line(start: Sequence[float] | Array, end: Sequence[float] | Array) -> QLineF:
    """A line between two points."""
    return QLineF(float(start[0]), float(start[1]), float(end[0]), float(end[1]))


def draw_lines(painter: QPainter, lines: Sequence[QLineF], pen: QPen) -> None:
    """Lines, with a dark rim unless they are translucent."""
    if pen.color().alpha() == 255:
        painter.setPen(halo_pen(pen.widthF(), dashed=pen.style() == Qt.PenStyle.CustomDashLine))
        painter.drawLines(list(lines))
    painter.setPen(pen)
    for each in lines:  # one by one: many translucent lines would be joined into one path first
        painter.drawLine(each)


def ring(painter: QPainter, at: Sequence[float] | Array, radius: float, pen: QPen) -> None:
    """A circle that is not filled."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    painter.drawEllipse(QPointF(float(at[0]), float(at[1])), radius, radius)


def dot(painter: QPainter, at: Sequence[float] | Array, radius: float, colour: QColor) -> None:
    """A filled circle with a dark rim; two discs are quicker than a disc with an outline."""
    centre = QPointF(float(at[0]), float(at[1]))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(HALO)
    painter.drawEllipse(centre, radius + 0.8, radius + 0.8)
    painter.setBrush(colour)
    painter.drawEllipse(centre, radius, radius)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def arc(
    painter: QPainter, centre: Sequence[float] | Array, radius: float, start: float, extent: float, pen: QPen
) -> None:
    """An arc; degrees counter-clockwise from 3 o'clock."""
    box = QRectF(float(centre[0]) - radius, float(centre[1]) - radius, 2 * radius, 2 * radius)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(halo_pen(pen.widthF()))
    painter.drawArc(box, round(16 * start), round(16 * extent))
    painter.setPen(pen)
    painter.drawArc(box, round(16 * start), round(16 * extent))


@lru_cache(maxsize=8)
def _metrics(font_key: str) -> QFontMetricsF:
    font = QFont()
    font.fromString(font_key)
    return QFontMetricsF(font)


def label_box(
    painter: QPainter,
    at: tuple[float, float],
    text: str,
    *,
    bounds: tuple[float, float] | None = None,
    centred: bool = False,
) -> QRectF:
    """The plate of such words, without drawing it."""
    metrics = _metrics(painter.font().toString())
    lines = text.split("\n")
    width = max(metrics.horizontalAdvance(part) for part in lines) + 10
    height = metrics.height() * len(lines) + 4
    x = at[0] - width / 2 if centred else at[0]
    return inside(QRectF(x, at[1] - height / 2, width, height), bounds)


def label(
    painter: QPainter,
    at: tuple[float, float],
    text: str,
    palette: Palette,
    *,
    colour: QColor | None = None,
    bounds: tuple[float, float] | None = None,
    centred: bool = False,
    labels: LabelPlacer | None = None,
    off: Iterable[Sequence[float] | Array] = (),
) -> QRectF:
    """Words on a dark plate with the point ``at`` at its left middle (or middle); kept inside ``bounds``.

    With ``labels`` they stand where no other words do, beside the points ``off``.
    """
    box = label_box(painter, at, text, bounds=bounds, centred=centred)
    if labels is not None:
        box = labels.place(box, bounds, off)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.colour("overlay_back"))
    painter.drawRoundedRect(box, 4, 4)
    if colour is not None:  # a bar in the colour that the words belong to
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(box.x(), box.y(), 3, box.height()), 1.5, 1.5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(palette.colour("overlay_text"))
    painter.drawText(box.adjusted(6, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
    return box
