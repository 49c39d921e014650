"""What the window is about: the open session, what is selected in it, and the way to change it.

One immutable :class:`~gaitviewer.core.document.Document` is the truth. An edit is a new document; what differs
is entered in the journal (:class:`~gaitviewer.core.journal.History`): that is saved, and undone from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gaitviewer.gui.model.answers import Answers
from gaitviewer.gui.model.documents import same_poses, with_poses_of

if TYPE_CHECKING:
    from gaitviewer.core.document import Document, TrialData
    from gaitviewer.core.evgs import Evidence
    from gaitviewer.core.gait import Side
    from gaitviewer.core.journal import Entry, History
    from gaitviewer.core.measures import Measures, TrialMotion
    from gaitviewer.workflow.app.settings import Settings


class AppState(QObject):
    """The open session; panels read it, listen to it and call its methods, and know nothing of each other.

    Attributes:
        undo: the steps to undo.   answers: what learned models said of the session.

    Signals (none carries a value; read what you need):
        session_changed: another session is open, or none.
        document_changed: the document was edited, undone, redone or replaced.
        measures_changed: the measures are new (or gone).
        trial_changed: another trial is shown.
        selection_changed: another item, side or piece of evidence is selected.
        settings_changed: the settings are new.
        saved_changed: saved became unsaved, or the other way.
    """

    session_changed = Signal()
    document_changed = Signal()
    measures_changed = Signal()
    trial_changed = Signal()
    selection_changed = Signal()
    settings_changed = Signal()
    saved_changed = Signal()

    def __init__(self, settings: Settings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None  # as shown
        self._kept: Document | None = None  # without what an analysis under way has found
        self._partial: Document | None = None
        self._saved: Document | None = None
        self._measures: Measures | None = None
        self._trial_id = ""
        self._item: int | None = None
        self._side: Side | None = None
        self._evidence: Evidence | None = None
        self._settings = settings
        self.answers = Answers(self)
        self._history: History | None = None  # made when it is asked for: the window comes up without numpy

    # --- the session ---------------------------------------------------------------------------------

    def open_session(
        self, document: Document, measures: Measures | None = None, entries: Iterable[Entry] = ()
    ) -> None:
        """Show a session as it was loaded, with the entries of its journal; its first trial is shown."""
        from gaitviewer.core.journal import History

        self._history = History(entries)
        self._document = self._kept = self._saved = document
        self._partial = None
        self._measures = measures
        self._trial_id = document.trials[0].trial.id if document.trials else ""
        self._item = self._side = self._evidence = None
        self._tell_all()

    def close_session(self) -> None:
        """Show no session."""
        self._history = None
        self._document = self._kept = self._saved = self._partial = None
        self._measures = None
        self._trial_id = ""
        self._item = self._side = self._evidence = None
        self._tell_all()

    def _tell_all(self) -> None:
        self.session_changed.emit()
        self.document_changed.emit()
        self.measures_changed.emit()
        self.trial_changed.emit()
        self.selection_changed.emit()
        self.saved_changed.emit()

    @property
    def document(self) -> Document | None:
        """The open session as it is shown, or None: as edited, with what an analysis has found so far."""
        return self._document

    @property
    def kept(self) -> Document | None:
        """The open session as edited, without what an analysis under way has found: what is saved."""
        return self._kept

    @property
    def is_partial(self) -> bool:
        """Whether results of an analysis are shown that is still under way."""
        return self._partial is not None

    @property
    def history(self) -> History:
        """Every edit of the open session, and what can be undone and redone."""
        if self._history is None:
            from gaitviewer.core.journal import History

            self._history = History()
        return self._history

    def edit(self, document: Document, text: str, *, merge: str = "", why: str = "") -> None:
        """Replace the document as one step that can be undone.

        Args:
            document: the document after the edit.
            text: what was done, for the menu ("Grade KFX right").
            merge: edits in a row with the same non-empty word become one step (dragging a point).
            why: the reason, if one was given.

        Raises:
            ValueError: no session is open.
        """
        if self._document is None or self._kept is None:
            raise ValueError("no session is open")
        if document is self._document:
            return
        if self._partial is not None:
            from gaitviewer.core.edits import restore_poses

            document = restore_poses(document, self._partial, self._kept)
        who, was_saved = self.settings.rater, self.is_saved
        if self.history.record(self._kept, document, text, who=who, when=_now(), why=why, merge=merge):
            self._show(document, was_saved)

    def undo(self) -> None:
        """Take back the latest step, if there is one; that is an edit, too."""
        self._go(self.history.undo if self.history.undo_titles else None)

    def redo(self) -> None:
        """Do the step again that was taken back last, if there is one."""
        self._go(self.history.redo if self.history.redo_titles else None)

    def _go(self, go: Callable[..., Document] | None) -> None:
        from gaitviewer.core.journal import StaleError

        if go is None or self._kept is None:
            return
        was_saved = self.is_saved
        try:
            self._show(go(self._kept, who=self.settings.rater, when=_now()), was_saved)
        except StaleError:  # changed by another program meanwhile: the step is gone from the menu
            self.document_changed.emit()

    def amend(self, change: Callable[[Document], Document]) -> None:
        """Change the document without a step to undo (videos found again, results of a job).

        Undoing an edit takes back what that edit changed, never these results.
        """
        if self._kept is not None and (changed := change(self._kept)) is not self._kept:
            self.history.forget_documents()
            self._show(changed)

    def show_partial(self, found: Document | None) -> None:
        """Show what an analysis has found so far over the document; None takes that away again."""
        self._partial = found
        if self._kept is not None:
            self._show(self._kept)

    def settle(self, found: Document) -> None:
        """Take over the results of an analysis that is done."""
        self._partial = None
        self.amend(lambda document: with_poses_of(document, found))

    def _show(self, document: Document, was_saved: bool | None = None) -> None:
        was_saved = self.is_saved if was_saved is None else was_saved
        shown = document if self._partial is None else with_poses_of(document, self._partial)
        if document is self._kept and self._document is not None and same_poses(shown, self._document):
            return
        self._kept = document
        self._document = shown
        if self.trial is None:
            self._trial_id = document.trials[0].trial.id if document.trials else ""
            self.trial_changed.emit()
        self.document_changed.emit()
        if was_saved != self.is_saved:
            self.saved_changed.emit()

    @property
    def is_saved(self) -> bool:
        """Whether the disk has the document as it is, and every entry of its journal."""
        return self._kept is self._saved and not (self._history is not None and self._history.pending)

    def mark_saved(self, document: Document | None) -> None:
        """Say that this document (:attr:`kept`, perhaps an older one) is on disk; None: it is being written."""
        was_saved = self.is_saved
        self._saved = document
        if was_saved != self.is_saved:
            self.saved_changed.emit()

    # --- what was measured ---------------------------------------------------------------------------

    @property
    def measures(self) -> Measures | None:
        """The latest measures."""
        return self._measures

    def set_measures(self, measures: Measures | None) -> None:
        """Show measures, or none."""
        self._measures = measures
        self.measures_changed.emit()

    # --- what is shown and selected ------------------------------------------------------------------

    @property
    def trial_id(self) -> str:
        """The trial that is shown, "" if none."""
        return self._trial_id

    @property
    def trial(self) -> TrialData | None:
        """Data of the trial that is shown."""
        trials = self._document.trials if self._document is not None else ()
        return next((data for data in trials if data.trial.id == self._trial_id), None)

    @property
    def motion(self) -> TrialMotion | None:
        """What was found in the trial that is shown."""
        motions = self._measures.motions if self._measures is not None else ()
        return next((motion for motion in motions if motion.trial.id == self._trial_id), None)

    def set_trial(self, trial_id: str) -> None:
        """Show another trial.

        Raises:
            KeyError: the session has no such trial.
        """
        trials = self._document.trials if self._document is not None else ()
        if trial_id not in (data.trial.id for data in trials):
            raise KeyError(trial_id)
        if trial_id != self._trial_id:
            self._trial_id = trial_id
            self.trial_changed.emit()

    def next_trial(self, step: int = 1) -> None:
        """Show the trial ``step`` places on, around the end."""
        trials = self._document.trials if self._document is not None else ()
        names = [data.trial.id for data in trials]
        if names:
            here = names.index(self._trial_id) if self._trial_id in names else 0
            self.set_trial(names[(here + step) % len(names)])

    @property
    def item(self) -> int | None:
        """Number of the selected EVGS item, 1..17, or None."""
        return self._item

    @property
    def side(self) -> Side | None:
        """The selected side, or None."""
        return self._side

    @property
    def evidence(self) -> Evidence | None:
        """The picture that is shown for the selection, or None."""
        return self._evidence

    def select(self, item: int | None, side: Side | None = None, *, evidence: Evidence | None = None) -> None:
        """Select an item of a side; without ``evidence`` the measure's best evidence is taken.

        The trial of the evidence is shown. Selecting the same again is told again: it leads back to the
        evidence after moving away.
        """
        if evidence is None and item is not None and side is not None and self._measures is not None:
            found = self._measures.evgs.get(item, side).evidence
            evidence = found[0] if found else None
        self._item, self._side, self._evidence = item, side, evidence
        trials = self._document.trials if self._document is not None else ()
        if evidence is not None and any(data.trial.id == evidence.trial for data in trials):
            self.set_trial(evidence.trial)
        self.selection_changed.emit()

    def clear_selection(self) -> None:
        """Select nothing."""
        self.select(None)

    # --- settings ------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """The user's settings (read from disk when first asked for)."""
        if self._settings is None:
            from gaitviewer.workflow.app.settings import load

            self._settings = load()
        return self._settings

    def set_settings(self, settings: Settings) -> None:
        """Use other settings (saving them is the caller's business)."""
        if settings != self._settings:
            self._settings = settings
            self.settings_changed.emit()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
