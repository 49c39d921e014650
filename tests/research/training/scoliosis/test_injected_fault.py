"""Children with a planted asymmetry of the trunk: the map shows it where it was planted."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from gaitviewer.analysis.knowledge_map.features import load_map_features
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.research.training.scoliosis.injected_fault import bend_trunk, planted_clip

TABLE = load_map_features()


@pytest.fixture(scope="module")
def clips() -> tuple[list[np.ndarray], list[np.ndarray]]:
    def maps(shoulders_deg: float, lean_deg: float) -> list[np.ndarray]:
        planted = (planted_clip(n, seed=4, shoulders_deg=shoulders_deg, lean_deg=lean_deg) for n in range(9))
        return list(islice((clip["map"] for clip in planted if clip is not None), 3))

    return maps(0.0, 0.0), maps(9.0, 6.0)


def test_the_planted_rows_stand_out(clips: tuple[list[np.ndarray], list[np.ndarray]]) -> None:
    straight, leaning = clips
    assert len(straight) == len(leaning) == 3
    for name in ("shoulder_tilt", "trunk_lean"):
        row = TABLE.index[name]
        calm = max(abs(one[row].mean()) for one in straight)
        tilted = [one[row].mean() for one in leaning]
        assert min(map(abs, tilted)) > calm, name
        assert np.sign(tilted).min() == -1, "even numbers lean to the right"


def test_the_maps_are_finite(clips: tuple[list[np.ndarray], list[np.ndarray]]) -> None:
    assert all(np.isfinite(one).all() and one.shape == (238, 96) for several in clips for one in several)


def test_arms_pelvis_and_legs_stay_where_they_are(clips: tuple[list[np.ndarray], list[np.ndarray]]) -> None:
    straight, leaning = clips
    for row, feature in enumerate(TABLE.features):
        if feature.region not in ("legs", "pelvis") or feature.space.value != "self-skeleton":
            continue
        for before, after in zip(straight, leaning, strict=True):
            # the body's own scale changes a little with the trunk
            np.testing.assert_allclose(after[row], before[row], rtol=0.05, atol=0.02, err_msg=feature.name)


def test_a_trunk_is_bent_to_the_subjects_own_left_in_both_directions_of_walking() -> None:
    away = np.full((1, 23, 2), np.nan, np.float32)
    away[0, Keypoint.LEFT_SHOULDER], away[0, Keypoint.RIGHT_SHOULDER] = (90, 100), (130, 100)
    away[0, Keypoint.LEFT_HIP], away[0, Keypoint.RIGHT_HIP] = (100, 200), (120, 200)
    away[0, Keypoint.LEFT_WRIST], away[0, Keypoint.NOSE] = (80, 190), (110, 60)
    coming = away.copy()
    coming[..., 0] = 220 - coming[..., 0]
    for pose, left in ((away, -1.0), (coming, 1.0)):
        bent = bend_trunk(pose, shoulders_deg=10.0, lean_deg=10.0)
        moved = bent - pose
        for point in (Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER, Keypoint.NOSE):
            assert moved[0, point, 0] == pytest.approx(left * 17.63, abs=0.05)
        assert moved[0, Keypoint.LEFT_SHOULDER, 1] == pytest.approx(-3.53, abs=0.05)
        assert moved[0, Keypoint.RIGHT_SHOULDER, 1] == pytest.approx(3.53, abs=0.05)
        for point in (Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP, Keypoint.LEFT_WRIST):
            np.testing.assert_array_equal(moved[0, point], 0.0)
        assert np.isnan(bent[0, Keypoint.LEFT_KNEE]).all()
