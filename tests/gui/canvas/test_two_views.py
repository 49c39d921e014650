"""What is really painted: the right frame, the overlays in their places, tools by mouse."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.evgs import Evidence
from gaitviewer.core.gait import (
    ByView,
    Direction,
    EventKind,
    GaitEvent,
    Side,
    Stride,
    View,
    WalkingPass,
)
from gaitviewer.core.measures import Curve
from gaitviewer.core.pose import Origin, PoseSequence
from gaitviewer.core.session import Trial, VideoStream
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.gui.canvas import OVERLAYS, EvidenceMark, TwoViews, VideoCanvas, angles
from gaitviewer.gui.canvas.angles import paint_tools, share_of_leg
from gaitviewer.gui.canvas.overlays import outline, paint_overlays
from gaitviewer.gui.canvas.scene import Content, CurveValues
from gaitviewer.gui.model.manual_tools import ToolKind, leg_length_px, measure
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.widgets import theme

Rgb = NDArray[np.uint8]


def grabbed(widget: Any) -> Rgb:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def picture_of(canvas: VideoCanvas) -> Rgb:
    """The part of the canvas that the picture covers."""
    place = canvas.placement
    width, height = canvas.picture_size
    x, y = round(place.x), round(place.y)
    return grabbed(canvas)[y : y + round(height * place.scale), x : x + round(width * place.scale)]


def near(image: Rgb, colour: QColor, tolerance: int = 60) -> NDArray[np.bool_]:
    want = np.array([colour.red(), colour.green(), colour.blue()])
    return np.asarray(np.abs(image.astype(int) - want).sum(axis=2) < tolerance)


@pytest.fixture(autouse=True)
def light(qapp: QApplication) -> None:
    theme.apply(qapp, "light")


@pytest.fixture
def views(qtbot: Any, two_view_document: Document) -> Iterator[TwoViews]:
    state = AppState()
    state.open_session(two_view_document)
    made = TwoViews(state, limit_bytes=64 << 20)
    made.__dict__["kept_state"] = state
    qtbot.addWidget(made)
    made.resize(820, 300)
    made.show()
    exact(qtbot, made)
    yield made
    made.close_videos()


def exact(qtbot: Any, views: TwoViews) -> None:
    qtbot.waitUntil(
        lambda: all(c.painted_frame == c.frame for c in views.canvases_there if c.isVisible()), timeout=8000
    )


# --- the right frame ---------------------------------------------------------------------------------


def test_both_canvases_paint_the_frames_of_the_clock(qtbot: Any, views: TwoViews, counter: Any) -> None:
    views.set_bare(True)
    for time_s in (0.0, 0.5, 1.234, 2.4, 0.1):
        views.player.go_to(time_s)
        exact(qtbot, views)
        for view in views.player.views:
            assert counter.read(picture_of(views.canvases[view])) == views.player.shown(view)
        if views.player.covers(View.SAGITTAL) and views.player.covers(View.CORONAL):
            assert abs(views.meter().error_s) <= views.meter().limit_s + 1e-6


def test_playing_paints_every_frame_in_order(qtbot: Any, views: TwoViews) -> None:
    seen: list[tuple[int, int]] = []
    a, b = views.canvases_there
    views.player.every_frame = True
    views.player.time_changed.connect(lambda t: QApplication.processEvents())
    views.player.time_changed.connect(lambda t: seen.append((a.painted_frame, b.painted_frame)))
    views.player.play()
    qtbot.waitUntil(lambda: not views.player.playing, timeout=15_000)
    assert sorted({f for f, _ in seen if f >= 0}) == list(range(90))
    assert [f for f, _ in seen] == sorted(f for f, _ in seen)


def test_zoomed_in_the_source_is_shown_in_full_resolution(qtbot: Any, views: TwoViews) -> None:
    canvas = views.canvases.sagittal
    canvas.resize(100, 60)
    canvas.fit()
    frames = views.frames.views.sagittal
    assert frames is not None
    qtbot.waitUntil(lambda: (s := frames.shot(canvas.frame)) is not None and s.height < 96, timeout=5000)
    canvas.zoom(6)
    qtbot.waitUntil(lambda: (s := frames.shot(canvas.frame)) is not None and s.height == 96, timeout=5000)


def test_one_view_missing_leaves_the_room_to_the_other(qtbot: Any, views: TwoViews, counter: Any) -> None:
    state: AppState = views.__dict__["kept_state"]
    state.set_trial("t2")
    exact(qtbot, views)
    assert not views.canvases.sagittal.isVisible()
    qtbot.waitUntil(lambda: views.canvases.coronal.width() > 780, timeout=2000)
    views.set_bare(True)
    views.player.step()
    exact(qtbot, views)
    assert counter.read(picture_of(views.canvases.coronal)) == 1


def test_a_missing_video_says_so_and_still_shows_the_skeleton(qtbot: Any, two_view_document: Document) -> None:
    data = two_view_document.trials[0]
    stream = data.trial.videos.sagittal
    assert stream is not None
    gone = VideoStream(stream.view, Path("/nowhere/moved.mp4"), stream.sha256, stream.info)
    document = Document(
        two_view_document.session,
        (TrialData(Trial("t1", ByView(gone, data.trial.videos.coronal)), data.poses),),
    )
    state = AppState()
    state.open_session(document)
    made = TwoViews(state)
    qtbot.addWidget(made)
    made.resize(820, 300)
    with qtbot.waitSignal(made.failed, timeout=5000) as told:
        made.show()
    assert told.args[0] is View.SAGITTAL
    assert "moved.mp4" in str(told.args[1])
    image = grabbed(made.canvases.sagittal)
    assert near(image, theme.palette().colour("right")).sum() > 50
    qtbot.waitUntil(lambda: made.canvases.coronal.painted_frame == 0, timeout=5000)
    made.player.play()
    qtbot.waitUntil(lambda: made.canvases.coronal.painted_frame > 5, timeout=5000)
    made.close_videos()


def test_no_session_explains_itself(qtbot: Any) -> None:
    made = TwoViews(AppState())
    qtbot.addWidget(made)
    made.resize(820, 300)
    made.show()
    image = grabbed(made.canvases.sagittal)
    assert near(image, theme.palette().colour("overlay_text"), 90).sum() > 30
    made.close_videos()


# --- overlays ----------------------------------------------------------------------------------------


def _pose(**points: tuple[float, float]) -> PoseSequence:
    xy = np.full((3, 23, 2), np.nan, np.float32)
    for name, place in points.items():
        xy[:, Keypoint[name.upper()]] = place
    score = np.isfinite(xy[..., 0]).astype(np.float32)
    return PoseSequence(xy, score, np.array([0.0, 0.1, 0.2]), 400, 300)


@pytest.fixture
def canvas(qtbot: Any) -> VideoCanvas:
    """A canvas without a video: source pixels are widget pixels."""
    made = VideoCanvas(View.SAGITTAL)
    qtbot.addWidget(made)
    made.resize(400, 300)
    return made


def _show(canvas: VideoCanvas, content: Content, *overlays: str, frame: int = 0) -> Rgb:
    canvas.set_overlays(overlays)
    canvas.set_content(content)
    canvas.fit()
    canvas.show_frame(frame, 0.1 * frame)
    return grabbed(canvas)


LEG = {"left_hip": (100, 60), "left_knee": (100, 150), "left_ankle": (100, 240)}
RIGHT_LEG = {"right_hip": (300, 60), "right_knee": (300, 150), "right_ankle": (300, 240)}


def _noting_labels(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The values that are written on the picture from now on."""
    written: list[str] = []
    original = angles.label

    def noted(painter: Any, at: Any, text: str, *rest: Any, **more: Any) -> Any:
        written.append(text)
        return original(painter, at, text, *rest, **more)

    monkeypatch.setattr(angles, "label", noted)
    return written


