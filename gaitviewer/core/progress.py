"""The one seam to background work: ``tick(fraction, note)``; the note is a message, or NOTHING.

It carries progress out and raises :class:`gaitviewer.errors.Cancelled` to stop the work. The command
line passes a progress bar, the window a job, a test nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from gaitviewer.messages import Message

Tick = Callable[[float, Message], None]


def no_progress(fraction: float, note: Message) -> None:
    """A tick that reports to nobody."""


def subprogress(tick: Tick, start: float, stop: float) -> Tick:
    """A tick whose 0..1 is mapped onto ``start..stop`` of another."""

    def inner(fraction: float, note: Message) -> None:
        tick(start + (stop - start) * min(1.0, max(0.0, fraction)), note)

    return inner
