"""Pictures for the canvases: one decoder thread for each view, one bounded cache for all."""

from __future__ import annotations

import ctypes
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from gaitviewer.core.gait import ByView, View
from gaitviewer.core.session import Trial, VideoStream
from gaitviewer.gui.playback.decode_priority import DecodePriority
from gaitviewer.gui.playback.decoder import ViewFrames
from gaitviewer.gui.playback.frame_cache import FrameCache
from gaitviewer.messages import NOTHING, Message

if TYPE_CHECKING:
    from gaitviewer.video import VideoReader

__all__ = ["DEFAULT_LIMIT_BYTES", "FrameStore", "ViewFrames"]

DEFAULT_LIMIT_BYTES = 1 << 30
# Shares of the bound: pictures at display size, and decoded groups of pictures of each view for steps back.
# The rest is left to the decoders themselves.
_PICTURES_SHARE = 0.5
_DECODED_SHARE = 0.15
# A decoder thread that comes back from FFmpeg waits up to this long for the window's thread to let it into
# Python. With Python's usual 5 ms, several times for each frame, two decoders cannot keep up with 60 Hz.
_SWITCH_S = 0.0005
# glibc takes larger and larger blocks from its heaps once such a block was freed, and heaps that several
# threads fill with pictures hardly shrink: two 1440p60 views grew by 1.7 GB with a bound of 1 GB. Blocks of
# this size are given back to the system at once.
_LARGE_BYTES = 4 << 20
_M_MMAP_THRESHOLD = -3


def give_back_large_blocks() -> bool:
    """Makes freed pictures leave the process at once; whether the C library can be told so (glibc can)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES))
    except (AttributeError, OSError):  # another C library
        return False


class _Bridge(QObject):
    """The only way from the decoder threads to the window's."""

    posted = Signal()


class FrameStore(QObject):
    """The pictures of the trial that is shown.

    Signals:
        arrived: a picture came (paint again if it was waited for).
        failed: the view and why it has no pictures; NOTHING when it has them again.
    """

    arrived = Signal()
    failed = Signal(object, object)

    def __init__(self, parent: QObject | None = None, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        """Keep at most ``limit_bytes`` of pictures of all views together."""
        give_back_large_blocks()
        super().__init__(parent)
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_S))
        self._limit_bytes = limit_bytes
        self.cache = FrameCache(int(limit_bytes * _PICTURES_SHARE))
        self._rush = DecodePriority()
        self.views: ByView[ViewFrames | None] = ByView(None, None)
        self._reported: dict[View, Message] = {}
        self._lock = threading.Lock()
        self._posted = False
        self._open = True
        self._bridge = _Bridge(self)
        self._bridge.posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def limit_bytes(self) -> int:
        """The bound on all memory for pictures."""
        return self._limit_bytes

    def set_limit(self, limit_bytes: int) -> None:
        """Keep at most this much from now on (what the decoders hold follows with the next trial)."""
        self._limit_bytes = limit_bytes
        self.cache.set_limit(int(limit_bytes * _PICTURES_SHARE))

    def open(self, trial: Trial | None) -> ByView[ViewFrames | None]:
        """Let go of the trial before and start decoding this one; returns at once."""
        self._close_views()
        if trial is not None:
            self.views = ByView(*(self._start(trial.videos[view]) for view in View))
        return self.views

    def _start(self, stream: VideoStream | None) -> ViewFrames | None:
        if stream is None or stream.info.frame_count == 0:
            return None
        share = int(self._limit_bytes * _DECODED_SHARE)
        opener = _Opener(stream, share)
        return ViewFrames(stream, self.cache, self._rush, opener=opener, told=self._tell)

    def close(self) -> None:
        """End all threads."""
        self._close_views()
        with self._lock:
            self._open = False

    def _close_views(self) -> None:
        for view in View:
            frames = self.views[view]
            if frames is not None:
                frames.close()
        self.views = ByView(None, None)
        self._reported.clear()

    def _tell(self) -> None:
        with self._lock:
            if self._posted or not self._open:
                return
            self._posted = True
            self._bridge.posted.emit()

    def _deliver(self) -> None:
        with self._lock:
            self._posted = False
        for view in View:
            frames = self.views[view]
            why = (frames.failure or frames.damage) if frames is not None else NOTHING
            if why != self._reported.get(view, NOTHING):
                self._reported[view] = why
                self.failed.emit(view, why)
        self.arrived.emit()


@dataclass(frozen=True, slots=True)
class _Opener:
    """Opens a video in the decoder's thread."""

    stream: VideoStream
    cache_bytes: int

    def __call__(self) -> VideoReader:
        from gaitviewer.video import open_recorded

        return open_recorded(self.stream, cache_bytes=self.cache_bytes)
