"""The chain of signed snapshots: each carries a digest over itself and the one before it.

The digests show what was altered by a fault, or by a person who writes into the file without this program.
They hold no secret: who sets out to forge a chain with this source at hand can.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Measures as a person signed them.

    Attributes:
        text: the assessment as JSON text.
        who, when: signer and ISO 8601 UTC time.
        digest: SHA-256 over session, signer, time, text, content, revision and the digest of the snapshot
            before it.
        intact: whether all that still belongs together.
        content: digest of each part of the session as it was signed; empty in what versions before 0006 of
            the schema signed.
        revision: the revision of the session that was signed, "" where it was not kept.
    """

    text: str
    who: str
    when: str
    digest: str
    intact: bool
    content: Mapping[str, str] = field(default_factory=dict)
    revision: str = ""


def snapshot_row(
    session: str,
    text: str,
    *,
    who: str,
    when: str,
    previous: str,
    content: Mapping[str, str],
    revision: str,
) -> dict[str, Any]:
    """The row of ``snapshots``; without ``content`` as versions before step 0006 of the schema wrote it."""
    row = {
        "session": session,
        "when": when,
        "who": who,
        "text": zlib.compress(text.encode("utf-8")),
        "previous": previous,
        "content": json.dumps(dict(content), sort_keys=True) if content else "",
        "revision": revision,
        "text_sha256": hashlib.sha256(text.encode("utf-8")).hexdigest() if content else "",
    }
    return row | {"digest": _digest(row, previous, text)}


def snapshots_of(rows: Iterable[Row], *, texts: bool) -> tuple[Snapshot, ...]:
    """The snapshots of a session from its rows, the oldest first, each checked.

    Args:
        rows: all of them, in the order of signing.
        texts: with the texts that were signed, checked as well; without, only those are unpacked that cannot
            be checked otherwise.
    """
    made = []
    before = ""
    for row in rows:
        made.append(_snapshot(row, before, texts=texts or not row["content"]))
        before = str(row["digest"])
    return tuple(made)


def _snapshot(row: Row, before: str, *, texts: bool) -> Snapshot:
    intact = row["previous"] == before
    text, content = "", {}
    try:
        if texts:
            text = zlib.decompress(row["text"]).decode("utf-8")
        if row["content"]:
            content = {str(part): str(digest) for part, digest in json.loads(row["content"]).items()}
            intact &= not texts or hashlib.sha256(text.encode("utf-8")).hexdigest() == row["text_sha256"]
        intact &= _digest(row, before, text) == row["digest"]
    except (zlib.error, ValueError, TypeError, AttributeError):
        intact = False
    return Snapshot(
        text, row["who"], row["when"], row["digest"], bool(intact), content, str(row["revision"] or "")
    )


def _digest(row: Row, previous: str, text: str) -> str:
    facts = [previous, row["session"], row["when"], row["who"]]
    if row["content"]:
        facts += [row["text_sha256"], row["content"], row["revision"]]
    else:
        facts.append(text)
    return hashlib.sha256(json.dumps(facts, ensure_ascii=True).encode("ascii")).hexdigest()
