"""Clinical gait features by name, each with the body parts it is built from.

The features of the contribution-guided method (Yang, Chen, He, Electronic Imaging 2026, arXiv 2603.22371) are
computed from the keypoints that a skeleton network found important; here the table in
``resources/models/gait_features.toml`` says which feature is built from which keypoints, and the measuring
core gives the values. What cannot be measured is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from gaitviewer.analysis.outcomes.spatiotemporal import body_scale
from gaitviewer.core.arrays import F8
from gaitviewer.core.evgs import EvgsMeasure
from gaitviewer.core.gait import BySide, Side
from gaitviewer.core.measures import CYCLE_POINTS, MeanCurve, Measures
from gaitviewer.core.serialise import read_resource
from gaitviewer.errors import SettingsError
from gaitviewer.messages import message

_LEAST_SEEN = 0.7  # part of a window that must be there
_LIMB_WORDS = {
    "low": "smaller of both limbs",
    "high": "larger of both limbs",
    "difference": "difference of the limbs",
    "mean": "mean of both limbs",
}
# Middle points stand for the pair they lie between.
_STANDS_FOR = {"neck": "shoulder", "pelvis": "hip"}


@dataclass(frozen=True, slots=True)
class GaitFeature:
    """One number of a session.

    Attributes:
        name: e.g. "knee_swing_peak.low".   title: clinical words.   unit: of the value.
        parts: body parts whose keypoints it is built from ("knee"); the first one is where it belongs.
        label_forming: the synthetic labels are computed from this quantity.
    """

    name: str
    title: str
    unit: str
    parts: tuple[str, ...]
    label_forming: bool


@dataclass(frozen=True, slots=True)
class _FeatureRow:
    """A row of the data file, which explains each entry; it gives a feature for each of ``limbs``."""

    name: str
    title: str
    unit: str
    source: str
    statistic: str
    limbs: tuple[str, ...]
    built_from: tuple[str, ...]
    label_forming: bool
    key: str = ""
    window: str | tuple[int, int] = "cycle"


@dataclass(frozen=True, slots=True)
class _FeatureRows:
    features: tuple[_FeatureRow, ...]


@cache
def _rows() -> tuple[_FeatureRow, ...]:
    return read_resource("models/gait_features.toml", _FeatureRows).features


@cache
def load_features() -> tuple[GaitFeature, ...]:
    """All features, in the order of the vector."""
    return tuple(
        GaitFeature(
            name=f"{row.name}.{limbs}",
            title=f"{row.title}, {_LIMB_WORDS[limbs]}",
            unit=row.unit,
            parts=row.built_from,
            label_forming=row.label_forming,
        )
        for row in _rows()
        for limbs in row.limbs
    )


def features_of(measures: Measures) -> F8:
    """[F] values of a session in the order of :func:`load_features`; NaN = not assessable."""
    found: list[float] = []
    for row in _rows():
        limbs = _READERS[row.source](measures, row)
        found += [_of_limbs(limbs, name) for name in row.limbs]
    return np.asarray(found, np.float64)


def part_of(keypoint: str) -> str:
    """The body part of a keypoint: "left_knee" is a knee, the pelvis point stands for the hips."""
    name = keypoint.removeprefix("left_").removeprefix("right_")
    return _STANDS_FOR.get(name, name)


def rank_parts(ranking: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    """Body parts from (keypoint, contribution), the most important first: each by its best keypoint."""
    best: dict[str, float] = {}
    for keypoint, weight in ranking:
        part = part_of(keypoint)
        best[part] = max(best.get(part, -math.inf), weight)
    usable = {part for feature in load_features() for part in feature.parts}
    return tuple(sorted((p for p in best if p in usable), key=lambda p: (-best[p], p)))


def features_for(parts: Sequence[str], *, least_share: float = 0.5) -> tuple[int, ...]:
    """Indices of the features of which at least ``least_share`` of the body parts are among ``parts``."""
    wanted = set(parts)
    return tuple(
        number
        for number, feature in enumerate(load_features())
        if sum(part in wanted for part in feature.parts) >= least_share * len(feature.parts)
    )


def without_label_forming(indices: Sequence[int]) -> tuple[int, ...]:
    """The same features without those that the synthetic labels are computed from."""
    table = load_features()
    return tuple(number for number in indices if not table[number].label_forming)


def feature_indices(names: Sequence[str]) -> tuple[int, ...]:
    """Places of features in the vector.

    Raises:
        SettingsError: this program has no feature of that name.
    """
    place = {feature.name: number for number, feature in enumerate(load_features())}
    missing = [name for name in names if name not in place]
    if missing:
        raise SettingsError(message("error.analysis.unknown_feature", feature=missing[0]))
    return tuple(place[name] for name in names)


def _of_limbs(limbs: BySide[float], which: str) -> float:
    seen = [value for value in limbs if math.isfinite(value)]
    if not seen:
        return math.nan
    if which == "difference":
        return max(seen) - min(seen) if len(seen) == 2 else math.nan
    if which == "mean":
        return sum(seen) / len(seen)
    return min(seen) if which == "low" else max(seen)


def _window(row: _FeatureRow, curve: MeanCurve) -> slice:
    """Rows of the cycle that a window covers for this limb."""
    window = row.window
    if not isinstance(window, str):
        return slice(window[0], window[1] + 1)
    toe_off = curve.toe_off_percent if math.isfinite(curve.toe_off_percent) else 60.0
    middle = round(min(95.0, max(5.0, toe_off)))
    return {
        "cycle": slice(0, CYCLE_POINTS),
        "stance": slice(0, middle + 1),
        "swing": slice(middle, CYCLE_POINTS),
        "toe_off": slice(middle - 1, middle + 2),
    }[window]


def _statistic(values: F8, name: str, first: int) -> float:
    seen = np.isfinite(values)
    if seen.mean() < _LEAST_SEEN:
        return math.nan
    good = values[seen]
    if name == "time_of_max":
        return float(first + np.flatnonzero(seen)[int(np.argmax(good))])
    if name == "range":
        return float(good.max() - good.min())
    if name == "mean":
        return float(good.mean())
    return float(good.max() if name == "max" else good.min())


def _from_curve(measures: Measures, row: _FeatureRow) -> BySide[float]:
    def read(side: Side) -> float:
        curve = measures.mean(row.key, side)
        if curve is None:
            return math.nan
        rows = _window(row, curve)
        values = curve.sd if row.source == "spread" else curve.mean
        return _statistic(values[rows], row.statistic, rows.start)

    return BySide(*(read(side) for side in Side))


def _from_parameter(measures: Measures, row: _FeatureRow) -> BySide[float]:
    parameter = next((p for p in measures.parameters if p.name == row.key), None)
    if parameter is None:
        return BySide(math.nan, math.nan)
    scale = body_scale(measures.session)
    # lengths are metres where a body measure is known: one unit for all sessions
    metres = parameter.unit in ("m", "m/s") and scale is not None
    factor = 1.0 / scale.metres_per_leg if metres and scale is not None else 1.0

    def read(side: Side) -> float:
        found = parameter.values[side]
        if found is None:
            return math.nan
        if row.statistic == "cv":
            return math.nan if found.cv_percent is None else found.cv_percent
        return factor * found.mean

    return BySide(*(read(side) for side in Side))


def _from_score(measures: Measures, row: _FeatureRow) -> BySide[float]:
    def read(side: Side) -> float:
        own = [s for s in measures.variable_scores if s.angle == row.key and s.side is side]
        if not own:
            return math.nan
        return own[0].raw if row.statistic == "raw" else own[0].shape_only

    return BySide(*(read(side) for side in Side))


def _from_profile(measures: Measures, row: _FeatureRow) -> BySide[float]:
    by_side = {score.side: score.raw for score in measures.profile_scores}
    return BySide(*(by_side.get(side, math.nan) for side in Side))


def _from_pattern(measures: Measures, row: _FeatureRow) -> BySide[float]:
    return measures.patterns.map(lambda p: p.knee_z if row.key == "knee" else p.ankle_z)


def _from_progression(measures: Measures, row: _FeatureRow) -> BySide[float]:
    return measures.foot_progression_deg.map(lambda found: math.nan if found is None else found.mean)


def _from_evgs_value(measures: Measures, row: _FeatureRow) -> BySide[float]:
    def read(side: Side) -> float:
        own = next(m for m in measures.evgs.measures[side] if m.item.code == row.key)
        return math.nan if own.value is None else float(own.value)

    return BySide(*(read(side) for side in Side))


def _from_evgs(measures: Measures, row: _FeatureRow) -> BySide[float]:
    return BySide(*(expected_share(measures, side) for side in Side))


def expected_share(measures: Measures, side: Side) -> float:
    """Expected points over the items of a limb that were seen, as a part of their maximum; NaN without any.

    Expected under the error of each measurement, so that a value just beyond an edge counts half.
    """
    return expected_share_of(measures.evgs.measures[side])


def expected_share_of(items: Sequence[EvgsMeasure]) -> float:
    """The same of some items of a limb."""
    points, top = 0.0, 0
    for measure in items:
        if measure.probabilities is not None:
            points += measure.probabilities[1] + 2.0 * measure.probabilities[2]
            top += max(band.score for band in measure.item.bands)
    return points / top if top else math.nan


_READERS = {
    "curve": _from_curve,
    "spread": _from_curve,
    "parameter": _from_parameter,
    "score": _from_score,
    "profile": _from_profile,
    "pattern": _from_pattern,
    "progression": _from_progression,
    "evgs_value": _from_evgs_value,
    "evgs": _from_evgs,
}
