"""A label of one line that shortens what does not fit; all of it is in its tooltip."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy

from gaitviewer.gui.widgets.plain import PlainLabel, plain_tip


class ElidedLabel(PlainLabel):
    """Draws its text, lines in a row, with dots where the room ends, which ``QLabel`` does not do."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:  # noqa: N802  Qt's name
        """The words, also as tooltip."""
        super().setText(text)
        self.setToolTip(plain_tip(text))

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """One line."""
        return QSize(200, self.fontMetrics().height() + 2)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """The first letters."""
        return QSize(40, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """One line of it."""
        painter = QPainter(self)
        words = self.text().replace("\n", "  ")
        room = self.contentsRect()
        shown = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room.width())
        painter.setPen(self.palette().windowText().color())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        painter.end()
