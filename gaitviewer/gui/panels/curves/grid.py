"""How the plots of the curves share their room."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from gaitviewer.gui.panels.curves.plot import CurvePlot

LEAST_HEIGHT_PX = 92
_WIDTH_PX, _LEAST_WIDTH_PX = 200, 140


def columns_for(plots: int, width_px: int, height_px: int) -> int:
    """Columns of plots: as wide as they should be, or narrower where that saves scrolling."""
    wide = max(1, min(plots, width_px // _WIDTH_PX))
    narrow = max(1, min(plots, width_px // _LEAST_WIDTH_PX))
    rows_seen = max(1, height_px // LEAST_HEIGHT_PX)
    needed = -(-plots // rows_seen) if plots else 1
    columns = wide if wide >= needed else min(narrow, needed)
    rows = -(-plots // columns) if plots else 1
    return max(1, -(-plots // rows))  # no half-empty last row if it can be helped


class PlotField(QWidget):
    """Holds the plots on a grid."""

    def __init__(self, arrange: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("curves_field")
        self._arrange = arrange
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(4, 2, 4, 2)
        self._grid.setSpacing(4)
        self._shape: tuple[int, int] = (0, 0)

    def place(self, plots: list[CurvePlot], columns: int) -> None:
        """Put the plots into so many columns."""
        while self._grid.count():
            self._grid.takeAt(0)
        for number, plot in enumerate(plots):
            self._grid.addWidget(plot, number // columns, number % columns)
            plot.show()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Another number of columns may fit."""
        super().resizeEvent(event)
        self._arrange()
