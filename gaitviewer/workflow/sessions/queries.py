"""What the command line and the window ask of the library."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaitviewer import paths
from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.output import Signature, SignatureState
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.errors import StoreError
from gaitviewer.messages import NOTHING, Message, message

if TYPE_CHECKING:
    from gaitviewer.store import Library, SessionRow


def session_rows(path: Path | None, *, deleted: bool = False) -> list[dict[str, Any]]:
    """One row of plain values for each session (or each deleted one), the latest visit first.

    Raises:
        StoreError: the library cannot be read.
    """
    from gaitviewer.store import open_library
    from gaitviewer.workflow.sessions.listing import listed_signature, state_of

    found = []
    with open_library(path) as library:
        for row in library.list_sessions(deleted=deleted):
            try:
                signature = listed_signature(library, row)
            except StoreError:  # the others are listed all the same
                row, signature = replace(row, damaged=True), None
            found.append(
                {
                    "session": row.id,
                    "subject": row.subject,
                    "date": row.when.isoformat() if row.when else "",
                    "state": state_of(row, signature).value,
                    "recordings": row.trials,
                    "saved": row.saved_utc,
                    "files": row.outputs,
                    "signed": _signed_words(signature),
                }
            )
    return found


def _signed_words(signature: Signature | None) -> str:
    """Who signed and when; and why that does not make the session a signed one, where it does not."""
    if signature is None:
        return ""
    why = {
        SignatureState.CHANGED: f" (changed since: {', '.join(signature.changed)})",
        SignatureState.UNKNOWN: " (by an earlier version: whether it was changed since cannot be known)",
        SignatureState.ALTERED: " (the record of the signature was altered: it does not count)",
    }
    return f"{signature.who}, {signature.when}{why.get(signature.state, '')}"


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
        ids = tuple(f"{row.id} ({_date_of(row)})" for row in found)
        raise StoreError(message("error.session.ambiguous", word=word, count=len(found), ids=ids))
    if not deleted and _has(library, word, deleted=True):
        raise StoreError(message("error.session.is_deleted", word=word))
    if deleted and _has(library, word, deleted=False):
        raise StoreError(message("error.session.not_deleted", word=word))
    if deleted:
        raise StoreError(message("error.session.none_deleted", word=word))
    raise StoreError(message("error.session.none", word=word))


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
    """Deletes or restores sessions, named as :func:`find_session` takes them.

    Args:
        path: the library.
        words: which; all are found before the first is changed.
        deed: "delete" or "restore".

    Returns:
        Their ids.

    Raises:
        StoreError: one is not there, or the library cannot be written.
    """
    from gaitviewer.store import open_library

    with open_library(path) as library:
        ids = _find_all(library, words, deleted=deed != "delete")
        change = library.delete_session if deed == "delete" else library.restore_session
        for name in ids:
            change(name)
    return ids


def _find_all(library: Library, words: Sequence[str], *, deleted: bool) -> tuple[str, ...]:
    return tuple(dict.fromkeys(find_session(library, word, deleted=deleted) for word in words))


@dataclass(frozen=True, slots=True)
class Purged:
    """What was erased, and where traces may be left.

    Attributes:
        ids: the sessions.   cleaned: copies of the library out of which they were taken, too.
        removed: copies that were deleted, because they could not be changed.
        left: damaged libraries that were set aside, and copies in use elsewhere, that may still hold them.
        in_journal: whether another program keeps the library's journal, which holds them until it ends.
    """

    ids: tuple[str, ...]
    cleaned: tuple[Path, ...]
    removed: tuple[Path, ...]
    left: tuple[Path, ...]
    in_journal: bool

    @property
    def words(self) -> tuple[str, ...]:
        """What a person should know of it, a sentence each."""
        many = f"{len(self.cleaned)} copies" if len(self.cleaned) > 1 else "a copy"
        return (
            *((f"Erased from {many} of the library as well.",) if self.cleaned else ()),
            *(
                f"The copy {path.name} could not be changed and was removed as a whole."
                for path in self.removed
            ),
            *(
                f"They may still be in {path}, which could not be changed: remove it by hand."
                for path in self.left
            ),
            *(
                ("Another program has the library open; traces stay in its journal until that program ends.",)
                if self.in_journal
                else ()
            ),
        )


def purge_named(path: Path | None, words: Sequence[str]) -> Purged:
    """:func:`purge_sessions` for deleted sessions named as :func:`find_session` takes them.

    Raises:
        StoreError: one is not there or not deleted, or the library cannot be written.
    """
    from gaitviewer.store import open_library

    with open_library(path) as library:
        return purge_sessions(library, _find_all(library, words, deleted=True))


def purge_sessions(library: Library, ids: Sequence[str], *, tick: Tick = no_progress) -> Purged:
    """Erases deleted sessions for good: from the library and its copies, and what the cache keeps of them.

    Videos, reports and exported files are not touched.

    Raises:
        StoreError: one of them is not deleted, or the library cannot be written; those before it are gone.
    """
    from gaitviewer.store import copies
    from gaitviewer.workflow.analysis.measures_cache import forget_measures
    from gaitviewer.workflow.analysis.results_cache import forget_standing
    from gaitviewer.workflow.sessions.thumbnails import forget_thumbnail

    for number, name in enumerate(ids):
        tick(0.5 * number / len(ids), NOTHING)
        document: Document | None = None
        with contextlib.suppress(StoreError):  # a damaged one goes as well
            document = library.load_session(name)
        library.purge_session(name)
        forget_thumbnail(name)
        forget_measures(name)
        forget_standing(name)
        if document is not None:
            _forget_cached(library, document)
    tick(0.5, message("progress.compacting"))
    in_journal = not library.compact()
    cleaned, removed, left = [], [], []
    files = copies.copy_files(library.path)
    aside = copies.set_aside_files(library.path)
    for number, file in enumerate((*files, *aside)):
        tick(0.6 + 0.4 * number / (len(files) + len(aside)), message("progress.copies"))
        try:
            if copies.erase_sessions(file, ids):
                cleaned.append(file)
        except (sqlite3.Error, OSError):
            if file in aside or not _is_removed(file):
                left.append(file)
            else:
                removed.append(file)
    return Purged(tuple(ids), tuple(cleaned), tuple(removed), tuple(left), in_journal)


def _is_removed(file: Path) -> bool:
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _forget_cached(library: Library, document: Document) -> None:
    from gaitviewer.pose.cache import remove_result

    for data in document.trials:
        for view in View:
            stream, made = data.trial.videos[view], data.provenance[view]
            # Another session of the same video still shows the outlines.
            if stream is None or made is None or library.find_by_video_digest(stream.sha256):
                continue
            remove_result(paths.cache_dir(), made.inputs_digest)


def without_offer(what: Message) -> Message:
    """What is said of a damaged library without the words for the command line."""
    given = dict(what.values)
    match given.get("what"), given.get("remedy"):
        case Message() as damaged, Message(code="error.store.offer"):
            return damaged
    return what


def use_copy(path: Path | None, copy: Path | None = None) -> tuple[Path, Path | None]:
    """Puts a copy in the place of a library that is damaged.

    Args:
        path: the library; by default the user's.
        copy: which copy; by default the latest that can be read.

    Returns:
        The copy, and the file that was set aside for it (None if there was no library).

    Raises:
        StoreError: there is no copy, or it is damaged, or a file cannot be written; the library is as it was.
    """
    from gaitviewer.store import latest_copy, restore_copy

    library = path if path is not None else paths.library_file()
    if copy is None:
        latest = latest_copy(library)
        if latest is None:
            raise StoreError(message("error.store.no_readable_copy", library=library))
        copy = latest.path
    return copy, restore_copy(library, copy)
