"""Whether scores are right as often as they say, and values as near the truth as their standard errors say."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from gaitviewer.research.validation.compare import Comparison, ItemPair
from gaitviewer.research.validation.scenes import bench_table


@dataclass(frozen=True, slots=True)
class CertaintyRow:
    """Nominal against true certainty of one EVGS item, over limbs, trials and draws.

    Attributes:
        seen: "exact" or "noise ..." points, or "pixels".
        number: of the item, 0 for all together.
        scored: limbs with a true and a measured score and its probability.
        said: mean probability of the score that is given (NaN without any).
        right: share of those scores that are the true ones.
        sure: how many say to be sure.   sure_right: of these, how many are right.
        values: limbs with a true and a measured value and its standard error.
        covered: how many of these have the truth inside the nominal interval.
        error: root mean square difference of the values, in the item's unit (NaN without any; for number 0,
            in standard errors).
        sigma: root mean square standard error that the values carry, in the same unit.
    """

    seen: str
    number: int
    scored: int
    said: float
    right: float
    sure: int
    sure_right: int
    values: int
    covered: int
    error: float
    sigma: float


def certainty_rows(comparisons: Iterable[Comparison]) -> tuple[CertaintyRow, ...]:
    """A row for each item of each kind of points, in the order of the comparisons; then all items as one."""
    kinds: dict[str, list[ItemPair]] = {}
    for comparison in comparisons:
        kinds.setdefault(comparison.seen, []).extend(comparison.items)
    rows = []
    for seen, pairs in kinds.items():
        for number in sorted({pair.number for pair in pairs}):
            rows.append(_row(seen, number, [pair for pair in pairs if pair.number == number]))
        rows.append(_row(seen, 0, pairs))
    return tuple(rows)


def _row(seen: str, number: int, pairs: Sequence[ItemPair]) -> CertaintyRow:
    table = bench_table()
    scored = [(p.probability, p.score == p.true_score) for p in pairs if p.probability is not None]
    sure = [right for probability, right in scored if probability >= table.sure]
    values = [
        (p.value - p.true_value, p.sigma)
        for p in pairs
        if p.value is not None and p.true_value is not None and p.sigma
    ]
    wide = NormalDist().inv_cdf((1.0 + table.interval) / 2.0)
    unit = [sigma if number == 0 else 1.0 for _, sigma in values]  # items of several units go together
    return CertaintyRow(
        seen=seen,
        number=number,
        scored=len(scored),
        said=_mean([probability for probability, _ in scored]),
        right=_mean([float(right) for _, right in scored]),
        sure=len(sure),
        sure_right=sum(sure),
        values=len(values),
        covered=sum(abs(error) <= wide * sigma for error, sigma in values),
        error=math.sqrt(_mean([(e / u) ** 2 for (e, _), u in zip(values, unit, strict=True)])),
        sigma=math.sqrt(_mean([(s / u) ** 2 for (_, s), u in zip(values, unit, strict=True)])),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