def test_sides_differ_in_colour_and_in_line_style(canvas: VideoCanvas) -> None:
    pose = _pose(**LEG, **RIGHT_LEG)
    image = _show(canvas, Content(View.SAGITTAL, pose), "skeleton")
    left = near(image, theme.palette().colour("left"))
    right = near(image, theme.palette().colour("right"))
    assert not left[:, 200:].any()
    assert not right[:, :200].any()
    along = slice(75, 135)
    assert right[along, 298:303].any(axis=1).all()  # solid
    gaps = ~left[along, 98:103].any(axis=1)
    assert 0.2 < gaps.mean() < 0.6  # dashed
    changes = np.abs(np.diff(gaps.astype(int))).sum()
    assert changes >= 6


def test_an_uncertain_point_is_paler(canvas: VideoCanvas) -> None:
    sure = _pose(**RIGHT_LEG)
    unsure = sure.with_points(sure.xy, score=np.where(sure.score > 0, 0.2, 0).astype(np.float32))
    strong = _show(canvas, Content(View.SAGITTAL, sure), "skeleton")
    weak = _show(canvas, Content(View.SAGITTAL, unsure), "skeleton")
    stage = np.array(theme.palette().colour("stage").getRgb()[:3])
    contrast = [int(np.abs(image[100, 300].astype(int) - stage).sum()) for image in (weak, strong)]
    assert 0 < contrast[0] < 0.6 * contrast[1]


