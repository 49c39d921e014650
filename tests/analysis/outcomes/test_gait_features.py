"""Gait features: the table, values against the measures they come from, missing ones, choice by keypoints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.analysis.kinematics.definitions import load_angles
from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.outcomes.gait_features import _rows as rows
from gaitviewer.analysis.outcomes.gait_features import (
    expected_share,
    feature_indices,
    features_for,
    features_of,
    load_features,
    part_of,
    rank_parts,
    without_label_forming,
)
from gaitviewer.analysis.walking.trial import read_trial
from gaitviewer.core.gait import BySide, ByView, Side, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.session import Session, Subject, Trial
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.errors import SettingsError
from gaitviewer.synthesis.demo import demo_scene
from tests.support.walkers import observe

NAMES = [feature.name for feature in load_features()]


def measure(height_m: float | None) -> Measures:
    """The demo walk, seen with little noise."""
    scene = demo_scene(1)
    sagittal, coronal = (
        observe(film.motion.points, film.camera, times=film.times, noise_px=0.5, seed=3)
        for film in (scene.views[view] for view in View)
    )
    trial = Trial("t1", ByView(None, None))
    motion = read_trial(trial, ByView(sagittal, coronal))
    return measure_session(Session("walk", Subject("P1"), height_m=height_m), (motion,))


@pytest.fixture(scope="module")
def measures() -> Measures:
    return measure(1.35)


@pytest.fixture(scope="module")
def values(measures: Measures) -> dict[str, float]:
    return dict(zip(NAMES, features_of(measures).tolist(), strict=True))


def test_names_are_unique_and_rows_complete() -> None:
    assert len(set(NAMES)) == len(NAMES)
    angles = {kind.name for kind in load_angles()}
    parts = {part_of(k.name.lower()) for k in Keypoint}
    for row in rows():
        assert row.title
        assert set(row.built_from) <= parts
        assert set(row.limbs) <= {"low", "high", "difference", "mean"}
        if row.source in ("curve", "spread", "score"):
            assert row.key in angles


def test_a_normal_walk_gives_every_feature(values: dict[str, float]) -> None:
    assert [name for name, value in values.items() if not np.isfinite(value)] == []


def test_values_are_those_of_the_measures(measures: Measures, values: dict[str, float]) -> None:
    peaks = []
    for side in Side:
        curve = measures.mean("knee_flexion", side)
        assert curve is not None
        peaks.append(float(curve.mean[round(curve.toe_off_percent) :].max()))
    assert values["knee_swing_peak.low"] == min(peaks)
    assert values["knee_swing_peak.high"] == max(peaks)
    cadence = next(p for p in measures.parameters if p.name == "cadence")
    means = [stat.mean for stat in cadence.values if stat is not None]
    assert values["cadence.mean"] == pytest.approx(np.mean(means))
    assert values["pattern_knee.high"] == max(p.knee_z for p in measures.patterns)
    raw = [s.raw for s in measures.profile_scores]
    assert values["profile_score.high"] == max(raw)


def test_lengths_do_not_depend_on_whether_the_body_was_measured(values: dict[str, float]) -> None:
    found = dict(zip(NAMES, features_of(measure(None)).tolist(), strict=True))
    for name in ("stride_length.mean", "speed.mean", "step_length.low"):
        assert found[name] == pytest.approx(values[name], rel=1e-6)
    assert np.isnan(found["dimensionless_cadence.mean"])  # cannot be known without a size: not 0


def test_exchanging_the_limbs_changes_nothing(measures: Measures) -> None:
    other = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}
    turned = replace(
        measures,
        means=tuple(replace(m, side=other[m.side]) for m in measures.means),
        parameters=tuple(replace(p, values=BySide(p.values.right, p.values.left)) for p in measures.parameters),
        variable_scores=tuple(replace(s, side=other[s.side]) for s in measures.variable_scores),
        profile_scores=tuple(replace(s, side=other[s.side]) for s in measures.profile_scores),
        patterns=BySide(measures.patterns.right, measures.patterns.left),
        evgs=replace(measures.evgs, measures=BySide(measures.evgs.measures.right, measures.evgs.measures.left)),
        foot_progression_deg=BySide(measures.foot_progression_deg.right, measures.foot_progression_deg.left),
    )
    np.testing.assert_allclose(features_of(turned), features_of(measures), rtol=1e-12)


def test_what_is_missing_is_nan_and_one_limb_speaks_for_itself(measures: Measures) -> None:
    left = replace(measures, means=tuple(m for m in measures.means if m.side is Side.LEFT))
    found = dict(zip(NAMES, features_of(left).tolist(), strict=True))
    assert found["knee_range.low"] == found["knee_range.high"]
    assert np.isnan(found["knee_range.difference"])
    nothing = replace(measures, means=(), parameters=(), variable_scores=(), profile_scores=())
    found = dict(zip(NAMES, features_of(nothing).tolist(), strict=True))
    assert np.isnan(found["knee_range.low"])
    assert np.isnan(found["cadence.mean"])


def test_a_window_with_gaps_is_not_read(measures: Measures) -> None:
    def holed(start: int, stop: int) -> dict[str, float]:
        means = []
        for curve in measures.means:
            values = curve.mean.copy()
            values[start:stop] = np.nan
            means.append(replace(curve, mean=values))
        found = features_of(replace(measures, means=tuple(means)))
        return dict(zip(NAMES, found.tolist(), strict=True))

    found = holed(70, 95)
    assert np.isnan(found["knee_swing_peak.low"])
    assert np.isfinite(found["knee_stance_least.low"])


def test_expected_share_counts_half_at_an_edge(measures: Measures) -> None:
    share = expected_share(measures, Side.LEFT)
    sure = [m for m in measures.evgs.measures[Side.LEFT] if m.probabilities is not None]
    points = sum(m.probabilities[1] + 2 * m.probabilities[2] for m in sure if m.probabilities)
    assert share == pytest.approx(points / sum(max(b.score for b in m.item.bands) for m in sure))
    assert 0.0 <= share <= 1.0


def test_parts_are_ranked_by_their_best_keypoint() -> None:
    ranking = [("left_knee", 0.1), ("right_knee", 0.9), ("neck", 0.5), ("nose", 2.0), ("pelvis", 0.4)]
    assert rank_parts(ranking) == ("knee", "shoulder", "hip")  # no feature is built from the nose


def test_features_are_chosen_by_the_keypoints_they_are_built_from() -> None:
    knees = {NAMES[k] for k in features_for(("knee",), least_share=0.3)}
    assert "knee_swing_peak.low" in knees
    assert "foot_contact.low" not in knees
    assert {NAMES[k] for k in features_for(("knee",), least_share=1.0)} == {
        "knee_swing_peak_time.low", "knee_swing_peak_time.high",
        "knee_variability.low", "knee_variability.high",
    }  # fmt: skip
    assert features_for((), least_share=0.5) == ()
    everything = features_for(tuple({p for f in load_features() for p in f.parts}))
    assert everything == tuple(range(len(NAMES)))


def test_label_forming_features_are_told_apart() -> None:
    left = {NAMES[k] for k in without_label_forming(range(len(NAMES)))}
    assert "profile_score.high" not in left
    assert "knee_swing_peak.low" not in left
    assert "cadence.mean" not in left
    assert {"knee_range.low", "step_length.difference", "single_support.low"} <= left


def test_features_of_a_model_are_found_by_name() -> None:
    assert feature_indices([NAMES[3], NAMES[0]]) == (3, 0)
    with pytest.raises(SettingsError, match="does not know"):
        feature_indices(["nothing"])
