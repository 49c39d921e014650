"""Decoded pictures at display size, kept within one bound."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage


@dataclass(frozen=True, slots=True, eq=False)
class ScaledFrame:
    """One picture, ready to be painted.

    Attributes:
        index: frame number.
        image: at display size.   height: pixels asked for (the image is at most this high).
        rough: scaled in a hurry, to be made again when there is time.
    """

    index: int
    image: QImage
    height: int
    _pixels: NDArray[np.uint8]  # the image does not own its memory
    rough: bool = False

    @property
    def bytes(self) -> int:
        """Memory held."""
        return self._pixels.nbytes


def scaled_frame(index: int, pixels: NDArray[np.uint8], height: int, *, rough: bool = False) -> ScaledFrame:
    """A picture around an array u8 [H, W, 4] in the screen's own order (blue first), without copying it."""
    rows, columns = pixels.shape[:2]
    image = QImage(pixels.data, columns, rows, pixels.strides[0], QImage.Format.Format_RGB32)
    return ScaledFrame(index, image, height, pixels, rough)


class FrameCache:
    """Pictures of all owners within one bound; for any thread.

    The least recently used ones go first, but what an owner is about to show goes last: pictures that were
    just shown are always more recent than those made ahead.
    """

    def __init__(self, limit_bytes: int) -> None:
        """Keep at most ``limit_bytes``."""
        self.limit_bytes = limit_bytes
        self._held_bytes = 0
        self._lock = threading.Lock()
        self._shots: OrderedDict[tuple[int, int], ScaledFrame] = OrderedDict()
        self._numbers: dict[int, set[int]] = {}
        self._needed: dict[int, frozenset[int]] = {}

    @property
    def held_bytes(self) -> int:
        """Memory held, never read between a picture's coming and another's going."""
        with self._lock:
            return self._held_bytes

    def need(self, owner: int, numbers: Iterable[int]) -> None:
        """What an owner is about to show, in place of what it said before."""
        self._needed[owner] = frozenset(numbers)

    def get(self, owner: int, index: int) -> ScaledFrame | None:
        """The picture of a frame at whatever size, which then counts as used."""
        with self._lock:
            shot = self._shots.get((owner, index))
            if shot is not None:
                self._shots.move_to_end((owner, index))
            return shot

    def height_of(self, owner: int, index: int) -> int:
        """The size at which a frame is held, 0 if it is not; does not count as use."""
        shot = self._shots.get((owner, index))
        return 0 if shot is None else shot.height

    def is_fine(self, owner: int, index: int, height: int) -> bool:
        """Whether a frame is held at that very size and made with care; does not count as use."""
        shot = self._shots.get((owner, index))
        return shot is not None and shot.height == height and not shot.rough

    def put(self, owner: int, shot: ScaledFrame) -> None:
        """Hold a picture, letting go of those least recently used."""
        with self._lock:
            before = self._shots.pop((owner, shot.index), None)
            self._shots[owner, shot.index] = shot
            self._numbers.setdefault(owner, set()).add(shot.index)
            self._held_bytes += shot.bytes - (0 if before is None else before.bytes)
            self._trim()

    def set_limit(self, limit_bytes: int) -> None:
        """Keep at most this much from now on."""
        with self._lock:
            self.limit_bytes = limit_bytes
            self._trim()

    def _trim(self) -> None:
        while self._held_bytes > self.limit_bytes and len(self._shots) > 1:
            spared: frozenset[int] = frozenset()
            oldest = next(iter(self._shots))
            key = next((key for key in self._shots if key[1] not in self._needed.get(key[0], spared)), oldest)
            self._held_bytes -= self._shots.pop(key).bytes
            self._numbers[key[0]].discard(key[1])

    def nearest(self, owner: int, index: int) -> ScaledFrame | None:
        """The picture nearest in time that is there."""
        with self._lock:
            numbers = self._numbers.get(owner)
            if not numbers:
                return None
            return self._shots[owner, min(numbers, key=lambda number: abs(number - index))]

    def clear(self, owner: int) -> None:
        """Let go of an owner's pictures, and of what it said that it needs."""
        self._needed.pop(owner, None)
        self.empty(owner)

    def empty(self, owner: int) -> None:
        """Let go of an owner's pictures; they are to be made anew."""
        with self._lock:
            for index in self._numbers.pop(owner, ()):
                self._held_bytes -= self._shots.pop((owner, index)).bytes
