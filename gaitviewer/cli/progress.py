"""A progress line on standard error."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType
from typing import TextIO

from gaitviewer.messages import Message, english

_WIDTH = 24
_INTERVAL_S = 0.1
_QUIET_INTERVAL_S = 5.0


class ProgressLine:
    """A tick that draws one line on a terminal, and a plain line now and then elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._shown_at = -1e9
        self._fraction = 0.0
        self._dirty = False

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._dirty:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def __call__(self, fraction: float, note: Message) -> None:
        """Show the progress ``fraction`` (0..1, never running backwards) with what is being done."""
        self._fraction = max(self._fraction, min(1.0, fraction))
        now = time.monotonic()
        if now - self._shown_at < (_INTERVAL_S if self._live else _QUIET_INTERVAL_S):
            return
        self._shown_at = now
        percent = f"{100 * self._fraction:3.0f} %"
        if not self._live:
            self._stream.write(f"{percent}  {english().text(note)}\n")
        else:
            done = round(_WIDTH * self._fraction)
            room = shutil.get_terminal_size().columns - _WIDTH - 12
            bar = "#" * done + "-" * (_WIDTH - done)
            self._stream.write(f"\r\x1b[K[{bar}] {percent}  {english().text(note)[: max(0, room)]}")
            self._dirty = True
        self._stream.flush()
