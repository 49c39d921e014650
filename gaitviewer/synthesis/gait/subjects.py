"""Everybody in a synthetic cohort, drawn from the cohort's seed and a number alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaitviewer.synthesis.body.bodies import Child, draw_child
from gaitviewer.synthesis.gait.asymmetry import Curvature, bend, draw_curvature
from gaitviewer.synthesis.gait.deviations import (
    Impairment,
    draw_impairment,
    impair,
    severity_level,
    sum_deviation,
)
from gaitviewer.synthesis.gait.model import WalkerGait
from gaitviewer.synthesis.tables import read_table

# Five in a row: three with cerebral palsy, one typically developing, one with a scoliosis.
_KINDS = ("cp", "typical", "cp", "scoliosis", "cp")
SHIFTS = ("none", "shifted")


@dataclass(frozen=True, slots=True)
class SyntheticSubject:
    """A walker of the cohort.

    Attributes:
        index: number in the cohort.
        kind: "cp", "typical" or "scoliosis".
        child: age, sex and own normal gait.
        gait: how he walks.
        impairment: of the cerebral-palsy kind, or None.
        curvature: of the spine, or None where there is an impairment.
        deviation: summed deviation from the own normal gait.
        level: severity 0..4.
    """

    index: int
    kind: str
    child: Child
    gait: WalkerGait
    impairment: Impairment | None
    curvature: Curvature | None
    deviation: float
    level: int


def random_for(seed: int, index: int, part: int) -> np.random.Generator:
    """Chance for one part (body, cameras, looks ...) of one subject, independent of everything else."""
    return np.random.default_rng([seed, index, part])


def draw_subject(seed: int, index: int, *, shift: str = "none") -> SyntheticSubject:
    """The subject with that number.

    Args:
        seed: of the cohort.
        index: 0, 1, ...
        shift: "none", or "shifted" for mixtures of patterns that the ordinary cohort does not hold.
    """
    random = random_for(seed, index, 0)
    kind = _KINDS[index % len(_KINDS)]
    child = draw_child(random)
    if kind != "cp":
        curvature = draw_curvature(random, positive=kind == "scoliosis")
        gait = bend(child.gait, curvature)
        return SyntheticSubject(index, kind, child, gait, None, curvature, sum_deviation(gait, child.gait), 0)
    share = float(read_table("patterns")["unseen"]["share"])
    unseen = shift == "shifted" and bool(random.random() < share)
    impairment = draw_impairment(random, unseen=unseen)
    gait = impair(child.gait, impairment)
    deviation = sum_deviation(gait, child.gait)
    level = severity_level(deviation, random)
    return SyntheticSubject(index, kind, child, gait, impairment, None, deviation, level)
