"""Icons drawn from their lines, never scaled from a picture."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer


class IconDrawing(QIconEngine):
    """Draws an icon from its lines at whatever size and scaling is asked for, never from a picture of it."""

    def __init__(self, svg: str, colour: str, ticked: str, pale: str) -> None:
        super().__init__()
        self._made_of = (svg, colour, ticked, pale)
        self._renderers: dict[str, QSvgRenderer] = {}

    def clone(self) -> QIconEngine:
        """One like this, for an icon that is changed."""
        return IconDrawing(*self._made_of)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw it."""
        svg, colour, ticked, pale = self._made_of
        if mode == QIcon.Mode.Disabled:
            colour = pale
        elif state == QIcon.State.On:
            colour = ticked
        renderer = self._renderers.get(colour)
        if renderer is None:
            renderer = QSvgRenderer(QByteArray(svg.replace("currentColor", colour).encode()))
            self._renderers[colour] = renderer
        painter.save()
        if mode == QIcon.Mode.Disabled:
            painter.setOpacity(0.5 * painter.opacity())
        renderer.render(painter, QRectF(rect))
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """A picture of it for a screen that is not scaled."""
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(  # noqa: N802  Qt's name
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        """A picture of it with all the pixels that the screen has for this size."""
        pixmap = QPixmap(size * scale)
        pixmap.setDevicePixelRatio(scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap
