"""The table of 17 items by two limbs: model, painting, keys."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from gaitviewer.core.edits import grade_of
from gaitviewer.core.evgs import EvgsItem
from gaitviewer.core.gait import Side
from gaitviewer.core.output import Answer, Opinion, item_asked
from gaitviewer.gui.model.blinding import is_hidden
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.cells import Cell, measured_cell, model_cell, own_cell
from gaitviewer.gui.panels.common.score_painting import paint_cell, side_pen
from gaitviewer.gui.panels.common.wording import side_name, view_name
from gaitviewer.gui.panels.score.grading import grades_of_others
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import plain_tip
from gaitviewer.gui.widgets.translation import translate_data

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
NUMBER, NAME = 0, 1
SIDES = {2: Side.LEFT, 3: Side.LEFT, 4: Side.RIGHT, 5: Side.RIGHT, 6: Side.LEFT, 7: Side.RIGHT}
MEASURED = {Side.LEFT: 2, Side.RIGHT: 4}
OWN = {Side.LEFT: 3, Side.RIGHT: 5}
MODEL = {Side.LEFT: 6, Side.RIGHT: 7}  # seen beside the others of their limb, while the model was asked
_SCORE_WIDTH, _NUMBER_WIDTH = 50, 28
_ROW_HEIGHTS = (20, 27)  # rows shrink so that all items are seen, but not below what can be read
# The joints in the order of the sheet: a line is drawn above each first item.
_FIRST_OF_JOINT = frozenset({8, 12, 14, 16})


class SheetModel(QAbstractTableModel):
    """Items by number, name, and measured and own score of each limb."""

    def __init__(self, state: AppState, items: tuple[EvgsItem, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self._state = state
        self.items = items
        self.opinions: dict[tuple[int, Side], Opinion] = {}
        self.out_of_date = False

    def refresh(self, items: tuple[EvgsItem, ...] | None = None) -> None:
        """Everything is new."""
        self.beginResetModel()
        self.items = self.items if items is None else items
        self.endResetModel()

    def refresh_scores(self) -> None:
        """Scores are new, the items are not."""
        if self.items:
            self.dataChanged.emit(self.index(0, 2), self.index(len(self.items) - 1, self.columnCount() - 1))

    def show_answer(self, answer: Answer | None) -> None:
        """Show what the video model says, or nothing."""
        opinions = answer.output.opinions if answer is not None else ()
        self.opinions = {asked: one for one in opinions if (asked := item_asked(one.name)) is not None}
        self.out_of_date = answer is not None and answer.out_of_date
        self.refresh_scores()

    def is_apart(self, item: int, side: Side) -> bool:
        """Whether the model says another thing of an item than the program or the rater, and it may be seen."""
        row = next((n for n, one in enumerate(self.items) if one.number == item), None)
        return row is not None and self.cell(row, MODEL[side]).apart

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: N802  Qt's name
        """One row for each item."""
        return 0 if parent.isValid() else len(self.items)

    def columnCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: N802  Qt's name
        """Number, name, and three for each limb."""
        return 0 if parent.isValid() else 8

    def headerData(  # noqa: N802  Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """What the columns hold."""
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        program, own, model = self.tr("Program"), self.tr("You"), self.tr("Model")
        names = ("", self.tr("Item"), program, own, program, own, model, model)
        return names[section]

    def cell(self, row: int, column: int) -> Cell:
        """The score of a limb: measured, own, or what the model thinks."""
        item, side = self.items[row].number, SIDES[column]
        state = self._state
        document, settings, measures = state.document, state.settings, state.measures
        hidden = is_hidden(document, settings, item, side)
        if column == MEASURED[side]:
            found = measures.evgs.get(item, side) if measures is not None else None
            return measured_cell(found, hidden=hidden)
        if column == MODEL[side]:
            found = measures.evgs.get(item, side) if measures is not None else None
            grade = grade_of(document, item, side, settings.rater)
            return model_cell(
                self.opinions.get((item, side)),
                found.score if found is not None else None,
                grade.score if grade is not None else None,
                hidden=hidden,
                out_of_date=self.out_of_date,
            )
        others = () if hidden else grades_of_others(document, item, side, settings.rater)
        return own_cell(grade_of(document, item, side, settings.rater), others)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for the first columns; for scores the cell, and words for those who cannot see it."""
        item, column = self.items[index.row()], index.column()
        if column in SIDES:
            if role == Qt.ItemDataRole.UserRole:
                return self.cell(index.row(), column)
            words = self.cell(index.row(), column).text
            if role == Qt.ItemDataRole.ToolTipRole:
                return plain_tip(words)  # names and notes of raters are in them
            if role == Qt.ItemDataRole.AccessibleTextRole:
                whose = self.headerData(column, Qt.Orientation.Horizontal)
                return f"{translate_data(item.name)}, {side_name(SIDES[column])}, {whose}: {words}"
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return translate_data(item.name) if column == NAME else str(item.number)
        if role == Qt.ItemDataRole.ToolTipRole:
            read = "; ".join(translate_data(words) for words in (item.quantity, item.phase))
            return f"{item.code}: {translate_data(item.name)}\n{read}; {view_name(item.view)}"
        if role == Qt.ItemDataRole.TextAlignmentRole and column == NUMBER:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and column == NUMBER:
            return theme.palette().colour("muted")
        return None


