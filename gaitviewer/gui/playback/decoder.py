"""The decoder thread of one view.

It scales to the size of the canvas while it converts, so that the window's thread only paints. What it is
asked for is a single slot: a newer wish replaces an older one, which is given up on the way.

A file that was removed or overwritten while it is shown, or cannot be opened, ends the pictures with a
sentence; the thread looks for it now and then and goes on when the very file is there again.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.session import VideoStream
from gaitviewer.errors import UserError, reason_of
from gaitviewer.gui.playback.decode_priority import DecodePriority
from gaitviewer.gui.playback.frame_cache import FrameCache, ScaledFrame, scaled_frame
from gaitviewer.messages import NOTHING, Message, message
from gaitviewer.util.file_stamp import FileStamp, stamp_of

if TYPE_CHECKING:
    from gaitviewer.video import VideoReader
    from gaitviewer.video.reader import Decoded

# While playing, pictures are made this far ahead; while standing, this far to both sides.
_AHEAD_FRAMES = 30
_AROUND_FRAMES = 24
_NEXT = 3
# So many key pictures, over the whole recording, are made once to have something to show wherever one goes.
_KEYS = 24
# A picture that is due within so many frames is scaled in a hurry, until the decoder is ahead again.
_SHORT_OF_TIME = 4
# Decoding on over this many frames that are there already is cheaper than starting anew.
_WORTH_RUNNING = 40
_JOIN_S = 2.0
# A video that was just opened leaves the processors to the window for so long: only what is shown is decoded.
_CALM_S = 0.4
# What is made ahead waits so long at most for a picture of the other view that is wanted now.
_GIVE_WAY_S = 0.5
# How far decoders stand back behind the window's thread where both want a processor ("nice", Linux).
_STAND_BACK = 5
# A file that cannot be shown is looked at so often. It is opened again once it was touched and has come to
# rest: one that is being copied there is not read at each step.
_LOOK_AGAIN_S = 1.0
_owners = count(1)


class _GivenUp(Exception):  # noqa: N818  not an error: there is something more urgent
    """The decoder was asked for something else on the way."""


class _Touched(Exception):  # noqa: N818  not an error: the video has to be opened again
    """The file was touched or went away while it was shown."""


@dataclass(frozen=True, slots=True)
class _Task:
    """What the decoder does next: one frame by itself, or one more of a run.

    Attributes:
        index: frame.   serial: of the wish it serves; a newer one ends it.   run: decode in a row.
        urgent: it is the frame that is shown now.   rough: there is no time to scale it with care.
    """

    index: int
    height: int
    serial: int
    run: bool
    urgent: bool = False
    rough: bool = False


class ViewFrames:
    """Pictures of one view from a thread of its own; the methods are for the window's thread.

    Attributes:
        view: which.
        failure: why there are no pictures now, NOTHING if there are.
        damage: what is wrong with single frames, NOTHING if nothing was found.
    """

    def __init__(
        self,
        stream: VideoStream,
        cache: FrameCache,
        rush: DecodePriority,
        *,
        opener: Callable[[], VideoReader],
        told: Callable[[], None],
    ) -> None:
        """Start the thread; ``told`` is called in it when a picture came, or the video failed or is back."""
        self.view = stream.view
        self.path = stream.path
        self.info = stream.info
        self.failure = NOTHING
        self.damage = NOTHING
        self._owner = next(_owners)
        self._cache = cache
        self._rush = rush
        self._opener = opener
        self._told = told
        self._change = threading.Condition()
        self._serial = 0
        self._wanted: int | None = None
        self._playing: int | None = None
        self._loop: tuple[int, int] | None = None
        self._late = False
        self._height = min(stream.info.height, 480)
        self._closing = False
        self._calm_until = time.monotonic() + _CALM_S
        self._broken: set[int] = set()
        self._ahead, self._around = self._reach()
        self._run: Generator[Decoded, None, None] | None = None
        self._run_next = 0
        self._run_serial = 0
        self._keys: list[int] = []
        self._thread = threading.Thread(target=self._work, name=f"decode {self.view.value}", daemon=True)
        self._thread.start()

    # --- for the player ------------------------------------------------------------------------------

    @property
    def times(self) -> NDArray[np.float64]:
        """[T] presentation times, seconds."""
        return self.info.times

    def ready(self, index: int) -> bool:
        """Whether a picture of that frame can be painted at once, be it at another size.

        A frame that cannot be decoded counts as ready: the clock must not wait for it.
        """
        return bool(self.failure) or index in self._broken or self._cache.height_of(self._owner, index) > 0

    def want(self, index: int) -> None:
        """Ask for one picture; what was asked for before is given up."""
        with self._change:
            if self._playing is None and self._wanted == index:
                return
            self._wanted, self._playing = index, None
            self._serial += 1
            self._cache.need(self._owner, range(index - self._around, index + self._around + 1))
            self._change.notify()

    def play(self, index: int, loop: tuple[int, int] | None, *, late: bool = False) -> None:
        """Pictures from ``index`` on are needed soon; after ``loop[1]`` comes ``loop[0]``.

        With ``late``, and where the next ones are missing, they are scaled in a hurry.
        """
        with self._change:
            if self._playing is None:
                self._serial += 1
            self._playing, self._wanted, self._loop, self._late = index, index, loop, late
            self._cache.need(self._owner, self._ahead_of(index))
            self._change.notify()

    # --- for the canvas ------------------------------------------------------------------------------

    def set_height(self, height: int) -> None:
        """Make pictures at most this many pixels high (upright) from now on."""
        height = max(16, min(height, self.info.height))
        with self._change:
            if height != self._height:
                self._height = height
                self._ahead, self._around = self._reach()
                self._change.notify()

    def shot(self, index: int) -> ScaledFrame | None:
        """That picture if it is there, at whatever size."""
        return self._cache.get(self._owner, index)

    def nearest(self, index: int) -> ScaledFrame | None:
        """That picture, or the one nearest in time."""
        return self._cache.get(self._owner, index) or self._cache.nearest(self._owner, index)

    def close(self) -> bool:
        """End the thread; False if it did not end in time."""
        with self._change:
            self._closing = True
            self._serial += 1
            self._change.notify()
        self._thread.join(_JOIN_S)
        self._cache.clear(self._owner)
        return not self._thread.is_alive()

    # --- in the thread -------------------------------------------------------------------------------

    def _reach(self) -> tuple[int, int]:
        """How many pictures ahead of a run, and to each side of a standing picture, fit into the cache.

        Both views together take at most half of it, so that neither drives out what the other has just made.
        """
        each = 4 * self._height * round(self._height * self.info.width / self.info.height)
        fitting = self._cache.limit_bytes // (8 * max(1, each))
        return max(2, min(_AHEAD_FRAMES, 2 * fitting)), min(_AROUND_FRAMES, fitting)

    def _work(self) -> None:
        _stand_back()
        try:
            while (reader := self._open()) is not None:
                try:
                    self._show(reader)
                finally:
                    self._end_run()
                    reader.close()
                self._cache.empty(self._owner)
                self._broken.clear()
                self.damage = NOTHING
        except BaseException as error:
            kind = type(error).__name__
            self._fail(message("error.program.video", file=self.path.name, kind=kind))
            raise

    def _open(self) -> VideoReader | None:
        """The video, once it can be opened; None if nothing is to be shown any more."""
        while not self._closing:
            stamp = stamp_of(self.path)
            try:
                reader = self._opener()
            except (UserError, OSError) as error:
                self._fail(reason_of(error))
                self._wait_until_touched(stamp)
                continue
            if self.failure:
                self._fail(NOTHING)
            return reader
        return None

    def _wait_until_touched(self, failed: FileStamp | None) -> None:
        """Until the file is another one than that which failed, and has been so for two looks; or the end."""
        before = failed
        with self._change:
            while not self._change.wait_for(lambda: self._closing, _LOOK_AGAIN_S):
                now = stamp_of(self.path)
                if now is not None and now == before != failed:
                    return
                before = now

    def _show(self, reader: VideoReader) -> None:
        """Make pictures until nothing is to be shown any more, or the file was touched."""
        keys = reader.key_frames
        spread = np.linspace(0, len(keys) - 1, min(_KEYS, len(keys)), dtype=np.int64)
        self._keys = [int(number) for number in keys[spread]][::-1]
        with contextlib.suppress(_Touched):
            while (task := self._next_task()) is not None:
                self._do(reader, task)

    def _fail(self, why: Message) -> None:
        self.failure = why
        self._told()

    def _next_task(self) -> _Task | None:
        with self._change:
            while not self._closing:
                task = self._choose()
                if task is not None:
                    return task
                calm_s = self._calm_until - time.monotonic()
                self._change.wait(calm_s if calm_s > 0 else None)
        return None

    def _choose(self) -> _Task | None:
        """The most urgent thing to do."""
        height, serial = self._height, self._serial
        if self._playing is not None:
            ahead = self._ahead_of(self._playing)
            place = next((place for place, number in enumerate(ahead) if self._lacks(number, 1)), None)
            if place is None:
                return None
            return _Task(ahead[place], height, serial, run=True, rough=self._late or place < _SHORT_OF_TIME)
        if self._wanted is None:
            return None
        wanted = self._wanted
        if self._lacks(wanted, height):
            return _Task(wanted, height, serial, run=self._runs_into(wanted), urgent=True)
        if time.monotonic() < self._calm_until:
            return None
        later = range(wanted + 1, min(self.info.frame_count, wanted + self._around + 1))
        earlier = range(wanted - 1, max(-1, wanted - self._around - 1), -1)
        # The next steps first, to both sides: one back over a key frame takes a whole group of pictures.
        index = self._first_missing([*later[:_NEXT], *earlier[:_NEXT], *later])
        if index is not None:
            return _Task(index, height, serial, run=index > wanted and self._runs_into(index))
        index = self._first_missing(earlier)
        while index is None and self._keys:
            key = self._keys.pop()
            index = key if self._lacks(key, 1) else None
        return None if index is None else _Task(index, height, serial, run=False)

    def _runs_into(self, index: int) -> bool:
        """Whether the run at hand reaches a frame at once (after playing)."""
        return self._run is not None and self._run_next <= index <= self._run_next + 4

    def _ahead_of(self, index: int) -> list[int]:
        last = self.info.frame_count - 1
        if self._loop is None or not self._loop[0] <= index <= self._loop[1]:
            return list(range(index, min(last, index + self._ahead) + 1))
        start, stop = self._loop[0], min(self._loop[1], last)
        length = stop - start + 1
        return [start + (index - start + k) % length for k in range(min(length, self._ahead + 1))]

    def _first_missing(self, numbers: Iterable[int]) -> int | None:
        return next((number for number in numbers if self._lacks(number, self._height)), None)

    def _lacks(self, index: int, height: int) -> bool:
        """Whether a frame is still to be made, at that very size (1: at any, however made)."""
        if index in self._broken:
            return False
        if height == 1:
            return self._cache.height_of(self._owner, index) == 0
        return not self._cache.is_fine(self._owner, index, height)

    def _do(self, reader: VideoReader, task: _Task) -> None:
        try:
            if task.urgent:
                self._rush.begin(self._owner)
            elif self._playing is None:
                self._rush.wait_for_urgent(self._owner, _GIVE_WAY_S)
                self._give_up_if_newer(task)
            if task.run:
                self._continue_run(reader, task)
            else:
                self._fetch(reader, task)
        except _GivenUp:
            pass
        except UserError as error:
            self._end_run()
            if reader.is_changed:
                raise _Touched from error
            self._broken.add(task.index)
            self._fail_once(error.message)
        finally:
            if task.urgent:
                self._rush.end(self._owner)

    def _give_up_if_newer(self, task: _Task) -> None:
        if self._serial != task.serial:
            raise _GivenUp

    def _fail_once(self, why: Message) -> None:
        """A damaged frame: said, but the rest of the video is still shown."""
        self.damage = why
        self._told()

    def _fetch(self, reader: VideoReader, task: _Task) -> None:
        latest = -1

        def passing(number: int) -> None:
            nonlocal latest
            latest = number
            self._give_up_if_newer(task)
            if not task.urgent:
                self._rush.wait_for_urgent(self._owner, _GIVE_WAY_S)
                self._give_up_if_newer(task)

        try:
            pixels = reader.frame(
                task.index, max_height=task.height, pixel_format="bgra", passing=passing, hurry=task.urgent
            )
        except _GivenUp:
            # What was reached is near what is wanted: better to see than nothing.
            if task.urgent and latest >= 0 and not self._closing and self._lacks(latest, 1):
                self._put(latest, reader.frame(latest, max_height=task.height, pixel_format="bgra"), task)
            raise
        self._put(task.index, pixels, task)

    def _continue_run(self, reader: VideoReader, task: _Task) -> None:
        """Decode on, from a key frame if need be, to the task's frame."""
        if self._run is None or not self._run_next <= task.index <= self._run_next + _WORTH_RUNNING:
            self._end_run()
            self._run = reader.decoded(task.index, passing=self._give_up_if_stale)
        self._run_serial = task.serial
        while True:
            try:
                decoded = next(self._run, None)
            except BaseException:  # a generator that raised is over
                self._run = None
                raise
            if decoded is None:
                self._end_run()
                raise _GivenUp
            self._run_next = decoded.number + 1
            if decoded.number >= task.index:
                break
            self._give_up_if_stale(decoded.number)
        pixels = decoded.pixels(max_height=task.height, pixel_format="bgra", rough=task.rough)
        self._put(decoded.number, pixels, task)

    def _give_up_if_stale(self, number: int) -> None:
        if self._serial != self._run_serial:
            raise _GivenUp

    def _end_run(self) -> None:
        if self._run is not None:
            self._run.close()
            self._run = None

    def _put(self, index: int, pixels: NDArray[np.uint8], task: _Task) -> None:
        if self._closing:
            return
        self._cache.put(self._owner, scaled_frame(index, pixels, task.height, rough=task.rough))
        if self._playing is None or index <= self._playing + 1:
            self._told()


def _stand_back() -> None:
    """Let the window's thread run before this one and those that it starts (FFmpeg's), where possible."""
    if sys.platform.startswith("linux"):  # elsewhere this is of the whole process
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _STAND_BACK)
