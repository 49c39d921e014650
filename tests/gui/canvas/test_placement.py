"""Zoom and pan as pure functions; hit testing; hand tools."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaitviewer.core.gait import View
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.gui.canvas import placement
from gaitviewer.gui.canvas.toolbox import Toolbox
from gaitviewer.gui.model import hit_testing, manual_tools
from gaitviewer.gui.model.manual_tools import ToolKind

PICTURE = (1280.0, 720.0)
WIDGET = (600.0, 400.0)
coordinates = st.floats(0, 720)
sizes = st.tuples(st.integers(200, 4000), st.integers(140, 2200)).map(lambda s: (float(s[0]), float(s[1])))


@given(x=coordinates, y=coordinates, widget=sizes, steps=st.lists(st.floats(0.5, 2.0), max_size=6))
def test_there_and_back(x: float, y: float, widget: tuple[float, float], steps: list[float]) -> None:
    place = placement.fit(PICTURE, widget)
    for factor in steps:
        place = placement.zoom_at(
            place, (widget[0] * 0.3, widget[1] * 0.6), factor, picture=PICTURE, widget=widget
        )
    back = place.to_picture(*place.to_widget(x, y))
    assert back == pytest.approx((x, y), abs=1e-6)


@given(widget=sizes, ratio=st.sampled_from([1.0, 1.25, 1.5, 2.0]))
def test_fit_shows_everything_on_whole_device_pixels(widget: tuple[float, float], ratio: float) -> None:
    place = placement.fit(PICTURE, widget, pixel_ratio=ratio)
    right, bottom = place.to_widget(*PICTURE)
    assert place.x >= -1
    assert place.y >= -1
    assert right <= widget[0] + 1
    assert bottom <= widget[1] + 1
    rows = PICTURE[1] * place.scale * ratio
    assert rows == pytest.approx(round(rows))
    assert place.x * ratio == pytest.approx(round(place.x * ratio))
    assert place.fitted


def test_the_point_below_the_cursor_stays_there() -> None:
    place = placement.fit(PICTURE, WIDGET)
    for cursor in ((300.0, 200.0), (150.0, 120.0), (400.0, 260.0)):
        zoomed = placement.zoom_at(place, cursor, 4.0, picture=PICTURE, widget=WIDGET)
        assert zoomed.to_picture(*cursor) == pytest.approx(place.to_picture(*cursor))
        assert zoomed.scale == pytest.approx(4 * place.scale)
        assert not zoomed.fitted


def test_a_picture_never_leaves_the_widget() -> None:
    place = placement.zoom_at(
        placement.fit(PICTURE, WIDGET), (300.0, 200.0), 5.0, picture=PICTURE, widget=WIDGET
    )
    for dx, dy in ((9000.0, 0.0), (-9000.0, 0.0), (0.0, 9000.0), (0.0, -9000.0)):
        moved = placement.pan(place, dx, dy, picture=PICTURE, widget=WIDGET)
        right, bottom = moved.to_widget(*PICTURE)
        assert moved.x <= 0 <= WIDGET[0] <= right + 1e-6
        assert moved.y <= 0 <= WIDGET[1] <= bottom + 1e-6


def test_zoom_has_limits() -> None:
    place = placement.fit(PICTURE, WIDGET)
    for _ in range(40):
        place = placement.zoom_at(place, (1.0, 1.0), 2.0, picture=PICTURE, widget=WIDGET)
    assert place.scale == placement.MAX_SCALE
    for _ in range(40):
        place = placement.zoom_at(place, (1.0, 1.0), 0.5, picture=PICTURE, widget=WIDGET)
    assert place.scale >= 0.4 * placement.fit(PICTURE, WIDGET).scale


def test_a_box_is_shown_whole_and_in_the_middle() -> None:
    place = placement.show_box((600.0, 300.0, 700.0, 400.0), picture=PICTURE, widget=WIDGET)
    assert place.to_widget(650, 350) == pytest.approx((300.0, 200.0))
    assert place.to_widget(600, 300)[1] == pytest.approx(0.0)


def test_resizing_keeps_the_fit_or_the_middle() -> None:
    fitted = placement.fit(PICTURE, WIDGET)
    after = placement.resized(fitted, picture=PICTURE, before=WIDGET, after=(900.0, 700.0), pixel_ratio=1.0)
    assert after == placement.fit(PICTURE, (900.0, 700.0))
    close = placement.show_box((600.0, 300.0, 700.0, 400.0), picture=PICTURE, widget=WIDGET)
    after = placement.resized(close, picture=PICTURE, before=WIDGET, after=(500.0, 300.0), pixel_ratio=1.0)
    assert after.to_picture(250, 150) == pytest.approx(close.to_picture(300, 200))
    assert after.scale == close.scale


def test_full_size_is_one_pixel_on_one_device_pixel() -> None:
    place = placement.full_size(PICTURE, WIDGET, (640.0, 360.0), pixel_ratio=2.0)
    assert place.scale == 0.5


# --- hits --------------------------------------------------------------------------------------------


def test_the_nearest_seen_point_is_hit() -> None:
    points = np.array([[10.0, 10.0], [np.nan, np.nan], [14.0, 10.0]])
    assert hit_testing.nearest_point(points, (11.0, 10.0), 5.0) == 0
    assert hit_testing.nearest_point(points, (13.0, 10.0), 5.0) == 2
    assert hit_testing.nearest_point(points, (30.0, 10.0), 5.0) is None
    assert hit_testing.nearest_point(points[1:2], (0.0, 0.0), 5.0) is None
    assert hit_testing.nearest_point(np.empty((0, 2)), (0.0, 0.0), 5.0) is None


def test_of_shapes_that_lie_over_each_other_the_latest_is_hit() -> None:
    shapes = [[(0.0, 0.0), (10.0, 0.0)], [(0.0, 0.0), (0.0, 10.0)]]
    assert hit_testing.nearest_handle(shapes, (0.5, 0.0), 2.0) == (1, 0)
    assert hit_testing.nearest_handle(shapes, (9.5, 0.0), 2.0) == (0, 1)
    assert hit_testing.nearest_handle(shapes, (5.0, 5.0), 2.0) is None


# --- tools -------------------------------------------------------------------------------------------


@given(angle=st.floats(0.5, 179.5), turn=st.floats(0, 360), arm=st.floats(20, 300))
def test_the_goniometer_reads_the_angle_however_it_is_turned(angle: float, turn: float, arm: float) -> None:
    vertex = (400.0, 300.0)
    a, b = (
        (vertex[0] + arm * math.cos(math.radians(d)), vertex[1] + arm * math.sin(math.radians(d)))
        for d in (turn, turn + angle)
    )
    assert manual_tools.joint_angle_deg(a, vertex, b) == pytest.approx(angle, abs=1e-6)
    assert manual_tools.joint_angle_deg(b, vertex, a) == pytest.approx(angle, abs=1e-6)


def test_a_line_against_the_vertical() -> None:
    assert manual_tools.lean_deg((100, 200), (100, 100)) == 0
    assert manual_tools.lean_deg((100, 200), (200, 100)) == pytest.approx(45)
    assert manual_tools.lean_deg((200, 100), (100, 200)) == pytest.approx(45)  # whichever end is first
    assert manual_tools.lean_deg((100, 200), (0, 100)) == pytest.approx(-45)
    assert math.isnan(manual_tools.lean_deg((1, 1), (1, 1)))


def _draw(box: Toolbox, kind: ToolKind, points: list[tuple[float, float]], frame: int = 7) -> None:
    box.take(kind)
    for point in points:
        box.press(point, frame, 0.25, 5.0)
        box.release(point, 5.0)


def test_three_clicks_make_an_angle() -> None:
    box = Toolbox(View.SAGITTAL)
    _draw(box, ToolKind.GONIOMETER, [(0, 0), (100, 0), (100, 100)])
    done = box.latest
    assert done is not None
    assert (done.value, done.kind.unit, done.frame, done.view) == (pytest.approx(90), "deg", 7, View.SAGITTAL)
    assert done.flexion_deg == pytest.approx(90)
    assert "90.0" in done.text
    assert box.draft == ()


def test_press_drag_release_makes_a_line() -> None:
    box = Toolbox(View.CORONAL)
    box.take(ToolKind.DISTANCE)
    assert not box.press((0, 0), 3, 0.1, 5.0)
    assert box.move((30, 40))
    assert box.draft == ((0, 0), (30, 40))
    assert box.release((30, 40), 5.0)
    assert box.latest is not None
    assert (box.latest.value, box.latest.kind.unit) == (pytest.approx(50), "px")


def test_a_corner_can_be_moved_and_the_value_follows() -> None:
    box = Toolbox(View.SAGITTAL)
    _draw(box, ToolKind.VERTICAL, [(100, 200), (100, 100)])
    box.take(None)
    assert not box.press((102, 101), 8, 0.3, 5.0)  # another frame: nothing there
    assert box.press((102, 101), 7, 0.25, 5.0)
    box.move((200, 100))
    assert box.release((200, 100), 5.0)
    assert box.latest is not None
    assert box.latest.value == pytest.approx(45)
    assert len(box.measures) == 1


def test_measurements_belong_to_their_frame_and_view() -> None:
    box = Toolbox(View.SAGITTAL)
    _draw(box, ToolKind.DISTANCE, [(0, 0), (9, 9)], frame=1)
    _draw(box, ToolKind.DISTANCE, [(0, 0), (50, 9)], frame=2)
    assert len(box.of_frame(1)) == 1
    kept = box.measures
    other = manual_tools.measure(ToolKind.DISTANCE, ((0, 0), (1, 1)), view=View.CORONAL, frame=1, time_s=0.0)
    box.set_measures([*kept, other])
    assert box.measures == kept
    assert box.clear_frame(1) == 1
    assert [done.frame for done in box.measures] == [2]
    box.forget()
    assert box.measures == ()


def test_the_leg_is_as_long_as_the_longer_one_and_unknown_unless_both_are_seen() -> None:
    points = np.full((len(Keypoint), 2), np.nan)
    places_of = {"HIP": 100.0, "KNEE": 200.0, "ANKLE": 310.0}
    for name, y in places_of.items():
        points[Keypoint[f"LEFT_{name}"]] = (50.0, y)
        points[Keypoint[f"RIGHT_{name}"]] = (60.0, 0.8 * y)
    assert manual_tools.leg_length_px(points) == pytest.approx(210.0)
    points[Keypoint.RIGHT_KNEE] = np.nan
    assert manual_tools.leg_length_px(points) is None


def test_a_drawing_does_not_go_on_on_another_frame() -> None:
    box = Toolbox(View.SAGITTAL)
    box.take(ToolKind.DISTANCE)
    box.press((0, 0), 1, 0.0, 5.0)
    box.press((9, 9), 2, 0.1, 5.0)
    assert box.measures == ()
    assert box.draft == ((9, 9),)
    box.give_up()
    assert box.draft == ()


def test_a_wrong_number_of_points_is_an_error() -> None:
    with pytest.raises(ValueError, match="3 points"):
        manual_tools.measure(ToolKind.GONIOMETER, ((0, 0), (1, 1)), view=View.SAGITTAL, frame=0, time_s=0.0)


def test_as_many_rows_are_decoded_as_the_screen_has() -> None:
    from gaitviewer.gui.canvas import placement as places

    picture, widget = (1920, 1080), (480.0, 270.0)
    for ratio, rows in ((1.0, 270), (1.5, 405), (2.0, 540)):
        now = places.fit(picture, widget, pixel_ratio=ratio)
        assert places.needed_height(now, picture=picture, widget=widget, pixel_ratio=ratio) == rows
        close = places.zoom_at(now, (240, 135), 3.0, picture=picture, widget=widget)
        assert places.needed_height(close, picture=picture, widget=widget, pixel_ratio=ratio) == 1080
