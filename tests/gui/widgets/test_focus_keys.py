"""A control that was reached by keyboard is worked by keyboard; a click leaves the keys to the window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from gaitviewer.core.gait import Side, View
from gaitviewer.gui.shell.main_window import MainWindow

Key = Qt.Key


def strike(window: MainWindow, *keys: Qt.Key) -> None:
    """Keys as they come from the keyboard: to the window, which gives them to what has the focus."""
    for key in keys:
        QTest.keyClick(window.windowHandle(), key)


def click(window: MainWindow, widget: QWidget) -> None:
    at = widget.mapTo(window, QPoint(min(10, widget.width() // 2), widget.height() // 2))
    QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


def tab_to(window: MainWindow, widget: QWidget, start: QWidget) -> None:
    """Walk there by Tab, as a hand does."""
    start.setFocus()
    for _ in range(60):
        if widget.hasFocus():
            return
        strike(window, Key.Key_Tab)
    raise AssertionError(f"Tab does not lead to {widget.objectName()}")


@pytest.fixture
def front(reviewed: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window in front, item 3 left selected, nothing playing."""
    reviewed.resize(1366, 768)
    reviewed.activateWindow()
    qtbot.waitUntil(reviewed.isActiveWindow)
    reviewed.state.select(3, Side.LEFT)
    reviewed.desk.player.pause()
    return reviewed


def selected(window: MainWindow) -> tuple[int | None, Side | None]:
    return window.state.item, window.state.side


def transport_button(window: MainWindow, name: str) -> QToolButton:
    action = window.actions_by_name[name]
    return next(b for b in window.desk.transport.findChildren(QToolButton) if b.defaultAction() is action)


@pytest.mark.parametrize("key", [Key.Key_Space, Key.Key_Return, Key.Key_Enter])
def test_a_tool_button_reached_by_tab_is_pressed_by_its_key(key: Qt.Key, front: MainWindow) -> None:
    loop, player = transport_button(front, "player.loop"), front.desk.player
    tab_to(front, loop, transport_button(front, "player.start"))
    strike(front, key)
    assert player.loop is not None
    assert not player.playing
    assert selected(front) == (3, Side.LEFT)
    strike(front, key)
    assert player.loop is None
    strike(front, Key.Key_Right)  # what the button has no use for does what it always does
    assert loop.hasFocus()


@pytest.mark.parametrize("key", [Key.Key_Space, Key.Key_Return])
def test_a_push_button_reached_by_tab_is_pressed_by_its_key(key: Qt.Key, front: MainWindow) -> None:
    panel = front.desk.evgs
    panel.detail.buttons[1].setFocus(Qt.FocusReason.TabFocusReason)
    strike(front, key)
    (grade,) = front.state.document.grades
    assert (grade.item, grade.side, grade.score) == (3, Side.LEFT, 1)
    assert selected(front) == (3, Side.LEFT)
    assert not front.desk.player.playing


def test_space_ticks_a_box_and_return_does_nothing_there(front: MainWindow) -> None:
    box = front.desk.evgs.blind
    box.setFocus(Qt.FocusReason.TabFocusReason)
    strike(front, Key.Key_Space)
    assert front.state.settings.hide_until_graded
    strike(front, Key.Key_Return)
    assert front.state.settings.hide_until_graded
    assert selected(front) == (3, Side.LEFT)
    assert not front.desk.player.playing


def test_a_combo_box_opens_and_chooses_by_its_keys(front: MainWindow, qtbot: QtBot) -> None:
    speed: QComboBox = front.desk.transport.speed
    tab_to(front, speed, transport_button(front, "player.end"))
    player, index = front.desk.player, speed.currentIndex()
    strike(front, Key.Key_Up)
    assert speed.currentIndex() == index - 1
    assert player.speed == speed.itemData(index - 1)
    for key in (Key.Key_Space, Key.Key_Return):
        strike(front, key)
        qtbot.waitUntil(speed.view().isVisible)
        QTest.keyClick(speed.view(), Key.Key_Down)
        QTest.keyClick(speed.view(), Key.Key_Return)
        qtbot.waitUntil(lambda: not speed.view().isVisible())
        assert player.speed == speed.currentData()
    assert speed.currentIndex() == index + 1
    assert speed.hasFocus()
    assert not player.playing
    assert selected(front) == (3, Side.LEFT)


def test_the_slider_of_the_gait_cycle_goes_by_its_keys(front: MainWindow) -> None:
    desk = front.desk
    cycle, player = desk.transport.cycle, desk.player
    stride = front.state.motion.views.sagittal.strides[0]
    player.go_to(stride.start_s + 0.4 * stride.duration_s)
    desk.transport._show_now()
    cycle.setFocus(Qt.FocusReason.TabFocusReason)
    before, value = player.time_s, cycle.value()
    strike(front, Key.Key_PageUp)
    assert player.time_s - before == pytest.approx(0.1 * stride.duration_s, rel=0.3)
    assert cycle.value() == pytest.approx(value + 100, abs=10)


def test_rows_of_evidence_are_gone_to_by_return(front: MainWindow) -> None:
    rows = front.desk.evgs.detail.evidence
    assert rows.count() > 0
    rows.setFocus(Qt.FocusReason.TabFocusReason)
    speed = front.desk.player.speed
    strike(front, Key.Key_Down, Key.Key_Up, Key.Key_Return)
    assert front.state.evidence == rows.item(0).data(Qt.ItemDataRole.UserRole)
    assert selected(front) == (3, Side.LEFT)
    assert front.desk.player.speed == speed


