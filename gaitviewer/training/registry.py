"""The learned systems by name; each is imported when it is first asked for."""

from __future__ import annotations

import importlib

from gaitviewer.errors import SettingsError
from gaitviewer.training.task import Task

TASKS = {
    "severity": "gaitviewer.training.tasks.severity:make_task",
    "evgs": "gaitviewer.training.tasks.evgs:make_task",
    "scoliosis": "gaitviewer.training.tasks.scoliosis:make_task",
}


def open_task(name: str) -> Task:
    """A task by its name, or by "module:function" for one of somebody else's.

    Raises:
        SettingsError: there is none such.
    """
    place = TASKS.get(name, name)
    module, _, function = place.partition(":")
    try:
        task: Task = getattr(importlib.import_module(module), function)()
    except (ImportError, AttributeError, ValueError) as error:
        if name in TASKS and not isinstance(error, ModuleNotFoundError):
            raise
        raise SettingsError(f"There is no learned system {name}; there are: {', '.join(TASKS)}.") from error
    return task
