"""Saving the open session: by itself after an edit, and never over what another program saved."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from gaitviewer.core.progress import Tick
from gaitviewer.errors import ChangedElsewhereError
from gaitviewer.gui.model.documents import with_poses_of
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.services.jobs import LIBRARY, Job, JobFailure
from gaitviewer.gui.services.library_jobs import LibraryJobs
from gaitviewer.gui.widgets.translation import say_sentence

if TYPE_CHECKING:
    from gaitviewer.core.document import Document
    from gaitviewer.core.journal import Entry
    from gaitviewer.core.output import Signature
    from gaitviewer.store import Library

_TOGETHER_MS = 50  # edits of one moment are written together
_TRY_AGAIN_MS = (1_000, 2_000, 5_000)  # after the first, second, ... failure in a row
_STAND_STILL_S = 0.3  # the longest that the window's thread waits for the disk


@dataclass(frozen=True, slots=True)
class _Held:
    """What the library holds of a session, as far as this program knows."""

    revision: str
    document: Document


class SavingService(QObject):
    """Saves what :class:`AppState` keeps, and knows who signed it.

    Signals:
        refused: something cannot be done (title, sentence).
        conflicted: another program saved the open session meanwhile (sentence); nothing was written.
        signed: the open session was signed (by whom).
        troubled: edits cannot be saved for the moment (sentence); "": they are again.
        unsaved: something waits for edits that cannot be saved (sentence, what waits).
    """

    refused = Signal(str, str)
    conflicted = Signal(str)
    signed = Signal(str)
    troubled = Signal(str)
    unsaved = Signal(str, object)

    def __init__(self, state: AppState, library: LibraryJobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._library = library
        self._jobs = library.jobs
        # Of each session, what was opened or last saved here.
        self._held: dict[str, _Held] = {}
        self._journals: dict[str, tuple[Entry, ...]] = {}  # of those that were loaded and not yet shown
        self._save_job: Job[None] | None = None
        self._failures, self._trouble, self._conflict = 0, "", False
        self._then: Callable[[], object] | None = None  # to be done once all is saved
        # Of each session, who signed it last, and the document that was signed if it is known.
        self._signatures: dict[str, tuple[Signature, Document | None]] = {}
        self._noting = threading.Lock()  # what the library holds is read or written, and noted as held
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.timeout.connect(self.save)
        state.document_changed.connect(self.save_soon)

    def save_soon(self) -> None:
        """Save what was edited: edits follow one another to the disk, none waits for a pause in editing."""
        if self._must_save() and self._save_job is None and not self._save_timer.isActive():
            self._save_timer.start(_TOGETHER_MS)

    def _must_save(self) -> bool:
        return self._state.kept is not None and not self._state.is_saved and not self._library.read_only

    def save(self) -> None:
        """Save the open session in the background if there is something to save."""
        document = self._state.kept
        if document is None or not self._must_save() or self._save_job is not None or self._jobs.closing:
            return
        self._save_timer.stop()
        name, history = document.session.id, self._state.history
        entries = history.pending
        before = self._held[name].document if name in self._held else None
        self._state.mark_saved(None)  # until the disk has it, nobody knows which document that holds

        def work(library: Library, tick: Tick) -> None:
            self._write(library, document, entries)

        def done(_: None) -> None:
            self._failures, self._conflict = 0, False
            history.mark_written(entries)
            self._tell_trouble("")
            self._mark_saved(name, document)

        def failed(failure: JobFailure) -> None:
            self._mark_saved(name, before)
            self._not_saved(failure)

        def ended() -> None:
            self._save_job = None
            self._go_on()

        self._save_job = self._library.start(
            "save", work, title=self.tr("Saving"), done=done, failed=failed, ended=ended, lane=LIBRARY
        )

    def _go_on(self) -> None:
        """After a save: what was edited meanwhile, and what was waiting for it."""
        if not self._must_save():
            then, self._then = self._then, None
            if then is not None:
                then()
        elif self._failures == 0 and not self._conflict:
            self.save()
        elif self._then is not None and not self._conflict:
            then, self._then = self._then, None
            self.unsaved.emit(self._trouble, then)

    def _not_saved(self, failure: JobFailure) -> None:
        if failure.kind is ChangedElsewhereError:
            self._conflict, self._then = True, None
            self.conflicted.emit(say_sentence(failure.message))
            return
        self._tell_trouble(say_sentence(failure.message))
        wait = _TRY_AGAIN_MS[min(self._failures, len(_TRY_AGAIN_MS) - 1)]
        self._failures += 1
        self._save_timer.start(wait)

    @property
    def trouble(self) -> str:
        """Why edits cannot be saved for the moment; "" if they can."""
        return self._trouble

    def _tell_trouble(self, sentence: str) -> None:
        if sentence != self._trouble:
            self._trouble = sentence
            self.troubled.emit(sentence)

    def save_now(self) -> bool:
        """Save before going on; False if that failed, or takes longer than the window may stand still."""
        self._conflict = False
        deadline = time.monotonic() + _STAND_STILL_S
        while self._must_save():
            self.save()
            job = self._save_job
            if job is None or not job.wait(max(0.0, deadline - time.monotonic())):
                return False
            self._jobs.deliver()
            if self._must_save() and (self._failures or self._conflict):
                return False
        return True

    def when_saved(self, then: Callable[[], object]) -> None:
        """Do something once all edits are on disk; where they cannot be saved, :attr:`unsaved` asks."""
        if self.save_now():
            then()
        elif not self._conflict:
            self._then = then
            if self._save_job is None:
                self._go_on()

    def save_elsewhere(self, path: Path, then: Callable[[], object]) -> None:
        """Save the open session, with all of its history, into another library file, then go on."""
        document, entries = self._state.kept, self._state.history.entries
        if document is None:
            return

        def work(tick: Tick) -> None:
            from gaitviewer.store import open_library

            with open_library(path) as library:
                library.save_session(document, entries=entries)

        def done(_: None) -> None:
            self.let_go()
            then()

        def failed(failure: JobFailure) -> None:
            self.unsaved.emit(say_sentence(failure.message), then)

        self._jobs.start("save elsewhere", work, title=self.tr("Saving a copy"), done=done, failed=failed)

    def let_go(self) -> None:
        """Give up what is not saved: the session can be closed."""
        self._save_timer.stop()
        self._failures, self._conflict = 0, False
        self._tell_trouble("")
        self._state.history.give_up_pending()
        if self._state.kept is not None:
            self._state.mark_saved(self._state.kept)

    def sign(self, who: str) -> None:
        """Sign the open session as it is now."""
        document, measures, history = self._state.kept, self._state.measures, self._state.history
        entries = history.pending
        if document is None or measures is None:
            return
        if self._state.is_partial:
            words = self.tr("This session is still being analysed: wait for the end, then sign.")
            self.refused.emit(self.tr("Signature"), words)
            return

        def work(library: Library, tick: Tick) -> None:
            from gaitviewer.workflow.sessions.lifecycle import sign_session

            name = document.session.id
            with self._noting:
                held = self._held.get(name)
                opened = None if held is None else held.revision
                revision, made = sign_session(
                    library, document, measures, who=who, opened=opened, entries=entries
                )
                self._held[name] = _Held(revision, document)
                self._signatures[name] = made, document

        def done(_: None) -> None:
            history.mark_written(entries)
            self._mark_saved(document.session.id, document)
            self.signed.emit(who)

        def failed(failure: JobFailure) -> None:
            if failure.kind is ChangedElsewhereError:
                self.conflicted.emit(say_sentence(failure.message))
            else:
                self._jobs.failed.emit(failure)

        self._library.start("sign", work, title=self.tr("Signing"), done=done, failed=failed, lane=LIBRARY)

    @property
    def signature(self) -> Signature | None:
        """Who signed the open session last, if anybody did."""
        document = self._state.kept
        return self._signatures.get(document.session.id, (None, None))[0] if document is not None else None

    @property
    def signature_now(self) -> Signature | None:
        """The signature of the open session as it is worth now, edits since it was opened included."""
        signature = self.signature
        if signature is None or not signature.stands or self.is_signed:
            return signature
        from gaitviewer.core.output import SignatureState

        return replace(signature, state=SignatureState.CHANGED)

    @property
    def is_signed(self) -> bool:
        """Whether the open session stands as it was signed last."""
        document = self._state.document
        return document is not None and document is self._signatures.get(document.session.id, (None, None))[1]

    def amend_signed(self, change: Callable[[Document], Document]) -> None:
        """Change where files lie, or the like: what was signed stays signed."""
        signature, stands = self.signature, self.is_signed
        self._state.amend(change)
        now = self._state.kept
        if signature is not None and stands and now is not None:
            self._signatures[now.session.id] = signature, now
            self._state.saved_changed.emit()

    def _mark_saved(self, name: str, document: Document | None) -> None:
        now = self._state.kept
        if now is not None and now.session.id == name:
            self._state.mark_saved(document)

    # --- in a job's thread: what the library holds of a session ----------------------------------------

    def load(self, library: Library, session_id: str) -> Document:
        """A session as the library holds it.

        Raises:
            StoreError: there is no such session, or it cannot be read.
        """
        with self._noting:
            document, revision = library.load_revision(session_id)
            self._held[session_id] = _Held(revision, document)
            self._journals[session_id] = library.journal(session_id)
            return self._note_signature(library, document)

    def journal(self, session_id: str) -> tuple[Entry, ...]:
        """The entries of the journal of a session that was just loaded; asked for once."""
        return self._journals.pop(session_id, ())

    def hold(self, library: Library, document: Document) -> Document:
        """Note that the library holds this very document; it was just made."""
        with self._noting:
            self._held[document.session.id] = _Held(library.revision(document.session.id), document)
            self._journals[document.session.id] = library.journal(document.session.id)
            return self._note_signature(library, document)

    def copy(self, library: Library, document: Document) -> Document:
        """Save a session as one of its own beside the one that is there.

        Raises:
            StoreError: the library is as it was.
        """
        from gaitviewer.workflow.sessions.lifecycle import save_copy

        with self._noting:
            copy, revision = save_copy(library, document)
            self._held[copy.session.id] = _Held(revision, copy)
            return copy

    def store_found(self, library: Library, found: Document) -> None:
        """Save the keypoints of a session, open or not, beside what is in the library of it by now.

        Raises:
            StoreError: the library is as it was.
        """
        from gaitviewer.workflow.sessions.thumbnails import forget_thumbnail

        name = found.session.id
        with self._noting:
            now, opened = library.load_revision(name)
            new = with_poses_of(now, found)
            revision = library.save_session(new, opened=opened, before=now)
            held = self._held.get(name)
            if held is not None and held.revision == opened:
                self._held[name] = _Held(revision, new)
        forget_thumbnail(name)  # now it is known where the person is

    def _write(self, library: Library, document: Document, entries: tuple[Entry, ...]) -> None:
        name = document.session.id
        with self._noting:
            held = self._held.get(name)
            revision = library.save_session(
                document,
                opened=None if held is None else held.revision,
                before=None if held is None else held.document,
                entries=entries,
            )
            self._held[name] = _Held(revision, document)

    def _note_signature(self, library: Library, document: Document) -> Document:
        """Remember who signed a session that was just loaded."""
        from gaitviewer.workflow.sessions.lifecycle import signature_of

        signature, stands = signature_of(library, document.session.id)
        self._signatures.pop(document.session.id, None)
        if signature is not None:
            self._signatures[document.session.id] = signature, document if stands else None
        return document
