"""Videos whose every frame carries its own number in blocks of black and white."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition
from numpy.typing import NDArray

from gaitviewer.core.timing import PAUSE_S
from gaitviewer.video import write_video
from tests.support.frame_counter import Counter, Rgb
from tests.support.h264_fields import write_in_fields


@dataclass(frozen=True)
class Recording:
    """A video made for a test: its frame ``i`` shows the number ``first + i`` at ``times[i]``."""

    path: Path
    times: NDArray[np.float64]
    first: int = 0
    kind: str = ""


@pytest.fixture(scope="session")
def counter() -> Counter:
    return Counter()


FRAMES = 90


def _uneven_times(count: int) -> NDArray[np.float64]:
    gaps = np.random.default_rng(7).choice([0.02, 0.033, 0.05, 0.12], size=count - 1)
    return np.concatenate([[0.0], np.cumsum(gaps)])


def _shifted(source: Path, target: Path, *, ticks: int) -> None:
    """Copy the packets with all times moved; what falls before 0 becomes an edit list in an MP4 file."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.size:
                packet.pts = packet.pts + ticks
                packet.dts = packet.dts + ticks
                packet.stream = stream
                new.mux(packet)


def join(target: Path, *sources: Path) -> None:
    """``cat``."""
    target.write_bytes(b"".join(source.read_bytes() for source in sources))


def _joined(folder: Path, counter: Counter, suffix: str, codec: str) -> Recording:
    """Fifty frames, then forty of another recording whose times start again."""
    path, parts = folder / f"recording{suffix}", (range(50), range(50, FRAMES))
    for name, numbers in zip("ab", parts, strict=True):
        pictures = (counter.picture(number) for number in numbers)
        write_video(folder / f"{name}{suffix}", pictures, rate_hz=30, gop=12, b_frames=2, codec=codec)
    join(path, folder / f"a{suffix}", folder / f"b{suffix}")
    times = np.arange(FRAMES) / 30
    times[50:] += PAUSE_S
    return Recording(path, times)


def _write_with_preview(path: Path, pictures: Iterator[Rgb], *, default: bool) -> None:
    """A file whose first video track is a small preview; ``default`` marks the other one as the usual one."""
    with av.open(str(path), "w") as file:
        small, large = file.add_stream("mjpeg", rate=30), file.add_stream("libx264", rate=30)
        for stream, (width, height), kind in ((small, (48, 24), "yuvj420p"), (large, (192, 96), "yuv420p")):
            stream.width, stream.height, stream.pix_fmt = width, height, kind
        small.disposition = 0
        large.disposition = Disposition.default if default else 0
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            file.mux(small.encode(frame.reformat(48, 24, "yuvj420p")))
            file.mux(large.encode(frame))
        file.mux(small.encode())
        file.mux(large.encode())


def _make(kind: str, folder: Path, counter: Counter) -> Recording:
    path = folder / "recording.mp4"
    even = np.arange(FRAMES) / 30
    pictures = counter.pictures(FRAMES)
    if kind == "B-frames":
        write_video(path, pictures, rate_hz=30, gop=24, b_frames=3, preset="medium")
    elif kind == "variable rate":
        even = _uneven_times(FRAMES)
        write_video(path, pictures, times=even, gop=24, b_frames=3, preset="medium")
    elif kind == "rotated":
        stored = (np.rot90(picture) for picture in pictures)  # lies on its left side
        write_video(path, stored, rate_hz=30, gop=24, b_frames=2, rotation_deg=90)
    elif kind == "upside down":
        write_video(path, (picture[::-1, ::-1] for picture in pictures), rate_hz=30, rotation_deg=180)
    elif kind == "key frames only":
        write_video(path, pictures, rate_hz=30, gop=1)
    elif kind == "short GOP":
        write_video(path, pictures, rate_hz=30, gop=4, b_frames=2)
    elif kind == "one long GOP":
        write_video(path, pictures, rate_hz=30, gop=1000, b_frames=3)
    elif kind == "NTSC rate":
        even = even * 30 / (30000 / 1001)
        write_video(path, pictures, rate_hz=30000 / 1001, gop=24, b_frames=3)
    elif kind == "Matroska":
        path = path.with_suffix(".mkv")
        write_video(path, pictures, times=even, gop=24, b_frames=3)
    elif kind == "AVI without presentation times":
        path = path.with_suffix(".avi")
        write_video(path, pictures, rate_hz=30, gop=24, b_frames=3)
    elif kind == "MPEG transport stream":
        path = path.with_suffix(".ts")
        write_video(path, pictures, rate_hz=30, gop=24, b_frames=3)
    elif kind == "VP9":
        path = path.with_suffix(".webm")
        write_video(path, pictures, rate_hz=30, gop=24, codec="libvpx-vp9")
    elif kind == "edit list":
        whole = folder / "whole.mp4"
        write_video(whole, pictures, rate_hz=30, gop=24, b_frames=3)
        with av.open(str(whole)) as file:
            step = int(1 / (30 * file.streams.video[0].time_base))
        _shifted(whole, path, ticks=-10 * step)
        return Recording(path, even[:-10], first=10)
    elif kind == "a packet a field":
        path = path.with_suffix(".mts")
        write_in_fields(path, pictures, rate_hz=30)
    elif kind == "fields and frames":
        path = path.with_suffix(".ts")
        write_in_fields(path, pictures, rate_hz=30, whole=range(1, FRAMES, 3))
    elif kind == "joined transport streams":
        return _joined(folder, counter, ".mts", "libx264")
    elif kind == "joined program streams":
        return _joined(folder, counter, ".mpg", "mpeg2video")
    elif kind == "preview track first":
        path = path.with_suffix(".mov")
        _write_with_preview(path, pictures, default=True)
    elif kind == "Matroska at 120 Hz":
        path, even = path.with_suffix(".mkv"), even / 4
        write_video(path, pictures, rate_hz=120, gop=24, b_frames=3)
    elif kind == "late start":
        whole = folder / "whole.mp4"
        path = path.with_suffix(".mkv")
        write_video(whole, pictures, rate_hz=30, gop=24, b_frames=3)
        _shifted(whole, path, ticks=51_200)
    return Recording(path, even)


KINDS = (
    "B-frames",
    "variable rate",
    "rotated",
    "upside down",
    "key frames only",
    "short GOP",
    "one long GOP",
    "NTSC rate",
    "Matroska",
    "AVI without presentation times",
    "MPEG transport stream",
    "VP9",
    "edit list",
    "late start",
    "a packet a field",
    "fields and frames",
    "joined transport streams",
    "joined program streams",
    "preview track first",
    "Matroska at 120 Hz",
)


@pytest.fixture(scope="session", params=KINDS)
def recording(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, counter: Counter
) -> Recording:
    return replace(_make(request.param, tmp_path_factory.mktemp("video"), counter), kind=request.param)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory, counter: Counter) -> Recording:
    """Ninety frames at 30 Hz with B-frames and a key frame every 24."""
    return _make("B-frames", tmp_path_factory.mktemp("plain"), counter)


@pytest.fixture(scope="session")
def in_fields() -> Any:
    """Writes a file in which frames are two packets with a field each."""
    return write_in_fields


@pytest.fixture(scope="session")
def with_preview() -> Any:
    """Writes a file whose first video track is a small preview."""
    return _write_with_preview
