"""Below the score table: why the selected score is what it is, its evidence, and the rater's note."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.core.document import Document
from gaitviewer.core.evgs import EvgsItem, EvgsMeasure, Evidence, Grade
from gaitviewer.core.gait import Side
from gaitviewer.gui.panels.common.cells import grade_words
from gaitviewer.gui.panels.common.score_painting import ProbabilityBar
from gaitviewer.gui.panels.common.wording import (
    evidence_title,
    facts,
    probabilities_text,
    recording_name,
    side_name,
    time_text,
    view_name,
    why_score,
)
from gaitviewer.gui.panels.score.manual import ByHand, HandRows
from gaitviewer.gui.panels.score.model_words import Look
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel, TallArea, plain_tip
from gaitviewer.gui.widgets.translation import translate_data

# What is kept free for the sentence and the pictures, also of an item that needs less: the table stays put.
_LINES, _PICTURES = 3, 2
_ICON = Qt.ItemDataRole.UserRole + 1


class DetailView(TallArea):
    """One limb of one item.

    Signals:
        graded: 0, 1, 2 or None for not assessable (from the buttons).
        removed: the grade is to be taken back.
        noted: the rater writes this note (told letter by letter, so that nothing typed can be lost).
        entered: Return was pressed in the note.
        evidence_chosen: an :class:`Evidence` to go to.
        taken: a measurement by hand is to be the grade (:class:`ByHand` and its ``Suggestion``).
    """

    graded = Signal(object)
    removed = Signal()
    noted = Signal(str)
    entered = Signal()
    evidence_chosen = Signal(object)
    taken = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("evgs_detail", QCoreApplication.translate("DetailView", "The selected score"), parent)
        inside = QWidget()
        self._shown: tuple[int, Side] | None = None
        self._document: Document | None = None
        layout = self._column = QVBoxLayout(inside)
        layout.setContentsMargins(10, 6, 10, 8)
        layout.setSpacing(5)
        self.title = _label("evgs_detail_title")
        self.why = _label("evgs_detail_why")
        self.probabilities = ProbabilityBar()
        self.facts = _label("evgs_detail_facts", quiet=True)
        self.by_hand = HandRows()
        self.by_hand.taken.connect(self.taken)
        self.by_hand.choice_asked.connect(self.ensureWidgetVisible)
        self.model = _label("evgs_detail_model")
        self.others = _label("evgs_detail_others", quiet=True)
        self.evidence = QListWidget()
        self.evidence.setObjectName("evgs_evidence")
        self.evidence.setAccessibleName(self.tr("Pictures that the score rests on"))
        self.evidence.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.evidence.itemActivated.connect(self._go)
        self.evidence.itemClicked.connect(self._go)
        layout.addWidget(self.title)
        layout.addLayout(self._grade_row())
        for widget in (self.why, self.evidence, self.probabilities, self.by_hand, self.facts):
            layout.addWidget(widget)
        for widget in (self.model, self.others):
            layout.addWidget(widget)
        layout.addStretch(1)
        self.setWidget(inside)
        self.retheme()

    def _grade_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.buttons: dict[int | None, QPushButton] = {}
        for score in (0, 1, 2, None):
            button = QPushButton("n" if score is None else str(score))
            button.setObjectName(f"grade_{'n' if score is None else score}")
            tip = self.tr("Not assessable (N)") if score is None else self.tr("Grade %n", "", score)
            button.setToolTip(plain_tip(tip))
            button.setAccessibleName(tip)
            button.setCheckable(True)
            button.setFixedWidth(30)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _on, score=score: self._press(score))
            row.addWidget(button)
            self.buttons[score] = button
        self.note = QLineEdit()
        self.note.setObjectName("grade_note")
        self.note.setAccessibleName(self.tr("Note on your grade"))
        self.note.setPlaceholderText(self.tr("Note on your grade"))
        self.note.setMaxLength(500)
        self.note.textEdited.connect(lambda text: self.noted.emit(text.strip()))
        self.note.returnPressed.connect(self.entered)
        row.addWidget(self.note, 1)
        return row

    def _press(self, score: int | None) -> None:
        if self.buttons[score].isChecked():
            self.graded.emit(score)
        else:
            self.removed.emit()

    def _go(self, row: QListWidgetItem) -> None:
        self.evidence_chosen.emit(row.data(Qt.ItemDataRole.UserRole))

    def show_nothing(self) -> None:
        """No limb is selected."""
        self.title.setText(self.tr("No item selected"))
        self.why.setText(self.tr("Click a score to see the picture it rests on and why it is what it is."))
        self._fill((), None, "")
        self.probabilities.show_chances(None, "")
        for widget in (self.facts, self.by_hand, self.model, self.others):
            widget.hide()
        self._show_grade(None, enabled=False)

    def show_limb(
        self,
        item: EvgsItem,
        side: Side,
        *,
        measure: EvgsMeasure | None,
        grade: Grade | None,
        others: tuple[Grade, ...],
        by_hand: tuple[ByHand, ...],
        hidden: bool,
        shown: Evidence | None,
        document: Document | None = None,
        model: tuple[str, ...] = (),
        looks: tuple[Look, ...] = (),
    ) -> None:
        """Show a limb; with ``hidden`` nothing that the program or others think of it.

        ``document``: the session, whose recordings have numbers.   ``model``: what the video model says.
        ``looks``: the pictures that it looked at.
        """
        self._document = document
        if self._shown != (item.number, side):
            self._shown = item.number, side
            self.verticalScrollBar().setValue(0)
        self.title.setText(f"{item.number}  {translate_data(item.name)}, {side_name(side)}")
        if hidden:
            self.why.setText(self.tr("What was measured is hidden until you have graded this item."))
        elif measure is None:
            self.why.setText(self.tr("Nothing is measured yet."))
        else:
            self.why.setText(why_score(measure))
        open_measure = None if hidden else measure
        self.probabilities.show_chances(
            open_measure.probabilities if open_measure else None,
            probabilities_text(open_measure) if open_measure else "",
        )
        self._say(self.facts, () if open_measure is None else facts(open_measure))
        self.by_hand.show_rows(by_hand, item)
        self._say(self.model, () if hidden else model)
        self._say(self.others, () if hidden else tuple(grade_words(other) for other in others))
        self._fill(() if measure is None else measure.evidence, shown, "" if hidden else item.unit)
        self._add_measured(by_hand, shown)
        self._add_looks(() if hidden else looks)
        self._show_grade(grade, enabled=True)

    def _say(self, label: QLabel, lines: tuple[str, ...]) -> None:
        label.setText("\n".join(lines))
        label.setVisible(bool(lines))

    def _show_grade(self, grade: Grade | None, *, enabled: bool) -> None:
        for score, button in self.buttons.items():
            button.setChecked(grade is not None and grade.score == score)
            button.setEnabled(enabled)
        self.note.setEnabled(enabled and grade is not None)
        note = grade.note if grade is not None else ""
        if note != self.note.text().strip():  # a blank at its end is the start of the next word
            self.note.setText(note)

    def _fill(self, evidence: tuple[Evidence, ...], shown: Evidence | None, unit: str) -> None:
        self.evidence.clear()
        for found in evidence:
            title = evidence_title(found, unit) if unit else evidence_title(_without_value(found), "")
            row = QListWidgetItem(theme.icon("evidence"), title)
            row.setData(Qt.ItemDataRole.UserRole, found)
            words = self.tr("Frame {n} of {trial}")
            row.setToolTip(
                plain_tip(words.format(n=found.frame, trial=recording_name(self._document, found.trial)))
            )
            self.evidence.addItem(row)
            if found == shown:
                self.evidence.setCurrentItem(row)
        self._fit_evidence()

    def _add_measured(self, by_hand: tuple[ByHand, ...], shown: Evidence | None) -> None:
        """The pictures that the rater measured in."""
        for own in by_hand:
            found = own.evidence
            words = self.tr("Measured by hand: {view}, {time}").format(
                view=view_name(found.view), time=time_text(found.time_s)
            )
            row = QListWidgetItem(theme.icon("pin"), words)
            row.setData(Qt.ItemDataRole.UserRole, found)
            self.evidence.addItem(row)
            if shown is not None and (shown.trial, shown.view, shown.frame) == (
                found.trial,
                found.view,
                found.frame,
            ):
                self.evidence.setCurrentItem(row)
        self._fit_evidence()

    def _add_looks(self, looks: tuple[Look, ...]) -> None:
        """The pictures that the video model looked at."""
        for words, tip, found in looks:
            row = QListWidgetItem(theme.icon("attention"), words)
            row.setData(Qt.ItemDataRole.UserRole, found)
            row.setData(_ICON, "attention")
            row.setToolTip(plain_tip(tip))
            self.evidence.addItem(row)
        self._fit_evidence()

    @property
    def evidence_px(self) -> int:
        """The height at which heading, grade, sentence and pictures are seen without scrolling."""
        margins = self._column.contentsMargins()
        # As narrow as with its scroll bar, which comes and goes with the height.
        width = self.width() - self.verticalScrollBar().sizeHint().width() - margins.left() - margins.right()
        line, row = self.why.fontMetrics().lineSpacing(), self._row_px
        grade = max(widget.sizeHint().height() for widget in (self.note, *self.buttons.values()))
        above = self.title.heightForWidth(width) + grade
        sentence = max(_LINES * line, self.why.heightForWidth(width))
        pictures = max(_PICTURES * row + 6, 0 if self.evidence.isHidden() else self.evidence.height())
        gaps = margins.top() + 3 * self._column.spacing() + 4
        return above + sentence + pictures + gaps

    @property
    def _row_px(self) -> int:
        return max(22, self.evidence.sizeHintForRow(0))

    def _fit_evidence(self) -> None:
        count = self.evidence.count()
        self.evidence.setVisible(bool(count))
        rows = min(3, count)
        self.evidence.setFixedHeight(rows * self._row_px + 6 if rows else 0)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """A style sheet takes a font away from a label whose parents were not yet in the window."""
        super().showEvent(event)
        self.title.setFont(theme.font("heading"))

    def retheme(self) -> None:
        """Fonts and icons of the theme."""
        self.title.setFont(theme.font("heading"))
        self.viewport().setAutoFillBackground(False)
        for number in range(self.evidence.count()):
            row = self.evidence.item(number)
            own = not row.data(Qt.ItemDataRole.UserRole).keypoints
            row.setIcon(theme.icon(row.data(_ICON) or ("pin" if own else "evidence")))


def _without_value(evidence: Evidence) -> Evidence:
    return replace(evidence, value=float("nan"))


def _label(name: str, *, quiet: bool = False) -> QLabel:
    return PlainLabel(name=name, wraps=True, quiet=quiet, selectable=True)
