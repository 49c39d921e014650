"""Pictures of result pages, as SVG text."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gaitviewer.research.training.metrics import Interval

_BLUE, _GREY = "#1f77b4", "#8a94a0"


def plot_bars(values: Mapping[str, Mapping[str, Interval]], *, title: str) -> str:
    """Mean and interval of each variant (rows), one colour for each test set.

    Args:
        values: by test set, by variant.
        title: what is measured.
    """
    names = list(dict.fromkeys(name for held in values.values() for name in held))
    figure, axes = _figure(8.0, 0.8 + 0.34 * len(names))
    for place, (group, held) in enumerate(values.items()):
        shift = (place - (len(values) - 1) / 2) * 0.28
        rows = [names.index(name) + shift for name in held]
        halves = [interval.half or 0.0 for interval in held.values()]
        means = [interval.mean for interval in held.values()]
        colour = (_BLUE, "#d98b2b", "#5a9a5a")[place % 3]
        axes.errorbar(means, rows, xerr=halves, fmt="o", color=colour, capsize=3, markersize=5, label=group)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel(title)
    axes.grid(axis="x", color="#e3e7eb")
    if len(values) > 1:
        axes.legend(frameon=False, fontsize=8)
    return _svg(figure)


def plot_confusions(tables: Sequence[tuple[str, Any]], classes: Sequence[str]) -> str:
    """Confusion matrices side by side: rows true, columns answered, shares of each row with counts.

    Args:
        tables: (question, [C, C] counts).
        classes: names of the C classes.
    """
    across = min(len(tables), 3 if len(classes) > 2 else 9)
    down = math.ceil(len(tables) / across)
    size = 1.15 if len(classes) == 2 else 0.75 * len(classes)
    if across == 1:
        size = max(size, 2.4)
    figure, grid = _figure(0.6 + (size + 0.35) * across, 0.4 + (size + 0.45) * down, rows=down, columns=across)
    for axes, (name, counts) in zip(np.ravel(grid), tables, strict=False):
        table = np.asarray(counts, float)
        shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), share in np.ndenumerate(shares):
            colour = "white" if share > 0.55 else "#1b2430"
            axes.text(
                column, row, f"{table[row, column]:.0f}", ha="center", va="center", color=colour, fontsize=7
            )
        axes.set_title(name, fontsize=8)
        few = len(classes) > 2 or len(tables) == 1
        axes.set_xticks(range(len(classes)), classes if few else [""] * len(classes), fontsize=7)
        axes.set_yticks(range(len(classes)), classes if few else [""] * len(classes), fontsize=7)
        axes.tick_params(length=0)
    for axes in np.ravel(grid)[len(tables) :]:
        axes.axis("off")
    return _svg(figure)


def plot_questions(values: Mapping[str, Interval], *, title: str, line: float | None = None) -> str:
    """One point with its interval for each question.

    Args:
        values: by question.
        title: what is measured.
        line: a level to mark.
    """
    figure, axes = _figure(max(5.0, 0.28 * len(values) + 1.0), 3.0)
    places = range(len(values))
    halves = [interval.half or 0.0 for interval in values.values()]
    means = [interval.mean for interval in values.values()]
    axes.errorbar(places, means, yerr=halves, fmt="o", color=_BLUE, capsize=2, markersize=4)
    if line is not None:
        axes.axhline(line, color=_GREY, linestyle="--", linewidth=1)
    axes.set_xticks(places, list(values), rotation=90, fontsize=7)
    axes.set_ylim(0.0, 1.02)
    axes.set_ylabel(title)
    axes.grid(axis="y", color="#e3e7eb")
    return _svg(figure)


def _figure(width: float, height: float, *, rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasSVG(figure)
    return figure, figure.subplots(rows, columns)


def _svg(figure: Any) -> str:
    """The picture's text, the same for the same picture, without its XML head."""
    import matplotlib

    out = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "gaitviewer", "svg.fonttype": "none"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return re.sub(r"[ \t]+$", "", text[text.index("<svg") :], flags=re.MULTILINE)
