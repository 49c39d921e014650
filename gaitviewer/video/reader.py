"""A video reader that is exact on every frame: forward, backward and at random."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from gaitviewer.core.timing import VideoInfo
from gaitviewer.errors import VideoError
from gaitviewer.messages import message
from gaitviewer.util.file_stamp import FileStamp, stamp_of
from gaitviewer.video._decoder import WHOLE_BEFORE, Decoder, FrameCache
from gaitviewer.video._picture import Converter, PixelFormat, Rgb
from gaitviewer.video.index import FrameIndex, build_index

DEFAULT_CACHE_BYTES = 256 << 20
# Where pictures are of one slice, a frame this far behind its key frame is reached sooner by several processors
# with a frame each, and a nearer one by a decoder that hands out each frame at once.
_LONG_WAY = 12


class Converters:
    """A converter for each size and pixel format that was asked for; not for two threads at once."""

    def __init__(self, index: FrameIndex) -> None:
        self._picture = index.picture
        self._made: dict[tuple[int | None, PixelFormat, bool], Converter] = {}

    def convert(
        self, frame: VideoFrame, max_height: int | None, pixel_format: PixelFormat, *, rough: bool = False
    ) -> Rgb:
        """A fresh upright array."""
        key = (max_height, pixel_format, rough)
        if key not in self._made:
            self._made[key] = Converter(
                self._picture, max_height=max_height, pixel_format=pixel_format, rough=rough
            )
        return self._made[key].convert(frame)


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A decoded frame that has not been converted: one that comes too late need not be.

    Attributes:
        number: frame number.
    """

    number: int
    _frame: VideoFrame
    _converters: Converters

    def pixels(
        self, *, max_height: int | None = None, pixel_format: PixelFormat = "rgb24", rough: bool = False
    ) -> Rgb:
        """A fresh array u8 [H, W, 3 or 4], upright; in the thread that runs the iteration.

        A ``rough`` one is scaled down in a hurry: fine lines may flicker from frame to frame.
        """
        return self._converters.convert(self._frame, max_height, pixel_format, rough=rough)


