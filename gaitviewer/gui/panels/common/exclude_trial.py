"""The recording that is shown counts, or a person leaves it out with a reason and takes that back."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.core import edits
from gaitviewer.core.document import Document
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.wording import sentence
from gaitviewer.gui.widgets.plain import PlainLabel
from gaitviewer.gui.widgets.reason_box import ReasonBox, leave_out_row


def is_last_that_counts(document: Document, trial: str) -> bool:
    """Whether nothing would be measured without this recording."""
    return all(data.trial.excluded for data in document.trials if data.trial.id != trial)


class TrialOutBar(QFrame):
    """A card about the recording that is shown; hidden where the session has only one."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setObjectName("trial_out_bar")
        self.setAccessibleName(self.tr("Whether the recording counts"))
        self.setProperty("card", "true")
        self.words = PlainLabel(name="trial_out_words", wraps=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 8, 8)
        layout.setSpacing(4)
        layout.addWidget(self.words)
        layout.addLayout(self._build_reasons())
        for signal in (state.session_changed, state.document_changed, state.trial_changed):
            signal.connect(self._reload)
        self._reload()

    def _build_reasons(self) -> QHBoxLayout:
        usual = (
            self.tr("not typical of this walk"),
            self.tr("is helped or touched"),
            self.tr("keypoints are wrong"),
            self.tr("another person is measured"),
        )
        self.reason = ReasonBox("trial_out_reason", self.tr("Why the recording is left out"), usual)
        self.reason.editTextChanged.connect(self._allow)
        row, self.button, self.back = leave_out_row(
            self.reason, name="trial", leave_out=self._leave_out, take_back=self._take_back
        )
        self.button.setAccessibleName(self.tr("Leave out this recording"))
        self.back.setAccessibleName(self.tr("Let this recording count again"))
        return row

    def _reload(self) -> None:
        document, data = self._state.document, self._state.trial
        self.setVisible(document is not None and data is not None and len(document.trials) > 1)
        if document is None or data is None:
            return
        number = document.trials.index(data) + 1
        why = data.trial.excluded
        if why:
            words = self.tr("Recording {n} is left out: {why}").format(n=number, why=sentence(why))
        elif is_last_that_counts(document, data.trial.id):
            words = self.tr("Recording {n} is the only one that counts.").format(n=number)
        else:
            words = self.tr("Recording {n} counts.").format(n=number)
        self.words.setText(words)
        self.reason.setVisible(not why)
        self.button.setVisible(not why)
        self.back.setVisible(bool(why))
        self._allow()

    def _may_leave_out(self) -> bool:
        document, data = self._state.document, self._state.trial
        if document is None or data is None or data.trial.excluded:
            return False
        return not is_last_that_counts(document, data.trial.id)

    def _allow(self) -> None:
        self.reason.setEnabled(self._may_leave_out())
        self.button.setEnabled(self._may_leave_out() and bool(self.reason.words))

    def _leave_out(self) -> None:
        reason = self.reason.words
        document = self._state.document
        if document is None or not reason or not self._may_leave_out():
            return
        self.reason.empty()
        changed = edits.exclude_trial(document, self._state.trial_id, reason)
        self._state.edit(changed, self.tr("Leave out a recording"))

    def _take_back(self) -> None:
        document = self._state.document
        if document is not None:
            changed = edits.exclude_trial(document, self._state.trial_id, "")
            self._state.edit(changed, self.tr("Let a recording count again"))
