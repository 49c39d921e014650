"""The vector plots: angle curves, every stride, profile bars, pattern map, score marks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from reportlab.graphics.shapes import Circle, Drawing, Line, Polygon, Rect

from gaitviewer.core.gait import BySide, Side
from gaitviewer.core.measures import CYCLE_POINTS, Curve, MeanCurve, NormalBand, SagittalPattern
from gaitviewer.core.numerals import number
from gaitviewer.report.content.wording import AngleWords
from gaitviewer.report.figures.axes import Axes, frame, label, nice_step, title, y_range
from gaitviewer.report.figures.style import (
    BAND,
    BOLD,
    FAINT,
    INK,
    RULE,
    SCORE_FILL,
    SCORE_INK,
    SOFT,
    WHITE,
    colour_of,
    dash_of,
    letter_of,
)

_CYCLE = np.linspace(0.0, 100.0, CYCLE_POINTS)
_TICKS = [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
_LEAST_SPAN = {"deg": 20.0}
_LEFT, _RIGHT, _BOTTOM, _TOP = 22.0, 13.0, 13.0, 20.0


def _axes(width: float, height: float, limits: tuple[float, float]) -> Axes:
    drawing = Drawing(width, height)
    inner = (width - _LEFT - _RIGHT, height - _BOTTOM - _TOP)
    return Axes(drawing, _LEFT, _BOTTOM, inner[0], inner[1], (0.0, 100.0), limits)


def _draw_band(axes: Axes, band: NormalBand | None) -> None:
    if band is None:
        return
    low, high = band.mean - band.sd, band.mean + band.sd
    if band.comparable:
        axes.ribbon(_CYCLE, low, high, fillColor=BAND)
    else:  # defined otherwise: outlined only, so that nobody reads distances off it
        for edge in (low, high):
            axes.curve(_CYCLE, edge, strokeColor=FAINT, strokeWidth=0.6, strokeDashArray=(1, 1.6))


def limits_of(
    words: AngleWords, means: Sequence[MeanCurve], curves: Sequence[Curve], band: NormalBand | None
) -> tuple[float, float]:
    """One y range for every panel of an angle."""
    values: list[NDArray[np.float64]] = [curve.values for curve in curves if curve.stride.counts]
    for mean in means:
        sd = np.nan_to_num(mean.sd)
        values += [mean.mean - sd, mean.mean + sd]
    if band is not None:
        values += [band.mean - band.sd, band.mean + band.sd]
    return y_range(values, least_span=_LEAST_SPAN.get(words.unit, 5.0))


def _draw_events(axes: Axes, mean: MeanCurve) -> None:
    """Toe-off over the full height; the other limb's toe-off and contact as ticks at the top edge."""
    colour, dash = colour_of(mean.side), dash_of(mean.side)
    if np.isfinite(mean.toe_off_percent):
        axes.vertical(mean.toe_off_percent, strokeColor=colour, strokeWidth=0.75, strokeDashArray=dash)
    top = axes.bottom + axes.height
    for value, opens in ((mean.opposite_toe_off_percent, True), (mean.opposite_contact_percent, False)):
        if np.isfinite(value):
            at = axes.x(value)
            low = top + (4.6 if mean.side is Side.LEFT else 0.6)  # a row each, so that neither hides the other
            shape = (at - 2, low + 3.2, at + 2, low + 3.2, at, low)
            axes.drawing.add(
                Polygon(shape, fillColor=WHITE if opens else colour, strokeColor=colour, strokeWidth=0.6)
            )


def _draw_letters(axes: Axes, means: Sequence[MeanCurve]) -> None:
    """L and R at the ends of the curves, kept apart."""
    ends: list[tuple[float, Side]] = []
    for mean in means:
        finite = np.flatnonzero(np.isfinite(mean.mean))
        if finite.size:
            ends.append((axes.y(float(mean.mean[finite[-1]])) - 2.2, mean.side))
    if len(ends) == 2 and abs(ends[0][0] - ends[1][0]) < 6.4:
        middle = (ends[0][0] + ends[1][0]) / 2
        apart = 3.2 if ends[0][0] >= ends[1][0] else -3.2
        ends = [(middle + apart, ends[0][1]), (middle - apart, ends[1][1])]
    for y, side in ends:
        right = axes.left + axes.width + 3
        label(axes.drawing, right, y, letter_of(side), size=6.4, font=BOLD, colour=colour_of(side))


