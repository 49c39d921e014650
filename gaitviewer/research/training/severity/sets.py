"""Who a run of the severity system learns from and is judged on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gaitviewer.errors import SettingsError
from gaitviewer.messages import message
from gaitviewer.research.training.protocols import Tables
from gaitviewer.research.training.severity.baselines import per_session
from gaitviewer.research.training.severity.batches import labelled, with_healthy
from gaitviewer.research.training.severity.explain import planted_set
from gaitviewer.research.training.task import Example, ExampleSets, RunContext


def learned(tables: Tables, train: Sequence[Example], context: RunContext) -> tuple[Example, ...]:
    """The clips that a network learns from."""
    if tables["loss"]["healthy"] <= 0:
        return tuple(train)
    return with_healthy(train, context.sets.train)


def measured_normal(examples: Sequence[Example]) -> list[Example]:
    """Clips of children who do not deviate, by label and by measurement."""
    return [e for e in examples if int(e["severity"]) == 0 and int(e["measured_normal"]) == 1]


def planted_sets(context: RunContext, sizes: Sequence[float]) -> ExampleSets:
    """The sets with healthy children only, and a planted fault in all of them beside the healthy walk.

    Raises:
        SettingsError: there are no healthy children.
    """
    found = []
    for number, examples in enumerate((context.sets.train, context.sets.valid, context.sets.test)):
        own = measured_normal(examples)
        found.append((*planted_set(own, sizes, seed=context.seed + number), *own))
    if not labelled(found[0]):
        raise SettingsError(message("error.research.severity.no_normal"))
    return ExampleSets(found[0], found[1], found[2])


def gate_shares(context: RunContext) -> dict[str, dict[str, float]]:
    """By set and true level: part of the sessions that the measuring core calls normal, or cannot judge."""
    found: dict[str, dict[str, float]] = {}
    for name, examples in context.sets.held.items():
        sessions = per_session(examples)
        for level in sorted({int(e["severity"]) for e in sessions}):
            own = [int(e["measured_normal"]) for e in sessions if int(e["severity"]) == level]
            row = found.setdefault(name, {})
            row[f"level {level} sessions"] = float(len(own))
            row[f"level {level} normal"] = float(np.mean([value == 1 for value in own]))
            row[f"level {level} unjudged"] = float(np.mean([value == -1 for value in own]))
    return found
