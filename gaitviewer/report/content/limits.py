"""Figures that the report prints by, from the data files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from gaitviewer.core.reliability import reliability_table
from gaitviewer.core.serialise import read_resource


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the report.

    Attributes:
        symmetry_usual_percent: |symmetry index| up to this is usual.
        likely_share: share of the probability that "likely" stands for.
    """

    symmetry_usual_percent: float
    likely_share: float


@cache
def load_limits() -> Limits:
    """The limits from ``resources/report.toml``."""
    return read_resource("report.toml", Limits)


@cache
def reliability_lines() -> tuple[str, ...]:
    """How to read the totals, with the published figures of ``resources/evgs/reliability.toml``."""
    table = reliability_table()
    mcid, mdc, raters = table.mcid, table.mdc95, table.raters
    low, high = raters.item_agreement_percent
    least, most = raters.against_3d_percent
    share = load_limits().likely_share
    return (
        "Totals are partial sums over the items seen and are compared only with totals over the same items. "
        f"“Likely” is the central {100 * share:.0f} % of the total's distribution if the errors of the items "
        "are independent.",
        f"For human raters and complete sheets, {mcid.value:g} points are reported as the smallest "
        f"clinically important difference ({mcid.source}; not verified whether per limb) and "
        f"{mdc.value:g} points as the smallest change beyond measurement error (95 %; {mdc.source}). "
        f"As the second exceeds the first, a change below {mdc.value:g} is within measurement error. "
        "Neither figure applies to partial or unequal sets of items, nor between a program's and a person's "
        "scores.",
        f"Human raters agree with each other in {low}–{high} % per item, and with three-dimensional gait "
        f"analysis in {least}–{most} % ({raters.source}).",
    )
