"""Several files into one folder: all of them, or none."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from gaitviewer.errors import OutputError
from gaitviewer.formats import _atomic
from gaitviewer.util import private

PREFIX = ".gaitviewer-part-"
_LEFT_BEHIND_S = 24 * 3600.0

Writer = Callable[[Path], object]


def check_folder(folder: Path) -> None:
    """Tries early whether files could be written below ``folder``; leaves nothing behind.

    Raises:
        OutputError: naming the folder and what to do.
    """
    staging, made = _make_staging(folder)
    _remove(staging, made)


def write_all(folder: Path, writers: Mapping[str, Writer]) -> tuple[Path, ...]:
    """Writes every file, then shows them all under their names.

    Each writer is called with a path in a hidden folder inside ``folder``. Only when all have succeeded
    are the files moved to their names; whatever goes wrong before that leaves the folder as it was. A file
    that another program holds open (Windows) cannot be replaced: the new one is kept beside it. New files and
    folders are for their owner alone; a file that is replaced leaves its rights to the new one.

    Args:
        folder: made if it is not there.
        writers: file name -> function that writes the given path.

    Returns:
        The paths written, in the order of ``writers``.

    Raises:
        OutputError: nothing was changed; or everything was written, but some file had to be kept under
            another name (the message names it).
    """
    for name in writers:
        if (folder / name).is_dir():
            raise OutputError(f"{folder / name} is a folder; move it away, or choose another output folder.")
    staging, made = _make_staging(folder)
    try:
        for name, write in writers.items():
            try:
                write(staging / name)
                _atomic.sync_file(staging / name)
                private.restrict(staging / name, like=folder / name)
            except OSError as error:
                raise _atomic.explain(folder / name, error) from error
        paths, held = _swap(staging, folder, tuple(writers))
    except BaseException:
        _remove(staging, made)
        raise
    _remove(staging, ())
    _atomic.sync_folder(folder)
    if held:
        names = ", ".join(f"{new.name} instead of {old.name}" for old, new in held)
        raise OutputError(
            f"Another program holds a result open in {folder}: the new one was written as {names}; "
            "close that program and run again."
        )
    return paths


def _make_staging(folder: Path) -> tuple[Path, tuple[Path, ...]]:
    """The hidden folder, and the folders that had to be made, the innermost first."""
    missing = []
    above = folder
    while not above.exists() and above != above.parent:
        missing.append(above)
        above = above.parent
    staging = folder / f"{PREFIX}{secrets.token_hex(4)}"
    try:
        private.make_folder(staging)
    except OSError as error:
        for made in missing:
            with contextlib.suppress(OSError):
                made.rmdir()
        raise OutputError(
            f"The folder {folder} cannot be written ({error.strerror}); choose another output folder."
        ) from error
    _remove_old_staging(folder)
    return staging, tuple(missing)


def _remove_old_staging(folder: Path) -> None:
    # A killed run leaves its hidden folder; one that is a day old belongs to nobody.
    for old in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > _LEFT_BEHIND_S:
                shutil.rmtree(old, ignore_errors=True)


def _remove(staging: Path, made: tuple[Path, ...]) -> None:
    shutil.rmtree(staging, ignore_errors=True)
    for folder in made:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _swap(
    staging: Path, folder: Path, names: tuple[str, ...]
) -> tuple[tuple[Path, ...], tuple[tuple[Path, Path], ...]]:
    """Moves the new files in; on failure puts the former ones back."""
    before = staging / "before"
    done: list[tuple[Path, Path | None]] = []
    held: list[tuple[Path, Path]] = []
    paths: list[Path] = []
    try:
        before.mkdir()
        for name in names:
            target = folder / name
            try:
                former = target.replace(before / name) if target.exists() else None
            except PermissionError:  # Windows: another program holds the former file open
                beside = target.with_name(f"{target.stem}.new{target.suffix}")
                held.append((target, beside))
                target, former = beside, None
            done.append((target, former))
            (staging / name).replace(target)
            paths.append(target)
    except BaseException as error:
        for target, former in reversed(done):
            with contextlib.suppress(OSError):
                target.unlink(missing_ok=True)
                if former is not None:
                    former.replace(target)
        if isinstance(error, OSError):
            raise _atomic.explain(folder, error) from error
        raise
    return tuple(paths), tuple(held)
