"""What tests have the process of the models do; functions that another process can import."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from gaitviewer.core.progress import Tick
from gaitviewer.errors import SettingsError
from gaitviewer.messages import NOTHING, message

Tell = Callable[[Any], None]


def about_itself(*, tick: Tick, tell: Tell) -> dict[str, Any]:
    """Pid, priority, and the variables that libraries look at before they are imported."""
    import sys

    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "DO_NOT_TRACK", "ORT_DISABLE_TELEMETRY")
    return {
        "pid": os.getpid(),
        "nice": os.nice(0) if hasattr(os, "nice") else None,
        "offline": all(os.environ.get(name) == "1" for name in names),
        "torch": "torch" in sys.modules,
    }


def in_steps(steps: int, *, tick: Tick, tell: Tell) -> str:
    """Tells each step; a tick after each."""
    for step in range(steps):
        tell(step)
        tick(step / steps, message("progress.model_asks"))
    return "all"


def with_a_remark(*, tick: Tick, tell: Tell) -> None:
    """Writes into the log."""
    logging.getLogger("a.library").warning("odd: %s", 3)
    logging.getLogger("a.library").info("nobody wants to know")


def until_stopped(*, tick: Tick, tell: Tell) -> None:
    """Goes on until the tick raises."""
    tell(os.getpid())
    while True:
        tick(0.5, NOTHING)
        time.sleep(0.01)


def deaf(*, tick: Tick, tell: Tell) -> None:
    """Never ticks."""
    tell(os.getpid())
    time.sleep(600)


def killed(*, tick: Tick, tell: Tell) -> None:
    """As the system ends a process when the memory is used up."""
    tell(os.getpid())
    os.kill(os.getpid(), signal.SIGKILL)


def refused(*, tick: Tick, tell: Tell) -> None:
    """An error of the user."""
    raise SettingsError(message("error.model.none_for_task", task="legs"))


def broken(*, tick: Tick, tell: Tell) -> None:
    """A fault of the program."""
    raise ZeroDivisionError("by nothing")
