"""Several files into one folder: all of them, or none, even if the program is killed on the way.

The new files are written into a hidden folder beside the old ones. Then the old ones get a second name in
there, a plan of what is to be replaced is written, and the new files take the places of the old ones, one
directly after the other: no file is missing at any moment. From the plan on the new set is complete on the
disk, so whoever comes next, a reader or another run, carries out what a killed one left (:func:`recover`).
Where a file cannot be replaced, the plan is turned round and the old files return.

The hidden folder is locked while its program lives. One that nobody holds is carried out and removed.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaitviewer.errors import OutputError, reason_of
from gaitviewer.messages import message
from gaitviewer.util import atomic, private

if TYPE_CHECKING:
    from filelock import BaseFileLock

PREFIX = ".gaitviewer-part-"
_LOCK, _NEW, _BEFORE, _FORWARD, _BACK = "lock", "new", "before", "forward.json", "back.json"
_LEFT_BEHIND_S = 24 * 3600.0
_SHARED_MODE = 0o644

_log = logging.getLogger(__name__)
Writer = Callable[[Path], object]


def check_folder(folder: Path) -> None:
    """Try early whether files could be written below ``folder``; leaves nothing behind.

    Raises:
        OutputError: naming the folder and what to do.
    """
    with _staging(folder):
        pass


def write_all(folder: Path, writers: Mapping[str, Writer], *, shared: bool = False) -> tuple[Path, ...]:
    """Write every file, then show them all under their names.

    Whatever goes wrong leaves the folder as it was. A file that another program holds open (Windows) cannot be
    replaced: the new one is kept beside it. New files and folders are for their owner alone; a file that is
    replaced leaves its rights to the new one.

    Args:
        folder: made if it is not there.
        writers: file name -> function that writes the given path; they are called in this order.
        shared: everybody may read the files.

    Returns:
        The paths written, in the order of ``writers``.

    Raises:
        OutputError: nothing was changed; or everything was written, but some file had to be kept under
            another name (the message names it).
    """
    for name in writers:
        if (folder / name).is_dir():
            raise OutputError(message("error.output.is_folder", folder=folder / name))
    with _staging(folder) as staging:
        new = staging / _NEW
        new.mkdir()
        for name, write in writers.items():
            try:
                write(new / name)
                atomic.sync_file(new / name)
                if shared:
                    (new / name).chmod(_SHARED_MODE)
                else:
                    private.restrict(new / name, like=folder / name)
            except OSError as error:
                raise atomic.explain(folder / name, error) from error
        try:
            held = _exchange(staging, folder, tuple(writers))
        except OSError as error:
            raise atomic.explain(folder, error) from error
    if held:
        names = tuple(
            message("error.output.beside", new=_beside(folder / name).name, file=name) for name in held
        )
        raise OutputError(message("error.output.held", folder=folder, names=names))
    return tuple(folder / name for name in writers)


def recover(folder: Path) -> None:
    """Carry out what killed programs left in a folder, and remove their hidden folders.

    A file that somebody has changed since is left as it is.

    Raises:
        OSError: it could not be carried out; it can be tried again.
    """
    for staging in folder.glob(f"{PREFIX}*"):
        try:
            # One without a lock is only just being made, or was made by an earlier version of the program.
            if not (staging / _LOCK).exists() and not _is_old(staging):
                continue
            lock = _claim(staging)
        except OSError:  # somebody else's
            continue
        if lock is None:
            continue
        try:
            if (staging / _BACK).exists():
                _go_back(staging, folder, _read_plan(staging / _BACK))
            elif (staging / _FORWARD).exists():
                _go_forward(staging, folder, _read_plan(staging / _FORWARD))
            atomic.sync_folder(folder)
        finally:
            lock.release()
        _remove(staging)


def settle(path: Path) -> None:
    """:func:`recover` for somebody who is about to read ``path``; what cannot be mended is read as it is."""
    try:
        recover(path.parent)
    except OSError as error:
        _log.warning("what a stopped program left beside a file cannot be finished (%s)", error.strerror)


# --- the hidden folder -------------------------------------------------------------------------------


@contextlib.contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A hidden folder, held by this program; folders that had to be made go again if the block fails."""
    missing = []
    above = folder
    while not above.exists() and above != above.parent:
        missing.append(above)
        above = above.parent
    kept = False
    try:
        try:
            private.make_folder(folder)
            recover(folder)
            staging, lock = _make(folder)
        except OSError as error:
            raise OutputError(
                message("error.output.folder_not_written", folder=folder, reason=reason_of(error))
            ) from error
        try:
            yield staging
        finally:
            lock.release()
            _remove(staging)
        kept = any(folder.iterdir())
    finally:
        if not kept:
            for made in missing:
                with contextlib.suppress(OSError):
                    made.rmdir()