def curve_panel(
    words: AngleWords, means: Sequence[MeanCurve], band: NormalBand | None, *, width: float, height: float,
    limits: tuple[float, float],
) -> Drawing:  # fmt: skip
    """Mean and SD of both sides over the normal band."""
    axes = _axes(width, height, limits)
    _draw_band(axes, band)
    frame(axes, x_ticks=_TICKS)
    for mean in means:
        axes.ribbon(
            _CYCLE, mean.mean - mean.sd, mean.mean + mean.sd, fillColor=colour_of(mean.side), fillOpacity=0.14
        )
    for mean in reversed(means):  # the dashed left over the solid right: both show where they coincide
        _draw_events(axes, mean)
    for mean in means:
        axes.curve(
            _CYCLE,
            mean.mean,
            strokeColor=colour_of(mean.side),
            strokeWidth=1.5,
            strokeDashArray=dash_of(mean.side),
        )
    _draw_letters(axes, means)
    title(axes.drawing, words.title, words.axis, width=width, height=height)
    return axes.drawing


def strides_panel(
    words: AngleWords, side: Side, curves: Sequence[Curve], mean: MeanCurve | None, band: NormalBand | None, *,
    width: float, height: float, limits: tuple[float, float],
) -> Drawing:  # fmt: skip
    """Every stride of one side; those that do not count are thin and grey."""
    axes = _axes(width, height, limits)
    _draw_band(axes, band)
    frame(axes, x_ticks=[0.0, 50.0, 100.0])
    colour = colour_of(side)
    for curve in sorted(curves, key=lambda c: c.stride.counts):
        if curve.stride.counts:
            faint = 0.55 if curve.stride.far else 1.0
            axes.curve(
                _CYCLE, curve.values, strokeColor=colour, strokeWidth=0.7, strokeOpacity=faint,
                strokeDashArray=dash_of(side),
            )  # fmt: skip
        else:
            axes.curve(_CYCLE, curve.values, strokeColor=FAINT, strokeWidth=0.5, strokeDashArray=(0.8, 1.4))
    if mean is not None and np.isfinite(mean.toe_off_percent):
        axes.vertical(mean.toe_off_percent, strokeColor=colour, strokeWidth=0.6, strokeDashArray=dash_of(side))
    counted = sum(curve.stride.counts for curve in curves)
    note = f"{counted} of {len(curves)}" if curves else "no stride"
    title(axes.drawing, f"{words.title}, {letter_of(side)}", note, width=width, height=height)
    return axes.drawing


def curve_legend(width: float, *, strides: bool = False) -> Drawing:
    """What the lines of the curve plots mean, on one line."""
    drawing, at, y = Drawing(width, 12), 0.0, 3.0
    for side in Side:
        dash = dash_of(side)
        drawing.add(
            Line(at, y + 2, at + 20, y + 2, strokeColor=colour_of(side), strokeWidth=1.5, strokeDashArray=dash)
        )
        label(drawing, at + 24, y, letter_of(side), size=6.6, font=BOLD, colour=colour_of(side))
        label(drawing, at + 31, y, side.value, size=6.6)
        at += 66
    drawing.add(Rect(at, y - 1, 16, 7, fillColor=BAND, strokeColor=None))
    label(drawing, at + 20, y, "normal mean ± 1 SD", size=6.6)
    at += 104
    drawing.add(Line(at + 4, y - 2, at + 4, y + 7, strokeColor=SOFT, strokeWidth=0.75))
    label(drawing, at + 10, y, "toe-off", size=6.6)
    at += 46
    if strides:
        drawing.add(
            Line(at, y + 2, at + 18, y + 2, strokeColor=FAINT, strokeWidth=0.6, strokeDashArray=(0.8, 1.4))
        )
        label(drawing, at + 22, y, "stride left out", size=6.6)
        return drawing
    for words, fill in (("opposite toe-off", WHITE), ("opposite contact", SOFT)):
        drawing.add(
            Polygon((at, y + 5, at + 5, y + 5, at + 2.5, y), fillColor=fill, strokeColor=SOFT, strokeWidth=0.6)
        )
        label(drawing, at + 9, y, words, size=6.6)
        at += 76
    return drawing


