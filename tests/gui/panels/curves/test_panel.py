from __future__ import annotations

from typing import Any

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from gaitviewer.core.gait import Side, View
from gaitviewer.core.timebase import TrialClock
from gaitviewer.gui.panels.curves.grid import columns_for
from gaitviewer.gui.panels.curves.panel import CurvesPanel
from gaitviewer.gui.widgets import theme


@pytest.fixture
def panel(qtbot: Any, desk: Any) -> CurvesPanel:
    made = CurvesPanel(desk.state, desk.player)
    qtbot.addWidget(made)
    made.resize(900, 460)
    made.show()
    qtbot.wait(150)
    return made


def stride_of(desk: Any, number: int, side: Side = Side.RIGHT) -> Any:
    strides = desk.measures.motions[0].views.sagittal.strides
    return next(s for s in strides if s.side is side and s.number == number)


def spot(plot: Any, percent: float, value: float) -> QPoint:
    return plot.place_of(percent, value).toPoint()


def test_angles_of_all_joints_are_shown(panel: CurvesPanel) -> None:
    assert {"hip_flexion", "knee_flexion", "ankle_dorsiflexion", "trunk_tilt", "foot_pitch"} <= set(panel.plots)
    panel.show_angle("trunk_lateral_lean")
    assert "trunk_lateral_lean" in panel.plots
    panel.show_angle("hip_flexion", False)
    assert "hip_flexion" not in panel.plots


def test_the_lines_follow_the_video(panel: CurvesPanel, desk: Any) -> None:
    stride = stride_of(desk, 1)
    desk.player.go_to(stride.start_s + 0.25 * stride.duration_s)
    now = {n.side: n for n in panel.overlay.now}
    assert now[Side.RIGHT].percent == pytest.approx(25.0)
    curve = next(c for c in desk.measures.curves if c.angle == "knee_flexion" and c.stride.key == stride.key)
    assert now[Side.RIGHT].values["knee_flexion"] == pytest.approx(curve.values[25])
    assert now[Side.LEFT].percent == pytest.approx(75.0, abs=0.1)
    desk.player.go_to(desk.player.stop_s)
    assert panel.overlay.now == ()


def test_dragging_over_a_plot_moves_the_video(qtbot: Any, panel: CurvesPanel, desk: Any) -> None:
    desk.player.go_to(stride_of(desk, 1).start_s + 0.2)
    desk.state.select(11, Side.RIGHT)
    plot = panel.plots["knee_flexion"]
    qtbot.mousePress(plot.viewport(), Qt.MouseButton.LeftButton, pos=spot(plot, 60, 100))
    stride = stride_of(desk, 1)
    assert desk.player.time_s == pytest.approx(TrialClock(1.2).time_at(stride, 60), abs=0.01)
    qtbot.mouseMove(plot.viewport(), spot(plot, 80, 100))
    qtbot.mouseRelease(plot.viewport(), Qt.MouseButton.LeftButton, pos=spot(plot, 80, 100))
    assert desk.player.time_s == pytest.approx(TrialClock(1.2).time_at(stride, 80), abs=0.01)


def select_by_click(qtbot: Any, panel: CurvesPanel, desk: Any) -> Any:
    qtbot.mouseClick(panel.each_button, Qt.MouseButton.LeftButton)
    stride = stride_of(desk, 1)
    curve = next(c for c in desk.measures.curves if c.angle == "knee_flexion" and c.stride.key == stride.key)
    plot = panel.plots["knee_flexion"]
    at = max(range(30, 95), key=lambda p: _alone(desk, curve, p))
    qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=spot(plot, at, float(curve.values[at])))
    return stride


def _alone(desk: Any, curve: Any, percent: int) -> float:
    """How far other curves are from this one there."""
    others = [c for c in desk.measures.curves if c.angle == curve.angle and c is not curve]
    return min(abs(float(c.values[percent] - curve.values[percent])) for c in others)


def test_clicking_a_curve_selects_its_stride(qtbot: Any, panel: CurvesPanel, desk: Any) -> None:
    stride = select_by_click(qtbot, panel, desk)
    assert panel.selected is not None
    assert panel.selected.key == stride.key
    assert panel.stride_bar.isVisibleTo(panel)
    assert "Detectors differ by 70 ms." in panel.stride_bar.words.text()


