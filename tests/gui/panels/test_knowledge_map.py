"""The knowledge map: groups, filters, layers, the click that leads to the frame, and what is drawn as none."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from gaitviewer.core.gait import View
from gaitviewer.core.maps import KnowledgeMap
from gaitviewer.core.output import Answer
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.gui.model.map_features import figures_of, kept, lines_of, map_features
from gaitviewer.gui.panels.knowledge_map.panel import KnowledgeMapPanel
from gaitviewer.gui.panels.knowledge_map.picture import blend, layer_of
from tests.support import made_up_answers as made

COLOURS = {
    "base": (0, 0, 0), "low": (0, 0, 200), "high": (200, 0, 0), "above": (0, 250, 0), "against": (250, 250, 0),
    "unknown": (9, 9, 9), "heading": (50, 50, 50),
}  # fmt: skip
TILT = made.FEATURES.index("shoulder_tilt")


@pytest.fixture
def panel(desk: Any, qtbot: Any) -> KnowledgeMapPanel:
    shown = KnowledgeMapPanel(desk.state, desk.player)
    qtbot.addWidget(shown)
    shown.resize(1000, 700)
    shown.show()
    return shown


def line_of(panel: KnowledgeMapPanel, name: str) -> int:
    return next(
        n for n, line in enumerate(panel.lines) if line.feature is not None and line.feature.name == name
    )


def with_maps(answer: Answer, *maps: KnowledgeMap) -> Answer:
    return Answer("scoliosis", replace(answer.output, maps=maps))


# --- rows ------------------------------------------------------------


def test_every_feature_is_in_a_clinical_group_with_its_points() -> None:
    features = map_features(made.FEATURES)
    assert sorted(one.row for one in features) == list(range(238))
    groups = list(dict.fromkeys(one.group for one in features))
    assert groups[:4] == ["trunk", "pelvis", "arms", "legs"]
    assert "trunk and legs together" in groups
    assert all(figures_of(one.name) for one in features)
    assert figures_of("shoulder_tilt") == (((Keypoint.RIGHT_SHOULDER,), (Keypoint.LEFT_SHOULDER,)),)
    assert figures_of("trunk_lean") == (
        ((Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP), (Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER)),
    )
    assert len(figures_of("shoulder_tilt__pelvis_tilt")) == len(figures_of("shoulders_against_pelvis")) == 2
    assert figures_of("not a feature") == ()


def test_filters_and_collapsed_groups() -> None:
    features = map_features(made.FEATURES)
    assert {one.side.value for one in kept(features, side="left") if one.side} == {"left"}
    assert all("wrist" in one.name for one in kept(features, word=" WRIST ", group="arms"))
    assert {one.group for one in kept(features, group="pelvis")} == {"pelvis"}
    strongest = np.zeros(238)
    strongest[TILT] = 1.0
    assert [one.name for one in kept(features, strongest=strongest, least=0.5)] == ["shoulder_tilt"]
    assert len(kept(features)) == 238
    lines = lines_of(features, {"legs"})
    heading = next(line for line in lines if line.group == "legs")
    assert heading.feature is None
    assert not [line for line in lines if line.group == "legs" and line.feature]


# --- colours ------------------------------------------------------------


def picture(values: Any, kind: str = "importance", over: Any = None, share: float = 0.5) -> Any:
    """Of a map with these two rows; heading first."""
    names = ("shoulder_tilt", "pelvis_tilt")
    features = map_features(names)
    lines = lines_of(features)

    def layer(found: Any, what: str) -> Any:
        array = np.asarray(found, float)
        times = np.arange(array.shape[1]) / 30
        drawn = KnowledgeMap(array, names, times, "t1", View.CORONAL, np.full(len(times), np.nan), what)
        return layer_of(drawn, features)

    ground = layer(values, "values") if kind == "values" else None
    above = (
        layer(over if kind == "values" else values, "importance")
        if kind != "values" or over is not None
        else None
    )
    rgb = blend(lines, ground, above, share_above=share, colours=COLOURS)
    return {line.feature.name: rgb[n].tolist() for n, line in enumerate(lines) if line.feature is not None}


def test_importance_is_linear_on_one_scale() -> None:
    seen = picture([[0.0, 0.5, 1.0], [0.25, 0.0, 0.0]])
    assert seen["shoulder_tilt"] == [[0, 0, 0], [0, 125, 0], [0, 250, 0]]
    assert seen["pelvis_tilt"][0] == [0, 62, 0]


def test_values_are_coloured_around_zero_and_give_way_to_what_lies_over_them() -> None:
    seen = picture([[-10.0, 0.0], [10.0, 0.0]], "values", over=[[0.0, 0.0], [1.0, 0.0]], share=0.25)
    assert seen["shoulder_tilt"][0] == [0, 0, 150]
    assert seen["pelvis_tilt"][0] == [112, 62, 0]


def test_unknown_negative_zero_and_constant_importance() -> None:
    assert picture([[math.nan, 1.0], [0.0, 0.0]])["shoulder_tilt"] == [[9, 9, 9], [0, 250, 0]]
    assert picture([[-1.0, 0.5], [0.0, 0.0]])["shoulder_tilt"][0] == [250, 250, 0]
    for value in (0.0, 0.7):
        seen = picture(np.full((2, 3), value))
        assert all(colour == [0, 0, 0] for row in seen.values() for colour in row)


# --- the panel ------------------------------------------------------------


def test_not_asked_hidden_and_no_opinion(panel: KnowledgeMapPanel, desk: Any) -> None:
    assert panel.is_empty
    desk.state.answers.show([made.silent("scoliosis")])
    assert not panel.is_empty
    assert panel.map_side.isHidden()
    assert panel.reason.text().startswith("There is no opinion, and no map is drawn.")
    assert panel.warning.text() == "Asymmetry features, not a Cobb angle."
    desk.state.answers.show([made.scoliosis()])
    assert not panel.map_side.isHidden()
    desk.state.set_settings(replace(desk.state.settings, hide_until_graded=True))
    assert panel.is_empty


def test_statement_findings_and_text(panel: KnowledgeMapPanel, desk: Any, qtbot: Any) -> None:
    desk.state.answers.show([replace(made.scoliosis(), out_of_date=True)])
    assert panel.head.title.text() == "Asymmetry, probability 64 %"
    assert panel.head.statement.text() == "Trained on synthetic gait; not validated on patients."
    assert not panel.head.out_of_date.isHidden()
    (finding,) = panel.findings
    qtbot.waitUntil(lambda: finding.words.height() >= finding.words.heightForWidth(finding.words.width()))
    start, stop = 1.83 - 1.2, 2.47 - 1.2  # on the player's clock: the views are 1.2 s apart
    assert f"{start:.2f} s to {stop:.2f} s" in finding.words.text()
    assert "7.5°; healthy children 0.2° ± 1.1" in finding.words.text()
    assert panel.text.text() == made.scoliosis().output.texts[0]


def test_hover_names_value_unit_norm_and_importance(panel: KnowledgeMapPanel, desk: Any) -> None:
    desk.state.answers.show([made.scoliosis()])
    words = panel.tip(line_of(panel, "shoulder_tilt"), float(made.importance().times_s[50]) - 1.2)
    assert words.startswith("Tilt of the shoulder line.\nOne shoulder carried higher than the other.")
    assert "2.1°" in words
    assert "healthy children 0.2° ± 1.1" in words
    assert "importance 0.0089" in words
    assert "no norm is known" in panel.tip(line_of(panel, "pelvis_tilt"), 1.0)


def test_a_click_goes_to_the_frame_and_marks_the_joints(
    panel: KnowledgeMapPanel, desk: Any, qtbot: Any
) -> None:
    desk.state.answers.show([made.scoliosis()])
    panel.word.setText("tilt of the shoulder line")
    qtbot.wait(50)
    line = line_of(panel, "shoulder_tilt")
    at = panel.view.place_of(line, 1.0).toPoint()
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert desk.player.time_s == pytest.approx(1.0, abs=0.06)
    pointed = desk.state.answers.pointed
    assert pointed is not None
    assert (pointed.name, pointed.view) == ("shoulder_tilt", View.CORONAL)
    assert pointed.figures == figures_of("shoulder_tilt")
    qtbot.waitUntil(lambda: panel.view.now_s == desk.player.time_s)


def test_a_click_on_a_group_collapses_it(panel: KnowledgeMapPanel, desk: Any) -> None:
    desk.state.answers.show([made.scoliosis()])
    assert len(panel.lines) == 238 + len({line.group for line in panel.lines})
    heading = next(n for n, line in enumerate(panel.lines) if line.group == "legs")
    panel.view.clicked.emit(heading, 1.0)
    assert not [line for line in panel.lines if line.group == "legs" and line.feature]
    panel.fold.setChecked(True)
    assert all(line.feature is None for line in panel.lines)
    panel.fold.setChecked(False)
    panel.word.setText("no such thing")
    assert "No feature passes the filters." in panel.empty_words.text()


def test_a_window_is_played_over_and_over(panel: KnowledgeMapPanel, desk: Any) -> None:
    desk.state.answers.show([made.scoliosis()])
    panel.findings[0].click()
    loop = desk.player.loop
    assert (loop.start_s, loop.stop_s) == pytest.approx((1.83 - 1.2, 2.47 - 1.2), abs=0.05)
    assert desk.player.playing
    assert desk.state.answers.pointed.name == "shoulder_tilt"
    desk.player.pause()


@pytest.mark.parametrize("value", [0.0, 0.4])
def test_an_importance_without_evidence_says_so(panel: KnowledgeMapPanel, desk: Any, value: float) -> None:
    desk.state.answers.show([made.scoliosis(made.importance(np.full((238, 96), value)))])
    assert "Importance: nothing is drawn" in panel.empty_words.text()
    assert [name for name, *_ in panel.legend.entries] == ["Values"]


def test_a_clip_of_one_frame_and_maps_without_values(panel: KnowledgeMapPanel, desk: Any) -> None:
    answer = made.scoliosis()
    values, importance = answer.output.maps
    one = [
        replace(m, values=m.values[:, :1], times_s=m.times_s[:1], cycle=m.cycle[:1])
        for m in (values, importance)
    ]
    desk.state.answers.show([with_maps(answer, *one)])
    assert panel.lines
    assert not panel.grab().isNull()
    desk.state.answers.show([with_maps(answer, importance)])
    assert panel.buttons["values"].isHidden()
    assert not panel.grab().isNull()
    desk.state.answers.show([with_maps(answer)])
    assert panel.map_side.isHidden()


def test_layers_are_switched_and_attention_is_shown_where_it_is_given(
    panel: KnowledgeMapPanel, desk: Any
) -> None:
    answer = made.scoliosis()
    attention = replace(made.importance(), kind="attention")
    desk.state.answers.show([with_maps(answer, *answer.output.maps, attention)])
    assert not panel.buttons["attention"].isHidden()
    panel.buttons["importance"].setChecked(False)
    assert [name for name, *_ in panel.legend.entries] == ["Values", "Attention"]
    panel.buttons["values"].setChecked(False)
    panel.buttons["attention"].setChecked(False)
    assert panel.legend.entries == ()


def test_zoom_stays_while_layers_are_switched(panel: KnowledgeMapPanel, desk: Any) -> None:
    desk.state.answers.show([made.scoliosis()])
    panel.view.setXRange(0.5, 1.0, padding=0)
    before = panel.view.viewRange()
    panel.blend.setValue(10)
    assert panel.view.viewRange() == before
    panel.view.mouseDoubleClickEvent(None)
    assert panel.view.viewRange() != before
    assert panel.view.at(QPointF(5, 40)) is not None
