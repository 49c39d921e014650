"""One way of writing a file: all of it appears under its name, or nothing changes."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from gaitviewer.errors import OutputError
from gaitviewer.util import private


def explain(path: Path, error: OSError) -> OutputError:
    """The error to raise when writing ``path`` failed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return OutputError(f"There is no room left to write {path}; nothing was changed: free space and retry.")
    reason = error.strerror or str(error)
    return OutputError(f"{path} cannot be written ({reason}); choose another place, or close it elsewhere.")


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Gives a new name beside ``path`` to write to; moves it over ``path`` when the block succeeds.

    The file is there already, empty and for its owner alone (see :mod:`gaitviewer.util.private`).

    Raises:
        OutputError: the file could not be written; what was there before is untouched.
    """
    part = path.with_name(f".{path.name[:80]}.{secrets.token_hex(4)}.part")
    try:
        if path.is_dir():
            raise OutputError(f"{path} is a folder; choose another name for the file.")
        private.make_folder(path.parent)
        private.touch(part)
        yield part
        sync_file(part)
        private.restrict(part, like=path)
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise explain(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Writes a whole file at once.

    Raises:
        OutputError: nothing was changed.
    """
    with atomic_path(path) as part:
        part.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Writes a whole text at once: UTF-8, lines as they are.

    Raises:
        OutputError: nothing was changed.
    """
    write_bytes(path, text.encode("utf-8"))


def sync_file(path: Path) -> None:
    """Makes sure that the file's content is on the disk."""
    # Windows only syncs descriptors that may write.
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Makes sure that the folder's entries are on the disk, where the system can do that."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:  # some network file systems cannot sync a folder; the file itself is safe
        return
    finally:
        os.close(descriptor)
