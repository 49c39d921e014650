"""What the list of sessions needs in the background."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gaitviewer import paths
from gaitviewer.core.messages import NOTHING
from gaitviewer.core.progress import Tick
from gaitviewer.errors import UserError
from gaitviewer.gui.services.jobs import Jobs

if TYPE_CHECKING:
    from gaitviewer.workflow.sessions.lifecycle import SessionCard
    from gaitviewer.workflow.sessions.queries import Purged


class LibraryService(QObject):
    """Reads the list, draws the pictures.

    Signals:
        listed: the sessions of the library are known (tuple of ``SessionCard``).
        pictured: a thumbnail was drawn (session id).
        removed: a session was deleted (id).
        told: something that a person should know came of a piece of work (title, words).
    """

    listed = Signal(object)
    pictured = Signal(str)
    removed = Signal(str)
    told = Signal(str, str)

    def __init__(self, jobs: Jobs, *, library: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = jobs
        self.library = library

    @property
    def library_file(self) -> Path:
        """The library in use."""
        return self.library if self.library is not None else paths.library_file()

    # --- the list ------------------------------------------------------------------------------------

    def list_sessions(self) -> None:
        """Read the list of sessions; an absent library is an empty one and is not made for that."""
        path = self.library_file

        def work(tick: Tick) -> tuple[SessionCard, ...]:
            if not path.is_file():
                return ()
            from gaitviewer.store import open_library
            from gaitviewer.workflow.sessions.lifecycle import list_cards

            with open_library(path) as library:
                return list_cards(library)

        self.jobs.start("list", work, title=self.tr("Reading the library"), done=self.listed.emit)

    def list_deleted(self, done: Callable[[tuple[SessionCard, ...]], None]) -> None:
        """Read the list of deleted sessions."""
        path = self.library_file

        def work(tick: Tick) -> tuple[SessionCard, ...]:
            if not path.is_file():
                return ()
            from gaitviewer.store import open_library
            from gaitviewer.workflow.sessions.lifecycle import list_cards

            with open_library(path) as library:
                return list_cards(library, deleted=True)

        self.jobs.start("list deleted", work, title=self.tr("Reading the library"), done=done)

    def delete(self, session_id: str) -> None:
        """Take a session out of the list; it can be restored with everything in it."""
        path = self.library_file

        def work(tick: Tick) -> None:
            from gaitviewer.store import open_library

            with open_library(path) as library:
                library.delete_session(session_id)

        def done(_: None) -> None:
            self.removed.emit(session_id)
            self.list_sessions()

        self.jobs.start("delete", work, title=self.tr("Deleting the session"), done=done)

    def restore(self, session_id: str) -> None:
        """Put a deleted session back into the list."""
        path = self.library_file

        def work(tick: Tick) -> None:
            from gaitviewer.store import open_library

            with open_library(path) as library:
                library.restore_session(session_id)

        done = self.list_sessions
        self.jobs.start("restore", work, title=self.tr("Restoring the session"), done=lambda _: done())

    def purge(self, session_ids: tuple[str, ...]) -> None:
        """Erase deleted sessions for good, also from the copies of the library."""
        path = self.library_file

        def work(tick: Tick) -> Purged:
            from gaitviewer.store import open_library
            from gaitviewer.workflow.sessions.queries import purge_sessions

            with open_library(path) as library:
                return purge_sessions(library, session_ids, tick=tick)

        def done(purged: Purged) -> None:
            self.list_sessions()
            if purged.words:
                self.told.emit(self.tr("The bin was emptied"), "\n".join(purged.words))

        self.jobs.start("purge", work, title=self.tr("Emptying the bin"), done=done)

    def use_copy(self, copy: Path) -> None:
        """Put a copy in the place of the library, which is set aside."""
        path = self.library_file

        def work(tick: Tick) -> Path | None:
            from gaitviewer.workflow.sessions.queries import use_copy

            return use_copy(path, copy)[1]

        def done(aside: Path | None) -> None:
            self.list_sessions()
            if aside is not None:
                words = self.tr("The copy is in use now. The damaged library is kept as {path}.")
                self.told.emit(self.tr("Library"), words.format(path=aside))

        self.jobs.start("use copy", work, title=self.tr("Putting the copy in place"), done=done)

    def draw_thumbnails(self, session_ids: tuple[str, ...]) -> None:
        """Draw the pictures of these sessions, one after the other."""
        path = self.library_file

        def work(tick: Tick) -> tuple[str, ...]:
            from gaitviewer.store import open_library
            from gaitviewer.workflow.sessions.thumbnails import make_thumbnail

            made = []
            with open_library(path) as library:
                for number, name in enumerate(session_ids):
                    tick(number / len(session_ids), NOTHING)
                    try:
                        found = make_thumbnail(library.load_session(name))
                    except UserError:
                        found = None
                    if found is not None:
                        made.append(name)
            return tuple(made)

        def done(made: tuple[str, ...]) -> None:
            for name in made:
                self.pictured.emit(name)

        if session_ids:
            self.jobs.start("thumbnails", work, title=self.tr("Pictures of sessions"), done=done)
