"""Where models looked, over the pictures and under the timeline: values, and nothing where there is none."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter

from gaitviewer.core.gait import Side, View
from gaitviewer.core.output import SYNTHETIC_STATEMENT, Answer
from gaitviewer.core.saliency import scale_top
from gaitviewer.gui.canvas import TwoViews
from gaitviewer.gui.canvas.explanations import (
    legends_of,
    paint_attention,
    saliency_legend,
    saliency_marks,
    top_radius,
)
from gaitviewer.gui.canvas.overlays import paint_overlays
from gaitviewer.gui.canvas.placement import Placement
from gaitviewer.gui.model.explanations import PointedFeature, attention_track, saliency_track
from gaitviewer.gui.panels.timeline.layout import Kind
from gaitviewer.gui.panels.timeline.panel import TimelinePanel
from tests.gui.conftest import pixels
from tests.support import made_up_answers as made

KNEE = made.JOINTS.index("right_knee")
SIDE = View.SAGITTAL


@pytest.fixture
def views(desk: Any, qtbot: Any) -> Iterator[TwoViews]:
    shown = TwoViews(desk.state)
    qtbot.addWidget(shown)
    shown.resize(1000, 400)
    shown.show()
    yield shown
    shown.close_videos()


def scene_at(views: TwoViews, time_s: float, view: View = SIDE) -> Any:
    """The scene of a view at a moment of its own video."""
    scene = views.canvases[view].scene()
    frame = int(np.argmin(np.abs(scene.content.pose.times - time_s)))
    return replace(scene, frame=frame, time_s=float(scene.content.pose.times[frame]))


def painted(scene: Any) -> NDArray[np.uint8]:
    """Saliency with its legend, and nothing else."""
    image = QImage(int(scene.size[0]), int(scene.size[1]), QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    paint_overlays(painter, scene, frozenset({"saliency"}))
    painter.end()
    return pixels(image)


def test_the_strongest_joint_has_the_largest_disc_on_an_absolute_scale(views: TwoViews, desk: Any) -> None:
    desk.state.answers.show(made.all_three())
    scene = scene_at(views, float(made.saliency().times_s[25]))
    name, _, _, radius, share = saliency_marks(scene)[0]
    top = scale_top(made.severity().output)
    assert name == "right_knee"
    assert share == pytest.approx(0.0368 / top)
    assert radius == pytest.approx(top_radius(scene) * math.sqrt(0.0368 / top))
    other = {m[0]: m[4] for m in saliency_marks(scene_at(views, 1.0))}
    assert other["right_knee"] == pytest.approx(0.016 / top)  # the same scale in every frame
    at = saliency_marks(scene)[0][1:3]
    knee = scene.points[14]
    assert at == pytest.approx(tuple(knee))


def test_before_and_after_the_walk_nothing_is_drawn(views: TwoViews, desk: Any) -> None:
    desk.state.answers.show([made.severity()])
    assert saliency_marks(scene_at(views, 0.0)) == []
    assert saliency_marks(scene_at(views, 4.9)) == []


def test_a_view_that_was_not_looked_at_stays_bare(views: TwoViews, desk: Any) -> None:
    desk.state.answers.show([made.severity()])
    assert views.canvases.coronal.scene().content.looked.saliency is None
    assert not painted(scene_at(views, 2.0, View.CORONAL)).any()


@pytest.mark.parametrize("fill", [0.0, math.nan, 0.02])
def test_a_map_without_evidence_looks_empty(views: TwoViews, desk: Any, fill: float) -> None:
    desk.state.answers.show([made.severity(made.saliency(np.full((made.CELLS, len(made.JOINTS)), fill)))])
    scene = scene_at(views, 2.0)
    assert saliency_marks(scene) == []
    assert saliency_legend(scene.content.looked.saliency)[0][0] == "no evidence of any joint in this view"


def test_an_unknown_joint_is_left_out_and_a_negative_one_is_a_ring(views: TwoViews, desk: Any) -> None:
    values = np.zeros((made.CELLS, len(made.JOINTS)))
    values[:, KNEE], values[:, 0] = -0.02, math.nan
    desk.state.answers.show([made.severity(made.saliency(values))])
    scene = scene_at(views, 2.0)
    ((name, x, y, radius, share),) = saliency_marks(scene)
    assert (name, share < 0) == ("right_knee", True)
    assert any(words == "speaks against" for words, *_ in saliency_legend(scene.content.looked.saliency))
    assert radius > 5
    assert not painted(scene)[round(y), round(x)].any()  # open in its middle


def test_a_map_of_one_cell_counts_around_its_moment_only() -> None:
    track = saliency_track(made.severity(made.saliency(np.full((1, len(made.JOINTS)), 0.01))), "t1", SIDE)
    assert track is not None
    assert track.cell_at(0.42) == 0
    assert track.cell_at(0.6) is None


def test_an_abstention_and_no_answer_draw_nothing(views: TwoViews, desk: Any) -> None:
    for answers in ((), (made.silent("severity"),)):
        desk.state.answers.show(answers)
        assert not painted(scene_at(views, 2.0)).any()


def test_hidden_until_every_item_is_graded(views: TwoViews, desk: Any) -> None:
    desk.state.answers.show(made.all_three())
    desk.state.select(9, Side.LEFT)
    assert views.canvases.sagittal.scene().content.looked.attention is not None
    desk.state.set_settings(replace(desk.state.settings, hide_until_graded=True))
    assert views.canvases.sagittal.scene().content.looked.saliency is None
    assert views.canvases.sagittal.scene().content.looked.attention is None


@pytest.mark.parametrize("person_px", [120.0, 680.0])
def test_the_legend_leaves_the_person_alone(views: TwoViews, desk: Any, person_px: float) -> None:
    desk.state.answers.show([made.severity()])
    scene = replace(scene_at(views, 2.0), size=(800.0, 380.0), placement=Placement(0.5, 0.0, -60.0))
    middle = float(np.nanmean(scene.points[:, 0]))
    scene = replace(scene, placement=Placement(0.5, person_px - middle, -60.0))
    image = QImage(800, 380, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    ((box, _),) = legends_of(painter, scene, {"saliency"})
    painter.end()
    assert (box.center().x() < 400) == (person_px > 400)


def test_the_switch_takes_it_off_the_picture(views: TwoViews, desk: Any) -> None:
    desk.state.answers.show([made.severity()])
    canvas = views.canvases.sagittal
    assert "saliency" in canvas.overlays
    views.player.go_to(2.0)
    on = pixels(canvas.grab().toImage())
    canvas.set_overlay("saliency", False)
    assert (pixels(canvas.grab().toImage()) != on).any()


# --- attention -----------------------------------------------------------------------------------------------


def test_patches_lie_in_their_box_and_pruned_ones_are_dimmed(views: TwoViews, desk: Any) -> None:
    desk.state.answers.show([made.evgs()])
    desk.state.select(9, Side.LEFT)
    scene = scene_at(views, 1.5)
    track = scene.content.looked.attention
    assert (track.low, track.high) == (pytest.approx(4 / 64), pytest.approx(63 / 64))
    scene = replace(scene, placement=Placement(0.3, 0.0, 0.0))  # all of the box is in sight
    image = QImage(int(scene.size[0]), int(scene.size[1]), QImage.Format.Format_RGB32)
    image.fill(0xFF808080)
    painter = QPainter(image)
    paint_attention(painter, scene)
    painter.end()
    rgb = pixels(image).astype(int)

    def patch(row: int, column: int) -> NDArray[Any]:
        x, y = 400 + 62.5 * (column + 0.5), 20 + 62.5 * (row + 0.5)
        return np.asarray(rgb[round(0.3 * y), round(0.3 * x)])

    pruned, low, most, beside = patch(4, -2), patch(4, 0), patch(7, 7), patch(7, 9)
    assert pruned.tolist() == beside.tolist() == [0x80] * 3  # not in the box
    assert most[2] > low[2] > 0x80
    assert scene.content.looked.attention.map_at(1.5).values[0, 0, 0] != track.low
    image.fill(0)
    painter = QPainter(image)
    ((_, legend),) = legends_of(painter, scene, {"attention"})
    painter.end()
    assert legend.width() > 200


def test_patches_that_were_pruned_are_dimmed(views: TwoViews, desk: Any) -> None:
    answer = made.evgs()
    pruned = np.full((1, 8, 8), 0.5)
    pruned[0, 6:, :] = math.nan
    maps = tuple(replace(one, values=pruned) for one in answer.output.attention)
    desk.state.answers.show([Answer("evgs", replace(answer.output, attention=maps))])
    desk.state.select(9, Side.LEFT)
    scene = replace(scene_at(views, 1.5), placement=Placement(0.5, 0.0, 0.0))
    image = QImage(int(scene.size[0]), int(scene.size[1]), QImage.Format.Format_RGB32)
    image.fill(0xFFA0A0A0)
    painter = QPainter(image)
    paint_attention(painter, scene)
    painter.end()
    rgb = pixels(image).astype(int)
    x = round(0.5 * 650)
    assert rgb[round(0.5 * 480), x].max() < 0x80
    assert rgb[round(0.5 * 330), x].tolist() == [0xA0] * 3  # looked at, but all alike: nothing is coloured


def test_an_item_without_attention_or_with_equal_patches() -> None:
    answer = made.evgs()
    assert attention_track(answer, "t1", SIDE, (11, Side.RIGHT), "attention") is None
    assert attention_track(answer, "t1", View.CORONAL, (9, Side.LEFT), "attention") is None
    assert attention_track(None, "t1", SIDE, (9, Side.LEFT), "attention") is None
    flat = tuple(replace(one, values=np.full((1, 8, 8), 0.5)) for one in answer.output.attention)
    track = attention_track(
        Answer("evgs", replace(answer.output, attention=flat)), "t1", SIDE, (9, Side.LEFT), "attention"
    )
    assert track is not None
    assert track.is_empty
    assert track.map_at(1.5) is not None
    assert track.map_at(2.0) is None


def test_the_points_of_a_feature_are_marked_in_the_view_it_was_read_from(views: TwoViews, desk: Any) -> None:
    desk.state.answers.show([made.scoliosis()])
    feature = PointedFeature("x", "tilt of the shoulder line", "t1", View.CORONAL, (((6,), (5,)),))
    desk.state.answers.point_at(feature)
    assert views.canvases.coronal.scene().content.looked.pointed is feature
    assert views.canvases.sagittal.scene().content.looked.pointed is None
    desk.state.answers.show([])
    assert desk.state.answers.pointed is None


# --- the timeline --------------------------------------------------------------------------------------------


def test_a_row_tells_saliency_over_time(qtbot: Any, desk: Any) -> None:
    panel = TimelinePanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    assert not [m for m in panel.line.marks if m.kind is Kind.SALIENCY]
    desk.state.answers.show([made.severity()])
    marks = [m for m in panel.line.marks if m.kind is Kind.SALIENCY]
    assert len(marks) == made.CELLS
    strongest = max(marks, key=lambda m: m.level)
    assert strongest.level == pytest.approx(0.0368 / scale_top(made.severity().output))
    assert strongest.start_s < made.saliency().times_s[25] < strongest.stop_s
    assert "right knee 0.0368" in strongest.tip
    assert SYNTHETIC_STATEMENT in strongest.tip.lower()
    panel.resize(900, 260)
    assert not panel.grab().isNull()
    desk.state.set_settings(replace(desk.state.settings, hide_until_graded=True))
    assert not [m for m in panel.line.marks if m.kind is Kind.SALIENCY]
    desk.state.set_settings(replace(desk.state.settings, hide_until_graded=False))
    desk.state.answers.show([made.severity(made.saliency(np.zeros((made.CELLS, len(made.JOINTS)))))])
    assert not [m for m in panel.line.marks if m.kind is Kind.SALIENCY]
