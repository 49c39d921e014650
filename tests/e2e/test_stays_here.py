"""The main jobs as a user starts them: nothing is sent or asked for, no file appears elsewhere than it should.

Each runs in processes of its own, as on a computer that builds and tests nothing (some libraries are silent
there only), in a folder full of modules that nobody may import. Python code that tries to reach anything is
told of by an audit hook; where a network of one's own can be had, the kernel counts the attempts of the rest.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gaitviewer.core.gait import View
from gaitviewer.util import startup
from tests.support.demo import Cutter
from tests.support.traps import remove_pythons_own, set_traps, sprung

if TYPE_CHECKING:
    from tests.support.demo import Demo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the folders and the network are those of Linux"),
]

ROOT = Path(__file__).resolve().parents[2]
WATCH = ROOT / "tests" / "support" / "watch"
# Below these names in the user's home the program keeps its own.
OWN = re.compile(r"(\.local/share|\.config|\.cache|\.local/state)/gaitviewer(/|$)")
OF_BUILDERS = re.compile(
    "CI$|CI_|CONTINUOUS|BUILD_|GITHUB|GITLAB|JENKINS|TRAVIS|PYTEST|COVERAGE|COV_|XDG_|GAITVIEWER"
)

WINDOW = """
if __name__ == "__main__":
    import sys, time
    from PySide6.QtCore import QEventLoop
    from gaitviewer.gui.shell.app import make_application
    from gaitviewer.gui.shell.main_window import MainWindow
    from gaitviewer.store import open_library

    app = make_application()
    window = MainWindow()
    window.show()
    with open_library() as library:
        session = library.list_sessions()[0].id
    window.services.sessions.open(session)
    until = time.monotonic() + 120
    while window.state.measures is None or window.state.document is None or not window.has_desk:
        app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        assert time.monotonic() < until, "the session was not shown"
    window.dialogs.show_report()
    for _ in range(60):
        app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        time.sleep(0.05)
    for dialog in app.topLevelWidgets():
        if dialog is not window:
            dialog.close()
    window.actions_by_name["window.theme"].trigger()
    assert window.close()
    print("shown", session)
"""


@dataclass
class User:
    """Somebody's computer.

    Attributes:
        home, temporary, folder: home, folder for temporary files, and the folder that commands are run in.
        noted: what the hook noted.      reached: what the kernel counted, None where it cannot be asked.
    """

    home: Path
    temporary: Path
    folder: Path
    noted: Path
    reached: list[int] | None = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not OF_BUILDERS.match(name) and name not in startup.OFFLINE and name != startup.SAFE_PATH
        }
        return kept | {
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT, WATCH))),
            "GAITVIEWER_TEST_WATCH": str(self.noted),
            "QT_QPA_PLATFORM": "offscreen",
        }

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, *map(str, command)]
        if self.reached is not None:
            count = '; code=$?; cat /proc/self/net/snmp > "$0.net"; exit $code'
            words = ["unshare", "-rn", "sh", "-c", f'"$@"{count}', str(self.noted), *words]
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=550,
            check=False,
        )
        if self.reached is not None:
            self.reached.append(_packets(Path(f"{self.noted}.net").read_text()))
        return done

    def noticed(self) -> list[str]:
        return [line for line in self.noted.read_text().splitlines() if not line.startswith("started ")]

    def started(self) -> int:
        return len(self.noted.read_text().splitlines()) - len(self.noticed())

    def strange_files(self) -> list[str]:
        """Files and folders that are nobody's business to make."""
        found = []
        for place in (self.home, self.temporary, self.folder):
            for path in place.rglob("*"):
                name = path.relative_to(place).as_posix()
                parents = (".local", ".local/share", ".local/state", ".config", ".cache", "out")
                if place == self.home and (OWN.match(name) or name in parents):
                    continue
                if place == self.folder and (name in parents or name.startswith("out/") or name in _TRAPS):
                    continue
                found.append(f"{place.name}/{name}")
        return found


_TRAPS: set[str] = set()


def _packets(table: str) -> int:
    """What was sent, or would have been if there had been a way, in a network that was new."""
    rows: dict[str, list[str]] = {}
    total = 0
    for line in table.splitlines():
        kind, *values = line.split()
        if kind in rows:
            known = dict(zip(rows[kind], values, strict=True))
            total += sum(int(known.get(name, 0)) for name in ("OutNoRoutes", "OutRequests", "ActiveOpens"))
        rows[kind] = values
    return total


def _own_network() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0


def _user(place: Path) -> User:
    user = User(place / "home", place / "tmp", place / "recordings", place / "noted.txt")
    for folder in (user.home, user.temporary):
        folder.mkdir(parents=True)
    user.noted.touch()
    set_traps(user.folder)
    remove_pythons_own(user.folder)
    _TRAPS.update(path.name for path in user.folder.iterdir())
    if not _own_network():
        user.reached = None
    return user


