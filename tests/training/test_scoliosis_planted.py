"""Children with a planted asymmetry of the trunk: the map shows it where it was planted."""

from __future__ import annotations

import numpy as np
import pytest

from gaitviewer.analysis.knowledge_table import load_features
from gaitviewer.training.tasks.scoliosis_planted import planted_clips

TABLE = load_features()


@pytest.fixture(scope="module")
def clips() -> tuple[list[np.ndarray], list[np.ndarray]]:
    straight = planted_clips(3, seed=4, shoulders_deg=0.0, lean_deg=0.0)
    leaning = planted_clips(3, seed=4, shoulders_deg=9.0, lean_deg=6.0)
    return [one["map"] for one in straight], [one["map"] for one in leaning]


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