def test_corrected_points_have_a_ring_and_interpolated_ones_are_hollow(canvas: VideoCanvas) -> None:
    pose = _pose(right_knee=(300, 150), left_knee=(100, 150), nose=(200, 60))
    origin = np.zeros(pose.score.shape, np.uint8)
    origin[:, Keypoint.RIGHT_KNEE] = Origin.CORRECTED
    origin[:, Keypoint.LEFT_KNEE] = Origin.INTERPOLATED
    image = _show(canvas, Content(View.SAGITTAL, replace(pose, origin=origin)), "skeleton")
    assert near(image, theme.palette().colour("right"))[150, 300]
    assert near(image, QColor("white"), 200)[140:161, 290:311].sum() > 12  # the ring
    assert not near(image, theme.palette().colour("left"), 200)[150, 100]  # hollow in the middle
    assert near(image, theme.palette().colour("left"), 200)[143:158, 93:108].any()


def test_unseen_points_are_not_drawn(canvas: VideoCanvas) -> None:
    empty = _show(canvas, Content(View.SAGITTAL, _pose(nose=(500, 500))), "skeleton")
    assert not near(empty, theme.palette().colour("right")).any()
    assert not near(empty, theme.palette().colour("left")).any()


def test_trails_follow_the_foot(canvas: VideoCanvas) -> None:
    pose = _pose(right_ankle=(50, 200))
    xy = pose.xy.copy()
    xy[:, Keypoint.RIGHT_ANKLE, 0] = (50, 150, 250)
    image = _show(canvas, Content(View.SAGITTAL, pose.with_points(xy)), "trails", frame=2)
    drawn = ~near(image, theme.palette().colour("stage"))
    assert drawn[199:202, 160:240].any(axis=0).all()
    assert not drawn[:, 260:].any()


def test_a_flag_at_an_event_and_only_then(canvas: VideoCanvas) -> None:
    pose = _pose(right_heel=(300, 200), right_big_toe=(330, 205))
    event = GaitEvent(EventKind.INITIAL_CONTACT, Side.RIGHT, 0.0, 0.02)
    content = Content(View.SAGITTAL, pose, events=(event,))
    with_flag = _show(canvas, content, "events")
    without = _show(canvas, content, "events", frame=2)
    assert near(with_flag, theme.palette().colour("right"))[203:224, 297:304].any()
    assert not near(without, theme.palette().colour("right")).any()


def test_angle_arcs_carry_the_value_of_the_curve(canvas: VideoCanvas, monkeypatch: pytest.MonkeyPatch) -> None:
    pose = _pose(right_hip=(200, 40), right_knee=(200, 140), right_ankle=(150, 220))
    stride = Stride("t1", View.SAGITTAL, 0, 0, Side.RIGHT, 0.0, 0.12, 0.2)
    values = CurveValues([Curve("knee_flexion", stride, np.linspace(0, 60, 101))])
    assert values.at("knee_flexion", Side.RIGHT, 0.1) == pytest.approx(30)
    assert math.isnan(values.at("knee_flexion", Side.RIGHT, 0.3))
    assert math.isnan(values.at("knee_flexion", Side.LEFT, 0.1))
    written = _noting_labels(monkeypatch)
    walking = WalkingPass(View.SAGITTAL, Direction.LEFT_TO_RIGHT, 0, 3, near=Side.RIGHT)
    _show(canvas, Content(View.SAGITTAL, pose, passes=(walking,), values=values), "angles", frame=1)
    assert written == ["30°"]


