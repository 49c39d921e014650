"""Generated text: what is unusual in a clip, against the statistics of the training group as a whole.

The words compare a clip's own numbers with mean and standard deviation of all training clips. Labels are no
argument of anything here: whoever exchanges them leaves every text as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.knowledge_map.features import load_map_features, mirrored_name
from gaitviewer.core.arrays import F8
from gaitviewer.core.serialise import read_resource

_LEAST_SD = 1e-6


@dataclass(frozen=True, slots=True)
class Statement:
    """Something that a text can say.

    Attributes:
        name: e.g. "shoulder level".
        summary: "mean", "spread", "difference" or "spread_difference" of ``rows``.
        rows: names of features.
        high, low: words for more and for less of it than in the group.
    """

    name: str
    summary: str
    rows: tuple[str, ...]
    high: str
    low: str


@dataclass(frozen=True, slots=True)
class TextRule:
    """How a text is made; the file explains each entry."""

    most: int
    least: float
    step: float
    ordinary: str
    lead: str


@dataclass(frozen=True, slots=True)
class SizeWord:
    """The word for a deviation ``above`` so many standard deviations."""

    above: float
    words: str


@dataclass(frozen=True, slots=True)
class StatementTable:
    """All statements and how a text is made of them: ``resources/knowledge_map/statements.toml``."""

    text: TextRule
    size: tuple[SizeWord, ...]
    statement: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class GroupStatistics:
    """Mean and standard deviation [S] of every statement over the clips of the training group."""

    mean: F8
    sd: F8


@lru_cache(maxsize=1)
def load_statements() -> StatementTable:
    """The table of the data file."""
    return read_resource("knowledge_map/statements.toml", StatementTable)


def statement_values(values: F8, unknown: NDArray[np.bool_]) -> F8:
    """[S] the number behind every statement; NaN where it rests on rows that are unknown.

    Args:
        values: [238, T] a knowledge map.
        unknown: [238] rows that were not seen.
    """
    table = load_map_features()
    out = np.full(len(load_statements().statement), np.nan)
    for place, one in enumerate(load_statements().statement):
        rows = [table.index[name] for name in one.rows]
        if not unknown[rows].any():
            out[place] = _summary(one.summary, values[rows])
    return out


def _summary(kind: str, rows: F8) -> float:
    numbers = rows.std(axis=1) if kind.startswith("spread") else rows.mean(axis=1)
    return float(numbers[0] - numbers[1]) if kind.endswith("difference") else float(numbers[0])


def group_statistics(values: Sequence[F8]) -> GroupStatistics:
    """Mean and SD over the clips of the training group, [N] arrays [S]; 0 and 1 where nobody has a number."""
    stacked = np.stack(list(values))
    there = np.isfinite(stacked)
    count = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, stacked, 0.0).sum(axis=0) / count
    sd = np.sqrt((np.where(there, stacked - mean, 0.0) ** 2).sum(axis=0) / np.maximum(count - 1, 1))
    return GroupStatistics(mean, np.where(sd > _LEAST_SD, sd, 1.0))


def describe(values: F8, group: GroupStatistics) -> tuple[str, ...]:
    """Sentences on what deviates most, with its effect size d in standard deviations of the group.

    Args:
        values: [S] of :func:`statement_values`.
        group: of the training set.

    Returns:
        At least one sentence, the most deviating first.
    """
    table = load_statements()
    away = (values - group.mean) / group.sd
    order = [i for i in np.argsort(-np.abs(np.nan_to_num(away)), kind="stable") if np.isfinite(away[i])]
    chosen = [int(i) for i in order if abs(away[i]) >= table.text.least][: table.text.most]
    return tuple(_sentence(table, place, float(away[place])) for place in chosen) or (table.text.ordinary,)


def joined_text(sentences: Sequence[str]) -> str:
    """One text for people."""
    table = load_statements()
    if tuple(sentences) == (table.text.ordinary,):
        return table.text.ordinary
    return table.text.lead + "; ".join(sentences) + "."


def _sentence(table: StatementTable, place: int, away: float) -> str:
    one = table.statement[place]
    size = [size.words for size in table.size if abs(away) >= size.above][-1]
    effect = table.text.step * round(away / table.text.step)
    return f"{one.high if away > 0 else one.low}, {size} (d {effect:+.1f})"


def mirrored_statements(values: F8) -> F8:
    """[S] of the mirrored child, from those of the child itself (end view)."""
    features = load_map_features()
    out = np.full(values.shape, np.nan)
    for place, one in enumerate(load_statements().statement):
        odd = one.summary == "mean" and features.features[features.index[one.rows[0]]].odd
        turned = one.summary.endswith("difference") and mirrored_name(one.rows[0]) == one.rows[1]
        out[place] = -values[place] if odd or turned else values[place]
    return out
