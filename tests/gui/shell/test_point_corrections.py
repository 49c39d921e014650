"""Keypoints are put right on the picture, by mouse and keys, and everything follows."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from gaitviewer.analysis.correction.points import LIMBS
from gaitviewer.core.gait import View
from gaitviewer.core.pose import Origin, PoseSequence
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.gui.canvas.video_canvas import VideoCanvas
from gaitviewer.gui.shell.main_window import MainWindow
from tests.support.libraries import stored

KNEE = int(Keypoint.RIGHT_KNEE)
PLAIN = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def frame(reviewed: MainWindow, qtbot: QtBot) -> int:
    """A frame in the midst of the first pass of the side view is shown."""
    reviewed.resize(1400, 900)
    motion = reviewed.state.motion
    assert motion is not None
    seen = motion.views.sagittal
    assert seen is not None
    number = (seen.passes[0].start + seen.passes[0].stop) // 2
    desk = reviewed.desk
    desk.player.go_to_frame(View.SAGITTAL, number)
    qtbot.waitUntil(lambda: desk.views.canvases.sagittal.painted_frame == number, timeout=20_000)
    reviewed.activateWindow()
    qtbot.waitUntil(reviewed.isActiveWindow)
    return number


def canvas_of(window: MainWindow) -> VideoCanvas:
    return window.desk.views.canvases.sagittal


def place_of(window: MainWindow, point: int) -> QPoint:
    points = canvas_of(window).scene().points
    assert points is not None
    return QPointF(*points[point]).toPoint()


def pose_of(window: MainWindow) -> PoseSequence:
    data = window.state.trial
    assert data is not None
    pose = data.poses.sagittal
    assert pose is not None
    return pose


def choose(window: MainWindow, point: int) -> None:
    QTest.mouseClick(canvas_of(window), LEFT, PLAIN, place_of(window, point))
    assert window.desk.points.editors[View.SAGITTAL].point == point


def drag(window: MainWindow, point: int, by: QPoint, held: Qt.KeyboardModifier = PLAIN) -> None:
    canvas, start = canvas_of(window), place_of(window, point)
    QTest.mousePress(canvas, LEFT, held, start)
    QTest.mouseMove(canvas, start + by / 2)
    QTest.mouseMove(canvas, start + by)
    QTest.mouseRelease(canvas, LEFT, held, start + by)


def test_a_chosen_point_is_dragged_and_all_follows(reviewed: MainWindow, frame: int, qtbot: QtBot) -> None:
    before, measures = pose_of(reviewed), reviewed.state.measures
    choose(reviewed, KNEE)
    drag(reviewed, KNEE, QPoint(30, -10))
    pose = pose_of(reviewed)
    moved = pose.xy[frame, KNEE] - canvas_of(reviewed).scene().content.pose.xy[frame, KNEE]  # type: ignore[union-attr]
    assert np.abs(moved).max() < 1e-3  # it is drawn where it was put at once
    scale = canvas_of(reviewed).placement.scale
    assert pose.xy[frame, KNEE] - before.xy[frame, KNEE] == pytest.approx(np.array([30, -10]) / scale, abs=3.0)
    assert pose.origin[frame, KNEE] == Origin.CORRECTED
    assert reviewed.state.history.undo_titles[0] == "Move the right knee"
    assert "Move the right knee" in reviewed.actions_by_name["edit.undo"].text()
    qtbot.waitUntil(lambda: reviewed.state.measures is not measures, timeout=30_000)
    qtbot.waitUntil(lambda: reviewed.state.is_saved, timeout=30_000)
    saved = stored("walk1").trials[0].poses.sagittal
    assert saved is not None
    assert np.array_equal(saved.xy[frame, KNEE], pose.xy[frame, KNEE])
    reviewed.actions_by_name["edit.undo"].trigger()
    assert np.array_equal(pose_of(reviewed).xy, before.xy, equal_nan=True)


def test_a_point_that_was_not_chosen_is_not_dragged(reviewed: MainWindow, frame: int) -> None:
    before = pose_of(reviewed)
    drag(reviewed, KNEE, QPoint(30, 0))
    assert pose_of(reviewed) is before


def test_arrow_keys_nudge_and_escape_gives_them_back(reviewed: MainWindow, frame: int, qtbot: QtBot) -> None:
    choose(reviewed, KNEE)
    canvas = canvas_of(reviewed)
    x, y = canvas.scene().content.pose.xy[frame, KNEE]  # type: ignore[union-attr]
    window = reviewed.windowHandle()
    for _ in range(3):
        QTest.keyClick(window, Qt.Key.Key_Right)
    QTest.keyClick(window, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.frame == frame
    assert pose_of(reviewed).xy[frame, KNEE] == pytest.approx([x + 3, y - 10], abs=1e-3)
    assert len(reviewed.state.history.undo_titles) == 1  # one step, however many keys
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert reviewed.desk.points.editors[View.SAGITTAL].point is None
    QTest.keyClick(window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: canvas.frame == frame + 1, timeout=10_000)
    assert len(reviewed.state.history.undo_titles) == 1


def test_control_moves_the_limb_and_with_shift_the_skeleton(reviewed: MainWindow, frame: int) -> None:
    choose(reviewed, KNEE)
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    drag(reviewed, KNEE, QPoint(12, 0), control)
    moved = pose_of(reviewed).origin[frame] == Origin.CORRECTED
    assert tuple(np.flatnonzero(moved)) == tuple(sorted(LIMBS["right leg"]))
    drag(reviewed, KNEE, QPoint(12, 0), control | shift)
    assert (pose_of(reviewed).origin[frame] == Origin.CORRECTED).all()


def entries(menu: QMenu) -> dict[str, object]:
    return {action.text(): action for action in menu.actions() if action.text()}


def test_the_menu_of_a_point_does_what_it_says(reviewed: MainWindow, frame: int) -> None:
    choose(reviewed, KNEE)
    points = reviewed.desk.points

    def do(name: str) -> None:
        menu = points.menu(View.SAGITTAL, (100.0, 120.0))
        entries(menu)[name].trigger()  # type: ignore[attr-defined]

    assert not entries(points.menu(View.SAGITTAL, (0.0, 0.0)))["Restore the estimate"].isEnabled()  # type: ignore[attr-defined]
    before = pose_of(reviewed)
    do("Not in the picture")
    assert pose_of(reviewed).origin[frame, KNEE] == Origin.ABSENT
    do("As in the frame before")
    assert pose_of(reviewed).origin[frame, KNEE] == Origin.CORRECTED
    do("Restore the estimate")
    assert pose_of(reviewed) is before
    exchanges = entries(points.menu(View.SAGITTAL, (0.0, 0.0)))["Exchange left and right"].menu()  # type: ignore[attr-defined]
    entries(exchanges)["In this frame"].trigger()  # type: ignore[attr-defined]
    assert (pose_of(reviewed).origin[frame] == Origin.EXCHANGED).sum() >= 10
    assert (pose_of(reviewed).origin[frame + 1] == Origin.ESTIMATED).all()
    reviewed.state.undo()
    do("Interpolate between corrected frames around here")
    assert "Correct at least two frames" in reviewed.desk.banner.words.text()


def test_a_point_is_put_where_there_is_none(reviewed: MainWindow, frame: int) -> None:
    menu = reviewed.desk.points.menu(View.SAGITTAL, (100.0, 120.0))
    here = entries(menu)["Put here"].menu()  # type: ignore[attr-defined]
    side = entries(here)["left"].menu()  # type: ignore[attr-defined]
    entries(side)["left heel"].trigger()  # type: ignore[attr-defined]
    assert pose_of(reviewed).xy[frame, int(Keypoint.LEFT_HEEL)].tolist() == [100.0, 120.0]
    assert reviewed.desk.points.editors[View.SAGITTAL].point == int(Keypoint.LEFT_HEEL)
