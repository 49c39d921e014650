from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QLabel

from gaitviewer.core import edits
from gaitviewer.core.document import ManualMeasurement
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import Side, View
from gaitviewer.core.wording import total_words
from gaitviewer.gui.panels.score import grading
from gaitviewer.gui.panels.score.panel import EvgsPanel
from gaitviewer.gui.panels.score.table import MEASURED, OWN
from gaitviewer.gui.widgets import theme


@pytest.fixture
def panel(qtbot: Any, desk: Any) -> EvgsPanel:
    made = EvgsPanel(desk.state, desk.player)
    qtbot.addWidget(made)
    made.resize(420, 640)
    made.show()
    return made


def cell(panel: EvgsPanel, item: int, side: Side, *, own: bool = False) -> Any:
    return panel.table.sheet.cell(item - 1, (OWN if own else MEASURED)[side])


def click(qtbot: Any, panel: EvgsPanel, item: int, side: Side) -> None:
    index = panel.table.sheet.index(item - 1, OWN[side])
    at: QPoint = panel.table.visualRect(index).center()
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_all_items_are_seen_without_scrolling(panel: EvgsPanel) -> None:
    QApplication.processEvents()
    assert panel.table.sheet.rowCount() == 17
    assert not panel.table.verticalScrollBar().maximum()


def test_measured_cells_tell_score_borderline_and_not_assessable(panel: EvgsPanel, desk: Any) -> None:
    sheet = desk.measures.evgs
    for side in Side:
        for found in sheet.measures[side]:
            shown = cell(panel, found.item.number, side)
            assert shown.score == found.score
            assert shown.hatched == (found.score is None)
            assert shown.borderline == (found.borderline and found.assessable)
    assert "45°" in cell(panel, 11, Side.RIGHT).text


def test_clicking_a_cell_selects_it_and_says_why(qtbot: Any, panel: EvgsPanel, desk: Any) -> None:
    click(qtbot, panel, 11, Side.RIGHT)
    assert (desk.state.item, desk.state.side) == (11, Side.RIGHT)
    assert desk.state.evidence == desk.measures.evgs.get(11, Side.RIGHT).evidence[0]
    assert "45.0°" in panel.detail.why.text()
    assert panel.detail.evidence.count() == len(desk.measures.evgs.get(11, Side.RIGHT).evidence)


def test_clicking_again_leads_back_to_the_evidence(qtbot: Any, panel: EvgsPanel, desk: Any) -> None:
    click(qtbot, panel, 11, Side.RIGHT)
    with qtbot.waitSignal(desk.state.selection_changed):
        click(qtbot, panel, 11, Side.RIGHT)