def test_the_outline_encloses_the_mask(canvas: VideoCanvas) -> None:
    cells = np.zeros((6, 8), np.bool_)
    cells[2:4, 3:6] = True
    assert sorted(outline(cells)) == sorted([(3, 2, 6, 2), (3, 4, 6, 4), (3, 2, 3, 4), (6, 2, 6, 4)])
    assert outline(np.zeros((2, 2), np.bool_)) == []

    class Masks:
        width, height = 400, 300

        def __len__(self) -> int:
            return 3

        def cells(self, frame: int) -> NDArray[np.bool_]:
            grid = np.zeros((75, 100), np.bool_)
            grid[25:50, 25:50] = frame == 1
            return grid

    content = Content(View.SAGITTAL, _pose(nose=(1, 1)), masks=Masks())
    tool = theme.palette().colour("tool")
    assert near(_show(canvas, content, "mask", frame=1), tool, 260)[98:103, 110:190].any(axis=0).all()
    assert not near(_show(canvas, content, "mask", frame=2), tool, 260).any()


def test_evidence_is_drawn_on_its_own_frame_and_closed_in_on(canvas: VideoCanvas) -> None:
    content = Content(View.SAGITTAL, _pose(**RIGHT_LEG))
    evidence = Evidence(
        "t1", View.SAGITTAL, 1, 0.1, ("right_hip", "right_knee", "right_ankle"), "", "knee_flexion", 3.0
    )
    mark = EvidenceMark(evidence, Side.RIGHT, "KFX 3 ± 5°")
    _show(canvas, content, "evidence", frame=1)
    canvas.set_evidence(mark)
    assert canvas.placement.scale > 1.0
    x, y = canvas.placement.to_widget(300, 150)
    assert (x, y) == pytest.approx((200, 150), abs=120)
    colour = theme.palette().colour("evidence")
    assert near(grabbed(canvas), colour).sum() > 100
    canvas.show_frame(2, 0.2)
    assert not near(grabbed(canvas), colour).any()


def test_every_overlay_can_be_switched_and_has_a_key_and_an_icon(canvas: VideoCanvas) -> None:
    from gaitviewer.gui.widgets.keys import load_keys

    keys = load_keys()
    for overlay in OVERLAYS:
        assert f"overlay.{overlay.name}" in keys
        theme.icon(overlay.icon)  # an error if there is none
        canvas.set_overlay(overlay.name, True)
        assert overlay.name in canvas.overlays
        canvas.set_overlay(overlay.name, False)
        assert overlay.name not in canvas.overlays


def _labels(canvas: VideoCanvas, content: Content, *overlays: str) -> list[QRectF]:
    """Where words stand in a picture, the tools' too."""
    _show(canvas, content, *overlays)
    scene = canvas.scene()
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    paint_overlays(painter, scene, frozenset(overlays))
    paint_tools(painter, scene)
    painter.end()
    return scene.labels.taken


def _apart(boxes: list[QRectF]) -> bool:
    return not any(a.intersects(b) for n, a in enumerate(boxes) for b in boxes[:n])


HIPS = {"left_hip": (180.0, 150.0), "right_hip": (160.0, 150.0)}
SHOULDERS = {"left_shoulder": (190.0, 60.0), "right_shoulder": (150.0, 60.0)}


@pytest.fixture
def front(qtbot: Any) -> VideoCanvas:
    made = VideoCanvas(View.CORONAL)
    qtbot.addWidget(made)
    made.resize(400, 300)
    return made


def _levels(side: Side = Side.RIGHT) -> CurveValues:
    stride = Stride("t1", View.CORONAL, 0, 0, side, 0.0, 0.12, 0.2)
    angles = ("pelvic_obliquity", "shoulder_obliquity")
    return CurveValues([Curve(angle, stride, np.full(101, 1.0)) for angle in angles])


