"""How the timeline is painted."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from gaitviewer.core.gait import Side
from gaitviewer.core.numerals import number
from gaitviewer.gui.panels.common.score_painting import paint_hatch, side_colour, side_pen
from gaitviewer.gui.panels.timeline.layout import Kind, Mark, Scale, TimelineRow, ticks
from gaitviewer.gui.playback.timebase import Loop
from gaitviewer.gui.widgets import theme


def paint_ground(
    painter: QPainter,
    scale: Scale,
    rows: Sequence[TimelineRow],
    tops: Sequence[float],
    size: QSize,
    ruler_px: int,
) -> None:
    """Ground, ruler, and the names of the rows in the margin."""
    colours = theme.palette()
    painter.fillRect(0, 0, size.width(), size.height(), colours.colour("base"))
    painter.fillRect(0, 0, int(scale.left_px), size.height(), colours.colour("window"))
    painter.fillRect(0, 0, size.width(), ruler_px, colours.colour("window"))
    painter.setFont(theme.font("small"))
    moments = ticks(scale)
    digits = 0 if len(moments) < 2 or moments[1] - moments[0] >= 1 else 2 - (moments[1] - moments[0] >= 0.1)
    for moment in moments:
        x = scale.x(moment)
        painter.setPen(colours.colour("grid"))
        painter.drawLine(QPointF(x, ruler_px), QPointF(x, size.height()))
        painter.setPen(colours.colour("muted"))
        painter.drawLine(QPointF(x, ruler_px - 4), QPointF(x, ruler_px))
        place = QRectF(x - 40, 0, 80, ruler_px - 4)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{number(moment, digits)} s")
    for row, top in zip(rows, tops, strict=True):
        first = row.kind is Kind.PASS
        if first:
            painter.setPen(colours.colour("border"))
            painter.drawLine(QPointF(0, top - 3), QPointF(size.width(), top - 3))
        painter.setPen(side_colour(row.side) if row.side else colours.colour("text" if first else "muted"))
        place = QRectF(8, top - 3, scale.left_px - 14, row.height + 6)
        align = Qt.AlignmentFlag.AlignVCenter
        align |= Qt.AlignmentFlag.AlignLeft if first else Qt.AlignmentFlag.AlignRight
        painter.drawText(place, align, row.name)


def paint_marks(
    painter: QPainter, marks: Sequence[Mark], scale: Scale, rows: Sequence[TimelineRow], tops: Sequence[float]
) -> None:
    """Everything that was found."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    order = {kind: n for n, kind in enumerate(Kind)}
    for mark in sorted(marks, key=lambda m: (order[m.kind], not m.faint)):
        if scale.x(mark.stop_s) < scale.left_px - 10 or mark.start_s > scale.stop_s + 1:
            continue
        left, right = scale.x(mark.start_s), scale.x(mark.stop_s)
        box = QRectF(left, tops[mark.row], right - left, rows[mark.row].height)
        _PAINTERS[mark.kind](painter, mark, box, scale)


def _paint_left_out(painter: QPainter, mark: Mark, box: QRectF, scale: Scale) -> None:
    paint_hatch(painter, box, theme.palette().colour("not_assessable"), gap=6)


def _paint_pass(painter: QPainter, mark: Mark, box: QRectF, scale: Scale) -> None:
    colours = theme.palette()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colours.colour("accent", 0.35))
    painter.drawRoundedRect(box.adjusted(0.5, 1, -0.5, -1), 3, 3)
    painter.setPen(QPen(colours.colour("text"), 1.4))
    y, middle = box.center().y(), box.center().x()
    if box.width() <= 24 or not mark.forward:
        return
    painter.save()
    painter.translate(middle, y)
    if mark.depth:  # towards the camera points down, away from it up
        painter.rotate(90)
    reach, tip = (5.0, 5.0 * mark.forward) if mark.depth else (8.0, 8.0 * mark.forward)
    painter.drawLine(QPointF(-reach, 0), QPointF(reach, 0))
    for bend in (-3, 3):
        painter.drawLine(QPointF(tip, 0), QPointF(tip - 4 * mark.forward, bend))
    painter.restore()


def _paint_stride(painter: QPainter, mark: Mark, box: QRectF, scale: Scale) -> None:
    """Stance filled, swing open; left with a dashed frame, right with a solid one."""
    side = mark.side or Side.RIGHT
    colour = QColor(side_colour(side))
    box = box.adjusted(1, 2.5, -1, -2.5)
    stance = QRectF(box.left(), box.top(), scale.x(mark.split_s) - box.left(), box.height())
    if mark.faint:
        paint_hatch(painter, box, theme.palette().colour("not_assessable"), gap=6)
    else:
        colour.setAlphaF(0.45)
        painter.fillRect(stance, colour)
        colour.setAlphaF(0.10)
        painter.fillRect(QRectF(stance.right(), box.top(), box.right() - stance.right(), box.height()), colour)
    pen = side_pen(side, 1.0)
    if mark.faint:
        pen.setColor(theme.palette().colour("not_assessable"))
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(box)


