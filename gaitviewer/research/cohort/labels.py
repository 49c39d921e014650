"""Labels of a synthetic subject, computed from the walker's own angles: no camera is involved.

The walker goes straight ahead; its three-dimensional points, angles and events go through the same
rules and bands that validation applies to motion capture. Items that keypoints cannot show (hindfoot, foot
against knee, direction of the kneecap) come from the walker's own quantities by the item's bands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from gaitviewer.analysis.evgs.sheet import load_thresholds
from gaitviewer.analysis.outcomes.indices import SCORED
from gaitviewer.analysis.outcomes.norms import normal_band
from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import BySide, Side
from gaitviewer.core.learning import ITEMS, SessionLabels
from gaitviewer.core.serialise import read_resource
from gaitviewer.formats.markers import MarkerEvent
from gaitviewer.research.validation.items import find_true_items, score_of
from gaitviewer.research.validation.projection import WalkingBody
from gaitviewer.research.validation.truth import TrueStride, Truth, find_true_strides, leg_length
from gaitviewer.synthesis.gait.model import WalkerGait
from gaitviewer.synthesis.gait.subjects import SyntheticSubject
from gaitviewer.synthesis.gait.walker import WalkerMotion, simulate

SOURCE = "computed from the walker's own angles"
_RATE_HZ = 120.0
_STRIDES = 4
_HEEL_LIFT, _HINDFOOT, _FOOT, _KNEE = 2, 4, 5, 8
_PUSH_OFF = 0.9  # the part of stance before it shows whether heel and forefoot came down


@dataclass(frozen=True, slots=True)
class _KneeLimits:
    neutral_to: int
    all_visible_to: int


@dataclass(frozen=True, slots=True)
class _Prevalence:
    atypical: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LabelTable:
    """``resources/synthesis/labels.toml``: the kneecap's limits, degrees, and published shares of the items."""

    knee_progression: _KneeLimits
    prevalence: _Prevalence


@cache
def label_table() -> LabelTable:
    """The table."""
    return read_resource("synthesis/labels.toml", LabelTable)


def label_subject(subject: SyntheticSubject, *, seed: int) -> SessionLabels:
    """All labels of a subject.

    Args:
        subject: who.
        seed: draws the differences between the strides of the walk that is labelled.
    """
    truth = true_walk(subject.gait, seed=seed)
    curvature = subject.curvature
    return SessionLabels(
        evgs=score_items(truth, subject.gait),
        severity=subject.level,
        asymmetry=None if curvature is None else curvature.positive,
        cobb_deg=None if curvature is None else round(curvature.cobb_deg, 1),
        gait_variable_score=profile_of(truth),
        source=SOURCE,
    )


def true_walk(gait: WalkerGait, *, seed: int) -> Truth:
    """Some strides straight ahead, as validation knows motion capture; ``seed`` draws how they differ."""
    return _truth_of(_straight_walk(gait, seed))


def _straight_walk(gait: WalkerGait, seed: int) -> WalkerMotion:
    duration = (_STRIDES + 1.5) * gait.stride_time_s
    return simulate(gait, seed=seed, duration_s=duration, rate_hz=_RATE_HZ)


def _truth_of(motion: WalkerMotion) -> Truth:
    """The walk as validation knows a motion capture trial, but with the walker's own angles.

    Hip flexion is the thigh against the pelvis, whose tilt the walker knows and no camera sees.
    """
    body = WalkingBody("walk", motion.points, motion.times, Side.RIGHT)
    leg = leg_length(body)
    middle = body.middle("shoulder") - body.middle("hip")
    angles = dict(motion.angles)
    for side in Side:
        towards = 1.0 if side is Side.LEFT else -1.0
        angles["trunk_lateral_shift", side] = 100.0 * towards * middle[:, 1] / leg
    events = tuple(MarkerEvent(e.kind.value, e.side, e.kind, e.time_s) for e in motion.events.events)
    return Truth(body, angles, angles, events, (), find_true_strides(events), leg)


def score_items(truth: Truth, gait: WalkerGait) -> BySide[tuple[int | None, ...]]:
    """The 17 scores of both limbs; None where the walk does not determine an item."""
    scores: dict[tuple[int, Side], int] = {(i.number, i.side): i.score for i in find_true_items(truth)}
    for side in Side:
        if _heel_or_forefoot_never_down(truth, side):
            scores[_HEEL_LIFT, side] = 2
        limb = gait.limbs[side]
        turned = limb.foot_progression_deg - limb.knee_progression_deg
        scores[_HINDFOOT, side] = score_of(_HINDFOOT, limb.hindfoot_valgus_deg)[0]
        scores[_FOOT, side] = score_of(_FOOT, turned)[0]
        scores[_KNEE, side] = _knee_score(limb.knee_progression_deg)
    left, right = (tuple(scores.get((n, side)) for n in range(1, ITEMS + 1)) for side in Side)
    return BySide(left, right)


def _heel_or_forefoot_never_down(truth: Truth, side: Side) -> bool:
    """Item 2's own categories by the limits of ``resources/evgs``: most strides on the toes, or the heel."""
    rules, never = load_thresholds(), []
    for stride in truth.strides:
        if stride.side is not side:
            continue
        until = stride.start_s + _PUSH_OFF * (stride.toe_off_s - stride.start_s)
        pitch = truth.at(truth.angles["foot_pitch", side], np.linspace(stride.start_s, until, 90))
        down = float(np.mean(pitch >= rules.heel_down_deg))
        forefoot = float(np.mean(pitch <= rules.forefoot_down_deg))
        never.append(min(down, forefoot) < rules.contact_part)
    return bool(never) and 2 * sum(never) > len(never)


def _knee_score(progression_deg: float) -> int:
    """The kneecap: in the midline, turned but all visible, or partly hidden."""
    limits = label_table().knee_progression
    away = math.floor(abs(progression_deg) + 0.5)
    return int(away > limits.neutral_to) + int(away > limits.all_visible_to)


def profile_of(truth: Truth) -> BySide[float | None]:
    """RMS over hip, knee and ankle of the difference to the normal mean curve, per limb, degrees."""

    def score(side: Side) -> float | None:
        strides = [stride for stride in truth.strides if stride.side is side]
        if not strides:
            return None
        parts = []
        for angle in SCORED:
            band = normal_band(angle)
            if band is None:
                return None
            curves = [_cycle(truth, truth.angles[angle, side], stride) for stride in strides]
            difference = (np.mean(curves, axis=0) - band.mean)[::2]
            parts.append(float(np.mean(difference**2)))
        return round(float(np.sqrt(np.mean(parts))), 2)

    return BySide(score(Side.LEFT), score(Side.RIGHT))


def _cycle(truth: Truth, curve: F8, stride: TrueStride) -> F8:
    return truth.at(curve, np.linspace(stride.start_s, stride.stop_s, 101))
