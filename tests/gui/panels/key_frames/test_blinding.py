"""While values are hidden the picture shows what they rest on, but no number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gaitviewer.core import edits
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import Side, View
from gaitviewer.gui.canvas import TwoViews

KNEE = 11
WHEN = "2026-01-01T00:00:00Z"


@pytest.fixture
def blind(qtbot: Any, open_desk: Any) -> Iterator[tuple[Any, TwoViews]]:
    desk = open_desk(hide_until_graded=True)
    views = TwoViews(desk.state, limit_bytes=64 << 20)
    qtbot.addWidget(views)
    yield desk, views
    views.close_videos()


def written(desk: Any, views: TwoViews) -> float:
    """The knee angle that the picture would write in the middle of a stride."""
    curve = next(
        c for c in desk.measures.curves if c.angle == "knee_flexion" and c.stride.view is View.SAGITTAL
    )
    stride = curve.stride
    values = views.canvases.sagittal.scene().content.values
    return values.at("knee_flexion", stride.side, (stride.start_s + stride.stop_s) / 2)


def test_the_label_at_the_evidence_appears_with_the_grade(blind: tuple[Any, TwoViews]) -> None:
    desk, views = blind
    desk.state.select(KNEE, Side.RIGHT)
    view = desk.state.evidence.view
    shown = views.canvases[view].scene().evidence
    assert shown is not None
    code = desk.measures.evgs.get(KNEE, Side.RIGHT).item.code
    assert shown.label == code
    grade = Grade(KNEE, Side.RIGHT, 1, "AB", WHEN)
    desk.state.edit(edits.set_grade(desk.state.document, grade), "Grade")
    after = views.canvases[view].scene().evidence
    assert "45 ±" in after.label
    desk.state.undo()
    assert views.canvases[view].scene().evidence.label == code


def test_angles_are_written_when_everything_is_graded_or_nothing_is_hidden(blind: tuple[Any, TwoViews]) -> None:
    desk, views = blind
    assert math.isnan(written(desk, views))
    document = desk.state.document
    items = [(m.item.number, side) for side in Side for m in desk.measures.evgs.measures[side]]
    for number, side in items[:-1]:
        document = edits.set_grade(document, Grade(number, side, 1, "AB", WHEN))
    desk.state.edit(document, "Grade")
    assert math.isnan(written(desk, views))
    number, side = items[-1]
    desk.state.edit(edits.set_grade(document, Grade(number, side, 0, "AB", WHEN)), "Grade")
    assert math.isfinite(written(desk, views))
    desk.state.undo()
    assert math.isnan(written(desk, views))
    desk.state.set_settings(replace(desk.state.settings, hide_until_graded=False))
    assert math.isfinite(written(desk, views))
