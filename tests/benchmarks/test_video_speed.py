"""How much exactness costs: the reader against bare PyAV on the same file, and single frames.

Figures are printed; the assertions hold with room to spare, as ratios within one run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest

from gaitviewer.video import open_video, probe_safely

pytestmark = pytest.mark.benchmark

NAMES = ("clinic/sagittal.mp4", "street/sagittal.mp4", "two_camera/cam03.mp4")


def _seconds(work: Callable[[], object], *, times: int = 3) -> float:
    """The fastest of several runs."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def _bare(path: Path, height: int | None) -> int:
    """Decode with PyAV alone, frame threading, converted to RGB at full size or scaled."""
    count = 0
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        stream.thread_type = "FRAME"
        for frame in file.decode(stream):
            if height is None:
                frame.to_ndarray(format="rgb24")
            else:
                width = round(frame.width * height / frame.height)
                frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
            count += 1
    return count


@pytest.mark.parametrize("height", [None, 360])
@pytest.mark.parametrize("name", NAMES)
def test_in_a_row(shared_data: Path, capsys: pytest.CaptureFixture[str], name: str, height: int | None) -> None:
    path = shared_data / name
    with open_video(path) as reader:
        count = reader.info.frame_count
        ours = _seconds(lambda: sum(1 for _ in reader.frames(max_height=height)))
    bare = _seconds(lambda: _bare(path, height))
    with capsys.disabled():
        size = "full size" if height is None else f"{height} px"
        print(
            f"\n{name} {size}: {count / ours:.0f} frames/s, PyAV alone {count / bare:.0f}, "
            f"time ratio {ours / bare:.2f}"
        )
    assert ours < 1.3 * bare


@pytest.mark.parametrize("name", NAMES)
def test_single_frames(shared_data: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    path = shared_data / name
    with open_video(path) as reader:
        order = np.random.default_rng(0).integers(0, reader.info.frame_count, size=12)
        uncached, cached = [], []
        for index in map(int, order):
            with open_video(path) as fresh:
                uncached.append(_seconds(partial(fresh.frame, index), times=1))
                cached.append(_seconds(partial(fresh.frame, index)))
        last = reader.info.frame_count - 1
        back = [_seconds(partial(reader.frame, index), times=1) for index in range(last, last - 40, -1)]
    with capsys.disabled():
        print(
            f"\n{name}: at random {1e3 * np.median(uncached):.0f} ms uncached (worst "
            f"{1e3 * max(uncached):.0f}), {1e3 * np.median(cached):.2f} ms cached; 40 steps back: "
            f"median {1e3 * np.median(back):.2f} ms, worst {1e3 * max(back):.0f} ms"
        )
    assert np.median(cached) < 0.5 * np.median(uncached)


def test_probing(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken = _seconds(lambda: probe_safely(shared_data / "clinic/sagittal.mp4"))
    with capsys.disabled():
        print(f"\nindexing in a child process: {1e3 * taken:.0f} ms")
    assert taken < 2
