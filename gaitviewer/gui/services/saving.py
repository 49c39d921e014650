"""Saving the open session: by itself after an edit, and never over what another program saved."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from gaitviewer.core.document import Document
from gaitviewer.core.output import Signature, SignatureState
from gaitviewer.core.progress import Tick
from gaitviewer.errors import ChangedElsewhereError, UserError
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.services.jobs import JobFailure, Jobs
from gaitviewer.gui.services.library import LibraryService

if TYPE_CHECKING:
    from gaitviewer.store import Library

_SAVE_AFTER_MS = 800


class SavingService(LibraryService):
    """Saves what :class:`AppState` keeps.

    Signals:
        refused: something cannot be done (title, sentence).
        conflicted: another program saved the open session meanwhile (sentence); nothing was written.
        signed: the open session was signed (by whom).
    """

    refused = Signal(str, str)
    conflicted = Signal(str)
    signed = Signal(str)

    def __init__(
        self, state: AppState, jobs: Jobs, *, library: Path | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(jobs, library=library, parent=parent)
        self.state = state
        # Of each session, the revision that was opened or last saved here.
        self._revisions: dict[str, str] = {}
        # Of each session, who signed it last, and the document that was signed if it is known.
        self._signatures: dict[str, tuple[Signature, Document | None]] = {}
        self._saving = threading.Lock()
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.setInterval(_SAVE_AFTER_MS)
        self._save_timer.timeout.connect(self.save)

    def show(self, document: Document) -> None:
        """Show a session that is in the library."""
        raise NotImplementedError

    def open(self, session_id: str) -> None:
        """Open a session of the library."""
        raise NotImplementedError

    @property
    def read_only(self) -> bool:
        """Whether the library can only be read: nothing is saved then."""
        from gaitviewer.store import is_read_only

        return is_read_only(self.library_file)

    def save_soon(self) -> None:
        """Save when nothing was edited for a moment."""
        if not self.state.is_saved and not self.read_only:
            self._save_timer.start()

    def save(self) -> None:
        """Save the open session in the background if there is something to save."""
        document = self.state.kept
        self._save_timer.stop()
        if document is None or self.state.is_saved or self.read_only:
            return

        def work(tick: Tick) -> None:
            self._write(document)

        def failed(failure: JobFailure) -> None:
            self._not_saved(failure.message, conflict=failure.kind is ChangedElsewhereError)

        self.jobs.start(
            "save", work, title=self.tr("Saving"), done=lambda _: self._saved(document), failed=failed
        )

    def save_now(self) -> bool:
        """Save before going on; False if that failed (the session is still shown as unsaved)."""
        document = self.state.kept
        self._save_timer.stop()
        if document is None or self.state.is_saved or self.read_only:
            return True
        try:
            self._write(document)
        except UserError as error:
            self._not_saved(str(error), conflict=isinstance(error, ChangedElsewhereError))
            return False
        self._saved(document)
        return True

    def sign(self, who: str) -> None:
        """Sign the open session as it is now."""
        document, measures = self.state.kept, self.state.measures
        if document is None or measures is None:
            return
        if self.state.is_partial:
            words = self.tr("This session is still being analysed: wait for the end, then sign.")
            self.refused.emit(self.tr("Signature"), words)
            return

        def work(tick: Tick) -> None:
            from gaitviewer.store import open_library
            from gaitviewer.workflow.sessions.lifecycle import sign_session

            name = document.session.id
            with self._saving, open_library(self.library_file) as library:
                opened = self._revisions.get(name)
                self._revisions[name], made = sign_session(library, document, measures, who=who, opened=opened)
                self._signatures[name] = made, document

        def done(_: None) -> None:
            self._saved(document)
            self.signed.emit(who)

        def failed(failure: JobFailure) -> None:
            if failure.kind is ChangedElsewhereError:
                self.conflicted.emit(failure.message)
            else:
                self._tell(failure)

        self.jobs.start("sign", work, title=self.tr("Signing"), done=done, failed=failed)

    @property
    def signature(self) -> Signature | None:
        """Who signed the open session last, if anybody did."""
        document = self.state.kept
        return self._signatures.get(document.session.id, (None, None))[0] if document is not None else None

    @property
    def signature_now(self) -> Signature | None:
        """The signature of the open session as it is worth now, edits since it was opened included."""
        signature = self.signature
        if signature is None or not signature.stands or self.is_signed:
            return signature
        return replace(signature, state=SignatureState.CHANGED)

    @property
    def is_signed(self) -> bool:
        """Whether the open session stands as it was signed last."""
        document = self.state.document
        return document is not None and document is self._signatures.get(document.session.id, (None, None))[1]

    def _note_signature(self, library: Library, document: Document) -> Document:
        """Remember who signed a session that was just loaded."""
        from gaitviewer.workflow.sessions.lifecycle import signature_of

        signature, stands = signature_of(library, document.session.id)
        self._signatures.pop(document.session.id, None)
        if signature is not None:
            self._signatures[document.session.id] = signature, document if stands else None
        return document

    def _amend_signed(self, change: Callable[[Document], Document]) -> None:
        """Change where files lie, or the like: what was signed stays signed."""
        signature, stands = self.signature, self.is_signed
        self.state.amend(change)
        now = self.state.kept
        if signature is not None and stands and now is not None:
            self._signatures[now.session.id] = signature, now
            self.state.saved_changed.emit()

    def _write(self, document: Document) -> None:
        from gaitviewer.store import open_library
        from gaitviewer.workflow.sessions.lifecycle import save_document

        name = document.session.id
        with self._saving, open_library(self.library_file) as library:
            signature, signed = self._signatures.get(name, (None, None))
            self._revisions[name] = save_document(
                library, document, opened=self._revisions.get(name),
                signed=signature if signed is document else None,
            )  # fmt: skip

    def _saved(self, document: Document) -> None:
        now = self.state.kept
        if now is not None and now.session.id == document.session.id:
            self.state.mark_saved(document)

    def _not_saved(self, message: str, *, conflict: bool) -> None:
        if conflict:
            self.conflicted.emit(message)
        else:
            self.refused.emit(self.tr("The session was not saved"), message)

    def _tell(self, failure: JobFailure) -> None:
        """As if nobody had listened to the failure of a job."""
        from types import SimpleNamespace

        job: Any = SimpleNamespace(failure=failure, title=failure.title)
        self.jobs.failed.emit(job)

    # --- another program saved it meanwhile ----------------------------------------------------------

    def keep_copy(self) -> None:
        """Save the open session beside the one that another program saved, and go on with the copy."""
        document = self.state.kept
        if document is None:
            return

        def work(tick: Tick) -> tuple[Document, str]:
            from gaitviewer.store import open_library
            from gaitviewer.workflow.sessions.lifecycle import save_copy

            with self._saving, open_library(self.library_file) as library:
                return save_copy(library, document)

        def done(result: tuple[Document, str]) -> None:
            copy, revision = result
            self._revisions[copy.session.id] = revision
            self.show(copy)
            self.list_sessions()

        self.jobs.start("copy", work, title=self.tr("Saving a copy"), done=done)

    def take_theirs(self) -> None:
        """Let go of what was edited here and open what the other program saved."""
        document = self.state.kept
        if document is not None:
            self._save_timer.stop()
            self.state.mark_saved(document)
            self.open(document.session.id)
