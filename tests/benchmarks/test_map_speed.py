"""How often a second the knowledge map is drawn while it is panned and zoomed."""

from __future__ import annotations

import os
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtGui import QImage, QPainter

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.knowledge_map.panel import KnowledgeMapPanel
from gaitviewer.gui.playback.player import Player
from gaitviewer.workflow.app.settings import Settings
from tests.support import made_up_answers, made_up_session

pytestmark = pytest.mark.benchmark


@pytest.mark.parametrize(("size", "least"), [((1366, 768), 50.0), ((1920, 1080), 30.0)])
def test_panning_and_zooming(qapp: object, size: tuple[int, int], least: float) -> None:
    measures = made_up_session.build()
    trials = tuple(
        TrialData(m.trial, ByView(*(v.raw if (v := m.views[view]) else None for view in View)))
        for m in measures.motions
    )
    state = AppState(Settings(rater="AB"))
    state.open_session(Document(measures.session, trials), measures)
    state.answers.show(made_up_answers.all_three())
    panel = KnowledgeMapPanel(state, Player())
    panel.resize(*size)
    panel.show()
    view = panel.view
    image = QImage(view.size(), QImage.Format.Format_RGB32)

    def per_second(part: float) -> float:
        """Drawn anew at other places, ``part`` of the lines in sight."""
        high = part * len(panel.lines)
        start, count = time.perf_counter(), 40
        for step in range(count):
            top = step / count * (len(panel.lines) - high)
            view.setRange(yRange=(top, top + high), xRange=(0.4 + 0.01 * step, 2.2 - 0.01 * step), padding=0)
            painter = QPainter(image)
            view.render(painter)
            painter.end()
        return count / (time.perf_counter() - start)

    per_second(0.5)
    rates = {part: max(per_second(part) for _ in range(3)) for part in (0.15, 0.5, 1.0)}
    panel.close()
    said = ", ".join(f"{100 * part:.0f} % of the lines {rate:.0f}/s" for part, rate in rates.items())
    print(f"\n{size[0]}x{size[1]}: {said}")
    assert min(rates.values()) >= least
