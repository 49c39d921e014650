"""An open session without its window, the window on a library of its own, and no threads left behind."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from gaitviewer import paths
from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Session, Subject, Sync, Trial, VideoStream
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.playback.frame_store import ViewFrames
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.store import open_library
from gaitviewer.video import digest_file, index_video, write_video
from gaitviewer.workflow.analysis.measures_cache import cached_measures
from gaitviewer.workflow.app.settings import Settings
from tests.support import made_up_session
from tests.support.frame_counter import Counter


def pixels(image: QImage) -> NDArray[np.uint8]:
    """u8 [H, W, 3] RGB of an image."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()


@pytest.fixture(scope="session")
def counter() -> Counter:
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


class Pictures:
    """A video that is only its times."""

    def __init__(self, times: NDArray[np.float64]) -> None:
        self.times = times

    def ready(self, index: int) -> bool:
        return True

    def want(self, index: int) -> None:
        pass

    def play(self, index: int, loop: tuple[int, int] | None, *, late: bool = False) -> None:
        pass


@dataclass
class Desk:
    """An open session without its window."""

    state: AppState
    player: Player
    measures: Measures


@pytest.fixture(scope="session")
def measures() -> Measures:
    return made_up_session.build()


@pytest.fixture(scope="session")
def document(measures: Measures) -> Document:
    trials = tuple(
        TrialData(m.trial, ByView(*(v.raw if (v := m.views[view]) else None for view in View)))
        for m in measures.motions
    )
    return Document(measures.session, trials)


@pytest.fixture
def open_desk(qapp: Any, measures: Measures, document: Document) -> Callable[..., Desk]:
    """``open_desk(**settings)``: the session with a player at 0 s and an offset of 1.2 s."""

    def make(*, measured: bool = True, **settings: Any) -> Desk:
        state, player = AppState(Settings(rater="AB", **settings)), Player()
        state.open_session(document, measures if measured else None)
        videos = measures.motions[0].trial.videos
        sources = ByView(*(Pictures(v.info.times) if (v := videos[view]) else None for view in View))
        player.open(sources, offset_s=1.2)
        player.go_to(0.0)
        return Desk(state, player, measures)

    return make


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()


@pytest.fixture(scope="session")
def filled_home(walker_document: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose library holds "walk1", analysed and measured before, and "walk2", new."""
    home = tmp_path_factory.mktemp("filled")
    new = replace(
        walker_document,
        session=replace(
            walker_document.session,
            id="walk2",
            subject=replace(walker_document.session.subject, pseudonym="P002"),
        ),
        trials=(replace(walker_document.trials[0], poses=ByView(None, None)),),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAITVIEWER_HOME", str(home))
        with open_library() as library:
            library.save_session(new)
            library.save_session(walker_document)
            cached_measures(library.load_session("walk1"))
    return home


@pytest.fixture
def filled(filled_home: Path, own_home: Path) -> Path:
    """The user's library, and what was measured, of a copy of ``filled_home``."""
    shutil.copytree(filled_home, own_home, dirs_exist_ok=True)
    return paths.library_file()


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """The window as it comes up, the list read; AB grades."""
    made = MainWindow()
    made.state.set_settings(replace(made.state.settings, rater="AB"))
    with qtbot.waitSignal(made.services.listing.listed, timeout=30_000):
        made.show()
    yield made
    made.dialogs.close()
    made.close()
    # Its widgets go now, not with the garbage of another test.
    made.deleteLater()
    qtbot.wait(10)


OpenSession = Callable[[str], MainWindow]


@pytest.fixture
def open_session(filled: Path, window: MainWindow, qtbot: QtBot) -> OpenSession:
    def run(session_id: str) -> MainWindow:
        qtbot.waitUntil(lambda: len(window.cards) == 2, timeout=30_000)
        window.services.sessions.open(session_id)
        qtbot.waitUntil(lambda: window.state.document is not None, timeout=30_000)
        return window

    return run


@pytest.fixture
def reviewed(open_session: OpenSession, qtbot: QtBot) -> MainWindow:
    """The window with "walk1" open and measured."""
    window = open_session("walk1")
    qtbot.waitUntil(lambda: window.state.measures is not None, timeout=60_000)
    return window


def number_in(frames: ViewFrames, index: int) -> int:
    """The frame number that is burned into the picture held for a frame."""
    shot = frames.shot(index)
    assert shot is not None
    image = shot.image
    scale = image.height() / 480
    number = 0
    for bit in range(10):
        colour = image.pixelColor(int((80 * bit + 40) * scale), int(80 * scale))
        number |= int(np.mean([colour.red(), colour.green(), colour.blue()]) > 128) << bit
    return number


@pytest.fixture
def number() -> Callable[[ViewFrames, int], int]:
    return number_in


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
