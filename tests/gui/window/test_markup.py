"""Names that look like markup, in the whole window and in each of its dialogs: shown as written, never read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QLabel, QMessageBox, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from gaitviewer.core.document import Document, KeyImage, Texts
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import Side, View
from gaitviewer.gui.dialogs.opener import Dialogs
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.store import open_library

NAME = "<img src='file'>"


@pytest.fixture
def marked(walker_document: Document, window: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window on the walk, in which all that people write is markup."""
    session = walker_document.session
    subject = replace(session.subject, pseudonym=NAME, diagnosis=NAME)
    when = "2026-01-01T00:00:00+00:00"
    document = replace(
        walker_document,
        session=replace(session, subject=subject, note=NAME),
        texts=Texts(NAME, NAME, NAME),
        key_images=(KeyImage(walker_document.trials[0].trial.id, View.SAGITTAL, 20, 0.5, NAME),),
        grades=tuple(
            Grade(item, side, 1, rater, when, NAME)
            for item in range(1, 18)
            for side in Side
            for rater in (NAME, "<b>CD</b>")
        ),
    )
    with open_library() as library:
        library.save_session(document)
    window.state.set_settings(replace(window.state.settings, rater=NAME))
    with qtbot.waitSignal(window.services.listing.listed, timeout=30_000):
        window.services.listing.list_sessions()
    window.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: window.reviewing and window.state.measures is not None, timeout=120_000)
    for dock in window.desk.docks.values():
        dock.show()
    window.state.select(11, Side.RIGHT)
    return window


def tips(top: QWidget) -> Iterator[tuple[str, str]]:
    """Whose, and what: the tooltips of widgets, of actions and of what lists and tables hold."""
    for widget in (top, *top.findChildren(QWidget)):
        yield type(widget).__name__, widget.toolTip()
        for action in widget.actions():
            yield action.text(), action.toolTip()
        if isinstance(widget, QAbstractItemView) and (model := widget.model()) is not None:
            for tip in _tips_in(model, QModelIndex()):
                yield widget.objectName(), tip


def _tips_in(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[str]:
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)
    for column in range(columns):
        for row in range(model.rowCount(parent)):
            index = model.index(row, column, parent)
            yield str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
            if column == 0 and not isinstance(model, QAbstractListModel):
                yield from _tips_in(model, index)


def read_as_markup(top: QWidget) -> list[str]:
    """All in a window that Qt could take for markup: labels and texts of any kind, tooltips with a tag."""
    wrong = [
        f"label {label.objectName()}: {label.text()}"
        for label in top.findChildren(QLabel)
        if label.textFormat() != Qt.TextFormat.PlainText
        and (not label.objectName().startswith("qt_") or label.objectName() == "qt_msgbox_label")
    ]
    wrong += [
        f"text {type(text).__name__} {text.objectName()}"
        for text in top.findChildren(QTextEdit)  # of a message box, where the name was read as plain text
        if not isinstance(top, QMessageBox) or NAME not in text.toPlainText()
    ]
    wrong += [f"tip of {whose}: {tip}" for whose, tip in tips(top) if "<img" in tip or "<b>" in tip]
    return wrong


def test_the_whole_window_shows_names_as_they_are(marked: MainWindow, qtbot: QtBot) -> None:
    qtbot.wait(20)
    assert any(NAME in label.text() for label in marked.findChildren(QLabel))
    assert any("&lt;img" in tip for _, tip in tips(marked))
    assert read_as_markup(marked) == []
    marked.show_library()
    qtbot.waitUntil(lambda: not marked.reviewing, timeout=30_000)
    assert read_as_markup(marked) == []


OPENED: dict[str, Callable[[Dialogs, MainWindow], object]] = {
    "new_session": lambda dialogs, window: dialogs.new_session(),
    "change_facts": lambda dialogs, window: dialogs.change_facts(),
    "show_report": lambda dialogs, window: dialogs.show_report(),
    "ask_signature": lambda dialogs, window: dialogs.ask_signature(),
    "ask_conflict": lambda dialogs, window: dialogs.ask_conflict(NAME),
    "ask_unsaved": lambda dialogs, window: dialogs.ask_unsaved(NAME, lambda: None),
    "ask_delete": lambda dialogs, window: dialogs.ask_delete(window.cards[0]),
    "show_deleted": lambda dialogs, window: dialogs.show_deleted(window.cards),
    "ask_purge": lambda dialogs, window: dialogs.ask_purge(window.cards),
    "offer_copy": lambda dialogs, window: dialogs.offer_copy(NAME),
    "show_help": lambda dialogs, window: dialogs.show_help(),
    "show_about": lambda dialogs, window: dialogs.show_about(),
    "show_models": lambda dialogs, window: dialogs.show_models(),
    "show_settings": lambda dialogs, window: dialogs.show_settings(),
    "show_failure": lambda dialogs, window: dialogs.show_failure(NAME, NAME, NAME),
}


@pytest.mark.parametrize("name", OPENED)
def test_every_dialog_shows_names_as_they_are(marked: MainWindow, name: str, qtbot: QtBot) -> None:
    OPENED[name](marked.dialogs, marked)
    # Some ask a job first.
    qtbot.waitUntil(lambda: marked.dialogs.current is not None, timeout=30_000)
    dialog = marked.dialogs.current
    qtbot.wait(20)
    wrong = read_as_markup(dialog)
    dialog.reject()
    assert wrong == []


def test_no_dialog_is_left_out() -> None:
    kinds = ("new_", "change_", "show_", "ask_", "offer_")
    assert {name for name in vars(Dialogs) if name.startswith(kinds)} == set(OPENED)
