"""The session library: what was recorded, estimated, corrected, measured, signed and written."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self

from gaitviewer import paths
from gaitviewer.core.document import Document
from gaitviewer.core.journal import Entry
from gaitviewer.core.output import ModelOutput
from gaitviewer.errors import ChangedElsewhereError, DamagedLibraryError, StoreError, reason_of
from gaitviewer.messages import message
from gaitviewer.store import answers, changes, copies, database, mapping, migrations, signatures
from gaitviewer.store.mapping import from_row
from gaitviewer.store.ownership import Ownership
from gaitviewer.store.queries import OutputRow, RecordingRow, SessionRow, list_sessions, load_document
from gaitviewer.store.signatures import Snapshot
from gaitviewer.util import private

if TYPE_CHECKING:
    from sqlite_utils import Database

# The day on which a copy of each library was looked after last.
_copied: dict[Path, date] = {}
_copied_lock = threading.Lock()
_NOTHING: Mapping[str, str] = MappingProxyType({})
_WITHOUT_TEXT = """id, session, "when", who, previous, digest, content, revision, text_sha256,
    CASE WHEN content = '' THEN text END AS text"""


def open_library(path: Path | None = None) -> Library:
    """Opens the library, made or brought up to date where necessary.

    Args:
        path: the file; by default the user's library.

    A library that cannot be written is opened for reading.

    Raises:
        DamagedLibraryError: it is damaged, or no library.
        StoreError: newer than the program, in use elsewhere, or it cannot be made.
    """
    return Library(path if path is not None else paths.library_file())


def is_read_only(path: Path | None = None) -> bool:
    """Whether a library that is there (by default the user's) could only be read."""
    file = path if path is not None else paths.library_file()
    return file.is_file() and not database.can_write(file)


class Library:
    """An open library; a context manager. Each thread gets a connection of its own.

    Attributes:
        path: its file.   read_only: whether it can only be read; whatever would write raises StoreError then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._owner: Ownership | None = None
        self._closed = False
        self._options = ""
        self.read_only = is_read_only(path)
        try:
            private.make_folder(path.parent)
        except OSError as error:
            raise StoreError(
                message("error.store.folder_not_made", folder=path.parent, reason=reason_of(error))
            ) from error
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open_for_reading(self) -> None:
        with database.explained(self.path):
            self._options = database.reading_options(self.path)
            applied = database.applied_steps(self.connection, self.path)
        if set(applied) != set(migrations.known_names()):
            raise StoreError(message("error.store.older_read_only", path=self.path))

    def _open(self) -> None:
        if self.read_only:
            self._open_for_reading()
            return
        with contextlib.suppress(OSError):  # SQLite says better what is wrong
            private.touch(self.path)
        on_network = database.is_on_network(self.path)
        if on_network:
            self._owner = Ownership(self.path)
        with database.explained(self.path):
            # Looked at before anything is changed, so that a foreign or newer file stays as it is.
            applied = database.applied_steps(self.connection, self.path)
            database.set_journal(self.connection, shared_memory=not on_network)
            if set(applied) != set(migrations.known_names()):
                database.migrate(self.connection, self.path)

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        if self._closed:
            raise StoreError(message("error.store.closed", path=self.path))
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            with database.explained(self.path):
                connection = database.connect(self.path, options=self._options)
            self._local.connection = connection
            with self._lock:
                self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Closes the connections of all threads; calling it again does nothing."""
        self._closed = True
        with self._lock:
            while self._connections:
                # A connection that is busy in another thread closes with its own statement.
                with contextlib.suppress(sqlite3.Error):
                    self._connections.pop().close()
        if self._owner is not None:
            self._owner.release()
            self._owner = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Database]:
        self.require_writable()
        if self._owner is not None:
            self._owner.check()
        self._keep_copy()
        with database.explained(self.path), database.writing(self.connection) as db:
            yield db

    def require_writable(self) -> None:
        """Raises StoreError if the library can only be read."""
        if self.read_only:
            raise StoreError(message("error.store.read_only", path=self.path))

    def _keep_copy(self) -> None:
        """Before the first change of a day, once for each library and program."""
        today = date.today()
        with _copied_lock:
            if _copied.get(self.path) != today and copies.copy_of_the_day(self.path):
                _copied[self.path] = today

    def _select(self, sql: str, *values: object) -> list[mapping.Row]:
        with database.explained(self.path):
            found = self.connection.execute(sql, values)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found]

    def save_session(
        self,
        document: Document,
        *,
        opened: str | None = None,
        before: Document | None = None,
        entries: Sequence[Entry] = (),
    ) -> str:
        """Saves a session with all that is in its document, all of it or nothing; on disk when it returns.

        What was saved under the same session id before is replaced; snapshots and outputs stay. A deleted
        session is in the list again.

        Args:
            document: the session.
            opened: the revision that the document was made from; None: whatever is there is replaced.
            before: what was loaded or saved as ``opened``: then only what differs from it is written. Keypoints
                and recordings differ unless they are the very same objects.
            entries: of the journal that led from ``before`` to ``document``; they are written with it.

        Returns:
            The revision that is saved now.

        Raises:
            ChangedElsewhereError: the library holds another revision than ``opened``; nothing was changed.
            StoreError: nothing was changed.
        """
        session, now = document.session, now_utc()
        with self._writing() as db:
            if opened is not None and self._revision(session.id) != opened:
                raise ChangedElsewhereError(
                    message("error.store.changed_elsewhere", subject=session.subject.pseudonym)
                )
            if opened is None or (before is not None and before.session.id != session.id):
                before = None  # nobody knows what is there
            if before is None or before.session.subject != session.subject:
                db.table("subjects").upsert(mapping.to_row(session.subject), pk="pseudonym")
            created = self.connection.execute(
                "SELECT created_utc FROM sessions WHERE id = ?", (session.id,)
            ).fetchone()
            row = mapping.session_row(
                document,
                created_utc=created[0] if created else now,
                saved_utc=now,
                revision=secrets.token_hex(8),
                deleted_utc=None,
            )
            if before is None:
                db.table("sessions").upsert(row, pk="id")
            elif not entries or mapping.session_row(document) != mapping.session_row(before):
                # else the row stays: the number of the last entry is part of the revision
                if before.session.subject.pseudonym == session.subject.pseudonym:
                    del row["subject"]
                changes.update_row(db, "sessions", row, ("id",))
            changes.write_changes(db, document, before, now=now)
            # one that is there already came with another save of the same edits
            rows = (mapping.journal_row(entry, session.id) for entry in entries)
            db.table("journal").insert_all(rows, ignore=True)
            return self._revision(session.id) or ""

    def journal(self, session_id: str) -> tuple[Entry, ...]:
        """Every edit of a session, the oldest first; where one is damaged, those after it.

        Raises:
            StoreError: the library cannot be read.
        """
        found: list[Entry] = []
        for row in self._select("SELECT * FROM journal WHERE session = ? ORDER BY number", session_id):
            try:
                found.append(mapping.entry_of(row))
            except (ValueError, zlib.error):
                found.clear()
        return tuple(found)

    def _revision(self, session_id: str) -> str | None:
        found = self.connection.execute(
            """SELECT s.revision, (SELECT MAX(number) FROM journal j WHERE j.session = s.id)
            FROM sessions s WHERE s.id = ?""",
            (session_id,),
        ).fetchone()
        return None if found is None else str(found[0]) if found[1] is None else f"{found[0]}-{found[1]}"

    def revision(self, session_id: str) -> str:
        """What :meth:`save_session` asks for as ``opened``; another one after every save.

        Raises:
            StoreError: there is no such session.
        """
        self._require(session_id)
        with database.explained(self.path):
            return self._revision(session_id) or ""

    def delete_session(self, session_id: str) -> None:
        """Takes a session out of the list; everything in it is kept until it is restored.

        Raises:
            StoreError: there is no such session, or the library cannot be written.
        """
        self._require(session_id)
        self._set_deleted(session_id, now_utc())

    def restore_session(self, session_id: str) -> None:
        """Puts a deleted session back into the list, with everything in it.

        Raises:
            StoreError: there is no such session, or the library cannot be written.
        """
        self._require(session_id)
        self._set_deleted(session_id, None)

    def _set_deleted(self, session_id: str, when: str | None) -> None:
        with self._writing():
            # A new revision: a program that has the session open must not bring it back by saving.
            self.connection.execute(
                "UPDATE sessions SET deleted_utc = ?, revision = ? WHERE id = ?",
                (when, secrets.token_hex(8), session_id),
            )

    def purge_session(self, session_id: str) -> None:
        """Erases a deleted session for good, with all that only it refers to; no file is touched.

        What was written over is overwritten in the library's file as well; :meth:`compact` takes away what
        earlier changes left.

        Raises:
            StoreError: there is no such session, it is not deleted, or the library cannot be written.
        """
        self._require(session_id)
        with database.explained(self.path):
            self.connection.execute("PRAGMA secure_delete=ON")
        with self._writing():
            gone = self.connection.execute(
                "DELETE FROM sessions WHERE id = ? AND deleted_utc IS NOT NULL", (session_id,)
            ).rowcount
            if not gone:
                raise StoreError(message("error.store.session_not_deleted", session=session_id))
            self.connection.execute("DELETE FROM videos WHERE sha256 NOT IN (SELECT sha256 FROM recordings)")
            self.connection.execute(
                "DELETE FROM subjects WHERE pseudonym NOT IN (SELECT subject FROM sessions)"
            )
        with database.explained(self.path):  # the journal still holds the pages as they were
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def compact(self) -> bool:
        """Writes the library anew without unused pages, which may hold what was there before.

        Returns:
            False where another program reads the journal: traces stay in it until that program ends.

        Raises:
            StoreError: there is no room, or the library is being written.
        """
        self.require_writable()
        with database.explained(self.path):
            self.connection.execute("VACUUM")
            (busy, _, _) = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def list_sessions(self, *, deleted: bool = False) -> tuple[SessionRow, ...]:
        """All sessions (or all deleted ones), the latest visit first; undated ones last."""
        return list_sessions(self._select, deleted=deleted)

    def load_session(self, session_id: str, *, keypoints: bool = True) -> Document:
        """The session as it was saved; without its ``keypoints``, there are no poses in it.

        Raises:
            StoreError: there is no such session, or its data are damaged.
        """
        return self.load_revision(session_id, keypoints=keypoints)[0]

    def load_revision(self, session_id: str, *, keypoints: bool = True) -> tuple[Document, str]:
        """The session as it was saved, and which revision that is; see :meth:`load_session`."""
        with database.explained(self.path):
            # One transaction, so that a save by another program in between is seen wholly or not at all.
            self.connection.execute("BEGIN")
            try:
                document = load_document(self._select, session_id, self.path, keypoints=keypoints)
                return document, self._revision(session_id) or ""
            except (ValueError, LookupError, TypeError, DamagedLibraryError) as error:
                raise database.damaged(self.path, session=session_id) from error
            finally:
                if self.connection.in_transaction:
                    with contextlib.suppress(sqlite3.Error):  # a damaged library fails once more
                        self.connection.execute("ROLLBACK")

    def find_by_video_digest(self, sha256: str) -> tuple[RecordingRow, ...]:
        """Every recording made from the video file with this digest, latest session first."""
        found = self._select(
            """SELECT r.session, r.trial, r.view, v.path FROM recordings r
            JOIN videos v USING (sha256) JOIN sessions s ON s.id = r.session
            WHERE r.sha256 = ? ORDER BY s.saved_utc DESC, r.session, r.trial, r.view""",
            sha256,
        )
        return tuple(from_row(row, RecordingRow) for row in found)

    def add_output(self, session_id: str, path: Path, *, kind: str, sha256: str = "") -> None:
        """Notes a file that was written for a session; writing it again replaces the note.

        Raises:
            StoreError: there is no such session, or the library cannot be written.
        """
        row = {
            "session": session_id,
            "kind": kind,
            "path": mapping.path_text(path),
            "sha256": sha256,
            "when": now_utc(),
        }
        self._require(session_id)
        with self._writing() as db:
            self.connection.execute(
                "DELETE FROM outputs WHERE session = ? AND path = ?", (session_id, row["path"])
            )
            db.table("outputs").insert(row)

    def outputs(self, session_id: str) -> tuple[OutputRow, ...]:
        """Files written for a session, in the order of writing."""
        found = self._select("SELECT * FROM outputs WHERE session = ? ORDER BY id", session_id)
        return tuple(from_row(row, OutputRow) for row in found)

    def save_answer(self, session_id: str, task: str, output: ModelOutput) -> None:
        """Keeps what a model said of a session in the place of what was said for this ``task`` before.

        The revision of the session stays: an answer is no edit.

        Raises:
            StoreError: there is no such session, or the library cannot be written.
        """
        self._require(session_id)
        row, arrays = answers.answer_rows(session_id, task, output)
        with self._writing() as db:
            self.connection.execute("DELETE FROM answers WHERE session = ? AND task = ?", (session_id, task))
            db.table("answers").insert(row)
            db.table("answer_arrays").insert_all(arrays)

    def answers(self, session_id: str) -> dict[str, ModelOutput]:
        """What models said of a session, by task; an answer that is damaged is left out.

        Raises:
            StoreError: the library cannot be read.
        """
        rows = self._select("SELECT * FROM answers WHERE session = ? ORDER BY task", session_id)
        found = self._select("SELECT * FROM answer_arrays WHERE session = ? ORDER BY position", session_id)
        return answers.answers_of(rows, found)

    def add_snapshot(
        self, session_id: str, text: str, *, who: str, content: Mapping[str, str] = _NOTHING, revision: str = ""
    ) -> Snapshot:
        """Signs a session; what is signed can never be changed.

        Args:
            session_id: which.
            text: the assessment as JSON.
            who: the signer.
            content: digest of each part of the session that is signed, to compare it with later.
            revision: what :meth:`save_session` said of the session that is signed.

        Raises:
            StoreError: there is no such session, or the library cannot be written.
        """
        self._require(session_id)
        with self._writing() as db:
            last = self.connection.execute(
                "SELECT digest FROM snapshots WHERE session = ? ORDER BY id DESC LIMIT 1", (session_id,)
            ).fetchone()
            row = signatures.snapshot_row(
                session_id,
                text,
                who=who,
                when=now_utc(),
                previous=last[0] if last else "",
                content=content,
                revision=revision,
            )
            db.table("snapshots").insert(row)
        return Snapshot(text, who, row["when"], row["digest"], True, dict(content), revision)

    def snapshots(self, session_id: str, *, texts: bool = True) -> tuple[Snapshot, ...]:
        """Signed snapshots of a session, the oldest first, each checked against its digest.

        ``texts`` False leaves those texts unread (and unchecked) that need not be read to check the chain.
        """
        columns = "*" if texts else _WITHOUT_TEXT
        found = self._select(f"SELECT {columns} FROM snapshots WHERE session = ? ORDER BY id", session_id)
        return signatures.snapshots_of(found, texts=texts)

    def _require(self, session_id: str) -> None:
        if not self._select("SELECT 1 FROM sessions WHERE id = ?", session_id):
            raise StoreError(message("error.store.session_not_saved", session=session_id, path=self.path))


def now_utc() -> str:
    """The present, ISO 8601 in UTC to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
