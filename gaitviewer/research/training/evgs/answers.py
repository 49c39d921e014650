"""From answers to clips to answers to sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import Side
from gaitviewer.core.learning import ITEMS
from gaitviewer.inference.evgs.predict import CLASSES, questions
from gaitviewer.inference.evgs.strips import clip_table
from gaitviewer.research.training.evgs.settings import visible_items
from gaitviewer.research.training.metrics import score_output
from gaitviewer.research.training.task import Example, Predictions


def by_session(
    cases: Sequence[Example],
    probability: NDArray[np.float64],
    scores: NDArray[np.float64] | None = None,
    *,
    binary: bool = True,
) -> Predictions:
    """Answers of sessions: the mean over all clips that serve an item of a limb.

    Args:
        cases: clips.
        probability: [N, 17] P(atypical) of the limb of each.
        scores: [N] Gait Variable Score, degrees.
        binary: targets 0 / 1; else the scores 0 / 1 / 2 themselves.
    """
    sessions = tuple(dict.fromkeys(str(case["session"]) for case in cases))
    subjects = {str(case["session"]): str(case["subject"]) for case in cases}
    place = {session: k for k, session in enumerate(sessions)}
    total, count = np.zeros((len(sessions), 2, ITEMS)), np.zeros((len(sessions), 2, ITEMS))
    target = np.full((len(sessions), 2, ITEMS), -1, np.int64)  # labelled, whether a clip serves it or not
    profile = np.full((2, len(sessions), 2), np.nan)
    parts: dict[tuple[int, int], list[float]] = {}
    for k, case in enumerate(cases):
        row, side = place[str(case["session"])], list(Side).index(Side(case["side"]))
        served = np.array(clip_table().kinds[int(case["kind"])].items) - 1
        served = served[np.isfinite(probability[k, served])]
        total[row, side, served] += probability[k, served]
        count[row, side, served] += 1
        labels = np.asarray(case["session_labels"])
        target[row] = np.minimum(labels, 1) if binary else labels
        if scores is not None:
            parts.setdefault((row, side), []).append(float(scores[k]))
            profile[1, row, side] = case["profile"]
    for (row, side), values in parts.items():
        profile[0, row, side] = float(np.mean(values))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, total / count, np.nan).reshape(len(sessions), -1)
    scalars = {
        f"gait variable score, {side.value}": (profile[0, :, k], profile[1, :, k])
        for k, side in enumerate(Side)
        if scores is not None
    }
    return Predictions(
        sessions, tuple(subjects[one] for one in sessions), questions(), CLASSES,
        np.stack([1.0 - mean, mean], axis=-1), target.reshape(len(sessions), -1), scalars,
    )  # fmt: skip


def visible_mean(predictions: Predictions) -> dict[str, Any]:
    """Mean balanced accuracy over the items that the pictures show, and the lowest of them."""
    found: dict[str, float] = {}
    for k, name in enumerate(predictions.outputs):
        if int(name.split()[0]) not in visible_items():
            continue
        row = score_output(predictions.target[:, k], predictions.probability[:, k], len(CLASSES))
        if row["balanced_accuracy"] is not None:
            found[name] = float(row["balanced_accuracy"])
    if not found:
        return {"questions": 0}
    lowest = min(found, key=found.__getitem__)
    mean = float(np.mean(list(found.values())))
    return {"balanced_accuracy": mean, "questions": len(found), "lowest": lowest, "of_lowest": found[lowest]}
