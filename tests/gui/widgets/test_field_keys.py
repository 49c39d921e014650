"""What is typed in a field belongs to that field: Return enters it there, and nothing typed is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from gaitviewer.core.document import Texts
from gaitviewer.core.gait import Side, View
from gaitviewer.gui.model.choices import keep_settings
from gaitviewer.gui.panels.score.table import OWN
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.gui.widgets.decimal_box import DecimalBox

ENTERS = [Qt.Key.Key_Return, Qt.Key.Key_Enter]


def strike(window: MainWindow, key: Qt.Key) -> None:
    """A key as it comes from the keyboard: to the window, which gives it to what has the focus."""
    QTest.keyClick(window.windowHandle(), key)


def write(window: MainWindow, text: str) -> None:
    for letter in text:
        QTest.keyClick(window.windowHandle(), letter)


def click_cell(qtbot: QtBot, window: MainWindow, item: int, side: Side) -> None:
    table = window.desk.evgs.table
    at = table.visualRect(table.sheet.index(item - 1, OWN[side])).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)


def click(qtbot: QtBot, field: Any) -> None:
    qtbot.mouseClick(field, Qt.MouseButton.LeftButton)
    assert field.hasFocus()


@pytest.fixture
def rated(reviewed: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window with item 3 left graded by AB, in front of all others."""
    keep_settings(reviewed.state, rater="AB")
    reviewed.activateWindow()
    qtbot.waitUntil(reviewed.isActiveWindow)
    click_cell(qtbot, reviewed, 3, Side.LEFT)
    strike(reviewed, Qt.Key.Key_1)
    return reviewed


def notes(window: MainWindow) -> dict[tuple[int, Side], str]:
    return {(grade.item, grade.side): grade.note for grade in window.state.document.grades}


@pytest.mark.parametrize("enter", ENTERS)
def test_return_in_a_note_keeps_it_and_the_next_return_goes_on(
    enter: Qt.Key, rated: MainWindow, qtbot: QtBot
) -> None:
    click(qtbot, rated.desk.evgs.detail.note)
    write(rated, "heel, 2 of 3 [late]")
    strike(rated, enter)
    assert (rated.state.item, rated.state.side) == (3, Side.LEFT)
    assert notes(rated) == {(3, Side.LEFT): "heel, 2 of 3 [late]"}
    strike(rated, enter)
    assert (rated.state.item, rated.state.side) == (3, Side.RIGHT)
    assert rated.desk.evgs.detail.note.text() == ""
    rated.state.undo()
    assert notes(rated) == {(3, Side.LEFT): ""}


def test_a_note_stays_with_its_cell_when_another_is_clicked_or_the_session_closed(
    rated: MainWindow, qtbot: QtBot
) -> None:
    click_cell(qtbot, rated, 4, Side.LEFT)
    strike(rated, Qt.Key.Key_2)
    click_cell(qtbot, rated, 3, Side.LEFT)
    click(qtbot, rated.desk.evgs.detail.note)
    write(rated, "one")
    click_cell(qtbot, rated, 4, Side.LEFT)
    assert notes(rated) == {(3, Side.LEFT): "one", (4, Side.LEFT): ""}
    click(qtbot, rated.desk.evgs.detail.note)
    write(rated, "two")
    rated.state.select(5, Side.LEFT)
    assert notes(rated)[4, Side.LEFT] == "two"
    rated.state.select(4, Side.LEFT)
    click(qtbot, rated.desk.evgs.detail.note)
    write(rated, "!")
    rated.actions_by_name["session.library"].trigger()
    rated.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: rated.state.document is not None, timeout=30_000)
    assert notes(rated)[4, Side.LEFT] == "two!"


def test_escape_leaves_a_note_and_keeps_the_selection(rated: MainWindow, qtbot: QtBot) -> None:
    click(qtbot, rated.desk.evgs.detail.note)
    write(rated, "late")
    strike(rated, Qt.Key.Key_Escape)
    assert (rated.state.item, rated.state.side) == (3, Side.LEFT)
    assert rated.desk.evgs.table.hasFocus()
    assert notes(rated) == {(3, Side.LEFT): "late"}