def score_mark(score: int | None) -> Drawing:
    """The score as a numeral on white, grey or dark: readable in greyscale and by shape."""
    size = 11.0
    drawing = Drawing(size + 2, size)
    if score is None:
        drawing.add(Line(3, size / 2, size - 1, size / 2, strokeColor=FAINT, strokeWidth=0.9))
        return drawing
    drawing.add(
        Rect(
            1,
            0.5,
            size - 1,
            size - 1,
            rx=2,
            ry=2,
            fillColor=SCORE_FILL[score],
            strokeColor=INK,
            strokeWidth=0.5,
        )
    )
    label(
        drawing, 0.5 + size / 2, size / 2 - 2.7, str(score), size=7.4, font=BOLD, anchor="middle",
        colour=SCORE_INK[score],
    )  # fmt: skip
    return drawing


def probability_bar(probabilities: tuple[float, float, float] | None, *, width: float) -> Drawing:
    """P(0), P(1), P(2) as one stacked bar, in the shades of the score marks."""
    height = 5.0
    drawing = Drawing(width, height)
    if probabilities is None:
        return drawing
    total, at = sum(probabilities) or 1.0, 0.0
    for score, probability in enumerate(probabilities):
        wide = width * probability / total
        if wide > 0.2:
            drawing.add(Rect(at, 0, wide, height, fillColor=SCORE_FILL[score], strokeColor=None))
        at += wide
    drawing.add(Rect(0, 0, width, height, fillColor=None, strokeColor=SOFT, strokeWidth=0.4))
    return drawing


def profile_bars(rows: Sequence[tuple[str, BySide[tuple[float, float] | None]]], *, width: float) -> Drawing:
    """Horizontal bars L and R of (raw, shape-only) scores in degrees; the shape-only one is a notch."""
    row, head, names = 24.0, 4.0, 128.0
    height = row * len(rows) + head + 16
    drawing = Drawing(width, height)
    values = [pair[0] for _, pairs in rows for pair in pairs if pair is not None and np.isfinite(pair[0])]
    top = y_range([np.array([0.0, *values])], least_span=10.0)[1]
    axes = Axes(drawing, names, 14, width - names - 26, height - 14 - head, (0.0, top), (0.0, 1.0))
    step = nice_step(top)
    for tick in np.arange(0.0, top + 0.1, step):
        axes.vertical(float(tick), strokeColor=FAINT if tick == 0 else RULE, strokeWidth=0.4)
        label(drawing, axes.x(float(tick)), 4, number(float(tick)) + "°", anchor="middle")
    for index, (name, pairs) in enumerate(rows):
        base = height - head - row * (index + 1)
        label(drawing, 0, base + 9.5, name, size=7.2, colour=INK)
        for side, offset in ((Side.LEFT, 12.0), (Side.RIGHT, 3.0)):
            _bar(axes, side, pairs[side], base + offset)
    return drawing


def _bar(axes: Axes, side: Side, pair: tuple[float, float] | None, y: float) -> None:
    drawing, colour, height = axes.drawing, colour_of(side), 7.5
    label(drawing, axes.left - 9, y + 1.6, letter_of(side), size=6.2, font=BOLD, colour=colour)
    if pair is None or not np.isfinite(pair[0]):
        label(drawing, axes.left + 4, y + 1.6, "not assessable", size=6)
        return
    raw, shape = pair
    left = side is Side.LEFT  # hollow and dashed against filled: told apart without colour
    drawing.add(
        Rect(
            axes.left, y, axes.x(raw) - axes.left, height, fillColor=colour, fillOpacity=0.18 if left else 0.85,
            strokeColor=colour, strokeWidth=0.8, strokeDashArray=dash_of(side),
        )
    )  # fmt: skip
    if np.isfinite(shape):
        at = axes.x(shape)
        drawing.add(Line(at, y - 0.8, at, y + height + 0.8, strokeColor=WHITE, strokeWidth=2.6))
        drawing.add(Line(at, y - 0.8, at, y + height + 0.8, strokeColor=INK, strokeWidth=1.2))
    label(drawing, axes.x(raw) + 4, y + 1.5, number(raw, 1) + "°", size=6.4, colour=INK)


