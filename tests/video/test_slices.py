"""Pictures of one slice and of several: how they are told apart, and that both are read exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from gaitviewer.video import open_video
from gaitviewer.video.index import build_index

FRAMES, GOP = 80, 40


def _write(path: Path, counter: Any, slices: int, codec: str = "libx264") -> Path:
    options = {"x264-params": f"slices={slices}:sliced-threads=0:keyint={GOP}:scenecut=0"}
    with av.open(str(path), "w", options={}) as container:
        stream: Any = container.add_stream(codec, rate=30, options=options if codec == "libx264" else {})
        stream.width, stream.height, stream.pix_fmt = counter.width_px, counter.height_px, "yuv420p"
        for number in range(FRAMES):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(counter.picture(number), format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".ts"])
@pytest.mark.parametrize("slices", [1, 3])
def test_slices_are_counted_in_every_container(tmp_path: Path, counter: Any, suffix: str, slices: int) -> None:
    path = _write(tmp_path / f"walk{suffix}", counter, slices)
    assert build_index(path).sliced == (slices > 1)


def test_other_codings_count_as_unsliced(tmp_path: Path, counter: Any) -> None:
    assert not build_index(_write(tmp_path / "walk.mkv", counter, 1, codec="mpeg4")).sliced


@pytest.mark.parametrize("slices", [1, 3])
@pytest.mark.parametrize("hurry", [False, True])
def test_long_and_short_ways_are_exact(tmp_path: Path, counter: Any, slices: int, hurry: bool) -> None:
    path = _write(tmp_path / "walk.mp4", counter, slices)
    numbers = np.random.default_rng(3).integers(0, FRAMES, 60).tolist()
    with open_video(path, cache_bytes=0) as reader:
        for number in [39, 38, 40, 39, 79, *numbers]:
            assert counter.read(reader.frame(number, hurry=hurry)) == number


def test_the_way_from_the_key_frame(tmp_path: Path, counter: Any) -> None:
    index = build_index(_write(tmp_path / "walk.mp4", counter, 1))
    assert [index.way_to(number) for number in (0, 39, 40, 79)] == [0, 39, 0, 39]
