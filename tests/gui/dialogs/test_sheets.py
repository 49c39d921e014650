"""Help, failure, settings, about."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QApplication, QTextEdit
from pytestqt.qtbot import QtBot

from gaitviewer.gui.dialogs.about import AboutDialog
from gaitviewer.gui.dialogs.failure import FailureDialog
from gaitviewer.gui.dialogs.help import HelpDialog
from gaitviewer.gui.dialogs.question import Answer, QuestionDialog
from gaitviewer.gui.dialogs.settings import SettingsDialog
from gaitviewer.gui.widgets.keys import load_keys
from gaitviewer.inference.ask import Device
from gaitviewer.workflow.app import settings


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


def test_settings_are_written(qtbot: QtBot) -> None:
    dialog = SettingsDialog(settings.Settings())
    qtbot.addWidget(dialog)
    dialog.rater.setText("AB")
    dialog.hide_values.setChecked(True)
    dialog.memory.setValue(1024)
    with qtbot.waitSignal(dialog.chosen):
        dialog.accept()
    kept = settings.load()
    assert (kept.rater, kept.hide_until_graded, kept.memory_mb) == ("AB", True, 1024)


def test_models_compute_where_they_are_told_and_a_device_that_is_gone_is_said(qtbot: QtBot) -> None:
    dialog = SettingsDialog(settings.Settings(model_device="cuda:1", default_models=("severity-9",)))
    qtbot.addWidget(dialog)
    dialog.show_devices((Device("cpu", "a processor", 16 * 10**9), Device("cuda:0", "a card", 0)))
    names = [dialog.device.itemText(row) for row in range(dialog.device.count())]
    assert names == ["cpu: a processor, 16 GB", "cuda:0: a card", "cuda:1 (not here)"]
    assert dialog.device.currentData() == "cuda:1"
    dialog.device.setCurrentIndex(1)
    dialog.precision.setCurrentIndex(1)
    dialog.ask_after.setChecked(True)
    dialog.accept()
    kept = settings.load()
    assert (kept.model_device, kept.model_precision, kept.ask_after_analysis) == ("cuda:0", "bf16", True)
    assert kept.default_models == ("severity-9",)


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
