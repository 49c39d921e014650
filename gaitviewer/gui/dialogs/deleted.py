"""Sessions that were deleted, to be put back or erased for good."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.gui.widgets.plain import PlainLabel
from gaitviewer.workflow.sessions.listing import SessionCard


class DeletedDialog(QDialog):
    """The deleted sessions of the library.

    Signals:
        chosen: put this session back (id).
        empty_asked: erase all of them for good.
    """

    chosen = Signal(str)
    empty_asked = Signal()

    def __init__(self, cards: tuple[SessionCard, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("deleted_dialog")
        self.setWindowTitle(self.tr("Deleted sessions"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumSize(460, 320)
        words = PlainLabel(
            self.tr(
                "Everything in them is kept: grades, corrections, texts and signatures come back with them."
            )
            if cards
            else self.tr("No session was deleted."),
            wraps=True,
        )
        self.list = QListWidget()
        self.list.setObjectName("deleted_list")
        self.list.setAccessibleName(self.windowTitle())
        for card in cards:
            parts = [card.subject, card.when.isoformat() if card.when else "", card.id]
            item = QListWidgetItem("   ".join(part for part in parts if part))
            item.setData(Qt.ItemDataRole.UserRole, card.id)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setVisible(bool(cards))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.restore = QPushButton(self.tr("Restore"))
        self.restore.setObjectName("deleted_restore")
        self.restore.setProperty("primary", "true")
        self.restore.setEnabled(bool(cards))
        buttons.addButton(self.restore, QDialogButtonBox.ButtonRole.AcceptRole)
        self.empty = QPushButton(self.tr("Empty the bin…"))
        self.empty.setObjectName("deleted_empty")
        self.empty.setEnabled(bool(cards))
        self.empty.setAutoDefault(False)
        self.empty.clicked.connect(self._ask_to_empty)
        buttons.addButton(self.empty, QDialogButtonBox.ButtonRole.ResetRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 12)
        layout.setSpacing(10)
        layout.addWidget(words)
        layout.addWidget(self.list, 1)
        layout.addWidget(buttons)

    def _ask_to_empty(self) -> None:
        super().accept()
        self.empty_asked.emit()

    def accept(self) -> None:
        """Hand the session on."""
        item = self.list.currentItem()
        if item is not None:
            self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))
        super().accept()