@pytest.fixture(scope="module")
def user(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> User:
    """A user who has analysed the recordings of one pass of a walk."""
    cut = Cutter(demo, tmp_path_factory.mktemp("one-pass"))
    side = cut.write("side.mp4", cut.frames(View.SAGITTAL, 0, 90), times=demo.scene.views.sagittal.times[:90])
    front = cut.write("front.mp4", cut.frames(View.CORONAL, 0, 90), times=demo.scene.views.coronal.times[:90])
    user = _user(tmp_path_factory.mktemp("user"))
    done = user.run(
        "-m", "gaitviewer", "analyze", "--sagittal", side, "--coronal", front, "--subject", "P1",
        "--height", "1.2", "--out", "out",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (user.folder / "out" / "report.pdf").exists()
    return user


def _check(user: User) -> None:
    assert user.noticed() == []
    assert user.strange_files() == []
    assert sprung(user.folder) == []
    if user.reached is not None:
        assert set(user.reached) == {0}


def test_the_watch_sees_what_python_and_others_try(tmp_path: Path) -> None:
    user = _user(tmp_path / "user")
    attempts = (
        "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "import socket; socket.getaddrinfo('example.org', 80)",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))",
        "import urllib.request; urllib.request.urlopen('http://example.org')",
    )
    for number, code in enumerate(attempts, start=1):
        done = user.run("-P", "-c", code)
        assert done.returncode == 1
        assert "stays offline" in done.stderr
        assert len(user.noticed()) >= number
    if user.reached is None:
        pytest.skip("no network of one's own can be had here: code that is not Python is not watched")
    assert set(user.reached) == {0}  # stopped before the kernel was asked
    native = """
import ctypes, socket, struct
libc = ctypes.CDLL(None)
end = libc.socket(2, 1, 0)
address = struct.pack("=HH4s8x", 2, socket.htons(80), bytes((192, 0, 2, 1)))
assert libc.connect(end, address, 16) == -1
"""
    assert user.run("-P", "-c", native).returncode == 0
    assert user.reached[-1] > 0


def test_analysing_stays_here(user: User) -> None:
    # The command, the probes of two videos, two workers and what keeps book of them.
    assert user.started() >= 5
    _check(user)


@pytest.mark.parametrize("model", ["evgs", "severity", "scoliosis"])
def test_predicting_stays_here(user: User, model: str) -> None:
    done = user.run("-m", "gaitviewer", "predict", "P1", "--model", model)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    _check(user)


def test_the_window_stays_here(user: User, tmp_path: Path) -> None:
    script = tmp_path / "window.py"
    script.write_text(WINDOW)
    done = user.run(script)
    assert done.returncode == 0, done.stderr
    assert "shown" in done.stdout
    _check(user)


def test_validating_stays_here(user: User, tmp_path: Path) -> None:
    import ezc3d

    path = tmp_path / "walk.c3d"
    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [100.0]
    file["parameters"]["POINT"]["LABELS"]["value"] = ["LHEE", "RHEE"]
    file["data"]["points"] = np.ones((4, 2, 50))
    file.write(str(path))
    before = user.started()
    done = user.run("-m", "gaitviewer", "validate", path)
    assert done.returncode == 2, done.stderr  # read, and too few markers to be used
    assert user.started() >= before + 2
    _check(user)


def test_validating_a_real_recording_stays_here(user: User, shared_data: Path) -> None:
    files = sorted((shared_data / "c3d").glob("*.c3d"))
    if not files:
        pytest.skip("the real recordings (../shared/data/c3d) are not here")
    done = user.run("-m", "gaitviewer", "validate", files[0].resolve())
    assert done.returncode == 0, done.stderr
    _check(user)


@pytest.mark.parametrize("start", [["-m", "gaitviewer", "--help"], ["-c", "import gaitviewer"]])
def test_every_process_is_told_to_stay_offline_before_any_library_is_there(
    tmp_path: Path, start: list[str]
) -> None:
    """What a library reads at its import is set by then: the first lines of the package do it."""
    code = """
import sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        import os
        library = name.partition(".")[0]
        if library not in sys.stdlib_module_names and library != "gaitviewer":
            from gaitviewer.util.startup import OFFLINE
            assert all(os.environ.get(name) == value for name, value in OFFLINE.items()), name
        return None
sys.meta_path.insert(0, Watch())
"""
    folder = tmp_path / "watch"
    folder.mkdir()
    (folder / "usercustomize.py").write_text("")
    (folder / "sitecustomize.py").write_text(code)
    user = _user(tmp_path / "user")
    environment = user.environment() | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, folder)))}
    done = subprocess.run(
        [sys.executable, *start], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
