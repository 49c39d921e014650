"""Pictures from real videos: the right ones, at the right size, within the bound."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.session import Trial, VideoStream
from gaitviewer.gui.playback.frame_cache import FrameCache, ScaledFrame, scaled_frame
from gaitviewer.gui.playback.frame_store import FrameStore, ViewFrames
from gaitviewer.messages import NOTHING, Message, message
from gaitviewer.video import VideoReader

MB = 1 << 20


def rgb(shot: ScaledFrame | None) -> NDArray[np.uint8]:
    assert shot is not None
    image = shot.image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


@pytest.fixture
def store(qapp: Any) -> Iterator[FrameStore]:
    made = FrameStore(limit_bytes=64 * MB)
    yield made
    made.close()


@pytest.fixture
def trial(two_view_document: Document) -> Trial:
    return two_view_document.trials[0].trial


def opened(store: FrameStore, trial: Trial, view: View = View.SAGITTAL) -> ViewFrames:
    frames = store.open(trial).__getitem__(view)
    assert frames is not None
    return frames


def wait_exact(qtbot: Any, frames: ViewFrames, index: int, height: int | None = None) -> ScaledFrame:
    def there() -> bool:
        shot = frames.shot(index)
        return shot is not None and (height is None or shot.height == height)

    qtbot.waitUntil(there, timeout=8000)
    shot = frames.shot(index)
    assert shot is not None
    return shot


def test_the_picture_asked_for_comes(qtbot: Any, store: FrameStore, trial: Trial, counter: Any) -> None:
    for view in View:
        frames = opened(store, trial, view)
        for index in (0, 40, 3, 79, 78, 24):
            frames.want(index)
            assert counter.read(rgb(wait_exact(qtbot, frames, index))) == index


def test_the_latest_wish_wins(qtbot: Any, store: FrameStore, trial: Trial, counter: Any) -> None:
    frames = opened(store, trial)
    rng = random.Random(1)
    for _ in range(200):
        frames.want(rng.randrange(90))
    frames.want(57)
    assert counter.read(rgb(wait_exact(qtbot, frames, 57))) == 57


def test_pictures_have_the_size_of_the_canvas(
    qtbot: Any, store: FrameStore, trial: Trial, counter: Any
) -> None:
    frames = opened(store, trial)
    for height in (96, 48, 64):
        frames.set_height(height)
        frames.want(33)
        shot = wait_exact(qtbot, frames, 33, height)
        assert (shot.image.width(), shot.image.height()) == (2 * height, height)
        assert counter.read(rgb(shot)) == 33
    frames.set_height(5000)  # never larger than the source
    assert wait_exact(qtbot, frames, 33, 96).image.height() == 96


def test_neighbours_are_made_while_standing(qtbot: Any, store: FrameStore, trial: Trial) -> None:
    frames = opened(store, trial)
    frames.want(40)
    qtbot.waitUntil(lambda: all(frames.shot(i) is not None for i in range(20, 61)), timeout=8000)


def test_pictures_ahead_are_made_while_playing_and_around_a_loop(
    qtbot: Any, store: FrameStore, trial: Trial, counter: Any
) -> None:
    frames = opened(store, trial)
    frames.play(50, (45, 60))
    qtbot.waitUntil(lambda: all(frames.ready(i) for i in range(45, 61)), timeout=8000)
    assert counter.read(rgb(frames.shot(47))) == 47
    frames.play(70, None)
    qtbot.waitUntil(lambda: all(frames.ready(i) for i in range(70, 90)), timeout=8000)


def test_a_clock_that_runs_late_gets_rough_pictures_made_well_when_it_stops(
    qtbot: Any, store: FrameStore, trial: Trial, counter: Any
) -> None:
    frames = opened(store, trial)
    frames.set_height(48)
    frames.play(30, None, late=True)
    qtbot.waitUntil(lambda: frames.ready(30), timeout=8000)
    rough = frames.shot(30)
    assert rough.rough
    assert counter.read(rgb(rough)) == 30
    frames.want(30)
    qtbot.waitUntil(lambda: not frames.shot(30).rough, timeout=8000)
    assert np.abs(rgb(frames.shot(30)).astype(int) - rgb(rough)).mean() < 12


def test_a_clock_in_time_gets_good_pictures(qtbot: Any, store: FrameStore, trial: Trial) -> None:
    frames = opened(store, trial)
    frames.want(30)
    qtbot.waitUntil(lambda: all(frames.shot(i) is not None for i in range(30, 50)), timeout=8000)
    frames.play(30, None)
    qtbot.waitUntil(lambda: frames.ready(58), timeout=8000)
    assert not any(frames.shot(i).rough for i in range(30, 59))


def test_something_is_there_at_once_wherever_one_goes(qtbot: Any, store: FrameStore, trial: Trial) -> None:
    frames = opened(store, trial)
    frames.want(0)
    qtbot.waitUntil(lambda: frames.shot(72) is not None, timeout=8000)  # a key frame far away
    nearest = frames.nearest(80)
    assert nearest is not None
    assert abs(nearest.index - 80) <= 24


def test_memory_is_bounded_over_both_views(qtbot: Any, qapp: Any, trial: Trial) -> None:
    store = FrameStore(limit_bytes=2 * MB)
    try:
        both = store.open(trial)
        views = [frames for frames in (both.sagittal, both.coronal) if frames is not None]
        assert len(views) == 2
        most = 0
        for index in range(0, 80, 2):
            for frames in views:
                frames.play(index, None)
            for frames in views:
                qtbot.waitUntil(lambda f=frames, i=index: f.ready(i), timeout=8000)
            most = max(most, store.cache.held_bytes)
        assert 0.5 * MB < most <= 1 * MB
    finally:
        store.close()


def test_standing_still_comes_to_rest(qtbot: Any, qapp: Any, trial: Trial) -> None:
    """With a cache too small for all neighbours nothing is decoded over and over."""
    store = FrameStore(limit_bytes=2 * MB)
    told: list[int] = []
    store.arrived.connect(lambda: told.append(1))
    try:
        both = store.open(trial)
        for frames in (both.sagittal, both.coronal):
            assert frames is not None
            frames.want(40)
        qtbot.wait(700)
        count = len(told)
        qtbot.wait(300)
        assert len(told) == count
    finally:
        store.close()


def test_a_missing_file_is_told_once_and_waits_for_nobody(qtbot: Any, store: FrameStore, trial: Trial) -> None:
    stream = trial.videos.sagittal
    assert stream is not None
    gone = VideoStream(stream.view, Path("/nowhere/walk.mp4"), stream.sha256, stream.info)
    heard: list[tuple[View, Message]] = []
    store.failed.connect(lambda view, message: heard.append((view, message)))
    frames = opened(store, Trial("t", trial.videos.__class__(gone, trial.videos.coronal)))
    qtbot.waitUntil(lambda: bool(heard), timeout=5000)
    qtbot.wait(50)
    assert len(heard) == 1
    assert heard[0][0] is View.SAGITTAL
    assert "walk.mp4" in str(heard[0][1])
    assert frames.ready(3)
    assert store.views.coronal is not None
    store.views.coronal.want(5)
    wait_exact(qtbot, store.views.coronal, 5)


def test_another_file_in_its_place_is_refused(
    qtbot: Any, store: FrameStore, trial: Trial, make_video: Callable[..., Path]
) -> None:
    stream = trial.videos.sagittal
    assert stream is not None
    other = VideoStream(stream.view, make_video(30, rate_hz=30), stream.sha256, stream.info)
    with qtbot.waitSignal(store.failed, timeout=5000) as told:
        store.open(Trial("t", trial.videos.__class__(other, None)))
    assert told.args[1].code == "error.video.other_file"


@pytest.fixture
def own_file(trial: Trial, tmp_path: Path) -> VideoStream:
    """The side view in a file that a test may spoil."""
    stream = trial.videos.sagittal
    assert stream is not None
    path = tmp_path / "walk.mp4"
    path.write_bytes(stream.path.read_bytes())
    return replace(stream, path=path)


@pytest.mark.parametrize("how", ["cut", "zeros", "removed", "other"])
def test_a_file_that_goes_bad_is_told_in_a_sentence_and_its_pictures_come_back_with_it(
    qtbot: Any, store: FrameStore, trial: Trial, own_file: VideoStream, counter: Any, how: str
) -> None:
    failed: list[Message] = []
    store.failed.connect(lambda view, why: failed.append(why))
    path, whole = own_file.path, own_file.path.read_bytes()
    frames = opened(store, Trial("t", trial.videos.__class__(own_file, None)))
    store.cache.set_limit(20 * 4 * 192 * 96)  # not all pictures: some are always still to be made
    frames.want(10)
    wait_exact(qtbot, frames, 10)
    if how == "removed":
        path.unlink()
    else:
        other = trial.videos.coronal
        assert other is not None
        spoilt = {"cut": whole[: len(whole) // 3], "zeros": bytes(len(whole)), "other": other.path.read_bytes()}
        path.write_bytes(spoilt[how])
    frames.want(70)
    qtbot.waitUntil(lambda: bool(failed), timeout=20_000)
    assert "walk.mp4" in str(failed[-1])
    assert "Error" not in str(failed[-1])
    assert frames.ready(70)  # the clock does not wait for it
    assert frames.nearest(70) is None  # nor is anything shown of it
    assert NOTHING not in failed
    path.write_bytes(whole)
    qtbot.waitUntil(lambda: failed[-1] == NOTHING, timeout=30_000)  # without anybody's asking for another one
    assert frames.failure == NOTHING
    assert counter.read(rgb(wait_exact(qtbot, frames, 70))) == 70
    frames.want(3)
    assert counter.read(rgb(wait_exact(qtbot, frames, 3))) == 3


def test_a_file_that_was_only_touched_is_shown_on(
    qtbot: Any, store: FrameStore, trial: Trial, own_file: VideoStream, counter: Any
) -> None:
    failed: list[Message] = []
    store.failed.connect(lambda view, why: failed.append(why))
    frames = opened(store, Trial("t", trial.videos.__class__(own_file, None)))
    store.cache.set_limit(20 * 4 * 192 * 96)
    frames.want(10)
    wait_exact(qtbot, frames, 10)
    os.utime(own_file.path, ns=(1, 1))
    for index in (70, 3, 40):
        frames.want(index)
        assert counter.read(rgb(wait_exact(qtbot, frames, index))) == index
    assert not failed


def test_a_file_that_comes_late_is_shown(
    qtbot: Any, store: FrameStore, trial: Trial, own_file: VideoStream, counter: Any
) -> None:
    aside = own_file.path.rename(own_file.path.with_name("aside"))
    frames = None
    with qtbot.waitSignal(store.failed, timeout=20_000):
        frames = opened(store, Trial("t", trial.videos.__class__(own_file, None)))
        frames.want(5)
    with qtbot.waitSignal(store.failed, timeout=30_000) as told:
        aside.rename(own_file.path)
    assert told.args == [View.SAGITTAL, NOTHING]
    assert counter.read(rgb(wait_exact(qtbot, frames, 5))) == 5


def test_an_error_of_the_program_is_told_in_a_sentence(
    qtbot: Any, store: FrameStore, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", caught.append)
    monkeypatch.setattr(VideoReader, "frame", lambda *_, **__: 1 / 0)
    with qtbot.waitSignal(store.failed, timeout=20_000) as told:
        opened(store, trial).want(30)
    assert told.args[1] == message("error.program.video", file="0.mp4", kind="ZeroDivisionError")
    qtbot.waitUntil(lambda: bool(caught), timeout=20_000)


def test_a_damaged_place_is_told_and_the_rest_is_shown(
    qtbot: Any, store: FrameStore, trial: Trial, tmp_path: Path, counter: Any
) -> None:
    stream = trial.videos.sagittal
    assert stream is not None
    data = bytearray(stream.path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = b"\x00" * 2000
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    frames = opened(
        store, Trial("t", trial.videos.__class__(VideoStream(stream.view, path, "", stream.info), None))
    )
    frames.play(0, None)
    qtbot.waitUntil(lambda: bool(frames.damage) or frames.ready(89), timeout=8000)
    frames.want(2)
    assert counter.read(rgb(wait_exact(qtbot, frames, 2))) == 2


def test_opening_another_trial_ends_the_threads_of_the_one_before(
    qtbot: Any, store: FrameStore, trial: Trial
) -> None:
    for _ in range(5):
        frames = opened(store, trial)
        frames.want(30)
    wait_exact(qtbot, frames, 30)
    store.open(None)
    assert store.cache.held_bytes == 0


def _shot(index: int, rows: int = 10) -> ScaledFrame:
    return scaled_frame(index, np.zeros((rows, 10, 4), np.uint8), rows)


def test_the_cache_lets_go_of_what_was_used_longest_ago() -> None:
    cache = FrameCache(4 * 400)
    for index in range(4):
        cache.put(1, _shot(index))
    assert cache.get(1, 0) is not None
    cache.put(2, _shot(0))
    assert cache.height_of(1, 1) == 0
    assert cache.height_of(1, 0) == 10
    assert cache.held_bytes == 1600
    cache.put(1, _shot(0, rows=20))  # another size takes the place of the first
    assert cache.held_bytes <= 1600
    assert cache.height_of(1, 0) == 20
    nearest = cache.nearest(1, 9)
    assert nearest is not None
    cache.clear(1)
    assert cache.nearest(1, 0) is None
    assert cache.height_of(2, 0) == 10


def test_what_is_about_to_be_shown_goes_last() -> None:
    cache = FrameCache(4 * 400)
    for index in range(4):
        cache.put(1, _shot(index))
    cache.need(1, [0, 1, 4, 5])
    for index in (2, 3):  # shown just now, so more recent than those made ahead
        cache.get(1, index)
    cache.put(1, _shot(4))
    cache.put(1, _shot(5))
    assert [index for index in range(6) if cache.height_of(1, index)] == [0, 1, 4, 5]
    cache.put(1, _shot(6))  # the bound holds even where all is needed
    assert cache.held_bytes <= 1600
    cache.clear(1)
    cache.put(2, _shot(0))
    assert cache.height_of(2, 0) == 10


def test_the_step_back_over_a_key_frame_is_made_ahead(qtbot: Any, store: FrameStore, trial: Trial) -> None:
    frames = opened(store, trial)
    middle = frames.info.frame_count // 2
    frames.want(middle)
    for step in range(1, 4):
        wait_exact(qtbot, frames, middle - step)
        wait_exact(qtbot, frames, middle + step)


def test_a_shot_shares_the_memory_of_its_array() -> None:
    array = np.zeros((4, 6, 4), np.uint8)
    shot = scaled_frame(0, array, 4)
    array[1, 2] = (10, 20, 30, 255)
    colour = shot.image.pixelColor(2, 1)
    assert (colour.red(), colour.green(), colour.blue()) == (30, 20, 10)


_FREED = """
import sys
import threading
import psutil
from gaitviewer.gui.playback.frame_store import give_back_large_blocks
told = give_back_large_blocks() if sys.argv[1] == "told" else False
before, kept = psutil.Process().memory_info().rss, []
def decode():
    for turn in range(3):
        pictures = []
        for number in range(12):
            pictures.append(bytearray(b"x" * (8 << 20)))
            kept.append(bytearray(b"y" * (100 << 10)))  # keeps a heap from shrinking
        del pictures
decoders = [threading.Thread(target=decode) for _ in range(3)]
for decoder in decoders:
    decoder.start()
for decoder in decoders:
    decoder.join()
held = sum(map(len, kept))
print(int(told), (psutil.Process().memory_info().rss - before - held) >> 20)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems give memory back by themselves")
def test_freed_pictures_leave_the_process() -> None:
    def left(how: str) -> tuple[int, int]:
        done = subprocess.run(
            [sys.executable, "-c", _FREED, how], capture_output=True, text=True, check=True, timeout=60
        )
        told, megabytes = done.stdout.split()
        return int(told), int(megabytes)

    told, megabytes = left("told")
    if not told:
        pytest.skip("this C library cannot be told")
    assert megabytes < 40
    assert left("as it is")[1] > 2 * 40  # or the setting is needed no more
