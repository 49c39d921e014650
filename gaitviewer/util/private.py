"""Files and folders for their owner alone, whatever the umask; the one place that sees to it.

Everything that the program keeps of its own (library and its copies, settings, cache, logs) names subjects or
shows them: files are 0600, folders 0700. Results in a folder that the user named are made the same way: what
is in them is no less private. Where a file is there already, its rights are the user's word and stay as they
are, so that a result, or a library on a shared drive, that was opened to others once stays open to them.

Windows keeps the rights of the user's own folders; nothing is done there.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700
_OTHERS = 0o077
_HAS_RIGHTS = os.name == "posix"


def make_folder(folder: Path) -> None:
    """Make a folder with those above it, all that had to be made for the owner alone.

    Raises:
        OSError: it cannot be made.
    """
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    try:
        folder.mkdir(FOLDER_MODE)
    except FileExistsError:
        if not folder.is_dir():  # another process may have been faster
            raise
    else:
        _set_mode(folder, FOLDER_MODE)


def can_be_written(folder: Path) -> bool:
    """Whether files could be made in a folder, itself to be made where there is none; nothing is made."""
    there = folder
    while not there.exists() and there.parent != there:
        there = there.parent
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def opener(path: str, flags: int) -> int:
    """For ``open(..., opener=opener)``: a file that has to be made is made for its owner alone."""
    descriptor = os.open(path, flags, FILE_MODE)
    if _HAS_RIGHTS and flags & os.O_CREAT and os.fstat(descriptor).st_size == 0:
        # The umask of a user may take the owner's own rights away.
        with contextlib.suppress(OSError):
            mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
            os.fchmod(descriptor, mode | FILE_MODE)
    return descriptor


def touch(path: Path) -> None:
    """Make an empty file where there is none; another program that writes it then keeps its rights.

    Raises:
        OSError: it cannot be made.
    """
    if not path.exists():
        with open(path, "ab", opener=opener):
            pass


def restrict(path: Path, *, like: Path | None = None) -> None:
    """Give a file that was just written the rights of the file ``like``; 0600 where there is none."""
    mode = FILE_MODE
    if like is not None:
        with contextlib.suppress(OSError):
            mode = stat.S_IMODE(like.stat().st_mode) | FILE_MODE
    _set_mode(path, mode)


def tighten(folders: Iterable[Path]) -> None:
    """Take the rights of others away from folders and all in them, as earlier versions left them.

    A folder that is closed already is not looked into: nobody else gets at what is in it. What belongs to
    somebody else, and what links lead to, is left alone.
    """
    if not _HAS_RIGHTS:
        return
    for folder in folders:
        with contextlib.suppress(OSError):
            if not folder.stat().st_mode & _OTHERS:
                continue
            for root, names, files in os.walk(folder):
                for name in (*names, *files):
                    _close(Path(root, name))
            # Last, so that a run that was cut short is done again.
            _close(folder)


def _close(path: Path) -> None:
    with contextlib.suppress(OSError):
        mode = path.lstat().st_mode
        if mode & _OTHERS and not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode) & ~_OTHERS)


def _set_mode(path: Path, mode: int) -> None:
    if not _HAS_RIGHTS:
        return
    # Some file systems (FAT, some network drives) have no rights to set.
    with contextlib.suppress(OSError):
        path.chmod(mode)
