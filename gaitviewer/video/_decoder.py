"""Decoding that lands exactly on the frame that was asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from gaitviewer.errors import VideoError
from gaitviewer.messages import message
from gaitviewer.video._container import READ_ERRORS, STREAMS, open_container
from gaitviewer.video.index import Clip, FrameIndex

# Decoding this many frames more is cheaper than a seek, which empties the decoder.
_WORTH_DECODING = 8
# In a hurry, so many frames before the wanted one are decoded like it: the next step is likely one back.
WHOLE_BEFORE = 6
# Codings in which a frame that is marked as no reference is needed by no other frame, whatever the stream.
# (In HEVC the mark holds within a temporal layer only.)
_MARKED = frozenset(("h264",))

Passed = Callable[[int, VideoFrame], None]
Run = Generator[tuple[int, VideoFrame], None, None]


def _ignore(index: int, frame: VideoFrame) -> None:
    """Keep nothing of the frames on the way."""


class Decoder:
    """One open file and one decoder, positioned somewhere in the stream; not for two threads at once."""

    def __init__(self, path: Path, index: FrameIndex, *, threading: str) -> None:
        """Open ``path``; ``threading`` is FFmpeg's "FRAME" (fast in a row) or "SLICE" (no delay)."""
        self._path = path
        self._index = index
        self._threading = threading
        self._open()
        self._position = -1
        self._from_start = True
        self._bad: int | None = None
        self._skips_until = 0  # frame number
        self._skipped_pts: int | None = None  # the latest one that was left out since the seek
        self._hurried_pts: int | None = None  # of the frame that is fetched in a hurry
        self._inside = False  # that frame has gone into the decoder
        self._emptied = False  # the decoder gave all that it held; it must seek before it goes on
        self._run: Run = self._decode()

    def _open(self) -> None:
        self._container, self._stream = open_container(self._path)
        self._closed = False
        self._stream.thread_type = self._threading
        self._clip = self._index.clips[0] if self._index.clips else None

    def close(self) -> None:
        """Close the file."""
        self._run.close()
        self._container.close()
        self._closed = True

    def fetch(self, wanted: int, passed: Passed = _ignore, *, hurry: bool = False) -> VideoFrame:
        """Frame ``wanted``; every frame decoded on the way, itself included, is shown to ``passed``.

        In a ``hurry``, frames on the way that no other frame needs are not decoded where the coding marks
        them; the wanted one, and those just before it, always are.

        Raises:
            VideoError: the file is damaged at that frame.
        """
        key = self._index.key_before(wanted)
        # of a frame in two packets, one could be left out and the other not
        hurry = hurry and not self._index.counted and not self._index.in_fields
        self._skips_until = wanted - WHOLE_BEFORE if hurry and self._marks else 0
        self._hurried_pts = int(self._index.pts[wanted]) if hurry else None
        self._inside = False
        if self._closed:  # the file could not be opened again the last time; perhaps it is back
            self._reopen()
        if not self._can_run_to(wanted, key):
            self._seek(key)
        back = 1
        while True:
            for index, frame in self._run:
                self._position = index
                if index <= wanted:
                    passed(index, frame)
                if index == wanted:
                    return frame
                if index > wanted:
                    break
            if self._emptied:  # it did not give the frame after all: read on as usual
                self._hurried_pts, self._inside = None, False
                self._seek(key)
                continue
            # The seek went past the key frame (some containers seek by decoding time), or the wanted frame
            # cannot be decoded from it: start further back, in the end at the first packet.
            if self._from_start:
                raise self._damaged(wanted if self._bad is None else self._bad)
            self._seek(key - back)
            back *= 4

    def reaches(self, wanted: int) -> bool:
        """Whether it comes to a frame by decoding on, without a seek."""
        return self._can_run_to(wanted, self._index.key_before(wanted))

    def _can_run_to(self, wanted: int, key: int) -> bool:
        if self._position >= wanted or self._emptied:
            return False
        if self._skipped_pts is not None and self._index.pts[wanted] <= self._skipped_pts:
            return False
        if key < 0 or self._index.counted:
            return True
        key_frame = int(np.searchsorted(self._index.pts, self._index.key_pts[key]))
        return key_frame <= self._position + _WORTH_DECODING

    def _seek(self, key: int) -> None:
        """Continue decoding at key frame number ``key``, or at the first packet if there is none such."""
        if key < 0 or self._index.counted:
            self._reopen()
            return
        self._run.close()
        try:
            if self._index.clips:
                place = int(self._index.key_bytes[key])
                if place < 0:
                    self._seek(key - 1)
                    return
                self._clip = self._index.clip_at(place)
                self._container.seek(place, stream=self._stream, unsupported_byte_offset=True)
            else:
                self._container.seek(int(self._index.key_pts[key]), stream=self._stream)
        except READ_ERRORS:  # no seek index in this container
            self._reopen()
            return
        self._position = -1
        self._skipped_pts = None
        self._emptied = False
        self._from_start = False
        self._run = self._decode()

    def _reopen(self) -> None:
        self.close()
        self._open()
        self._position = -1
        self._skipped_pts = None
        self._emptied = False
        self._from_start = True
        self._run = self._decode()

    @property
    def _marks(self) -> bool:
        return self._stream.codec_context.name in _MARKED

    def _packets(self) -> Iterator[VideoFrame]:
        """Decoded frames from here on; in a hurry some are left out.

        A decoder holds frames back until later ones show that none comes before them. The last one of a group
        of pictures would wait for the next key frame, the dearest of all; it is asked for at once instead.
        """
        context, pts = self._stream.codec_context, self._index.pts
        headless = self._from_start and self._index.key_pts.size and self._container.format.name in STREAMS
        started = not headless
        for packet in self._container.demux(self._stream):
            if self._index.partial_end and packet.is_corrupt:
                yield from context.decode(None)
                return
            started = started or packet.is_keyframe
            if not started and packet.size:  # cannot be decoded, and is no damage
                continue
            if self._clip is not None and packet.size:
                yield from self._moved(packet, self._clip)
            if self._inside and packet.is_keyframe:
                self._emptied = True
                yield from context.decode(None)
                return
            if packet.pts is not None and packet.pts == self._hurried_pts:
                self._inside = True
            skip = self._skips_until > 0 and packet.pts is not None and packet.pts < pts[self._skips_until]
            if skip and packet.pts is not None:
                self._skipped_pts = max(packet.pts, self._skipped_pts or packet.pts)
            context.skip_frame = "NONREF" if skip else "DEFAULT"
            yield from packet.decode()

    def _moved(self, packet: Packet[VideoStream], clip: Clip) -> Iterator[VideoFrame]:
        """Move a packet's times to the clock of all recordings; at a new one, what the decoder still holds."""
        if packet.pos is not None and self._index.clip_at(packet.pos) != clip:
            context = self._stream.codec_context
            yield from context.decode(None)
            context.flush_buffers()
            clip = self._clip = self._index.clip_at(packet.pos)
        if packet.pts is not None:
            packet.pts += clip.shift
        if packet.dts is not None:
            packet.dts += clip.shift

    def _decode(self) -> Run:
        """Shown frames with their numbers, ascending, from the present place in the file.

        Ends at the end of the file, or at a damaged frame, whose number is then kept.
        """
        self._bad = None
        pts = self._index.pts
        last = -1
        try:
            for frame in self._packets():
                if self._index.counted:
                    number = last + 1
                elif frame.pts is None:
                    continue
                else:
                    number = int(np.searchsorted(pts, frame.pts))
                    if number >= pts.size or pts[number] != frame.pts:
                        continue  # outside the edit list
                if frame.is_corrupt:  # patched up by the decoder; what follows would be built on it
                    self._bad = number
                    return
                if last < number < pts.size:  # a repeated time shows its first frame only
                    last = number
                    yield number, frame
        except READ_ERRORS:
            self._bad = max(last + 1, 0)

    def _damaged(self, frame: int) -> VideoError:
        time = float(self._index.info.times[frame])
        return VideoError(message("error.video.frame_damaged", file=self._path.name, frame=frame, time=time))


class FrameCache:
    """The most recently used decoded frames, as the decoder gave them (about 1.5 bytes a pixel)."""

    def __init__(self, limit_bytes: int) -> None:
        """Keep at most ``limit_bytes``; 0 keeps nothing."""
        self._limit_bytes = limit_bytes
        self._frames: OrderedDict[int, tuple[VideoFrame, int]] = OrderedDict()
        self.held_bytes = 0

    def get(self, index: int) -> VideoFrame | None:
        """The frame, if it is held; it then counts as the most recently used."""
        entry = self._frames.get(index)
        if entry is None:
            return None
        self._frames.move_to_end(index)
        return entry[0]

    def put(self, index: int, frame: VideoFrame) -> None:
        """Hold a frame, letting go of the least recently used ones."""
        size = sum(plane.buffer_size for plane in frame.planes)
        if size > self._limit_bytes:
            return
        _, before = self._frames.pop(index, (None, 0))
        self._frames[index] = frame, size
        self.held_bytes += size - before
        while self.held_bytes > self._limit_bytes:
            _, (_, gone) = self._frames.popitem(last=False)
            self.held_bytes -= gone

    def clear(self) -> None:
        """Let go of everything."""
        self._frames.clear()
        self.held_bytes = 0
