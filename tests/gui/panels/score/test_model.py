"""The video model beside the measured score and the grade."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gaitviewer.core import edits
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import Side, View
from gaitviewer.core.output import SYNTHETIC_STATEMENT
from gaitviewer.gui.panels.score.panel import EvgsPanel
from gaitviewer.gui.panels.score.table import MODEL
from tests.support import made_up_answers as made


@pytest.fixture
def panel(qtbot: Any, desk: Any) -> EvgsPanel:
    shown = EvgsPanel(desk.state, desk.player)
    qtbot.addWidget(shown)
    shown.resize(460, 700)
    shown.show()
    return shown


def cell(panel: EvgsPanel, item: int, side: Side) -> Any:
    row = next(n for n, one in enumerate(panel.table.sheet.items) if one.number == item)
    return panel.table.sheet.cell(row, MODEL[side])


def test_without_an_answer_there_is_no_column(panel: EvgsPanel, desk: Any) -> None:
    assert all(panel.table.isColumnHidden(column) for column in MODEL.values())
    assert panel.model_row.isHidden()
    desk.state.answers.show([made.evgs()])
    assert not any(panel.table.isColumnHidden(column) for column in MODEL.values())
    assert panel.model_statement.text().lower().startswith(SYNTHETIC_STATEMENT)
    header = panel.table.horizontalHeader()
    order = [header.logicalIndex(n) for n in range(8)]
    assert order == [0, 1, 2, 3, 6, 4, 5, 7]
    desk.state.answers.show([])
    assert panel.table.isColumnHidden(MODEL[Side.LEFT])
    assert not panel.grab().isNull()


def test_cells_tell_the_chance_and_where_it_disagrees(panel: EvgsPanel, desk: Any) -> None:
    desk.state.answers.show([made.evgs()])
    assert cell(panel, 9, Side.LEFT).chance == pytest.approx(0.8123)
    for side in Side:
        for found in desk.measures.evgs.measures[side]:
            shown, chance = cell(panel, found.item.number, side), made.chance(found.item.number, side)
            if found.item.number == 4:
                assert shown.hatched
                assert "no opinion" in shown.text
                assert math.isnan(shown.chance)
                continue
            told = found.score is not None and (chance >= 0.5) != (found.score > 0)
            assert shown.apart == told
            assert ("Other than the measured score" in shown.text) == told
            assert "not validated on patients" in shown.text


def test_a_grade_counts_too(panel: EvgsPanel, desk: Any) -> None:
    desk.state.answers.show([made.evgs()])
    item = next(
        n for n in range(8, 17) if not cell(panel, n, Side.LEFT).apart and not cell(panel, n, Side.LEFT).hatched
    )
    other = 0 if made.chance(item, Side.LEFT) >= 0.5 else 2
    grade = Grade(item, Side.LEFT, other, "AB", "2026-01-01T00:00:00Z")
    desk.state.edit(edits.set_grade(desk.state.document, grade), "grade")
    assert cell(panel, item, Side.LEFT).apart
    assert f"your grade {other}" in cell(panel, item, Side.LEFT).text


def test_disagreements_first_and_one_after_the_other(panel: EvgsPanel, desk: Any) -> None:
    assert not panel.next_apart()
    desk.state.answers.show([made.evgs()])
    apart = panel.apart
    assert (9, Side.LEFT) in apart
    assert f"({len(apart)})" in panel.apart_first.text()
    seen = []
    for _ in apart:
        assert panel.next_apart()
        seen.append((desk.state.item, desk.state.side))
    assert tuple(seen) == apart
    panel.next_apart()
    assert (desk.state.item, desk.state.side) == apart[0]  # around the end
    panel.next_apart(-1)
    assert (desk.state.item, desk.state.side) == apart[-1]
    panel.apart_first.setChecked(True)
    first = [item.number for item in panel.table.sheet.items][: len({n for n, _ in apart})]
    assert set(first) == {n for n, _ in apart}
    panel.apart_first.setChecked(False)
    assert [item.number for item in panel.table.sheet.items] == list(range(1, 18))


def test_hidden_until_the_item_is_graded(panel: EvgsPanel, desk: Any) -> None:
    desk.state.answers.show([made.evgs()])
    desk.state.set_settings(replace(desk.state.settings, hide_until_graded=True))
    assert cell(panel, 9, Side.LEFT).hidden
    assert panel.apart == ()
    desk.state.select(9, Side.LEFT)
    assert panel.detail.model.isHidden()
    grade = Grade(9, Side.LEFT, 0, "AB", "2026-01-01T00:00:00Z")
    desk.state.edit(edits.set_grade(desk.state.document, grade), "grade")
    assert cell(panel, 9, Side.LEFT).apart
    assert not panel.detail.model.isHidden()


def test_the_detail_tells_where_it_looked(panel: EvgsPanel, desk: Any) -> None:
    desk.state.answers.show([replace(made.evgs(), out_of_date=True)])
    assert panel.model_statement.text().startswith("Out of date.")
    desk.state.select(9, Side.LEFT)
    words = panel.detail.model.text()
    assert "atypical with a probability of 81 %" in words
    assert "Out of date." in words
    assert "Gait variable score of the left limb" in words
    rows = [panel.detail.evidence.item(n) for n in range(panel.detail.evidence.count())]
    (look,) = [row for row in rows if row.text().startswith("Model looked")]
    assert "1.50 s" in look.text()
    panel.detail._go(look)
    assert desk.state.evidence.view is View.SAGITTAL
    motion = desk.measures.motions[0].views.sagittal
    assert desk.state.evidence.frame == int(np.argmin(np.abs(motion.pose.times - 1.5)))
    desk.state.select(11, Side.RIGHT)
    assert "was recorded for KEX left only" in panel.detail.model.text()


def test_an_abstention_of_the_whole_model(panel: EvgsPanel, desk: Any) -> None:
    desk.state.answers.show([made.silent("evgs")])
    assert all(cell(panel, n, side).hatched for n in range(1, 18) for side in Side)
    assert panel.apart == ()
    assert not panel.grab().isNull()
