"""``assessment.json``: all that was measured, with the evidence and where it comes from.

The layout has a version and a JSON Schema (``resources/schema/assessment-<version>.json``). Older versions
are brought up to date when they are read. What could not be measured is null, with the reason beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gaitviewer import __version__, paths
from gaitviewer.core.document import Document
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import Provenance
from gaitviewer.core.serialise import MalformedError, parse_json
from gaitviewer.errors import FormatError, reason_of
from gaitviewer.formats import _assessment_parts as parts
from gaitviewer.formats._text import reading
from gaitviewer.messages import message
from gaitviewer.util import atomic, file_set

VERSION = 2

# version -> what makes the next version of it
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


def _tell_affected_apart(found: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had one value for "both", "neither" and "not stated": it says nothing."""
    session = found.get("session")
    subject = session.get("subject") if isinstance(session, dict) else None
    if isinstance(session, dict) and isinstance(subject, dict) and subject.get("affected") is None:
        found = {**found, "session": {**session, "subject": {**subject, "affected": "not stated"}}}
    return {**found, "schema_version": 2}


UPGRADES: dict[int, Upgrade] = {1: _tell_affected_apart}


def assessment(
    measures: Measures,
    document: Document | None = None,
    *,
    core: Provenance | None = None,
    made_utc: str | None = None,
) -> dict[str, Any]:
    """The assessment as plain JSON values.

    Args:
        measures: everything measured.
        document: gives grades and the provenance of the poses; left out, both lists are empty.
        core: what computed the measures, from which inputs.
        made_utc: time to write, ISO 8601; by default now.
    """
    grades = document.grades if document else ()
    found: dict[str, Any] = {
        "schema_version": VERSION,
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
    if document is not None and (by_hand := parts.by_hand_facts(document)):
        found["by_hand"] = by_hand
    return found


def assessment_text(
    measures: Measures,
    document: Document | None = None,
    *,
    core: Provenance | None = None,
    made_utc: str | None = None,
) -> str:
    """The text of ``assessment.json``; also what a person signs."""
    found = assessment(measures, document, core=core, made_utc=made_utc)
    return json.dumps(found, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def write_assessment(
    path: Path,
    measures: Measures,
    document: Document | None = None,
    *,
    core: Provenance | None = None,
    made_utc: str | None = None,
) -> None:
    """Writes the assessment.

    Raises:
        OutputError: the file cannot be written; nothing was changed.
    """
    atomic.write_output(path, assessment_text(measures, document, core=core, made_utc=made_utc))


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
