"""Signing a session: who, and what exactly is signed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QPushButton, QVBoxLayout, QWidget

from gaitviewer.core.document import Document
from gaitviewer.core.gait import Side
from gaitviewer.gui.widgets.plain import PlainLabel


class SignDialog(QDialog):
    """Says what is graded and asks for a name.

    Signals:
        chosen: the name.
    """

    chosen = Signal(str)

    def __init__(self, document: Document, items: int, *, rater: str, parent: QWidget | None = None) -> None:
        """``items``: how many items the score has."""
        super().__init__(parent)
        self.setObjectName("sign_dialog")
        self.setWindowTitle(self.tr("Sign"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(460)
        self._document = document
        self._items = items
        self.words = PlainLabel(name="sign_words", wraps=True)
        self.name = QLineEdit(rater)
        self.name.setObjectName("sign_name")
        self.name.setAccessibleName(self.tr("Your name"))
        self.name.setPlaceholderText(self.tr("Your name"))
        self.name.setMaxLength(200)
        self.name.textChanged.connect(self._show)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.sign_button = QPushButton(self.tr("Sign"))
        self.sign_button.setObjectName("sign_button")
        self.sign_button.setProperty("primary", "true")
        buttons.addButton(self.sign_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 12)
        layout.setSpacing(10)
        layout.addWidget(self.words)
        layout.addWidget(self.name)
        layout.addWidget(buttons)
        self._show()

    def _show(self) -> None:
        name = self.name.text().strip()
        counts = []
        for side in Side:
            graded = {g.item for g in self._document.grades if g.side is side and g.rater == name}
            words = self.tr("left") if side is Side.LEFT else self.tr("right")
            counts.append(f"{words} {len(graded)} / {self._items}")
        self.words.setText(
            self.tr(
                "You sign the session as it is now: its measured values and all grades by persons. Under "
                "this name there are grades for: {counts} items. Only grades given by a person count as "
                "grades; a later change takes the signature away."
            ).format(counts=", ".join(counts))
        )
        self.sign_button.setEnabled(bool(name))

    def accept(self) -> None:
        """Hand the name on."""
        if self.name.text().strip():
            self.chosen.emit(self.name.text().strip())
            super().accept()
