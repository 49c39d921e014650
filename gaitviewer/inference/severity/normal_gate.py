"""Whether a gait was measured as normal: then no level of severity is named, whatever a network would say."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from gaitviewer.core.gait import Side
from gaitviewer.core.measures import Measures
from gaitviewer.core.serialise import read_resource
from gaitviewer.inference.severity.clips import SkeletonClipSettings
from gaitviewer.messages import NOTHING, Message, message

NORMAL = "no CP-like deviation measured"


@dataclass(frozen=True, slots=True)
class _Compared:
    """What tells a deviation.

    Attributes:
        profile_worse_deg, profile_mean_deg: sagittal profile score of the worse limb, and of both.
        hip_deg, knee_deg, ankle_deg: variable score of the limb in which it is worse.
        points_both, points_limb: Edinburgh points as part of the maximum of the items seen, of both limbs
            together and of the worse limb.
    """

    profile_worse_deg: float
    profile_mean_deg: float
    hip_deg: float
    knee_deg: float
    ankle_deg: float
    points_both: float
    points_limb: float


_NAMES = tuple(field.name for field in fields(_Compared))


@dataclass(frozen=True, slots=True)
class NormalLimits(_Compared):
    """Up to which deviation a gait counts as normal, and how many items of a limb must be seen."""

    least_items: int


@dataclass(frozen=True, slots=True)
class _Levels:
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Explain:
    smallest_change: float
    most_features: int


@dataclass(frozen=True, slots=True)
class SeverityTables:
    """``resources/models/severity.toml``; the protocols are tables that a variant may change."""

    clips: SkeletonClipSettings
    gate: NormalLimits
    levels: _Levels
    explain: _Explain
    protocols: dict[str, Any]


@cache
def severity_tables() -> SeverityTables:
    """The data file of the system."""
    return read_resource("models/severity.toml", SeverityTables)


@dataclass(frozen=True, slots=True)
class Deviation(_Compared):
    """How far the measured gait lies from that of healthy children; NaN = not assessable.

    Attributes:
        items: items seen of the limb of which fewer were seen.
    """

    items: int

    @property
    def shares(self) -> dict[str, float]:
        """Each value as a part of the limit up to which it counts as normal."""
        limits = severity_tables().gate
        return {name: getattr(self, name) / getattr(limits, name) for name in _NAMES}


def measure_deviation(measures: Measures) -> Deviation:
    """The deviation of a session from healthy children, from the measuring core alone."""
    profiles = [score.raw for score in measures.profile_scores]
    totals = [measures.evgs.total(side) for side in Side]
    shares = [total.score / total.maximum if total.maximum else math.nan for total in totals]
    top = sum(total.maximum for total in totals)

    def worse(angle: str) -> float:
        return max((s.raw for s in measures.variable_scores if s.angle == angle), default=math.nan)

    seen = [share for share in shares if math.isfinite(share)]
    return Deviation(
        profile_worse_deg=max(profiles, default=math.nan),
        profile_mean_deg=sum(profiles) / len(profiles) if profiles else math.nan,
        hip_deg=worse("hip_flexion"),
        knee_deg=worse("knee_flexion"),
        ankle_deg=worse("ankle_dorsiflexion"),
        points_both=sum(total.score for total in totals) / top if top else math.nan,
        points_limb=max(seen, default=math.nan),
        items=min(total.items_seen for total in totals),
    )


def judge_normal(measures: Measures) -> tuple[bool, Message]:
    """Whether the gait was measured as normal, or why that cannot be told (NOTHING if it can)."""
    found = measure_deviation(measures)
    least = severity_tables().gate.least_items
    if found.items < least:
        return False, message("reason.few_items", items=found.items, least=least)
    if not math.isfinite(found.profile_worse_deg):
        return False, message("reason.no_profile")
    return all(share <= 1.0 for share in found.shares.values()), NOTHING
