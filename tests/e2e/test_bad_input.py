"""Whatever is wrong with the input: one clear sentence, exit code 2, nothing half-written."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gaitviewer.cli import EXIT_USER_ERROR, main
from gaitviewer.core.gait import View

if TYPE_CHECKING:
    from tests.support.demo import Analysed, Cutter

pytestmark = pytest.mark.slow

Make = Callable[["Cutter"], list[str]]


def _side(path: Path) -> list[str]:
    return ["--sagittal", str(path)]


def missing(cut: Cutter) -> list[str]:
    return _side(cut.folder / "gone.mp4")


def empty(cut: Cutter) -> list[str]:
    (cut.folder / "empty.mp4").touch()
    return _side(cut.folder / "empty.mp4")


def text(cut: Cutter) -> list[str]:
    (cut.folder / "text.mp4").write_text("This is no video.\n" * 200)
    return _side(cut.folder / "text.mp4")


def truncated(cut: Cutter) -> list[str]:
    whole = cut.demo.videos.sagittal.read_bytes()
    (cut.folder / "cut.mp4").write_bytes(whole[: len(whole) * 2 // 5])
    return _side(cut.folder / "cut.mp4")


def audio_only(cut: Cutter) -> list[str]:
    import av

    path = cut.folder / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return _side(path)


def one_frame(cut: Cutter) -> list[str]:
    return _side(cut.write("one.mp4", cut.frames(View.SAGITTAL, 0, 1), rate_hz=30))


def five_hz(cut: Cutter) -> list[str]:
    frames = [frame for i, frame in enumerate(cut.frames(View.SAGITTAL)) if i % 6 == 0]
    return _side(cut.write("slow.mp4", frames, rate_hz=5))


def nobody(cut: Cutter) -> list[str]:
    room = np.full((360, 640, 3), 200, np.uint8)
    room[240:] = 120
    return _side(cut.write("room.mp4", [room] * 45, rate_hz=30))


def too_small(cut: Cutter) -> list[str]:
    def far(frame: np.ndarray) -> np.ndarray:
        out = np.full_like(frame, 205)
        small = frame[::9, ::9]
        out[300 : 300 + small.shape[0], 560 : 560 + small.shape[1]] = small
        return out

    return _side(cut.write("far.mp4", map(far, cut.frames(View.SAGITTAL, 0, 75)), rate_hz=30))


def turning(cut: Cutter) -> list[str]:
    return _side(cut.write("turn.mp4", cut.frames(View.SAGITTAL, 82, 118), rate_hz=30))


def exchanged(cut: Cutter) -> list[str]:
    videos = cut.demo.videos
    return ["--sagittal", str(videos.coronal), "--coronal", str(videos.sagittal)]


def same_twice(cut: Cutter) -> list[str]:
    copy = cut.folder / "copy.mp4"
    shutil.copy(cut.demo.videos.sagittal, copy)
    return [*_side(cut.demo.videos.sagittal), "--coronal", str(copy)]


def no_video(cut: Cutter) -> list[str]:
    return []


def unwritable(cut: Cutter) -> list[str]:
    (cut.folder / "file").write_text("a file where a folder should be")
    return [*_side(cut.demo.videos.sagittal), "--out", str(cut.folder / "file" / "out")]


def newer_library(cut: Cutter) -> list[str]:
    from gaitviewer.store import open_library

    path = cut.folder / "library.db"
    open_library(path).close()
    with sqlite3.connect(path) as db:
        table = db.execute("SELECT name FROM sqlite_master WHERE name LIKE '%migrations%'").fetchone()[0]
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        last = db.execute(f"SELECT * FROM {table} ORDER BY rowid DESC LIMIT 1").fetchone()
        values = [
            "9999_from_the_future" if isinstance(v, str) and c == "name" else v
            for c, v in zip(columns, last, strict=True)
        ]
        values = [None if c == "id" else v for c, v in zip(columns, values, strict=True)]
        db.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(columns))})", values)
    db.close()
    return [*_side(cut.demo.videos.sagittal), "--library", str(path)]


def corrupt_library(cut: Cutter) -> list[str]:
    path = cut.folder / "library.db"
    path.write_bytes(b"not a database at all" * 500)
    return [*_side(cut.demo.videos.sagittal), "--library", str(path)]


CASES: list[tuple[Make, str]] = [
    (missing, "gone.mp4"),
    (empty, "empty.mp4"),
    (text, "text.mp4"),
    (truncated, "cut.mp4"),
    (audio_only, "sound.mp4"),
    (one_frame, "single frame"),
    (five_hz, "frames per second"),
    (nobody, "no person"),
    (too_small, "far.mp4"),
    (turning, "walking"),
    (exchanged, "exchanged"),
    (same_twice, "copy"),
    (no_video, "no video"),
    (unwritable, "cannot be written"),
    (newer_library, "newer"),
    (corrupt_library, "library"),
]


@pytest.mark.parametrize(("make", "words"), CASES, ids=[make.__name__ for make, _ in CASES])
def test_one_clear_sentence(
    make: Make, words: str, analysed: Analysed, cutter: Cutter, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("GAITVIEWER_HOME", str(analysed.home))  # poses of the demo are cached there
    out = tmp_path / "out"
    arguments = ["analyze", "--subject", "P1", "--no-library", "--out", str(out), *make(cutter)]
    if "--library" in arguments:
        arguments.remove("--no-library")
    before = {p: p.read_bytes() for p in cutter.folder.rglob("*.db")}
    assert main(arguments) == EXIT_USER_ERROR
    said = capfd.readouterr().err
    lines = [line for line in said.splitlines() if line.startswith("gaitviewer: ")]
    assert len(lines) == 1, said
    assert words in lines[0]
    assert "Traceback" not in said
    assert not out.exists() or list(out.iterdir()) == []
    assert before == {p: p.read_bytes() for p in cutter.folder.rglob("*.db")}


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a POSIX thing")
def test_a_full_disk_leaves_nothing_behind(analysed: Analysed, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["analyze", "--subject", "P1", "--no-library", "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "gaitviewer", *arguments, "--sagittal", str(analysed.demo.videos.sagittal)],
        env={**os.environ, "GAITVIEWER_HOME": str(analysed.home)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == EXIT_USER_ERROR, done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists() or list(out.iterdir()) == []
