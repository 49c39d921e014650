"""The visual gait score: what was measured, and beside it what the clinician grades."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDockWidget,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.core import edits
from gaitviewer.core.document import Document
from gaitviewer.core.edits import grade_of
from gaitviewer.core.evgs import EvgsItem, Evidence, Grade
from gaitviewer.core.gait import Side
from gaitviewer.gui.model.blinding import is_hidden
from gaitviewer.gui.model.choices import keep_settings
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.base import Panel, nothing_open
from gaitviewer.gui.panels.common.wording import sentence, side_name, taken_words, total_words
from gaitviewer.gui.panels.score import grading
from gaitviewer.gui.panels.score.detail import DetailView
from gaitviewer.gui.panels.score.manual import ByHand, measured_for
from gaitviewer.gui.panels.score.model_words import looks_of, model_lines
from gaitviewer.gui.panels.score.rater_hint import RaterHint
from gaitviewer.gui.panels.score.table import MODEL, SheetTable
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.widgets.plain import PlainLabel
from gaitviewer.gui.widgets.translation import translate_data
from gaitviewer.workflow.app.tables import evgs_items
from gaitviewer.workflow.sessions.manual_measurements import Suggestion

_DETAIL_PX = 210  # enough for the sentence, the bar and two pictures
_ROWS_SEEN = 5  # of the table, however low the window is


class _Splitter(QSplitter):
    """Asks how to share its height whenever that changes."""

    def __init__(self, share: Callable[[int], None]) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._share = share

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Share the new height."""
        super().resizeEvent(event)
        self._share(self.height())


