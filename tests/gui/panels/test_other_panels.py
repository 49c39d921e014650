from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtWidgets import QLabel, QStyleOptionViewItem

from gaitviewer.core import edits
from gaitviewer.core.document import KeyImage
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import BySide, Side, View
from gaitviewer.core.measures import Parameter, Stat
from gaitviewer.core.output import SYNTHETIC_STATEMENT
from gaitviewer.core.session import Subject
from gaitviewer.gui.panels.details import DetailsPanel, sections
from gaitviewer.gui.panels.doubts import DoubtsPanel
from gaitviewer.gui.panels.key_frames.panel import CAPTION, WHERE, KeyImagesPanel
from gaitviewer.gui.panels.parameters import LEFT, ParametersPanel, digits_for, norm_position
from gaitviewer.gui.panels.pattern import (
    PatternPanel,
    letter_places,
    pattern_lines,
    pattern_words,
    profile_rows,
)
from gaitviewer.gui.panels.quality import QualityPanel, summary
from gaitviewer.gui.panels.texts import TextsPanel
from gaitviewer.messages import NOTHING, as_written, message
from tests.support import made_up_answers

ALL = (ParametersPanel, QualityPanel, DoubtsPanel, PatternPanel, DetailsPanel, TextsPanel, KeyImagesPanel)


@pytest.mark.parametrize("make", ALL)
def test_panels_are_named_and_explain_when_empty(make: Any, qtbot: Any, desk: Any) -> None:
    panel = make(desk.state, desk.player)
    qtbot.addWidget(panel)
    assert panel.objectName().startswith("panel_")
    assert panel.accessibleName() == panel.windowTitle()
    assert not panel.is_empty
    panel.resize(420, 500)
    assert not panel.grab().isNull()
    desk.state.close_session()
    assert panel.is_empty


@pytest.mark.parametrize("make", [ParametersPanel, QualityPanel, DoubtsPanel, PatternPanel])
def test_panels_say_when_nothing_is_measured(make: Any, qtbot: Any, open_desk: Any) -> None:
    desk = open_desk(measured=False)
    panel = make(desk.state, desk.player)
    qtbot.addWidget(panel)
    assert panel.is_empty
    desk.state.set_measures(desk.measures)
    assert not panel.is_empty


def test_parameters_show_values_and_why_one_is_missing(qtbot: Any, desk: Any) -> None:
    panel = ParametersPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    rows = {panel.table.item(row, 0).text(): row for row in range(panel.table.rowCount())}
    assert panel.table.item(rows["Cadence, steps/min"], LEFT).text() == "109 ± 3"
    missing = panel.table.item(rows["Base of support, m"], LEFT)
    assert missing.text() == "–"
    assert missing.toolTip() == "Not assessable: the floor scale of the front view is not known."
    assert "Dimensionless speed 0.41" in panel.notes.text()


def test_digits_and_place_in_the_norm() -> None:
    def of(value: float, unit: str = "s") -> Parameter:
        from gaitviewer.core.gait import BySide

        return Parameter("x", as_written("X"), unit, BySide(Stat(value, None, 1), None))

    assert [digits_for(of(v)) for v in (0.61, 12.0, 109.0)] == [2, 1, 0]
    assert digits_for(of(8.0, "% of cycle")) == 1
    assert norm_position(1.34, (1.16, 0.18)) == pytest.approx(1.0)


def test_quality_counts_findings_and_lost_items(measures: Any, qtbot: Any, desk: Any) -> None:
    assert summary(measures.quality) == (
        "1 warning, 1 note and 1 good. Not assessable for this reason: HL and IC."
    )


def _words(panel: Any) -> str:
    return "\n".join(label.text() for label in panel.content.findChildren(QLabel))


def test_doubts_follow_the_answers(qtbot: Any, desk: Any) -> None:
    panel = DoubtsPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    assert "No model was asked." in panel.heading.text()
    assert SYNTHETIC_STATEMENT not in _words(panel)
    desk.state.answers.show(made_up_answers.all_three())
    assert "Why you should doubt this" in panel.heading.text()
    assert _words(panel).count(SYNTHETIC_STATEMENT) == 3
    assert "Gait severity estimate: " in _words(panel)
    assert "GMFCS" not in _words(panel)
    desk.state.answers.show([replace(made_up_answers.severity(), out_of_date=True)])
    assert "are others than when it was asked (2026-11-21)." in _words(panel)
    desk.state.answers.show(())
    assert SYNTHETIC_STATEMENT not in _words(panel)


