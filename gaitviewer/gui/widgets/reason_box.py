"""A reason, chosen from the usual ones or written, with the button that uses it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPushButton

_MOST_LETTERS = 300


class ReasonBox(QComboBox):
    """The usual reasons; any other can be written.

    Signals:
        entered: Return was pressed in it.
    """

    entered = Signal()

    def __init__(self, name: str, spoken: str, usual: Sequence[str]) -> None:
        """``name`` for tests, ``spoken`` for screen readers."""
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.addItems(list(usual))
        line = QLineEdit()
        line.setAccessibleName(spoken)
        line.setPlaceholderText(self.tr("Reason"))
        line.setMaxLength(_MOST_LETTERS)
        line.returnPressed.connect(self.entered)
        self.setLineEdit(line)
        self.setCurrentIndex(-1)

    @property
    def words(self) -> str:
        """What is chosen or written."""
        return self.currentText().strip()

    def empty(self) -> None:
        """For the next one."""
        self.setCurrentIndex(-1)
        self.clearEditText()


def leave_out_row(
    box: ReasonBox, *, name: str, leave_out: Callable[[], object], take_back: Callable[[], object]
) -> tuple[QHBoxLayout, QPushButton, QPushButton]:
    """The box with a button to leave something out, and one to let it count again."""
    tr = QCoreApplication.translate
    button = QPushButton(tr("ReasonBox", "Leave out"))
    button.setObjectName(f"{name}_leave_out")
    button.clicked.connect(leave_out)
    back = QPushButton(tr("ReasonBox", "Let it count again"))
    back.setObjectName(f"{name}_take_back")
    back.clicked.connect(take_back)
    box.entered.connect(leave_out)
    row = QHBoxLayout()
    row.addWidget(box, 1)
    row.addWidget(button)
    row.addWidget(back)
    return row, button, back
