"""What the research part needs beyond the clinician's program: the extra "research" of ``pyproject.toml``."""

from __future__ import annotations

import importlib.util

from gaitviewer.errors import NotInstalledError
from gaitviewer.messages import message

RESEARCH_MODULES = ("ezc3d", "matplotlib", "sklearn", "tensorboardX")
"""The modules that ``gaitviewer[research]`` installs for training, cohorts and validation by motion capture."""


def require_research(command: str) -> None:
    """Check, without importing anything, that the research part's packages are installed.

    Args:
        command: what needs them, such as "train"; named in the message.

    Raises:
        NotInstalledError: one is missing; the message says which, and how to get all of them.
    """
    missing = [name for name in RESEARCH_MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise NotInstalledError(
            message("error.core.research_not_installed", command=command, missing=tuple(missing))
        )
