"""The heatmap as a plot: rows in groups, line of now, windows of the top features; zoom, pan, click, hover."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPen
from PySide6.QtWidgets import QGraphicsRectItem, QToolTip, QWidget

from gaitviewer.gui.model.map_features import MapLine
from gaitviewer.gui.panels.common.wording import sentence_start
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import plain_tip
from gaitviewer.gui.widgets.translation import translate_data

_LABELS_PX = (120, 250)
_BESIDE_PX = 3.0


class _Names(pg.AxisItem):
    """Names of the lines, those that there is room for; groups first."""

    def __init__(self) -> None:
        super().__init__("left")
        self.lines: tuple[MapLine, ...] = ()
        self.collapsed: frozenset[str] = frozenset()

    def name_of(self, line: MapLine) -> str:
        """A group with its sign, a feature by its title."""
        if line.feature is not None:
            return translate_data(line.feature.title)
        sign = "\u25b8" if line.group in self.collapsed else "\u25be"
        return f"{sign} {sentence_start(translate_data(line.group))} ({len(line.rows)})"

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N802
        """Middles of the lines that are seen and have room for a name."""
        low, high = sorted((minVal, maxVal))
        row_px = size / max(1e-9, high - low)
        first, last = max(0, int(low)), min(len(self.lines), int(np.ceil(high)))
        high_px = QFontMetrics(theme.font("small")).height() - 2
        taken = -np.inf
        found: list[float] = []
        for row in range(first, last):
            at = (row + 0.5) * row_px
            heading = self.lines[row].feature is None
            if row_px >= high_px or (heading and at - taken >= high_px):
                found.append(row + 0.5)
                taken = at
        return [(1.0, found)]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: N802
        """Their names, shortened to the margin."""
        metrics, room = QFontMetrics(theme.font("small")), self.width() - 8
        names = [self.name_of(self.lines[int(value)]) for value in values]
        return [metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(room)) for name in names]


class MapView(pg.PlotWidget):
    """Lines over time.

    Signals:
        clicked: number of a line, and the moment on the player's clock.
    """

    clicked = Signal(int, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        self.names = _Names()
        super().__init__(
            parent, viewBox=pg.ViewBox(enableMenu=False, invertY=True), axisItems={"left": self.names}
        )
        self.setObjectName("knowledge_map_view")
        self.setAccessibleName(self.tr("Features over time"))
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMinimumSize(160, 60)
        self.getPlotItem().setContentsMargins(0, 8, 8, 0)
        self.tip_of: Callable[[int, float], str] = lambda line, time_s: ""
        self._image = pg.ImageItem(axisOrder="row-major")
        self.addItem(self._image)
        self._now = pg.InfiniteLine(angle=90)
        self._now.setZValue(20)
        self.addItem(self._now, ignoreBounds=True)
        self._frames: list[QGraphicsRectItem] = []
        self._whole = QRectF(0, 0, 1, 1)
        self._press: QPointF | None = None
        self._dress()

    def _dress(self) -> None:
        colours = theme.palette()
        self.setBackground(colours.colour("base"))
        for name in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(name)
            axis.setPen(colours.colour("border"))
            axis.setTextPen(colours.colour("text" if name == "left" else "muted"))
            axis.setTickFont(theme.font("small"))
            axis.setStyle(tickLength=0 if name == "left" else -3, tickTextOffset=4)
        self.names.setWidth(min(_LABELS_PX[1], max(_LABELS_PX[0], self.width() // 3)))
        pen = QPen(colours.colour("cursor"), self.devicePixelRatioF())
        pen.setCosmetic(True)
        self._now.setPen(pen)

    def resizeEvent(self, event: object) -> None:  # noqa: N802  Qt's name
        """Room for names as there is."""
        super().resizeEvent(event)
        if hasattr(self, "_now"):
            self.names.setWidth(min(_LABELS_PX[1], max(_LABELS_PX[0], self.width() // 3)))

    # --- what is shown -------------------------------------------------------------------------------

    def show_picture(
        self, picture: NDArray[np.uint8], lines: tuple[MapLine, ...], span: tuple[float, float]
    ) -> None:
        """Colours [L, T, 3] of the lines over a span of the player's clock; the part that is seen stays."""
        self._dress()
        self.names.lines = lines
        whole = QRectF(span[0], 0.0, span[1] - span[0], float(max(1, len(lines))))
        self._image.setVisible(bool(lines))
        if lines:
            self._image.setImage(picture, autoLevels=False, levels=(0, 255))
            self._image.setRect(whole)
        if whole != self._whole:
            self._whole = whole
            self.getViewBox().setLimits(
                xMin=whole.left(), xMax=whole.right(), yMin=0.0, yMax=whole.bottom(),
                minXRange=min(0.1, whole.width()), minYRange=min(4.0, whole.height()),
            )  # fmt: skip
            self.fit()
        self.names.picture = None
        self.names.update()

    def fit(self) -> None:
        """All of the clip, and as many lines as can be read or all of them."""
        self.setXRange(self._whole.left(), self._whole.right(), padding=0)
        self.setYRange(0.0, self._whole.bottom(), padding=0)

    def frame(self, windows: Sequence[tuple[int, float, float, bool]]) -> None:
        """Frames around pieces of lines: number, start, stop, and whether it is the chosen one."""
        for old in self._frames:
            self.removeItem(old)
        self._frames = []
        for line, start, stop, chosen in windows:
            item = QGraphicsRectItem(QRectF(start, line, stop - start, 1.0))
            pen = QPen(theme.palette().colour("evidence" if chosen else "text"), 2.0 if chosen else 1.2)
            pen.setCosmetic(True)
            item.setPen(pen)
            item.setZValue(10)
            self.addItem(item, ignoreBounds=True)
            self._frames.append(item)

    def set_now(self, time_s: float) -> None:
        """Move the line of now."""
        self._now.setValue(time_s)

    @property
    def now_s(self) -> float:
        """Where the line of now is."""
        return float(self._now.value())

    # --- hands ---------------------------------------------------------------------------------------

    def at(self, position: QPointF) -> tuple[int, float] | None:
        """Line and moment under a place of the widget, among the names too; None where there is none."""
        point = self.getViewBox().mapSceneToView(self.mapToScene(position.toPoint()))
        row = int(np.floor(point.y()))
        if not 0 <= row < len(self.names.lines) or position.y() > self.height() - 22:
            return None
        return row, float(min(max(point.x(), self._whole.left()), self._whole.right()))

    def place_of(self, line: int, time_s: float) -> QPointF:
        """The place in the widget of a line at a moment."""
        scene = self.getViewBox().mapViewToScene(QPointF(time_s, line + 0.5))
        return QPointF(self.mapFromScene(scene))

    def mousePressEvent(self, event: object) -> None:  # noqa: N802  Qt's name
        """A click or the start of a pan."""
        self._press = event.position()  # type: ignore[attr-defined]
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: object) -> None:  # noqa: N802  Qt's name
        """A click, if the pointer stayed."""
        super().mouseReleaseEvent(event)
        at = event.position()  # type: ignore[attr-defined]
        stayed = self._press is not None and (at - self._press).manhattanLength() <= _BESIDE_PX
        self._press = None
        found = self.at(at) if stayed else None
        if found is not None and event.button() is Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            self.clicked.emit(*found)

    def mouseDoubleClickEvent(self, event: object) -> None:  # noqa: N802  Qt's name
        """All of it again."""
        self.fit()

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """The feature under the pointer, in words."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            found = self.at(QPointF(event.pos()))
            words = self.tip_of(*found) if found is not None else ""
            QToolTip.showText(event.globalPos(), plain_tip(words), self)
            return True
        return bool(super().viewportEvent(event))
