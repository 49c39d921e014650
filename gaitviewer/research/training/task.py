"""What every learned system gives the harness: examples, variants, runs, predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.learning import LabelledSession
from gaitviewer.core.measures import Measures
from gaitviewer.core.progress import Tick

Example = Mapping[str, Any]
"""One training case as named numpy arrays and plain strings or numbers; always has "subject" and "session"."""


@dataclass(frozen=True, slots=True, eq=False)
class ExampleSets:
    """Examples by split; subjects are in one split only.

    Attributes:
        train, valid, test: of the data trained on.
        others: further test sets by name ("shifted").
    """

    train: tuple[Example, ...]
    valid: tuple[Example, ...]
    test: tuple[Example, ...]
    others: Mapping[str, tuple[Example, ...]] = field(default_factory=dict)

    @property
    def held(self) -> dict[str, tuple[Example, ...]]:
        """What nothing is learned from, by name."""
        return {"valid": self.valid, "test": self.test, **self.others}


@dataclass(frozen=True, slots=True)
class Variant:
    """One line of the results: a named way to train or a baseline.

    Attributes:
        name: unique within the task, e.g. "fusion", "skeleton-only", "T=8".
        what: one line for the table.
        settings: what differs from the protocol's settings.
        ablation: the group it belongs to ("main", "frames", "pruning", ...).
    """

    name: str
    what: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    ablation: str = "main"


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Answers of a model on one set.

    Attributes:
        cases: [N] keys (session ids).   subjects: [N].
        outputs: [O] questions, e.g. ("severity",) or 34 names such as "3 SAD left".
        classes: [C] answers in order.
        probability: [N, O, C] f64, NaN = no opinion.
        target: [N, O] i64, -1 = not labelled.
        scalars: further regressions by name: (predicted [N], true [N]).
    """

    cases: tuple[str, ...]
    subjects: tuple[str, ...]
    outputs: tuple[str, ...]
    classes: tuple[str, ...]
    probability: NDArray[np.float64]
    target: NDArray[np.int64]
    scalars: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = (len(self.cases), len(self.outputs), len(self.classes))
        if self.probability.shape != shape or self.target.shape != shape[:2]:
            raise ValueError(f"predictions of shape {self.probability.shape} do not fit {shape}")


@dataclass(frozen=True, slots=True, eq=False)
class RunContext:
    """What a run is given.

    Attributes:
        sets: the examples.   seed: of everything random.   protocol: "small", "full" or "tiny" (tests).
        folder: for checkpoints and logs; a run that was killed goes on from there.
        device: "cpu" or "cuda:0".   tick: progress; raises Cancelled.
        threads: of torch on a CPU.
    """

    sets: ExampleSets
    seed: int
    protocol: str
    folder: Path
    device: str
    tick: Tick
    threads: int = 2


@dataclass(frozen=True, slots=True, eq=False)
class RunResult:
    """What a run gives back.

    Attributes:
        predictions: by set name ("valid", "test", "shifted").
        state: tensors by name for the weights file; None for baselines without weights.
        settings: everything needed to build the network again; TOML values only.
        extras: further results as JSON values (ranking, checks of explanations, speed).
    """

    predictions: Mapping[str, Predictions]
    state: Mapping[str, Any] | None
    settings: Mapping[str, Any]
    extras: Mapping[str, Any] = field(default_factory=dict)


class LearnedSystem(Protocol):
    """A learned system, seen from the harness."""

    @property
    def name(self) -> str:
        """As on the command line: "severity", "evgs" or "scoliosis"."""
        ...

    @property
    def version(self) -> str:
        """Changes when examples prepared before no longer fit: part of the key of the cache."""
        ...

    def prepare(self, session: LabelledSession, measures: Measures) -> list[Example]:
        """Examples of one session, through the production path; [] where it has none (with a logged reason)."""
        ...

    def variants(self, protocol: str) -> tuple[Variant, ...]:
        """All variants, baselines included; the first of group "main" is what is shipped."""
        ...

    def check_checkpoint(self, file: Path, protocol: str) -> Sequence[str]:
        """That the main variant can start from a weights file; returns the names of weights that start anew.

        Raises:
            SettingsError: it cannot, and why.
        """
        ...

    def run(self, variant: Variant, context: RunContext) -> RunResult:
        """Train and predict; identical for identical seeds, also when resumed."""
        ...
