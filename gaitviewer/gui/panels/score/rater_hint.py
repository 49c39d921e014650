"""Below the name of the rater: why a name is asked for, grades that have none, what is left at the end."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from gaitviewer.gui.widgets.plain import PlainLabel

_FEW = 6  # names of items that a sentence can hold


class RaterHint(QFrame):
    """A sentence, and a button where there is something to decide.

    Signals:
        adopted: the grades without a name are the rater's.
    """

    adopted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rater_hint")
        self.setProperty("card", "true")
        self.words = PlainLabel(name="rater_hint_words", wraps=True)
        self.button = QPushButton()
        self.button.setObjectName("rater_adopt")
        self.button.setAccessibleName(self.tr("Nothing to do"))
        self.button.clicked.connect(self.adopted)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 6, 4)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        self.hide()

    def show_waiting(self, grades: tuple[str, ...]) -> None:
        """These grades ("KFX left") wait for a name."""
        if len(grades) == 1:
            words = self.tr("Who grades? Enter your name or initials: the grade of {what} is kept then.")
        else:
            words = self.tr("Who grades? Enter your name or initials: the grades of {what} are kept then.")
        self._say(words.format(what=", ".join(grades)) + " " + self.tr("Esc drops it."), "")

    def show_nameless(self, count: int, rater: str) -> None:
        """So many grades of the session have no name; nothing is said where there are none."""
        if not count:
            self.hide()
            return
        if count == 1:
            words = self.tr("1 grade of this session was given without a name.")
        else:
            words = self.tr("{n} grades of this session were given without a name.").format(n=count)
        self._say(words, self.tr("By {rater}").format(rater=rater))
        self.button.setToolTip(self.tr("Put this name to them; this can be undone"))

    def show_end(self, ungraded: tuple[str, ...]) -> None:
        """The last item was reached; these ("KFX left") have no grade yet."""
        if not ungraded:
            words = self.tr("This is the last item. All items of the views recorded are graded.")
        else:
            few = ", ".join(ungraded[:_FEW]) + (", …" if len(ungraded) > _FEW else "")
            words = self.tr("This is the last item. Items left without a grade: {n} ({few}).")
            words = words.format(n=len(ungraded), few=few)
        self._say(words, "")

    def _say(self, words: str, button: str) -> None:
        self.words.setText(words)
        self.button.setText(button)
        self.button.setAccessibleName(button or self.tr("Nothing to do"))
        self.button.setVisible(bool(button))
        self.show()
