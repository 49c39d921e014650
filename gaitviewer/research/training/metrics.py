"""How good predictions are: per question and on average, with the share of cases that got an answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.research.training.task import Predictions

BINS = 10  # of the calibration error
LEAST_SEEDS = 3  # two that happen to agree would make any difference look certain
NAMES = ("accuracy", "balanced_accuracy", "f1", "kappa", "qwk", "auroc", "ece", "coverage")
TITLES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "f1": "F1 (macro)",
    "kappa": "Kappa",
    "qwk": "QWK",
    "auroc": "AUROC",
    "ece": "ECE",
    "coverage": "Share with an opinion",
}


def score(predictions: Predictions) -> dict[str, Any]:
    """All measures of one set.

    Returns:
        "outputs": for each question its measures (None = cannot be told: nobody of a class, no answers),
        "cases" (labelled), "confusion" [true][answered] counts; "mean": the mean of each measure over the
        questions where it can be told; "scalars": errors of regressions.
    """
    outputs = {
        name: score_output(predictions.target[:, o], predictions.probability[:, o], len(predictions.classes))
        for o, name in enumerate(predictions.outputs)
    }
    means: dict[str, float | None] = {}
    for name in NAMES:
        known = [row[name] for row in outputs.values() if row[name] is not None]
        means[name] = float(np.mean(known)) if known else None
    scalars = {name: score_scalar(*pair) for name, pair in predictions.scalars.items()}
    return {"classes": list(predictions.classes), "outputs": outputs, "mean": means, "scalars": scalars}


def score_output(target: NDArray[np.int64], probability: NDArray[np.float64], classes: int) -> dict[str, Any]:
    """Measures of one question.

    Args:
        target: [N], -1 = not labelled.
        probability: [N, C], NaN = no opinion.
        classes: C.
    """
    from sklearn import metrics

    labelled = target >= 0
    answered = labelled & np.isfinite(probability).all(axis=1)
    true, probability = target[answered], probability[answered]
    found: dict[str, Any] = dict.fromkeys(NAMES)
    found["cases"] = int(labelled.sum())
    found["coverage"] = float(answered.sum() / labelled.sum()) if labelled.any() else None
    said = probability.argmax(axis=1) if len(true) else np.zeros(0, np.int64)
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (true, said), 1)
    found["confusion"] = table.tolist()
    if not len(true):
        return found
    present = np.unique(true)
    found["accuracy"] = float((said == true).mean())
    found["ece"] = calibration_error(probability.max(axis=1), said == true)
    found["f1"] = float(metrics.f1_score(true, said, labels=present, average="macro", zero_division=0.0))
    if len(present) < 2:
        return found  # with one class only, the others cannot be told from a lucky constant
    found["balanced_accuracy"] = float(np.mean([(said[true == label] == label).mean() for label in present]))
    everything = list(range(classes))
    found["kappa"] = float(metrics.cohen_kappa_score(true, said, labels=everything))
    found["qwk"] = float(metrics.cohen_kappa_score(true, said, labels=everything, weights="quadratic"))
    areas = [metrics.roc_auc_score(true == label, probability[:, label]) for label in present]
    found["auroc"] = float(areas[-1] if classes == 2 else np.mean(areas))
    return found


def by_class(confusion: Sequence[Sequence[int]]) -> list[tuple[float | None, float | None, float | None]]:
    """Precision, recall and F1 of each class; None where it cannot be told.

    Args:
        confusion: [C, C] counts, [true][answered].
    """
    table = np.asarray(confusion, np.float64)
    found: list[tuple[float | None, float | None, float | None]] = []
    for label in range(len(table)):
        hits, said, true = table[label, label], table[:, label].sum(), table[label].sum()
        precision = float(hits / said) if said else None
        recall = float(hits / true) if true else None
        found.append((precision, recall, float(2 * hits / (said + true)) if said + true else None))
    return found


def calibration_error(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> float:
    """Expected calibration error: mean gap between confidence and accuracy over bins of equal width."""
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = [
        (bins == b).mean() * abs(confidence[bins == b].mean() - correct[bins == b].mean())
        for b in np.unique(bins)
    ]
    return float(np.sum(gaps))


def score_scalar(predicted: NDArray[np.float64], true: NDArray[np.float64]) -> dict[str, float | int | None]:
    """Errors of a regression: mean absolute error, bias, correlation, share with an opinion."""
    labelled = np.isfinite(true)
    both = labelled & np.isfinite(predicted)
    error = predicted[both] - true[both]
    moving = both.sum() > 2 and np.ptp(true[both]) > 0 and np.ptp(predicted[both]) > 0
    return {
        "cases": int(labelled.sum()),
        "coverage": float(both.sum() / labelled.sum()) if labelled.any() else None,
        "mae": float(np.abs(error).mean()) if both.any() else None,
        "bias": float(error.mean()) if both.any() else None,
        "r": float(np.corrcoef(predicted[both], true[both])[0, 1]) if moving else None,
    }


@dataclass(frozen=True, slots=True)
class Interval:
    """Mean over seeds with a 95 % t-interval; ``half`` is None for a single seed."""

    mean: float
    half: float | None
    seeds: int

    def __str__(self) -> str:
        return f"{self.mean:.3f}" if self.half is None else f"{self.mean:.3f} ± {self.half:.3f}"


def over_seeds(values: Sequence[float | None]) -> Interval | None:
    """95 % t-interval of the mean over seeds; None where nothing is known."""
    from scipy import stats

    known = [float(value) for value in values if value is not None and math.isfinite(value)]
    if not known:
        return None
    if len(known) < 2:
        return Interval(known[0], None, 1)
    half = float(stats.t.ppf(0.975, len(known) - 1) * np.std(known, ddof=1) / math.sqrt(len(known)))
    return Interval(float(np.mean(known)), half, len(known))


def compare(first: Sequence[float], second: Sequence[float]) -> tuple[Interval | None, str]:
    """Difference of two variants over the same seeds, and what may be said of it.

    Args:
        first: values of one variant by seed, higher is better.
        second: values of the other, same seeds in the same order.
    """
    difference = over_seeds([a - b for a, b in zip(first, second, strict=True)])
    if difference is None or difference.half is None:
        return difference, "one seed only: no interval"
    if difference.seeds < LEAST_SEEDS:
        return difference, f"{difference.seeds} seeds are too few to tell"
    if abs(difference.mean) <= difference.half:
        return difference, "equal within the interval over seeds"
    return difference, f"{'better' if difference.mean > 0 else 'worse'} by more than the interval over seeds"
