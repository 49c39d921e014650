"""A name that looks like markup is shown as it is written, and opens nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QLabel, QMessageBox, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

import gaitviewer
from gaitviewer.gui.dialogs.failure import FailureDialog
from gaitviewer.gui.dialogs.question import QuestionDialog
from gaitviewer.gui.widgets.plain import plain_tip

PURPLE = "#ff00ff"


@pytest.fixture
def name(tmp_path: Path) -> str:
    """A pseudonym that rich text would show as a picture from a file."""
    image = QImage(60, 60, QImage.Format.Format_RGB32)
    image.fill(QColor(PURPLE))
    assert image.save(str(tmp_path / "picture.png"))
    return f"<img src='{tmp_path / 'picture.png'}'>"


def shows_the_file(label: QWidget) -> bool:
    image = label.grab().toImage()
    return any(
        image.pixelColor(x, y) == QColor(PURPLE) for x in range(image.width()) for y in range(image.height())
    )


def test_rich_text_would_open_the_file(qtbot: QtBot, name: str) -> None:
    label = QLabel(name)
    qtbot.addWidget(label)
    assert shows_the_file(label)


def test_dialogs_show_a_name_as_it_is(qtbot: QtBot, name: str) -> None:
    question = QuestionDialog("Delete", f"{name} is deleted", ())
    failure = FailureDialog("Delete", f"{name} cannot be deleted", f"details of {name}")
    for dialog in (question, failure):
        qtbot.addWidget(dialog)
        dialog.show()
        assert name in dialog.text()
        assert not shows_the_file(dialog)
    (show,) = (
        b
        for b in failure.buttons()
        if failure.buttonRole(b) is QMessageBox.ButtonRole.ActionRole and b is not failure.copy_button
    )
    show.click()
    (details,) = failure.findChildren(QTextEdit)
    assert details.isVisible()
    assert name in details.toPlainText()
    assert not shows_the_file(failure)


def test_tooltips_show_a_name_as_it_is(name: str) -> None:
    assert plain_tip("walk 1, left") == "walk 1, left"
    assert "<img" not in plain_tip(name)
    assert "&lt;img" in plain_tip(name)


def test_labels_are_plain_everywhere() -> None:
    folder = Path(gaitviewer.__file__).parent / "gui"
    wrong = [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if path.name != "plain.py" and re.search(r"(?<!\w)QLabel\(", path.read_text())
    ]
    assert wrong == []
