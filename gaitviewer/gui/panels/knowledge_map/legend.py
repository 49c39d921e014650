"""The scales of the map's layers."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gaitviewer.core.numerals import significant
from gaitviewer.core.wording import unit_after
from gaitviewer.gui.panels.common.wording import tr
from gaitviewer.gui.panels.knowledge_map.picture import Layer
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import plain_tip
from gaitviewer.gui.widgets.translation import say

_BAR_PX = 64


def end_words(layer: Layer) -> tuple[str, str]:
    """Both ends of a layer's scale; of values, with several units, the words for it."""
    if layer.kind == "values":
        return tr("below zero"), tr("above")
    end = significant(layer.ends[""])
    return (significant(-layer.ends[""]) if layer.is_signed else "0"), end


def unit_words(layer: Layer) -> str:
    """Where the scale of each unit ends: "deg ±34, BH ±0.9"."""
    names = {"r": tr("correlation"), "BH": tr("body heights")}
    parts = []
    for unit, end in layer.ends.items():
        name = names.get(unit, "" if unit == "deg" else unit)
        after = say(unit_after(unit)) if unit == "deg" else ""
        parts.append(f"{name} \u00b1{significant(end)}{after}".strip())
    return ", ".join(parts)


class MapLegend(QWidget):
    """A bar with its ends for each layer that is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("knowledge_map_legend")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.entries: tuple[tuple[str, str, str, tuple[str, str, str]], ...] = ()

    def show_layers(self, entries: tuple[tuple[str, str, str, tuple[str, str, str]], ...], tip: str) -> None:
        """Name, both ends, and the colours at low end, middle and high end of each layer; more in the tip."""
        self.entries = entries
        words = "; ".join(f"{name}: {low} to {high}" for name, low, high, _ in entries)
        self.setAccessibleName(words)
        self.setToolTip(plain_tip(tip))
        self.setVisible(bool(entries))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """One line."""
        return QSize(200, self.fontMetrics().height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Name, low end, bar, high end."""
        painter = QPainter(self)
        painter.setFont(theme.font("small"))
        colours, metrics, x = theme.palette(), painter.fontMetrics(), 8.0
        high_px = self.height()
        for name, low, high, stops in self.entries:
            for words, colour in ((name, "text"), (low, "muted")):
                wide = metrics.horizontalAdvance(words) + 6
                painter.setPen(colours.colour(colour))
                painter.drawText(QRectF(x, 0, wide, high_px), Qt.AlignmentFlag.AlignVCenter, words)
                x += wide
            box = QRectF(x, high_px / 2 - 5, _BAR_PX, 10)
            fill = QLinearGradient(box.topLeft(), box.topRight())
            for at, colour in zip((0.0, 0.5, 1.0), stops, strict=True):
                fill.setColorAt(at, QColor(colour))
            painter.fillRect(box, fill)
            painter.setPen(QPen(colours.colour("border"), 1.0))
            painter.drawRect(box)
            x += _BAR_PX + 5
            wide = metrics.horizontalAdvance(high) + 18
            painter.setPen(colours.colour("muted"))
            painter.drawText(QRectF(x, 0, wide, high_px), Qt.AlignmentFlag.AlignVCenter, high)
            x += wide
