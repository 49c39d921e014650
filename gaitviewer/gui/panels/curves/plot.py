"""One plot of an angle over the gait cycle, and the lines of now over all plots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRect, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPalette, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from gaitviewer.core.gait import Side
from gaitviewer.core.measures import AngleKind, Curve, MeanCurve, NormalBand
from gaitviewer.core.wording import unit_after
from gaitviewer.gui.model.strides import ExcludedStrides, curve_near
from gaitviewer.gui.panels.common.score_painting import side_colour, side_pen
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel, plain_tip
from gaitviewer.gui.widgets.translation import say, translate_data

_GRID = np.arange(101.0)
_CLICK_PX = 9.0
_AXIS_PX = 30
_RIGHT_PX = 12  # room for half of the last number below the axis


@dataclass(frozen=True, slots=True, eq=False)
class PlotContent:
    """What a plot shows.

    Attributes:
        kind: the angle.   means, curves: of both sides.   band: the normal band, or None.
        excluded: strides left out by a person.   each_stride: strides rather than means.
        selected: key of the selected stride, "" if none.
        hidden: what is said in place of values that are kept from the rater, "" if none are.
    """

    kind: AngleKind
    means: tuple[MeanCurve, ...]
    curves: tuple[Curve, ...]
    band: NormalBand | None
    excluded: ExcludedStrides
    each_stride: bool
    selected: str = ""
    hidden: str = ""

    @property
    def all_hidden(self) -> bool:
        """Whether words stand in place of everything."""
        return bool(self.hidden) and not self.means and not self.curves


class CurvePlot(pg.PlotWidget):
    """Normal band, toe-off lines, and either the means with their SD or each stride.

    Signals:
        clicked: per cent of the cycle, and the key of the stride whose curve was hit ("" for none).
        dragged: per cent of the cycle while the button is held.
    """

    clicked = Signal(float, str)
    dragged = Signal(float)

    def __init__(self, kind: AngleKind, parent: QWidget | None = None) -> None:
        super().__init__(parent, viewBox=pg.ViewBox(enableMenu=False))
        self.kind = kind
        self.setObjectName(f"curve_{kind.name}")
        self.setAccessibleName(translate_data(kind.title))
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMouseEnabled(x=False, y=False)
        self.setMinimumSize(120, 84)
        self._content: PlotContent | None = None
        self._pressed = False
        item = self.getPlotItem()
        item.setContentsMargins(0, 0, _RIGHT_PX, 0)
        item.getAxis("left").setWidth(_AXIS_PX)
        item.getAxis("bottom").setHeight(18)
        item.layout.setVerticalSpacing(0)
        self.setXRange(0, 100, padding=0.04)
        self.hidden_words = PlainLabel(self, name=f"curve_hidden_{kind.name}", wraps=True, quiet=True)
        self.hidden_words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hidden_words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hidden_words.setAutoFillBackground(True)
        self.hidden_words.setBackgroundRole(QPalette.ColorRole.Base)
        self.hidden_words.hide()

    # --- drawing -------------------------------------------------------------------------------------

    def show_content(self, content: PlotContent) -> None:
        """Draw everything anew."""
        self._content = content
        colours = theme.palette()
        self.clear()
        self.setBackground(colours.colour("base"))
        self._fit_words()
        for name in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(name)
            axis.setPen(colours.colour("border"))
            axis.setTextPen(colours.colour("muted"))
            axis.setTickFont(theme.font("small"))
            axis.setStyle(tickLength=-3, tickTextOffset=3, hideOverlappingLabels=name == "left")
        if not content.all_hidden:  # the words would leave scraps of it
            self._draw_band(content.band)
            self._draw_line(0.0, QPen(colours.colour("border"), 0), across=True)
        for mean in content.means:
            if math.isfinite(mean.toe_off_percent):
                self._draw_line(mean.toe_off_percent, self._cosmetic(_thin(mean.side)))
        if content.each_stride:
            self._draw_strides(content)
        else:
            self._draw_means(content.means)
        self.setToolTip(plain_tip(_tip(content)))
        low, high = limits_of(content)
        self.setYRange(low, high, padding=0.04)
        self.hidden_words.setText(content.hidden)
        self.hidden_words.setVisible(bool(content.hidden))
        self.hidden_words.setFont(theme.font("small"))
        self._place_words()

    def _place_words(self) -> None:
        """In the middle of an empty plot; below the curves where one limb is shown."""
        content = self._content
        if content is None or not content.hidden:
            return
        room = self.inside().adjusted(6, 4, -6, -4)
        place = QRect(room)
        high = min(room.height(), self.hidden_words.heightForWidth(room.width()))
        place.setTop(room.bottom() - high)
        if content.all_hidden:
            place.moveCenter(room.center())
        else:
            self._make_room(high + 6)
        self.hidden_words.setGeometry(place)
        self.hidden_words.raise_()

    def _make_room(self, rows: int) -> None:
        """Room below the curves of the shown limb, so that the words hide nothing of them."""
        content = self._content
        share = rows / max(1, self.inside().height())
        if content is not None and share < 0.6:  # in a lower plot there would be no room for the curves
            low, high = limits_of(content)
            self.setYRange(low - (high - low) * share / (1.0 - share), high, padding=0.04)

    def _fit_words(self) -> None:
        """Title and ticks that fit the width: a title that is too long would push the plot out."""
        metrics = QFontMetrics(theme.font("small"))
        room = self.width() - _AXIS_PX - _RIGHT_PX - 6
        title = translate_data(self.kind.title)
        shortened = (metrics.elidedText(title, Qt.TextElideMode.ElideRight, room), "")
        words = next(
            (w for w in headings(self.kind) if metrics.horizontalAdvance("".join(w)) <= room), shortened
        )
        text = f"{words[0]} <span style='color:{theme.palette().muted[:7]}'>{words[1]}</span>"
        size = f"{max(7.5, theme.font('small').pointSizeF()):.1f}pt"
        self.setTitle(text, color=theme.palette().text[:7], size=size, justify="left")
        values = (0, 50, 100) if room < 140 else (0, 20, 40, 60, 80, 100)
        self.getPlotItem().getAxis("bottom").setTicks([[(v, f"{v}") for v in values]])

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Words that fit the new width; first, for they decide how narrow the plot can be."""
        if event is not None and hasattr(self, "kind"):  # called by the base class before there is a plot
            self._fit_words()
        super().resizeEvent(event)
        if event is not None and hasattr(self, "hidden_words"):
            self._place_words()

    def _cosmetic(self, pen: QPen) -> QPen:
        """As wide on any screen: a pen that does not scale with the plot counts the screen's own pixels."""
        pen.setCosmetic(True)
        pen.setWidthF(pen.widthF() * self.devicePixelRatioF())
        return pen

    def _draw_line(self, at: float, pen: QPen, *, across: bool = False) -> None:
        line = pg.InfiniteLine(at, angle=0 if across else 90, pen=pen)
        line.setZValue(-5)
        self.addItem(line, ignoreBounds=True)

    def _draw_band(self, band: NormalBand | None) -> None:
        """Filled; only outlined where the published quantity is defined otherwise."""
        if band is None:
            return
        colours = theme.palette()
        none = pg.mkPen(None)
        if not band.comparable:
            none = QPen(colours.colour("muted", 0.8), 0)
            none.setStyle(Qt.PenStyle.DotLine)
        edges = [pg.PlotDataItem(_GRID, band.mean + k * band.sd, pen=none) for k in (-1, 1)]
        for edge in edges:
            edge.setZValue(-9)
            self.addItem(edge, ignoreBounds=True)
        if band.comparable:
            fill = pg.FillBetweenItem(*edges, brush=colours.colour("band"))
            fill.setZValue(-10)
            self.addItem(fill, ignoreBounds=True)

    def _draw_means(self, means: Sequence[MeanCurve]) -> None:
        for mean in reversed(means):  # the dashed left over the solid right: both show where they coincide
            shade = QColor(side_colour(mean.side))
            shade.setAlphaF(0.16)
            if np.isfinite(mean.sd).any():
                # An edge without any pen has no curve, and between two of those nothing is filled.
                none = pg.mkPen(None)
                edges = [pg.PlotDataItem(_GRID, mean.mean + k * mean.sd, pen=none) for k in (-1, 1)]
                for edge in edges:
                    self.addItem(edge)
                spread = pg.FillBetweenItem(*edges, brush=shade)
                spread.setZValue(-4)  # over the normal band, below every line
                self.addItem(spread)
            self.plot(_GRID, mean.mean, pen=self._cosmetic(side_pen(mean.side, 2.0)), connect="finite")

    def _draw_strides(self, content: PlotContent) -> None:
        def rank(curve: Curve) -> tuple[bool, bool]:
            return curve.stride.key == content.selected, not content.excluded.why(curve.stride)

        for curve in sorted(content.curves, key=rank):
            stride = curve.stride
            pen = side_pen(stride.side, 1.2)
            if content.excluded.why(stride):
                pen = QPen(theme.palette().colour("not_assessable"), 1.0, Qt.PenStyle.DotLine)
            elif stride.far:
                faint = QColor(side_colour(stride.side))
                faint.setAlphaF(0.55)
                pen.setColor(faint)
            if stride.key == content.selected:
                pen.setWidthF(3.0)
            self.plot(_GRID, curve.values, pen=self._cosmetic(pen), connect="finite")

    # --- hands ---------------------------------------------------------------------------------------

    def percent_at(self, x_px: float) -> float:
        """Per cent of the cycle under a column of the widget."""
        point = self.getViewBox().mapSceneToView(self.mapToScene(int(x_px), 0))
        return float(min(100.0, max(0.0, point.x())))

    def place_of(self, percent: float, value: float) -> QPointF:
        """Point of the widget of a value at a per cent (not rounded to pixels)."""
        scene = self.getViewBox().mapViewToScene(QPointF(percent, value))
        return QPointF(self.viewportTransform().map(scene))

    def open_area(self) -> QRect:
        """The plotting area above the words about hidden values; empty where they stand for everything."""
        content, area = self._content, self.inside()
        if content is None or not content.hidden:
            return area
        if content.all_hidden:
            return QRect()
        area.setBottom(min(area.bottom(), self.hidden_words.geometry().top() - 2))
        return area

    def inside(self) -> QRect:
        """The plotting area in the widget."""
        return QRect(self.mapFromScene(self.getViewBox().sceneBoundingRect()).boundingRect())

    def stride_under(self, at: QPointF) -> str:
        """Key of the stride whose curve is there; "" if none is, or only means are shown."""
        content = self._content
        if content is None or not content.each_stride:
            return ""
        (x_low, x_high), (y_low, y_high) = self.getViewBox().viewRange()
        area = self.inside()
        point = self.getViewBox().mapSceneToView(self.mapToScene(at.toPoint()))
        hit = curve_near(
            content.curves,
            percent=point.x(),
            value=point.y(),
            per_percent=area.width() / (x_high - x_low),
            per_unit=area.height() / (y_high - y_low),
            radius_px=_CLICK_PX,
        )
        return "" if hit is None else hit.stride.key

    def mousePressEvent(self, event: object) -> None:  # noqa: N802  Qt's name
        """A click on a curve chooses its stride; anywhere, the moment."""
        at = event.position()  # type: ignore[attr-defined]
        self._pressed = True
        self.clicked.emit(self.percent_at(at.x()), self.stride_under(at))

    def mouseMoveEvent(self, event: object) -> None:  # noqa: N802  Qt's name
        """With the button held, through the cycle."""
        if self._pressed:
            self.dragged.emit(self.percent_at(event.position().x()))  # type: ignore[attr-defined]

    def mouseReleaseEvent(self, event: object) -> None:  # noqa: N802  Qt's name
        """Let go."""
        self._pressed = False

    def wheelEvent(self, event: object) -> None:  # noqa: N802  Qt's name
        """The wheel scrolls the panel, it does not zoom a plot."""
        event.ignore()  # type: ignore[attr-defined]


