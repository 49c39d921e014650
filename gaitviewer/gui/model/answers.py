"""What learned models said of the open session; panels listen to it and know nothing of who asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from gaitviewer.core.output import Answer
    from gaitviewer.gui.model.explanations import PointedFeature


class Answers(QObject):
    """The answers of the open session, at most one of each system, and the feature that is pointed at.

    Signals:
        pointed_changed: another feature of the knowledge map is pointed at, or none.
        changed: other answers, or the same that are out of date by now (no value; read what you need).
    """

    changed = Signal()
    pointed_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._answers: dict[str, Answer] = {}
        self._pointed: PointedFeature | None = None

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
        self.point_at(None)

    @property
    def pointed(self) -> PointedFeature | None:
        """The feature that the pictures mark."""
        return self._pointed

    def point_at(self, feature: PointedFeature | None) -> None:
        """Mark a feature in the picture that it was read from, or none."""
        if feature != self._pointed:
            self._pointed = feature
            self.pointed_changed.emit()
