"""Asks models about sessions of the library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gaitviewer.core.output import ModelOutput
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.errors import SettingsError
from gaitviewer.inference.answers import weights_digests
from gaitviewer.inference.models import open_model
from gaitviewer.inference.pictures import open_pictures
from gaitviewer.inference.predict import Case, Precision, answer, check_device
from gaitviewer.messages import message
from gaitviewer.workflow.analysis.measure import measure_document
from gaitviewer.workflow.sessions.queries import find_session


def ask_library(
    sessions: Sequence[str],
    *,
    models: Sequence[str | Path],
    library: Path | None = None,
    device: str = "cpu",
    precision: Precision = "fp32",
    save: bool = False,
    tick: Tick = no_progress,
) -> list[tuple[str, ModelOutput]]:
    """What models say of sessions of the library (by id, or by a subject's name), in the order given.

    Args:
        sessions: which.
        models: ids, tasks or folders.
        library: the file; by default the user's.
        device: "cpu", "cuda:0" or "mps".
        precision: "fp32" or "bf16".
        save: keep each answer with its session as soon as it is there.
        tick: told of sessions, models and stages.

    Raises:
        StoreError: a session is not there, or the answers cannot be kept.
        AnalysisError: a session was not analysed.
        SettingsError: no such model, no such device, or an answer is to be kept of a model that was not added.
    """
    from gaitviewer.store import open_library

    loaded = [open_model(model) for model in models]  # before anything that takes time
    check_device(device, precision)
    if save:
        known = weights_digests()
        for one in loaded:
            if known.get(one.id) != one.digest:
                raise SettingsError(message("error.model.not_saved_foreign", model=one.id))
    answers = []
    with open_library(library) as held:
        if save:
            held.require_writable()
        found = [find_session(held, word) for word in sessions]
        documents = [held.load_session(name) for name in found]
        parts = len(found) * (len(loaded) + 1)
        for number, document in enumerate(documents):
            first = number * (len(loaded) + 1)
            measures = measure_document(document, tick=subprogress(tick, first / parts, (first + 1) / parts))
            case = Case(document, measures, open_pictures(document))
            for place, model in enumerate(loaded, start=first + 1):
                name = document.session.id
                tick(place / parts, message("progress.asking", model=model.id, session=name))
                share = subprogress(tick, place / parts, (place + 1) / parts)
                output = answer(case, model, device=device, precision=precision, tick=share)
                if save:
                    held.save_answer(name, model.card.task, output)
                answers.append((name, output))
    tick(1.0, message("progress.done"))
    return answers


def write_answers(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Writes answers as JSON.

    Raises:
        OutputError: the file cannot be written; nothing was changed.
    """
    from gaitviewer.util import atomic

    atomic.write_output(path, json.dumps(list(rows), indent=1, ensure_ascii=False) + "\n")
