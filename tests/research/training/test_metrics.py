"""Metrics against values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gaitviewer.research.training.metrics import (
    calibration_error,
    compare,
    over_seeds,
    score,
    score_output,
    score_scalar,
)
from gaitviewer.research.training.task import Predictions


def test_two_classes_by_hand() -> None:
    # true 0 0 0 1 1, answered 0 0 1 1 0
    target = np.array([0, 0, 0, 1, 1])
    probability = np.array([0.1, 0.3, 0.8, 0.9, 0.4])
    found = score_output(target, np.stack([1 - probability, probability], axis=1), 2)
    assert found["confusion"] == [[2, 1], [1, 1]]
    assert found["accuracy"] == pytest.approx(3 / 5)
    assert found["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found["f1"] == pytest.approx((2 / 3 + 1 / 2) / 2)  # precision = recall in both classes
    expected = (3 * 3 + 2 * 2) / 25
    assert found["kappa"] == pytest.approx((3 / 5 - expected) / (1 - expected))
    assert found["auroc"] == pytest.approx(5 / 6)  # of 6 pairs one is in the wrong order: 0.8 before 0.4
    assert found["coverage"] == 1.0
    assert found["cases"] == 5


def test_quadratic_kappa_by_hand() -> None:
    target = np.array([0, 1, 2, 3])
    found = score_output(target, np.eye(4)[[0, 1, 2, 1]], 4)
    observed = (3 - 1) ** 2
    rows, columns = np.ones(4), np.array([1, 2, 1, 0])
    expected = sum((i - j) ** 2 * rows[i] * columns[j] / 4 for i in range(4) for j in range(4))
    assert found["qwk"] == pytest.approx(1 - observed / expected)


def test_cases_without_opinion_lower_coverage_only() -> None:
    target = np.array([0, 1, 1, -1])
    probability = np.array([[0.9, 0.1], [0.2, 0.8], [np.nan, np.nan], [0.5, 0.5]])
    found = score_output(target, probability, 2)
    assert found["cases"] == 3
    assert found["coverage"] == pytest.approx(2 / 3)
    assert found["accuracy"] == 1.0


def test_what_cannot_be_told_is_none() -> None:
    nothing = score_output(np.array([-1, -1]), np.full((2, 2), 0.5), 2)
    assert nothing["accuracy"] is None
    assert nothing["coverage"] is None
    silent = score_output(np.array([0, 1]), np.full((2, 2), np.nan), 2)
    assert silent["accuracy"] is None
    assert silent["coverage"] == 0.0
    one_class = score_output(np.array([1, 1]), np.array([[0.2, 0.8], [0.6, 0.4]]), 2)
    assert one_class["accuracy"] == 0.5
    assert one_class["balanced_accuracy"] is None
    assert one_class["auroc"] is None


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.65, 0.65])
    correct = np.array([True, True, True, False, True, False])
    assert calibration_error(confidence, correct) == pytest.approx(4 / 6 * 0.2 + 2 / 6 * 0.15)


def test_means_over_questions_leave_unknown_ones_out() -> None:
    probability = np.full((2, 2, 2), np.nan)
    probability[:, 0] = [[0.9, 0.1], [0.1, 0.9]]
    target = np.array([[0, -1], [1, -1]])
    held = Predictions(
        ("a", "b"), ("A", "B"), ("x", "y"), ("no", "yes"), probability, target,
        {"score": (np.array([1.0, 3.0]), np.array([2.0, 2.0]))},
    )  # fmt: skip
    found = score(held)
    assert found["mean"]["accuracy"] == 1.0
    assert found["scalars"]["score"]["mae"] == 1.0
    assert found["scalars"]["score"]["bias"] == 0.0
    assert found["scalars"]["score"]["r"] is None


def test_regression_errors() -> None:
    found = score_scalar(np.array([1.0, 2.0, 3.5, np.nan]), np.array([1.0, 2.0, 3.0, 4.0]))
    assert found["mae"] == pytest.approx(0.5 / 3)
    assert found["coverage"] == 0.75
    assert found["r"] == pytest.approx(np.corrcoef([1, 2, 3.5], [1, 2, 3])[0, 1])


def test_interval_over_seeds_by_hand() -> None:
    found = over_seeds([0.7, 0.8, 0.9])
    assert found is not None
    assert found.mean == pytest.approx(0.8)
    assert found.half == pytest.approx(4.303 * 0.1 / np.sqrt(3), abs=1e-3)
    assert str(over_seeds([0.7])) == "0.700"
    assert over_seeds([None]) is None


def test_comparison_in_words() -> None:
    assert compare([0.9, 0.91, 0.9], [0.8, 0.81, 0.8])[1].startswith("better by more")
    assert compare([0.8, 0.81, 0.8], [0.9, 0.91, 0.9])[1].startswith("worse by more")
    assert compare([0.9, 0.7, 0.8], [0.8, 0.8, 0.8])[1].startswith("equal")
    assert "one seed" in compare([0.9], [0.8])[1]
    assert "too few" in compare([0.9, 0.9], [0.8, 0.8])[1]
