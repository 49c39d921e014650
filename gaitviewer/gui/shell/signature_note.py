"""At the end of the status bar: who signed the open session, and whether it still stands so."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from gaitviewer.core.output import Signature
from gaitviewer.gui.services.saving import SavingService

_WIDEST_PX = 420


class SignatureNote(QLabel):
    """A quiet line; nothing where nobody ever signed."""

    def __init__(self, work: SavingService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("signature_note")
        self.setProperty("quiet", "true")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._work = work
        state = work.state
        for signal in (state.session_changed, state.document_changed, state.saved_changed, work.signed):
            signal.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say what is so now."""
        signature = self._work.signature
        words = "" if signature is None else self._words(signature)
        self.setText(self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, _WIDEST_PX))
        self.setAccessibleName(words)
        self.setToolTip(words and self._help(words))
        self.setVisible(bool(words))

    def _words(self, signature: Signature) -> str:
        day = datetime.fromisoformat(signature.when).astimezone().date().isoformat()
        if self._work.is_signed:
            return self.tr("Signed by {name}, {day}").format(name=signature.who, day=day)
        return self.tr("Changed since {name} signed on {day}").format(name=signature.who, day=day)

    def _help(self, words: str) -> str:
        return words + "\n" + self.tr("The library keeps a copy of what was signed.")
