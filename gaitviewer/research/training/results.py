"""Result lines: one JSON line for each finished run, so that nothing is done twice and anything can be told."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from gaitviewer.core.numbers import column_mark, parse_decimal
from gaitviewer.core.serialise import from_plain, parse_json
from gaitviewer.errors import FormatError, OutputError, reason_of, shorten
from gaitviewer.messages import message
from gaitviewer.research.training.task import Predictions
from gaitviewer.util import atomic, private

_DIGITS = 5
_ROUNDED = 0.02  # chances in tables of others are rounded


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One finished run.

    Attributes:
        task, variant, seed, protocol, task_version: which run.
        data, data_digest: what it learned from.   others: digests of further test sets by name.
        what, ablation: of the variant.
        metrics: by set, as :func:`gaitviewer.research.training.metrics.score` gives them.
        leakage: what the check of the split said.
        extras: further results.   synthetic: whether the data are synthetic.
        seconds, device, program, when: how it was made.
        split: how people were divided; "" = drawn by seed.
    """

    task: str
    variant: str
    seed: int
    protocol: str
    task_version: str
    data: str
    data_digest: str
    others: Mapping[str, str]
    what: str
    ablation: str
    metrics: Mapping[str, Any]
    leakage: str
    synthetic: bool
    seconds: float
    device: str
    program: str
    when: str
    extras: Mapping[str, Any] = field(default_factory=dict)
    split: str = ""

    @property
    def key(self) -> str:
        """A run with the same key need not be done again."""
        run = self.task, self.variant, self.seed, self.protocol, self.task_version
        return run_key(*run, self.data_digest, self.others, self.split)


def run_key(
    task: str,
    variant: str,
    seed: int,
    protocol: str,
    version: str,
    digest: str,
    others: Mapping[str, str],
    split: str = "",
) -> str:
    """What makes two runs the same."""
    divided = [split] if split else []
    return json.dumps([task, variant, seed, protocol, version, digest, sorted(others.items()), *divided])


def as_text(line: ResultLine) -> str:
    """A line as it stands in the file."""
    return json.dumps(_rounded(asdict(line)), ensure_ascii=False, separators=(",", ":"))


def read_line(text: str) -> ResultLine:
    """A line from :func:`as_text`.

    Raises:
        MalformedError: it is torn, or of another version.
    """
    return from_plain(parse_json(text), ResultLine)


