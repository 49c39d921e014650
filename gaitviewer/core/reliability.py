"""Published figures on how far the Edinburgh Visual Gait Score can be trusted (human raters)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from gaitviewer.core.serialise import read_resource


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """A published figure and where it is from; what else is told of it besides."""

    value: float
    source: str
    note: str = ""
    sem: float | None = None
    icc: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class RaterFigures:
    """How far people agree: each the least and the most."""

    item_agreement_percent: tuple[int, int]
    kappa: tuple[float, float]
    against_3d_percent: tuple[int, int]
    source: str


@dataclass(frozen=True, slots=True)
class ReliabilityTable:
    """``resources/evgs/reliability.toml``."""

    mcid: PublishedFigure
    mdc95: PublishedFigure
    per_gmfcs_level: PublishedFigure
    raters: RaterFigures


@cache
def reliability_table() -> ReliabilityTable:
    """The published figures as they are in the data file."""
    return read_resource("evgs/reliability.toml", ReliabilityTable)
