"""What a process of the program does before anything else is imported; uses nothing but ``os`` and ``sys``.

Two things are settled here: that no library tells or asks anybody anything over the network, and that no code
is taken from the folder in which the program happens to be run. A folder of recordings from elsewhere may hold
a ``numpy.py``.
"""

from __future__ import annotations

import os
import sys

# Whatever a library would fetch, or report about its use, it reads one of these first.
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "ORT_DISABLE_TELEMETRY": "1",
    "WANDB_MODE": "disabled",
    "WANDB_DISABLED": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "ALBUMENTATIONS_OFFLINE": "1",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}
SAFE_PATH = "PYTHONSAFEPATH"
_PACKAGE_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # noqa: PTH120


def stay_offline(environment: os._Environ[str] = os.environ) -> None:
    """Set the variables of ``OFFLINE``, for this process and those that it starts, whatever they were."""
    environment.update(OFFLINE)


def leave_working_folder() -> None:
    """Import nothing from the working folder from here on, in this process and in those that it starts.

    ``python -m gaitviewer`` puts that folder first in the search path, an empty entry of ``PYTHONPATH`` puts it
    in as well. It stays only where it is the folder that holds this very package: a checkout. What Python
    itself imports to find the package (``importlib``, ``contextlib`` and what they use) was imported before;
    only the command ``gaitviewer``, or ``python -P -m gaitviewer``, is safe from files of these names, too.
    """
    os.environ[SAFE_PATH] = "1"
    try:
        here = os.path.realpath(os.getcwd())  # noqa: PTH109
    except OSError:  # the folder is gone
        here = ""
    sys.path[:] = [entry for entry in sys.path if _is_kept(entry, here)]


def search_path(entries: str) -> str:
    """A ``PYTHONPATH`` for a child: this package, then the absolute ones of ``entries``."""
    kept = [entry for entry in entries.split(os.pathsep) if os.path.isabs(entry)]  # noqa: PTH117
    return os.pathsep.join(dict.fromkeys((_PACKAGE_ROOT, *kept)))


def _is_kept(entry: str, here: str) -> bool:
    if not os.path.isabs(entry):  # noqa: PTH117
        return False
    real = os.path.realpath(entry)
    return real != here or real == _PACKAGE_ROOT
