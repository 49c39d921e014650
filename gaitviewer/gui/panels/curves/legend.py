"""What the lines of the curves mean, in one line."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gaitviewer.core.gait import Side
from gaitviewer.gui.panels.common.score_painting import side_pen
from gaitviewer.gui.panels.common.wording import side_name
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import plain_tip


class CurveLegend(QWidget):
    """Left, right, normal band, toe-off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("curves_legend")
        words = self.tr("Left is dashed, right is solid; shaded: normal mean ± 1 SD; upright lines: toe-off")
        self.setAccessibleName(words)
        self.setToolTip(plain_tip(words))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """One line."""
        return QSize(320, self.fontMetrics().height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Samples with their words, as far as there is room."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("small"))
        colours, middle, x = theme.palette(), self.height() / 2, 10.0
        for side in Side:
            painter.setPen(side_pen(side, 2.0))
            painter.drawLine(QPointF(x, middle), QPointF(x + 22, middle))
            x = self._say(painter, x + 27, side_name(side))
        painter.fillRect(QRectF(x, middle - 5, 18, 10), colours.colour("band"))
        painter.setPen(QPen(colours.colour("border"), 1))
        painter.drawRect(QRectF(x, middle - 5, 18, 10))
        x = self._say(painter, x + 23, self.tr("normal ± 1 SD"))
        painter.setPen(QPen(colours.colour("muted"), 1.2))
        painter.drawLine(QPointF(x + 2, middle - 6), QPointF(x + 2, middle + 6))
        self._say(painter, x + 8, self.tr("toe-off"))

    def _say(self, painter: QPainter, x: float, words: str) -> float:
        painter.setPen(theme.palette().colour("muted"))
        painter.drawText(QPointF(x, self.height() / 2 + painter.fontMetrics().ascent() / 2 - 1), words)
        return x + painter.fontMetrics().horizontalAdvance(words) + 14
