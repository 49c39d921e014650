"""The bar below the pictures: what it says of the offset, of frames and of the gait cycle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QSlider, QToolButton, QWidget
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
    assert bar.estimate.isHidden()
    bar.offset.setValue(found.offset_s + 0.1)
    qtbot.waitUntil(lambda: state.motion.sync.source == "given", timeout=60_000)
    assert told in bar.estimate_words.text()
    assert told in bar.estimate.toolTip()
    assert bar.estimate.isVisible()


def test_a_doubtful_offset_is_seen_without_pointing_at_anything(reviewed: MainWindow) -> None:
    bar, state = reviewed.desk.transport, reviewed.state
    (motion,) = state.measures.motions
    sync = replace(motion.sync, exchanged_s=1.16)
    state.set_measures(
        replace(state.measures, motions=(replace(motion, sync=sync, estimate=sync),)), state.document
    )
    assert theme.palette().warning in bar.estimate_words.styleSheet()
    before = theme.palette().warning
    reviewed.next_theme()
    reviewed.next_theme()
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


def parts_of(bar: QWidget) -> list[QWidget]:
    """What is seen in the bar, from left to right."""
    row = bar.layout()
    widgets = [row.itemAt(n).widget() for n in range(row.count())]
    return [widget for widget in widgets if widget is not None and widget.isVisible()]


@pytest.mark.parametrize("own", [False, True])
def test_nothing_of_the_bar_overlaps_or_is_cut_off(
    own: bool, loose: TransportBar, reviewed: MainWindow, qtbot: QtBot
) -> None:
    bar = loose
    if own:
        bar.offset_asked.emit(reviewed.desk.player.offset_s + 0.1)
        qtbot.waitUntil(lambda: reviewed.state.motion.sync.source == "given", timeout=60_000)
    reviewed.desk.player.go_to(reviewed.state.motion.views.sagittal.strides[0].start_s + 0.5)
    for width in (320, 400, 433, 470, 512, 560, 640, 720, 788, 850, 911, 1149, 1150, 1400):
        bar.resize(width, 30)
        bar._show_now()
        qtbot.wait(10)
        assert bar.width() == width
        assert bar.minimumSizeHint().width() <= 320
        seen = parts_of(bar)
        for left, right in pairwise(seen):
            assert left.geometry().right() < right.geometry().left(), width
        assert seen[-1].geometry().right() <= width
        for widget in seen:
            whole = widget.minimumSizeHint() if isinstance(widget, QLabel) else widget.minimumSize()
            assert widget.width() >= whole.width(), (width, widget.objectName())
        there = {button.defaultAction() for button in seen if isinstance(button, QToolButton)}
        there |= set(bar.more.menu().actions())
        names = {name for name, action in reviewed.actions_by_name.items() if action in there}
        assert {"player.start", "player.play", "player.next_event", "player.every_frame"} <= names
        words = {action.text() for action in bar.more.menu().actions()}
        assert bar.more.isHidden() == (not words)
        assert (bar.estimate in seen or "Use the estimated offset" in words) == own
        assert bar.cycle in seen or "A tenth of the gait cycle on" in words
        assert bar.speed in seen or "Slower" in words


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
    player.go_to(reviewed.state.motion.views.sagittal.strides[0].start_s + 0.3)
    time_s = player.time_s
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        bar.more.setFocus(Qt.FocusReason.TabFocusReason)

        def choose() -> None:
            menu = bar.more.menu()  # the bar makes a new one when it is arranged anew
            if not menu.isVisible():
                QTimer.singleShot(50, choose)
                return
            words = [action.text() for action in menu.actions()]
            for _ in range(words.index("A tenth of the gait cycle on") + 1):
                QTest.keyClick(menu, Qt.Key.Key_Down)
            QTest.keyClick(menu, Qt.Key.Key_Return)

        QTimer.singleShot(100, choose)
        QTest.keyClick(reviewed.windowHandle(), key)
        qtbot.waitUntil(lambda before=time_s: player.time_s > before, timeout=5000)
        time_s = player.time_s
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
