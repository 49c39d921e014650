"""The way somebody walks over the floor: straight pieces and bends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gaitviewer.core.arrays import F8

_STEP_M = 0.002
_EASE_M = 0.20


@dataclass(frozen=True, slots=True)
class Path:
    """A curve on the floor; before its start and after its end it goes on straight.

    Attributes:
        start_xy: metres.
        heading_deg: direction at the start, counter-clockwise from +x.
        pieces: (length in metres, turn in degrees, + to the left) in order.
    """

    start_xy: tuple[float, float] = (0.0, 0.0)
    heading_deg: float = 0.0
    pieces: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if any(length <= 0 for length, _ in self.pieces):
            raise ValueError("every piece of a path has a length")

    @property
    def length_m(self) -> float:
        """Sum of the pieces."""
        return float(sum(length for length, _ in self.pieces))

    def _table(self) -> tuple[F8, F8, F8]:
        """Distances [n], headings [n] in radians, positions [n, 2]."""
        s = np.arange(0.0, self.length_m + _EASE_M + _STEP_M, _STEP_M)
        curvature = np.zeros_like(s)
        begin = 0.0
        for length, turn_deg in self.pieces:
            inside = (s >= begin) & (s < begin + length)
            curvature[inside] += math.radians(turn_deg) / length
            begin += length
        # Nobody bends his path at once: the curvature is eased over a short way.
        width = max(1, round(_EASE_M / _STEP_M))
        window = np.hanning(width + 2)[1:-1]
        curvature = np.convolve(curvature, window / window.sum(), mode="same")
        heading = math.radians(self.heading_deg) + np.cumsum(curvature) * _STEP_M
        ahead = np.stack([np.cos(heading), np.sin(heading)], axis=1)
        middle = np.vstack([np.zeros((1, 2)), (ahead[1:] + ahead[:-1]) / 2 * _STEP_M])
        return s, heading, np.asarray(self.start_xy) + np.cumsum(middle, axis=0)

    def at(self, distance: ArrayLike) -> tuple[F8, F8, F8]:
        """Positions [..., 2], unit vectors ahead [..., 2] and headings [...] (radians) at ``distance`` m."""
        wanted = np.asarray(distance, np.float64)
        s, heading, xy = self._table()
        angle = np.interp(wanted, s, heading)
        ahead = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        place = np.stack([np.interp(wanted, s, xy[:, i]) for i in (0, 1)], axis=-1)
        beyond = wanted - np.clip(wanted, 0.0, s[-1])
        return place + beyond[..., None] * ahead, ahead, angle

    def straight(self, distance: ArrayLike, *, tolerance_deg: float = 2.0) -> NDArray[np.bool_]:
        """Whether the path keeps its direction within half a metre around ``distance`` [...] -> bool."""
        wanted = np.asarray(distance, np.float64)
        turn = np.abs(self.at(wanted + 0.25)[2] - self.at(wanted - 0.25)[2])
        return np.asarray(turn < math.radians(tolerance_deg), np.bool_)


def across_and_back(
    *, length_m: float, turn_radius_m: float, start_xy: tuple[float, float], heading_deg: float, turn_left: bool
) -> Path:
    """Straight ahead, half a circle, and back alongside."""
    bend = math.pi * turn_radius_m
    half = 180.0 if turn_left else -180.0
    return Path(start_xy, heading_deg, ((length_m, 0.0), (bend, half), (length_m, 0.0)))