class EvgsPanel(Panel):
    """Score table, totals, and the selected score in detail."""

    def __init__(self, state: AppState, player: Player, parent: QWidget | None = None) -> None:
        title = QCoreApplication.translate("EvgsPanel", "Gait score")
        super().__init__(state, player, name="panel_evgs", title=title, parent=parent)
        self._split_by_hand = False
        self._below_px, self._room = 0, (0, 0)
        self.table = SheetTable(state, evgs_items())
        self.detail = DetailView()
        self._document: Document | None = None
        self._order: tuple[int, ...] = ()  # numbers of items, where it is not that of the sheet
        # Grades that were given before there was a name: by item and side, the score and its note.
        self._waiting: dict[tuple[int, Side], tuple[int | None, str]] = {}
        self._build()
        self.table.limb_chosen.connect(self._choose)
        self.detail.graded.connect(self.grade)
        self.detail.removed.connect(self.remove_grade)
        self.detail.noted.connect(self.set_note)
        self.detail.entered.connect(self.table.setFocus)
        self.detail.evidence_chosen.connect(self._go_to)
        self.detail.taken.connect(self.take_over)
        state.session_changed.connect(self._waiting.clear)
        state.session_changed.connect(self._reload)
        state.measures_changed.connect(self._reload)
        state.document_changed.connect(self._refresh_grades)
        state.settings_changed.connect(self._put_waiting)
        state.settings_changed.connect(self._refresh_scores)
        state.selection_changed.connect(self._show_selection)
        state.answers.changed.connect(self._show_model)
        self._show_model()
        self._reload()

    def _build(self) -> None:
        self.rater = QLineEdit()
        self.rater.setObjectName("evgs_rater")
        self.rater.setAccessibleName(self.tr("Your name, kept with each grade"))
        self.rater.setPlaceholderText(self.tr("Your name or initials"))
        self.rater.setMaxLength(200)
        self.rater.editingFinished.connect(self._keep_rater)
        self.rater.returnPressed.connect(self._enter_rater)
        self.hint = RaterHint()
        self.hint.adopted.connect(self._adopt)
        self.blind = QCheckBox(self.tr("Hide until graded"))
        self.blind.setObjectName("evgs_hide_until_graded")
        self.blind.setToolTip(self.tr("Hide measured and model values until I have graded"))
        self.blind.clicked.connect(lambda on: keep_settings(self.state, hide_until_graded=on))
        head = QHBoxLayout()
        head.setContentsMargins(10, 6, 10, 2)
        name = PlainLabel(self.tr("Rater"), quiet=True)
        head.addWidget(name)
        head.addWidget(self.rater, 1)
        head.addSpacing(8)
        head.addWidget(self.blind)
        upper = QWidget()
        above = QVBoxLayout(upper)
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(2)
        above.addWidget(self.table, 1)
        above.addWidget(self._build_model_row())
        above.addLayout(self._build_totals())
        self.splitter = _Splitter(self._split)
        self.splitter.setObjectName("evgs_splitter")
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(upper)
        self.splitter.addWidget(self.detail)
        self.splitter.splitterMoved.connect(self._keep_split)
        self.setFocusProxy(self.table)
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.hint)
        layout.addWidget(self.splitter, 1)

    def _build_model_row(self) -> QWidget:
        """What the model disagrees with, and what must stand beside what it says."""
        self.model_row = QWidget()
        row = QHBoxLayout(self.model_row)
        row.setContentsMargins(10, 2, 10, 0)
        self.apart_first = QPushButton()
        self.apart_first.setObjectName("evgs_apart_first")
        self.apart_first.setCheckable(True)
        self.apart_first.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.apart_first.setToolTip(
            self.tr("Items that the model disagrees with first; M goes to the next one")
        )
        self.apart_first.toggled.connect(lambda _: self._sort())
        self.model_statement = PlainLabel(name="evgs_model_statement", wraps=True, quiet=True)
        row.addWidget(self.apart_first)
        row.addWidget(self.model_statement, 1)
        return self.model_row

    def _build_totals(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(10, 2, 10, 2)
        grid.setVerticalSpacing(1)
        grid.setHorizontalSpacing(12)
        self.totals: dict[tuple[str, Side], QLabel] = {}
        for row, (kind, words) in enumerate(
            (("measured", self.tr("Program")), ("graded", self.tr("Your total")))
        ):
            label = PlainLabel(words, quiet=True)
            grid.addWidget(label, row, 0)
            for column, side in enumerate(Side, start=1):
                total = PlainLabel(name=f"evgs_total_{kind}_{side.value}")
                grid.addWidget(total, row, column)
                self.totals[kind, side] = total
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        return grid

    def _keep_split(self) -> None:
        self._split_by_hand = True

    def _split(self, room: int) -> None:
        """All items are seen as long as what the score rests on is; a split made by hand stays."""
        if self._split_by_hand or room <= 0:
            return
        size = self.splitter.width(), room
        # The most that an item needed at this size: else the table would jump from item to item.
        self._below_px = max(self.detail.evidence_px, self._below_px if size == self._room else 0)
        self._room = size
        totals = 2 * self.fontMetrics().height() + 10
        low, high = (self.table.height_for(row) + totals for row in self.table.row_heights)
        least = self.table.height_for(0) + totals + _ROWS_SEEN * self.table.row_heights[0]
        usual = room - max(_DETAIL_PX, self._below_px)
        upper = min(high, max(usual, min(low, room - self._below_px), least))
        if self.splitter.sizes() != [upper, room - upper]:
            self.splitter.setSizes([upper, room - upper])
            self.table.show_current()

    # --- showing -------------------------------------------------------------------------------------

    @property
    def items(self) -> tuple[EvgsItem, ...]:
        """The items of the measures, or of the data file while there are none."""
        measures = self.state.measures
        items = tuple(m.item for m in measures.evgs.measures.left) if measures is not None else evgs_items()
        place = {number: n for n, number in enumerate(self._order)}
        return tuple(sorted(items, key=lambda item: place.get(item.number, item.number)))

    def _reload(self) -> None:
        self._document = self.state.document
        if self._document is None:
            self.show_empty(nothing_open())
            return
        self.show_content()
        self.table.sheet.refresh(self.items)
        self._refresh_scores()
        self.table.show_limb(self.state.item, self.state.side)

    def _refresh_grades(self) -> None:
        before, self._document = self._document, self.state.document
        old, new = ((d.grades, d.hand_measures) if d is not None else () for d in (before, self._document))
        if old != new:
            self._refresh_scores()

    def _refresh_scores(self) -> None:
        settings = self.state.settings
        self.blind.setChecked(settings.hide_until_graded)
        if not self.rater.hasFocus():
            self.rater.setText(settings.rater)
        self._show_hint()
        self.table.sheet.refresh_scores()
        self._show_totals()
        self._count_apart()
        self._show_detail()

    def _show_model(self) -> None:
        """Other answers of the video model, or none."""
        answer = self.state.answers.get("evgs")
        self.table.sheet.show_answer(answer)
        self.table.show_model(answer is not None)
        self.model_row.setVisible(answer is not None)
        if answer is not None:
            words = sentence(translate_data(answer.output.statement)) if answer.output.statement else ""
            if answer.out_of_date:
                words = self.tr("Out of date. {words}").format(words=words).strip()
            self.model_statement.setText(words)
        self._sort()
        self._count_apart()

    @property
    def apart(self) -> tuple[tuple[int, Side], ...]:
        """Items and limbs that the model disagrees with and that may be seen, in the order of the table."""
        sheet = self.table.sheet
        return tuple(
            (item.number, side) for item in sheet.items for side in Side if sheet.is_apart(item.number, side)
        )

    def _sort(self) -> None:
        """Take the order anew; it stays while grades are given, so that nothing moves below the hand."""
        before, self._order = self._order, ()
        self.table.sorted = self.apart_first.isChecked() and self.state.answers.get("evgs") is not None
        if self.table.sorted:
            apart = {number for number, _ in self.apart}
            numbers = sorted((item.number for item in self.items), key=lambda n: (n not in apart, n))
            self._order = tuple(numbers)
        if self._order != before:
            self.table.sheet.refresh(self.items)
            self.table.show_limb(self.state.item, self.state.side)

    def _count_apart(self) -> None:
        count = len(self.apart)
        self.apart_first.setText(self.tr("\u2260 first ({n})").format(n=count))
        self.apart_first.setAccessibleName(
            self.tr("{n} disagreements with the model; show them first").format(n=count)
        )

    def next_apart(self, step: int = 1) -> bool:
        """Select the next (+1) or last (-1) item that the model disagrees with; False where there is none."""
        cells = [(item.number, side) for item in self.table.sheet.items for side in Side]
        apart, here = self.apart, (self.state.item, self.state.side)
        if not apart:
            return False
        now = cells.index(here) if here in cells else (-1 if step > 0 else len(cells))
        places = [cells.index(cell) for cell in apart]
        later = [n for n in places if (n > now if step > 0 else n < now)] or places
        self._choose(*cells[later[0 if step > 0 else -1]])
        return True

    def _show_hint(self) -> None:
        if self._waiting:
            self.hint.show_waiting(
                tuple(grading.cell_name(self.items, item, side) for item, side in self._waiting)
            )
        else:
            rater = self.state.settings.rater
            self.hint.show_nameless(len(edits.nameless_grades(self.state.document)) if rater else 0, rater)

    def _show_totals(self) -> None:
        document, settings, measures = self.state.document, self.state.settings, self.state.measures
        for side in Side:
            numbers = [item.number for item in self.items]
            kept_back = any(is_hidden(document, settings, number, side) for number in numbers)
            if measures is None:
                words = "\u2013"
            elif kept_back:
                words = self.tr("hidden")
            else:
                words = total_words(measures.evgs.total(side))
            self.totals["measured", side].setText(words)
            own = grading.human_total(document, self.items, side, settings.rater)
            self.totals["graded", side].setText(total_words(own, graded=True))
            for kind, whose in (("measured", self.tr("Program")), ("graded", self.tr("Your total"))):
                label = self.totals[kind, side]
                label.setAccessibleName(f"{whose}, {side_name(side)}: {label.text()}")
                label.setToolTip(self.tr("Only items that were scored count, towards sum and maximum alike."))

    def _show_selection(self) -> None:
        self._show_hint()
        self.table.show_limb(self.state.item, self.state.side)
        self._show_detail()

    def _show_detail(self) -> None:
        state = self.state
        item = next((known for known in self.items if known.number == state.item), None)
        if item is None or state.side is None or state.document is None:
            self.detail.show_nothing()
            return
        rater, answer = state.settings.rater, state.answers.get("evgs")
        self.detail.show_limb(
            item,
            state.side,
            measure=state.measures.evgs.get(item.number, state.side) if state.measures is not None else None,
            grade=grade_of(state.document, item.number, state.side, rater),
            others=grading.grades_of_others(state.document, item.number, state.side, rater),
            by_hand=measured_for(state.document, state.measures, item, state.side),
            hidden=is_hidden(state.document, state.settings, item.number, state.side),
            shown=state.evidence,
            document=state.document,
            model=self._model_lines(item, state.side),
            looks=looks_of(answer, state.measures, item, state.side) if answer is not None else (),
        )
        self._split(sum(self.splitter.sizes()))

    def _model_lines(self, item: EvgsItem, side: Side) -> tuple[str, ...]:
        answer = self.state.answers.get("evgs")
        row = next((n for n, one in enumerate(self.table.sheet.items) if one.number == item.number), None)
        if answer is None or row is None:
            return ()
        return model_lines(answer, self.table.sheet.cell(row, MODEL[side]), item, side)

    def retheme(self) -> None:
        """Colours and fonts of the theme."""
        self.detail.retheme()
        self.table.viewport().update()
        self.table.horizontalHeader().viewport().update()

    # --- doing ---------------------------------------------------------------------------------------

    def grade(self, score: int | None) -> None:
        """Grade the selected limb; None is not assessable. Without a selection nothing happens."""
        state = self.state
        if state.document is None or state.item is None or state.side is None:
            return
        before = grade_of(state.document, state.item, state.side, state.settings.rater)
        note = before.note if before is not None else ""
        self._put(score, note)

    def take_over(self, row: ByHand, suggestion: Suggestion) -> None:
        """Grade the selected limb as was measured by hand; the note says in which picture."""
        state = self.state
        item = next((known for known in self.items if known.number == state.item), None)
        if state.document is None or item is None or state.side is None:
            return
        before = grade_of(state.document, item.number, state.side, state.settings.rater)
        own = before.note if before is not None else ""
        words = taken_words(row.measured, suggestion.value, suggestion.band, item.unit, state.document)
        self._put(suggestion.band.score, own if words in own else f"{own}; {words}".removeprefix("; ")[:500])

    def set_note(self, note: str) -> None:
        """Keep a note with the selected limb's grade."""
        state = self.state
        if state.document is None or state.item is None or state.side is None:
            return
        grade = grade_of(state.document, state.item, state.side, state.settings.rater)
        if grade is not None and grade.note != note:
            after = edits.set_grade(state.document, replace(grade, note=note))
            merge = f"note {grade.item} {grade.side.value}"
            state.edit(after, self.tr("Note on a grade"), merge=merge)

    def leave_field(self, field: QWidget) -> None:
        """Escape in a field of the panel: a name that was not entered is forgotten."""
        if field is self.rater:
            self.rater.setText(self.state.settings.rater)
            self._waiting.clear()
            self._show_hint()
        self.table.setFocus()

    def _put(self, score: int | None, note: str) -> None:
        state = self.state
        assert state.document is not None
        assert state.item is not None
        assert state.side is not None
        self._waiting[state.item, state.side] = score, note
        if state.settings.rater:
            self._put_waiting()
        else:
            self._ask_rater()

    def _ask_rater(self) -> None:
        """A grade is somebody's: it waits until there is a name."""
        self._show_hint()
        dock = self.parentWidget()
        if isinstance(dock, QDockWidget):
            dock.show()
            dock.raise_()
        self.rater.setFocus()

    def _put_waiting(self) -> None:
        """Put the grades that were given, as one step; without a name they go on waiting."""
        state, rater = self.state, self.state.settings.rater
        if not rater or not self._waiting or state.document is None:
            return
        when, after = datetime.now(UTC).isoformat(timespec="microseconds"), state.document
        for (item, side), (score, note) in self._waiting.items():
            after = edits.set_grade(after, Grade(item, side, score, rater, when, note))
        names = ", ".join(grading.cell_name(self.items, item, side) for item, side in self._waiting)
        self._waiting.clear()
        state.edit(after, self.tr("Grade {what}").format(what=names))

    def _adopt(self) -> None:
        """The grades without a name are this rater's."""
        if self.state.document is not None and self.state.settings.rater:
            after = edits.name_grades(self.state.document, self.state.settings.rater)
            self.state.edit(after, self.tr("Put a name to grades"))
        self.table.setFocus()

    def remove_grade(self) -> None:
        """Take back the grade of the selected limb."""
        state = self.state
        if state.document is None or state.item is None or state.side is None:
            return
        rater = state.settings.rater
        after = edits.remove_grade(state.document, state.item, state.side, rater)
        state.edit(after, self.tr("Take a grade back"))

    def next_limb(self, step: int = 1) -> None:
        """Select the limb that is graded next (+1) or was before (-1); at the end, say what is left."""
        if self.state.document is not None:
            here, numbers = (self.state.item, self.state.side), [item.number for item in self.items]
            there = grading.next_cell(numbers, *here, step)
            self._choose(*there)
            if there == here and step > 0 and not self._waiting:
                left = grading.ungraded(self.state.document, self.items, self.state.settings.rater)
                self.hint.show_end(tuple(grading.cell_name(self.items, *cell) for cell in left))

    def other_side(self) -> None:
        """Select the same item of the other limb."""
        if self.state.item is not None and self.state.side is not None:
            self._choose(self.state.item, self.state.side.other)

    def _choose(self, item: int, side: Side | None) -> None:
        self.state.select(item, side or Side.LEFT)

    def _go_to(self, evidence: Evidence) -> None:
        self.state.select(self.state.item, self.state.side, evidence=evidence)

    def _enter_rater(self) -> None:
        self._keep_rater()
        if not self._waiting:  # else there is no name yet
            self.table.setFocus()

    def _keep_rater(self) -> None:
        name = self.rater.text().strip()
        if name != self.state.settings.rater:
            keep_settings(self.state, rater=name)
