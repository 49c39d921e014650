"""Pictures of the walker: mask, colours, both cameras; small ones, to be quick."""

from __future__ import annotations

import numpy as np
import pytest

from gaitviewer.core.gait import Direction, EventKind, Side, View
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.synthesis.body.figure import Look
from gaitviewer.synthesis.demo import DemoScene, demo_scene
from gaitviewer.synthesis.filming.cameras import sagittal_camera
from gaitviewer.synthesis.filming.pixels import RenderedFrame, render
from gaitviewer.synthesis.filming.raster import Canvas, Capsule, Ellipsoid
from gaitviewer.synthesis.gait.model import normal_gait
from gaitviewer.synthesis.gait.truth import side_points
from gaitviewer.synthesis.gait.walker import WalkerMotion, simulate
from tests.support.walkers import observe

CAMERA = sagittal_camera(pixels_per_metre=150.0, distance_m=4.0, look_at=(0.3, 0.0, 0.7), width=320, height=240)


@pytest.fixture(scope="module")
def motion() -> WalkerMotion:
    return simulate(normal_gait(), seed=1, duration_s=0.5, rate_hz=10.0)


@pytest.fixture(scope="module")
def frames(motion: WalkerMotion) -> list[RenderedFrame]:
    return list(render(motion, CAMERA))


@pytest.fixture(scope="module")
def scene() -> DemoScene:
    return demo_scene(1, size=(320, 180))


def test_a_picture_for_each_moment(motion: WalkerMotion, frames: list[RenderedFrame]) -> None:
    assert len(frames) == len(motion)
    for frame in frames:
        assert frame.rgb.shape == (240, 320, 3)
        assert frame.rgb.dtype == np.uint8
        assert frame.mask.shape == (240, 320)


def test_keypoints_lie_inside_the_mask(motion: WalkerMotion, frames: list[RenderedFrame]) -> None:
    pixels = np.round(CAMERA.project(motion.points)).astype(int)
    inner = [k for k in Keypoint if "TOE" not in k.name and "EYE" not in k.name]
    for frame, points in zip(frames, pixels, strict=True):
        hit = [frame.mask[y, x] for x, y in points[inner]]
        assert np.mean(hit) > 0.9


def test_mask_is_exactly_what_differs_from_the_empty_room() -> None:
    motion = simulate(normal_gait(), seed=1, duration_s=0.1, rate_hz=10.0)
    green = Look(*[(0.0, 255.0, 0.0)] * 6)
    frame = next(iter(render(motion, CAMERA, look=green)))
    rgb = frame.rgb.astype(int)
    body = (rgb[..., 1] > rgb[..., 0] + 40) & (rgb[..., 1] > rgb[..., 2] + 40)
    both = (body & frame.mask).sum() / (body | frame.mask).sum()
    assert both > 0.95


def test_silhouette_of_a_ball_has_its_area() -> None:
    camera = sagittal_camera(pixels_per_metre=100.0, look_at=(0.0, 0.0, 1.0), width=201, height=201)
    canvas = Canvas(camera, np.zeros((201, 201, 3), np.uint8), (0, 0, 201, 201))
    middle = np.array([0.0, 0.0, 1.0])
    canvas.draw(Capsule(middle, middle, 0.5, 0.5, (200.0, 200.0, 200.0)))
    assert canvas.cover.sum() == pytest.approx(np.pi * 50.0**2, rel=0.01)
    round_one = canvas.cover > 0.5
    again = Canvas(camera, np.zeros((201, 201, 3), np.uint8), (0, 0, 201, 201))
    again.draw(Ellipsoid(middle, 0.5 * np.eye(3), (200.0, 200.0, 200.0)))
    assert np.mean((again.cover > 0.5) != round_one) < 0.005


def test_what_is_nearer_hides_what_is_behind() -> None:
    camera = sagittal_camera(pixels_per_metre=100.0, look_at=(0.0, 0.0, 1.0), width=101, height=101)
    red, blue = (250.0, 0.0, 0.0), (0.0, 0.0, 250.0)
    near, far = np.array([0.0, -1.0, 1.0]), np.array([0.0, 1.0, 1.0])
    for order in ((near, far), (far, near)):
        canvas = Canvas(camera, np.zeros((101, 101, 3), np.uint8), (0, 0, 101, 101))
        for middle in order:
            canvas.draw(Capsule(middle, middle, 0.2, 0.2, red if middle is near else blue))
        middle_pixel = canvas.finish(soften_px=0)[50, 50]
        assert middle_pixel[0] > 100
        assert middle_pixel[2] == 0


def test_upper_and_lower_body_wear_different_colours(motion: WalkerMotion, frames: list[RenderedFrame]) -> None:
    points = CAMERA.project(motion.points[0])
    hips, neck = points[[11, 12]].mean(axis=0), points[[5, 6]].mean(axis=0)
    x, y = np.round(0.45 * neck + 0.55 * hips).astype(int)
    shirt = frames[0].rgb[y, x].astype(int)
    x, y = np.round(0.6 * points[12] + 0.4 * points[14]).astype(int)
    shorts = frames[0].rgb[y, x].astype(int)
    assert shirt[0] > shirt[2] + 40
    assert shorts[2] > shorts[0] + 20


