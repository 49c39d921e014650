"""Videos whose every frame carries its own number in blocks of black and white."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from gaitviewer.video import write_video

Rgb = NDArray[np.uint8]


class Counter:
    """Draws frame numbers so large that compression and scaling cannot change them, and reads them."""

    bits = 10
    block_px = 16
    width_px = 192
    height_px = 96

    def picture(self, number: int) -> Rgb:
        """A moving grey pattern; the top rows hold the number in binary, the least significant bit first."""
        across = np.arange(self.width_px)[None, :] + 3 * number
        down = np.arange(self.height_px)[:, None] + number
        grey = 90 + 40 * np.sin(across / 9.0) * np.cos(down / 7.0)
        picture = np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)
        for bit in range(self.bits):
            left = bit * self.block_px
            picture[:32, left : left + self.block_px] = 255 if number >> bit & 1 else 0
        picture[:32, self.bits * self.block_px :] = (200, 30, 30)
        return picture

    def pictures(self, count: int) -> Iterator[Rgb]:
        return (self.picture(number) for number in range(count))

    def read(self, picture: Rgb) -> int:
        """The number in a picture that may have been scaled."""
        scale = picture.shape[0] / self.height_px
        number = 0
        for bit in range(self.bits):
            value = picture[int(16 * scale), int((bit + 0.5) * self.block_px * scale)].mean()
            number |= int(value > 128) << bit
        return number


@dataclass(frozen=True)
class Recording:
    """A video made for a test: its frame ``i`` shows the number ``first + i`` at ``times[i]``."""

    path: Path
    times: NDArray[np.float64]
    first: int = 0


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
)


@pytest.fixture(scope="session", params=KINDS)
def recording(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, counter: Counter
) -> Recording:
    return _make(request.param, tmp_path_factory.mktemp("video"), counter)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory, counter: Counter) -> Recording:
    """Ninety frames at 30 Hz with B-frames and a key frame every 24."""
    return _make("B-frames", tmp_path_factory.mktemp("plain"), counter)