def test_choosing_other_evidence(qtbot: Any, panel: EvgsPanel, desk: Any) -> None:
    click(qtbot, panel, 11, Side.RIGHT)
    second = panel.detail.evidence.item(1)
    at = panel.detail.evidence.visualItemRect(second).center()
    qtbot.mouseClick(panel.detail.evidence.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert desk.state.evidence == desk.measures.evgs.get(11, Side.RIGHT).evidence[1]


def test_grading_never_touches_the_measurement(qtbot: Any, panel: EvgsPanel, desk: Any) -> None:
    click(qtbot, panel, 11, Side.RIGHT)
    before = desk.state.measures
    measured = cell(panel, 11, Side.RIGHT)
    for score in (2, 0, None, 1):
        panel.grade(score)
        grade = edits.grade_of(desk.state.document, 11, Side.RIGHT, "AB")
        assert grade is not None
        assert grade.score == score
        assert cell(panel, 11, Side.RIGHT, own=True).score == score
    assert len(desk.state.document.grades) == 1
    assert desk.state.measures is before
    assert cell(panel, 11, Side.RIGHT) == measured
    panel.remove_grade()
    assert desk.state.document.grades == ()
    desk.state.undo()
    assert [g.score for g in desk.state.document.grades] == [1]


def test_moving_between_limbs(qtbot: Any, panel: EvgsPanel, desk: Any) -> None:
    click(qtbot, panel, 1, Side.LEFT)
    panel.next_limb(1)
    assert (desk.state.item, desk.state.side) == (1, Side.RIGHT)
    panel.next_limb(1)
    assert (desk.state.item, desk.state.side) == (2, Side.LEFT)
    panel.next_limb(-1)
    assert (desk.state.item, desk.state.side) == (1, Side.RIGHT)
    panel.other_side()
    assert (desk.state.item, desk.state.side) == (1, Side.LEFT)
    qtbot.keyClick(panel.table, Qt.Key.Key_Down)
    assert (desk.state.item, desk.state.side) == (2, Side.LEFT)
    qtbot.keyClick(panel.table, Qt.Key.Key_Right)
    assert (desk.state.item, desk.state.side) == (2, Side.RIGHT)


def test_a_note_goes_with_the_grade(qtbot: Any, panel: EvgsPanel, desk: Any) -> None:
    click(qtbot, panel, 11, Side.RIGHT)
    assert not panel.detail.note.isEnabled()
    panel.grade(1)
    qtbot.keyClicks(panel.detail.note, "late, 2 of 3")
    qtbot.keyClick(panel.detail.note, Qt.Key.Key_Return)
    grade = desk.state.document.grades[0]
    assert (grade.score, grade.note, grade.rater) == (1, "late, 2 of 3", "AB")
    assert cell(panel, 11, Side.RIGHT, own=True).noted
    panel.grade(2)
    assert desk.state.document.grades[0].note == "late, 2 of 3"


def test_totals_count_measured_and_human_scores_apart(panel: EvgsPanel, desk: Any) -> None:
    measured = panel.totals["measured", Side.RIGHT].text()
    assert measured == str(total_words(desk.measures.evgs.total(Side.RIGHT)))
    assert panel.totals["graded", Side.RIGHT].text() == "none yet"
    for item, score in ((1, 2), (4, None), (11, 1)):
        desk.state.select(item, Side.RIGHT)
        panel.grade(score)
    assert panel.totals["graded", Side.RIGHT].text() == "3 of 4 (2 items graded)"
    assert panel.totals["measured", Side.RIGHT].text() == measured


def test_each_rater_has_own_grades(panel: EvgsPanel, desk: Any) -> None:
    desk.state.select(11, Side.RIGHT)
    panel.grade(2)
    panel.rater.setText("CD")
    panel.rater.editingFinished.emit()
    assert desk.state.settings.rater == "CD"
    assert cell(panel, 11, Side.RIGHT, own=True).score is None
    assert "AB" in panel.detail.others.text()
    panel.grade(0)
    assert {(g.rater, g.score) for g in desk.state.document.grades} == {("AB", 2), ("CD", 0)}


def test_hidden_until_graded(qtbot: Any, open_desk: Any) -> None:
    desk = open_desk(hide_until_graded=True)
    panel = EvgsPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    desk.state.edit(
        edits.set_grade(desk.state.document, Grade(11, Side.RIGHT, 2, "CD", "2026-01-01T00:00:00Z")), "other"
    )
    desk.state.select(11, Side.RIGHT)
    assert cell(panel, 11, Side.RIGHT).hidden
    assert "45" not in cell(panel, 11, Side.RIGHT).text
    assert panel.detail.why.text() == "What was measured is hidden until you have graded this item."
    assert not panel.detail.probabilities.isVisibleTo(panel)
    assert "°" not in panel.detail.evidence.item(0).text()
    assert panel.detail.others.text() == ""
    assert panel.totals["measured", Side.RIGHT].text() == "hidden"
    panel.grade(1)
    assert cell(panel, 11, Side.RIGHT).score == 1
    assert "45.0°" in panel.detail.why.text()
    assert "CD" in panel.detail.others.text()
    assert cell(panel, 11, Side.LEFT).hidden


def test_the_switch_is_kept_in_the_settings(qtbot: Any, panel: EvgsPanel, desk: Any) -> None:
    from gaitviewer.workflow.app import settings

    qtbot.mouseClick(panel.blind, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.blind.height() // 2))
    assert desk.state.settings.hide_until_graded
    assert settings.load().hide_until_graded
    assert cell(panel, 1, Side.LEFT).hidden


def test_grading_without_measures(qtbot: Any, open_desk: Any) -> None:
    desk = open_desk(measured=False)
    panel = EvgsPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    assert panel.table.sheet.rowCount() == 17
    desk.state.select(8, Side.LEFT)
    panel.grade(1)
    assert desk.state.document.grades[0].item == 8
    assert panel.detail.why.text() == "Nothing is measured yet."


def test_without_a_session_it_says_what_to_do(panel: EvgsPanel, desk: Any) -> None:
    desk.state.close_session()
    assert panel.is_empty
    panel.grade(1)
    panel.next_limb()


def test_values_measured_by_hand_are_shown(panel: EvgsPanel, desk: Any) -> None:
    from dataclasses import replace

    value = ManualMeasurement(
        "goniometer", 12.0, "deg", "t1", View.CORONAL, 7, ((0, 0), (1, 1), (2, 0)), 4, Side.LEFT, "AB"
    )
    desk.state.select(4, Side.LEFT)
    desk.state.edit(replace(desk.state.document, hand_measures=(value,)), "measure")
    shown = panel.detail.by_hand.findChild(QLabel, "by_hand_words")
    assert "12.0°" in shown.text()


def by_hand(desk: Any, item: int, side: Side, *, view: View = View.SAGITTAL, frame: int = 60) -> None:
    """A goniometer on the picture: 12 degrees from straight, the vertex to the right."""
    from dataclasses import replace

    points = ((0.0, 0.0), (10.5, 100.0), (0.0, 200.0))
    value = ManualMeasurement("goniometer", 168.0, "deg", "t1", view, frame, points, item, side, "AB")
    document = desk.state.document
    desk.state.edit(replace(document, hand_measures=(*document.hand_measures, value)), "measure")


def test_a_measurement_is_a_suggestion_until_the_rater_takes_it(
    qtbot: Any, panel: EvgsPanel, desk: Any
) -> None:
    click(qtbot, panel, 9, Side.RIGHT)
    by_hand(desk, 9, Side.RIGHT)
    (button,) = panel.detail.by_hand.buttons
    assert button.text() == "12° → 0 (normal)"
    assert desk.state.document.grades == ()
    panel.detail.by_hand.take()
    (grade,) = desk.state.document.grades
    assert (grade.item, grade.side, grade.score, grade.rater) == (9, Side.RIGHT, 0, "AB")
    assert grade.note == "by hand: 12° (goniometer, side view, frame 60 of recording 1)"
    panel.detail.by_hand.take()
    assert desk.state.document.grades[0].note == grade.note
    desk.state.undo()
    desk.state.undo()
    assert desk.state.document.grades == ()
    assert desk.state.document.hand_measures


def test_the_picture_that_was_measured_is_evidence(qtbot: Any, panel: EvgsPanel, desk: Any) -> None:
    click(qtbot, panel, 4, Side.LEFT)
    assert panel.detail.evidence.count() == 0
    by_hand(desk, 4, Side.LEFT, view=View.CORONAL, frame=55)
    row = panel.detail.evidence.item(0)
    at = panel.detail.evidence.visualItemRect(row).center()
    qtbot.mouseClick(panel.detail.evidence.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert (desk.state.evidence.view, desk.state.evidence.frame) == (View.CORONAL, 55)


@pytest.fixture
def unmeasured(qtbot: Any, open_desk: Any) -> tuple[EvgsPanel, Any]:
    """The items of the data file, and nobody knows where the child walks."""
    desk = open_desk(measured=False)
    made = EvgsPanel(desk.state, desk.player)
    qtbot.addWidget(made)
    made.resize(420, 900)
    made.show()
    return made, desk


def test_where_a_picture_does_not_say_which_way_the_key_leads_to_the_choice(
    qtbot: Any, unmeasured: tuple[EvgsPanel, Any]
) -> None:
    panel, desk = unmeasured
    click(qtbot, panel, 5, Side.LEFT)
    by_hand(desk, 5, Side.LEFT, view=View.CORONAL)
    words = [button.text() for button in panel.detail.by_hand.buttons]
    assert words == ["168° → 2 (marked external)", "\u2212168° → 2 (marked internal)"]
    panel.detail.by_hand.take()
    assert desk.state.document.grades == ()
    qtbot.mouseClick(panel.detail.by_hand.buttons[1], Qt.MouseButton.LeftButton)
    assert desk.state.document.grades[0].score == 2
    assert "168°" in desk.state.document.grades[0].note


def test_the_knee_cap_is_chosen_by_what_is_seen(qtbot: Any, unmeasured: tuple[EvgsPanel, Any]) -> None:
    panel, desk = unmeasured
    click(qtbot, panel, 8, Side.LEFT)
    by_hand(desk, 8, Side.LEFT, view=View.CORONAL, frame=41)
    words = [button.text() for button in panel.detail.by_hand.buttons]
    assert words[2] == "Neutral, kneecap midline → 0"
    assert len(words) == 5
    qtbot.mouseClick(panel.detail.by_hand.buttons[1], Qt.MouseButton.LeftButton)
    (grade,) = desk.state.document.grades
    assert grade.score == 1
    assert "all of kneecap visible" in grade.note
    assert "frame 41" in grade.note


def test_names_are_shortened_from_within(qapp: Any) -> None:
    from PySide6.QtGui import QFontMetrics

    from gaitviewer.gui.panels.score.table import fitted

    metrics = QFontMetrics(qapp.font())
    full = "Maximum ankle dorsiflexion in stance"
    assert fitted(full, metrics, 1000) == full
    assert fitted(full, metrics, metrics.horizontalAdvance(full) - 2).startswith("Max. ankle")
    for width in (150, 90):
        assert metrics.horizontalAdvance(fitted(full, metrics, width)) <= width
    short = fitted("Peak knee flexion in swing", metrics, metrics.horizontalAdvance("Knee flex., swing"))
    assert short.lower() == "knee flex., swing"


def test_next_cell_stays_at_either_end() -> None:
    assert grading.next_cell([1, 2], 1, Side.RIGHT, 1) == (2, Side.LEFT)
    assert grading.next_cell([1, 2], 2, Side.RIGHT, 1) == (2, Side.RIGHT)
    assert grading.next_cell([1, 2], 1, Side.LEFT, -1) == (1, Side.LEFT)
    assert grading.next_cell([1, 2], None, None, 1) == (1, Side.LEFT)
    with pytest.raises(ValueError, match="no items"):
        grading.next_cell([], None, None, 1)


def test_the_pictures_stand_directly_below_the_sentence(qtbot: Any, desk: Any) -> None:
    panel = EvgsPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    panel.resize(450, 690)  # as at 1366 x 768
    panel.show()
    desk.state.select(14, Side.RIGHT)
    qtbot.wait(50)
    detail = panel.detail
    why, pictures = detail.why.geometry(), detail.evidence.geometry()
    assert 0 <= pictures.top() - why.bottom() <= 8
    assert pictures.bottom() <= detail.viewport().height()


def test_the_heading_is_bold_from_the_start(qtbot: Any, qapp: Any, desk: Any) -> None:
    theme.apply(qapp, "light")
    panel = EvgsPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    panel.show()
    assert panel.detail.title.font().bold() or panel.detail.title.font().weight() == QFont.Weight.DemiBold
    before = panel.detail.title.font()
    theme.apply(qapp, "dark")
    assert panel.detail.title.font().weight() == before.weight()


@pytest.mark.parametrize(("width", "height"), [(380, 453), (450, 460), (450, 690)])
def test_the_evidence_of_an_item_is_in_sight_in_a_low_window(
    width: int, height: int, qtbot: Any, desk: Any
) -> None:
    panel = EvgsPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    panel.resize(width, height)  # as at 900 x 560 and at 1366 x 768
    panel.show()
    detail, table = panel.detail, panel.table
    heights: list[int] = []
    for again in (False, True):
        for number, side in [(number, side) for number in range(1, 18) for side in Side]:
            desk.state.select(number, side)
            qtbot.wait(5)
            view = detail.viewport().rect()
            for widget in (detail.title, detail.note, detail.why):
                at = widget.mapTo(detail.viewport(), QPoint(0, 0))
                assert view.contains(widget.rect().translated(at)), (number, side, widget.objectName())
            if detail.evidence.isVisible():
                at = detail.evidence.mapTo(detail.viewport(), QPoint(0, 0))
                assert view.contains(detail.evidence.rect().translated(at)), (number, side)
            assert table.viewport().rect().contains(table.visualRect(table.currentIndex()))
            heights += [table.height()] if again else []
    assert min(heights) >= table.height_for(0) + 5 * table.row_heights[0]
    assert len(set(heights)) == 1  # it does not jump from item to item


def test_another_item_is_shown_from_its_heading_on(qtbot: Any, panel: EvgsPanel, desk: Any) -> None:
    panel.resize(380, 400)
    desk.state.select(11, Side.RIGHT)
    qtbot.wait(20)
    bar = panel.detail.verticalScrollBar()
    assert bar.maximum() > 0
    bar.setValue(bar.maximum())
    desk.state.select(11, Side.LEFT)
    assert bar.value() == 0


def test_the_last_item_stays_and_says_what_is_left(panel: EvgsPanel, desk: Any) -> None:
    state = desk.state
    last = panel.items[-1]
    state.select(panel.items[0].number, Side.LEFT)
    for _ in range(2 * len(panel.items) - 1):
        if (state.item, state.side) != (3, Side.RIGHT):
            panel.grade(1)
        panel.next_limb()
    assert (state.item, state.side) == (last.number, Side.RIGHT)
    assert panel.hint.isHidden()
    panel.grade(2)
    panel.next_limb()
    assert (state.item, state.side) == (last.number, Side.RIGHT)
    code = next(item.code for item in panel.items if item.number == 3)
    assert f"without a grade: 1 ({code} right)" in panel.hint.words.text()
    grades = {(g.item, g.side): g.score for g in state.document.grades}
    assert grades[1, Side.LEFT] == 1
    assert grades[last.number, Side.RIGHT] == 2
    state.select(3, Side.RIGHT)
    assert panel.hint.isHidden()
    panel.grade(0)
    state.select(last.number, Side.RIGHT)
    panel.next_limb()
    assert "All items of the views recorded are graded" in panel.hint.words.text()


def test_evidence_names_its_recording_as_the_window_does(panel: EvgsPanel, desk: Any) -> None:
    measures = desk.state.measures
    found = next(m for m in measures.evgs.measures.right if m.evidence)
    desk.state.select(found.item.number, Side.RIGHT)
    tip = panel.detail.evidence.item(0).toolTip()
    assert tip == f"Frame {found.evidence[0].frame} of recording 1"
