"""A plain pair of axes to draw vector plots on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from reportlab.graphics.shapes import Drawing, Line, Polygon, PolyLine, String

from gaitviewer.core.arrays import segments
from gaitviewer.core.numerals import number
from gaitviewer.report.figures.style import FAINT, INK, RULE, SANS, SOFT, register_fonts


@dataclass(frozen=True, slots=True)
class Axes:
    """A rectangle on a drawing (points) and the range of values that it spans."""

    drawing: Drawing
    left: float
    bottom: float
    width: float
    height: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> float:
        """Points of a value on the x axis, kept inside."""
        low, high = self.x_range
        return self.left + self.width * min(1.0, max(0.0, (value - low) / (high - low)))

    def y(self, value: float) -> float:
        """Points of a value on the y axis, kept inside."""
        low, high = self.y_range
        return self.bottom + self.height * min(1.0, max(0.0, (value - low) / (high - low)))

    def curve(self, xs: NDArray[np.float64], ys: NDArray[np.float64], **look: Any) -> None:
        """A line through the values; a gap where one is NaN."""
        for start, stop in segments(np.isfinite(ys)):
            run = slice(start, stop)
            if stop - start > 1:
                points = [c for x, y in zip(xs[run], ys[run], strict=True) for c in (self.x(x), self.y(y))]
                self.drawing.add(PolyLine(points, strokeLineJoin=1, strokeLineCap=1, **look))

    def ribbon(
        self, xs: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], **look: Any
    ) -> None:
        """A filled band between two curves."""
        for start, stop in segments(np.isfinite(low) & np.isfinite(high)):
            run = slice(start, stop)
            if stop - start > 1:
                up = [c for x, y in zip(xs[run], high[run], strict=True) for c in (self.x(x), self.y(y))]
                back = zip(xs[run][::-1], low[run][::-1], strict=True)
                down = [c for x, y in back for c in (self.x(x), self.y(y))]
                self.drawing.add(Polygon(up + down, strokeColor=None, **look))

    def vertical(self, value: float, **look: Any) -> None:
        """A vertical line."""
        at = self.x(value)
        self.drawing.add(Line(at, self.bottom, at, self.bottom + self.height, **look))


def nice_step(span: float) -> float:
    """A round tick step (1, 2 or 5 times a power of ten) that gives at most six steps."""
    raw = max(span, 1e-9) / 6
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))


def y_range(values: list[NDArray[np.float64]], *, least_span: float) -> tuple[float, float]:
    """A round range that holds all finite values and spans at least ``least_span``."""
    finite = np.concatenate([v[np.isfinite(v)] for v in values]) if values else np.zeros(0)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, least_span)
    middle, half = (low + high) / 2, max(high - low, least_span) / 2
    step = nice_step(2 * half)
    return math.floor((middle - half) / step) * step, math.ceil((middle + half) / step) * step


def label(drawing: Drawing, x: float, y: float, words: str, *, size: float = 6.0, anchor: str = "start",
          font: str = SANS, colour: Any = SOFT) -> None:  # fmt: skip
    """A line of text on a drawing."""
    drawing.add(String(x, y, words, fontName=font, fontSize=size, textAnchor=anchor, fillColor=colour))


def frame(axes: Axes, *, x_ticks: list[float], lines: bool = True) -> None:
    """Tick labels, a base line, and hairlines at the y ticks with a darker one at zero."""
    register_fonts()
    low, high = axes.y_range
    step = nice_step(high - low)
    for index in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
        value = index * step
        at = axes.y(value)
        zero = index == 0
        colour, width = (FAINT, 0.6) if zero else (RULE, 0.35)
        length = axes.width if lines else -2.0
        axes.drawing.add(Line(axes.left, at, axes.left + length, at, strokeColor=colour, strokeWidth=width))
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        label(axes.drawing, axes.left - 3, at - 2.1, number(value, digits), anchor="end")
    for value in x_ticks:
        at = axes.x(value)
        axes.drawing.add(Line(at, axes.bottom, at, axes.bottom - 2, strokeColor=SOFT, strokeWidth=0.4))
        label(axes.drawing, at, axes.bottom - 8.6, number(value), anchor="middle")
    axes.drawing.add(
        Line(axes.left, axes.bottom, axes.left + axes.width, axes.bottom, strokeColor=SOFT, strokeWidth=0.5)
    )


def title(drawing: Drawing, words: str, right: str, *, width: float, height: float) -> None:
    """The heading of a panel, with smaller words at its right end."""
    label(drawing, 0, height - 7.5, words, size=7.4, font="DejaVuSans-Bold", colour=INK)
    label(drawing, width, height - 7.5, right, size=6, anchor="end")
