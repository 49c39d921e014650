"""Smooth curves through a few key points: over the gait cycle, or along a path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gaitviewer.core.arrays import F8


def _slopes(x: F8, y: F8) -> F8:
    """Monotone slopes at inner points (Fritsch and Carlson 1980, harmonic mean); ends are left out."""
    step = np.diff(x)
    rise = np.diff(y) / step
    before, after = rise[:-1], rise[1:]
    weight_before = 2 * step[1:] + step[:-1]
    weight_after = step[1:] + 2 * step[:-1]
    same = before * after > 0
    safe = np.where(same, before * after, 1.0)
    harmonic = (weight_before + weight_after) * safe / (
        weight_before * np.where(same, after, 1.0) + weight_after * np.where(same, before, 1.0)
    )  # fmt: skip
    return np.where(same, harmonic, 0.0)


def _hermite(x: F8, y: F8, slope: F8, at: F8) -> F8:
    index = np.clip(np.searchsorted(x, at, side="right") - 1, 0, x.size - 2)
    step = x[index + 1] - x[index]
    u = (at - x[index]) / step
    return np.asarray(
        (1 + 2 * u) * (1 - u) ** 2 * y[index]
        + u * (1 - u) ** 2 * step * slope[index]
        + u**2 * (3 - 2 * u) * y[index + 1]
        + u**2 * (u - 1) * step * slope[index + 1],
        np.float64,
    )


def monotone(x: ArrayLike, y: ArrayLike, at: ArrayLike) -> F8:
    """Monotone cubic through (x, y), at ``at``; x increasing, at least three points."""
    xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
    ends = np.diff(ys)[[0, -1]] / np.diff(xs)[[0, -1]]
    slope = np.concatenate([ends[:1], _slopes(xs, ys), ends[1:]])
    return _hermite(xs, ys, slope, np.asarray(at, np.float64))


@dataclass(frozen=True, slots=True)
class CycleCurve:
    """A periodic curve over the gait cycle, monotone between its key points.

    Attributes:
        percent: key points, per cent of the cycle from initial contact, increasing, 0 <= p < 100.
        degrees: values there.
    """

    percent: tuple[float, ...]
    degrees: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.percent) != len(self.degrees) or len(self.percent) < 1:
            raise ValueError("a curve needs as many values as key points, at least one")
        if list(self.percent) != sorted(set(self.percent)):
            raise ValueError("key points of a curve must increase")
        if not 0 <= self.percent[0] <= self.percent[-1] < 100:
            raise ValueError("key points of a curve lie in 0..100 % of the cycle")

    def at(self, phase: ArrayLike) -> F8:
        """Values in degrees at ``phase`` (1 = a whole cycle; any real number)."""
        wanted = np.mod(np.asarray(phase, np.float64), 1.0) * 100.0
        if len(self.percent) == 1:
            return np.full(wanted.shape, self.degrees[0])
        x = np.asarray(self.percent)
        y = np.asarray(self.degrees)
        around = np.concatenate([x - 100.0, x, x + 100.0])
        values = np.concatenate([y, y, y])
        slope = np.concatenate([[0.0], _slopes(around, values), [0.0]])
        return _hermite(around, values, slope, wanted)

    def plus(self, other: CycleCurve) -> CycleCurve:
        """The sum of two curves, at the key points of both: a deviation added to a normal curve."""
        points = tuple(sorted({*self.percent, *other.percent}))
        phase = np.asarray(points) / 100.0
        return CycleCurve(points, tuple((self.at(phase) + other.at(phase)).tolist()))

    @classmethod
    def constant(cls, degrees: float) -> CycleCurve:
        """The same value all the time."""
        return cls((0.0,), (float(degrees),))

    @classmethod
    def of_table(cls, table: Any) -> CycleCurve:
        """From a resource file: ``[[percent, degrees], ...]`` or one number."""
        if isinstance(table, int | float):
            return cls.constant(float(table))
        return cls(tuple(float(p) for p, _ in table), tuple(float(d) for _, d in table))


def smoothstep(value: ArrayLike) -> F8:
    """0 below 0, 1 above 1, smooth between."""
    u = np.clip(np.asarray(value, np.float64), 0.0, 1.0)
    return np.asarray(u * u * (3.0 - 2.0 * u), np.float64)
