"""Asks a model about sessions of the library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gaitviewer.core.output import ModelOutput
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.inference.models import open_model
from gaitviewer.inference.pictures import open_pictures
from gaitviewer.inference.predict import Case, Precision, check_device, predict_many
from gaitviewer.workflow.analysis.measure import measure_document
from gaitviewer.workflow.sessions.queries import find_session


def ask_library(
    sessions: Sequence[str],
    *,
    model: str | Path,
    library: Path | None = None,
    device: str = "cpu",
    precision: Precision = "fp32",
    tick: Tick = no_progress,
) -> list[tuple[str, ModelOutput]]:
    """What a model says of sessions of the library (by id, or by a subject's name), in the order given.

    Raises:
        StoreError: a session is not there.
        AnalysisError: a session was not analysed.
        SettingsError: no such model, or no such device.
    """
    from gaitviewer.store import open_library

    loaded = open_model(model)  # before anything that takes time
    check_device(device, precision)
    cases = []
    with open_library(library) as held:
        found = [find_session(held, word) for word in sessions]
        for number in range(len(found)):
            document = held.load_session(found[number])
            share = subprogress(tick, 0.5 * number / len(sessions), 0.5 * (number + 1) / len(sessions))
            cases.append(Case(document, measure_document(document, tick=share), open_pictures(document)))
    answers = predict_many(
        cases, model=loaded, device=device, precision=precision, tick=subprogress(tick, 0.5, 1.0)
    )
    return list(zip(found, answers, strict=True))


def write_answers(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Writes answers as JSON.

    Raises:
        OutputError: the file cannot be written; nothing was changed.
    """
    from gaitviewer.util import atomic

    atomic.write_output(path, json.dumps(list(rows), indent=1, ensure_ascii=False) + "\n")
