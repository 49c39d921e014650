"""A question that must be answered before something can be lost: a sentence and a button for each answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from gaitviewer.gui.widgets.plain import PlainMessageBox


@dataclass(frozen=True, slots=True)
class Answer:
    """One button: its name in the program, its words, what it does; ``main`` is taken by Return.

    Where no answer is the main one, because it cannot be undone, Return cancels.
    """

    name: str
    words: str
    command: Callable[[], object]
    main: bool = False


class QuestionDialog(PlainMessageBox):
    """Escape and closing answer nothing, and nothing is done then."""

    def __init__(
        self, title: str, question: str, answers: Sequence[Answer], parent: QWidget | None = None
    ) -> None:
        super().__init__(title, question, parent)
        self.setObjectName("question_dialog")
        self.answers: dict[str, QPushButton] = {"cancel": self.addButton(QMessageBox.StandardButton.Cancel)}
        self.setDefaultButton(self.answers["cancel"])
        for answer in answers:
            button = self.answers[answer.name] = QPushButton(answer.words)
            button.setProperty("primary", "true" if answer.main else None)
            roles = QMessageBox.ButtonRole
            self.addButton(button, roles.AcceptRole if answer.main else roles.ActionRole)
            if answer.main:
                self.setDefaultButton(button)
            # Once the box is closed.
            button.clicked.connect(lambda _=False, command=answer.command: command())
