"""2D variable scores and the sagittal profile score."""

from __future__ import annotations

import numpy as np
import pytest

from gaitviewer.analysis.outcomes import norms
from gaitviewer.analysis.outcomes.indices import SCORED, profile_scores, variable_score, variable_scores
from gaitviewer.core.gait import Side
from gaitviewer.core.measures import MeanCurve


def curve(angle: str, added: np.ndarray | float = 0.0) -> MeanCurve:
    band = norms.normal_band(angle)
    assert band is not None
    return MeanCurve(angle, Side.LEFT, band.mean + added, np.full(101, np.nan), 1, 60.0)


def test_the_mean_child_scores_nothing() -> None:
    scores = variable_scores([curve(angle) for angle in SCORED], norms.normal_bands())
    assert [s.raw for s in scores] == pytest.approx([0.0] * 3)


def test_a_constant_offset_counts_raw_and_vanishes_in_the_shape() -> None:
    band = norms.normal_band("knee_flexion")
    assert band is not None
    score = variable_score(curve("knee_flexion", 12.0), band)
    assert score is not None
    assert score.raw == pytest.approx(12.0)
    assert score.shape_only == pytest.approx(0.0, abs=1e-9)


def test_the_profile_is_the_root_mean_square_of_its_variables() -> None:
    added = dict(zip(SCORED, (3.0, 4.0, 12.0), strict=True))
    scores = variable_scores([curve(a, v) for a, v in added.items()], norms.normal_bands())
    (profile,) = profile_scores(scores)
    assert profile.raw == pytest.approx(np.sqrt((9 + 16 + 144) / 3))
    assert profile.variables == SCORED


def test_a_missing_variable_leaves_no_profile() -> None:
    scores = variable_scores([curve("knee_flexion"), curve("hip_flexion")], norms.normal_bands())
    assert len(scores) == 2
    assert profile_scores(scores) == ()


def test_a_hidden_curve_has_no_score() -> None:
    hidden = np.zeros(101)
    hidden[20:40] = np.nan
    band = norms.normal_band("knee_flexion")
    assert band is not None
    assert variable_score(curve("knee_flexion", hidden), band) is None