class _ScoreDelegate(QStyledItemDelegate):
    """Paints scores, the lines between joints, and the selected limb of an item."""

    def __init__(self, table: SheetTable) -> None:
        super().__init__(table)
        self._table = table

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Ground, score, frame of the selection."""
        colours, place = theme.palette(), QRect(option.rect)
        side = SIDES.get(index.column())
        row = index.row() == self._table.currentIndex().row()
        if row and (side is None or side is self._table.current_side):
            painter.fillRect(place, colours.colour("selection"))
        if side is None:
            inner = place.adjusted(4, 0, -4, 0)
            painter.setFont(theme.font())
            painter.setPen(colours.colour("muted" if index.column() == NUMBER else "text"))
            align = Qt.AlignmentFlag.AlignVCenter
            align |= Qt.AlignmentFlag.AlignRight if index.column() == NUMBER else Qt.AlignmentFlag.AlignLeft
            words = fitted(str(index.data()), painter.fontMetrics(), inner.width())
            painter.drawText(inner, align, words)
        else:
            paint_cell(painter, QRectF(place), index.data(Qt.ItemDataRole.UserRole))
            if row and side is self._table.current_side and index.column() == OWN[side]:
                colour = colours.colour("focus" if self._table.hasFocus() else "border")
                painter.setPen(QPen(colour, 2.0))
                painter.drawRect(place.adjusted(2, 1, -2, -2))
        model = self._table.sheet
        if model.items[index.row()].number in _FIRST_OF_JOINT and not self._table.sorted:
            painter.setPen(colours.colour("border"))
            painter.drawLine(place.topLeft(), place.topRight())
        if index.column() in MEASURED.values():
            painter.setPen(colours.colour("grid"))
            painter.drawLine(place.topLeft(), place.bottomLeft())


# Tried one after the other until a name fits.
_SHORTER = (
    ("Maximum", "Max."), ("dorsiflexion", "dorsiflex."), ("extension", "ext."), ("flexion", "flex."),
    ("position", "pos."), (" in terminal swing", ", swing"), (" in ", ", "), ("progression", "progr."),
    (" or ", "/"), ("Peak ", ""), ("clearance", "clear."), ("dorsiflex.", "DF"), ("lateral ", "lat. "),
    ("Max. ankle", "Ankle"), ("Hindfoot varus", "Hindf. varus"),
)  # fmt: skip


def fitted(words: str, metrics: QFontMetrics, width: int) -> str:
    """Shortened so that both ends stay: they tell the item and its phase."""
    for long, short in _SHORTER:
        if metrics.horizontalAdvance(words) <= width:
            break
        words = words.replace(long, short)
    words = words[:1].upper() + words[1:]
    return metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, width)


class _LimbHeader(QHeaderView):
    """Two lines: the limb with its line style, and whose score it is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setObjectName("evgs_header")

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """Two lines high."""
        return QSize(super().sizeHint().width(), 2 * self.fontMetrics().height() + 12)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N802
        """The name of the limb spans its columns."""
        colours, side = theme.palette(), SIDES.get(logicalIndex)
        painter.save()
        painter.fillRect(rect, colours.colour("window"))
        half = rect.height() // 2
        margin = 0 if logicalIndex in SIDES else 4
        low = rect.adjusted(margin, half, -margin, 0)
        words = str(self.model().headerData(logicalIndex, Qt.Orientation.Horizontal) or "")
        painter.setFont(theme.font("small"))
        painter.setPen(colours.colour("muted"))
        align = Qt.AlignmentFlag.AlignCenter if side else Qt.AlignmentFlag.AlignLeft
        painter.drawText(low, align | Qt.AlignmentFlag.AlignVCenter, words)
        if side is not None:
            first = logicalIndex == MEASURED[side]
            before = self.sectionSize(MEASURED[side]) * (not first)
            before += self.sectionSize(OWN[side]) * (logicalIndex == MODEL[side])
            left = rect.left() - before
            wide = sum(self.sectionSize(columns[side]) for columns in (MEASURED, OWN, MODEL))
            both = QRect(left, rect.top() + 2, wide, half)
            font = theme.font()
            font.setBold(True)
            painter.setFont(font)
            painter.setPen(colours.colour(side.value))
            painter.setClipRect(rect)
            name = self.tr("Left") if side is Side.LEFT else self.tr("Right")
            painter.drawText(both, Qt.AlignmentFlag.AlignCenter, name)
            painter.setPen(side_pen(side, 2.0))
            y = rect.bottom()
            painter.drawLine(both.left() + 6, y, both.right() - 6, y)
        painter.restore()