def test_the_evidence_hides_neither_its_joints_nor_other_values(
    front: VideoCanvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = _noting_labels(monkeypatch)
    content = Content(View.CORONAL, _pose(**HIPS, **SHOULDERS), values=_levels())
    evidence = Evidence("t1", View.CORONAL, 0, 0.0, ("left_hip", "right_hip"), "", "pelvic_obliquity", -1.0)
    front.set_evidence(EvidenceMark(evidence, Side.LEFT, "POB  -1 ± 3°"))
    written.clear()
    boxes = _labels(front, content, "posture", "evidence", "caption")
    assert sorted(set(written)) == ["1°", "POB  -1 ± 3°"]  # the shoulders' value and the evidence
    assert _apart(boxes)
    hips = [front.placement.to_widget(*point) for point in HIPS.values()]
    assert not any(box.contains(QPointF(*hip)) for box in boxes for hip in hips)
    written.clear()
    _labels(front, content, "posture", "caption")
    assert set(written) == {"1°"}
    assert len(written) % 2 == 0  # without the evidence the pelvis has its value


def test_flags_keep_off_each_other_and_off_the_caption(front: VideoCanvas) -> None:
    feet = {"right_heel": (20.0, 250.0), "right_big_toe": (22.0, 262.0)}
    feet |= {"left_heel": (26.0, 252.0), "left_big_toe": (28.0, 264.0)}
    kinds = ((EventKind.INITIAL_CONTACT, Side.RIGHT), (EventKind.TOE_OFF, Side.LEFT))
    events = tuple(GaitEvent(kind, side, 0.0, 0.02) for kind, side in kinds)
    boxes = _labels(front, Content(View.CORONAL, _pose(**feet), events=events), "events", "caption")
    assert len(boxes) == 3
    assert _apart(boxes)


def test_a_goniometer_keeps_off_a_value(front: VideoCanvas) -> None:
    content = Content(View.CORONAL, _pose(**HIPS, **SHOULDERS), values=_levels())
    _show(front, content, "posture")
    points = ((120.0, 150.0), (186.0, 150.0), (186.0, 200.0))
    done = measure(ToolKind.GONIOMETER, points, view=View.CORONAL, frame=0, time_s=0.0)
    front.toolbox.set_measures([done])
    boxes = _labels(front, content, "posture")
    assert len(boxes) == 3
    assert _apart(boxes)


def test_words_stand_on_an_opaque_plate(qapp: QApplication) -> None:
    for choice in ("dark", "light"):
        theme.apply(qapp, choice)
        assert theme.palette().colour("overlay_back").alpha() == 255


# --- mouse -------------------------------------------------------------------------------------------


def test_an_angle_by_three_clicks_on_a_zoomed_picture(qtbot: Any, views: TwoViews) -> None:
    canvas = views.canvases.sagittal
    views.player.go_to_frame(View.SAGITTAL, 30)
    exact(qtbot, views)
    canvas.zoom(4, (200.0, 150.0))
    views.set_tool(ToolKind.GONIOMETER)
    told: list[Any] = []
    views.measured.connect(told.append)
    points = [(60.0, 40.0), (90.0, 40.0), (90.0, 70.0)]
    for point in points:
        spot = QPoint(*(round(v) for v in canvas.placement.to_widget(*point)))
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=spot)
    assert len(told) == 1
    assert told[0].value == pytest.approx(90, abs=2)
    assert (told[0].frame, told[0].view) == (30, View.SAGITTAL)
    assert told[0].time_s == pytest.approx(1.0)
    assert np.allclose(told[0].points, points, atol=0.5)
    assert views.hand_measures() == (told[0],)
    assert near(grabbed(canvas), theme.palette().colour("tool"), 90).sum() > 60
    views.player.step()
    exact(qtbot, views)
    assert canvas.scene().tools == ()
    views.player.step(-1)
    views.clear_measures()
    assert views.hand_measures() == ()


def test_a_distance_is_told_as_a_share_of_the_leg_where_both_legs_are_seen(qtbot: Any, views: TwoViews) -> None:
    canvas = views.canvases.sagittal
    views.player.go_to_frame(View.SAGITTAL, 30)
    exact(qtbot, views)
    scene = canvas.scene()
    xy = scene.content.pose.xy[30].astype(float)
    leg = leg_length_px(xy)
    points = ((10.0, 10.0), (10.0, 10.0 + 0.4 * leg))
    done = measure(ToolKind.DISTANCE, points, view=View.SAGITTAL, frame=30, time_s=1.0)
    assert "40 % of leg length in the picture" in share_of_leg(scene, done)
    lean = measure(ToolKind.VERTICAL, points, view=View.SAGITTAL, frame=30, time_s=1.0)
    assert share_of_leg(scene, lean) == ""


