"""What the video model is compared with: the majority, and logistic regression on the keypoints of clips."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.learning import ITEMS
from gaitviewer.inference.evgs.strips import clip_table
from gaitviewer.research.training import classical
from gaitviewer.research.training.task import Example

_STRENGTH = 0.05  # inverse of the penalty


def majority_probabilities(train: Sequence[Example], cases: Sequence[Example]) -> NDArray[np.float64]:
    """[N, 17] the share of atypical answers among those that are learned from, the same for every case."""
    labels = np.stack([case["labels"] for case in train])
    known = labels >= 0
    share = ((labels >= 1) & known).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.repeat(share[None], len(cases), axis=0)


def logistic_probabilities(
    train: Sequence[Example], cases: Sequence[Example], *, seed: int
) -> NDArray[np.float64]:
    """[N, 17] P(atypical) from the directions of the body's segments at eight moments of each clip.

    One model for each item and kind of clip, classes weighted alike; where only one answer is known, that one.

    Args:
        train: cases to learn from.
        cases: to answer for.
        seed: of the solver.
    """
    from sklearn.exceptions import ConvergenceWarning

    probability = np.full((len(cases), ITEMS), np.nan)
    for kind, table in enumerate(clip_table().kinds):
        own = [case for case in train if case["kind"] == kind]
        rows = [k for k, case in enumerate(cases) if case["kind"] == kind]
        if not own or not rows:
            continue
        x = np.stack([case["features"] for case in own])
        asked = np.stack([cases[k]["features"] for k in rows])
        for item in table.items:
            y = np.array([case["labels"][item - 1] for case in own])
            known = y >= 0
            if len(np.unique(y[known] >= 1)) < 2:
                probability[rows, item - 1] = float((y[known] >= 1).mean()) if known.any() else np.nan
                continue
            model = classical.logistic(seed=seed, strength=_STRENGTH, steps=300, weight="balanced")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(x[known], y[known] >= 1)
            probability[rows, item - 1] = model.predict_proba(asked)[:, 1]
    return probability
