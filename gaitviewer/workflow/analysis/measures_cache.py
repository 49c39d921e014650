"""Measures that were computed before: kept in the cache under a digest of everything they depend on.

Opening a session then needs neither scipy nor the computation. A file is data only, with its SHA-256 in front;
its name tells the session, so that a session that is deleted for good takes its measures with it. It is used
only if program, resources and the whole document are the very same, and bit for bit what was written: any
other file is removed, and the measures are computed.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from pathlib import Path

from gaitviewer import paths
from gaitviewer.core.document import Document
from gaitviewer.core.measures import Measures
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.core.serialise import MalformedError, canonical_digest, pack, seal, unpack, unseal
from gaitviewer.util import atomic
from gaitviewer.workflow.analysis.inputs import inputs_digest
from gaitviewer.workflow.analysis.measure import measure_document
from gaitviewer.workflow.analysis.results_cache import code_stamp

_MOST_FILES = 300
_log = logging.getLogger(__name__)


def cached_measures(document: Document, *, tick: Tick = no_progress) -> Measures:
    """:func:`~gaitviewer.workflow.analysis.measure.measure_document`, or what it said before about the same.

    Raises:
        AnalysisError: see there.
    """
    path = _file(document)
    known = _read(path)
    if known is not None:
        return known
    measures = measure_document(document, tick=tick)
    _write(path, measures)
    return measures


def forget_measures(session_id: str) -> None:
    """Remove what is kept of a session, and files of earlier versions, which do not tell whose they are."""
    for file in _folder().glob("*"):
        mark, dash, _ = file.name.lstrip(".").partition("-")
        if not dash or mark == _mark(session_id):
            _remove(file)


def _folder() -> Path:
    return paths.cache_dir() / "measures"


def _mark(session_id: str) -> str:
    """What the names of all files of a session begin with."""
    return hashlib.sha256(session_id.encode()).hexdigest()[:16]


def _file(document: Document) -> Path:
    """Where the measures of this very document are."""
    # Measures name the videos with their places; nothing is measured from those.
    places = [stream and stream.path for data in document.trials for stream in data.trial.videos]
    digest = canonical_digest([code_stamp(), inputs_digest(document), places])
    return _folder() / f"{_mark(document.session.id)}-{digest}.measures"


def _read(path: Path) -> Measures | None:
    try:
        return unpack(unseal(path.read_bytes()), Measures)
    except OSError:  # most often there is none
        return None
    except MalformedError as error:
        _log.warning("measures in the cache are damaged (%s); they are computed anew", error)
        _remove(path)
        return None


def _write(path: Path, measures: Measures) -> None:
    """A cache that cannot be written is left out."""
    try:
        atomic.write_bytes(path, seal(pack(measures)), durable=False)
        _forget_the_oldest(path.parent)
    except OSError:
        return


def _forget_the_oldest(folder: Path) -> None:
    """Keep the newest files; those of earlier versions, whose names have no session, are never read again."""
    files = list(folder.glob("*.measures"))
    readable = [file for file in files if "-" in file.name]
    newest = sorted(readable, key=lambda file: file.stat().st_mtime)[-_MOST_FILES:]
    for file in set(files) - set(newest):
        _remove(file)


def _remove(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.unlink(missing_ok=True)
