"""Connections to the library file: opening, checking, migrating, and errors in plain words.

Reading needs only the standard library; sqlite-utils is imported where something is written.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gaitviewer.errors import DamagedLibraryError, StoreError, reason_of
from gaitviewer.messages import Message, message
from gaitviewer.store import copies, migrations

if TYPE_CHECKING:
    from sqlite_utils import Database

BUSY_S = 10.0
_LEAST_FREE_BYTES = 256 * 1024
_NETWORK_TYPES = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "fuse.sshfs",
     "fuse.rclone", "fuse.davfs2", "fuse.glusterfs", "9p", "ncpfs", "afs", "ceph", "lustre", "gpfs", "beegfs"}
)  # fmt: skip


def is_on_network(path: Path) -> bool:
    """Whether ``path`` lies on a network file system, where SQLite's shared memory does not work."""
    import psutil

    folder = path.parent.resolve()
    if str(folder).startswith("\\\\"):
        return True
    mounts = [part for part in psutil.disk_partitions(all=True) if folder.is_relative_to(Path(part.mountpoint))]
    if not mounts:
        return False
    nearest = max(mounts, key=lambda part: len(Path(part.mountpoint).parts))
    return nearest.fstype.lower() in _NETWORK_TYPES or "remote" in nearest.opts.split(",")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into a :class:`StoreError` that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        if _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise damaged(path) from error
        raise StoreError(_why(path, error)) from error


def _code(error: sqlite3.Error) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _why(path: Path, error: sqlite3.Error) -> Message:
    code = _code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return message("error.store.busy", path=path)
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(path)):
        return message("error.store.disk_full", path=path)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return message("error.store.not_writable", path=path)
    if code == sqlite3.SQLITE_IOERR:
        return message("error.store.disk_failed", path=path, reason=reason_of(error))
    return message("error.store.refused", path=path, reason=reason_of(error))


def _is_full(path: Path) -> bool:
    """Whether there is hardly room for a page: SQLite calls a full disk a failure of input and output, too."""
    try:
        return shutil.disk_usage(path.parent).free < _LEAST_FREE_BYTES
    except OSError:
        return False


def damaged(path: Path, *, session: str = "") -> DamagedLibraryError:
    """The error for a damaged library, or for one ``session`` in it that cannot be read."""
    kept = copies.offer(path)
    if session:
        what = message("error.store.session_lost", session=session, path=path)
    elif kept:
        what = message("error.store.left", path=path)
    else:
        return DamagedLibraryError(message("error.store.damaged", path=path))
    remedy = kept or message("error.store.put_backup")
    return DamagedLibraryError(message("error.store.damaged_with_remedy", what=what, remedy=remedy))


def can_write(path: Path) -> bool:
    """Whether an existing library can be written: its file, and its folder, where the journal lies."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def reading_options(path: Path) -> str:
    """How a library that cannot be written is opened: as part of SQLite's address of it.

    Raises:
        StoreError: what was written last lies in its journal, which cannot be read without being written.
        sqlite3.Error: it cannot be read.
    """
    try:
        with closing(connect(path, options="mode=ro")) as connection:
            connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        return "mode=ro"
    except sqlite3.Error as error:
        if _code(error) not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            raise
    journal = path.with_name(path.name + "-wal")
    if journal.is_file() and journal.stat().st_size:
        raise StoreError(message("error.store.journal_left", path=path, journal=journal.name))
    # Write-ahead logging wants to write even to read. Nobody writes what cannot be written.
    return "mode=ro&immutable=1"


def connect(path: Path, *, options: str = "") -> sqlite3.Connection:
    """A connection with foreign keys, full syncing and explicit transactions only.

    Args:
        path: the library.
        options: of SQLite's address of it (``mode=ro``), see :func:`reading_options`.
    """
    # One connection belongs to one thread; only closing may come from another.
    where = f"{path.absolute().as_uri()}?{options}" if options else path
    connection = sqlite3.connect(
        where, uri=bool(options), timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[Database]:
    """One transaction: all of it is saved, or nothing."""
    from sqlite_utils import Database

    # IMMEDIATE waits for the lock here; a read that turns into a write would fail at once instead.
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield Database(connection, execute_plugins=False, recursive_triggers=False)
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have ended the transaction already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def applied_steps(connection: sqlite3.Connection, path: Path) -> tuple[str, ...]:
    """Names of the schema steps that the file holds; empty for a new one.

    Raises:
        StoreError: the file is another program's database, or was written by a newer version.
    """
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if tables and application != migrations.APPLICATION_ID:
        raise damaged(path)
    if not tables:
        return ()
    rows = connection.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY rowid", (migrations.SET_NAME,)
    )
    names = tuple(row[0] for row in rows)
    if unknown := set(names) - set(migrations.known_names()):
        raise StoreError(message("error.store.newer", path=path, steps=tuple(sorted(unknown))))
    return names


def set_journal(connection: sqlite3.Connection, *, shared_memory: bool) -> bool:
    """Chooses write-ahead logging where it works, else a rollback journal; returns whether WAL is on."""
    wanted = "wal" if shared_memory else "delete"
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            mode = connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()[0]
            return bool(mode == "wal")
        except sqlite3.OperationalError as error:
            # SQLite does not wait by itself while another process is switching the same file.
            busy = (error.sqlite_errorcode & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Brings an older library up to date, after keeping a copy of it.

    Raises:
        StoreError: see :func:`applied_steps`; or a step failed and the library is as it was.
    """
    with writing(connection) as db:
        # Looked up again under the lock: another process may have been faster.
        applied = applied_steps(connection, path)
        if set(applied) == set(migrations.known_names()):
            return
        if applied:
            copies.copy_before_step(path, next(n for n in migrations.known_names() if n not in applied))
        migrations.build().apply(db)