def test_doubts_are_hidden_until_graded(qtbot: Any, desk: Any) -> None:
    desk.state.answers.show(made_up_answers.all_three())
    desk.state.set_settings(replace(desk.state.settings, hide_until_graded=True, rater="A"))
    panel = DoubtsPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    assert panel.is_empty
    desk.state.set_settings(replace(desk.state.settings, hide_until_graded=False))
    assert not panel.is_empty


def test_pattern_in_words_and_rows(measures: Any) -> None:
    words = pattern_words(measures.patterns.right)
    assert words == "Right: knee z 0.4, ankle z \u22122.7; true equinus, probability 83 %"
    unnamed = replace(measures.patterns.right, label=NOTHING, reason=as_written("it is too near"))
    assert "no pattern is named, it is too near (true equinus 83 %)" in pattern_words(unnamed)
    unknown = replace(unnamed, knee_z=math.nan, reason=as_written("the knee is hidden"))
    assert pattern_words(unknown) == "Right: not assessable, The knee is hidden."
    rows = profile_rows(measures)
    assert rows[-1].total
    assert rows[0].values[Side.RIGHT] == (9.0, 5.0)


def test_a_normal_ankle_is_not_called_proof(measures: Any) -> None:
    right = measures.patterns.right
    normal = replace(right, label=message("pattern.normal"))
    assert "not proof" not in " ".join(pattern_lines(BySide(right, right)))
    assert pattern_lines(BySide(right, normal))[2].startswith(
        "A normal ankle is not proof that the heel comes down"
    )


@pytest.mark.parametrize("size", [(910, 175), (430, 250), (430, 700)])
def test_the_whole_map_of_patterns_is_seen(qtbot: Any, desk: Any, size: tuple[int, int]) -> None:
    panel = PatternPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    panel.resize(*size)
    panel.show()
    qtbot.wait(30)
    view = panel.scroller.viewport()
    bottom = panel.plot.mapTo(view, QPoint(0, panel.plot.height())).y()
    assert panel.plot.height() >= 112
    assert bottom <= view.height()
    assert panel.plot.box().bottom() <= panel.plot.height() - 24  # the axis has its words


def test_letters_of_the_limbs_keep_off_both_markers() -> None:
    box = QRectF(0, 0, 200, 200)
    for right in (QPointF(100, 100), QPointF(118, 100), QPointF(82, 100), QPointF(100, 119), QPointF(196, 4)):
        spots = {Side.LEFT: QPointF(100, 100), Side.RIGHT: right}
        places = letter_places(spots, box)
        for spot in spots.values():
            marker = QRectF(spot.x() - 7, spot.y() - 7, 14, 14)
            assert not any(place.intersects(marker) for place in places.values())
        assert not places[Side.LEFT].intersects(places[Side.RIGHT])


def test_the_button_of_the_session_stands_where_the_facts_begin(qtbot: Any, desk: Any) -> None:
    panel = DetailsPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    panel.resize(900, 300)
    panel.show()
    assert panel.change.mapTo(panel, QPoint(0, 0)).x() < 20


def test_the_pattern_is_hidden_until_everything_is_graded(qtbot: Any, open_desk: Any) -> None:
    desk = open_desk(hide_until_graded=True)
    panel = PatternPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    assert panel.is_empty
    document = desk.state.document
    for side in Side:
        for found in desk.measures.evgs.measures[side]:
            grade = Grade(found.item.number, side, 0, "AB", "2026-01-01T00:00:00Z")
            document = edits.set_grade(document, grade)
    desk.state.edit(document, "all")
    assert not panel.is_empty


def test_details_tell_all_facts(desk: Any) -> None:
    facts = dict(pair for _, rows in sections(desk.state.document) for pair in rows)
    assert facts["Pseudonym"] == "P001"
    assert facts["Age"] == "9.4 years"
    assert facts["Botulinum toxin"] == "2025-03-02"
    for name in ("GMFCS", "Cobb angle"):
        assert facts[name] == "not stated"
    nobody = replace(desk.state.document.session, subject=Subject("P002"), age_years=None, when=None)
    facts = dict(pair for _, rows in sections(replace(desk.state.document, session=nobody)) for pair in rows)
    for name in ("Sex", "Age", "Diagnosis", "Affected side", "Date"):
        assert facts[name] == "not stated"
    facts = dict(pair for _, rows in sections(desk.state.document) for pair in rows)
    assert facts["Side view"] == "sagittal.mp4, 1280 × 720, 30 Hz, 5.0 s"


