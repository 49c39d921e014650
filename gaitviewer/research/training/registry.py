"""The learned systems by name; each is imported when it is first asked for."""

from __future__ import annotations

import importlib

from gaitviewer.errors import SettingsError
from gaitviewer.messages import message
from gaitviewer.research.training.task import LearnedSystem

TASKS = {
    "severity": "gaitviewer.research.training.severity.task:SeverityTask",
    "evgs": "gaitviewer.research.training.evgs.task:EvgsTask",
    "scoliosis": "gaitviewer.research.training.scoliosis.task:ScoliosisTask",
}


def open_task(name: str) -> LearnedSystem:
    """A task by its name, or by "module:class" for one of somebody else's.

    Raises:
        SettingsError: there is none such.
    """
    place = TASKS.get(name, name)
    module, _, function = place.partition(":")
    try:
        task: LearnedSystem = getattr(importlib.import_module(module), function)()
    except (ImportError, AttributeError, ValueError) as error:
        if name in TASKS and not isinstance(error, ModuleNotFoundError):
            raise
        raise SettingsError(
            message("error.research.no_such_system", system=name, systems=tuple(TASKS))
        ) from error
    return task
