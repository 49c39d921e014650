"""Whether a gait was measured as normal: then no level of severity is named, whatever a network would say.

What decides are the Edinburgh points of the worse limb, as they are to be expected under the error of each
item. Only points that lie farther from the limit than their standard error allows for give an answer: below,
"none"; beyond, a level; between them there is no opinion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from gaitviewer.analysis.outcomes.gait_features import expected_share_of
from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import MeasuredBasis
from gaitviewer.core.serialise import read_resource
from gaitviewer.inference.severity.clips import SkeletonClipSettings
from gaitviewer.messages import NOTHING, Message, message

NORMAL = "no CP-like deviation measured"
POINTS = "points"


class Verdict(Enum):
    """What the measured values say before any network is asked."""

    NORMAL = "normal"
    DEVIATES = "deviates"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class NormalGate:
    """``[gate]`` of ``resources/models/severity.toml``, which says how each number was set.

    Attributes:
        least_items: Edinburgh items that must be seen of each limb.
        left_out: numbers of items that do not count, as they cannot always be told.
        limit: between healthy children and those who deviate, part of the maximum of the items seen.
        none_below, level_beyond: standard errors from the limit at which an answer is given.
        one_view: how much larger the standard error is where the walk was seen in one view only.
        errors: standard error of each value that :func:`deviations` gives, as pixels give it.
    """

    least_items: int
    left_out: tuple[int, ...]
    limit: float
    none_below: float
    level_beyond: float
    one_view: float
    errors: dict[str, float]


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
    gate: NormalGate
    levels: _Levels
    explain: _Explain
    protocols: dict[str, Any]


@cache
def severity_tables() -> SeverityTables:
    """The data file of the system."""
    return read_resource("models/severity.toml", SeverityTables)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the measured values say.

    Attributes:
        verdict: normal, deviating, or neither can be told.
        reason: why neither can be told; NOTHING otherwise.
        basis: what decides, then what was measured besides.
    """

    verdict: Verdict
    reason: Message
    basis: tuple[MeasuredBasis, ...]


_TITLES = {
    POINTS: ("Expected Edinburgh points of the worse limb, part of the maximum", ""),
    "profile": ("Sagittal profile score of the worse limb", "deg"),
    "hip": ("Variable score of the hip, worse limb", "deg"),
    "knee": ("Variable score of the knee, worse limb", "deg"),
    "ankle": ("Variable score of the ankle, worse limb", "deg"),
}


def deviations(measures: Measures) -> dict[str, float]:
    """How far the measured gait lies from that of healthy children, by name; NaN = not assessable."""

    def worse(angle: str) -> float:
        return max((s.raw for s in measures.variable_scores if s.angle == angle), default=math.nan)

    return {
        POINTS: max(_expected_points(measures, side) for side in Side),
        "profile": max((score.raw for score in measures.profile_scores), default=math.nan),
        "hip": worse("hip_flexion"),
        "knee": worse("knee_flexion"),
        "ankle": worse("ankle_dorsiflexion"),
    }


def _expected_points(measures: Measures, side: Side) -> float:
    """Of a limb, as a part of the maximum; -inf where no item of it was seen."""
    left_out = severity_tables().gate.left_out
    seen = tuple(m for m in measures.evgs.measures[side] if m.item.number not in left_out)
    share = expected_share_of(seen)
    return -math.inf if math.isnan(share) else share


def judge_normal(measures: Measures) -> Judged:
    """Whether the gait was measured as normal, as deviating, or why that cannot be told."""
    gate = severity_tables().gate
    found = deviations(measures)
    wider = gate.one_view if _views(measures) < len(View) else 1.0
    points, error = found[POINTS], gate.errors[POINTS] * wider
    items = min(measures.evgs.total(side).items_seen for side in Side)
    basis = tuple(
        MeasuredBasis(
            name,
            title,
            found[name] if math.isfinite(found[name]) else math.nan,
            unit,
            error if name == POINTS else gate.errors[name],
            gate.limit if name == POINTS else math.nan,
        )
        for name, (title, unit) in _TITLES.items()
    )
    if items < gate.least_items:
        reason = message("reason.few_items", items=items, least=gate.least_items)
        return Judged(Verdict.UNSURE, reason, basis)
    if math.isnan(found["profile"]):
        return Judged(Verdict.UNSURE, message("reason.no_profile"), basis)
    if points <= gate.limit - gate.none_below * error:
        return Judged(Verdict.NORMAL, NOTHING, basis)
    if points >= gate.limit + gate.level_beyond * error:
        return Judged(Verdict.DEVIATES, NOTHING, basis)
    near = message("reason.near_limit", value=points, error=error, limit=gate.limit)
    return Judged(Verdict.UNSURE, near, basis)


def _views(measures: Measures) -> int:
    """In how many views the walk was measured."""
    return len({view for motion in measures.motions for view in View if motion.views[view] is not None})
