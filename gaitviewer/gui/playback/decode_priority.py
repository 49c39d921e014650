"""Whose pictures are waited for, so that nobody makes others ahead meanwhile."""

from __future__ import annotations

import threading


class DecodePriority:
    """Which owners are waited for: whoever makes pictures ahead leaves the processors to them."""

    def __init__(self) -> None:
        self._waited_for: set[int] = set()
        self._lock = threading.Lock()
        self._free = threading.Event()
        self._free.set()

    def begin(self, owner: int) -> None:
        """What this owner makes is waited for."""
        with self._lock:
            self._waited_for.add(owner)
            self._free.clear()

    def end(self, owner: int) -> None:
        """It is there."""
        with self._lock:
            self._waited_for.discard(owner)
            if not self._waited_for:
                self._free.set()

    def wait_for_urgent(self, owner: int, longest_s: float) -> None:
        """Returns when no other owner is waited for, at the latest after ``longest_s``."""
        if self._waited_for - {owner}:
            self._free.wait(longest_s)
