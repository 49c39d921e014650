"""``gaitviewer predict --export``: the explanations of answers as files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from gaitviewer.core.output import Answer, ModelOutput
from gaitviewer.core.progress import Tick, subprogress


def export_answers(
    folder: Path,
    answers: Sequence[tuple[str, ModelOutput]],
    *,
    library: Path | None,
    models: Iterable[str | Path],
    tick: Tick,
) -> list[str]:
    """Write ``<folder>/<session>/<model>/...`` for each answer of a session of the library.

    Args:
        folder: made if it is not there.
        answers: (session id, what a model said of it).
        library: where the sessions are; None: the user's own.
        models: what was asked, by id, system or folder: folders tell the system of a model that was not added.
        tick: carries progress out.

    Returns:
        A line for each answer: where its files are, or that it has none.

    Raises:
        OutputError: a file cannot be written.
        VideoError: a video is damaged.
    """
    from gaitviewer.inference.export import export_answer
    from gaitviewer.store import open_library
    from gaitviewer.workflow.analysis.measures_cache import cached_measures

    tasks, lines = _tasks(models), []
    with open_library(library) as held:
        for number, (session, output) in enumerate(answers):
            share = subprogress(tick, number / len(answers), (number + 1) / len(answers))
            document = held.load_session(session)
            measures = cached_measures(document, tick=subprogress(share, 0.0, 0.3))
            place = folder / _name(session) / _name(output.model)
            answer = Answer(tasks[output.model], output)
            files = export_answer(place, document, measures, answer, tick=subprogress(share, 0.3, 1.0))
            said = ", ".join(file.name for file in files) or "no explanation to export"
            lines.append(f"{session}, {output.model}: {said}" + (f" in {place}" if files else ""))
    return lines


def _tasks(models: Iterable[str | Path]) -> dict[str, str]:
    """The system of each model by its id."""
    from gaitviewer.inference.models import list_models
    from gaitviewer.nets.card import read_card

    cards = [entry.card for entry in list_models() if entry.card is not None]
    cards += [read_card(Path(model)) for model in models if Path(model).is_dir()]
    return {card.id: card.task for card in cards}


def _name(text: str) -> str:
    """A name for a folder on any system."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip(".") or "_"
