"""Spatio-temporal parameters with norms and symmetry."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.core.gait import BySide, Side
from gaitviewer.core.measures import Measures, Parameter, Stat
from gaitviewer.core.numerals import DASH, number
from gaitviewer.core.wording import not_assessable, unit_after
from gaitviewer.gui.model.blinding import waiting_for
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.base import Panel
from gaitviewer.gui.panels.common.score_painting import side_colour
from gaitviewer.gui.panels.common.wording import joined, sentence, side_name, stat_words, strides, with_unit
from gaitviewer.gui.panels.score.table import AnyIndex
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel, plain_tip
from gaitviewer.gui.widgets.translation import say, translate_data
from gaitviewer.messages import message
from gaitviewer.workflow.app.tables import evgs_items

NAME, LEFT, RIGHT, NORM, SYMMETRY = range(5)
_ROW_PX = 26
_SPAN_SD = 3.5  # how far from the norm the small picture reaches


class ParametersPanel(Panel):
    """One row for each parameter: both limbs, where they lie in the norm, and their symmetry."""

    def __init__(self, state: AppState, player: Player, parent: QWidget | None = None) -> None:
        title = QCoreApplication.translate("ParametersPanel", "Parameters")
        super().__init__(state, player, name="panel_parameters", title=title, parent=parent)
        self.table = QTableWidget(0, 5)
        self.table.setObjectName("parameters_table")
        self.table.setAccessibleName(self.tr("Spatio-temporal parameters"))
        self.notes = PlainLabel(name="parameters_notes", wraps=True, quiet=True)
        self.notes.setContentsMargins(10, 4, 10, 6)
        self._dress()
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.notes)
        self._hidden: BySide[bool] = BySide(False, False)
        state.session_changed.connect(self._reload)
        state.measures_changed.connect(self._reload)
        state.document_changed.connect(self._refresh_hidden)
        state.settings_changed.connect(self._refresh_hidden)
        self._reload()

    def _find_hidden(self) -> BySide[bool]:
        """Times and lengths belong to no item: those of a limb are kept back until all of it is graded."""
        document, settings = self.state.document, self.state.settings
        return BySide(*(bool(waiting_for(document, settings, evgs_items(), side)) for side in Side))

    def _refresh_hidden(self) -> None:
        if self._find_hidden() != self._hidden:
            self._reload()

    def _dress(self) -> None:
        table = self.table
        table.setHorizontalHeaderLabels(["", self.tr("Left"), self.tr("Right"), self.tr("Norm"), ""])
        name, index = QTableWidgetItem(self.tr("Parameter")), QTableWidgetItem(self.tr("SI"))
        name.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        index.setToolTip(
            self.tr("Symmetry index: difference of the limbs in per cent of their mean, 0 is symmetric")
        )
        table.setHorizontalHeaderItem(NAME, name)
        table.setHorizontalHeaderItem(SYMMETRY, index)
        table.setItemDelegateForColumn(NORM, _NormDelegate(table))
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = table.horizontalHeader()
        header.setSectionsClickable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(NORM, QHeaderView.ResizeMode.Fixed)
        table.setColumnWidth(NORM, 66)
        # A name that does not fit takes a second line: cut off, two of them would look the same.
        header.sectionResized.connect(lambda column, *_: self._fit_rows() if column == NAME else None)

    def _fit_rows(self) -> None:
        for row in range(self.table.rowCount()):
            self.table.setRowHeight(row, max(_ROW_PX, self.table.sizeHintForRow(row)))

    def _reload(self) -> None:
        self._hidden = self._find_hidden()
        measures = self.measures_or_why(self._why_nothing)
        if measures is not None:
            self._fill(measures)

    def _why_nothing(self, measures: Measures) -> str:
        if not measures.parameters:
            return self.tr("No stride counts, so there are no times and lengths. See the quality.")
        if all(self._hidden):
            return self.tr("Times and lengths of a limb are hidden until you have graded all of its items.")
        return ""

    def _fill(self, measures: Measures) -> None:
        self.table.setRowCount(len(measures.parameters))
        for row, parameter in enumerate(measures.parameters):
            for column, item in enumerate(_cells(parameter, self._hidden)):
                self.table.setItem(row, column, item)
        self._fit_rows()
        self._show_notes(measures)

    def _show_notes(self, measures: Measures) -> None:
        lines = [] if any(self._hidden) else [sentence(measures.speed_note)]
        feet = [
            f"{side_name(side)} {stat_words(stat, 1)}°"
            for side in Side
            if (stat := measures.foot_progression_deg[side]) is not None and not self._hidden[side]
        ]
        if feet:
            lines.append(self.tr("Foot progression, external +: {feet}.").format(feet=joined(feet)))
        sources = dict.fromkeys(p.norm_source for p in measures.parameters if p.norm_source)
        lines += [sentence(translate_data(source)) for source in sources]
        self.notes.setText("\n".join(line for line in lines if line))

    def retheme(self) -> None:
        """Colours of the theme."""
        if self.state.measures is not None and not self.is_empty:
            self._fill(self.state.measures)


def digits_for(parameter: Parameter) -> int:
    """Decimal places that are worth reading."""
    if parameter.unit.startswith("%"):
        return 1
    large = max((abs(s.mean) for s in parameter.values if s is not None), default=0.0)
    return 0 if large >= 100 else 1 if large >= 10 else 2


def norm_position(value: float, norm: tuple[float, float]) -> float:
    """How many SD a value lies from the norm's mean; NaN where the norm has no spread."""
    mean, sd = norm
    return (value - mean) / sd if sd > 0 else math.nan