def test_rendering_is_repeatable(motion: WalkerMotion, frames: list[RenderedFrame]) -> None:
    again = list(render(motion, CAMERA))
    assert all(np.array_equal(a.rgb, b.rgb) for a, b in zip(frames, again, strict=True))


def test_body_half_out_of_the_picture_is_cut_and_one_behind_the_camera_is_not_drawn() -> None:
    motion = simulate(normal_gait(), seed=1, duration_s=0.1, rate_hz=10.0, start_xy=(1.3, 0.0))
    frame = next(iter(render(motion, CAMERA)))
    assert frame.mask[:, -1].any()
    gone = simulate(normal_gait(), seed=1, duration_s=0.1, rate_hz=10.0, start_xy=(0.0, -9.0))
    assert not next(iter(render(gone, CAMERA))).mask.any()


def test_demo_shows_both_directions_in_both_views(scene: DemoScene) -> None:
    side = scene.views.sagittal.passes()
    end = scene.views.coronal.passes()
    assert [p.direction for p in side] == [Direction.RIGHT_TO_LEFT, Direction.LEFT_TO_RIGHT]
    assert [p.near for p in side] == [Side.LEFT, Side.RIGHT]
    assert [p.direction for p in end] == [Direction.AWAY, Direction.TOWARDS]
    for view in (scene.views.sagittal, scene.views.coronal):
        for one in view.passes():
            assert (one.stop - one.start) / (1 / np.diff(view.times).mean()) > 2.0


def test_demo_moves_as_its_directions_say(scene: DemoScene) -> None:
    for view in (scene.views.sagittal, scene.views.coronal):
        for one in view.passes():
            hips = view.points_px[one.start : one.stop, [11, 12]].mean(axis=1)
            tall = np.ptp(view.points_px[one.start : one.stop, :, 1], axis=1)
            if view.view is View.SAGITTAL:
                assert np.sign(hips[-1, 0] - hips[0, 0]) == one.direction.forward_sign
            else:
                grows = tall[-1] > tall[0]
                assert grows == (one.direction is Direction.TOWARDS)


def test_demo_cameras_share_one_walk(scene: DemoScene) -> None:
    side, end = scene.views.sagittal, scene.views.coronal
    assert side.times[0] == end.times[0] == 0.0
    sagittal = {(e.kind, e.side, round(e.time_s + scene.offset_s, 6)) for e in side.events.events}
    coronal = {(e.kind, e.side, round(e.time_s, 6)) for e in end.events.events}
    assert sagittal <= coronal
    moment = 2.0
    near = round(moment * 30)
    later = float(np.argmin(np.abs(end.times - (moment + scene.offset_s))))
    apart = side.motion.points[near] - end.motion.points[int(later)]
    assert np.abs(apart).max() < 0.06


def test_demo_renders_in_both_views(scene: DemoScene) -> None:
    for view in (scene.views.sagittal, scene.views.coronal):
        frame = next(iter(view.frames()))
        assert frame.rgb.shape == (180, 320, 3)
        assert 0.01 < frame.mask.mean() < 0.3


def test_observed_keypoints_are_the_projected_ones_with_noise(scene: DemoScene) -> None:
    view = scene.views.sagittal
    moved = view.motion.points - np.array([0.0, 0.0, 1.0])
    clean = observe(view.motion.points, view.camera, times=view.times)
    cut = observe(moved, view.camera, times=view.times)
    noisy = observe(view.motion.points, view.camera, times=view.times, noise_px=2.0, seed=3, crop=False)
    seen = clean.seen
    assert np.allclose(clean.xy[seen], view.points_px[seen], atol=1e-3)
    assert seen.all()
    assert not cut.seen[:, Keypoint.LEFT_ANKLE].any()
    assert np.isnan(cut.xy[~cut.seen]).all()
    assert (cut.score[~cut.seen] == 0).all()
    spread = noisy.xy - view.points_px
    assert float(spread.std()) == pytest.approx(2.0, rel=0.05)


def test_demo_holds_two_strides_of_each_near_limb(scene: DemoScene) -> None:
    view = scene.views.sagittal
    for one in view.passes():
        assert one.near is not None
        start, stop = view.times[one.start], view.times[one.stop - 1]
        contacts = view.events.of(EventKind.INITIAL_CONTACT, one.near)
        assert sum(start < event.time_s < stop for event in contacts) >= 3


def test_true_knee_angle_is_seen_in_the_side_view(scene: DemoScene) -> None:
    view = scene.views.sagittal
    for one in view.passes():
        rows = slice(one.start, one.stop)
        assert one.near is not None
        at = side_points(one.near)
        hip, knee, ankle = (view.points_px[rows, at[name]] for name in ("hip", "knee", "ankle"))
        thigh, shank = knee - hip, ankle - knee
        cross = thigh[:, 0] * shank[:, 1] - thigh[:, 1] * shank[:, 0]
        turn = np.degrees(np.arctan2(cross, (thigh * shank).sum(axis=1)))
        flexion = one.direction.forward_sign * turn
        assert flexion == pytest.approx(view.motion.angles["knee_flexion", one.near][rows], abs=1.0)