def test_texts_go_into_the_document_and_back(qtbot: Any, desk: Any) -> None:
    panel = TextsPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    qtbot.keyClicks(panel.fields["plan"], "Botulinum toxin, 2 sites")
    assert desk.state.document.texts.plan == "Botulinum toxin, 2 sites"
    assert len(desk.state.history.undo_titles) == 1
    panel._end_burst()
    qtbot.keyClicks(panel.fields["plan"], "; review")
    assert len(desk.state.history.undo_titles) == 2
    desk.state.undo()
    assert panel.fields["plan"].toPlainText() == "Botulinum toxin, 2 sites"
    desk.state.undo()
    assert panel.fields["plan"].toPlainText() == ""


def test_key_images_are_added_named_visited_and_removed(qtbot: Any, desk: Any) -> None:
    panel = KeyImagesPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    panel.resize(420, 300)
    panel.show()
    assert panel.hint.isVisible()
    desk.player.go_to_frame(View.SAGITTAL, 45)
    desk.player.active_view = View.SAGITTAL
    qtbot.mouseClick(panel.add, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.add, Qt.MouseButton.LeftButton)
    (image,) = desk.state.document.key_images
    assert (image.view, image.frame, image.time_s) == (View.SAGITTAL, 45, pytest.approx(1.5))
    assert not panel.hint.isVisible()
    panel.table.item(0, CAPTION).setText("toe drags")
    assert desk.state.document.key_images[0].caption == "toe drags"
    desk.player.go_to(0)
    at = panel.table.visualItemRect(panel.table.item(0, WHERE)).center()
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert desk.player.shown(View.SAGITTAL) == 45
    qtbot.mouseClick(panel.remove, Qt.MouseButton.LeftButton)
    assert desk.state.document.key_images == ()
    desk.state.undo()
    assert panel.table.item(0, CAPTION).text() == "toe drags"


def test_key_images_of_another_view_lead_to_their_own_frame(qtbot: Any, desk: Any) -> None:
    panel = KeyImagesPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    image = KeyImage("t1", View.CORONAL, 90, 3.0)
    desk.state.edit(replace(desk.state.document, key_images=(image,)), "k")
    panel._go(0, 0)
    assert desk.player.shown(View.CORONAL) == 90
    assert desk.player.time_s == pytest.approx(1.8)


def test_an_empty_caption_says_how_it_is_written(qtbot: Any, desk: Any) -> None:
    panel = KeyImagesPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    image = KeyImage("t1", View.SAGITTAL, 5, 0.1)
    desk.state.edit(replace(desk.state.document, key_images=(image,)), "k")
    delegate = panel.table.itemDelegateForColumn(CAPTION)

    def words() -> str:
        option = QStyleOptionViewItem()
        delegate.initStyleOption(option, panel.table.model().index(0, CAPTION))
        return option.text

    assert "F2 to write a caption" in words()
    assert panel.table.item(0, CAPTION).text() == ""
    panel.table.item(0, CAPTION).setText("toe drags")
    assert words() == "toe drags"


def test_a_key_image_that_was_just_added_is_in_sight(qtbot: Any, desk: Any) -> None:
    panel = KeyImagesPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    panel.resize(420, 260)
    panel.show()
    many = tuple(KeyImage("t1", View.SAGITTAL, frame, frame / 30) for frame in range(0, 80, 5))
    desk.state.edit(replace(desk.state.document, key_images=many), "k")
    desk.player.active_view = View.SAGITTAL
    desk.player.go_to_frame(View.SAGITTAL, 72)
    qtbot.mouseClick(panel.add, Qt.MouseButton.LeftButton)
    row = [image.frame for image in desk.state.document.key_images].index(72)
    assert panel.table.currentRow() == row
    place = panel.table.visualItemRect(panel.table.item(row, CAPTION))
    assert panel.table.viewport().rect().contains(place)
