"""Texts that are shown as they are: a name such as "<img src=...>" is a name, not markup that opens a file."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import Qt as RichText
from PySide6.QtWidgets import QFormLayout, QFrame, QLabel, QMessageBox, QScrollArea, QWidget

from gaitviewer.gui.widgets import theme


class PlainLabel(QLabel):
    """A label that never takes its text for markup."""

    def __init__(
        self,
        text: str | QWidget | None = None,
        parent: QWidget | None = None,
        *,
        name: str = "",
        wraps: bool = False,
        quiet: bool = False,
        selectable: bool = False,
    ) -> None:
        """Show ``text``, paler if ``quiet``; as with ``QLabel`` a parent may come first and alone."""
        if isinstance(text, QWidget):
            text, parent = None, text
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName(name)
        self.setWordWrap(wraps)
        if quiet:
            self.setProperty("quiet", "true")
        if selectable:
            self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if text:
            self.setText(text)


class TallArea(QScrollArea):
    """A frameless area whose content is as wide as itself and scrolls up and down only."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


class PlainMessageBox(QMessageBox):
    """A message box, with the sign of a warning, that never takes its text for markup."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOption(QMessageBox.Option.DontUseNativeDialog)  # one that looks and copies alike everywhere
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setText(text)
        self.setIconPixmap(theme.icon("warning", "warning").pixmap(32, 32))


def add_plain_row(form: QFormLayout, words: str, field: QWidget) -> None:
    """A row of a form; the label that the form would make by itself takes its text for markup."""
    label = PlainLabel(words)
    label.setBuddy(field)
    form.addRow(label, field)


def plain_tip(text: str) -> str:
    """A tooltip that shows this text as it is: Qt takes one that looks like markup for markup."""
    if not RichText.mightBeRichText(text):
        return text
    import html

    return f"<qt>{html.escape(text)}</qt>".replace("\n", "<br>")
