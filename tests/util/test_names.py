"""Names in old encodings and links that go round: one sentence, before any work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.errors import SettingsError
from gaitviewer.util.names import is_text, readable, real_path
from gaitviewer.workflow.analysis.open_trials import describe_recording
from gaitviewer.workflow.analysis.request import make_session

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="all names are Unicode here")

OLD = os.fsdecode(b"M\xfcller")


@pytest.fixture
def video(tmp_path: Path) -> Path:
    from gaitviewer.video import write_video

    path = tmp_path / "walk.mp4"
    write_video(path, (np.full((32, 32, 3), 8 * n, np.uint8) for n in range(30)), rate_hz=15)
    return path


@pytest.fixture
def circle(tmp_path: Path) -> Path:
    path = tmp_path / "circle"
    path.symlink_to(path)
    return path


def run(arguments: list[str | Path], folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "gaitviewer", *map(os.fspath, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        timeout=300,
        check=False,
    )


def _refused(done: subprocess.CompletedProcess[bytes], *words: bytes) -> None:
    told = done.stderr.strip().splitlines()
    assert done.returncode == 2, done.stderr
    assert len(told) == 1, done.stderr  # no progress: nothing was begun
    for word in words:
        assert word in told[0]


@pytest.mark.parametrize("which", ["file", "folder", "subject", "out"])
def test_names_that_are_no_utf_8_are_refused_before_the_work(video: Path, tmp_path: Path, which: str) -> None:
    old_file, old_folder = tmp_path / f"{OLD}.mp4", tmp_path / OLD
    old_file.write_bytes(video.read_bytes())
    old_folder.mkdir()
    (old_folder / "walk.mp4").write_bytes(video.read_bytes())
    side = {"file": old_file, "folder": old_folder / "walk.mp4"}.get(which, video)
    arguments = ["analyze", "--sagittal", side, "--subject", OLD if which == "subject" else "P1"]
    _refused(
        run([*arguments, "--out", old_folder if which == "out" else tmp_path / "out"], tmp_path),
        b"M\\xfcller",
        b"UTF-8",
        b"rename",
    )
    assert not (tmp_path / "out").exists()
    assert [path.name for path in old_folder.iterdir()] == ["walk.mp4"]


def test_a_working_folder_of_such_a_name_is_refused_before_the_work(video: Path, tmp_path: Path) -> None:
    folder = tmp_path / OLD
    folder.mkdir()
    (folder / "walk.mp4").write_bytes(video.read_bytes())
    _refused(run(["analyze", "--sagittal", "walk.mp4", "--subject", "P1", "--out", "out"], folder), b"UTF-8")
    assert [path.name for path in folder.iterdir()] == ["walk.mp4"]


@pytest.mark.parametrize("command", [["demo", "--out"], ["validate"], ["predict"], ["view"], ["models", "add"]])
def test_no_command_takes_such_a_name(tmp_path: Path, command: list[str]) -> None:
    _refused(run([*command, tmp_path / OLD], tmp_path), b"M\\xfcller", b"UTF-8")


@pytest.mark.parametrize("which", ["file", "folder", "out"])
def test_links_that_go_round_are_a_sentence(video: Path, circle: Path, tmp_path: Path, which: str) -> None:
    side = {"file": circle, "folder": circle / "walk.mp4"}.get(which, video)
    out = circle if which == "out" else tmp_path / "out"
    done = run(["analyze", "--sagittal", side, "--subject", "P1", "--out", out], tmp_path)
    _refused(done, b"circle", b"leads back to itself")


def test_the_window_refuses_such_a_video_for_the_same_reason(video: Path, circle: Path, tmp_path: Path) -> None:
    old = tmp_path / f"{OLD}.mp4"
    old.write_bytes(video.read_bytes())
    said, usable = describe_recording(old)
    assert not usable
    assert said.code == "error.name.not_utf8"
    assert is_text(str(said))
    said, usable = describe_recording(circle)
    assert not usable
    assert said.code == "error.name.link_to_itself"


def test_a_subject_is_text() -> None:
    with pytest.raises(SettingsError, match="UTF-8"):
        make_session(OLD)


def test_what_is_fine_is_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Jürgen").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "Jürgen")
    monkeypatch.chdir(tmp_path)
    assert real_path(Path("link") / "none.mp4") == tmp_path / "Jürgen" / "none.mp4"
    with pytest.raises(SettingsError, match="a user whom this computer does not know"):
        real_path(Path("~nobody-of-this-name/x"))
    assert readable(OLD) == r"M\xfcller"
