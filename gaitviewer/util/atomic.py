"""One way of writing a file: all of it appears under its name, or nothing changes.

A file that is new is for its owner alone, one that is replaced leaves its rights to the new one: see
:mod:`gaitviewer.util.private`. Several files that belong together: :mod:`gaitviewer.util.file_set`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from gaitviewer.errors import OutputError, reason_of
from gaitviewer.messages import message
from gaitviewer.util import private

_ENDING = ".part"
_LEFT_BEHIND_S = 24 * 3600.0


class HeldError(OSError):
    """The former file is held open elsewhere: the new one lies beside it.

    Attributes:
        beside: the new file.
    """

    def __init__(self, path: Path, beside: Path) -> None:
        super().__init__(errno.EACCES, "it is open in another program", str(path))
        self.beside = beside


@contextlib.contextmanager
def replacing(
    path: Path,
    *,
    durable: bool = True,
    keep_ending: bool = False,
    like: Path | None = None,
    beside: Path | None = None,
) -> Iterator[Path]:
    """Give a new name beside ``path`` to write to; move it over ``path`` when the block succeeds.

    The file is there already, empty and for its owner alone. The folder is made.

    Args:
        path: the file to write.
        durable: see to it that what was written is on the disk before it takes the place of anything; not
            needed for what can be made again, such as a cache.
        keep_ending: the new name ends as ``path`` does, for writers that go by that.
        like: the file whose rights the new one gets; by default the one that is replaced.
        beside: where the new file goes if the former one cannot be replaced.

    Raises:
        HeldError: the former file cannot be replaced, and the new one is at ``beside``.
        OSError: the file could not be written; what was there before is untouched.
    """
    private.make_folder(path.parent)
    if durable:
        _sweep(path)
    ending = _ENDING + path.suffix if keep_ending else _ENDING
    part = path.with_name(f".{path.name[:80]}.{secrets.token_hex(4)}{ending}")
    try:
        private.touch(part)
        yield part
        if durable:
            sync_file(part)
        private.restrict(part, like=like or path)
        try:
            part.replace(path)
        except OSError as error:
            if beside is None:
                raise
            part.replace(beside)
            raise HeldError(path, beside) from error
        if durable:
            sync_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes, *, durable: bool = True, beside: Path | None = None) -> None:
    """Write a whole file at once, as :func:`replacing` does.

    Raises:
        HeldError, OSError: as there.
    """
    with replacing(path, durable=durable, beside=beside) as part:
        part.write_bytes(data)


@contextlib.contextmanager
def output(path: Path) -> Iterator[Path]:
    """:func:`replacing` for a file that the user asked for: what goes wrong is told in a sentence.

    Raises:
        OutputError: the file could not be written; what was there before is untouched.
    """
    try:
        if path.is_dir():
            raise OutputError(message("error.output.file_is_folder", path=path))
        with replacing(path) as part:
            yield part
    except OSError as error:
        raise explain(path, error) from error


def write_output(path: Path, data: bytes | str) -> None:
    """Write a whole file that the user asked for; text in UTF-8, with its lines as they are.

    Raises:
        OutputError: nothing was changed.
    """
    with output(path) as part:
        part.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)


def explain(path: Path, error: OSError) -> OutputError:
    """The error to raise when writing ``path`` failed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return OutputError(message("error.output.no_room", path=path))
    return OutputError(message("error.output.not_written", path=path, reason=reason_of(error)))


def sync_file(path: Path) -> None:
    """Make sure that the file's content is on the disk."""
    # Windows only syncs descriptors that may write.
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make sure that the folder's entries are on the disk, where the system can do that."""
    if os.name == "nt":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # a folder that may be written, not read
        return
    try:
        os.fsync(descriptor)
    except OSError:  # some network file systems cannot sync a folder; the file itself is safe
        return
    finally:
        os.close(descriptor)


def _sweep(path: Path) -> None:
    """Remove what a killed program left of this file; what is a day old belongs to nobody."""
    start = f".{path.name[:80]}."
    with contextlib.suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if entry.name.startswith(start) and _ENDING in entry.name[len(start) :]:
                with contextlib.suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > _LEFT_BEHIND_S:
                        Path(entry.path).unlink()
