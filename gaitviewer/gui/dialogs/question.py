"""A question that must be answered before something can be lost: a sentence and a button for each answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel


@dataclass(frozen=True, slots=True)
class Answer:
    """One button: its name in the program, its words, what it does; ``main`` is taken by Return.

    Where no answer is the main one, because it cannot be undone, Return cancels.
    """

    name: str
    words: str
    command: Callable[[], object]
    main: bool = False


class QuestionDialog(QDialog):
    """Escape and closing answer nothing, and nothing is done then."""

    def __init__(
        self, title: str, question: str, answers: Sequence[Answer], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("question_dialog")
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(520)
        icon = PlainLabel()
        icon.setPixmap(theme.icon("warning", "warning").pixmap(32, 32))
        self.words = PlainLabel(question)
        self.words.setObjectName("question_words")
        self.words.setWordWrap(True)
        self.words.setFixedWidth(436)  # its height is known from the start, so that nothing is left empty
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, 1, Qt.AlignmentFlag.AlignTop)
        below = QHBoxLayout()
        below.addStretch(1)
        self.buttons: dict[str, QPushButton] = {}
        safe = not any(answer.main for answer in answers)
        for answer in (Answer("cancel", self.tr("Cancel"), lambda: None, main=safe), *answers):
            button = QPushButton(answer.words)
            button.setObjectName(f"question_{answer.name}")
            button.setDefault(answer.main)
            button.setAutoDefault(True)  # Return presses the button that was gone to with Tab
            if answer.main:
                button.setProperty("primary", "true")
            button.clicked.connect(lambda _=False, command=answer.command: self._answer(command))
            below.addWidget(button)
            self.buttons[answer.name] = button
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 18, 18, 14)
        layout.setSpacing(16)
        layout.addLayout(row)
        layout.addLayout(below)
        main = next((answer.name for answer in answers if answer.main), "cancel")
        self.buttons[main].setFocus()

    def _answer(self, command: Callable[[], object]) -> None:
        self.accept()
        command()
