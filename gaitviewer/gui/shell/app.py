"""The program with its window: application, theme, crash messages, first window."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from gaitviewer.gui.model.window_file import open_window_file
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.gui.widgets import theme, translation
from gaitviewer.workflow.app import settings


def display_there() -> bool:
    """Whether a window could be shown."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def make_application() -> QApplication:
    """The application, dressed as the user chose."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("gaitviewer")
    app.setApplicationDisplayName("GaitViewer")
    app.setDesktopFileName("gaitviewer")
    open_window_file()  # what an earlier version kept there goes into the settings first
    theme.apply(app, theme.Choice(settings.load().theme))
    translation.install(app)
    app.setWindowIcon(theme.icon("app", "accent"))
    return app


def run(*, session_id: str = "", library: Path | None = None, demo: bool = False) -> int:
    """Show the window until it is closed.

    Args:
        session_id: a session to open at once, "" for the list.
        library: library file; by default the user's own.
        demo: open the demo session, made where there is none.

    Returns:
        The exit code.
    """
    from gaitviewer.workflow.app import logs

    app = make_application()
    window = MainWindow(library=library)
    logs.start(show=lambda sentence: window.crashed.emit(sentence))
    window.show()
    if session_id:
        QTimer.singleShot(0, lambda: window.services.sessions.open(session_id))
    elif demo:
        QTimer.singleShot(0, window.services.sessions.make_demo)
    return app.exec()
