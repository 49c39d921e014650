"""What saliency costs while a picture is painted, as a ratio to painting without it."""

from __future__ import annotations

import os
import time
from dataclasses import replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.gui.canvas import TwoViews
from gaitviewer.gui.canvas.overlays import paint_overlays
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.widgets import theme
from gaitviewer.workflow.app.settings import Settings
from tests.support import made_up_answers, made_up_session

pytestmark = pytest.mark.benchmark

LIMIT_MS = 2.0


def test_saliency_while_painting(qapp: object) -> None:
    measures = made_up_session.build()
    trials = tuple(
        TrialData(m.trial, ByView(*(v.raw if (v := m.views[view]) else None for view in View)))
        for m in measures.motions
    )
    state = AppState(Settings(rater="AB"))
    state.open_session(Document(measures.session, trials), measures)
    joints = len(made_up_answers.JOINTS)  # every one of them in every frame
    values = np.random.default_rng(1).uniform(0.01, 0.03, (made_up_answers.CELLS, joints))
    state.answers.show([made_up_answers.severity(made_up_answers.saliency(values))])
    views = TwoViews(state)
    views.resize(1920, 700)
    canvas = views.canvases.sagittal
    canvas.resize(960, 700)
    image = QImage(960, 700, QImage.Format.Format_RGB32)
    shown = canvas.overlays

    def paint_ms(names: frozenset[str]) -> float:
        """Median over frames."""
        each = []
        for frame in range(30, 110):
            scene = replace(canvas.scene(), frame=frame, time_s=frame / made_up_session.RATE)
            painter = QPainter(image)
            painter.setFont(theme.font("small"))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            start = time.perf_counter()
            paint_overlays(painter, scene, names)
            each.append(1000 * (time.perf_counter() - start))
            painter.end()
        return float(np.median(each))

    paint_ms(shown)
    without, with_it = (min(paint_ms(names) for _ in range(5)) for names in (shown - {"saliency"}, shown))
    views.close_videos()
    print(f"\nsaliency {with_it - without:.2f} ms a frame; painting {with_it / without:.2f} times that without")
    assert with_it - without <= LIMIT_MS
