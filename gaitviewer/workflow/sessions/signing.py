"""What a signature is worth: the session as it is now, compared with what was signed.

No clock has a say in it. Signatures of earlier versions kept the assessment only: grades and measures can be
compared with it, texts, key images and measurements by hand cannot.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gaitviewer.core.content import content_digests
from gaitviewer.core.document import Document
from gaitviewer.core.evgs import Grade
from gaitviewer.core.output import Signature, SignatureState
from gaitviewer.workflow.analysis.inputs import is_made_from

if TYPE_CHECKING:
    from gaitviewer.store import Library, Snapshot


def check_signature(library: Library, session_id: str, *, quick: bool = False) -> Signature | None:
    """Who signed a session last, if anybody did, and whether the session is what was signed.

    Args:
        library: where it is.
        session_id: which session.
        quick: for lists: leave the keypoints unread where the session was not saved since it was signed.

    Raises:
        StoreError: there is no such session, or it cannot be read.
    """
    made = library.snapshots(session_id, texts=not quick)
    if not made:
        return None
    last = made[-1]
    signature = Signature(last.who, last.when)
    if not all(snapshot.intact for snapshot in made):
        return replace(signature, state=SignatureState.ALTERED)
    if not last.content:
        return _compare_with_text(signature, last, library.load_session(session_id))
    known = quick and last.revision == library.revision(session_id)
    document = library.load_session(session_id, keypoints=not known)
    now = content_digests(document, keypoints=not known)
    changed = tuple(name for name in now if now[name] != last.content.get(name))
    return replace(
        signature, state=SignatureState.CHANGED if changed else SignatureState.VALID, changed=changed
    )


def _compare_with_text(signature: Signature, snapshot: Snapshot, document: Document) -> Signature:
    """What can be known of a signature that holds the assessment and nothing else."""
    try:
        signed = json.loads(snapshot.text)
        grades = [_grade_facts(grade) for grade in signed["grades"]]
        inputs, program = signed["core"]["inputs_digest"], signed["core"]["program"]
    except (ValueError, KeyError, TypeError):
        return replace(signature, state=SignatureState.UNKNOWN)
    if grades != [_grade_facts(grade) for grade in document.grades]:
        return replace(signature, state=SignatureState.CHANGED, changed=("grades",))
    if not is_made_from(inputs, document, program=program):
        # The digest of an earlier version may be made of other words for the same content.
        return replace(signature, state=SignatureState.UNKNOWN)
    return replace(signature, state=SignatureState.PARTLY)


def _grade_facts(grade: Grade | dict[str, Any]) -> tuple[Any, ...]:
    if isinstance(grade, Grade):
        return grade.item, grade.side.value, grade.score, grade.rater, grade.when, grade.note
    return tuple(grade[name] for name in ("item", "side", "score", "rater", "when", "note"))
