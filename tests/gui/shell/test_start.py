"""The window in a process of its own: how it comes up, and that nothing stays when it goes."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from gaitviewer.core.output import UNTOLD, ModelOutput
from gaitviewer.store import open_library

HEAVY = (
    "torch",
    "mediapipe",
    "reportlab",
    "scipy.signal",
    "pandas",
    "sqlite_utils",
    "transformers",
    "cv2",
    "pyarrow",
)
# What a session, or the list of them, is made of: the window is shown first, then they are loaded.
AFTER_THE_FIRST_WINDOW = (
    "numpy",
    "sqlite3",
    "multiprocessing",
    "pyqtgraph",
    "gaitviewer.analysis",
    "gaitviewer.core.document",
    "gaitviewer.core.gait",
    "gaitviewer.gui.canvas",
    "gaitviewer.gui.playback",
    "gaitviewer.gui.shell.desk",
    "gaitviewer.report",
    "gaitviewer.store",
    "gaitviewer.video",
    "gaitviewer.workflow.analysis",
    "gaitviewer.workflow.sessions.lifecycle",
)


def run(code: str, home: Path, *words: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    surroundings = os.environ | {"GAITVIEWER_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *words],
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )


COME_UP = """
    import sys
    from gaitviewer.gui.shell.app import make_application
    from gaitviewer.gui.shell.main_window import MainWindow
    app = make_application()
    window = MainWindow()
    window.show()
    while not window.windowHandle().isExposed():
        app.processEvents()
    app.processEvents()
    print([name for name in %r if name in sys.modules])
    window.close()
"""


def test_the_first_window_loads_nothing_heavy(filled: Path, own_home: Path) -> None:
    done = run(COME_UP % (HEAVY,), own_home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_what_a_session_needs_is_loaded_after_the_first_window(filled: Path, own_home: Path) -> None:
    for name in AFTER_THE_FIRST_WINDOW:
        assert importlib.util.find_spec(name) is not None, f"{name} has another name now"
    before_events = COME_UP.partition("    while")[0]
    names = AFTER_THE_FIRST_WINDOW + HEAVY
    code = before_events + f"    print([name for name in {names} if name in sys.modules])\n    window.close()\n"
    done = run(code, own_home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


WATCH_IMPORTS = """
    import sys, threading, time
    asked = {}

    class Watch:
        def find_spec(self, name, path=None, target=None):
            if name.startswith(("PySide6", "shiboken6", "pyqtgraph", "gaitviewer.gui")):
                asked.setdefault(name, threading.current_thread() is threading.main_thread())

    sys.meta_path.insert(0, Watch())
    from gaitviewer.gui.shell.app import make_application
    from gaitviewer.gui.shell.main_window import MainWindow
    app = make_application()
    window = MainWindow()
    window.show()

    def wait(ready, seconds=120):
        end = time.monotonic() + seconds
        while not ready():
            app.processEvents()
            time.sleep(0.002)
            assert time.monotonic() < end

    wait(lambda: window.has_desk)
    window.services.sessions.open("walk1")
    wait(lambda: window.state.measures is not None and not window.jobs.active)
    window.dialogs.show_report()
    wait(lambda: not window.jobs.active)
    print("pyqtgraph" in asked, [name for name, by_the_window in asked.items() if not by_the_window])
    window.close()
"""


def test_qt_is_loaded_by_the_thread_of_the_window_alone(filled: Path, own_home: Path) -> None:
    # PySide makes its types when they are first asked for: two threads at it took the window down.
    done = run(WATCH_IMPORTS, own_home, timeout_s=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "True []"


def test_without_a_display_the_command_line_says_so(own_home: Path) -> None:
    surroundings = {
        k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    if sys.platform != "linux":
        pytest.skip("only Linux can be without a display")
    done = subprocess.run(
        [sys.executable, "-m", "gaitviewer"], env=surroundings, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "no display" in done.stderr


CLOSE_IN_MID_JOB = """
    import sys, time
    from gaitviewer.gui.shell.app import make_application
    from gaitviewer.gui.shell.main_window import MainWindow
    app = make_application()
    window = MainWindow()
    window.show()
    def wait(ready, seconds=60):
        end = time.monotonic() + seconds
        while not ready():
            app.processEvents()
            time.sleep(0.01)
            assert time.monotonic() < end
    window.services.sessions.open(sys.argv[1])
    wait(lambda: window.reviewing)
    if sys.argv[2] == "analyse":
        window.services.analysis.analyse()
    else:
        wait(lambda: window.services.answers.all)
        print([answer.task for answer in window.services.answers.all], flush=True)
        window.services.inference.ask_open()
    import psutil
    me = psutil.Process()

    def workers():
        try:
            return [p for p in me.children(recursive=True) if "spawn_main" in " ".join(p.cmdline())]
        except psutil.Error:  # one ended while it was being asked
            return []

    wait(lambda: workers())
    time.sleep(0.5)
    print("torch" in sys.modules, flush=True)
    print([p.pid for p in me.children(recursive=True)], flush=True)
    window.close()
    print("closed", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("session", "job"), [("walk2", "analyse"), ("walk1", "ask")])
def test_closing_in_mid_job_leaves_no_process_and_torch_was_never_here(
    filled: Path, own_home: Path, session: str, job: str
) -> None:
    with open_library(filled) as library:
        library.save_answer(session, "severity", ModelOutput("severity-2", (), UNTOLD, True))
    done = run(CLOSE_IN_MID_JOB, own_home, session, job, timeout_s=240)
    assert done.returncode == 0, done.stderr
    *kept, torch, children, last = done.stdout.splitlines()
    assert kept == ([] if job == "analyse" else ["['severity']"])
    assert torch == "False"
    pids = [int(pid) for pid in children.strip("[]").split(",") if pid]
    assert pids
    assert last == "closed"
    # ended processes may take a moment to be taken off the list
    for _ in range(200):
        if not (left := [pid for pid in pids if is_running(pid)]):
            break
        time.sleep(0.05)
    assert left == []


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
