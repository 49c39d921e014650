"""What a person measured for the selected item, and the grades that this suggests."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from gaitviewer.core.document import Document, ManualMeasurement
from gaitviewer.core.evgs import EvgsItem, Evidence
from gaitviewer.core.gait import Side
from gaitviewer.core.measures import Measures
from gaitviewer.gui.panels.common.wording import hand_words, suggestion_words
from gaitviewer.gui.widgets.plain import PlainLabel
from gaitviewer.workflow.sessions.manual_measurements import Suggestion, direction_of, suggestions


@dataclass(frozen=True, slots=True)
class ByHand:
    """A measurement, the ways of reading it as a grade, and its picture."""

    measured: ManualMeasurement
    suggestions: tuple[Suggestion, ...]
    evidence: Evidence


def measured_for(
    document: Document, measures: Measures | None, item: EvgsItem, side: Side
) -> tuple[ByHand, ...]:
    """All measurements that are meant for an item of a limb, oldest first."""
    found = []
    for measured in document.hand_measures:
        if (measured.item, measured.side) == (item.number, side):
            motions = measures.motions if measures is not None else ()
            motion = next((m for m in motions if m.trial.id == measured.trial), None)
            read = suggestions(
                item,
                side,
                measured,
                direction=direction_of(motion, measured),
                mirrored=document.session.mirrored,
            )
            found.append(ByHand(measured, read, _picture_of(document, measured)))
    return tuple(found)


def _picture_of(document: Document, measured: ManualMeasurement) -> Evidence:
    time_s = float("nan")
    for data in document.trials:
        stream = data.trial.videos[measured.view]
        if (
            data.trial.id == measured.trial
            and stream is not None
            and 0 <= measured.frame < len(stream.info.times)
        ):
            time_s = float(stream.info.times[measured.frame])
    return Evidence(measured.trial, measured.view, measured.frame, time_s, ())


class HandRows(QWidget):
    """A line for each measurement, and below it a button for each grade that it suggests.

    Signals:
        taken: the rater takes a suggestion over (:class:`ByHand`, :class:`Suggestion`).
        choice_asked: the rater must choose one of the suggestions; the widget to be in sight.
    """

    taken = Signal(object, object)
    choice_asked = Signal(QWidget)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("by_hand_rows")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(3)
        self._shown: tuple[tuple[ByHand, ...], EvgsItem] | None = None
        self.buttons: list[QPushButton] = []
        self.choose: QLabel | None = None  # above the suggestions of the latest measurement

    def show_rows(self, rows: tuple[ByHand, ...], item: EvgsItem) -> None:
        """Show these."""
        if self._shown == (rows, item):
            return
        self._shown = (rows, item)
        while (old := self._column.takeAt(0)) is not None:
            widget = old.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.buttons = []
        self.choose = None
        for row in rows:
            label = PlainLabel(hand_words(row.measured), name="by_hand_words", wraps=True)
            self._column.addWidget(label)
            if row is rows[-1] and len(row.suggestions) > 1:
                self._add_choose()
            for suggestion in row.suggestions:
                self._add_button(row, suggestion, item)
            if not row.suggestions:
                why = PlainLabel(
                    self.tr("This tool does not give a value of the item: grade it by what you see."),
                    wraps=True,
                    quiet=True,
                )
                self._column.addWidget(why)
        self.setVisible(bool(rows))

    def _add_button(self, row: ByHand, suggestion: Suggestion, item: EvgsItem) -> None:
        words = suggestion_words(suggestion.value, suggestion.band, item.unit)
        button = QPushButton(words)
        button.setObjectName("by_hand_take")
        button.setAccessibleName(self.tr("Take over as your grade: {words}").format(words=words))
        button.setToolTip(self.tr("Take this over as your grade, with the picture it was measured in"))
        button.clicked.connect(lambda: self.taken.emit(row, suggestion))
        self._column.addWidget(button)
        self.buttons.append(button)

    def _add_choose(self) -> None:
        self.choose = PlainLabel(
            self.tr("It can be read in several ways: choose one of these (Tab, Return)."),
            name="by_hand_choose",
            wraps=True,
        )
        self.choose.hide()
        self._column.addWidget(self.choose)

    def take(self) -> None:
        """Take the latest measurement over where it can be read in one way only; else lead to the choice."""
        rows = self._shown[0] if self._shown is not None else ()
        if not rows or not rows[-1].suggestions:
            return
        if len(rows[-1].suggestions) == 1:
            self.taken.emit(rows[-1], rows[-1].suggestions[0])
        else:
            first, last = self.buttons[-len(rows[-1].suggestions)], self.buttons[-1]
            if self.choose is not None:
                self.choose.show()
            first.setFocus(Qt.FocusReason.ShortcutFocusReason)
            for widget in (last, self.choose or first):
                self.choice_asked.emit(widget)
