"""Reasons for a learned system to say nothing, the same for all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import FindingSeverity, Measures
from gaitviewer.core.serialise import read_resource
from gaitviewer.messages import NOTHING, Message, message

_ANGLES = (
    "hip_flexion",
    "knee_flexion",
    "ankle_dorsiflexion",
    "foot_pitch",
    "trunk_tilt",
    "pelvic_obliquity",
    "trunk_lateral_lean",
    "shoulder_obliquity",
)


@dataclass(frozen=True, slots=True)
class QualityRule:
    """Topics of findings that leave nothing to look at once refused, and the strides that are needed."""

    topics: tuple[str, ...]
    least_strides: int


@dataclass(frozen=True, slots=True)
class DistributionRule:
    """How unlike the sessions that a model learned from is too unlike; the data file explains each entry."""

    shrink: float
    quantile: float
    margin: float
    least_values: int


@dataclass(frozen=True, slots=True)
class FewRule:
    """Fewer people to learn from than this, and a model says so."""

    people: int


@dataclass(frozen=True, slots=True)
class AbstentionTable:
    """``resources/models/gates.toml``; ``views`` by task."""

    quality: QualityRule
    views: dict[str, tuple[View, ...]]
    familiar: DistributionRule
    few: FewRule


@cache
def abstention_table() -> AbstentionTable:
    """When a learned system gives no opinion."""
    return read_resource("models/gates.toml", AbstentionTable)


def too_few(people: int) -> int:
    """The number of people that a model learned from if they are too few to rely on, else 0 (0 = not known)."""
    return people if people < abstention_table().few.people else 0


def quality_reason(measures: Measures, task: str) -> Message:
    """Why the recordings are not good enough for a model, or NOTHING."""
    limits = abstention_table().quality
    wanted = abstention_table().views[task]
    reasons: list[Message] = []
    strides = 0
    for motion in measures.motions:
        for view in wanted:
            seen = motion.views[view]
            if seen is None or motion.trial.excluded:
                continue
            refused = [
                finding.text
                for finding in measures.quality
                if finding.level is FindingSeverity.REFUSED
                and finding.topic.code.removeprefix("topic.") in limits.topics
                and finding.view in (view, None)
                and finding.trial in (motion.trial.id, "")
            ]
            reasons += refused
            strides += 0 if refused else sum(stride.counts for stride in seen.strides)
    if strides >= limits.least_strides:
        return NOTHING
    if reasons:
        return reasons[0]
    views = tuple(message(f"plane.{view.value}") for view in wanted)
    return message("reason.few_whole_strides", strides=strides, views=views, least=limits.least_strides)


def describe(measures: Measures) -> F8:
    """Gait values that tell whether a session is like others, NaN = not measured.

    Returns:
        [D]: for each angle and side the mean and the range over the cycle (degrees), then for each side the
        logarithm of the stride time in seconds and the stance fraction.
    """
    values: list[float] = []
    for angle in _ANGLES:
        for side in Side:
            mean = measures.mean(angle, side)
            known = mean is not None and bool(np.isfinite(mean.mean).any())
            curve = mean.mean if mean is not None and known else np.full(1, np.nan)
            values += (
                [float(np.nanmean(curve)), float(np.nanmax(curve) - np.nanmin(curve))]
                if known
                else [
                    math.nan,
                    math.nan,
                ]
            )
    for side in Side:
        mine = [stride for stride in measures.strides if stride.counts and stride.side is side]
        values.append(float(np.median([math.log(s.duration_s) for s in mine])) if mine else math.nan)
        values.append(float(np.median([s.stance_fraction for s in mine])) if mine else math.nan)
    return np.array(values)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingDistribution:
    """What the sessions that a model learned from look like.

    Attributes:
        mean: [D] of :func:`describe`.   covariance: [D, D], shrunk.   limit: distance beyond which a session is
            unlike them.
    """

    mean: F8
    covariance: F8
    limit: float

    def distance(self, values: F8) -> float:
        """Root of the mean squared Mahalanobis distance over the values that were measured; NaN if too few."""
        known = np.isfinite(values) & np.isfinite(self.mean)
        if known.sum() < abstention_table().familiar.least_values:
            return math.nan
        away = values[known] - self.mean[known]
        squared = away @ np.linalg.solve(self.covariance[np.ix_(known, known)], away)
        return float(math.sqrt(max(0.0, squared) / known.sum()))

    def reason(self, values: F8) -> Message:
        """Why a session with these values is too unlike, or NOTHING."""
        distance = self.distance(values)
        if math.isnan(distance):
            return message("reason.few_angles")
        if distance > self.limit:
            return message("reason.unlike_learned", distance=distance, limit=self.limit)
        return NOTHING


def learn_distribution(learned: Sequence[F8], held_out: Sequence[F8]) -> TrainingDistribution:
    """From sessions that a model learned from, and others of the same data that set the limit."""
    settings = abstention_table().familiar
    table = np.stack(list(learned))
    known = np.isfinite(table)
    counts = known.sum(axis=0)
    mean = np.where(counts > 1, np.where(known, table, 0.0).sum(axis=0) / np.maximum(counts, 1), np.nan)
    centred = np.where(known, table - mean, 0.0)
    pairs = np.maximum(known.astype(float).T @ known.astype(float), 1.0)
    covariance = centred.T @ centred / pairs
    spread = np.maximum(np.diag(covariance), 1e-6)
    # Pairs with gaps can make the table indefinite; the part that is added back mends that.
    scale = np.sqrt(spread)
    correlation = covariance / np.outer(scale, scale)
    low = float(np.linalg.eigvalsh(correlation).min())
    shrink = max(settings.shrink, min(1.0, -low / (1.0 - low) + 0.05) if low < 0 else 0.0)
    correlation = (1.0 - shrink) * correlation + shrink * np.eye(len(spread))
    np.fill_diagonal(correlation, 1.0)
    familiar = TrainingDistribution(mean, correlation * np.outer(scale, scale), math.inf)
    distances = [familiar.distance(values) for values in held_out]
    distances = [value for value in distances if math.isfinite(value)]
    if not distances:
        return familiar
    limit = settings.margin * float(np.quantile(distances, settings.quantile))
    return TrainingDistribution(familiar.mean, familiar.covariance, limit)
