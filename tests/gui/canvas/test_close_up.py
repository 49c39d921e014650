"""The close-up of an evidence jump: how long it stays, and what is shown of items without evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gaitviewer.core.document import KeyImage
from gaitviewer.core.gait import Side, View
from gaitviewer.gui.shell.main_window import MainWindow


@pytest.fixture
def closed_in(reviewed: MainWindow) -> MainWindow:
    """The side view closed in on the evidence of peak knee flexion."""
    reviewed.state.select(11, Side.RIGHT)
    assert reviewed.desk.views.canvases.sagittal.placement.automatic
    return reviewed


@pytest.mark.parametrize("item", [4, 5, 8])
def test_an_item_without_evidence_shows_both_pictures_whole_at_mid_stance(
    closed_in: MainWindow, item: int
) -> None:
    views, state = closed_in.desk.views, closed_in.state
    state.select(item, Side.LEFT)
    assert state.evidence is None
    assert all(canvas.placement.fitted for canvas in views.canvases_there)
    player = closed_in.desk.player
    own = player.track(View.CORONAL).own_time(player.shown(View.CORONAL))
    strides = [s for s in state.motion.views.coronal.strides if s.side is Side.LEFT and s.counts]
    assert min(abs(stride.mid_stance_s - own) for stride in strides) < 0.04
    assert all(s.start_s < s.mid_stance_s < s.toe_off_s for s in strides)
    assert views.active_view is View.CORONAL


def test_a_close_up_ends_when_one_moves_in_time(closed_in: MainWindow, qtbot: QtBot) -> None:
    canvas = closed_in.desk.views.canvases.sagittal
    qtbot.keyClick(closed_in, Qt.Key.Key_Period)
    assert canvas.placement.fitted


def test_a_close_up_ends_at_a_key_image(closed_in: MainWindow) -> None:
    state = closed_in.state
    image = KeyImage("t1", View.CORONAL, 3, float(state.trial.trial.videos.coronal.info.times[3]))
    state.edit(replace(state.document, key_images=(image,)), "add")
    closed_in.actions_by_name["player.previous_key_image"].trigger()
    assert closed_in.desk.views.canvases.sagittal.placement.fitted


def test_a_zoom_made_by_hand_stays_when_one_moves_in_time(closed_in: MainWindow, qtbot: QtBot) -> None:
    canvas = closed_in.desk.views.canvases.sagittal
    canvas.zoom(1.0)
    by_hand = canvas.placement
    assert not by_hand.automatic
    qtbot.keyClick(closed_in, Qt.Key.Key_Right)
    assert canvas.placement == by_hand


def test_a_close_up_stays_one_when_the_view_gets_another_size(closed_in: MainWindow) -> None:
    canvas = closed_in.desk.views.canvases.sagittal
    canvas.resize(canvas.width() - 20, canvas.height())
    assert canvas.placement.automatic