def _cells(parameter: Parameter, hidden: BySide[bool]) -> list[QTableWidgetItem]:
    tr = QCoreApplication.translate
    digits = digits_for(parameter)
    if any(hidden):
        kept = BySide(*(None if hidden[side] else parameter.values[side] for side in Side))
        parameter = replace(parameter, values=kept, symmetry_index=None)
    title = say(parameter.title)
    unit = f", {say(unit_after(parameter.unit)).strip()}" if parameter.unit else ""
    short = ", %" if parameter.unit == "% of cycle" else unit
    cells = [QTableWidgetItem(title + short)]
    cells[0].setToolTip(plain_tip(title + unit))
    for side in Side:
        stat = parameter.values[side]
        cell = QTableWidgetItem(tr("ParametersPanel", "hidden") if hidden[side] else stat_words(stat, digits))
        cell.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        cell.setFont(theme.font("small"))
        if hidden[side]:
            cell.setToolTip(tr("ParametersPanel", "Hidden until you have graded all items of this limb."))
        else:
            cell.setToolTip(plain_tip(_stat_tip(parameter, side, stat)))
        if stat is None:
            cell.setForeground(theme.palette().colour("muted"))
        cells.append(cell)
    norm = QTableWidgetItem()
    norm.setData(Qt.ItemDataRole.UserRole, parameter)
    words = tr("ParametersPanel", "No published norm fits this parameter.")
    if parameter.norm is not None:
        mean, sd = (number(value, digits) for value in parameter.norm)
        words = f"{mean} ± {sd}{unit}\n{translate_data(parameter.norm_source)}"
    norm.setToolTip(plain_tip(words))
    norm.setData(Qt.ItemDataRole.AccessibleTextRole, words)
    index = parameter.symmetry_index
    symmetry = QTableWidgetItem(DASH if index is None else f"{number(index, 1)} %")
    symmetry.setFont(theme.font("small"))
    symmetry.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return [*cells, norm, symmetry]


def _stat_tip(parameter: Parameter, side: Side, stat: Stat | None) -> str:
    tr = QCoreApplication.translate
    if stat is None:
        return sentence(not_assessable(parameter.reason or message("reason.no_stride_of_limb")))
    text = f"{side_name(side)}: {with_unit(stat.mean, parameter.unit, digits_for(parameter))}"
    text += tr("ParametersPanel", ", mean of {strides}").format(strides=strides(stat.count))
    variation = stat.cv_percent
    if variation is not None:
        text += tr("ParametersPanel", ", coefficient of variation {cv} %").format(cv=number(variation, 1))
    return text


class _NormDelegate(QStyledItemDelegate):
    """Where both limbs lie in the norm: a bar of ± 1 and ± 2 SD, left as a ring, right as a disc."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """The bar and the two marks; beyond the reach they stand at its end."""
        super().paint(painter, option, index)
        parameter = index.data(Qt.ItemDataRole.UserRole)
        if parameter is None or parameter.norm is None:
            return
        box = QRectF(option.rect).adjusted(6, 0, -6, 0)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_norm(painter, box, parameter.values, parameter.norm)
        painter.restore()


def paint_norm(painter: QPainter, box: QRectF, values: BySide[Stat | None], norm: tuple[float, float]) -> None:
    """The norm as a bar with both limbs on it."""
    colours, middle = theme.palette(), box.center().y()
    per_sd = box.width() / (2 * _SPAN_SD)
    for reach, high in ((2.0, 5.0), (1.0, 9.0)):
        bar = QRectF(0, 0, 2 * reach * per_sd, high)
        bar.moveCenter(box.center())
        painter.fillRect(bar, colours.colour("accent", 0.16))
    painter.setPen(QPen(colours.colour("muted"), 1.0))
    painter.drawLine(QPointF(box.center().x(), middle - 7), QPointF(box.center().x(), middle + 7))
    for side in (Side.RIGHT, Side.LEFT):
        stat = values[side]
        z = norm_position(stat.mean, norm) if stat is not None else math.nan
        if not math.isfinite(z):
            continue
        at = QPointF(box.center().x() + min(_SPAN_SD, max(-_SPAN_SD, z)) * per_sd, middle)
        painter.setPen(QPen(side_colour(side), 1.8))
        painter.setBrush(side_colour(side) if side is Side.RIGHT else Qt.BrushStyle.NoBrush)
        radius = 3.0 if side is Side.RIGHT else 4.6
        painter.drawEllipse(at, radius, radius)
