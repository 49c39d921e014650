"""What a screen reader is told, asked through Qt's accessibility interface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QTableView, QWidget

from gaitviewer.core import edits
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import Side
from gaitviewer.gui.panels.score.table import MEASURED, OWN
from gaitviewer.gui.shell.main_window import MainWindow


def name_of(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface is not None else ""


def focusable(top: QWidget) -> Iterator[QWidget]:
    for widget in (top, *top.findChildren(QWidget)):
        inner = widget.objectName().startswith("qt_") or widget.focusProxy() is not None
        by_key = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        listed = type(widget.parentWidget()).__name__ == "QFrame" and widget.window().inherits("QFrame")
        if by_key and not inner and not _inside(widget) and not listed:  # the list of a box opens from it
            yield widget


def _inside(widget: QWidget) -> bool:
    """The line of a box, the area of a scroller: the box and the scroller speak."""
    parent = widget.parentWidget()
    return parent is not None and parent.focusProxy() is widget


def nameless(top: QWidget) -> set[str]:
    return {
        f"{type(widget).__name__} {widget.objectName()} in {type(widget.parentWidget()).__name__}"
        for widget in focusable(top)
        if not name_of(widget).strip()
    }


def test_everything_that_takes_the_focus_has_a_name(reviewed: MainWindow, qtbot: Any) -> None:
    for dock in reviewed.desk.docks.values():
        dock.show()
    reviewed.state.select(11, Side.RIGHT)
    qtbot.wait(20)
    assert len(list(focusable(reviewed))) > 30
    assert nameless(reviewed) == set()


@pytest.mark.parametrize(
    "command",
    ["window.help", "window.settings", "window.about", "session.new", "session.report", "session.sign"],
)
def test_everything_in_a_dialog_has_a_name(command: str, reviewed: MainWindow, qtbot: Any) -> None:
    reviewed.actions_by_name[command].trigger()
    dialog = reviewed.dialog
    assert dialog is not None
    left = nameless(dialog)
    dialog.reject()
    assert left == set()


def cell_text(table: QTableView, row: int, column: int) -> str:
    interface = QAccessible.queryAccessibleInterface(table)
    assert interface is not None
    model = table.model()
    # Children are the cells row by row, headers included where there are any.
    shapes = [(h, v) for h in (0, 1) for v in (0, 1)]
    total = interface.childCount()
    above, before = next(
        (h, v) for h, v in shapes if (model.rowCount() + h) * (model.columnCount() + v) == total
    )
    cell = interface.child((row + above) * (model.columnCount() + before) + column + before)
    assert cell is not None
    return cell.text(QAccessible.Text.Name)


def test_the_score_table_speaks_item_limb_and_score(reviewed: MainWindow, qtbot: Any) -> None:
    state, table = reviewed.state, reviewed.desk.evgs.table
    grade = Grade(11, Side.RIGHT, 1, state.settings.rater, "2026-01-01T00:00:00Z", "late")
    assert state.document is not None
    state.edit(edits.set_grade(state.document, grade), "Grade")
    measures = state.measures
    assert measures is not None
    for row, item in enumerate(table.sheet.items):
        assert item.name in cell_text(table, row, 1)
        for side in Side:
            measured, own = (cell_text(table, row, columns[side]) for columns in (MEASURED, OWN))
            score = measures.evgs.get(item.number, side).score
            for words in (measured, own):
                assert item.name in words
                assert side.value in words
            assert ("not assessable" if score is None else f"score {score}") in measured
            if (item.number, side) == (11, Side.RIGHT):
                assert "score 1" in own
                assert "late" in own
            else:
                assert "Not graded by you" in own


def test_cells_of_other_tables_speak(reviewed: MainWindow, qtbot: Any) -> None:
    desk = reviewed.desk
    for dock in desk.docks.values():
        dock.show()
    desk.add_key_image()
    qtbot.wait(20)
    for name in ("parameters", "key_images"):
        table = desk.docks[name].findChild(QTableView)
        assert table is not None
        model = table.model()
        assert model.rowCount() > 0
        silent = [
            (row, column)
            for row in range(model.rowCount())
            for column in range(model.columnCount())
            if not cell_text(table, row, column).strip()
        ]
        assert silent == []
