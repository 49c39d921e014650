"""How long the first window takes against a bare one, and closing it, and cancelling work.

Each start is a process of its own, offscreen; the fastest of several, warm.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from gaitviewer.core.document import Document
from gaitviewer.store import open_library

pytestmark = pytest.mark.benchmark

FIRST_WINDOW_S = 1.0

_WAIT = """
    window.show()
    while not window.windowHandle().isExposed():
        app.processEvents()
    app.processEvents()
    print(time.perf_counter() - began)
    window.close()
"""
_OURS = (
    """
    import time
    began = time.perf_counter()
    from gaitviewer.gui.shell.app import make_application
    from gaitviewer.gui.shell.main_window import MainWindow
    app = make_application()
    window = MainWindow()
"""
    + _WAIT
)
_BARE = (
    """
    import time
    began = time.perf_counter()
    from PySide6.QtWidgets import QApplication, QMainWindow
    app = QApplication([])
    window = QMainWindow()
"""
    + _WAIT
)


def _start(code: str, home: Path, *, times: int = 5) -> float:
    """Seconds from the first import to the window on the screen, the fastest of several starts."""
    surroundings = os.environ | {"GAITVIEWER_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    taken = []
    for _ in range(times):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            env=surroundings,
            capture_output=True,
            text=True,
            check=True,
        )
        taken.append(float(done.stdout))
    return min(taken)


def test_the_first_window(
    own_home: Path, walker_document: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_library() as library:
        library.save_session(walker_document)
    ours, bare = _start(_OURS, own_home), _start(_BARE, own_home)
    with capsys.disabled():
        print(f"\nfirst window: {ours:.2f} s, a bare one {bare:.2f} s, {ours / bare:.1f} times")
    assert ours <= FIRST_WINDOW_S


def test_closing_waits_for_no_deaf_job(qapp: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from gaitviewer.gui.services.jobs import Jobs

    jobs, release = Jobs(), threading.Event()
    jobs.start("deaf", lambda tick: release.wait(), title="Deaf job")
    began = time.perf_counter()
    left = jobs.shutdown(0.2)
    taken = time.perf_counter() - began
    release.set()
    with capsys.disabled():
        print(f"\nclosing with a job that does not listen: {taken:.2f} s where 0.2 are allowed")
    assert left == ("Deaf job",)
    assert taken < 5 * 0.2
