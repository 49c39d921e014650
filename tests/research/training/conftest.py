"""The toy task and data for it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from gaitviewer.research.training.experiment import Experiment
from gaitviewer.research.training.prepared_examples import PreparedSession


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module ``toy_task``, importable also in child processes."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    module = importlib.import_module("toy_task")
    module.ToyTask.runs.clear()
    return module


def _sessions(prefix: str, count: int, seed: int) -> tuple[PreparedSession, ...]:
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        x = rng.normal(size=4).astype(np.float32)
        name = f"{prefix}{number:03d}"
        level = int(x[0] + x[1] + 0.3 * rng.normal() > 0)
        example = {"subject": name, "session": f"session {name}", "x": x, "level": level}
        found.append(
            PreparedSession(f"session {name}", name, f"severity {level}", (example,), "", rng.normal(size=36))
        )
    return tuple(found)


@pytest.fixture
def experiment(toy: ModuleType) -> Callable[[], Experiment]:
    """A fresh experiment on 80 sessions and 20 further ones."""

    def make() -> Experiment:
        return Experiment(
            toy.ToyTask(),
            "toy data",
            "d" * 64,
            True,
            _sessions("P", 80, 1),
            {"shifted": _sessions("Q", 20, 2)},
            {"shifted": "e" * 64},
            {"shifted": "other toy data"},
        )

    return make
