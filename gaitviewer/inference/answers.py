"""Answers that are kept with a session, and whether they still are about it; nothing here needs torch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gaitviewer.core.document import Document
from gaitviewer.core.output import Answer, ModelOutput
from gaitviewer.inference.models import list_models
from gaitviewer.workflow.analysis.inputs import inputs_digest

if TYPE_CHECKING:
    from gaitviewer.store import Library


def answer_digest(document: Document, weights_digest: str) -> str:
    """SHA-256 over all that an answer depends on: another session or other weights, another digest."""
    return _with_weights(inputs_digest(document), weights_digest)


def weights_digests() -> dict[str, str]:
    """SHA-256 of the weights of every model that is there, by id, as its card says."""
    return {entry.id: entry.card.sha256 for entry in list_models() if entry.card is not None}


def judged(outputs: Mapping[str, ModelOutput], document: Document, weights: Mapping[str, str]) -> list[Answer]:
    """Outputs by task as answers, each with whether it is out of date.

    Args:
        outputs: by task.
        document: the session as it is now.
        weights: of :func:`weights_digests`.
    """
    inputs = inputs_digest(document) if outputs else ""

    def old(output: ModelOutput) -> bool:
        made = output.provenance
        known = weights.get(output.model) == made.weights_digest
        return not known or _with_weights(inputs, made.weights_digest) != made.inputs_digest

    return [Answer(task, output, old(output)) for task, output in outputs.items()]


def stored_answers(library: Library, document: Document) -> list[Answer]:
    """What the library holds of a session, judged by the document as it is now.

    Raises:
        StoreError: the library cannot be read.
    """
    found = library.answers(document.session.id)
    return judged(found, document, weights_digests()) if found else []


def _with_weights(inputs: str, weights: str) -> str:
    return hashlib.sha256(f"{inputs}/{weights}".encode()).hexdigest()
