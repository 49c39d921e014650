"""At the end of the status bar: who signed the open session, and whether it still stands so."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.services.saving import SavingService
from gaitviewer.gui.widgets.plain import PlainLabel, plain_tip
from gaitviewer.gui.widgets.translation import translate_data

if TYPE_CHECKING:
    from gaitviewer.core.output import Signature

_WIDEST_PX = 420


class SignatureNote(PlainLabel):
    """A quiet line; nothing where nobody ever signed."""

    def __init__(self, state: AppState, saving: SavingService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("signature_note")
        self.setProperty("quiet", "true")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._saving = saving
        for signal in (state.session_changed, state.document_changed, state.saved_changed, saving.signed):
            signal.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say what is so now."""
        signature = self._saving.signature_now
        words = "" if signature is None else self._words(signature)
        self.setText(self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, _WIDEST_PX))
        self.setAccessibleName(words)
        self.setToolTip(plain_tip(self._help(words, signature) if signature is not None else ""))
        self.setVisible(bool(words))

    def _words(self, signature: Signature) -> str:
        from gaitviewer.core.output import SignatureState

        words = {
            SignatureState.VALID: self.tr("Signed by {name}, {day}"),
            SignatureState.PARTLY: self.tr("Signed by {name}, {day}, with an earlier version"),
            SignatureState.CHANGED: self.tr("Changed since {name} signed on {day}"),
            SignatureState.UNKNOWN: self.tr("Signed by {name}, {day}, with an earlier version: not checked"),
            SignatureState.ALTERED: self.tr("Not signed: the signature of {name}, {day}, was altered"),
        }[signature.state]
        return words.format(name=signature.who, day=_day(signature.when))

    def _help(self, words: str, signature: Signature) -> str:
        from gaitviewer.core.output import SignatureState

        more = {
            SignatureState.PARTLY: self.tr(
                "Grades and measures are as they were signed. That version kept no more: whether texts, key "
                "images and measurements by hand are others now cannot be known. Sign anew to cover them."
            ),
            SignatureState.CHANGED: self.tr("Others than signed: {parts}").format(
                parts=", ".join(translate_data(part) for part in signature.changed)
            )
            if signature.changed
            else "",
            SignatureState.UNKNOWN: self.tr(
                "That version kept too little to tell whether the session was changed since. Sign it anew."
            ),
            SignatureState.ALTERED: self.tr(
                "The record in the library is not as this program wrote it, so it proves nothing. Check the "
                "session, and sign it anew."
            ),
        }.get(signature.state, "")
        kept = self.tr("The library keeps a copy of what was signed.")
        return "\n".join(line for line in (words, more, kept) if line)


def _day(when: str) -> str:
    """The day of an ISO 8601 time here; the text itself where it is none (an altered record)."""
    try:
        return datetime.fromisoformat(when).astimezone().date().isoformat()
    except ValueError:
        return when