class VideoReader:
    """Upright RGB pictures of one video by frame number, in the order of presentation.

    Single frames (:meth:`frame`) come from one decoder with a cache of recently decoded frames, so that
    stepping back does not decode a group of pictures again for each step. Runs of frames
    (:meth:`frames`) have a decoder of their own. Both may be used from several threads.

    No picture is given from a file that was touched since it was indexed: the index would not be its own, and
    it may be another video by now.

    Attributes:
        path: the file.
        info: its true times, size and rotation.
        stamp: of the file when it was indexed.
    """

    def __init__(
        self,
        path: Path,
        index: FrameIndex,
        *,
        stamp: FileStamp | None = None,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
    ) -> None:
        """Read ``path`` by its ``index``; the cache of decoded frames holds at most ``cache_bytes``.

        ``stamp``: of the file before it was indexed; by default as it is now.
        """
        self.path = path
        self.stamp = stamp_of(path) if stamp is None else stamp
        self.info: VideoInfo = index.info
        self._index = index
        self._cache = FrameCache(cache_bytes)
        self._lock = Lock()
        self._decoders: dict[str, Decoder] = {}
        self._converters = Converters(index)
        self._closed = False

    def frame(
        self,
        index: int,
        *,
        max_height: int | None = None,
        pixel_format: PixelFormat = "rgb24",
        passing: Callable[[int], None] | None = None,
        hurry: bool = False,
    ) -> Rgb:
        """Frame ``index`` as a fresh array u8 [H, W, 3], upright RGB (or [H, W, 4] for "bgra").

        Args:
            index: frame number, 0 to ``info.frame_count - 1``.
            max_height: scale the picture down to at most this height, pixels.
            pixel_format: order of the colours.
            passing: called with the number of each frame decoded on the way; may raise to give up, the
                frames decoded until then stay in the cache.
            hurry: leave out what is on the way and not needed: this frame is there sooner, but of those
                decoded on the way only the last few are kept.

        Raises:
            IndexError: there is no such frame.
            VideoError: the file is damaged there or was touched, or the reader is closed.
        """
        if not 0 <= index < self.info.frame_count:
            raise IndexError(f"frame {index} of a video with {self.info.frame_count} frames")

        def passed(number: int, decoded: VideoFrame) -> None:
            # Holding a frame costs fresh memory for the next one. A field may be missing in an interlaced
            # one whose second field was left out.
            kept = not hurry or number >= index - WHOLE_BEFORE
            if kept:
                self._cache.put(number, decoded)
            try:
                if passing is not None:
                    passing(number)
            except BaseException:
                if not kept and not decoded.interlaced_frame:
                    self._cache.put(number, decoded)
                raise

        with self._lock, self._unchanged():
            self._check_open()
            frame = self._cache.get(index)
            if frame is None:
                frame = self._decoder_for(index).fetch(index, passed, hurry=hurry)
            return self._converters.convert(frame, max_height, pixel_format)

    def _decoder_for(self, index: int) -> Decoder:
        """The one that is on its way to a frame, or the one that comes there soonest from the key frame."""
        for decoder in self._decoders.values():
            if decoder.reaches(index):
                return decoder
        long = not self._index.sliced and self._index.way_to(index) >= _LONG_WAY
        threading = "FRAME" if long else "SLICE"
        if threading not in self._decoders:
            self._decoders[threading] = Decoder(self.path, self._index, threading=threading)
        return self._decoders[threading]

    def frames(
        self, start: int = 0, stop: int | None = None, *, step: int = 1, max_height: int | None = None
    ) -> Iterator[tuple[int, Rgb]]:
        """Every ``step``-th frame from ``start`` up to, not including, ``stop`` as ``(number, rgb)``.

        Pictures are fresh arrays u8 [H, W, 3]; with ``max_height`` they are scaled down while they are
        converted, which is cheaper than scaling afterwards. Key frames are used to skip what lies between.

        Raises:
            ValueError: ``step`` or ``max_height`` is below 1, or ``start`` is negative.
            VideoError: the file is damaged at a frame or was touched, or the reader is closed.
        """
        if step < 1 or start < 0:
            raise ValueError(f"start {start} and step {step}: expected start >= 0 and step >= 1")
        stop = self.info.frame_count if stop is None else min(stop, self.info.frame_count)
        if max_height is not None and max_height < 1:
            raise ValueError(f"max_height is {max_height}, expected at least 1")
        self._check_open()
        run = self._run(range(start, stop, step))
        return ((decoded.number, decoded.pixels(max_height=max_height)) for decoded in run)

    def decoded(
        self, start: int = 0, *, passing: Callable[[int], None] | None = None
    ) -> Generator[Decoded, None, None]:
        """Every frame from ``start`` on, to be converted by whoever needs it.

        Args:
            start: number of the first frame.
            passing: called with the number of each frame decoded on the way; may raise to give up.

        Raises:
            ValueError: ``start`` is negative.
            VideoError: the file is damaged at a frame or was touched, or the reader is closed.
        """
        if start < 0:
            raise ValueError(f"start {start}: expected >= 0")
        self._check_open()
        return self._run(range(start, self.info.frame_count), passing)

    def _run(
        self, numbers: range, passing: Callable[[int], None] | None = None
    ) -> Generator[Decoded, None, None]:
        if not numbers:
            return

        def passed(number: int, frame: VideoFrame) -> None:
            if passing is not None:
                passing(number)

        converters = Converters(self._index)
        with self._unchanged():
            decoder = Decoder(self.path, self._index, threading="FRAME")
        try:
            for number in numbers:
                with self._unchanged():
                    frame = decoder.fetch(number, passed)
                yield Decoded(number, frame, converters)
        finally:
            decoder.close()

    @property
    def is_changed(self) -> bool:
        """Whether the file was touched or went away since it was indexed: it must be opened again."""
        return stamp_of(self.path) != self.stamp

    @contextlib.contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Look after a picture was made whether the file is still the one that was indexed.

        An error on the way gives way to what is said then: a file that was overwritten is not merely damaged.
        """
        try:
            yield
        except VideoError as error:
            if not self._closed:
                self._refuse_changed(error)
            raise
        self._refuse_changed(None)

    def _refuse_changed(self, cause: VideoError | None) -> None:
        stamp = stamp_of(self.path)
        if stamp == self.stamp:
            return
        if stamp is None:
            raise VideoError(message("error.video.gone", path=self.path)) from cause
        raise VideoError(message("error.video.changed_while_read", file=self.path.name)) from cause

    @property
    def key_frames(self) -> NDArray[np.int64]:
        """[M] numbers of the shown frames at which decoding can start, increasing."""
        return np.flatnonzero(np.isin(self._index.pts, self._index.key_pts))

    @property
    def cached_bytes(self) -> int:
        """Bytes that the cache of decoded frames holds now."""
        return self._cache.held_bytes

    def close(self) -> None:
        """Close the file and let go of the cache; closing twice is harmless."""
        with self._lock:
            self._closed = True
            self._cache.clear()
            for decoder in self._decoders.values():
                decoder.close()
            self._decoders.clear()

    def _check_open(self) -> None:
        if self._closed:
            raise VideoError(message("error.video.closed", file=self.path.name))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_video(
    path: Path | str, *, recorded_at_hz: float | None = None, cache_bytes: int = DEFAULT_CACHE_BYTES
) -> VideoReader:
    """Open a video for exact reading.

    Args:
        path: the video file.
        recorded_at_hz: true recording rate of slow motion (240 fps stored as 30); rescales all times.
        cache_bytes: most bytes of decoded frames that the reader keeps.

    Raises:
        VideoError: the file is missing, damaged, cut off, or not a video.
        SettingsError: ``recorded_at_hz`` is impossible for this file.
    """
    path = Path(path)
    stamp = stamp_of(path)
    index = build_index(path, recorded_at_hz=recorded_at_hz)
    return VideoReader(path, index, stamp=stamp, cache_bytes=cache_bytes)
