"""How far the mean curves lie from those of healthy children: 2D variable scores and a sagittal profile score.

The formula is that of the gait variable score (Baker 2009, Gait Posture 30:265), on the few variables that a
side view gives. The profile score over them is no GPS and must not be read against GPS figures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gaitviewer.core.gait import Side
from gaitviewer.core.measures import MeanCurve, NormalBand, ProfileScore, VariableScore

SCORED = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")
_SEEN = 0.95  # part of the cycle that must be there


def variable_score(curve: MeanCurve, band: NormalBand) -> VariableScore | None:
    """Root mean square difference over 51 points, with and without the mean offset; None with gaps."""
    difference = np.asarray(curve.mean[::2] - band.mean[::2])
    good = np.isfinite(difference)
    if good.mean() < _SEEN:
        return None
    difference = difference[good]
    raw = float(np.sqrt(np.mean(difference**2)))
    shape = float(np.sqrt(np.mean((difference - difference.mean()) ** 2)))
    return VariableScore(curve.angle, curve.side, raw, shape)


def variable_scores(means: Sequence[MeanCurve], bands: Sequence[NormalBand]) -> tuple[VariableScore, ...]:
    """The score of each angle and side that has both a curve and a norm."""
    found = []
    for curve in means:
        band = next((b for b in bands if b.angle == curve.angle), None)
        if band is None or curve.angle not in SCORED:
            continue
        score = variable_score(curve, band)
        if score is not None:
            found.append(score)
    return tuple(found)


def profile_scores(scores: Sequence[VariableScore]) -> tuple[ProfileScore, ...]:
    """2D sagittal profile score of each side: root mean square of its variable scores, if none is missing."""
    found = []
    for side in Side:
        own = [s for s in scores if s.side is side]
        if len(own) == len(SCORED):
            raw = float(np.sqrt(np.mean([s.raw**2 for s in own])))
            shape = float(np.sqrt(np.mean([s.shape_only**2 for s in own])))
            found.append(ProfileScore(side, raw, shape, tuple(s.angle for s in own)))
    return tuple(found)