def test_a_click_on_a_button_leaves_space_to_playing(front: MainWindow, qtbot: QtBot) -> None:
    desk = front.desk
    player = desk.player
    desk.docks["key_images"].raise_()
    add = desk.panels["key_images"].add  # type: ignore[attr-defined]
    qtbot.waitUntil(add.isVisible)
    tools = front.toolbar.widgetForAction(front.actions_by_name["overlay.trails"])
    buttons: list[QAbstractButton] = [
        *(transport_button(front, "player.end"), transport_button(front, "player.loop")),
        *(tools, add, desk.evgs.blind, desk.evgs.detail.buttons[2]),
    ]
    for number, button in enumerate(buttons):
        desk.canvas.setFocus()
        click(front, button)
        assert not button.hasFocus(), button.text()
        strike(front, Key.Key_Space)
        assert player.playing, (number, button.text())
        strike(front, Key.Key_Space)
        assert not player.playing
    assert front.state.settings.hide_until_graded
    assert len(front.state.document.key_images) == 1
    strike(front, Key.Key_Return)
    assert selected(front) == (3, Side.RIGHT)


def test_a_clicked_button_gives_the_focus_back_and_a_field_has_kept_its_text(front: MainWindow) -> None:
    panel = front.desk.evgs
    panel.table.setFocus()
    click(front, panel.blind)
    assert panel.table.hasFocus()
    panel.rater.setFocus()
    panel.rater.selectAll()
    for letter in "MK":
        QTest.keyClick(front.windowHandle(), letter)
    click(front, panel.blind)
    assert front.state.settings.rater == "MK"
    strike(front, Key.Key_Space)
    assert front.desk.player.playing


def test_a_click_on_a_table_leaves_its_arrows_to_the_window(front: MainWindow, qtbot: QtBot) -> None:
    desk = front.desk
    desk.add_key_image()
    desk.player.go_to_frame(View.SAGITTAL, 3)
    desk.add_key_image()
    desk.docks["key_images"].raise_()
    table = desk.panels["key_images"].table  # type: ignore[attr-defined]
    qtbot.waitUntil(table.isVisible)
    desk.canvas.setFocus()
    first = table.visualItemRect(table.item(0, 0)).center()
    QTest.mouseClick(
        front.windowHandle(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        table.viewport().mapTo(front, first),
    )
    assert table.hasFocus()
    speed = desk.player.speed
    strike(front, Key.Key_Down)
    assert (table.currentRow(), desk.player.speed) == (0, pytest.approx(0.9 * speed, abs=0.1))
    desk.canvas.setFocus()
    table.setFocus(Qt.FocusReason.TabFocusReason)
    slower = desk.player.speed
    strike(front, Key.Key_Down)
    assert (table.currentRow(), desk.player.speed) == (1, slower)
    strike(front, Key.Key_Return)
    last = front.state.document.key_images[1]
    assert desk.player.shown(last.view) == last.frame


def test_controls_of_a_panel_that_floats_have_their_keys(front: MainWindow, qtbot: QtBot) -> None:
    dock = front.desk.docks["evgs"]
    dock.setFloating(True)
    box = front.desk.evgs.blind
    dock.activateWindow()
    qtbot.waitUntil(dock.isActiveWindow)
    box.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(dock.windowHandle(), Key.Key_Space)
    assert front.state.settings.hide_until_graded
    assert not front.desk.player.playing
    assert QApplication.focusWidget() is box


@pytest.mark.parametrize("floating", [False, True])
def test_the_keys_of_the_window_grade_in_the_score_table_docked_or_not(
    floating: bool, front: MainWindow, qtbot: QtBot
) -> None:
    desk, state = front.desk, front.state
    dock = desk.docks["evgs"]
    if floating:
        dock.setFloating(True)
        dock.activateWindow()
        qtbot.waitUntil(dock.isActiveWindow)
    desk.evgs.table.setFocus()
    there = dock.windowHandle() if floating else front.windowHandle()
    for key, score in ((Key.Key_2, 2), (Key.Key_0, 0), (Key.Key_N, None), (Key.Key_1, 1)):
        QTest.keyClick(there, key)
        assert [(g.item, g.side, g.score) for g in state.document.grades] == [(3, Side.LEFT, score)]
    QTest.keyClick(there, Key.Key_Delete)
    assert state.document.grades == ()
    QTest.keyClick(there, Key.Key_2, Qt.KeyboardModifier.KeypadModifier)
    assert [g.score for g in state.document.grades] == [2]
    QTest.keyClick(there, Key.Key_Return)
    assert selected(front) == (3, Side.RIGHT)
    QTest.keyClick(there, Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert selected(front) == (3, Side.LEFT)
    QTest.keyClick(there, Key.Key_S)
    assert selected(front) == (3, Side.RIGHT)


def test_a_key_of_what_cannot_be_done_now_finds_no_item_of_the_score_table(front: MainWindow) -> None:
    front.state.clear_selection()
    front.desk.evgs.table.setFocus()
    strike(front, Key.Key_1)
    assert selected(front) == (None, None)
    assert front.state.document.grades == ()