def _wheel(canvas: VideoCanvas, at: QPoint, steps: int, modifiers: Qt.KeyboardModifier) -> None:
    event = QWheelEvent(
        QPointF(at),
        canvas.mapToGlobal(QPointF(at)),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_the_wheel_steps_and_with_ctrl_zooms_at_the_cursor(qtbot: Any, views: TwoViews) -> None:
    canvas = views.canvases.coronal
    spot = QPoint(150, 160)
    before = canvas.placement.to_picture(150, 160)
    _wheel(canvas, spot, 3, Qt.KeyboardModifier.ControlModifier)
    assert canvas.placement.to_picture(150, 160) == pytest.approx(before, abs=0.01)
    assert not canvas.placement.fitted
    shown = views.player.shown(View.CORONAL)
    _wheel(canvas, spot, -1, Qt.KeyboardModifier.NoModifier)
    assert shown is not None
    assert views.player.shown(View.CORONAL) == shown + 1
    assert views.active_view is View.CORONAL


def test_dragging_pans_and_clicking_a_point_tells_which(qtbot: Any, views: TwoViews) -> None:
    canvas = views.canvases.sagittal
    exact(qtbot, views)
    points = canvas.scene().points
    assert points is not None
    told: list[tuple[View, int]] = []
    views.point_clicked.connect(lambda view, index: told.append((view, index)))
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(*(round(float(v)) for v in points[5])))
    assert told == [(View.SAGITTAL, 5)]
    canvas.zoom(8, (200.0, 150.0))
    before = canvas.placement
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 150))
    qtbot.mouseMove(canvas, QPoint(220, 160))
    qtbot.mouseMove(canvas, QPoint(230, 165))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(230, 165))
    assert canvas.placement.x - before.x == pytest.approx(30, abs=1)
    assert canvas.placement.y - before.y == pytest.approx(15, abs=1)
    assert len(told) == 1
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 150))
    assert canvas.placement.fitted


def test_escape_gives_up_a_drawing(qtbot: Any, views: TwoViews) -> None:
    canvas = views.canvases.sagittal
    views.set_tool(ToolKind.DISTANCE)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    assert canvas.toolbox.draft
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not canvas.toolbox.draft


def test_selecting_evidence_arrives_at_its_frame_in_both_views(qtbot: Any, views: TwoViews) -> None:
    state: AppState = views.__dict__["kept_state"]
    evidence = Evidence("t1", View.CORONAL, 41, 41 / 25, ("left_hip", "right_hip"), "", "pelvic_obliquity", 4.0)
    state.select(None, Side.LEFT, evidence=evidence)
    exact(qtbot, views)
    assert views.canvases.coronal.painted_frame == 41
    assert views.canvases.sagittal.painted_frame == round((41 / 25 - 0.4) * 30)
    assert views.active_view is View.CORONAL
    assert not views.canvases.coronal.placement.fitted


def test_one_view_large_and_back(qtbot: Any, views: TwoViews) -> None:
    views.set_active_view(View.CORONAL)
    views.toggle_only()
    assert not views.canvases.sagittal.isVisible()
    views.toggle_only()
    assert views.canvases.sagittal.isVisible()


def test_the_view_that_is_worked_in_is_the_one_that_is_large(qtbot: Any, views: TwoViews) -> None:
    state: AppState = views.__dict__["kept_state"]
    sagittal, coronal = views.canvases.sagittal, views.canvases.coronal
    views.set_active_view(View.SAGITTAL)
    views.toggle_only()
    views.set_active_view(View.CORONAL)
    assert (sagittal.isVisible(), coronal.isVisible()) == (False, True)
    evidence = Evidence("t1", View.SAGITTAL, 12, 12 / 30, ("left_knee",), "", "knee_flexion", 4.0)
    state.select(None, Side.LEFT, evidence=evidence)
    assert (sagittal.isVisible(), coronal.isVisible()) == (True, False)
    views.toggle_only()
    assert coronal.isVisible()


def test_many_openings_and_closings(qtbot: Any, two_view_document: Document) -> None:
    state = AppState()
    made = TwoViews(state)
    qtbot.addWidget(made)
    made.show()
    for _ in range(6):
        state.open_session(two_view_document)
        made.player.play()
        qtbot.wait(15)
        state.next_trial()
        qtbot.wait(5)
        state.close_session()
    made.close_videos()
    made.close_videos()


def test_overlays_belong_to_the_picture_that_is_there(qtbot: Any, views: TwoViews) -> None:
    """While the wanted picture is being decoded, the skeleton stays with the one shown."""
    exact(qtbot, views)
    canvas = views.canvases.sagittal
    shown = canvas.painted_frame
    assert canvas.scene().frame == shown
    frames = canvas._frames
    assert frames is not None
    far = next(n for n in reversed(range(len(frames.times))) if frames.shot(n) is None)
    canvas.show_frame(far, float(frames.times[far]))
    scene = canvas.scene()
    assert not scene.exact
    assert scene.frame == shown
    assert scene.time_s == pytest.approx(float(frames.times[shown]), abs=1e-6)
