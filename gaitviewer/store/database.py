"""Connections to the library file: opening, checking, migrating, and errors in plain words.

Reading needs only the standard library; sqlite-utils is imported where something is written.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gaitviewer.errors import StoreError
from gaitviewer.store import migrations

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
        raise StoreError(_sentence(path, error)) from error


def _sentence(path: Path, error: sqlite3.Error) -> str:
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return (
            f"The library {path} is being written by another program, so nothing was saved; "
            "wait a moment and try again."
        )
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(path)):
        return f"The disk of the library {path} is full, so nothing was saved; free some space and try again."
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return f"The library {path} cannot be opened for writing; check that its folder exists and is writable."
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path)
    if code == sqlite3.SQLITE_IOERR:
        return (
            f"The disk of the library {path} failed ({error}); nothing was changed: check the disk and retry."
        )
    return f"The library {path} refused this ({error}); nothing was changed."


def _is_full(path: Path) -> bool:
    """Whether there is hardly room for a page: SQLite calls a full disk a failure of input and output, too."""
    try:
        return shutil.disk_usage(path.parent).free < _LEAST_FREE_BYTES
    except OSError:
        return False


def damaged(path: Path) -> str:
    """The sentence for a damaged library; it is left as it is."""
    return (
        f"The library {path} is damaged or not a library, and was left as it is; move it away to start a new "
        "one, or put a backup in its place."
    )


def connect(path: Path) -> sqlite3.Connection:
    """A connection with foreign keys, full syncing and explicit transactions only."""
    # One connection belongs to one thread; only closing may come from another.
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
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
        raise StoreError(damaged(path))
    if not tables:
        return ()
    rows = connection.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY rowid", (migrations.SET_NAME,)
    )
    names = tuple(row[0] for row in rows)
    if unknown := set(names) - set(migrations.known_names()):
        raise StoreError(
            f"The library {path} was written by a newer version of GaitViewer ({', '.join(sorted(unknown))}) "
            "and was left as it is; install that version, or choose another library."
        )
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
    """Brings an older library up to date, after copying it beside itself.

    Raises:
        StoreError: see :func:`applied_steps`; or a step failed and the library is as it was.
    """
    with writing(connection) as db:
        # Looked up again under the lock: another process may have been faster.
        applied = applied_steps(connection, path)
        if set(applied) == set(migrations.known_names()):
            return
        if applied:
            _copy_before(path, next(n for n in migrations.known_names() if n not in applied))
        migrations.build().apply(db)


def _copy_before(path: Path, step: str) -> Path:
    """A consistent copy of the library, named after the step that is about to be applied."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    copy = path.with_name(f"{path.stem}-before-{step}-{stamp}{path.suffix}")
    part = copy.with_name(copy.name + ".part")
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
        part.replace(copy)
    except OSError as error:
        raise StoreError(f"The library {path} could not be copied before updating it: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return copy
