"""``assessment.json``: all that was measured, with the evidence and where it comes from.

The layout has a version and a JSON Schema (``resources/schema/assessment-<version>.json``). Older versions
are brought up to date when they are read. What could not be measured is null, with the reason beside it.

Version 3 adds what learned models said. Without that it is version 2 to the letter, and is written as such:
what was signed, and what other programs read, does not change because a model might have been asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gaitviewer import __version__, paths
from gaitviewer.core.document import Document
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import Answer, Provenance
from gaitviewer.core.serialise import MalformedError, parse_json
from gaitviewer.errors import FormatError, reason_of
from gaitviewer.formats import _assessment_parts as parts
from gaitviewer.formats import explanations
from gaitviewer.formats._text import reading
from gaitviewer.messages import message
from gaitviewer.util import atomic, file_set

VERSION = 3
WITHOUT_MODELS = 2  # the version that is written where no model was asked

# version -> what makes the next version of it
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


def _tell_affected_apart(found: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had one value for "both", "neither" and "not stated": it says nothing."""
    session = found.get("session")
    subject = session.get("subject") if isinstance(session, dict) else None
    if isinstance(session, dict) and isinstance(subject, dict) and subject.get("affected") is None:
        found = {**found, "session": {**session, "subject": {**subject, "affected": "not stated"}}}
    return {**found, "schema_version": 2}


def _no_model_asked(found: dict[str, Any]) -> dict[str, Any]:
    """Version 2 knew no models."""
    return {**found, "models": [], "explanations": None, "schema_version": 3}


UPGRADES: dict[int, Upgrade] = {1: _tell_affected_apart, 2: _no_model_asked}


def assessment(
    measures: Measures,
    document: Document | None = None,
    *,
    core: Provenance | None = None,
    made_utc: str | None = None,
    answers: Sequence[Answer] = (),
) -> dict[str, Any]:
    """The assessment as plain JSON values.

    Args:
        measures: everything measured.
        document: gives grades and the provenance of the poses; left out, both lists are empty.
        core: what computed the measures, from which inputs.
        made_utc: time to write, ISO 8601; by default now.
        answers: what learned models said; their maps are in a file of their own (:mod:`~.explanations`).
    """
    grades = document.grades if document else ()
    found: dict[str, Any] = {
        "schema_version": VERSION if answers else WITHOUT_MODELS,
        "program": f"gaitviewer {__version__}",
        "made_utc": made_utc or datetime.now(UTC).isoformat(timespec="seconds"),
        "session": parts.session_facts(measures.session),
        "trials": [parts.trial_facts(motion) for motion in measures.motions],
        "quality": [parts.finding_facts(finding) for finding in measures.quality],
        "strides": [parts.stride_facts(stride) for stride in measures.strides],
        "parameters": [parts.plain(parameter) for parameter in measures.parameters],
        "speed": {"group": measures.speed_group, "note": parts.plain(measures.speed_note)},
        "kinematics": [parts.plain(mean) for mean in measures.means],
        "flat_foot_zero_deg": parts.plain(measures.flat_foot_zero_deg),
        "foot_progression_deg": parts.plain(measures.foot_progression_deg),
        "evgs": parts.evgs_facts(measures.evgs),
        "patterns": parts.plain(measures.patterns),
        "scores": {
            "variables": [parts.plain(score) for score in measures.variable_scores],
            "profiles": [parts.plain(score) for score in measures.profile_scores],
        },
        "grades": [parts.plain(grade) for grade in grades],
        "provenance": parts.provenance_facts(document) if document else [],
        "core": parts.plain(core),
    }
    if answers:
        found["models"] = [parts.answer_facts(answer) for answer in answers]
        found["explanations"] = _explanations(answers)
    if document is not None and (by_hand := parts.by_hand_facts(document)):
        found["by_hand"] = by_hand
    return found


def _explanations(answers: Sequence[Answer]) -> dict[str, str] | None:
    """Which file holds the arrays, and that it is this very one."""
    if not any(True for answer in answers for _ in explanations.maps_of(answer.output)):
        return None
    digest = hashlib.sha256(explanations.explanation_bytes(answers)).hexdigest()
    return {"file": explanations.NAME, "sha256": digest}


def assessment_text(
    measures: Measures,
    document: Document | None = None,
    *,
    core: Provenance | None = None,
    made_utc: str | None = None,
) -> str:
    """What a person signs: the text of ``assessment.json`` without what learned models said."""
    return _text(assessment(measures, document, core=core, made_utc=made_utc))


def _text(found: dict[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def write_assessment(
    path: Path,
    measures: Measures,
    document: Document | None = None,
    *,
    core: Provenance | None = None,
    made_utc: str | None = None,
    answers: Sequence[Answer] = (),
) -> None:
    """Writes the assessment, with what learned models said.

    Raises:
        OutputError: the file cannot be written; nothing was changed.
    """
    found = assessment(measures, document, core=core, made_utc=made_utc, answers=answers)
    atomic.write_output(path, _text(found))


def read_assessment(path: Path) -> dict[str, Any]:
    """An assessment of this or an older version, in the layout of this version.

    Raises:
        FormatError: the file is missing, damaged, of a newer version, or no assessment.
    """
    file_set.settle(path)
    try:
        with reading(path):
            text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(message("error.format.assessment.not_text", file=path.name)) from error
    return parse_assessment(text, name=path.name)


def parse_assessment(text: str, *, name: str = "the assessment") -> dict[str, Any]:
    """Like :func:`read_assessment`, from text (a signed snapshot, for instance)."""
    try:
        found = parse_json(text)
    except MalformedError as error:
        raise FormatError(
            message("error.format.assessment.not_json", file=name, reason=reason_of(error))
        ) from error
    version = found.get("schema_version") if isinstance(found, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FormatError(message("error.format.assessment.no_version", file=name))
    if version > VERSION:
        raise FormatError(message("error.format.assessment.newer", file=name, version=version, known=VERSION))
    while version < VERSION:
        found = UPGRADES[version](found)
        version += 1
    _check(found, name)
    return dict(found)


def schema(version: int = VERSION) -> dict[str, Any]:
    """The JSON Schema of a version of the layout."""
    text = (paths.resources() / "schema" / f"assessment-{version}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def _check(found: dict[str, Any], name: str) -> None:
    import jsonschema

    checker = jsonschema.Draft202012Validator(schema())
    error = jsonschema.exceptions.best_match(checker.iter_errors(found))
    if error is not None:
        raise FormatError(
            message(
                "error.format.assessment.invalid", file=name, entry=error.json_path, reason=error.message[:200]
            )
        )
