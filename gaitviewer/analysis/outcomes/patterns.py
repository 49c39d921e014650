"""Sagittal pattern of a limb by the plantarflexor-knee extension couple.

Sangeux M, Rodda J, Graham HK. Sagittal gait patterns in cerebral palsy: the plantarflexor-knee extension
couple index. Gait Posture 2015;41:586. Knee and ankle are compared with healthy children over 20 to 45 % of
the cycle; |z| = 1 counts as within normal limits.

A class is named where it is probable: how probable, follows from the error of the measurement and from how much
healthy children differ (``resources/pattern.toml``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from statistics import NormalDist, median

import numpy as np

from gaitviewer.analysis.kinematics.floor import Array
from gaitviewer.analysis.kinematics.stride_curves import StrideMeasures
from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import NormalBand, SagittalPattern
from gaitviewer.core.serialise import read_resource
from gaitviewer.messages import NOTHING, Message, message, named

WINDOW_PERCENT = (20, 45)

NORMAL = message("pattern.normal")
TRUE_EQUINUS = message("pattern.true_equinus")
JUMP = message("pattern.jump")
APPARENT_EQUINUS = message("pattern.apparent_equinus")
CROUCH = message("pattern.crouch")
RECURVATUM = message("pattern.recurvatum")
UNDETERMINED = message("pattern.undetermined")
NOT_CLASSIFIED = message("pattern.not_classified")


@dataclass(frozen=True, slots=True)
class _AngleErrors:
    knee: float
    ankle: float


@dataclass(frozen=True, slots=True)
class NamingRules:
    """``resources/pattern.toml``."""

    named_from: float
    shown_from: float
    healthy_before: float
    patterns_spread_z: float
    error_deg: _AngleErrors


@cache
def naming_rules() -> NamingRules:
    """When a pattern is named, as the data file has it."""
    return read_resource("pattern.toml", NamingRules)


def mean_z(curve: Array, band: NormalBand) -> float:
    """Mean z-score of a curve [101] over 20 to 45 % of the cycle; NaN if any of it is hidden."""
    rows = slice(WINDOW_PERCENT[0], WINDOW_PERCENT[1] + 1)
    return float(np.mean((curve[rows] - band.mean[rows]) / band.sd[rows]))


def classify(knee_z: float, ankle_z: float) -> Message:
    """The pattern's name."""
    if abs(ankle_z) <= 1.0:
        if abs(knee_z) <= 1.0:
            return NORMAL
        return APPARENT_EQUINUS if knee_z > 1.0 else RECURVATUM
    if ankle_z < -1.0:
        return JUMP if knee_z > 1.0 else TRUE_EQUINUS
    if knee_z > 1.0:
        return CROUCH
    return UNDETERMINED if knee_z >= -1.0 else NOT_CLASSIFIED


def probabilities(
    knee_z: float, ankle_z: float, *, knee_error_z: float, ankle_error_z: float
) -> tuple[tuple[Message, float], ...]:
    """How probable each class is, most probable first; they sum to one.

    Healthy limbs are spread by one SD around the norm, those with a pattern by ``patterns_spread_z``; each
    spread is widened by the error of the measurement. What falls to the patterns is shared among their regions
    by where the true point may lie.
    """
    rules = naming_rules()
    measured = ((knee_z, knee_error_z), (ankle_z, ankle_error_z))

    def density(spread: float) -> float:
        return math.prod(NormalDist(0.0, math.hypot(spread, error)).pdf(z) for z, error in measured)

    def between_borders(z: float, error: float) -> tuple[float, float, float]:
        below, above = NormalDist(z, error).cdf(-1.0), 1.0 - NormalDist(z, error).cdf(1.0)
        return below, 1.0 - below - above, above

    # Far outside both densities are zero; the ratio is what counts.
    healthy = rules.healthy_before * density(1.0)
    ill = (1.0 - rules.healthy_before) * density(rules.patterns_spread_z)
    normal = healthy / (healthy + ill) if healthy + ill > 0.0 else 0.0
    places = product(*(zip((-2.0, 0.0, 2.0), between_borders(*one), strict=True) for one in measured))
    shares: dict[Message, float] = {}
    for (knee, knee_share), (ankle, ankle_share) in places:
        label = classify(knee, ankle)
        shares[label] = shares.get(label, 0.0) + knee_share * ankle_share
    outside = 1.0 - shares.pop(NORMAL)
    found = [(label, (1.0 - normal) * share / outside) for label, share in shares.items() if outside > 0.0]
    return tuple(sorted([(NORMAL, normal), *found], key=lambda one: -one[1]))


def severity(knee_z: float, ankle_z: float) -> float:
    """Distance to the nearest boundary of the pattern's own region, in z."""
    label = classify(knee_z, ankle_z)
    to_ankle = abs(abs(ankle_z) - 1.0)
    if label == NORMAL:
        return min(1.0 - abs(knee_z), 1.0 - abs(ankle_z))
    if label == TRUE_EQUINUS:  # bounded by the jump region only; recurvatum of any size belongs to it
        return min(to_ankle, 1.0 - knee_z)
    if label in (APPARENT_EQUINUS, RECURVATUM):
        return min(abs(knee_z) - 1.0, 1.0 - abs(ankle_z))
    if label == UNDETERMINED:
        return min(to_ankle, 1.0 - abs(knee_z))
    return min(to_ankle, abs(abs(knee_z) - 1.0))


def pattern_of(
    cycles: Sequence[StrideMeasures], side: Side, *, knee: NormalBand, ankle: NormalBand
) -> SagittalPattern:
    """The pattern of a limb from the median over its strides (near-limb strides where there are any)."""
    own = [c for c in cycles if c.stride.side is side and c.stride.view is View.SAGITTAL and c.stride.counts]
    own = [c for c in own if not c.stride.far] or own
    if not own:
        return _not_told(side, message("reason.no_stride_in_side_view", side=named(side)))
    points = tuple(
        (mean_z(c.curves["knee_flexion"], knee), mean_z(c.curves["ankle_dorsiflexion"], ankle)) for c in own
    )
    points = tuple(p for p in points if math.isfinite(p[0]) and math.isfinite(p[1]))
    if not points:
        first, last = WINDOW_PERCENT
        return _not_told(side, message("reason.pattern_hidden", first=first, last=last))
    knee_z, ankle_z = median(p[0] for p in points), median(p[1] for p in points)
    rules = naming_rules()
    weighed = probabilities(
        knee_z,
        ankle_z,
        knee_error_z=rules.error_deg.knee / _mean_sd(knee),
        ankle_error_z=rules.error_deg.ankle / _mean_sd(ankle),
    )
    likeliest, chance = weighed[0]
    is_named = chance >= rules.named_from
    return SagittalPattern(
        side=side,
        knee_z=knee_z,
        ankle_z=ankle_z,
        label=likeliest if is_named else NOTHING,
        severity=severity(knee_z, ankle_z),
        points=points,
        probabilities=tuple(one for one in weighed if one[1] >= rules.shown_from),
        reason=NOTHING if is_named else message("reason.pattern_borderline"),
    )


def _mean_sd(band: NormalBand) -> float:
    return float(np.mean(band.sd[WINDOW_PERCENT[0] : WINDOW_PERCENT[1] + 1]))


def _not_told(side: Side, reason: Message) -> SagittalPattern:
    return SagittalPattern(side, math.nan, math.nan, NOTHING, math.nan, (), reason=reason)
