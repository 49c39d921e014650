"""Writing a video: whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from gaitviewer.errors import OutputError, reason_of
from gaitviewer.messages import message
from gaitviewer.util import atomic

# Fine enough for every rate in use: 30, 29.97, 25, 60, 120, 240 Hz are whole numbers of ticks or nearly so.
_TICKS_HZ = 90_000


def write_video(
    path: Path | str,
    frames: Iterable[NDArray[np.uint8]],
    *,
    rate_hz: float | None = None,
    times: Sequence[float] | NDArray[np.float64] | None = None,
    codec: str = "libx264",
    crf: int = 20,
    preset: str = "veryfast",
    gop: int | None = None,
    b_frames: int | None = None,
    rotation_deg: int = 0,
) -> None:
    """Write pictures as a video; a file that stood there is replaced only once the new one is complete.

    Args:
        path: file to write; its suffix chooses the container (.mp4, .mov, .mkv, .avi).
        frames: u8 [H, W, 3] RGB, all of one even size, as stored (before ``rotation_deg``).
        rate_hz: constant rate; exactly one of it and ``times`` is given.
        times: seconds at which each frame is shown, strictly increasing.
        codec: FFmpeg's name of the encoder.
        crf: quality of the x264 encoder (0 lossless, 18 to 23 good, larger is smaller).
        preset: speed of the x264 encoder.
        gop: most frames from one key frame to the next.
        b_frames: most B-frames in a row.
        rotation_deg: clockwise rotation that players are asked to apply: 0, 90, 180 or 270.

    Raises:
        ValueError: frames, rate, times or rotation do not fit together.
        OutputError: nothing to write, or the file cannot be written.
    """
    path = Path(path)
    if (rate_hz is None) == (times is None):
        raise ValueError("give either rate_hz or times")
    if rotation_deg % 90:
        raise ValueError(f"rotation_deg is {rotation_deg}, expected 0, 90, 180 or 270")
    pictures = iter(frames)
    first = next(pictures, None)
    if first is None:
        raise OutputError(message("error.video.nothing_to_write", file=path.name))
    options = {"crf": str(crf), "preset": preset} if codec.startswith("libx26") else {}
    try:
        path.parent.stat()  # a folder that is not there is a slip, and not made
        with (
            atomic.replacing(path, keep_ending=True) as part,
            av.open(f"file:{part}", "w", options=_container_options(path)) as container,
        ):
            stream = _add_stream(container, first, codec, options, rate_hz)
            if gop is not None:
                stream.codec_context.gop_size = gop
            if b_frames is not None:
                stream.codec_context.max_b_frames = b_frames
            if rotation_deg % 360:
                stream.set_display_rotation(-rotation_deg)
            for frame in _timed(chain([first], pictures), stream, times):
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    except (av.error.FFmpegError, OSError) as error:
        raise OutputError(message("error.video.not_written", path=path, reason=reason_of(error))) from error


def _container_options(path: Path) -> dict[str, str]:
    """Index at the front, so that a player, or a check for completeness, need not read the whole file."""
    return {"movflags": "+faststart"} if path.suffix.lower() in (".mp4", ".mov") else {}


def _add_stream(
    container: OutputContainer,
    first: NDArray[np.uint8],
    codec: str,
    options: dict[str, str],
    rate_hz: float | None,
) -> VideoStream:
    height, width = first.shape[:2]
    if height % 2 or width % 2:
        raise ValueError(f"pictures are {width}x{height} pixels; both sides must be even")
    rate = Fraction(30) if rate_hz is None else Fraction(rate_hz).limit_denominator(1001)
    stream = container.add_stream(codec, rate=rate, options=options)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.codec_context.time_base = Fraction(1, _TICKS_HZ) if rate_hz is None else 1 / rate
    return stream


def _timed(
    pictures: Iterator[NDArray[np.uint8]],
    stream: VideoStream,
    times: Sequence[float] | NDArray[np.float64] | None,
) -> Iterator[VideoFrame]:
    """Encoder frames with their presentation times."""
    shown = (
        None if times is None else np.round(np.asarray(times, dtype=np.float64) * _TICKS_HZ).astype(np.int64)
    )
    if shown is not None and np.any(np.diff(shown) <= 0):
        raise ValueError("times must be strictly increasing")
    count = 0
    for count, picture in enumerate(pictures, start=1):
        if picture.shape != (stream.height, stream.width, 3):
            raise ValueError(f"picture {count - 1} has shape {picture.shape}, unlike the first")
        if shown is not None and count > shown.size:
            raise ValueError(f"there are more pictures than the {shown.size} times")
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame.pts = count - 1 if shown is None else int(shown[count - 1])
        frame.time_base = stream.codec_context.time_base
        yield frame
    if shown is not None and count != shown.size:
        raise ValueError(f"there are {count} pictures and {shown.size} times")
