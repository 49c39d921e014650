"""The classical classifiers that learned systems are compared with."""

from __future__ import annotations

from typing import Any


def majority() -> Any:
    """The shares of the answers in training, whatever is asked."""
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior")


def boosting(
    *, seed: int, iterations: int, learning_rate: float, leaves: int, weight: str | None = None
) -> Any:
    """Gradient boosting; ``weight`` "balanced" makes all answers count alike."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=iterations,
        learning_rate=learning_rate,
        max_leaf_nodes=leaves,
        l2_regularization=1.0,
        class_weight=weight,
        random_state=seed,
    )


def logistic(
    *, seed: int, strength: float, steps: int = 2000, weight: str | None = None, tell_missing: bool = False
) -> Any:
    """Logistic regression on standardised values; means stand in for missing ones.

    Args:
        seed: of the solver.
        strength: inverse of the penalty.
        steps: of the solver, at most.
        weight: "balanced" makes all answers count alike.
        tell_missing: whether it is told which values are missing.
    """
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        SimpleImputer(add_indicator=tell_missing, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=strength, max_iter=steps, class_weight=weight, random_state=seed),
    )
