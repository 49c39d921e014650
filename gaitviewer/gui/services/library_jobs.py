"""The library in use, and jobs that open it: none holds it open longer than its own work takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gaitviewer import paths
from gaitviewer.core.progress import Tick
from gaitviewer.gui.services.jobs import Job, JobFailure, Jobs

if TYPE_CHECKING:
    from gaitviewer.store import Library

T = TypeVar("T")
LibraryWork = Callable[["Library", Tick], T]


class LibraryJobs:
    """Starts jobs on one library.

    Attributes:
        jobs: all background work of the window.
    """

    def __init__(self, jobs: Jobs, library: Path | None = None) -> None:
        """Work on this library file; None: the user's own."""
        self.jobs = jobs
        self._file = library

    @property
    def file(self) -> Path:
        """The library in use."""
        return self._file if self._file is not None else paths.library_file()

    @property
    def read_only(self) -> bool:
        """Whether the library can only be read: nothing is saved then."""
        from gaitviewer.store import is_read_only

        return is_read_only(self.file)

    def open(self) -> Library:
        """The library, opened (and made if there is none), for a ``with`` in a job's thread."""
        from gaitviewer.store import open_library  # SQLite: not before the window is there

        return open_library(self.file)

    def start(
        self,
        key: str,
        work: LibraryWork[T],
        *,
        title: str,
        absent: T | None = None,
        done: Callable[[T], None] | None = None,
        failed: Callable[[JobFailure], None] | None = None,
        ended: Callable[[], None] | None = None,
        lane: str = "",
    ) -> Job[T]:
        """Start a job that opens the library, which is made if there is none, and closes it at its end.

        Args:
            key: what the work is about; see :meth:`Jobs.start`, also for all that follows ``absent``.
            work: function of the open library and of ``tick``; runs in a thread.
            title: for people.
            absent: the result where there is no library yet, which is then not made; None: it is made.
            done: called with the result on the window's thread.
            failed: called with the failure on the window's thread.
            ended: called on the window's thread however it ended.
            lane: which jobs it waits for.

        Raises:
            RuntimeError: the window is closing.
        """
        file = self.file

        def run(tick: Tick) -> T:
            from gaitviewer.store import open_library  # SQLite: not before the window is there

            if absent is not None and not file.is_file():
                return absent
            with open_library(file) as library:
                return work(library, tick)

        return self.jobs.start(key, run, title=title, done=done, failed=failed, ended=ended, lane=lane)
