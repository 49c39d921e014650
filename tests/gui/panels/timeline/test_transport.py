"""The bar below the pictures: what it says of the offset, of frames and of the gait cycle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QSlider, QToolButton, QWidget, QWidgetAction
from pytestqt.qtbot import QtBot

from gaitviewer.gui.panels.timeline.transport import TransportBar
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.gui.widgets import theme


def test_the_estimate_and_how_sure_it_is_stay_beside_an_offset_set_by_hand(
    reviewed: MainWindow, qtbot: QtBot
) -> None:
    bar, state = reviewed.desk.transport, reviewed.state
    found = state.motion.sync
    told = f"{found.offset_s:.3f} ± {found.sigma_s:.3f} s"
    assert told in bar.estimate_words.text()
    assert not bar.estimate.isVisible()
    bar.offset.setValue(found.offset_s + 0.1)
    qtbot.waitUntil(lambda: state.motion.sync.source == "given", timeout=60_000)
    assert told in bar.estimate_words.text()
    assert told in bar.estimate.toolTip()
    assert bar.estimate.isVisible()


def test_a_doubtful_offset_is_seen_without_pointing_at_anything(reviewed: MainWindow) -> None:
    bar, state = reviewed.desk.transport, reviewed.state
    (motion,) = state.measures.motions
    sync = replace(motion.sync, exchanged_s=1.16)
    state.set_measures(replace(state.measures, motions=(replace(motion, sync=sync, estimate=sync),)))
    assert theme.palette().warning in bar.estimate_words.styleSheet()
    before = theme.palette().warning
    reviewed.actions_by_name["window.theme"].trigger()
    reviewed.actions_by_name["window.theme"].trigger()
    assert theme.palette().warning != before
    assert theme.palette().warning in bar.estimate_words.styleSheet()


def test_colours_of_the_bar_are_not_those_of_its_tooltips(reviewed: MainWindow) -> None:
    bar = reviewed.desk.transport
    for label in (bar.sync, bar.estimate_words):
        assert label.styleSheet().startswith(f"#{label.objectName()} {{")


def test_outside_strides_the_cycle_is_not_where_it_was(reviewed: MainWindow) -> None:
    bar, player = reviewed.desk.transport, reviewed.desk.player
    strides = reviewed.state.motion.views.sagittal.strides
    player.go_to(strides[0].start_s + 0.4)
    bar._show_now()
    assert bar.cycle.isEnabled()
    assert bar.cycle.value() > 0
    player.go_to(max(stride.stop_s for stride in strides) + 0.2)
    bar._show_now()
    assert not bar.cycle.isEnabled()
    assert bar.cycle.value() == 0
    assert bar.percent.text() == "–"


@pytest.fixture
def loose(reviewed: MainWindow, qtbot: QtBot) -> Iterator[TransportBar]:
    """The bar out of the layout of the window, where it can have any width."""
    bar = reviewed.desk.transport
    holder = QWidget()
    qtbot.addWidget(holder)
    holder.resize(1500, 60)
    bar.setParent(holder)
    holder.show()
    bar.show()
    yield bar
    bar.setParent(reviewed.desk)


def test_frames_are_named_in_words_where_there_is_room(loose: TransportBar) -> None:
    assert "side" in loose.now.toolTip()
    assert "front" in loose.now.toolTip()
    loose.resize(1300, 30)
    assert "side" in loose.now.text()
    assert " · front" in loose.now.text()
    loose.resize(700, 30)
    assert loose.estimate_words.isHidden()
    assert loose.estimate_words.toolTip() in loose.offset.toolTip()
    loose.resize(900, 30)
    assert loose.estimate_words.isVisible()
    assert "side" not in loose.now.text()


def parts_of(bar: TransportBar) -> list[QWidget]:
    """What is seen in the bar, from left to right."""
    row = bar.layout()
    beside = [row.itemAt(n).widget() for n in range(1, row.count())]
    within = [bar.bar.widgetForAction(action) for action in bar.bar.actions()]
    return [widget for widget in (*within, bar.more, *beside) if widget is not None and widget.isVisible()]


@pytest.mark.parametrize("own", [False, True])
def test_nothing_of_the_bar_overlaps_or_is_cut_off(
    own: bool, loose: TransportBar, reviewed: MainWindow, qtbot: QtBot
) -> None:
    bar = loose
    if own:
        bar.offset_asked.emit(reviewed.desk.player.offset_s + 0.1)
        qtbot.waitUntil(lambda: reviewed.state.motion.sync.source == "given", timeout=60_000)
    reviewed.desk.player.go_to(reviewed.state.motion.views.sagittal.strides[0].start_s + 0.5)
    in_menus = {action for menu in reviewed.menus.values() for action in menu.actions()}
    for width in (360, 400, 433, 470, 512, 560, 640, 720, 788, 850, 911, 1149, 1150, 1400):
        bar.resize(width, 34)
        bar._show_now()
        qtbot.wait(10)
        assert bar.width() == width
        assert bar.minimumSizeHint().width() <= 360
        seen = parts_of(bar)
        for left, right in pairwise(seen):
            ends = left.mapTo(bar, QPoint(left.width() - 1, 0)).x()
            assert ends < right.mapTo(bar, QPoint(0, 0)).x(), (width, left.objectName(), right.objectName())
        assert seen[-1].mapTo(bar, QPoint(seen[-1].width() - 1, 0)).x() < width
        for widget in seen:
            whole = widget.minimumSizeHint() if isinstance(widget, QLabel) else widget.minimumSize()
            assert widget.width() >= whole.width(), (width, widget.objectName())
        there = {button.defaultAction() for button in seen if isinstance(button, QToolButton)}
        assert {reviewed.actions_by_name["player.step_back"], reviewed.actions_by_name["player.play"]} <= there
        assert {bar.now, bar.sync, bar.offset} <= set(seen)
        gone = [
            one for one in bar.bar.actions() if one.isVisible() and bar.bar.widgetForAction(one) not in seen
        ]
        assert bar.more.isVisible() == bool(gone)
        offered = [one for one in gone if not isinstance(one, QWidgetAction)]
        assert bool(offered) == bool(gone)  # the menu is never empty
        assert set(offered) <= set(bar.more.menu().actions()) if gone else True
        assert {one for one in offered if one is not bar.estimate} <= in_menus
        assert bar.estimate.isVisible() == own
    # What a control of the bar does is in the menus, too, for when it has no room.
    titles = {action.text() for action in in_menus}
    assert {"Slower", "A tenth of the gait cycle on", "Use the estimated offset"} <= titles


def test_the_gait_cycle_and_the_estimate_are_in_the_menus(reviewed: MainWindow, qtbot: QtBot) -> None:
    desk, actions = reviewed.desk, reviewed.actions_by_name
    stride = reviewed.state.motion.views.sagittal.strides[0]
    desk.player.go_to(stride.start_s + 0.3 * stride.duration_s)
    desk.transport._show_now()
    held, before = desk.stride_at(desk.player.time_s), desk.player.time_s
    actions["player.cycle_on"].trigger()
    assert abs(desk.player.time_s - before - 0.1 * held.duration_s) < 0.01
    assert not actions["player.use_estimate"].isEnabled()
    found = desk.player.offset_s
    desk.transport.offset_asked.emit(found + 0.1)
    assert actions["player.use_estimate"].isEnabled()
    assert desk.player.offset_s == pytest.approx(found + 0.1)
    actions["player.use_estimate"].trigger()
    qtbot.waitUntil(lambda: desk.player.offset_s == pytest.approx(found), timeout=60_000)


def test_in_a_small_window_the_rest_is_in_a_menu_within_reach_of_the_keys(
    reviewed: MainWindow, qtbot: QtBot
) -> None:
    reviewed.resize(900, 560)
    reviewed.desk.arrange("review")
    qtbot.wait(50)
    bar, player = reviewed.desk.transport, reviewed.desk.player
    assert bar.more.isVisible()
    assert bar.mapTo(reviewed, QPoint(bar.width(), 0)).x() < reviewed.width()
    reviewed.activateWindow()
    qtbot.waitUntil(reviewed.isActiveWindow)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        bar.more.setFocus(Qt.FocusReason.TabFocusReason)

        def choose() -> None:
            menu = bar.more.menu()
            if not menu.isVisible():
                QTimer.singleShot(50, choose)
                return
            there = [action for action in menu.actions() if action.isVisible()]
            for _ in range(there.index(reviewed.actions_by_name["player.loop"]) + 1):
                QTest.keyClick(menu, Qt.Key.Key_Down)
            QTest.keyClick(menu, Qt.Key.Key_Return)

        QTimer.singleShot(100, choose)
        before = player.loop is None
        QTest.keyClick(reviewed.windowHandle(), key)
        qtbot.waitUntil(lambda before=before: (player.loop is None) != before, timeout=5000)
    assert not player.playing


def test_a_click_beside_the_handle_goes_on_by_ten_per_cent(reviewed: MainWindow) -> None:
    bar, player = reviewed.desk.transport, reviewed.desk.player
    stride = reviewed.state.motion.views.sagittal.strides[0]
    player.go_to(stride.start_s + 0.2 * stride.duration_s)
    bar._show_now()
    before = player.time_s
    bar.cycle.triggerAction(QSlider.SliderAction.SliderPageStepAdd)
    held = reviewed.desk.stride_at(before)
    assert abs(player.time_s - before - 0.1 * held.duration_s) < 0.01


def test_a_stride_is_dragged_through_though_another_one_begins_meanwhile(
    reviewed: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar, player = reviewed.desk.transport, reviewed.desk.player
    strides = sorted(reviewed.state.motion.views.sagittal.strides, key=lambda s: s.start_s)
    held = strides[0]
    assert any(held.start_s + 0.05 < s.start_s < held.stop_s for s in strides)
    late = strides[::-1]
    monkeypatch.setattr(bar, "_stride_at", lambda now: next((s for s in late if s.start_s <= now), None))
    player.go_to(held.start_s + 0.01)
    bar._show_now()
    bar.cycle.setSliderDown(True)
    for share in (900, 950):
        bar.cycle.setSliderPosition(share)
        assert abs(player.time_s - held.start_s - share / 1000 * held.duration_s) < 0.01
    bar._show_now()
    assert bar.percent.text().endswith("95 %")
    bar.cycle.setSliderDown(False)


def test_the_distance_of_the_views_is_not_told_while_one_is_hidden(reviewed: MainWindow) -> None:
    bar, desk = reviewed.desk.transport, reviewed.desk
    desk.views.toggle_only()
    desk.player.step(3)
    bar._show_now()
    assert bar.sync.text() == "one view"
