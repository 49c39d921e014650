"""Temporary folders: gone when closed, and what a killed program left is gone with the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gaitviewer.util.temporary import TemporaryFolder


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_a_closed_folder_is_gone(place: Path) -> None:
    with TemporaryFolder() as folder:
        (folder / "report.pdf").write_text("x")
        assert folder.parent == place
        if os.name == "posix":
            assert folder.stat().st_mode & 0o077 == 0
    assert list(place.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_what_a_killed_program_left_is_removed_and_what_a_living_one_holds_stays(place: Path) -> None:
    code = """
import os, signal, sys
from gaitviewer.util.temporary import TemporaryFolder
folder = TemporaryFolder()
(folder.path / "report.pdf").write_text("x")
print(folder.path, flush=True)
sys.stdin.read()
"""
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdin is not None
    held = Path(child.stdout.readline().strip())
    try:
        with TemporaryFolder():
            assert (held / "report.pdf").exists()
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdin.close()
        child.stdout.close()
    assert held.exists()
    with TemporaryFolder():
        assert not held.exists()


def test_folders_without_a_lock_stay_for_a_day(place: Path) -> None:
    old, young, other = place / "gaitviewer-old", place / "gaitviewer-young", place / "somebody-else"
    for folder in (old, young, other):
        folder.mkdir()
        (folder / "report.pdf").write_text("x")
    for folder in (old, other):
        os.utime(folder, (1, 1))
    with TemporaryFolder():
        pass
    assert sorted(path.name for path in place.iterdir()) == ["gaitviewer-young", "somebody-else"]
