"""What the list of sessions needs in the background."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gaitviewer.core.progress import Tick
from gaitviewer.errors import UserError
from gaitviewer.gui.services.library_jobs import LibraryJobs
from gaitviewer.messages import NOTHING

if TYPE_CHECKING:
    from gaitviewer.store import Library
    from gaitviewer.workflow.sessions.listing import SessionCard
    from gaitviewer.workflow.sessions.queries import Purged

Cards = tuple["SessionCard", ...]


class LibraryService(QObject):
    """Reads the list, draws the pictures, deletes and restores.

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

    def __init__(self, library: LibraryJobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library

    def list_sessions(self) -> None:
        """Read the list of sessions; an absent library is an empty one and is not made for that."""
        self._list("list", self.listed.emit, deleted=False)

    def list_deleted(self, done: Callable[[Cards], None]) -> None:
        """Read the list of deleted sessions."""
        self._list("list deleted", done, deleted=True)

    def _list(self, key: str, done: Callable[[Cards], None], *, deleted: bool) -> None:
        def work(library: Library, tick: Tick) -> Cards:
            from gaitviewer.workflow.sessions.listing import list_cards

            return list_cards(library, deleted=deleted)

        nothing: Cards = ()
        title = self.tr("Reading the library")
        self._library.start(key, work, title=title, absent=nothing, done=done)

    def delete(self, session_id: str) -> None:
        """Take a session out of the list; it can be restored with everything in it."""

        def work(library: Library, tick: Tick) -> None:
            library.delete_session(session_id)

        def done(_: None) -> None:
            self.removed.emit(session_id)
            self.list_sessions()

        self._library.start("delete", work, title=self.tr("Deleting the session"), done=done)

    def restore(self, session_id: str) -> None:
        """Put a deleted session back into the list."""

        def work(library: Library, tick: Tick) -> None:
            library.restore_session(session_id)

        def done(_: None) -> None:
            self.list_sessions()

        self._library.start("restore", work, title=self.tr("Restoring the session"), done=done)

    def purge(self, session_ids: tuple[str, ...]) -> None:
        """Erase deleted sessions for good, also from the copies of the library."""

        def work(library: Library, tick: Tick) -> Purged:
            from gaitviewer.workflow.sessions.queries import purge_sessions

            return purge_sessions(library, session_ids, tick=tick)

        def done(purged: Purged) -> None:
            self.list_sessions()
            if purged.words:
                self.told.emit(self.tr("The bin was emptied"), "\n".join(purged.words))

        self._library.start("purge", work, title=self.tr("Emptying the bin"), done=done)

    def use_copy(self, copy: Path) -> None:
        """Put a copy in the place of the library, which is set aside."""
        file = self._library.file

        def work(tick: Tick) -> Path | None:  # the library itself cannot be opened
            from gaitviewer.workflow.sessions.queries import use_copy

            return use_copy(file, copy)[1]

        def done(aside: Path | None) -> None:
            self.list_sessions()
            if aside is not None:
                words = self.tr("The copy is in use now. The damaged library is kept as {path}.")
                self.told.emit(self.tr("Library"), words.format(path=aside))

        self._library.jobs.start("use copy", work, title=self.tr("Putting the copy in place"), done=done)

    def draw_thumbnails(self, session_ids: tuple[str, ...]) -> None:
        """Draw the pictures of these sessions, one after the other."""

        def work(library: Library, tick: Tick) -> tuple[str, ...]:
            from gaitviewer.workflow.sessions.thumbnails import make_thumbnail

            made = []
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
            self._library.start("thumbnails", work, title=self.tr("Pictures of sessions"), done=done)
