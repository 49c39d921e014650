"""Choices of a user are in the settings alone; the window's own file keeps places and sizes."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QSettings

from gaitviewer.errors import OutputError
from gaitviewer.gui.model.window_file import open_window_file, window_file
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.messages import message
from gaitviewer.workflow.app import settings
from gaitviewer.workflow.app.settings import Settings


def _old_file(**changed: str) -> None:
    window_file().parent.mkdir(parents=True, exist_ok=True)
    places = QSettings(str(window_file()), QSettings.Format.IniFormat)
    values = {
        "window/theme": "dark",
        "report/paper": "Letter",
        "report/anonymous": "true",
        "report/left_out": "strides method",
        "report/folder": "/somewhere",
    }
    for name, value in (values | changed).items():
        places.setValue(name, value)
    places.sync()


def test_choices_of_an_earlier_version_are_taken_over_once(qapp: Any) -> None:
    settings.save(Settings(rater="AB", theme="light"))
    _old_file()
    places = open_window_file()
    left_out = ("method", "strides")
    assert settings.load() == Settings(
        "Letter", rater="AB", theme="dark", report_anonymous=True, report_left_out=left_out
    )
    assert places.allKeys() == ["report/folder"]
    settings.save(Settings(theme="light"))
    open_window_file()
    assert settings.load() == Settings(theme="light")


def test_damaged_choices_are_left_behind(qapp: Any) -> None:
    _old_file(**{"window/theme": "pink", "report/paper": ""})
    open_window_file()
    assert settings.load() == Settings(report_anonymous=True, report_left_out=("method", "strides"))


def test_choices_stay_where_they_were_if_the_settings_cannot_be_written(
    qapp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _old_file()

    def full(*_: object) -> None:
        raise OutputError(message("error.output.no_room", path="settings.toml"))

    with monkeypatch.context() as patch:
        patch.setattr(settings, "save", full)
        assert open_window_file().contains("window/theme")
    open_window_file()
    assert settings.load().theme == "dark"


def test_the_window_keeps_its_theme_in_the_settings(qtbot: Any) -> None:
    window = MainWindow()
    qtbot.addWidget(window)
    before = window.state.settings.theme
    for wanted in ("light", "dark", "system"):
        window.actions_by_name["window.theme"].trigger()
        assert settings.load().theme == wanted
    assert before == "system"
    window.close()
    assert "theme" not in window_file().read_text(encoding="utf-8")
