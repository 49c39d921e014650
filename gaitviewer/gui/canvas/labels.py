"""Where words go on a picture: off earlier words, and off the points they speak of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF

_GAP = 3.0
_CLEAR = 8.0  # a joint with the ring around it
_STEPS_ACROSS = (0.0, 0.6, -0.6, 1.1, -1.1)
_STEPS_DOWN = (0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 4.0, -4.0)
# Steps of a label's own size: near places first, up and down before sideways, for words are wide.
_STEPS = sorted(
    product(_STEPS_ACROSS, _STEPS_DOWN),
    key=lambda step: 2.5 * abs(step[0]) + abs(step[1]),
)


@dataclass(slots=True)
class LabelPlacer:
    """The places that are taken in one picture."""

    taken: list[QRectF] = field(default_factory=list)

    def take(self, box: QRectF) -> None:
        """Words stand there, or will."""
        self.taken.append(box)

    def place(
        self,
        wanted: QRectF,
        bounds: tuple[float, float] | None,
        off: Iterable[Sequence[float] | NDArray[np.float64]] = (),
    ) -> QRectF:
        """The place nearest to the wanted one that is free, within ``bounds``; it is taken from now on.

        Args:
            wanted: where the words would stand.
            bounds: width and height of the picture.
            off: points that must stay visible.
        """
        clear = [_around(x, y) for x, y in off if math.isfinite(x) and math.isfinite(y)]
        best, least = wanted, float("inf")
        for across, down in _STEPS:
            move = QPointF(across * (wanted.width() + _GAP), down * (wanted.height() + _GAP))
            box = inside(wanted.translated(move), bounds)
            covered = sum(_shared(box, other) for other in (*self.taken, *clear))
            if covered < least:
                best, least = box, covered
            if not covered:
                break
        self.take(best)
        return best


def inside(box: QRectF, bounds: tuple[float, float] | None) -> QRectF:
    """The box moved into a picture of this size."""
    if bounds is None:
        return box
    x = min(max(2.0, box.x()), max(2.0, bounds[0] - box.width() - 2))
    y = min(max(2.0, box.y()), max(2.0, bounds[1] - box.height() - 2))
    return QRectF(x, y, box.width(), box.height())


def _around(x: float, y: float) -> QRectF:
    return QRectF(x - _CLEAR, y - _CLEAR, 2 * _CLEAR, 2 * _CLEAR)


def _shared(box: QRectF, other: QRectF) -> float:
    both = box.intersected(other)
    return both.width() * both.height() if both.isValid() else 0.0