@pytest.mark.parametrize("enter", ENTERS)
def test_return_in_a_caption_ends_it_there(enter: Qt.Key, rated: MainWindow, qtbot: QtBot) -> None:
    desk = rated.desk
    strike(rated, Qt.Key.Key_Insert)
    desk.docks["key_images"].raise_()
    table = desk.panels["key_images"].table  # type: ignore[attr-defined]
    qtbot.waitUntil(table.isVisible)
    at = table.visualItemRect(table.item(0, 1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    before = (rated.state.item, rated.state.side, desk.player.shown(View.SAGITTAL))
    strike(rated, Qt.Key.Key_F2)
    write(rated, "toe drag")
    strike(rated, enter)
    qtbot.waitUntil(lambda: not isinstance(QApplication.focusWidget(), QLineEdit))
    assert rated.state.document.key_images[0].caption == "toe drag"
    assert (rated.state.item, rated.state.side, desk.player.shown(View.SAGITTAL)) == before


def test_a_caption_is_kept_when_the_session_is_left_in_mid_word(rated: MainWindow, qtbot: QtBot) -> None:
    strike(rated, Qt.Key.Key_Insert)
    rated.desk.docks["key_images"].raise_()
    table = rated.desk.panels["key_images"].table  # type: ignore[attr-defined]
    qtbot.waitUntil(table.isVisible)
    table.setCurrentCell(0, 1)
    table.setFocus()
    strike(rated, Qt.Key.Key_F2)
    write(rated, "toe")
    rated.actions_by_name["session.library"].trigger()
    rated.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: rated.state.document is not None, timeout=30_000)
    assert rated.state.document.key_images[0].caption == "toe"


@pytest.mark.parametrize("enter", ENTERS)
def test_return_in_the_offset_applies_it(enter: Qt.Key, rated: MainWindow, qtbot: QtBot) -> None:
    desk, box = rated.desk, rated.desk.transport.offset
    click(qtbot, box.lineEdit().focusProxy() or box)
    box.selectAll()
    write(rated, "0.400")
    strike(rated, enter)
    assert (rated.state.item, rated.state.side) == (3, Side.LEFT)
    assert desk.player.offset_s == pytest.approx(0.4)
    assert not box.hasFocus()


@pytest.mark.parametrize("language", ["C", "de"])
@pytest.mark.parametrize("typed", ["0.400", "0,400", ",4", "-1,25 s"])
def test_the_offset_takes_points_and_commas_in_every_language(qtbot: QtBot, language: str, typed: str) -> None:
    box = DecimalBox()
    qtbot.addWidget(box)
    box.setLocale(QLocale(language))
    box.setRange(-3600.0, 3600.0)
    box.setDecimals(3)
    box.setSuffix(" s")
    box.selectAll()
    qtbot.keyClicks(box.lineEdit(), typed)
    qtbot.keyClick(box.lineEdit(), Qt.Key.Key_Return)
    assert box.value() == pytest.approx(-1.25 if "-" in typed else 0.4)


def test_the_offset_of_the_bar_takes_a_comma(rated: MainWindow) -> None:
    assert isinstance(rated.desk.transport.offset, DecimalBox)


def test_arrows_in_the_offset_change_it_and_escape_forgets_what_was_typed(
    rated: MainWindow, qtbot: QtBot
) -> None:
    desk, box = rated.desk, rated.desk.transport.offset
    before, speed = desk.player.offset_s, desk.player.speed
    click(qtbot, box)
    strike(rated, Qt.Key.Key_Up)
    assert desk.player.offset_s == pytest.approx(round(before, 3) + 0.01, abs=2e-3)
    assert desk.player.speed == speed
    now = desk.player.offset_s
    box.selectAll()
    write(rated, "3.5")
    strike(rated, Qt.Key.Key_Escape)
    assert desk.player.offset_s == now
    assert not box.hasFocus()
    assert (rated.state.item, rated.state.side) == (3, Side.LEFT)


@pytest.mark.parametrize("enter", ENTERS)
def test_return_in_the_name_of_the_rater_takes_it(enter: Qt.Key, rated: MainWindow, qtbot: QtBot) -> None:
    field = rated.desk.evgs.rater
    click(qtbot, field)
    field.selectAll()
    write(rated, "MKX")
    strike(rated, enter)
    assert rated.state.settings.rater == "MKX"
    assert (rated.state.item, rated.state.side) == (3, Side.LEFT)
    click(qtbot, field)
    write(rated, "Y")
    strike(rated, Qt.Key.Key_Escape)
    assert (field.text(), rated.state.settings.rater) == ("MKX", "MKX")


def test_the_star_of_unsaved_edits_stands_after_the_subject(rated: MainWindow) -> None:
    document = rated.state.kept
    rated.state.edit(replace(document, texts=Texts(plan="Again in spring")), "Write a plan")
    assert rated.isWindowModified()  # nothing was saved between: that takes a turn of the event loop
    title = rated.windowTitle()
    assert "[*] – GaitViewer" in title
    assert title.startswith(rated.state.document.session.subject.pseudonym)
    assert title.count("GaitViewer") == 1
