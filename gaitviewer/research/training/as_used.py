"""A severity model judged as it is used: measures, gates and network, of every session that has a label.

Figures of the network alone leave out who is asked at all. Here each session counts: what is true (none, a
level) against what was said (none, a level, no opinion).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

from gaitviewer.core.learning import LearningData
from gaitviewer.core.output import Opinion
from gaitviewer.core.progress import Tick
from gaitviewer.errors import SettingsError, UserError
from gaitviewer.inference.predict import predict
from gaitviewer.inference.severity.normal_gate import NORMAL, severity_tables
from gaitviewer.messages import message
from gaitviewer.nets.card import LoadedModel, load_model
from gaitviewer.research.training.data import open_data
from gaitviewer.util.processes import worker_pool
from gaitviewer.workflow.analysis.measure import measure_document

NONE, NO_OPINION = "none", "no opinion"
_Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class Told:
    """One session.

    Attributes:
        session, subject: which, and whose.
        true: level 0..4 (0 = none).
        said: "none", the title of a level, or "no opinion".
        reason: code of the reason for no opinion; "" otherwise.
    """

    session: str
    subject: str
    true: int
    said: str
    reason: str = ""


def judge_as_used(model: LoadedModel, source: Path, *, workers: int = 2, tick: Tick) -> list[Told]:
    """What a severity model says of each labelled session of some data, in order.

    Raises:
        SettingsError: no session has a level, or the model is of another system.
        FormatError: the data cannot be read.
    """
    if model.card.task != "severity":
        raise SettingsError(message("error.research.as_used.task", model=model.id, task=model.card.task))
    ids = open_data(source).session_ids()
    found: list[Told] = []
    pool = worker_pool(min(workers, max(1, len(ids))), _start, (model.folder, source))
    try:
        for done, future in enumerate(as_completed([pool.submit(_one, name) for name in ids]), 1):
            told = future.result()
            found += [] if told is None else [told]
            tick(done / len(ids), message("progress.subject", number=done, total=len(ids)))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if not found:
        raise SettingsError(message("error.research.severity.no_examples"))
    return sorted(found, key=lambda told: told.session)


_held: tuple[LoadedModel, LearningData] | None = None  # of a worker process


def _start(folder: Path, source: Path) -> None:
    global _held
    import torch

    torch.set_num_threads(1)  # there are several of us
    _held = load_model(folder), open_data(source)


def _one(session: str) -> Told | None:
    assert _held is not None
    model, data = _held
    labelled = data.read(session)
    true = labelled.labels.severity
    if true is None:
        return None
    try:
        (opinion,) = predict(labelled.document, measure_document(labelled.document), model=model).opinions
    except UserError as problem:
        return Told(session, labelled.subject, true, NO_OPINION, problem.message.code)
    return Told(session, labelled.subject, true, said_of(opinion), opinion.reason.code)


def said_of(opinion: Opinion) -> str:
    """The column that an answer belongs to."""
    if opinion.label == NORMAL:
        return NONE
    return NO_OPINION if opinion.probabilities is None else opinion.label


def format_told(told: Sequence[Told]) -> str:
    """The five-way table and its three figures, as Markdown."""
    counts = counts_of(told)
    columns = tuple(counts[NONE])
    lines = [
        f"| true \\ said | {' | '.join(columns)} | sessions |",
        "|---" * (len(columns) + 2) + "|",
        *(
            f"| {row} | {' | '.join(map(str, said.values()))} | {sum(said.values())} |"
            for row, said in counts.items()
        ),
        "",
    ]
    healthy, deviating = [t for t in told if t.true == 0], [t for t in told if t.true >= 2]
    levels = severity_tables().levels.titles
    for words, group, wanted in (
        ("Without cerebral palsy, but given a level", healthy, levels),
        ("Without cerebral palsy, and told so", healthy, (NONE,)),
        ("Levels 2 to 4, but called none", deviating, (NONE,)),
    ):
        lines.append(f"{words}: {share_of(group, wanted)}")
    return "\n".join(lines)


def counts_of(told: Iterable[Told]) -> dict[str, dict[str, int]]:
    """How many sessions by what is true, and by what was said."""
    titles = severity_tables().levels.titles
    rows = (NONE, *titles)
    found = Counter((rows[one.true], one.said) for one in told)
    return {row: {said: found[row, said] for said in (NONE, *titles, NO_OPINION)} for row in rows}


def share_of(told: Sequence[Told], wanted: Iterable[str]) -> str:
    """How many of them got one of these answers, with a 95 % interval that counts people, not sessions."""
    if not told:
        return "nobody"
    hits, among = sum(one.said in set(wanted) for one in told), len(told)
    low, high = interval(hits / among, len({one.subject for one in told}))
    return f"{hits} of {among} ({100 * hits / among:.1f} %, {100 * low:.1f} to {100 * high:.1f} %)"


def interval(share: float, people: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share among so many people."""
    square = _Z**2 / people
    middle = (share + square / 2) / (1 + square)
    half = _Z / (1 + square) * math.sqrt(share * (1 - share) / people + square / (4 * people))
    return max(0.0, middle - half), min(1.0, middle + half)
