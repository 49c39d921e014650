"""The bar below the pictures: what it says of the offset, of frames and of the gait cycle."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QSlider
from pytestqt.qtbot import QtBot

from gaitviewer.gui import theme
from gaitviewer.gui.main_window import MainWindow


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


def test_frames_are_named_in_words_where_there_is_room(reviewed: MainWindow) -> None:
    bar = reviewed.desk.transport
    assert "side" in bar.now.toolTip()
    assert "front" in bar.now.toolTip()
    bar.resize(1300, bar.height())
    assert "side" in bar.now.text()
    assert " · front" in bar.now.text()
    bar.resize(700, bar.height())
    assert bar.estimate_words.isHidden()
    assert bar.estimate_words.toolTip() in bar.offset.toolTip()
    bar.resize(900, bar.height())
    assert bar.estimate_words.isVisible()
    assert "side" not in bar.now.text()
    assert bar.minimumSizeHint().width() <= 911


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
