from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gaitviewer.analysis.signal.prepared import prepare_view
from gaitviewer.analysis.walking.edge_labels import repair_legs_at_edge
from gaitviewer.core.gait import Direction, View, WalkingPass
from gaitviewer.core.pose import Origin, PoseSequence
from gaitviewer.core.skeleton import Keypoint

PARTS = ("KNEE", "ANKLE", "HEEL", "BIG_TOE")
LEFT, RIGHT = ([Keypoint[f"{side}_{part}"] for part in PARTS] for side in ("LEFT", "RIGHT"))
INSIDE = (40, 140)


@pytest.fixture
def seen(walk: Callable[..., Any], from_side: Callable[..., PoseSequence]) -> PoseSequence:
    return from_side(walk(seconds=3.0), noise_px=2.0)


def mended(pose: PoseSequence) -> NDArray[np.float32]:
    one = WalkingPass(View.SAGITTAL, Direction.RIGHT_TO_LEFT, *INSIDE)
    return repair_legs_at_edge(prepare_view(pose), one, replace(one, start=20, stop=170)).xy


def with_points(pose: PoseSequence, rows: slice, points: dict[Keypoint, NDArray[np.float32]]) -> PoseSequence:
    xy = pose.xy.copy()
    for point, values in points.items():
        xy[rows, point] = values
    return pose.with_points(xy)


def exchanged(pose: PoseSequence, start: int, stop: int) -> PoseSequence:
    rows = slice(start, stop)
    pairs = [*zip(LEFT, RIGHT, strict=True), *zip(RIGHT, LEFT, strict=True)]
    return with_points(pose, rows, {to: pose.xy[rows, origin] for to, origin in pairs})


def test_sound_legs_stay_as_they_are(seen: PoseSequence) -> None:
    np.testing.assert_array_equal(mended(seen), seen.xy)


@pytest.mark.parametrize("rows", [(142, 168), (21, 38)])
def test_exchanged_legs_are_exchanged_back_on_either_side_of_a_pass(
    seen: PoseSequence, rows: tuple[int, int]
) -> None:
    apart = np.abs(seen.xy[:, LEFT, 0] - seen.xy[:, RIGHT, 0]).mean(axis=1)[slice(*rows)]
    found = mended(exchanged(seen, *rows))[slice(*rows)]
    wrong = np.abs(found[:, LEFT, 0] - seen.xy[slice(*rows)][:, LEFT, 0]).max(axis=1) > 30
    assert apart.max() > 150  # pixels: it can be seen
    assert not wrong[apart > 60].any()


def test_a_leg_put_where_the_other_one_is_is_missing_and_the_other_stays(seen: PoseSequence) -> None:
    rows = slice(150, 166)
    doubled = with_points(seen, rows, {a: seen.xy[rows, b] for a, b in zip(LEFT, RIGHT, strict=True)})
    found = mended(doubled)[rows]
    apart = np.abs(seen.xy[rows][:, LEFT, 0] - seen.xy[rows][:, RIGHT, 0]).mean(axis=1)
    far = apart > 120
    assert far.sum() >= 5
    assert np.isnan(found[far][:, LEFT]).all()
    np.testing.assert_array_equal(found[far][:, RIGHT], seen.xy[rows][far][:, RIGHT])
    assert np.isfinite(found[:, Keypoint.LEFT_HIP]).all()


def test_frames_of_the_pass_and_what_a_person_corrected_are_not_touched(seen: PoseSequence) -> None:
    pose = exchanged(seen, 145, 165)
    origin = pose.origin.copy()
    origin[150, Keypoint.LEFT_ANKLE] = Origin.CORRECTED
    found = mended(pose.with_points(pose.xy.copy(), origin=origin))
    np.testing.assert_array_equal(found[slice(*INSIDE)], pose.xy[slice(*INSIDE)])
    np.testing.assert_array_equal(found[150], pose.xy[150])


def test_nothing_is_made_of_a_pass_in_which_nobody_is_seen(seen: PoseSequence) -> None:
    nobody = seen.with_points(np.full_like(seen.xy, np.nan), score=np.zeros_like(seen.score))
    assert np.isnan(mended(nobody)).all()
