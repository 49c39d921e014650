"""The result pages: what was measured on what, never mixed; published figures in a table of their own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaitviewer.core.serialise import read_resource
from gaitviewer.errors import OutputError, reason_of
from gaitviewer.messages import message
from gaitviewer.research.training.metrics import NAMES, TITLES, Interval, by_class, compare, over_seeds
from gaitviewer.research.training.pages.blocks import (
    Block,
    HeadingBlock,
    ParagraphBlock,
    PictureBlock,
    TableBlock,
    as_html,
    as_markdown,
)
from gaitviewer.research.training.pages.plots import plot_bars, plot_confusions, plot_questions
from gaitviewer.research.training.results import ResultLine
from gaitviewer.util import atomic, private

Runs = dict[str, list[ResultLine]]  # by variant
_MOST_PAIRS = 8  # variants of a group that are all compared with each other
_JUDGED = "balanced_accuracy"


def write_pages(out: Path, lines: Sequence[ResultLine]) -> tuple[Path, ...]:
    """Writes ``results.md``, ``results.html`` and the pictures.

    Raises:
        OutputError: the folder cannot be written.
    """
    blocks = build_page(lines)
    markdown, page = out / "results.md", out / "results.html"
    try:
        private.make_folder(out / "pictures")
        for block in blocks:
            if isinstance(block, PictureBlock):
                atomic.write_bytes(
                    out / "pictures" / f"{block.name}.svg", block.svg.encode("utf-8"), durable=False
                )
        atomic.write_bytes(markdown, as_markdown(blocks, pictures="pictures").encode("utf-8"), durable=False)
        title = f"{lines[0].task}: results" if lines else "Results"
        atomic.write_bytes(page, as_html(blocks, title=title).encode("utf-8"), durable=False)
    except OSError as error:
        raise OutputError(
            message("error.research.pages_not_written", folder=out, reason=reason_of(error))
        ) from error
    return markdown, page


def build_page(lines: Sequence[ResultLine]) -> list[Block]:
    """The whole page of one task; one part for each protocol and body of data."""
    if not lines:
        return [HeadingBlock("Results", 1), ParagraphBlock("No run is finished.")]
    blocks: list[Block] = [HeadingBlock(f"{lines[0].task}: results", 1)]
    parts = dict.fromkeys(
        (line.protocol, line.data, line.data_digest, line.task_version, line.split) for line in lines
    )
    for number, (protocol, data, digest, version, split) in enumerate(parts):
        mine = [
            one
            for one in lines
            if (one.protocol, one.data_digest, one.task_version, one.split)
            == (protocol, digest, version, split)
        ]
        divided = f", {split}" if split else ""
        blocks.append(
            HeadingBlock(f'Protocol "{protocol}" on {data} (digest {digest[:12]}, examples {version}{divided})')
        )
        blocks += _part(mine, f"p{number}")
    return [*blocks, *_published(lines[0].task)]


def _part(lines: Sequence[ResultLine], prefix: str) -> list[Block]:
    runs: Runs = {}
    for line in sorted(lines, key=lambda one: one.seed):
        runs.setdefault(line.variant, []).append(line)
    synthetic = any(line.synthetic for line in lines)
    # A run without the shifted set says nothing of it; the latest check is that of all.
    judged = [line for line in lines if line.metrics] or lines
    check = max(judged, key=lambda line: (len(line.others), line.when)).leakage
    split = lines[0].split
    divided = (
        f"people are divided by the {split}, a seed has its own"
        if split
        else "a seed has its own split by subject,"
    )
    blocks: list[Block] = [
        ParagraphBlock(
            f"Figures are means over seeds with a 95 % t-interval; {divided} first weights and order. "
            f"Leakage: {check}"
        )
    ]
    tables = (
        ("A. Synthetic, held-out subjects", "test", synthetic),
        ("B. Synthetic, shifted (unseen cameras, noise, combinations)", "shifted", synthetic),
    )
    for title, name, there in tables:
        blocks.append(HeadingBlock(title, 3))
        found = _variants_table(runs, name) if there else None
        blocks += found or [ParagraphBlock("Not measured.")]
    blocks += [HeadingBlock("C. Real videos without labels", 3), *_real(runs)]
    blocks.append(HeadingBlock("D. Real labels", 3))
    blocks += (None if synthetic else _variants_table(runs, "test")) or [ParagraphBlock("Not measured.")]
    blocks += _comparisons(runs)
    blocks += _pictures(runs, prefix)
    return [*blocks, *_extras(runs)]


def _variants_table(runs: Runs, name: str) -> list[Block] | None:
    rows = []
    for variant, held in runs.items():
        if not any(name in line.metrics for line in held):
            continue
        cells = [_cell(_means(held, name, metric)) for metric in NAMES]
        seconds = over_seeds([line.seconds for line in held if line.seconds > 0])
        rows.append(
            (
                variant,
                f"{held[0].what} ({held[0].ablation}{_answered(held, name)})",
                *cells,
                str(len(held)),
                f"{seconds.mean:.0f}" if seconds else "",
            )
        )
    if not rows:
        return None
    columns = ("Variant", "What", *(TITLES[metric] for metric in NAMES), "Seeds", "Seconds a run")
    return [TableBlock(columns, tuple(rows)), *_classes_table(runs, name), *_scalars(runs, name)]


def _classes_table(runs: Runs, name: str) -> list[Block]:
    """Precision, recall and F1 of each class; of several questions their mean."""
    rows = []
    for variant, held in runs.items():
        mine = [line for line in held if name in line.metrics]
        if not mine:
            continue
        for label, word in enumerate(mine[0].metrics[name]["classes"]):
            tables = [[one["confusion"] for one in line.metrics[name]["outputs"].values()] for line in mine]
            cases = sum(sum(table[label]) for questions in tables for table in questions)
            figures = [
                over_seeds([_mean([by_class(t)[label][k] for t in questions]) for questions in tables])
                for k in range(3)
            ]
            rows.append((variant, word, str(cases), *map(_cell, figures)))
    if not rows:
        return []
    return [TableBlock(("Variant", "Class", "Answered cases", "Precision", "Recall", "F1"), tuple(rows))]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _scalars(runs: Runs, name: str) -> list[Block]:
    rows = []
    for variant, held in runs.items():
        scalars: Mapping[str, Any] = held[0].metrics.get(name, {}).get("scalars", {})
        for quantity in scalars:
            values = {
                key: over_seeds([line.metrics[name]["scalars"][quantity][key] for line in held])
                for key in ("mae", "bias", "r", "coverage")
            }
            rows.append((variant, quantity, *(_cell(value) for value in values.values())))
    if not rows:
        return []
    return [
        TableBlock(("Variant", "Quantity", "Mean absolute error", "Bias", "r", TITLES["coverage"]), tuple(rows))
    ]


def _real(runs: Runs) -> list[Block]:
    """Rows that a run left in ``extras["real_videos"]``: what was compared, and the figure."""
    rows = [
        (variant, str(row.get("what", "")), str(row.get("value", "")))
        for variant, held in runs.items()
        for line in held
        for row in line.extras.get("real_videos", [])
    ]
    return (
        [TableBlock(("Variant", "What", "Figure"), tuple(rows))] if rows else [ParagraphBlock("Not measured.")]
    )


def _comparisons(runs: Runs) -> list[Block]:
    """Every variant against the main one, and all pairs of a small ablation; by seeds that both have."""
    main = next((name for name, held in runs.items() if held[0].ablation == "main"), "")
    pairs = [(main, other) for other in runs if main and other != main]
    groups: dict[str, list[str]] = {}
    for name, held in runs.items():
        groups.setdefault(held[0].ablation, []).append(name)
    for group, names in groups.items():
        # Two other methods need not have answered the same cases.
        if group not in ("main", "outside") and len(names) <= _MOST_PAIRS:
            pairs += itertools.combinations(names, 2)
    rows = []
    for first, second in pairs:
        for name in ("test", "shifted"):
            for metric in ("accuracy", _JUDGED):
                words = _compared(runs[first], runs[second], name, metric)
                if words:
                    where = f"{name}, {TITLES[metric].lower()}{_answered(runs[second], name)}"
                    rows.append((f"{first} against {second}", where, *words))
    if not rows:
        return []
    note = (
        "Differences are taken seed by seed (same split), from another method on the cases that it answered; "
        "the interval is a 95 % t-interval over seeds."
    )
    return [
        HeadingBlock("Comparisons", 3),
        ParagraphBlock(note),
        TableBlock(("Variants", "Set and measure", "Difference", "In words"), tuple(rows)),
    ]


def _answered(lines: Sequence[ResultLine], name: str) -> str:
    """How much of a set another method answered; "" of the runs themselves."""
    counts = [line.extras["compared"]["answers"].get(name) for line in lines if "compared" in line.extras]
    known = [pair for pair in counts if pair]
    if not known:
        return ""
    return f", {sum(some for some, _ in known)} of {sum(every for _, every in known)} answers"


def _compared(
    first: Sequence[ResultLine], second: Sequence[ResultLine], name: str, metric: str
) -> tuple[str, str] | None:
    held = [{line.seed: _mean_of(line, name, metric) for line in lines} for lines in (first, second)]
    for line in second:  # another method's answers: on the cases that it answered
        compared = line.extras.get("compared")
        if compared is not None:
            mine = line.seed in held[0] and compared["variant"] == first[0].variant
            held[0][line.seed] = compared["mean"].get(name, {}).get(metric) if mine else None
    seeds = [s for s in held[0] if s in held[1] and None not in (held[0][s], held[1][s])]
    if not seeds:
        return None
    values = [[float(side[seed] or 0.0) for seed in seeds] for side in held]
    difference, words = compare(*values)
    return _cell(difference, sign=True), f"{words} ({len(seeds)} seeds)"


def _pictures(runs: Runs, prefix: str) -> list[Block]:
    blocks: list[Block] = [HeadingBlock("Pictures", 3)]
    for metric in ("accuracy", _JUDGED):
        bars: dict[str, dict[str, Interval]] = {}
        for name in ("test", "shifted"):
            for variant, lines in runs.items():
                found = _means(lines, name, metric)
                if found is not None:
                    bars.setdefault(name, {})[variant] = found
        if bars:
            svg = plot_bars(bars, title=TITLES[metric])
            blocks.append(PictureBlock(f"{prefix}-{metric}", f"{TITLES[metric]} by variant", svg))
    main = next((held for held in runs.values() if held[0].ablation == "main"), None)
    if main is not None:
        blocks += _questions(main, prefix)
    return blocks


def _questions(held: Sequence[ResultLine], prefix: str) -> list[Block]:
    """The main variant question by question, with its confusion matrices."""
    outputs = list(held[0].metrics["test"]["outputs"])
    classes = held[0].metrics["test"]["classes"]
    confusions = [
        (name, np.sum([line.metrics["test"]["outputs"][name]["confusion"] for line in held], axis=0))
        for name in outputs
    ]
    blocks: list[Block] = [
        PictureBlock(
            f"{prefix}-confusion",
            f"{held[0].variant}: answers (columns: {', '.join(classes)}) by truth (rows), all seeds, held-out",
            plot_confusions(confusions, classes),
        )
    ]
    if len(outputs) < 2:
        return blocks
    rows, shown = [], {}
    for name in outputs:
        values = [
            over_seeds([line.metrics["test"]["outputs"][name][metric] for line in held]) for metric in NAMES
        ]
        judged = values[NAMES.index(_JUDGED)]
        if judged is not None:
            shown[name] = judged
        cases = sum(line.metrics["test"]["outputs"][name]["cases"] for line in held)
        each = [by_class(line.metrics["test"]["outputs"][name]["confusion"]) for line in held]
        figures = [
            " / ".join(_short(over_seeds([one[label][k] for one in each])) for k in range(3))
            for label in range(len(classes))
        ]
        rows.append((name, str(cases), *(_cell(value) for value in values), *figures))
    titles = (*(TITLES[metric] for metric in NAMES), *(f"{word}: precision / recall / F1" for word in classes))
    blocks.append(TableBlock(("Question", "Cases", *titles), tuple(rows)))
    if shown:
        lowest = min(shown, key=lambda name: shown[name].mean)
        blocks.append(ParagraphBlock(f"Lowest balanced accuracy: {lowest} ({shown[lowest]})."))
        svg = plot_questions(shown, title=TITLES[_JUDGED], line=0.5)
        blocks.append(
            PictureBlock(f"{prefix}-questions", f"{held[0].variant}: balanced accuracy by question", svg)
        )
    return blocks


def _extras(runs: Runs) -> list[Block]:
    """Speed, checks of explanations, rankings: as the runs left them, first seed."""
    rows = [
        (variant, name, json.dumps(value, ensure_ascii=False)[:600])
        for variant, held in runs.items()
        for name, value in held[0].extras.items()
        if name not in ("real_videos", "sha256", "compared")
    ]
    if not rows:
        return []
    return [
        HeadingBlock("Further results (first seed)", 3),
        TableBlock(("Variant", "What", "Result"), tuple(rows)),
    ]


@dataclass(frozen=True, slots=True)
class _PublishedTable:
    task: str
    citation: str
    measured_on: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float, ...], ...]


@dataclass(frozen=True, slots=True)
class _PublishedFile:
    table: tuple[_PublishedTable, ...]


def _published(task: str) -> list[Block]:
    blocks: list[Block] = [
        HeadingBlock("Published figures"),
        ParagraphBlock(
            "Measured by their authors on other people with other labels and splits. They do not compare with "
            "the tables above."
        ),
    ]
    for table in read_resource("models/published.toml", _PublishedFile).table:
        if table.task != task:
            continue
        rows = tuple(tuple(str(cell) for cell in row) for row in table.rows)
        blocks.append(ParagraphBlock(f"{table.citation} On {table.measured_on}."))
        blocks.append(TableBlock(("Method", *table.columns), rows))
    return blocks if len(blocks) > 2 else []


def _means(lines: Sequence[ResultLine], name: str, metric: str) -> Interval | None:
    return over_seeds([_mean_of(line, name, metric) for line in lines])


def _mean_of(line: ResultLine, name: str, metric: str) -> float | None:
    value = line.metrics.get(name, {}).get("mean", {}).get(metric)
    return None if value is None else float(value)


def _short(value: Interval | None) -> str:
    return "-" if value is None else f"{value.mean:.2f}"


def _cell(value: Interval | None, *, sign: bool = False) -> str:
    if value is None:
        return "-"
    return f"{'+' if sign and value.mean > 0 else ''}{value}"
