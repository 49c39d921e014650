"""Which recording of the session is shown."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QWidget

from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.widgets.plain import plain_tip


class TrialBox(QComboBox):
    """The recordings of the open session."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setObjectName("trials")
        self.setAccessibleName(self.tr("Recording"))
        self.setToolTip(self.tr("Recording of the session (T)"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.activated.connect(lambda index: state.set_trial(self.itemData(index)))
        state.document_changed.connect(self._show)
        state.session_changed.connect(self._show)
        state.trial_changed.connect(self._show)

    def _show(self) -> None:
        document = self._state.document
        trials = [data.trial for data in document.trials] if document is not None else []
        names = [trial.id for trial in trials]
        if names != [self.itemData(n) for n in range(self.count())]:
            self.clear()
            for name in names:
                self.addItem("", name)
        for place, trial in enumerate(trials):
            words = self.tr("Recording {n} (left out)") if trial.excluded else self.tr("Recording {n}")
            self.setItemText(place, words.format(n=place + 1))
            self.setItemData(place, plain_tip(trial.excluded) or None, Qt.ItemDataRole.ToolTipRole)
        if self._state.trial_id in names:
            self.setCurrentIndex(names.index(self._state.trial_id))
