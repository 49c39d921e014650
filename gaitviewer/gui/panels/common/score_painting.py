"""Small things that several panels paint: score tokens, probability bars, hatching, lines of a side."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gaitviewer.core.gait import Side
from gaitviewer.gui.panels.common.cells import Cell
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import plain_tip

_SCORES = ("score_0", "score_1", "score_2")


def side_colour(side: Side) -> QColor:
    """The colour of a side."""
    return theme.palette().colour(side.value)


def side_pen(side: Side, width: float = 1.6) -> QPen:
    """The line of a side: left dashed, right solid."""
    pen = QPen(side_colour(side), width)
    if side is Side.LEFT:
        pen.setDashPattern([4.0, 2.4])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def score_colour(score: int) -> QColor:
    """Background of a score."""
    return theme.palette().colour(_SCORES[score])


def paint_hatch(painter: QPainter, rect: QRectF, colour: QColor, *, gap: float = 5.0) -> None:
    """Diagonal lines over a rectangle."""
    painter.save()
    painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
    painter.setPen(QPen(colour, 1.0))
    at = rect.left() - rect.height()
    while at < rect.right():
        painter.drawLine(QPointF(at, rect.bottom()), QPointF(at + rect.height(), rect.top()))
        at += gap
    painter.restore()


def _paint_chance(painter: QPainter, box: QRectF, cell: Cell) -> None:
    """A bar as long as it is likely, with its per cent; a heavy frame where others say otherwise."""
    colours = theme.palette()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colours.colour("model", 0.3))
    painter.drawRect(QRectF(box.left(), box.top(), box.width() * min(1.0, max(0.0, cell.chance)), box.height()))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colours.colour("model" if cell.apart else "border"), 2.0 if cell.apart else 1.0))
    painter.drawRect(box)
    painter.setFont(theme.font("small"))
    painter.setPen(colours.colour("text"))
    words = f"{100 * cell.chance:.0f} %" if not cell.apart else f"\u2260 {100 * cell.chance:.0f}"
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


def _paint_symbol(painter: QPainter, centre: QPointF, radius: float, score: int) -> None:
    """A ring for 0, a half disc for 1, a disc for 2."""
    ink = theme.palette().colour("score_text")
    box = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
    painter.setPen(QPen(ink, 1.3))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(box)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    if score == 1:
        painter.drawPie(box, 90 * 16, 180 * 16)
    elif score == 2:
        painter.drawEllipse(box)


def paint_cell(painter: QPainter, place: QRectF, cell: Cell) -> None:
    """A score: measured ones as a filled token, a person's own ones with a frame."""
    colours = theme.palette()
    wide = min(place.width() - 8, 46.0)
    box = QRectF(0, 0, wide, min(place.height() - 5, 21.0))
    box.moveCenter(place.center())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    round_px = 3.0 if cell.own else box.height() / 2
    if cell.hidden:
        _paint_hidden(painter, box)
    elif cell.hatched:
        _paint_hatched(painter, box, round_px, letter="n" if cell.own else "")
    elif not math.isnan(cell.chance):
        _paint_chance(painter, box, cell)
    elif cell.score is None:
        dot = QRectF(0, 0, 4, 4)
        dot.moveCenter(box.center())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.colour("border"))
        painter.drawEllipse(dot)
    else:
        edge = QPen(Qt.PenStyle.NoPen)
        if cell.own:
            edge = QPen(colours.colour("text"), 1.4)
        elif cell.borderline:
            edge = QPen(colours.colour("text"), 1.2)
            edge.setDashPattern([2.0, 2.0])
        painter.setPen(edge)
        painter.setBrush(score_colour(cell.score))
        painter.drawRoundedRect(box, round_px, round_px)
        _paint_token(painter, box, cell)
    if cell.noted:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.colour("accent"))
        tip = box.topRight() + QPointF(1, -1)
        painter.drawPolygon([tip, tip + QPointF(-8, 0), tip + QPointF(0, 8)])
    painter.restore()


def _paint_token(painter: QPainter, box: QRectF, cell: Cell) -> None:
    assert cell.score is not None
    left = QRectF(box.left(), box.top(), box.width() * 0.5, box.height())
    _paint_symbol(painter, left.center() + QPointF(1.5, 0), 4.2, cell.score)
    painter.setPen(theme.palette().colour("score_text"))
    font = theme.font()
    font.setBold(True)
    painter.setFont(font)
    right = box.adjusted(box.width() * 0.42, 0, -2, 0)
    words = f"{cell.score}" + ("?" if cell.borderline else "")
    painter.drawText(right, Qt.AlignmentFlag.AlignCenter, words)


def _paint_hidden(painter: QPainter, box: QRectF) -> None:
    painter.setPen(QPen(theme.palette().colour("border"), 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    side = 14
    spot = QRectF(0, 0, side, side)
    spot.moveCenter(box.center())
    theme.icon("eye_off", "muted").paint(painter, spot.toRect())


def _paint_hatched(painter: QPainter, box: QRectF, round_px: float, *, letter: str) -> None:
    colours = theme.palette()
    paint_hatch(painter, box.adjusted(1, 1, -1, -1), colours.colour("not_assessable"))
    painter.setPen(QPen(colours.colour("text" if letter else "not_assessable"), 1.2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, round_px, round_px)
    if letter:
        spot = QRectF(0, 0, 14, box.height() - 4)
        spot.moveCenter(box.center())
        painter.fillRect(spot, colours.colour("base"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)


class ProbabilityBar(QWidget):
    """The probabilities of the scores 0, 1 and 2 as one bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chances: tuple[float, float, float] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setObjectName("chance_bar")

    def show_chances(self, probabilities: tuple[float, float, float] | None, words: str) -> None:
        """Show these; the words are for the tool tip and for screen readers."""
        self._chances = probabilities
        self.setToolTip(plain_tip(words))
        self.setAccessibleName(words)
        self.setVisible(probabilities is not None)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """One line of text high."""
        return QSize(160, self.fontMetrics().height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Three parts as wide as they are likely, with their scores and per cent."""
        if self._chances is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.palette()
        box = QRectF(self.rect()).adjusted(0.5, 1.5, -0.5, -1.5)
        total = sum(self._chances) or 1.0
        at = box.left()
        for score, probability in enumerate(self._chances):
            part = QRectF(at, box.top(), box.width() * probability / total, box.height())
            at = part.right()
            painter.fillRect(part, QBrush(score_colour(score)))
            painter.setPen(colours.colour("score_text"))
            words = f"{score}: {100 * probability / total:.0f} %"
            for text in (words, f"{score}"):
                if self.fontMetrics().horizontalAdvance(text) + 6 < part.width():
                    painter.drawText(part, Qt.AlignmentFlag.AlignCenter, text)
                    break
        painter.setPen(QPen(colours.colour("border"), 1.0))
        painter.drawRect(box)
