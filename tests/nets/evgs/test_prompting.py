"""The skeleton on the frames: where, in which colour, and not where a point is missing."""

from __future__ import annotations

import numpy as np

from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.nets.evgs.prompting import Bones, PromptStyle, draw_skeleton

BONES = Bones.of(BODY_FEET_23.keypoints, BODY_FEET_23.edges)
STYLE = PromptStyle(left_hue=0.0, right_hue=2 / 3, hues=0.0, dark=1.0, across=(0, 255, 0))
RED = PromptStyle(left_hue=0.0, hues=0.0, dark=1.0, fine=4)


def _points(frames: int = 2) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.full((frames, 23, 2), np.nan, np.float32)


def test_edges_and_points_are_drawn_in_the_colour_of_their_side() -> None:
    frames = np.full((2, 64, 64, 3), 100, np.uint8)
    points = _points()
    points[0, Keypoint.LEFT_KNEE], points[0, Keypoint.LEFT_ANKLE] = (10, 10), (10, 40)
    points[0, Keypoint.RIGHT_KNEE], points[0, Keypoint.RIGHT_ANKLE] = (40, 10), (40, 40)
    points[0, Keypoint.LEFT_HIP], points[0, Keypoint.RIGHT_HIP] = (15, 55), (45, 55)
    out, drawn = draw_skeleton(frames, points, BONES, style=STYLE)
    assert out[0, 25, 10].tolist() == [255, 0, 0]
    assert out[0, 25, 40].tolist() == [0, 0, 255]
    assert out[0, 55, 30].tolist() == [0, 255, 0]
    assert drawn[0, 25, 10]
    assert not drawn[0, 25, 25]
    assert not drawn[1].any()
    assert np.array_equal(out[1], frames[1])
    assert np.array_equal(out[0][~drawn[0]], frames[0][~drawn[0]])
    assert (frames == 100).all()


def test_every_joint_has_a_colour_of_its_own_and_sides_stay_apart() -> None:
    frames = np.zeros((1, 200, 200, 3), np.uint8)
    points = _points(1)
    body = [k for k in Keypoint if k.name.startswith(("LEFT", "RIGHT"))]
    for number, joint in enumerate(body):
        points[0, joint] = (15 + 30 * (number % 6), 20 + 40 * (number // 6))
    out, _ = draw_skeleton(frames, points, Bones((), BONES.sides, BONES.ranks))
    seen = {
        joint: tuple(int(v) for v in out[0, int(points[0, joint, 1]), int(points[0, joint, 0])])
        for joint in body
    }
    assert len(set(seen.values())) == len(body)
    for joint, (red, _, blue) in seen.items():
        assert (red > blue) == joint.name.startswith("LEFT"), joint.name


def test_missing_points_leave_their_edges_out() -> None:
    frames = np.zeros((1, 64, 64, 3), np.uint8)
    points = _points(1)
    points[0, Keypoint.LEFT_KNEE] = (20, 20)
    _, drawn = draw_skeleton(frames, points, BONES)
    rows, columns = np.nonzero(drawn[0])
    assert rows.size > 0
    assert abs(rows - 20).max() <= 3
    assert abs(columns - 20).max() <= 3


def test_points_outside_the_picture_do_no_harm() -> None:
    frames = np.zeros((1, 32, 32, 3), np.uint8)
    points = _points(1)
    points[0, Keypoint.LEFT_KNEE], points[0, Keypoint.LEFT_ANKLE] = (16, -20), (16, 50)
    points[0, Keypoint.NOSE] = (1e9, -1e9)
    _, drawn = draw_skeleton(frames, points, BONES)
    assert drawn[0, :, 16].all()


def test_lines_lie_between_pixels() -> None:
    frames = np.zeros((1, 32, 32, 3), np.uint8)
    middles = []
    for x in (15.0, 15.5, 16.0):
        points = _points(1)
        points[0, Keypoint.LEFT_KNEE], points[0, Keypoint.LEFT_ANKLE] = (x, 4), (x, 28)
        out, _ = draw_skeleton(frames, points, BONES, style=RED)
        weight = out[0, 16, :, 0].astype(float)
        middles.append(float((weight * np.arange(32)).sum() / weight.sum()))
    assert middles[0] < middles[1] < middles[2]
    assert np.allclose(middles, (15.0, 15.5, 16.0), atol=0.3)
