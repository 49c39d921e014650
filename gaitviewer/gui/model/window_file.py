"""The file in which the window keeps places and sizes; what a user chooses is in the settings.

Earlier versions kept theme and choices of the report here, too: they are taken over into the settings once.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings

from gaitviewer import paths
from gaitviewer.errors import SettingsError, UserError
from gaitviewer.util import private

_log = logging.getLogger(__name__)


def window_file() -> Path:
    """Where places and sizes are kept."""
    return paths.config_dir() / "window.ini"


def open_window_file() -> QSettings:
    """Places and sizes, in a file for its owner alone; Qt keeps the rights of the file that is there."""
    with contextlib.suppress(OSError):  # a folder that cannot be written: nothing is kept
        private.make_folder(window_file().parent)
        private.touch(window_file())
    places = QSettings(str(window_file()), QSettings.Format.IniFormat)
    _take_over(places)
    return places


def _take_over(places: QSettings) -> None:
    old = {
        "window/theme": lambda value: {"theme": value},
        "report/paper": lambda value: {"paper": value} if value else {},
        "report/anonymous": lambda value: {"report_anonymous": value == "true"},
        "report/left_out": lambda value: {"report_left_out": tuple(sorted(value.split()))},
    }
    there = [name for name in old if places.contains(name)]
    if not there:
        return
    from gaitviewer.workflow.app import settings

    chosen = settings.load()
    for name in there:
        values: dict[str, Any] = old[name](str(places.value(name) or ""))
        with contextlib.suppress(SettingsError):  # damaged: as if nothing had been chosen
            chosen = settings.change(chosen, **values)
    try:
        settings.save(chosen)
    except UserError as error:
        _log.warning("what was chosen in an earlier version was not taken over: %s", error)
        return
    for name in there:
        places.remove(name)
    places.sync()