def _make(folder: Path) -> tuple[Path, BaseFileLock]:
    while True:
        staging = folder / f"{PREFIX}{secrets.token_hex(4)}"
        private.make_folder(staging)
        lock = _claim(staging)
        # Another program may have taken it for a forgotten one before it was held.
        if lock is not None and (staging / _LOCK).exists():
            return staging, lock


def _claim(staging: Path) -> BaseFileLock | None:
    """Hold a hidden folder; None if somebody else does.

    On drives without locks only what is a day old is taken for forgotten.
    """
    from filelock import FileLock, SoftFileLock, Timeout

    lock = FileLock(staging / _LOCK, timeout=0, mode=private.FILE_MODE)
    try:
        lock.acquire()
    except Timeout:
        return None
    except NotImplementedError:
        lock = SoftFileLock(staging / f"{_LOCK}-soft", timeout=0, mode=private.FILE_MODE)
        if _is_old(staging):
            (staging / f"{_LOCK}-soft").unlink(missing_ok=True)
        try:
            lock.acquire()
        except Timeout:
            return None
    return lock


def _is_old(staging: Path) -> bool:
    return time.time() - staging.stat().st_mtime > _LEFT_BEHIND_S


def _remove(staging: Path) -> None:
    # The plan first: what is left of a folder without one is rubbish.
    for plan in (_FORWARD, _BACK):
        with contextlib.suppress(OSError):
            (staging / plan).unlink(missing_ok=True)
    shutil.rmtree(staging, ignore_errors=True)


# --- the exchange ------------------------------------------------------------------------------------

Plan = dict[str, dict[str, list[int] | None]]
"""File name -> "old" and "new": size in bytes and time of change in ns; None where there is no old file."""


def _exchange(staging: Path, folder: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    """Put the new files in place; on failure the old ones are there again.

    Returns:
        Names of the files that could not be replaced, and lie beside the old ones.

    Raises:
        OSError: all is as it was.
    """
    before = staging / _BEFORE
    before.mkdir()
    plan: Plan = {}
    for name in names:
        target = folder / name
        if os.path.lexists(target):
            _second_name(target, before / name)
        plan[name] = {"old": _mark(target), "new": _mark(staging / _NEW / name)}
    for made in (before, staging / _NEW):
        atomic.sync_folder(made)
    atomic.write_bytes(staging / _FORWARD, json.dumps(plan).encode("ascii"))
    atomic.sync_folder(folder)
    try:
        held = _go_forward(staging, folder, plan)
    except BaseException:
        (staging / _FORWARD).replace(staging / _BACK)
        _go_back(staging, folder, plan)
        raise
    atomic.sync_folder(folder)
    return held


def _go_forward(staging: Path, folder: Path, plan: Plan) -> tuple[str, ...]:
    held = []
    for name, marks in plan.items():
        target, new = folder / name, staging / _NEW / name
        if not new.exists() or _mark(target) != marks["old"]:
            continue  # done already, or somebody wrote another file since
        try:
            new.replace(target)
        except PermissionError:  # Windows: another program holds the former file open
            new.replace(_beside(target))
            held.append(name)
    return tuple(held)


def _go_back(staging: Path, folder: Path, plan: Plan) -> None:
    for name, marks in plan.items():
        for place in (folder / name, _beside(folder / name)):
            if _mark(place) != marks["new"]:
                continue
            if place.name == name and marks["old"] is not None:
                (staging / _BEFORE / name).replace(place)
            else:
                place.unlink()


def _second_name(path: Path, other: Path) -> None:
    try:
        os.link(path, other, follow_symlinks=False)
    except (OSError, NotImplementedError):  # no links on this drive
        shutil.copy2(path, other, follow_symlinks=False)
        if not other.is_symlink():
            atomic.sync_file(other)


def _mark(path: Path) -> list[int] | None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return [found.st_size, found.st_mtime_ns]


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}.new{path.suffix}")


def _read_plan(path: Path) -> Plan:
    """The plan; none in a file that is damaged, which nobody can carry out."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        return {Path(name).name: {"old": marks["old"], "new": marks["new"]} for name, marks in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
