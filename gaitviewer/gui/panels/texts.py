"""Findings, impression and plan as free text for the report."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.base import Panel, nothing_open
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.widgets.one_shot import one_shot
from gaitviewer.gui.widgets.plain import PlainLabel

_PAUSE_MS = 1500  # what is typed without a longer pause is one step to undo


class TextsPanel(Panel):
    """Three fields; what is typed is in the document at once."""

    def __init__(self, state: AppState, player: Player, parent: QWidget | None = None) -> None:
        title = QCoreApplication.translate("TextsPanel", "Report text")
        super().__init__(state, player, name="panel_texts", title=title, parent=parent)
        self.fields: dict[str, QPlainTextEdit] = {}
        self._burst = 0
        self._showing = False
        self._pause = one_shot(self, _PAUSE_MS, self._end_burst)
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(10, 6, 10, 8)
        layout.setSpacing(3)
        for name, words, hint in (
            ("findings", self.tr("Findings"), self.tr("What is seen, limb by limb")),
            ("impression", self.tr("Impression"), self.tr("What it means")),
            ("plan", self.tr("Plan"), self.tr("What is to be done")),
        ):
            label = PlainLabel(words, quiet=True)
            field = QPlainTextEdit()
            field.setObjectName(f"text_{name}")
            field.setAccessibleName(words)
            field.setPlaceholderText(hint)
            field.setTabChangesFocus(True)
            field.setUndoRedoEnabled(False)  # undo is the session's, for everything
            field.setMinimumHeight(3 * field.fontMetrics().lineSpacing() + 12)
            field.textChanged.connect(lambda name=name: self._keep(name))
            label.setBuddy(field)
            layout.addWidget(label)
            layout.addWidget(field, 2 if name == "findings" else 1)
            self.fields[name] = field
        state.session_changed.connect(self._reload)
        state.document_changed.connect(self._reload)
        self._reload()

    def _reload(self) -> None:
        document = self.state.document
        if document is None:
            self.show_empty(nothing_open())
            return
        self.show_content()
        self._showing = True
        for name, field in self.fields.items():
            text = getattr(document.texts, name)
            if text != field.toPlainText():
                field.setPlainText(text)
        self._showing = False

    def _keep(self, name: str) -> None:
        document = self.state.document
        if self._showing or document is None:
            return
        text = self.fields[name].toPlainText()
        if text != getattr(document.texts, name):
            self._pause.start()
            after = replace(document, texts=replace(document.texts, **{name: text}))
            self.state.edit(after, self.tr("Type in the report"), merge=f"text {name} {self._burst}")

    def _end_burst(self) -> None:
        self._burst += 1