def pattern_plot(patterns: BySide[SagittalPattern], *, size: float) -> Drawing:
    """Knee z against ankle z over mid-stance, with the classes of the couple index."""
    far = [
        abs(z)
        for p in patterns
        for point in (*p.points, (p.knee_z, p.ankle_z))
        for z in point
        if np.isfinite(z)
    ]
    reach = min(6.0, max(4.0, float(np.ceil(max(far, default=0.0) + 0.5))))  # further out: at the edge
    drawing = Drawing(size * 1.25, size)
    axes = Axes(drawing, 18, 24, size * 1.25 - 22, size - 38, (-reach, reach), (-reach, reach))
    one, minus = axes.x(1), axes.x(-1)
    drawing.add(Rect(minus, axes.y(-1), one - minus, axes.y(1) - axes.y(-1), fillColor=BAND, strokeColor=None))
    frame(
        axes, x_ticks=[float(t) for t in range(-int(reach), int(reach) + 1, 2 if reach > 4 else 1)], lines=False
    )
    for edge in (minus, one):
        drawing.add(
            Line(edge, axes.bottom, edge, axes.bottom + axes.height, strokeColor=FAINT, strokeWidth=0.6)
        )
    left, right = axes.left, axes.left + axes.width
    for x0, x1, value in ((left, right, 1), (minus, right, -1)):
        drawing.add(Line(x0, axes.y(value), x1, axes.y(value), strokeColor=FAINT, strokeWidth=0.6))
    top, low = axes.bottom + axes.height - 8, axes.bottom + 4
    spots = (
        ((left + minus) / 2, top, "jump"),
        ((minus + one) / 2, top, "apparent"), ((minus + one) / 2, top - 7, "equinus"),
        ((one + right) / 2, top, "crouch"), ((left + minus) / 2, low, "true equinus"),
        ((minus + one) / 2, low, "recurvatum"), ((one + right) / 2, low, "not classified"),
        ((one + right) / 2, axes.y(0) - 2, "undetermined"),
    )  # fmt: skip
    for x, y, words in spots:
        label(drawing, x, y, words, size=5.8, anchor="middle")
    for side in Side:
        _pattern_points(axes, patterns[side])
    label(
        drawing, left + axes.width / 2, 3, "ankle z  (plantarflexed ←  → dorsiflexed)", size=6, anchor="middle"
    )
    label(drawing, 0, size - 7, "knee z  (↑ flexed)", size=6)
    return drawing


def _pattern_points(axes: Axes, pattern: SagittalPattern) -> None:
    side = pattern.side
    colour, left = colour_of(side), side is Side.LEFT
    for knee, ankle in pattern.points:
        if np.isfinite(knee) and np.isfinite(ankle):
            at = axes.x(ankle), axes.y(knee)
            axes.drawing.add(
                Circle(*at, 1.4, fillColor=WHITE if left else colour, strokeColor=colour, strokeWidth=0.6)
            )
    if np.isfinite(pattern.knee_z) and np.isfinite(pattern.ankle_z):
        x, y = axes.x(pattern.ankle_z), axes.y(pattern.knee_z)
        fill, dash = (None, (1.8, 1)) if left else (colour, None)
        axes.drawing.add(
            Circle(x, y, 4.2, fillColor=fill, strokeColor=colour, strokeWidth=1.2, strokeDashArray=dash)
        )
        anchor, beside = ("end", x - 6.5) if left else ("start", x + 6.5)  # neither letter hides the other
        label(axes.drawing, beside, y - 2.4, letter_of(side), size=7, font=BOLD, anchor=anchor, colour=colour)