def headings(kind: AngleKind) -> tuple[tuple[str, str], ...]:
    """Title with unit and sign, then shorter ones; the sign only where the title does not say it."""
    unit = say(unit_after(kind.unit)).strip()
    title, word = translate_data(kind.title), translate_data(kind.positive)
    word = word.replace("towards that side", "own side").replace("that side ", "")
    sign = "" if word in title.lower() else f", {word} +"
    return ((title, f"{unit}{sign}"), (title, unit), (title, ""))


def _thin(side: Side) -> QPen:
    pen = side_pen(side, 1.0)
    colour = QColor(pen.color())
    colour.setAlphaF(0.5)
    pen.setColor(colour)
    return pen


def limits_of(content: PlotContent) -> tuple[float, float]:
    """Lowest and highest value worth showing; at least 20 degrees (5 of other units) apart."""
    values = [c.values for c in content.curves if content.each_stride]
    for mean in content.means if not content.each_stride else ():
        spread = np.nan_to_num(mean.sd)
        values += [mean.mean - spread, mean.mean + spread]
    if content.band is not None:
        values += [content.band.mean - content.band.sd, content.band.mean + content.band.sd]
    every = np.concatenate(values) if values else np.zeros(1)
    every = every[np.isfinite(every)]
    low, high = (float(every.min()), float(every.max())) if every.size else (0.0, 1.0)
    lack = (20.0 if content.kind.unit == "deg" else 5.0) - (high - low)
    return (low - lack / 2, high + lack / 2) if lack > 0 else (low, high)


def _tip(content: PlotContent) -> str:
    lines = [translate_data(content.kind.title), translate_data(content.kind.note)]
    if content.band is not None:
        lines.append(translate_data(content.band.source))
        if not content.band.comparable:
            lines.append(say(content.band.note))
    return "\n".join(filter(None, lines))
