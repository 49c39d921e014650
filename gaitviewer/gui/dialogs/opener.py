"""Opens the dialogs of the window, one at a time; none of them holds up the work behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from gaitviewer.gui.model.choices import keep_settings
from gaitviewer.gui.services.services import Services

if TYPE_CHECKING:
    from gaitviewer.core.session import Session
    from gaitviewer.gui.dialogs.report import ReportChoices
    from gaitviewer.workflow.sessions.listing import SessionCard

# So many sessions are named in a question; of the others the number is told.
_NAMED = 4


class Dialogs(QObject):
    """What the window asks and shows.

    Attributes:
        current: the dialog that is open, or None.

    Signals:
        keys_changed: the user's own keys are others now.
    """

    keys_changed = Signal()

    def __init__(self, window: QWidget, services: Services, places: QSettings) -> None:
        super().__init__(window)
        self._window = window
        self._services = services
        self._places = places
        self.current: QDialog | None = None

    def _open(self, dialog: QDialog) -> None:
        if self.current is not None:
            self.current.close()
        self.current = dialog
        dialog.finished.connect(lambda _: self._gone(dialog))
        dialog.open()

    def _gone(self, dialog: QDialog) -> None:
        if self.current is dialog:
            self.current = None

    def close(self) -> None:
        """Close what is open."""
        if self.current is not None:
            self.current.close()

    def new_session(self, files: Iterable[Path] | bool = ()) -> None:
        """Ask for videos and facts; ``files`` are there already."""
        from gaitviewer.gui.dialogs.new_session import NewSessionDialog

        # A button's signal brings its state along.
        given = () if isinstance(files, bool) else tuple(files)
        dialog = NewSessionDialog(self._services.jobs, given, self._window)
        dialog.chosen.connect(lambda request, analyse: self._services.sessions.create(request, analyse=analyse))
        self._open(dialog)

    def change_facts(self) -> None:
        """Change the facts of the open session as one step that can be undone."""
        from gaitviewer.gui.dialogs.new_session import FactsDialog

        state = self._services.state
        if state.document is None:
            return

        def use(session: Session) -> None:
            if state.document is not None and state.document.session.id == session.id:
                state.edit(replace(state.document, session=session), self.tr("Change the facts"))

        dialog = FactsDialog(state.document.session, self._window)
        dialog.chosen.connect(use)
        self._open(dialog)

    def show_report(self) -> None:
        """Preview and export."""
        from gaitviewer.gui.dialogs.report import ReportDialog
        from gaitviewer.gui.model.blinding import is_any_hidden

        state = self._services.state
        if state.document is None or state.measures is None:
            return
        folder = self._places.value("report/folder")
        dialog = ReportDialog(
            state.document,
            state.measures,
            self._services.jobs,
            library=self._services.library.file,
            signed=self._services.saving.signature_now,
            paper=state.settings.paper,
            folder=Path(folder) if folder else None,
            choices=self._report_choices(),
            hidden=is_any_hidden(state.document, state.settings, state.measures),
            answers=state.answers.all,
            parent=self._window,
        )
        dialog.finished.connect(lambda _: self._keep_report_choices(dialog.choices))
        dialog.written.connect(lambda path: self._places.setValue("report/folder", str(path.parent)))
        self._open(dialog)

    def _report_choices(self) -> ReportChoices:
        """As they were when the dialog was last closed."""
        from gaitviewer.gui.dialogs.report import ReportChoices

        chosen = self._services.state.settings
        return ReportChoices(chosen.paper, chosen.report_anonymous, frozenset(chosen.report_left_out))

    def _keep_report_choices(self, choices: ReportChoices) -> None:
        keep_settings(
            self._services.state,
            paper=choices.paper or self._services.state.settings.paper,
            report_anonymous=choices.anonymous,
            report_left_out=tuple(sorted(choices.left_out)),
        )

    def show_models(self) -> None:
        """The models that are here."""
        from gaitviewer.gui.dialogs.models import ModelsDialog

        services = self._services
        self._open(ModelsDialog(services.state, services.inference, services.jobs, self._window))

    def ask_signature(self) -> None:
        """Who signs the open session."""
        from gaitviewer.gui.dialogs.sign import SignDialog

        state = self._services.state
        if state.document is None or state.measures is None:
            return
        items = len(state.measures.evgs.measures.left)
        dialog = SignDialog(state.document, items, rater=state.settings.rater, parent=self._window)
        dialog.chosen.connect(self._services.saving.sign)
        self._open(dialog)

    def ask_conflict(self, sentence: str) -> None:
        """Another program saved the open session: keep both, or only the other one."""
        from gaitviewer.gui.dialogs.question import Answer, QuestionDialog

        answers = (
            Answer("theirs", self.tr("Take the other one"), self._services.sessions.take_theirs),
            Answer("copy", self.tr("Keep mine as a copy"), self._services.sessions.keep_copy, main=True),
        )
        self._open(QuestionDialog(self.tr("Changed in another program"), sentence, answers, self._window))

    def ask_unsaved(self, sentence: str, then: Callable[[], object]) -> None:
        """Something waits for edits that cannot be saved: try again, save them elsewhere, or give them up."""
        from gaitviewer.gui.dialogs.question import Answer, QuestionDialog

        def give_up() -> None:
            self._services.saving.let_go()
            then()

        answers = (
            Answer("discard", self.tr("Give up the edits"), give_up),
            Answer("elsewhere", self.tr("Save elsewhere…"), lambda: self._save_elsewhere(then)),
            Answer("again", self.tr("Try again"), lambda: self._services.saving.when_saved(then), main=True),
        )
        self._open(QuestionDialog(self.tr("Edits are not saved"), sentence, answers, self._window))

    def _save_elsewhere(self, then: Callable[[], object]) -> None:
        title = self.tr("Save the session into another library")
        path, _ = QFileDialog.getSaveFileName(self._window, title, "gaitviewer-copy.db", "*.db")
        if path:
            self._services.saving.save_elsewhere(Path(path), then)

    def ask_delete(self, card: SessionCard | None) -> None:
        """Whether a session shall be deleted, and what that means."""
        from gaitviewer.gui.dialogs.question import Answer, QuestionDialog

        if card is None:
            return
        when = f" ({card.when.isoformat()})" if card.when else ""
        question = self.tr(
            "Delete the session of {subject}{when} (recordings: {trials}, grades: {grades})? It "
            "leaves the list and can be restored with everything in it (Session, Deleted sessions). Videos, "
            "reports and exported files stay where they are."
        ).format(subject=card.subject, when=when, trials=card.trials, grades=card.grades)
        answers = (
            Answer("delete", self.tr("Delete"), lambda: self._services.listing.delete(card.id), main=True),
        )
        self._open(QuestionDialog(self.tr("Delete a session"), question, answers, self._window))

    def show_deleted(self, cards: tuple[SessionCard, ...]) -> None:
        """Sessions that can be restored."""
        from gaitviewer.gui.dialogs.deleted import DeletedDialog

        dialog = DeletedDialog(cards, self._window)
        dialog.chosen.connect(self._services.listing.restore)
        dialog.empty_asked.connect(lambda: self.ask_purge(cards))
        self._open(dialog)

    def ask_purge(self, cards: tuple[SessionCard, ...]) -> None:
        """Whether these deleted sessions shall be erased for good, and what that means."""
        from gaitviewer.gui.dialogs.question import Answer, QuestionDialog

        names = [f"{card.subject} ({card.when.isoformat()})" if card.when else card.subject for card in cards]
        shown = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
        question = self.tr(
            "Erase for good what was deleted: {names}? Keypoints, corrections, grades ({grades}), "
            "texts, key images and signatures cannot be brought back, not from the copies of the library "
            "either. The videos themselves, reports and exported files stay where they are."
        ).format(names=shown, grades=sum(card.grades for card in cards))
        ids = tuple(card.id for card in cards)
        answers = (Answer("purge", self.tr("Erase for good"), lambda: self._services.listing.purge(ids)),)
        self._open(QuestionDialog(self.tr("Empty the bin"), question, answers, self._window))

    def offer_copy(self, message: str) -> None:
        """The library, or a part of it, is damaged (a sentence): offer the latest copy, where there is one."""
        from gaitviewer.gui.dialogs.question import Answer, QuestionDialog
        from gaitviewer.store import latest_copy

        title = self.tr("The library is damaged")
        copy = latest_copy(self._services.library.file)
        if copy is None:
            self.show_failure(title, message)
            return
        question = self.tr(
            "There is a copy of the library: {copy}. Shall it be used from now on? What was changed after it "
            "was made is not in it. The damaged file is set aside in the same folder, not deleted."
        ).format(copy=copy.words)
        answers = (
            Answer(
                "copy", self.tr("Use this copy"), lambda: self._services.listing.use_copy(copy.path), main=True
            ),
        )
        self._open(QuestionDialog(title, f"{message}\n\n{question}", answers, self._window))

    def show_help(self) -> None:
        """All keys."""
        from gaitviewer.gui.dialogs.help import HelpDialog

        dialog = HelpDialog(self._window)
        dialog.keys_changed.connect(self.keys_changed)
        self._open(dialog)

    def show_about(self) -> None:
        """What the program is."""
        from gaitviewer.gui.dialogs.about import AboutDialog

        self._open(AboutDialog(self._window))

    def show_settings(self) -> None:
        """What is chosen once."""
        from gaitviewer.gui.dialogs.settings import SettingsDialog

        dialog = SettingsDialog(self._services.state.settings, self._window)
        dialog.chosen.connect(self._services.state.set_settings)
        self._services.inference.find_devices(
            lambda found: dialog.show_devices(found) if self.current is dialog else None
        )
        self._open(dialog)

    def show_failure(self, title: str, message: str, details: str = "") -> None:
        """A sentence, with details to copy."""
        from gaitviewer.gui.dialogs.failure import FailureDialog

        self._open(FailureDialog(title, message, details, self._window))