class SheetTable(QTableView):
    """The score table with its keys.

    Signals:
        limb_chosen: item number and side (None for the name columns) that the user went to.
    """

    limb_chosen = Signal(int, object)

    def __init__(self, state: AppState, items: tuple[EvgsItem, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("evgs_table")
        self.setAccessibleName(self.tr("Score table, left and right limb"))
        self.current_side: Side | None = None
        self.sorted = False  # what the model disagrees with first, not in the order of the sheet
        self.sheet = SheetModel(state, items, self)
        self.setModel(self.sheet)
        self.setItemDelegate(_ScoreDelegate(self))
        self.setHorizontalHeader(_LimbHeader(self))
        self._dress()
        self.selectionModel().currentChanged.connect(self._moved)

    def _dress(self) -> None:
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHTS[1])
        self.verticalHeader().setMinimumSectionSize(18)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        header = self.horizontalHeader()
        header.setSectionsClickable(False)
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self.setColumnWidth(NUMBER, _NUMBER_WIDTH)
        header.moveSection(header.visualIndex(MODEL[Side.LEFT]), OWN[Side.LEFT] + 1)
        self.show_model(False)

    def show_model(self, on: bool) -> None:
        """Have the columns of the model or not."""
        for column in MODEL.values():
            self.setColumnHidden(column, not on)
        for columns, width in ((MEASURED, 46), (OWN, 36), (MODEL, 44)):  # names need the room
            for column in columns.values():
                self.setColumnWidth(column, width if on else _SCORE_WIDTH)

    def height_for(self, row_px: int) -> int:
        """Height in pixels at which all items are seen without scrolling."""
        return self.horizontalHeader().sizeHint().height() + row_px * max(1, self.sheet.rowCount()) + 4

    @property
    def row_heights(self) -> tuple[int, int]:
        """Least and most height of a row."""
        return max(_ROW_HEIGHTS[0], self.fontMetrics().height() + 3), _ROW_HEIGHTS[1]

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Rows as high as there is room for."""
        low, high = self.row_heights
        room = self.height() - self.height_for(0)
        row_px = min(high, max(low, room // max(1, self.sheet.rowCount())))
        if row_px != self.verticalHeader().defaultSectionSize():
            self.verticalHeader().setDefaultSectionSize(row_px)
        super().resizeEvent(event)

    def show_limb(self, item: int | None, side: Side | None) -> None:
        """Mark a limb of an item without telling anybody."""
        self.current_side = side
        rows = [row for row, known in enumerate(self.sheet.items) if known.number == item]
        column = OWN[side] if side is not None else NAME
        wanted = self.sheet.index(rows[0], column) if rows else QModelIndex()
        blocked = self.selectionModel().blockSignals(True)
        self.setCurrentIndex(wanted)
        self.selectionModel().blockSignals(blocked)
        self.show_current()
        self.viewport().update()

    def show_current(self) -> None:
        """Have the selected limb in sight."""
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def _moved(self, current: QModelIndex) -> None:
        if current.isValid():
            side = SIDES.get(current.column(), self.current_side)
            self.limb_chosen.emit(self.sheet.items[current.row()].number, side)

    def mousePressEvent(self, event: Any) -> None:  # noqa: N802  Qt's name
        """A click on the limb that is selected already leads back to its evidence."""
        at = self.indexAt(event.position().toPoint())
        again = at.isValid() and at == self.currentIndex()
        super().mousePressEvent(event)
        if again:
            self._moved(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Arrows move between items and limbs, where the window has no other use for them."""
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self.currentIndex().isValid():
            side = Side.LEFT if event.key() == Qt.Key.Key_Left else Side.RIGHT
            self.setCurrentIndex(self.sheet.index(self.currentIndex().row(), OWN[side]))
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802  Qt's name
        """Letters and digits are keys of the window, also of what cannot be done now; they find no item."""
