"""Weights of a finished run beside its log: what was judged can be shipped without training it once more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from gaitviewer.core.serialise import parse_json
from gaitviewer.errors import FormatError, reason_of
from gaitviewer.messages import message
from gaitviewer.research.training.checkpoint import save_atomically
from gaitviewer.research.training.results import ResultLine, as_text, read_line
from gaitviewer.research.training.task import Predictions, RunResult

_FILE = "finished.safetensors"


def save_run(place: Path, result: RunResult, line: ResultLine) -> None:
    """Write a run's weights, settings and result line into its folder; nothing for a run without weights."""
    if result.state is None:
        return
    test = result.predictions["test"]
    said = {"outputs": list(test.outputs), "classes": list(test.classes), "settings": dict(result.settings)}
    words = {"line": as_text(line), "said": json.dumps(said)}
    state = {name: value.detach().cpu().contiguous() for name, value in result.state.items()}
    save_atomically(state, place / _FILE, words)


def load_run(place: Path, key: str) -> tuple[RunResult, ResultLine] | None:
    """What :func:`save_run` wrote for the run with that key; its predictions hold no cases.

    Raises:
        FormatError: the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    path = place / _FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            words = file.metadata()
            line, said = read_line(words["line"]), parse_json(words["said"])
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a mapping
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise FormatError(message("error.research.run_damaged", path=path, reason=reason_of(error))) from error
    if line.key != key:
        return None
    return RunResult({"test": _no_cases(said)}, state, said["settings"], line.extras), line


def _no_cases(said: dict[str, Any]) -> Predictions:
    outputs, classes = tuple(said["outputs"]), tuple(said["classes"])
    empty = np.zeros((0, len(outputs), len(classes)))
    return Predictions((), (), outputs, classes, empty, np.zeros((0, len(outputs)), np.int64))
