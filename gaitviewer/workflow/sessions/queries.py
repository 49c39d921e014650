"""What the command line and the window ask of the library."""

from __future__ import annotations

import contextlib
import glob
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaitviewer import paths
from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.messages import NOTHING
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.errors import StoreError

if TYPE_CHECKING:
    from gaitviewer.store import Library, SessionRow


def session_rows(path: Path | None, *, deleted: bool = False) -> list[dict[str, Any]]:
    """One row of plain values for each session (or each deleted one), the latest visit first.

    Raises:
        StoreError: the library cannot be read.
    """
    from gaitviewer.store import open_library
    from gaitviewer.workflow.sessions.lifecycle import state_of

    with open_library(path) as library:
        return [
            {
                "session": row.id,
                "subject": row.subject,
                "date": row.when.isoformat() if row.when else "",
                "state": state_of(row).value,
                "recordings": row.trials,
                "saved": row.saved_utc,
                "files": row.outputs,
                "signed": f"{row.signed_by}, {row.signed_utc}" if row.signed_by else "",
            }
            for row in library.list_sessions(deleted=deleted)
        ]


def find_session(library: Library, word: str, *, deleted: bool = False) -> str:
    """The session that is meant by its id, or by the subject's name where that leaves no doubt.

    Args:
        library: the library.
        word: an id, or the name of a subject (small and capital letters alike).
        deleted: look among the deleted sessions instead.

    Raises:
        StoreError: there is none, or several; the sentence lists their ids.
    """
    rows = library.list_sessions(deleted=deleted)
    if any(row.id == word for row in rows):
        return word
    found = [row for row in rows if row.subject.casefold() == word.casefold()]
    if len(found) == 1:
        return found[0].id
    if found:
        ids = ", ".join(f"{row.id} ({_date_of(row)})" for row in found)
        raise StoreError(f"{word} has {len(found)} sessions: {ids}; give the id of one.")
    if not deleted and _has(library, word, deleted=True):
        raise StoreError(f"{word} was deleted; `gaitviewer sessions restore {word}` puts it back.")
    if deleted and _has(library, word, deleted=False):
        raise StoreError(
            f"{word} is not among the deleted sessions; `gaitviewer sessions delete {word}` first."
        )
    raise StoreError(
        f"The library has no {'deleted ' if deleted else ''}session and no subject called {word}; "
        f"`gaitviewer sessions list{' --deleted' if deleted else ''}` shows what is there."
    )


def _has(library: Library, word: str, *, deleted: bool) -> bool:
    rows = library.list_sessions(deleted=deleted)
    return any(word == row.id or word.casefold() == row.subject.casefold() for row in rows)


def _date_of(row: SessionRow) -> str:
    return row.when.isoformat() if row.when else "no date"


def find_in(path: Path | None, word: str) -> str:
    """:func:`find_session` in a library that is not open."""
    from gaitviewer.store import open_library

    with open_library(path) as library:
        return find_session(library, word)


def change_sessions(path: Path | None, words: Sequence[str], deed: str) -> tuple[str, ...]:
    """Deletes, restores or purges sessions, named as :func:`find_session` takes them.

    Args:
        path: the library.
        words: which; all are found before the first is changed.
        deed: "delete", "restore" or "purge".

    Returns:
        Their ids.

    Raises:
        StoreError: one is not there, or the library cannot be written.
    """
    from gaitviewer.store import open_library

    with open_library(path) as library:
        ids = tuple(dict.fromkeys(find_session(library, word, deleted=deed != "delete") for word in words))
        deeds: dict[str, Callable[[str], None]] = {
            "delete": library.delete_session,
            "restore": library.restore_session,
        }
        if deed == "purge":
            purge_sessions(library, ids)
        else:
            for name in ids:
                deeds[deed](name)
    return ids


def purge_sessions(library: Library, ids: Sequence[str], *, tick: Tick = no_progress) -> None:
    """Erases deleted sessions for good: their data, and their pictures, poses and outlines in the cache.

    Videos, reports and exported files are not touched, nor are :func:`older_copies` of the library.

    Raises:
        StoreError: one of them is not deleted, or the library cannot be written; those before it are gone.
    """
    from gaitviewer.workflow.sessions.thumbnails import forget_thumbnail

    for number, name in enumerate(ids):
        tick(number / len(ids), NOTHING)
        document: Document | None = None
        with contextlib.suppress(StoreError):  # a damaged one goes as well
            document = library.load_session(name)
        library.purge_session(name)
        forget_thumbnail(name)
        if document is not None:
            _forget_cached(library, document)


def older_copies(path: Path | None) -> tuple[Path, ...]:
    """Copies that the program made of the library before it changed its form; they keep what was in them."""
    file = path if path is not None else paths.library_file()
    return tuple(sorted(file.parent.glob(f"{glob.escape(file.stem)}-before-*{glob.escape(file.suffix)}")))


def _forget_cached(library: Library, document: Document) -> None:
    from gaitviewer.pose.cache import remove_result

    for data in document.trials:
        for view in View:
            stream, made = data.trial.videos[view], data.provenance[view]
            # Another session of the same video still shows the outlines.
            if stream is None or made is None or library.find_by_video_digest(stream.sha256):
                continue
            remove_result(paths.cache_dir(), made.inputs_digest)
