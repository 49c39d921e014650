"""The lines of now over all plots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QWidget

from gaitviewer.core.gait import Side
from gaitviewer.gui.panels.common.score_painting import side_colour, side_pen
from gaitviewer.gui.panels.curves.plot import CurvePlot
from gaitviewer.gui.widgets import theme

# When to take the picture of the plots: at once, and again when their axes have settled.
_SETTLED_MS = (0, 120)


@dataclass(frozen=True, slots=True)
class CurveCursor:
    """Where a limb is in its cycle: per cent, and the value in each plot by the angle's name."""

    side: Side
    percent: float
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class PlotPlace:
    """Where a plot lies on the overlay.

    Attributes:
        angle: its angle.   area: the plotting area that lines may cross.
        left, across: column of 0 %, pixels for one per cent.
        zero, up: row of the value 0, pixels for one unit (negative: rows count downwards).
    """

    angle: str
    area: QRect
    left: float
    across: float
    zero: float
    up: float

    def x(self, percent: float) -> float:
        """Column of a per cent."""
        return self.left + self.across * percent

    def y(self, value: float) -> float:
        """Row of a value."""
        return self.zero + self.up * value

    def strip(self, percent: float) -> QRect:
        """What a line there touches."""
        return QRect(round(self.x(percent)) - 7, self.area.top() - 8, 15, self.area.height() + 14)


def plot_place_of(plot: CurvePlot) -> PlotPlace:
    """Measure where a plot lies."""
    origin, unit = plot.place_of(0.0, 0.0), plot.place_of(100.0, 1.0)
    corner = plot.pos()
    return PlotPlace(
        plot.kind.name,
        plot.open_area().translated(corner),
        origin.x() + corner.x(),
        (unit.x() - origin.x()) / 100.0,
        origin.y() + corner.y(),
        unit.y() - origin.y(),
    )


class CursorOverlay(QWidget):
    """One widget over all plots instead of an item in every plot.

    Plots repaint slowly. So the overlay keeps a picture of them and paints that with the lines on top: the
    plots beneath are not asked to paint when a line moves.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("curves_now")
        self._plots: list[CurvePlot] = []
        self._now: tuple[CurveCursor, ...] = ()
        self._picture: QImage | None = None
        self._places: tuple[PlotPlace, ...] = ()
        self._timers = [QTimer(self) for _ in _SETTLED_MS]
        for timer, wait_ms in zip(self._timers, _SETTLED_MS, strict=True):
            timer.setSingleShot(True)
            timer.setInterval(wait_ms)
            timer.timeout.connect(self._take_picture)

    def set_plots(self, plots: Sequence[CurvePlot]) -> None:
        """The plots that are drawn over."""
        self._plots = list(plots)
        self.forget_picture()

    def forget_picture(self) -> None:
        """The plots look different now."""
        self._picture = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, False)
        for timer in self._timers:
            timer.start()
        self.update()

    def _take_picture(self) -> None:
        if not self.isVisible() or self.width() <= 0 or self.height() <= 0:
            return
        ratio = self.devicePixelRatioF()
        picture = QImage(self.size() * ratio, QImage.Format.Format_RGB32)
        picture.setDevicePixelRatio(ratio)
        picture.fill(theme.palette().colour("window"))
        painter = QPainter(picture)
        for plot in self._plots:
            painter.drawPixmap(plot.pos(), plot.grab())
        painter.end()
        self._picture = picture
        self._places = tuple(plot_place_of(plot) for plot in self._plots if not plot.open_area().isEmpty())
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, True)
        self.update()

    @property
    def now(self) -> tuple[CurveCursor, ...]:
        """What is shown."""
        return self._now

    def set_now(self, now: tuple[CurveCursor, ...]) -> None:
        """Move the lines; only the strips where they were and are get painted."""
        if now == self._now:
            return
        strips = self._strips()
        self._now = now
        for strip in [*strips, *self._strips()]:
            self.update(strip)

    def _strips(self) -> list[QRect]:
        return [place.strip(now.percent) for place in self._places for now in self._now]

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """The plots are resized with it."""
        super().resizeEvent(event)
        self.forget_picture()

    def showEvent(self, event: object) -> None:  # noqa: N802  Qt's name
        """Shown again: what was drawn meanwhile is to be seen."""
        self.forget_picture()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """A line with a head, and a dot at the value, for each limb in each plot."""
        if self._picture is None:
            return
        painter = QPainter(self)
        ratio = self._picture.devicePixelRatio()
        for part in event.region():  # type: ignore[attr-defined]  # the stubs lack it
            if ratio == 1.0:
                painter.drawImage(part, self._picture, part)
                continue
            source = QRectF(part.x() * ratio, part.y() * ratio, part.width() * ratio, part.height() * ratio)
            painter.drawImage(QRectF(part), self._picture, source)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        around = QPen(theme.palette().colour("base"), 1.2)
        for now in self._now:
            pen, colour = side_pen(now.side, 1.6), side_colour(now.side)
            for place in self._places:
                self._paint_line(painter, pen, colour, place.x(now.percent), place.area)
                value = now.values.get(place.angle, math.nan)
                if math.isfinite(value) and place.y(value) <= place.area.bottom() + 1:
                    painter.setPen(around)
                    painter.drawEllipse(QPointF(place.x(now.percent), place.y(value)), 4.2, 4.2)

    def _paint_line(self, painter: QPainter, pen: QPen, colour: QColor, x: float, area: QRect) -> None:
        painter.setPen(pen)
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        top = area.top() + 1
        painter.drawPolygon(QPolygonF([QPointF(x - 5, top - 6), QPointF(x + 5, top - 6), QPointF(x, top)]))
