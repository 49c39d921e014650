"""Captions in the list of key images: an empty one says how to write it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gaitviewer.gui.widgets import theme


class CaptionDelegate(QStyledItemDelegate):
    """Quiet words where there is no caption; they are no part of it."""

    def initStyleOption(  # noqa: N802  Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The caption, or what to do for one."""
        super().initStyleOption(option, index)
        if option.text:
            return
        option.text = self.tr("Double-click or press F2 to write a caption")
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDisplay
        muted = theme.palette().colour("muted")
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
            option.palette.setColor(role, muted)

    def createEditor(  # noqa: N802  Qt's name
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget:
        """A field that says what is written in it."""
        editor = super().createEditor(parent, option, index)
        if isinstance(editor, QLineEdit):
            editor.setPlaceholderText(self.tr("What the picture shows"))
        return editor
