"""Who a run of the severity system learns from and is judged on."""

from __future__ import annotations

from collections.abc import Sequence

from gaitviewer.errors import SettingsError
from gaitviewer.messages import message
from gaitviewer.research.training.protocols import Tables
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
