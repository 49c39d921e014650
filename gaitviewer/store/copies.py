"""Copies of the library that the program keeps by itself, and putting one in the place of a damaged library.

They lie in a folder beside it (``library-copies`` beside ``library.db``): one of each of the last days on which
something was changed, made before the first change of the day, and one from before each of the last changes of
the library's form. Each is a single file, sound when it was made, and as private as the library.
"""

from __future__ import annotations

import contextlib
import glob
import logging
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gaitviewer import paths
from gaitviewer.errors import StoreError, reason_of
from gaitviewer.messages import NOTHING, Message, message
from gaitviewer.util import atomic, private

KEPT_DAYS = 7
KEPT_FORMS = 3

_log = logging.getLogger(__name__)
_STAMP = "%Y%m%dT%H%M%S"
_NAME = re.compile(r"(?:.*-)?(daily|before-\w+)-(\d{8}T\d{6})")
_DAILY = "daily"


@dataclass(frozen=True, slots=True)
class LibraryCopy:
    """A copy of a library.

    Attributes:
        path: the file.   made: when, UTC.   sessions: how many are in the list; None: it cannot be read.
        why: "daily", or "before-" and the change of form that came after it.
    """

    path: Path
    made: datetime
    why: str
    sessions: int | None

    @property
    def words(self) -> str:
        """When it was made, in local time, and how many sessions it holds."""
        many = "1 session" if self.sessions == 1 else f"{self.sessions} sessions"
        held = "cannot be read" if self.sessions is None else many
        return f"{self.made.astimezone():%Y-%m-%d %H:%M}, {held}"


def copies_folder(library: Path) -> Path:
    """Where the copies of a library are kept."""
    return library.with_name(f"{library.stem}-copies")


def copy_files(library: Path) -> tuple[Path, ...]:
    """The files of all copies, also those that earlier versions put beside the library; the latest first."""
    beside = library.parent.glob(f"{glob.escape(library.stem)}-before-*{glob.escape(library.suffix)}")
    inside = copies_folder(library).glob(f"*{glob.escape(library.suffix)}")
    named = [path for path in (*beside, *inside) if _NAME.fullmatch(path.stem)]
    return tuple(sorted(named, key=lambda path: (_stamp_of(path), path.name), reverse=True))


def copies_of(library: Path) -> tuple[LibraryCopy, ...]:
    """All copies of a library, the latest first."""
    return tuple(_look_at(library))


def latest_copy(library: Path) -> LibraryCopy | None:
    """The latest copy that can be read; None if there is none."""
    return next((copy for copy in _look_at(library) if copy.sessions is not None), None)


def _look_at(library: Path) -> Iterator[LibraryCopy]:
    for path in copy_files(library):
        yield LibraryCopy(path, _stamp_of(path), _why(path), _count_sessions(path))


def set_aside_files(library: Path) -> tuple[Path, ...]:
    """Damaged libraries in whose place a copy was put."""
    pattern = f"{glob.escape(library.stem)}-damaged-*{glob.escape(library.suffix)}"
    return tuple(sorted(library.parent.glob(pattern)))


def offer(library: Path) -> Message:
    """Offers the latest copy and the command for it; NOTHING where there is no copy."""
    copy = latest_copy(library)
    if copy is None:
        return NOTHING
    where = "" if library == paths.library_file() else f' --library "{library}"'
    made = f"{copy.made.astimezone():%Y-%m-%d %H:%M}"
    return message("error.store.offer", made=made, count=copy.sessions or 0, where=where)


# --- making ------------------------------------------------------------------------------------------


def copy_before_step(library: Path, step: str) -> Path:
    """Keep the library as it is before a change of its form.

    Raises:
        StoreError: it could not be copied.
    """
    try:
        copy = _copy(library, f"before-{step}")
    except (OSError, sqlite3.Error) as error:
        raise StoreError(message("error.store.not_copied", library=library, reason=reason_of(error))) from error
    _thin(library)
    return copy


def copy_of_the_day(library: Path) -> bool:
    """Keep the library as it is before the first change of this day, if there is anything in it to keep.

    A copy that could not be made stops no work: it is logged. A library that is not sound is not kept, so that
    the sound copies are not lost by and by.

    Returns:
        Whether that is settled for today; not if the library was still empty.
    """
    today = datetime.now().astimezone().date()
    days = {_stamp_of(path).astimezone().date() for path in copy_files(library) if _why(path) == _DAILY}
    if today in days:
        return True
    try:
        if _count_sessions(library) == 0:
            return False
        if shutil.disk_usage(library.parent).free < 3 * library.stat().st_size:
            _log.warning("there is no room for a copy of the library")
            return True
        _copy(library, _DAILY, check=True)
    except (OSError, sqlite3.Error) as error:
        _log.warning("the library could not be copied: %s", error)
        return True
    _thin(library)
    return True