def append(path: Path, line: ResultLine) -> None:
    """Adds a line; a line torn by a kill is finished off first."""
    text = as_text(line) + "\n"
    private.make_folder(path.parent)
    private.touch(path)
    with path.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                text = "\n" + text
        file.write(text.encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> tuple[ResultLine, ...]:
    """All whole lines; of runs with the same key the last one counts."""
    if not path.is_file():
        return ()
    found: dict[str, ResultLine] = {}
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            line = read_line(text)
        except ValueError:
            continue  # torn by a kill, or of another version
        found[line.key] = line
    return tuple(found.values())


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    if isinstance(value, np.ndarray):
        return _rounded(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, _DIGITS) if math.isfinite(value) else None
    return value


def write_predictions(path: Path, predictions: Predictions) -> None:
    """A table with a row for each case and question: case, subject, output, true, p_<class>..."""
    columns = ["case", "subject", "output", "true", *(f"p_{name}" for name in predictions.classes)]
    private.make_folder(path.parent)
    private.touch(path)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for n, case in enumerate(predictions.cases):
            for o, output in enumerate(predictions.outputs):
                probabilities = predictions.probability[n, o]
                target = int(predictions.target[n, o])
                writer.writerow(
                    [
                        case,
                        predictions.subjects[n],
                        output,
                        predictions.classes[target] if target >= 0 else "",
                        *("" if math.isnan(p) else f"{p:.6g}" for p in probabilities),
                    ]
                )


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, whose columns commas part, or semicolons as where decimals have commas.

    Raises:
        FormatError: it cannot be read.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            text = file.read()
        rows = [dict(row) for row in csv.DictReader(io.StringIO(text), delimiter=column_mark(text))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FormatError(
            message("error.research.results.not_csv", path=path, reason=reason_of(error))
        ) from error
    for line, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise FormatError(message("error.research.results.row_length", file=path.name, line=line))
    return rows


def read_predictions(path: Path) -> Predictions:
    """What :func:`write_predictions` wrote."""
    rows = read_table(path)
    classes = tuple(name[2:] for name in rows[0] if name.startswith("p_"))
    cases = tuple(dict.fromkeys(row["case"] for row in rows))
    outputs = tuple(dict.fromkeys(row["output"] for row in rows))
    subject = {row["case"]: row["subject"] for row in rows}
    probability, target = _empty(len(cases), len(outputs), len(classes))
    where = {case: n for n, case in enumerate(cases)}
    for row in rows:
        n, o = where[row["case"]], outputs.index(row["output"])
        target[n, o] = classes.index(row["true"]) if row["true"] else -1
        probability[n, o] = [_chance(row[f"p_{name}"]) for name in classes]
    return Predictions(cases, tuple(subject[c] for c in cases), outputs, classes, probability, target)


Answers = Mapping[tuple[str, str], list[float]]
"""Chances of the classes by (case, question); NaN = no opinion."""


def write_template(path: Path, references: Sequence[Predictions]) -> None:
    """The table that another method fills in: a row for each case and question, empty chances.

    Raises:
        OutputError: it is there already, or cannot be written.
    """
    if path.exists():
        raise OutputError(message("error.research.results.template_there", path=path))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["case", "output", *(f"p_{name}" for name in references[0].classes)])
    rows = dict.fromkeys((case, output) for one in references for case in one.cases for output in one.outputs)
    table.writerows([*row, *[""] * len(references[0].classes)] for row in rows)
    atomic.write_output(path, text.getvalue())


def read_outside(path: Path, references: Sequence[Predictions]) -> Answers:
    """Answers of any other method to questions of the references.

    The table has the columns ``case``, ``output`` (may be left out where there is one question) and either
    ``answer`` (one of the classes; empty = no opinion) or ``p_<class>`` for each class (all empty: the same).

    Raises:
        FormatError: columns or answers that do not fit, cases of no reference, a case that is there twice.
    """
    rows, classes, outputs = read_table(path), references[0].classes, references[0].outputs
    named = [f"p_{name}" for name in classes]
    if not rows or "case" not in rows[0] or not ("answer" in rows[0] or set(named) <= set(rows[0])):
        raise FormatError(message("error.research.results.columns", file=path.name, columns=tuple(named)))
    cases = {case for one in references for case in one.cases}
    found: dict[tuple[str, str], list[float]] = {}
    for number, row in enumerate(rows, start=2):
        place: dict[str, str | int] = {"file": path.name, "line": number}
        if not row.get("output") and len(outputs) > 1:
            raise FormatError(message("error.research.results.no_question", **place))
        output = row.get("output") or outputs[0]
        if output not in outputs:
            raise FormatError(message("error.research.results.question", **place, question=shorten(output)))
        if row["case"] not in cases:
            raise FormatError(message("error.research.results.case", **place, case=shorten(row["case"])))
        if (row["case"], output) in found:
            raise FormatError(
                message("error.research.results.twice", **place, case=row["case"], question=output)
            )
        found[row["case"], output] = _chances(row, classes, path.name, number)
    return found


def outside_predictions(answers: Answers, reference: Predictions) -> Predictions | None:
    """The answers to questions of one set; what they leave out counts as not asked. None where all is."""
    probability, _ = _empty(len(reference.cases), len(reference.outputs), len(reference.classes))
    target = np.full_like(reference.target, -1)
    for n, case in enumerate(reference.cases):
        for o, output in enumerate(reference.outputs):
            if (case, output) in answers:
                probability[n, o], target[n, o] = answers[case, output], reference.target[n, o]
    if (target < 0).all():
        return None
    return replace(reference, probability=probability, target=target, scalars={})


def same_cases(reference: Predictions, other: Predictions) -> Predictions:
    """A reference, where another method has an answer, too."""
    both = (other.target >= 0) & np.isfinite(other.probability).all(axis=2)
    return replace(reference, target=np.where(both, reference.target, -1), scalars={})


def _chances(row: Mapping[str, str], classes: Sequence[str], file: str, line: int) -> list[float]:
    nothing = [math.nan] * len(classes)
    answer = row.get("answer", "").strip()
    if answer and answer not in classes:
        raise FormatError(
            message(
                "error.research.results.answer",
                file=file,
                line=line,
                answer=shorten(answer),
                names=tuple(classes),
            )
        )
    if answer or f"p_{classes[0]}" not in row:
        return [float(name == answer) for name in classes] if answer else nothing
    try:
        chances = [_chance(row.get(f"p_{name}")) for name in classes]
    except ValueError as error:
        raise FormatError(
            message("error.research.results.probability", file=file, line=line, reason=reason_of(error))
        ) from error
    if all(math.isnan(one) for one in chances):
        return nothing
    if any(math.isnan(one) for one in chances):
        raise FormatError(message("error.research.results.some_empty", file=file, line=line))
    if any(not 0.0 <= one <= 1.0 for one in chances) or abs(sum(chances) - 1.0) > _ROUNDED:
        raise FormatError(
            message(
                "error.research.results.range",
                file=file,
                line=line,
                found=tuple(f"{one:g}" for one in chances),
                total=sum(chances),
            )
        )
    return chances


def _chance(text: str | None) -> float:
    return math.nan if text is None or text.strip().lower() in ("", "nan") else parse_decimal(text)


def _empty(cases: int, outputs: int, classes: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return np.full((cases, outputs, classes), np.nan), np.full((cases, outputs), -1, np.int64)
