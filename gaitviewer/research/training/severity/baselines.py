"""Classical baselines of the severity system, on the same features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.research.training import classical
from gaitviewer.research.training.severity.batches import LEVELS
from gaitviewer.research.training.task import Example

BASELINES = ("logistic", "boosting", "majority")


def per_session(examples: Sequence[Example]) -> tuple[Example, ...]:
    """One example a session: the features are those of the session."""
    return tuple({str(example["session"]): example for example in examples}.values())


def fit_baseline(kind: str, train: Sequence[Example], chosen: Sequence[int], *, seed: int) -> Any:
    """A fitted classifier with ``predict_proba`` over the levels 0..3 that occur in training."""
    if kind == "majority":
        model = classical.majority()
    elif kind == "boosting":
        model = classical.boosting(seed=seed, iterations=120, learning_rate=0.06, leaves=8)
    else:
        model = classical.logistic(seed=seed, strength=0.05, tell_missing=True)
    return model.fit(*table_of(train, chosen))


def table_of(
    examples: Sequence[Example], chosen: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """[N, chosen] features (NaN = missing) and [N] levels 0..3."""
    values = np.stack([np.asarray(e["features"], np.float64) for e in examples])[:, list(chosen)]
    return values, np.array([int(e["severity"]) - 1 for e in examples], np.int64)


def probabilities_of(model: Any, examples: Sequence[Example], chosen: Sequence[int]) -> NDArray[np.float64]:
    """[N, 4] probabilities; a level that never occurred in training has none."""
    found = np.zeros((len(examples), LEVELS))
    if examples:
        found[:, np.asarray(model.classes_, int)] = model.predict_proba(table_of(examples, chosen)[0])
    return found
