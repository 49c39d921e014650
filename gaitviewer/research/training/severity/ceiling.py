"""The best that can be reached on synthetic children: their labels are jittered on purpose.

The level of a synthetic child is its summed deviation against limits that are drawn anew for each child.
Whoever knew the deviation without any error would still answer by the limits as they are on average; how often
that agrees with the label is what a perfect measurement would reach.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gaitviewer.research.training.severity.batches import LEVELS
from gaitviewer.research.training.task import Example
from gaitviewer.synthesis.gait.subjects import draw_subject
from gaitviewer.synthesis.tables import read_table

_SESSION = re.compile(r"(synthetic|shifted)-(\d+)-(\d+)")


def best_probabilities(examples: Sequence[Example]) -> NDArray[np.float64]:
    """[N, 4] certainty of the level without jitter; NaN for a session that is not of a synthetic cohort."""
    limits = np.asarray(read_table("patterns")["severity"]["limits"], np.float64)
    found = np.full((len(examples), LEVELS), np.nan)
    for row, example in zip(found, examples, strict=True):
        match = _SESSION.fullmatch(str(example["session"]))
        if match is None:
            continue
        shift = "shifted" if match[1] == "shifted" else "none"
        deviation = draw_subject(int(match[2]), int(match[3]), shift=shift).deviation
        row[:] = np.arange(LEVELS) == np.searchsorted(limits, deviation)
    return found
