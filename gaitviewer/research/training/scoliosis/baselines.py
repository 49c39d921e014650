"""Classical baselines of the scoliosis system, on summaries of the knowledge map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.knowledge_map.features import load_map_features
from gaitviewer.inference.scoliosis.inputs import ClipArrays, scoliosis_tables
from gaitviewer.research.training import classical
from gaitviewer.research.training.scoliosis.batches import SessionClips, all_clips, mean_by_session

BASELINES = ("majority", "logistic", "boosting")


def summarise(clip: ClipArrays) -> NDArray[np.float64]:
    """Mean and SD of every row over the clip, in a form that does not tell left from right.

    A curve goes to either side, so each row and its mirror image become their common part and the size of
    what differs: a linear model could not use them otherwise. NaN where unknown.
    """
    values = np.asarray(clip["map"], np.float64).copy()
    values[np.asarray(clip["unknown"])] = np.nan
    rows, signs = load_map_features().mirror
    mean, spread = values.mean(axis=1), values.std(axis=1)
    first = rows >= np.arange(len(rows))  # each pair once
    turned = signs * mean[rows]
    parts = (
        0.5 * (mean + turned),
        np.abs(0.5 * (mean - turned)),
        0.5 * (spread + spread[rows]),
        np.abs(0.5 * (spread - spread[rows])),
    )
    return np.concatenate([part[first] for part in parts])


def fit_baseline(kind: str, train: Sequence[SessionClips], *, seed: int) -> Any:
    """A fitted classifier of clips."""
    table = scoliosis_tables()["baselines"]
    if kind == "majority":
        model = classical.majority()
    elif kind == "boosting":
        model = classical.boosting(
            seed=seed,
            iterations=int(table["boosting_iterations"]),
            learning_rate=float(table["boosting_learning_rate"]),
            leaves=int(table["boosting_leaves"]),
            weight="balanced",
        )
    else:
        model = classical.logistic(seed=seed, strength=float(table["logistic_c"]), weight="balanced")
    target = np.array([case.target for case in train for _ in case.clips])
    return model.fit(np.stack([summarise(clip) for clip in all_clips(train)]), target)


def baseline_probabilities(model: Any, cases: Sequence[SessionClips]) -> NDArray[np.float64]:
    """[N] probability of an asymmetry for each session."""
    if not cases:
        return np.zeros(0)
    found = model.predict_proba(np.stack([summarise(clip) for clip in all_clips(cases)]))
    classes = [int(value) for value in model.classes_]
    each = found[:, classes.index(1)] if 1 in classes else np.zeros(len(found))
    return mean_by_session(np.asarray(each, np.float64), cases)
