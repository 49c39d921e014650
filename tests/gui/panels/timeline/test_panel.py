from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from gaitviewer.core.gait import Side
from gaitviewer.gui.panels.timeline.layout import Kind
from gaitviewer.gui.panels.timeline.panel import TimelinePanel


@pytest.fixture
def panel(qtbot: Any, desk: Any) -> TimelinePanel:
    made = TimelinePanel(desk.state, desk.player)
    qtbot.addWidget(made)
    made.resize(900, 200)
    made.show()
    QApplication.processEvents()
    return made


def spot(panel: TimelinePanel, time_s: float, row: int) -> QPoint:
    line = panel.line
    return QPoint(round(line.scale.x(time_s)), int(line._tops[row] + line._rows[row].height / 2))


def test_the_whole_of_both_recordings_is_shown(panel: TimelinePanel, desk: Any) -> None:
    assert panel.line.scale.start_s == pytest.approx(desk.player.start_s) == pytest.approx(-1.2)
    assert panel.line.scale.stop_s == pytest.approx(desk.player.stop_s)


def test_click_and_drag_move_in_time(qtbot: Any, panel: TimelinePanel, desk: Any) -> None:
    qtbot.mousePress(panel.line, Qt.MouseButton.LeftButton, pos=spot(panel, 2.0, 1))
    assert desk.player.time_s == pytest.approx(2.0, abs=0.02)
    qtbot.mouseMove(panel.line, spot(panel, 3.0, 1))
    assert desk.player.time_s == pytest.approx(3.0, abs=0.02)
    qtbot.mouseRelease(panel.line, Qt.MouseButton.LeftButton, pos=spot(panel, 3.0, 1))
    qtbot.mouseMove(panel.line, spot(panel, 1.0, 1))
    assert desk.player.time_s == pytest.approx(3.0, abs=0.02)


def test_clicking_evidence_selects_its_item(qtbot: Any, panel: TimelinePanel, desk: Any) -> None:
    desk.state.select(11, Side.RIGHT)
    wanted = desk.measures.evgs.get(11, Side.RIGHT).evidence[1]
    desk.state.clear_selection()
    desk.state.select(11, Side.RIGHT)
    at = spot(panel, wanted.time_s, 0)
    qtbot.mouseClick(panel.line, Qt.MouseButton.LeftButton, pos=at)
    assert desk.state.evidence == wanted


def test_wheel_zooms_about_the_pointer(panel: TimelinePanel) -> None:
    at = spot(panel, 2.0, 1)
    before = panel.line.scale.time(at.x())
    turn = QWheelEvent(
        QPointF(at), QPointF(panel.line.mapToGlobal(at)), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(panel.line, turn)
    scale = panel.line.scale
    assert scale.stop_s - scale.start_s < 0.7 * (scale.most_s - scale.least_s)
    assert scale.time(at.x()) == pytest.approx(before)
    panel.line.fit()
    assert panel.line.scale.start_s == pytest.approx(-1.2)


def test_hover_says_why_something_was_left_out(panel: TimelinePanel) -> None:
    mark = panel.line.mark_under(spot(panel, 4.7, 1))
    assert mark is not None
    assert mark.kind is Kind.LEFT_OUT
    assert mark.tip == "Left out: Turning."


def test_a_moving_offset_moves_the_front_view(panel: TimelinePanel, desk: Any) -> None:
    def front() -> float:
        return min(m.start_s for m in panel.line.marks if m.kind is Kind.STRIDE and m.row == 6)

    before = front()
    desk.player.set_offset(1.0)
    assert front() == pytest.approx(before + 0.2)


def test_no_session(panel: TimelinePanel, desk: Any) -> None:
    desk.state.close_session()
    assert panel.is_empty


def test_painted_in_both_themes(panel: TimelinePanel, qapp: Any) -> None:
    from gaitviewer.gui.widgets import theme

    pictures = []
    for choice in ("light", "dark"):
        theme.apply(qapp, choice)
        QApplication.processEvents()
        pictures.append(panel.line.grab().toImage())
    assert pictures[0].pixelColor(400, 60).lightness() > pictures[1].pixelColor(400, 60).lightness()
    assert pictures[0] != pictures[1]
