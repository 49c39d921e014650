"""Pictures of a session's videos, by trial, view and frame number."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import View
from gaitviewer.core.session import Trial

if TYPE_CHECKING:
    from gaitviewer.video import VideoReader

_FRAMES_AHEAD = 8  # decoded pictures kept for each video


class TrialPictures:
    """Frames of all videos of a session; each video is opened when it is first asked for.

    A video that has gone since it was analysed, or is another file now, gives no pictures; the report then
    draws skeletons alone and says why.

    Attributes:
        refusals: why videos that were asked for give no pictures, a sentence each.
    """

    def __init__(self, trials: Sequence[Trial]) -> None:
        self._trials = {trial.id: trial for trial in trials}
        self.refusals: list[str] = []
        self._stack = contextlib.ExitStack()
        self._readers: dict[tuple[str, View], VideoReader | None] = {}
        self._ahead: dict[tuple[str, View], _Ahead] = {}

    def __call__(self, trial: str, view: View, frame: int) -> NDArray[np.uint8] | None:
        """u8 [H, W, 3] upright RGB, or None where there is no such picture."""
        ahead = self._ahead.get((trial, view))
        if ahead is not None:
            found, picture = ahead.take(frame)
            if found:
                return picture
        reader = self._reader(trial, view)
        if reader is None or not 0 <= frame < reader.info.frame_count:
            return None
        return reader.frame(frame)

    def prefetch(self, frames: Sequence[tuple[str, View, int]]) -> None:
        """Decode these frames in the background, a thread for each video, in the order given.

        Decoding needs no interpreter lock, so it costs next to nothing beside other work.
        """
        for key in dict.fromkeys((trial, view) for trial, view, _ in frames):
            reader = self._reader(*key)
            if reader is not None:
                numbers = [number for trial, view, number in frames if (trial, view) == key]
                self._ahead[key] = _Ahead(reader, numbers)
                self._stack.callback(self._ahead[key].stop)

    def look(self) -> tuple[str, ...]:
        """Open all videos; why some of them give no pictures."""
        for trial, data in self._trials.items():
            for view in data.views:
                self._reader(trial, view)
        return tuple(self.refusals)

    def _reader(self, trial: str, view: View) -> VideoReader | None:
        from gaitviewer.errors import VideoError
        from gaitviewer.video import open_recorded

        if (trial, view) not in self._readers:
            stream = self._trials[trial].videos[view] if trial in self._trials else None
            reader = None
            if stream is not None:
                try:
                    reader = self._stack.enter_context(open_recorded(stream))
                except VideoError as error:
                    self.refusals.append(str(error))
            self._readers[(trial, view)] = reader
        return self._readers[(trial, view)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


class _Ahead:
    """Decodes a few frames ahead of whoever asks for them."""

    def __init__(self, reader: VideoReader, numbers: Sequence[int]) -> None:
        self._reader = reader
        self._waiting = [n for n in dict.fromkeys(numbers) if 0 <= n < reader.info.frame_count]
        self._done: queue.Queue[tuple[int, NDArray[np.uint8] | None]] = queue.Queue(_FRAMES_AHEAD)
        self._stopped = threading.Event()
        self._left = list(self._waiting)
        self._thread = threading.Thread(target=self._work, name="pictures", daemon=True)
        self._thread.start()

    def take(self, frame: int) -> tuple[bool, NDArray[np.uint8] | None]:
        """Whether this frame was decoded ahead, and the picture; frames before it are let go."""
        if frame not in self._left:
            return False, None
        while self._left:
            self._left.pop(0)
            number, picture = self._done.get()
            if number == frame:
                return picture is not None, picture
        return False, None

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        self._thread.join()

    def _work(self) -> None:
        from gaitviewer.errors import VideoError

        for number in self._waiting:
            picture = None
            with contextlib.suppress(VideoError):  # told when the picture is asked for again
                picture = self._reader.frame(number)
            while not self._stopped.is_set():
                try:
                    self._done.put((number, picture), timeout=0.05)
                    break
                except queue.Full:
                    continue
            if self._stopped.is_set():
                return
