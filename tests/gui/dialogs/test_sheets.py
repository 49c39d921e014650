"""Help, failure, settings, about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QTextEdit
from pytestqt.qtbot import QtBot

from gaitviewer.gui.dialogs.about import AboutDialog
from gaitviewer.gui.dialogs.failure import FailureDialog
from gaitviewer.gui.dialogs.help import HelpDialog
from gaitviewer.gui.dialogs.question import Answer, QuestionDialog
from gaitviewer.gui.dialogs.settings import SettingsDialog
from gaitviewer.gui.services.jobs import Jobs
from gaitviewer.gui.widgets.keys import load_keys
from gaitviewer.pose.models import added_names
from gaitviewer.workflow.app import settings
from tests.support.onnx_files import fixed_points_file


def test_the_sheet_lists_every_key_and_is_searched(qtbot: QtBot) -> None:
    dialog = HelpDialog()
    qtbot.addWidget(dialog)
    assert len(dialog.rows()) == len(load_keys())
    dialog.search.setText("goniometer")
    assert all(row.isHidden() for row in dialog.rows())
    dialog.search.setText("measure an angle")
    (row,) = [row for row in dialog.rows() if not row.isHidden()]
    assert row.text(1) == "G"


def test_a_key_is_changed_taken_from_its_owner_and_given_back(qtbot: QtBot) -> None:
    dialog = HelpDialog()
    qtbot.addWidget(dialog)
    row = next(row for row in dialog.rows() if row.text(0) == "Measure an angle")
    dialog.tree.setCurrentItem(row)
    dialog.editor.setKeySequence(QKeySequence("V"))
    assert dialog.clash.text() == (
        "Taken by: “Measure a line against the vertical” would lose it and has no key then."
    )
    assert dialog.change_button.text() == "Take this key over"
    with qtbot.waitSignal(dialog.keys_changed):
        qtbot.mouseClick(dialog.change_button, Qt.MouseButton.LeftButton)
    assert "lost it" in dialog.clash.text()
    assert dialog.change_button.text() == "Use this key"
    assert load_keys()["tool.goniometer"].keys == ("V",)
    assert load_keys()["tool.vertical"].keys == ()
    dialog.reset()
    assert load_keys()["tool.goniometer"].keys == ("G",)


def test_other_keys_of_both_actions_stay(qtbot: QtBot) -> None:
    dialog = HelpDialog()
    qtbot.addWidget(dialog)
    row = next(row for row in dialog.rows() if row.text(0) == "Previous stride")
    assert row.text(1) == "Shift+,  or  <"
    dialog.tree.setCurrentItem(row)
    dialog.editor.setKeySequence(QKeySequence("K"))
    assert "keeps Space" in dialog.clash.text()
    qtbot.mouseClick(dialog.change_button, Qt.MouseButton.LeftButton)
    assert load_keys()["player.previous_stride"].keys == ("K", "<")
    assert load_keys()["player.play"].keys == ("Space",)
    dialog.reset()


def test_a_failure_is_one_sentence_with_details_to_copy(qtbot: QtBot) -> None:
    dialog = FailureDialog("Analysing P001", "Nobody was found in side.mp4.", "Traceback: line 1")
    qtbot.addWidget(dialog)
    dialog.show()
    (details,) = dialog.findChildren(QTextEdit)
    assert not details.isVisible()
    dialog.copy_button.click()
    assert dialog.isVisible()
    assert QGuiApplication.clipboard().text() == "Nobody was found in side.mp4.\n\nTraceback: line 1"


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.shutdown()


def test_settings_are_written(qtbot: QtBot, jobs: Jobs) -> None:
    dialog = SettingsDialog(settings.Settings(), jobs)
    qtbot.addWidget(dialog)
    dialog.rater.setText("AB")
    dialog.hide_values.setChecked(True)
    dialog.memory.setValue(1024)
    with qtbot.waitSignal(dialog.chosen):
        dialog.accept()
    kept = settings.load()
    assert (kept.rater, kept.hide_until_graded, kept.memory_mb) == ("AB", True, 1024)


def test_a_pose_model_is_chosen_and_one_that_is_missing_is_added_from_its_file(
    qtbot: QtBot, jobs: Jobs, tmp_path: Path
) -> None:
    dialog = SettingsDialog(settings.Settings(), jobs)
    qtbot.addWidget(dialog)
    assert dialog.pose_model.currentData() == "best"
    assert not dialog.pose_model_problem.isHidden()
    assert "BlazePose heavy is not here" in dialog.pose_model_problem.text()
    other = tmp_path / "other.tflite"
    other.write_bytes(b"TFL3")
    dialog.take_pose_model(other)
    qtbot.waitUntil(lambda: "no pose model that this program knows" in dialog.problem.text(), timeout=60_000)
    dialog.pose_model.setCurrentIndex(dialog.pose_model.findData("full"))
    dialog.accept()
    assert settings.load().pose_model == "full"


def test_a_pose_model_of_ones_own_is_picked_tried_chosen_and_removed(
    qtbot: QtBot, jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = fixed_points_file(
        tmp_path / "mine.onnx", np.full((17, 2), 9.0, np.float32), width=48, height=64, bins=2
    )
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(good.read_bytes()[:500])
    picked = iter([str(damaged), str(good)])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (next(picked), ""))
    dialog = SettingsDialog(settings.Settings(), jobs)
    qtbot.addWidget(dialog)
    dialog.open()
    assert not dialog.remove_pose_model.isVisible()
    qtbot.mouseClick(dialog.add_pose_model, Qt.MouseButton.LeftButton)
    assert not dialog.add_pose_model.isEnabled()
    qtbot.waitUntil(lambda: "damaged.onnx is damaged" in dialog.problem.text(), timeout=60_000)
    assert dialog.pose_model.currentData() == "best"
    qtbot.mouseClick(dialog.add_pose_model, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.pose_model.currentData() == "mine", timeout=60_000)
    assert "RTMPose, 17 points" in dialog.pose_model.currentText()
    assert "no heels" in dialog.pose_model_problem.text()
    dialog.accept()
    assert settings.load().pose_model == "mine"

    later = SettingsDialog(settings.load(), jobs)
    qtbot.addWidget(later)
    later.open()
    assert later.pose_model.currentData() == "mine"
    qtbot.mouseClick(later.remove_pose_model, Qt.MouseButton.LeftButton)
    assert later.pose_model.findData("mine") == -1
    assert not later.remove_pose_model.isVisible()
    assert added_names() == ()
    later.accept()
    assert settings.load().pose_model == "best"


def test_the_limits_are_said(qtbot: QtBot) -> None:
    assert QApplication.instance() is not None
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    assert "not a medical device" in dialog.disclaimer.text()


@pytest.mark.parametrize(
    ("main", "key", "done"),
    [
        (True, Qt.Key.Key_Return, ["copy"]),
        (True, Qt.Key.Key_Escape, []),
        (False, Qt.Key.Key_Return, []),  # what cannot be undone is not taken by mistake
        (False, Qt.Key.Key_Escape, []),
    ],
)
def test_return_takes_the_main_answer_and_escape_none(
    main: bool, key: Qt.Key, done: list[str], qtbot: QtBot
) -> None:
    ran: list[str] = []
    answers = (
        Answer("theirs", "Take the other one", lambda: ran.append("theirs")),
        Answer("copy", "Keep mine", lambda: ran.append("copy"), main=main),
    )
    dialog = QuestionDialog("Changed", "Both cannot be kept.", answers)
    dialog.open()
    qtbot.waitUntil(dialog.isVisible)
    gone = []
    dialog.finished.connect(gone.append)
    qtbot.keyClick(dialog, key)
    assert ran == done
    assert gone
