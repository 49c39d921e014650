"""Videos with burned-in frame numbers, sessions made of them, and no threads left behind."""

from __future__ import annotations

import importlib.util
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Session, Subject, Sync, Trial, VideoStream
from gaitviewer.video import digest_file, index_video, write_video


def _load_counter() -> Any:
    """The counter of the video tests: one way of burning in numbers for the whole project."""
    path = Path(__file__).parents[1] / "video" / "conftest.py"
    spec = importlib.util.spec_from_file_location("video_counter", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.Counter


Counter = _load_counter()


def pixels(image: QImage) -> NDArray[np.uint8]:
    """u8 [H, W, 3] RGB of an image."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()


@pytest.fixture(scope="session")
def counter() -> Any:
    return Counter()


MakeVideo = Callable[..., Path]


@pytest.fixture(scope="session")
def make_video(tmp_path_factory: pytest.TempPathFactory, counter: Any) -> MakeVideo:
    """``make_video(frames, rate_hz=.. | times=.., gop=..)``; the same arguments give the same file."""
    made: dict[str, Path] = {}
    folder = tmp_path_factory.mktemp("counted")

    def make(frames: int, **how: Any) -> Path:
        key = f"{frames}-{sorted(how.items())!r}"
        if key not in made:
            path = folder / f"{len(made)}.mp4"
            write_video(path, counter.pictures(frames), gop=how.pop("gop", 24), b_frames=2, **how)
            made[key] = path
        return made[key]

    return make


def make_stream(path: Path, view: View) -> VideoStream:
    return VideoStream(view, path, digest_file(path), index_video(path))


def make_pose(stream: VideoStream) -> PoseSequence:
    """Points that move with the frame number, so that a drawn point tells its frame."""
    count = stream.info.frame_count
    rng = np.random.default_rng(3)
    xy = rng.uniform((20, 40), (170, 90), size=(23, 2))[None] + np.arange(count)[:, None, None] * (0.05, 0.0)
    return PoseSequence(
        xy.astype(np.float32),
        np.full((count, 23), 0.9, np.float32),
        stream.info.times,
        stream.info.width,
        stream.info.height,
    )


@pytest.fixture(scope="session")
def two_view_document(make_video: MakeVideo) -> Document:
    """A trial of a 30 Hz side view (90 frames) and a 25 Hz front view (80 frames), offset 0.4 s."""
    streams = ByView(
        make_stream(make_video(90, rate_hz=30), View.SAGITTAL),
        make_stream(make_video(80, rate_hz=25), View.CORONAL),
    )
    both = TrialData(
        Trial("t1", ByView(streams.sagittal, streams.coronal), Sync(0.4, 0.02, "given")),
        ByView(make_pose(streams.sagittal), make_pose(streams.coronal)),
    )
    alone = TrialData(Trial("t2", ByView(None, streams.coronal)), ByView(None, None))
    return Document(Session("s1", Subject("P001")), (both, alone))


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    """Every test ends with the threads it began with."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 30  # a module that is being imported ends first, on a busy machine late
    left: list[threading.Thread] = []
    while time.monotonic() < deadline:
        left = [t for t in threading.enumerate() if t not in before and not _is_adopted(t)]
        if not left:
            return
        time.sleep(0.01)
    raise AssertionError(f"threads left behind: {left}")


def _is_adopted(thread: threading.Thread) -> bool:
    """Qt's own threads that happened to run Python."""
    return type(thread).__name__ == "_DummyThread"
