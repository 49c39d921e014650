"""Sagittal pattern of a limb by the plantarflexor-knee extension couple.

Sangeux M, Rodda J, Graham HK. Sagittal gait patterns in cerebral palsy: the plantarflexor-knee extension
couple index. Gait Posture 2015;41:586. Knee and ankle are compared with healthy children over 20 to 45 % of
the cycle; |z| = 1 counts as within normal limits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import numpy as np

from gaitviewer.analysis.kinematics.floor import Array
from gaitviewer.analysis.kinematics.stride_curves import StrideMeasures
from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import NormalBand, SagittalPattern
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
    return SagittalPattern(side, knee_z, ankle_z, classify(knee_z, ankle_z), severity(knee_z, ankle_z), points)


def _not_told(side: Side, reason: Message) -> SagittalPattern:
    return SagittalPattern(side, math.nan, math.nan, NOTHING, math.nan, (), reason)
