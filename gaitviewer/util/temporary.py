"""Folders for what is needed for a while. What a killed program left is removed by the next one."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType

_PREFIX = "gaitviewer-"
_LOCK = ".lock"
_LEFT_BEHIND_S = 24 * 3600.0


class TemporaryFolder:
    """A folder for its owner alone, until it is closed; held, so that nobody takes it for a forgotten one.

    Attributes:
        path: the folder.
    """

    def __init__(self) -> None:
        from filelock import FileLock

        _sweep()
        self._folder = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
        self.path = Path(self._folder.name)
        self._lock = FileLock(self.path / _LOCK, timeout=0, mode=0o600)
        with contextlib.suppress(NotImplementedError, OSError):  # no locks there: it counts as new for a day
            self._lock.acquire()

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        self._lock.release()
        self._folder.cleanup()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _sweep() -> None:
    """Remove folders that nobody holds; without a lock in them, those that are a day old."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, NotImplementedError):
            if not folder.is_dir() or folder.is_symlink() or not _is_ours(folder):
                continue
            if not _is_held(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _is_held(folder: Path) -> bool:
    from filelock import FileLock, Timeout

    if not (folder / _LOCK).exists():
        return time.time() - folder.stat().st_mtime < _LEFT_BEHIND_S
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False
