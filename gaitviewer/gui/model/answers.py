"""What learned models said of the open session; panels listen to it and know nothing of who asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from gaitviewer.core.output import Answer


class Answers(QObject):
    """The answers of the open session, at most one of each system.

    Signals:
        changed: other answers, or the same that are out of date by now (no value; read what you need).
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._answers: dict[str, Answer] = {}

    def get(self, task: str) -> Answer | None:
        """The answer of a system ("severity", "evgs", "scoliosis"), or None if it was not asked."""
        return self._answers.get(task)

    @property
    def all(self) -> tuple[Answer, ...]:
        """Every answer there is."""
        return tuple(self._answers.values())

    def show(self, answers: Iterable[Answer]) -> None:
        """Show these and no others."""
        self._answers = {answer.task: answer for answer in answers}
        self.changed.emit()
