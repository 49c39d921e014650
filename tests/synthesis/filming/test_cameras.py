"""Cameras: known points land where a ruler says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gaitviewer.core.gait import Side
from gaitviewer.synthesis.filming.cameras import (
    Camera,
    coronal_camera,
    sagittal_camera,
)


def test_side_camera_shows_forward_to_the_right_and_up_upwards() -> None:
    camera = sagittal_camera(pixels_per_metre=200.0, look_at=(0.0, 0.0, 1.0), width=641, height=361)
    points = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 0.0, 1.5], [0.0, 3.0, 1.0]])
    expected = [[320, 180], [520, 180], [320, 80], [320, 180]]
    assert np.allclose(camera.project(points), expected)


def test_seen_from_the_left_side_forward_is_to_the_left() -> None:
    camera = sagittal_camera(pixels_per_metre=200.0, near=Side.LEFT, width=641, height=361)
    assert camera.project([1.0, 0.0, 0.8])[0] == pytest.approx(120.0)
    assert camera.depth([0.0, 1.0, 0.8]) < camera.depth([0.0, -1.0, 0.8])


def test_end_camera_shows_the_left_side_on_the_right_when_walking_towards_it() -> None:
    facing = coronal_camera(pixels_per_metre=100.0, width=101, height=101)
    behind = coronal_camera(pixels_per_metre=100.0, towards=False, width=101, height=101)
    assert facing.project([0.0, 0.2, 0.8])[0] == pytest.approx(70.0)
    assert behind.project([0.0, 0.2, 0.8])[0] == pytest.approx(30.0)


def test_yaw_shortens_the_walkway_by_its_cosine() -> None:
    straight = sagittal_camera(pixels_per_metre=300.0)
    turned = sagittal_camera(pixels_per_metre=300.0, yaw_deg=30.0)
    ends = np.array([[0.0, 0.0, 0.8], [1.0, 0.0, 0.8]])
    length = [float(np.diff(camera.project(ends)[:, 0])[0]) for camera in (straight, turned)]
    assert length[0] == pytest.approx(300.0)
    assert length[1] == pytest.approx(300.0 * math.cos(math.radians(30.0)))


def test_pinhole_has_the_asked_scale_at_its_target_and_less_behind_it() -> None:
    camera = sagittal_camera(pixels_per_metre=300.0, distance_m=4.0)
    assert camera.scale_at([0.0, 0.0, 0.8]) == pytest.approx(300.0)
    near, far = (camera.project([[0.0, y, 0.3], [0.0, y, 1.3]]) for y in (0.0, 4.0))
    assert near[0, 1] - near[1, 1] == pytest.approx(300.0)
    assert far[0, 1] - far[1, 1] == pytest.approx(150.0)


def test_pitch_looks_down_and_roll_turns_the_picture() -> None:
    camera = sagittal_camera(pixels_per_metre=100.0, distance_m=5.0, pitch_deg=20.0)
    assert camera.position[2] == pytest.approx(0.8 + 5.0 * math.sin(math.radians(20.0)))
    rolled = Camera((0.0, -5.0, 0.0), (0.0, 0.0, 0.0), 101, 101, pixels_per_metre=10.0, roll_deg=90.0)
    assert np.allclose(rolled.project([1.0, 0.0, 0.0]), [50.0, 40.0])


def test_missing_points_stay_missing() -> None:
    camera = sagittal_camera(distance_m=4.0)
    seen = camera.project([[np.nan, 0.0, 0.0], [0.0, 0.0, 0.8], [0.0, -9.0, 0.8]])
    assert np.isnan(seen[0]).all()
    assert np.isfinite(seen[1]).all()
    assert np.isnan(seen[2]).all()


def test_rays_meet_the_pixels_they_belong_to() -> None:
    for distance in (None, 4.0):
        camera = sagittal_camera(distance_m=distance, yaw_deg=12.0, pitch_deg=5.0, width=41, height=31)
        origin, direction = camera.rays()
        seen = camera.project(origin + 3.0 * direction)
        assert np.allclose(seen[7, 30], [30, 7])
        assert np.allclose(seen[30, 0], [0, 30])


def test_impossible_cameras_are_refused() -> None:
    with pytest.raises(ValueError, match="either"):
        Camera((0, 0, 0), (1, 0, 0), focal_px=1.0, pixels_per_metre=1.0)
    with pytest.raises(ValueError, match="upright"):
        Camera((0, 0, 0), (0, 0, 1), focal_px=1.0)
