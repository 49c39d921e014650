"""The gait severity estimate as the panel shows it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gaitviewer.core.maps import FeatureFinding
from gaitviewer.core.output import Answer, MeasuredBasis, Opinion
from gaitviewer.core.saliency import joint_means
from gaitviewer.gui.panels.severity import SeverityPanel, basis_row, feature_row
from tests.support import made_up_answers as made


@pytest.fixture
def panel(desk: Any, qtbot: Any) -> SeverityPanel:
    shown = SeverityPanel(desk.state, desk.player)
    qtbot.addWidget(shown)
    shown.resize(900, 500)
    return shown


def empty_words(panel: SeverityPanel) -> str:
    assert panel.is_empty
    return panel._empty.text()


def test_not_asked(panel: SeverityPanel) -> None:
    assert "was not asked yet" in empty_words(panel)


def test_levels_statement_and_chart(panel: SeverityPanel, desk: Any) -> None:
    answer = made.severity()
    desk.state.answers.show([answer])
    assert panel.head.title.text() == "Gait severity estimate: level 3"
    assert panel.head.statement.text() == "Trained on synthetic gait; not validated on patients."
    assert panel.levels.levels == tuple(zip(made.LEVELS, made.CHANCES, strict=True))
    assert panel.reason.isHidden()
    assert panel.head.out_of_date.isHidden()
    rows = panel.chart.rows
    assert len(rows) == 25
    assert rows[0].name == "right_knee"
    assert rows[0].value == pytest.approx(joint_means(answer.output.saliency)["right_knee"])
    assert rows[0].population == answer.output.ranking[1][1:]
    assert {row.name for row in rows if row.population} == {row[0] for row in answer.output.ranking}
    assert panel.features.rows == [
        ("Range of knee flexion over the cycle, smaller of both limbs", "19.2°", "57.3 ± 4.4°", "1.3 %")
    ]
    assert panel.basis.rows[0] == ("Profile score of the worse limb", "9.4° ± 0.6", "9.0° (beyond)")
    for width in (380, 900):
        panel.resize(width, 500)
        assert not panel.grab().isNull()


def test_no_opinion_says_why_and_draws_nothing(panel: SeverityPanel, desk: Any) -> None:
    desk.state.answers.show([made.silent("severity")])
    assert panel.head.title.text() == "Gait severity estimate"
    assert panel.reason.text().startswith("No level is given, and nothing is drawn.")
    assert "whole stride" in panel.reason.text() or "strides" in panel.reason.text()
    assert panel.levels.isHidden()
    assert panel.chart.isHidden()
    assert panel.features.isHidden()
    assert panel.basis.rows  # measured values stand also where it says none


def test_a_normal_gait_has_no_level(panel: SeverityPanel, desk: Any) -> None:
    whole = made.severity().output
    normal = Opinion("severity", made.LEVELS, None, label="no CP-like deviation measured")
    desk.state.answers.show([Answer("severity", replace(whole, opinions=(normal,), saliency=(), findings=()))])
    assert "No CP-like deviation measured." in panel.reason.text()
    assert panel.chart.isHidden()


@pytest.mark.parametrize("fill", [0.0, math.nan, 0.02])
def test_a_map_without_evidence(panel: SeverityPanel, desk: Any, fill: float) -> None:
    desk.state.answers.show([made.severity(made.saliency(np.full((3, len(made.JOINTS)), fill)))])
    assert panel.chart.isHidden()
    assert "no evidence of any joint" in panel.chart_words.text()
    assert panel.levels.levels


def test_unknown_joints_come_last_and_negative_ones_count_by_size(panel: SeverityPanel, desk: Any) -> None:
    values = np.full((3, len(made.JOINTS)), 0.001)
    values[:, 0], values[:, 1] = math.nan, -0.5
    desk.state.answers.show([made.severity(made.saliency(values))])
    assert panel.chart.rows[0].name == made.JOINTS[1]
    assert math.isnan(panel.chart.rows[-1].value)
    assert panel.chart.reach() == pytest.approx(0.5)
    panel.grab()


def test_out_of_date(panel: SeverityPanel, desk: Any) -> None:
    desk.state.answers.show([replace(made.severity(), out_of_date=True)])
    assert panel.head.out_of_date.text().startswith("Out of date:")
    assert not panel.head.out_of_date.isHidden()


def test_hidden_until_graded(panel: SeverityPanel, desk: Any) -> None:
    desk.state.answers.show([made.severity()])
    desk.state.set_settings(replace(desk.state.settings, hide_until_graded=True))
    assert "hidden until you have graded" in empty_words(panel)
    desk.state.set_settings(replace(desk.state.settings, hide_until_graded=False))
    assert not panel.is_empty


def test_rows_without_value_norm_or_limit() -> None:
    bare = FeatureFinding("x", "knee", 0.0, 1.0, 0.02, "range of something: 3")
    assert feature_row(bare) == ("Range of something: 3", "–", "–", "2.0 %")
    unknown = MeasuredBasis("x", "a measure", math.nan, "deg", math.nan, math.nan)
    assert basis_row(unknown) == ("A measure", "–", "–")
    share = MeasuredBasis("x", "a share", 0.13, "", 0.021, 0.21)
    assert basis_row(share) == ("A share", "0.13 ± 0.02", "0.21")
