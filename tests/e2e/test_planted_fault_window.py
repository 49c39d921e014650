"""Our walkers with a planted fault and the shipped models: the fault leads in what the window shows."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gaitviewer.analysis.knowledge_map.features import load_map_features
from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.walking.trial import read_trial
from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, Side, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import Answer
from gaitviewer.core.session import Session, Subject, Trial
from gaitviewer.gui.canvas import TwoViews
from gaitviewer.gui.canvas.explanations import saliency_marks
from gaitviewer.gui.model.explanations import saliency_track
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.knowledge_map.panel import KnowledgeMapPanel
from gaitviewer.gui.panels.severity import SeverityPanel
from gaitviewer.inference.models import default_model
from gaitviewer.inference.predict import predict
from gaitviewer.synthesis.demo import demo_scene
from gaitviewer.synthesis.gait.model import normal_gait
from gaitviewer.synthesis.gait.patterns import add_pattern
from gaitviewer.workflow.app.settings import Settings
from tests.support.walkers import observe


@pytest.fixture(scope="module")
def stiff() -> tuple[Document, Measures, Answer]:
    gait = add_pattern(normal_gait(), Side.RIGHT, "stiff_knee", 1.3)
    film = demo_scene(1, gait=gait).views.sagittal
    pose = observe(film.motion.points, film.camera, times=film.times, noise_px=1.0)
    trial = Trial("t1", ByView(None, None))
    measures = measure_session(
        Session("walk", Subject("P1"), height_m=gait.height_m), (read_trial(trial, ByView(pose, None)),)
    )
    document = Document(measures.session, (TrialData(trial, ByView(pose, None)),))
    return (
        document,
        measures,
        Answer("severity", predict(document, measures, model=default_model("severity").folder)),
    )


@pytest.fixture
def opened(qapp: Any, stiff: tuple[Document, Measures, Answer]) -> Iterator[tuple[AppState, TwoViews]]:
    document, measures, answer = stiff
    state = AppState(Settings(rater="AB"))
    state.open_session(document, measures)
    state.answers.show([answer])
    views = TwoViews(state)
    views.resize(1366, 500)
    yield state, views
    views.close_videos()


def test_the_stiff_knee_is_the_largest_disc_and_the_first_bar(opened: Any, stiff: Any, qtbot: Any) -> None:
    state, views = opened
    canvas = views.canvases.sagittal
    track = saliency_track(stiff[2], "t1", View.SAGITTAL)
    assert track is not None
    area: dict[str, float] = {}
    for time_s in track.times_s.tolist():
        frame = int(np.argmin(np.abs(stiff[1].motions[0].views.sagittal.pose.times - time_s)))
        canvas.show_frame(frame, time_s)
        for name, _, _, radius, _ in saliency_marks(canvas.scene()):
            area[name] = area.get(name, 0.0) + radius**2
    assert max(area, key=area.__getitem__) == "right_knee"
    assert area["right_knee"] > 1.5 * area["left_knee"]
    panel = SeverityPanel(state, views.player)
    qtbot.addWidget(panel)
    assert panel.chart.rows[0].name == "right_knee"
    assert panel.chart.rows[0].population is not None
    assert panel.levels.levels


def test_a_planted_trunk_feature_leads_the_map_and_the_click_arrives(opened: Any, qtbot: Any) -> None:
    """The map's importance is planted here; what is tested is the way from the map to frame and joints."""
    from tests.support import made_up_answers as made

    state, views = opened
    answer = made.scoliosis()
    state.answers.show([answer])
    panel = KnowledgeMapPanel(state, views.player)
    qtbot.addWidget(panel)
    panel.resize(1000, 700)
    panel.show()
    panel.least.setValue(50)
    shown = [line.feature.name for line in panel.lines if line.feature is not None]
    assert shown == ["shoulder_tilt"]
    line = next(n for n, one in enumerate(panel.lines) if one.feature is not None)
    at = panel.view.place_of(line, 2.0).toPoint()
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    pointed = state.answers.pointed
    assert pointed is not None
    assert pointed.view is View.CORONAL
    table = load_map_features()
    assert {k for figure in pointed.figures for point in figure for k in point} == {
        int(k) for name in ("left_shoulder", "right_shoulder") for k in table.points[name]
    }
