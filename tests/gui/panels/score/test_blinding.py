"""While values are hidden no panel shows what would lead the rater; a grade sets free what belongs to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pyqtgraph as pg
import pytest
from PySide6.QtWidgets import QLabel, QTableWidget

from gaitviewer.core import edits
from gaitviewer.core.document import Document
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import Side
from gaitviewer.gui.panels.curves.panel import CurvesPanel
from gaitviewer.gui.panels.parameters import LEFT, RIGHT, ParametersPanel
from gaitviewer.gui.panels.timeline.layout import Kind
from gaitviewer.gui.panels.timeline.panel import TimelinePanel
from gaitviewer.workflow.app.tables import angle_kinds, evgs_items, items_behind

KNEE = {9, 10, 11}


def graded(document: Document, items: Iterable[int], side: Side) -> Document:
    for item in items:
        document = edits.set_grade(document, Grade(item, side, 0, "AB", "2026-01-01T00:00:00Z"))
    return document


def grade(desk: Any, items: Iterable[int], side: Side) -> None:
    desk.state.edit(graded(desk.state.document, items, side), "Grade")


@pytest.fixture
def blind(open_desk: Any) -> Any:
    return open_desk(hide_until_graded=True)


@pytest.fixture
def curves(qtbot: Any, blind: Any) -> CurvesPanel:
    panel = CurvesPanel(blind.state, blind.player)
    qtbot.addWidget(panel)
    panel.resize(900, 460)
    panel.show()
    qtbot.wait(150)
    return panel


def test_every_curve_waits_for_the_items_that_it_gives_away() -> None:
    assert {item.number for item in items_behind("knee_flexion")} == KNEE
    assert [item.code for item in items_behind("foot_progression")] == ["FRT"]
    for kind in angle_kinds():
        assert items_behind(kind.name)
    assert items_behind("some_other_angle") == evgs_items()


def test_a_curve_comes_with_the_last_grade_of_its_items_and_limb(curves: CurvesPanel, blind: Any) -> None:
    plot = curves.plots["knee_flexion"]
    assert plot._content.means == plot._content.curves == ()
    assert plot.hidden_words.text() == "Hidden until you have graded KEX, KPS and KFX."
    grade(blind, (9, 10), Side.RIGHT)
    assert plot._content.means == ()
    assert "Right hidden until you have graded KFX." in plot.hidden_words.text()
    grade(blind, (11,), Side.RIGHT)
    assert {mean.side for mean in plot._content.means} == {Side.RIGHT}
    assert {curve.stride.side for curve in plot._content.curves} == {Side.RIGHT}
    assert plot.hidden_words.text() == "Left hidden until you have graded KEX, KPS and KFX."
    assert curves.plots["hip_flexion"]._content.means == ()
    blind.state.undo()
    assert plot._content.means == ()
    blind.state.set_settings(replace(blind.state.settings, hide_until_graded=False))
    assert {mean.side for mean in plot._content.means} == set(Side)
    assert not plot.hidden_words.isVisibleTo(plot)


def test_the_moving_dots_keep_the_secret_too(curves: CurvesPanel, blind: Any) -> None:
    stride = next(s for s in blind.measures.motions[0].views.sagittal.strides if s.number == 1)
    blind.player.go_to(stride.start_s + 0.3)
    assert curves.overlay.now
    assert not any(now.values for now in curves.overlay.now)
    grade(blind, KNEE, Side.RIGHT)
    blind.player.go_to(stride.start_s + 0.31)
    shown = {now.side: set(now.values) for now in curves.overlay.now}
    assert shown == {Side.LEFT: set(), Side.RIGHT: {"knee_flexion"}}


def test_no_line_of_now_strikes_through_the_words(qtbot: Any, curves: CurvesPanel, blind: Any) -> None:
    stride = next(s for s in blind.measures.motions[0].views.sagittal.strides if s.number == 1)
    blind.player.go_to(stride.start_s + 0.3)
    assert curves.overlay.now
    assert curves.overlay._places == ()
    plot = curves.plots["knee_flexion"]
    before = curves.field.grab().toImage()
    blind.player.go_to(stride.start_s + 0.5)
    qtbot.wait(80)
    assert curves.field.grab().toImage() == before
    grade(blind, KNEE, Side.RIGHT)
    qtbot.waitUntil(lambda: len(curves.overlay._places) == 1, timeout=3000)
    (place,) = curves.overlay._places
    assert place.angle == "knee_flexion"
    lowest = float(blind.measures.mean("knee_flexion", Side.RIGHT).mean.min())
    assert plot.place_of(50.0, lowest).y() < plot.hidden_words.geometry().top()
    assert place.area.bottom() < plot.hidden_words.geometry().translated(plot.pos()).top()


def test_the_normal_band_is_shown_whole_or_not_at_all(curves: CurvesPanel, blind: Any) -> None:
    def bands() -> int:
        items = curves.plots["knee_flexion"].getPlotItem().items
        return sum(isinstance(item, pg.FillBetweenItem) and item.zValue() == -10 for item in items)

    assert bands() == 0
    grade(blind, KNEE, Side.RIGHT)
    assert bands() == 1


def test_times_and_lengths_come_limb_by_limb(qtbot: Any, blind: Any) -> None:
    panel = ParametersPanel(blind.state, blind.player)
    qtbot.addWidget(panel)
    assert panel.is_empty
    everything = [item.number for item in evgs_items()]
    grade(blind, everything, Side.LEFT)
    assert not panel.is_empty
    rows = range(panel.table.rowCount())
    assert any("±" in panel.table.item(row, LEFT).text() for row in rows)
    assert {panel.table.item(row, RIGHT).text() for row in rows} == {"hidden"}
    assert "speed" not in panel.notes.text()
    assert all("%" not in panel.table.item(row, 4).text() for row in rows)  # no symmetry of one limb
    grade(blind, everything, Side.RIGHT)
    assert any("±" in panel.table.item(row, RIGHT).text() for row in rows)
    assert "Dimensionless speed 0.41" in panel.notes.text()


def test_the_timeline_writes_no_share_and_marks_only_the_chosen_item(qtbot: Any, blind: Any) -> None:
    panel = TimelinePanel(blind.state, blind.player)
    qtbot.addWidget(panel)
    tips = [mark.tip for mark in panel.line.marks if mark.kind is Kind.STRIDE]
    assert tips
    assert not any("stance" in tip for tip in tips)
    assert not any(mark.kind is Kind.EVIDENCE for mark in panel.line.marks)
    blind.state.select(11, Side.RIGHT)
    shown = [mark for mark in panel.line.marks if mark.kind is Kind.EVIDENCE]
    assert {mark.item for mark in shown} == {11}
    assert not any("score" in mark.tip for mark in shown)
    grade(blind, KNEE, Side.LEFT)
    shown = [mark for mark in panel.line.marks if mark.kind is Kind.EVIDENCE]
    assert {(mark.item, mark.side) for mark in shown} >= {(9, Side.LEFT), (11, Side.RIGHT)}
    blind.state.set_settings(replace(blind.state.settings, hide_until_graded=False))
    assert any("stance" in mark.tip for mark in panel.line.marks if mark.kind is Kind.STRIDE)


def test_nothing_is_hidden_from_those_who_did_not_ask_for_it(qtbot: Any, desk: Any) -> None:
    for make in (CurvesPanel, ParametersPanel):
        panel = make(desk.state, desk.player)
        qtbot.addWidget(panel)
        words = [label.text() for label in panel.findChildren(QLabel) if label.isVisibleTo(panel)]
        for table in panel.findChildren(QTableWidget):
            words += [
                table.item(row, column).text()
                for row in range(table.rowCount())
                for column in range(table.columnCount())
            ]
        assert not any("idden" in word for word in words)