def _copy(library: Path, why: str, *, check: bool = False) -> Path:
    copy = copies_folder(library) / f"{why}-{datetime.now(UTC).strftime(_STAMP)}{library.suffix}"
    with (
        atomic.replacing(copy, like=library) as part,
        closing(sqlite3.connect(library)) as source,
        closing(sqlite3.connect(part)) as target,
    ):
        source.backup(target)
        # One file, that can be read where nothing can be written, too.
        target.execute("PRAGMA journal_mode = DELETE").fetchone()
        if check:
            _check(target)
    return copy


def _check(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(f"it is damaged ({found})")


def _thin(library: Path) -> None:
    files = copy_files(library)
    daily = [path for path in files if _why(path) == _DAILY]
    others = [path for path in files if _why(path) != _DAILY]
    for path in (*daily[KEPT_DAYS:], *others[KEPT_FORMS:]):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


# --- using -------------------------------------------------------------------------------------------


def restore_copy(library: Path, copy: Path) -> Path | None:
    """Put a copy in the place of a library; what was there is set aside under another name, never deleted.

    Returns:
        The file that was set aside; None if there was none.

    Raises:
        StoreError: the copy is damaged or no library, a file cannot be written, or another program has the
            library open on a network drive; the library is as it was.
    """
    from gaitviewer.store.database import is_on_network
    from gaitviewer.store.ownership import Ownership

    _require_sound(copy)
    owner = Ownership(library) if is_on_network(library) else None
    try:
        return _put_in_place(library, copy)
    finally:
        if owner is not None:
            owner.release()


def _put_in_place(library: Path, copy: Path) -> Path | None:
    stamp = datetime.now(UTC).strftime(_STAMP)
    aside = library.with_name(f"{library.stem}-damaged-{stamp}{library.suffix}")
    part = library.with_name(f".{library.name}.{secrets.token_hex(4)}.part")
    moved: list[tuple[Path, Path]] = []
    try:
        private.touch(part)
        shutil.copyfile(copy, part)
        private.restrict(part, like=library if library.exists() else copy)
        for tail in ("", "-wal", "-shm", "-journal"):
            old, new = library.with_name(library.name + tail), aside.with_name(aside.name + tail)
            if old.exists():
                old.replace(new)
                moved.append((old, new))
        part.replace(library)
    except OSError as error:
        for old, new in reversed(moved):
            with contextlib.suppress(OSError):
                new.replace(old)
        raise StoreError(
            message("error.store.copy.not_put_in_place", copy=copy, library=library, reason=reason_of(error))
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return aside if moved else None


def _require_sound(copy: Path) -> None:
    if not copy.is_file():
        raise StoreError(message("error.store.copy.missing", copy=copy))
    try:
        with closing(_reading(copy)) as connection:
            _check(connection)
    except sqlite3.Error as error:
        raise StoreError(message("error.store.copy.damaged", copy=copy, reason=reason_of(error))) from error
    if _count_sessions(copy) is None:
        raise StoreError(message("error.store.copy.wrong_kind", copy=copy))


def erase_sessions(file: Path, session_ids: Iterable[str]) -> bool:
    """Erase sessions from a copy for good, with all that only they refer to.

    Returns:
        Whether any of them was in it.

    Raises:
        sqlite3.Error: the copy cannot be read or written; they may still be in it.
    """
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        gone = 0
        for name in session_ids:
            gone += connection.execute("DELETE FROM sessions WHERE id = ?", (name,)).rowcount
        if gone:
            connection.execute("DELETE FROM videos WHERE sha256 NOT IN (SELECT sha256 FROM recordings)")
            connection.execute("DELETE FROM subjects WHERE pseudonym NOT IN (SELECT subject FROM sessions)")
            # What earlier changes left in unused pages.
            connection.execute("VACUUM")
    return bool(gone)


def _reading(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=10.0)


def _count_sessions(file: Path) -> int | None:
    try:
        with closing(_reading(file)) as connection:
            columns = {row[1] for row in connection.execute("PRAGMA table_info(sessions)")}
            there = " WHERE deleted_utc IS NULL" if "deleted_utc" in columns else ""
            return int(connection.execute(f"SELECT COUNT(*) FROM sessions{there}").fetchone()[0])
    except sqlite3.Error:
        return None


def _why(path: Path) -> str:
    match = _NAME.fullmatch(path.stem)
    return match[1] if match else ""


def _stamp_of(path: Path) -> datetime:
    match = _NAME.fullmatch(path.stem)
    assert match is not None
    with contextlib.suppress(ValueError):
        return datetime.strptime(match[2], _STAMP).replace(tzinfo=UTC)
    return datetime.fromtimestamp(0, UTC)