def test_the_means_lie_in_the_band_of_their_sd(panel: CurvesPanel) -> None:
    plot = panel.plots["knee_flexion"]
    content = plot._content
    spreads = [
        item
        for item in plot.getPlotItem().items
        if isinstance(item, pg.FillBetweenItem) and item.path().elementCount() > 0 and item.zValue() > -10
    ]
    assert content is not None
    assert len(spreads) == len(content.means) == 2
    for mean in content.means:
        high = float((mean.mean + mean.sd).max())
        assert any(s.path().boundingRect().bottom() == pytest.approx(high, abs=0.1) for s in spreads)


def test_means_cannot_be_selected(qtbot: Any, panel: CurvesPanel, desk: Any) -> None:
    plot = panel.plots["knee_flexion"]
    mean = desk.measures.mean("knee_flexion", Side.RIGHT)
    qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=spot(plot, 72, float(mean.mean[72])))
    assert panel.selected is None


def test_a_stride_is_left_out_with_a_reason(qtbot: Any, panel: CurvesPanel, desk: Any) -> None:
    stride = select_by_click(qtbot, panel, desk)
    bar = panel.stride_bar
    assert not bar.button.isEnabled()
    qtbot.keyClicks(bar.reason.lineEdit(), "looks at the toy")
    qtbot.mouseClick(bar.button, Qt.MouseButton.LeftButton)
    # At an offset of 1.2 s the front view shows this step as its third stride: it is left out of both.
    expected = {(stride.key, "looks at the toy"), ("t1/coronal/p0/right/2", "looks at the toy")}
    assert set(desk.state.document.trials[0].excluded_strides) == expected
    assert "Left out by you: Looks at the toy." in bar.words.text()
    assert panel.hint.isVisibleTo(panel)
    qtbot.mouseClick(bar.back, Qt.MouseButton.LeftButton)
    assert desk.state.document.trials[0].excluded_strides == ()
    assert not panel.hint.isVisibleTo(panel)
    desk.state.undo()
    assert desk.state.document.trials[0].excluded_strides


def test_the_selected_stride_can_be_repeated(qtbot: Any, panel: CurvesPanel, desk: Any) -> None:
    stride = select_by_click(qtbot, panel, desk)
    panel.stride_bar.looped.emit()
    loop = desk.player.loop
    assert (loop.start_s, loop.stop_s) == pytest.approx((stride.start_s, stride.stop_s))
    panel.stride_bar.closed.emit()
    assert panel.selected is None


def test_empty_states(panel: CurvesPanel, desk: Any) -> None:
    desk.state.set_measures(None)
    assert panel.is_empty
    desk.state.close_session()
    assert panel.is_empty


def test_both_themes_and_a_narrow_dock(panel: CurvesPanel, qtbot: Any, qapp: Any) -> None:
    panel.resize(420, 620)
    for choice in ("dark", "light"):
        theme.apply(qapp, choice)
        qtbot.wait(20)
    assert panel.field.width() <= 420
    columns = {plot.x() for plot in panel.plots.values()}
    assert len(columns) == 2
    QApplication.processEvents()


def test_front_view_strides_are_on_the_same_clock(panel: CurvesPanel, desk: Any) -> None:
    strides = desk.measures.motions[0].views.coronal.strides
    stride = next(s for s in strides if s.side is Side.RIGHT and s.number == 1)
    panel.select_stride(stride.key)
    panel._drag(50.0, View.CORONAL)
    assert desk.player.time_s == pytest.approx(stride.start_s + 0.5 * stride.duration_s - 1.2)


@pytest.mark.parametrize(
    ("plots", "width", "height", "columns"),
    [
        (6, 420, 560, 2),
        (6, 900, 400, 3),
        (6, 900, 150, 6),
        (6, 1300, 150, 6),
        (6, 180, 900, 1),
        (0, 400, 400, 1),
    ],
)
def test_columns_suit_the_dock(plots: int, width: int, height: int, columns: int) -> None:
    assert columns_for(plots, width, height) == columns


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_the_chosen_button_looks_chosen(panel: CurvesPanel, qapp: QApplication, choice: str) -> None:
    theme.apply(qapp, choice)
    QApplication.processEvents()
    grounds = [
        button.grab().toImage().pixelColor(4, button.height() // 2)
        for button in (panel.mean_button, panel.each_button)
    ]
    far = sum(abs(a - b) for a, b in zip(grounds[0].getRgb(), grounds[1].getRgb(), strict=True))
    assert far > 30
    theme.apply(qapp, "light")