def _paint_contact(painter: QPainter, mark: Mark, box: QRectF, scale: Scale) -> None:
    """A filled triangle that stands on the floor."""
    x = box.left()
    shape = QPolygonF(
        [QPointF(x, box.bottom()), QPointF(x - 4.5, box.top() + 4), QPointF(x + 4.5, box.top() + 4)]
    )
    _paint_event(painter, mark, shape, filled=True)


def _paint_toe_off(painter: QPainter, mark: Mark, box: QRectF, scale: Scale) -> None:
    """An open triangle that points up."""
    x = box.left()
    shape = QPolygonF(
        [QPointF(x, box.top() + 1), QPointF(x - 4.5, box.bottom() - 4), QPointF(x + 4.5, box.bottom() - 4)]
    )
    _paint_event(painter, mark, shape, filled=False)


def _paint_event(painter: QPainter, mark: Mark, shape: QPolygonF, *, filled: bool) -> None:
    colours = theme.palette()
    colour = side_colour(mark.side or Side.RIGHT)
    pen = QPen(colour, 1.3)
    if mark.faint:
        pen.setColor(colours.colour("warning"))
    painter.setPen(pen)
    painter.setBrush(colour if filled else colours.colour("base"))
    painter.drawPolygon(shape)


def _paint_evidence(painter: QPainter, mark: Mark, box: QRectF, scale: Scale) -> None:
    """Marks of the selected item as diamonds, those of others as ticks."""
    colours, x, y = theme.palette(), box.left(), box.center().y()
    colour = colours.colour("evidence", 0.55 if mark.faint else 1.0)
    if mark.faint:
        painter.setPen(QPen(colour, 1.4))
        painter.drawLine(QPointF(x, y - 4), QPointF(x, y + 4))
        return
    painter.setPen(QPen(colours.colour("base"), 1.0))
    painter.setBrush(colour)
    painter.drawPolygon(
        QPolygonF([QPointF(x, y - 7), QPointF(x + 5.5, y), QPointF(x, y + 7), QPointF(x - 5.5, y)])
    )


def _paint_key_image(painter: QPainter, mark: Mark, box: QRectF, scale: Scale) -> None:
    """A small frame."""
    colours = theme.palette()
    painter.setPen(QPen(colours.colour("text"), 1.3))
    painter.setBrush(colours.colour("tool"))
    painter.drawRect(QRectF(box.left() - 5, box.center().y() - 4, 10, 8))


def _paint_quality(painter: QPainter, mark: Mark, box: QRectF, scale: Scale) -> None:
    """A bar as high as the mean score; low ones in the colour of a warning."""
    colours = theme.palette()
    level = 0.0 if math.isnan(mark.level) else mark.level
    name = "good" if level >= 0.7 else ("warning" if level >= 0.4 else "error")
    high = max(1.0, box.height() * level)
    place = QRectF(box.left(), box.bottom() - high, box.width() + 0.5, high)
    painter.fillRect(place, colours.colour(name, 0.6))


def _paint_saliency(painter: QPainter, mark: Mark, box: QRectF, scale: Scale) -> None:
    """A bar as high as the share of the absolute scale; open where the evidence speaks against the answer."""
    high = max(1.0, box.height() * min(1.0, abs(mark.level)))
    place = QRectF(box.left(), box.bottom() - high, box.width() + 0.5, high)
    colour = theme.palette().colour("model", 0.85)
    if mark.level > 0:
        painter.fillRect(place, colour)
        return
    painter.setPen(QPen(colour, 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(place.adjusted(0.5, 0.5, -1.0, -0.5))


_PAINTERS = {
    Kind.LEFT_OUT: _paint_left_out,
    Kind.PASS: _paint_pass,
    Kind.STRIDE: _paint_stride,
    Kind.CONTACT: _paint_contact,
    Kind.TOE_OFF: _paint_toe_off,
    Kind.EVIDENCE: _paint_evidence,
    Kind.KEY_IMAGE: _paint_key_image,
    Kind.QUALITY: _paint_quality,
    Kind.SALIENCY: _paint_saliency,
}


def paint_loop(painter: QPainter, scale: Scale, loop: Loop | None, height: int) -> None:
    """The range that is repeated."""
    if loop is None:
        return
    colours = theme.palette()
    left, right = scale.x(loop.start_s), scale.x(loop.stop_s)
    painter.fillRect(QRectF(left, 0, right - left, height), colours.colour("accent", 0.12))
    painter.setPen(QPen(colours.colour("accent"), 1.2))
    for x in (left, right):
        painter.drawLine(QPointF(x, 0), QPointF(x, height))


def paint_cursor(painter: QPainter, x_px: int, height: int) -> None:
    """The line of now."""
    colour = theme.palette().colour("cursor")
    painter.setPen(QPen(colour, 1.0))
    painter.drawLine(x_px, 0, x_px, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([QPointF(x_px - 5, 0), QPointF(x_px + 5, 0), QPointF(x_px, 7)]))
