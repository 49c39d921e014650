"""What went wrong, in one sentence, with details to copy."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from gaitviewer.gui.widgets.plain import PlainMessageBox


class FailureDialog(PlainMessageBox):
    """A sentence, and on demand the details."""

    def __init__(self, title: str, message: str, details: str = "", parent: QWidget | None = None) -> None:
        super().__init__(title, message, parent)
        self.setObjectName("failure_dialog")
        self.addButton(QMessageBox.StandardButton.Close)
        if details:
            self.setDetailedText(details)
            self.copy_button = self.addButton(self.tr("Copy details"), QMessageBox.ButtonRole.ActionRole)
            self.copy_button.clicked.disconnect()  # every button of a message box closes it
            self.copy_button.clicked.connect(self.copy)

    def copy(self) -> None:
        """Put message and details on the clipboard."""
        QGuiApplication.clipboard().setText(f"{self.text()}\n\n{self.detailedText()}")
