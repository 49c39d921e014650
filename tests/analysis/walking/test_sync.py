from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gaitviewer.analysis.events.detect import detect_events
from gaitviewer.analysis.signal.cleaning import clean
from gaitviewer.analysis.signal.prepared import prepare_view
from gaitviewer.analysis.walking.passes import apply_sides, find_passes
from gaitviewer.analysis.walking.sync import check_sides, estimate_sync
from gaitviewer.core.gait import GaitEvents, View, WalkingPass
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Sync
from gaitviewer.core.skeleton import Keypoint

Read = tuple[PoseSequence, tuple[WalkingPass, ...], tuple[GaitEvents, ...]]


def _read(pose: PoseSequence, view: View) -> Read:
    passes, _ = find_passes(prepare_view(pose), view)
    pose = clean(apply_sides(prepare_view(pose), passes).raw)
    return pose, passes, tuple(detect_events(pose, one) for one in passes)


def _later(pose: PoseSequence, seconds: float) -> PoseSequence:
    """The same recording with the camera started earlier: nobody to be seen for a while at first."""
    step = float(np.median(np.diff(pose.times)))
    count = round(seconds / step)
    empty = np.full((count, 23, 2), np.nan, np.float32)
    times = np.concatenate([step * np.arange(count), pose.times + seconds])
    return PoseSequence(
        np.concatenate([empty, pose.xy]),
        np.concatenate([np.zeros((count, 23), np.float32), pose.score]),
        times,
        pose.width,
        pose.height,
    )


def _both(
    body: Any, from_side: Callable[..., PoseSequence], from_end: Callable[..., PoseSequence], offset_s: float
) -> tuple[Read, Read]:
    side = _read(from_side(body, noise_px=2.0), View.SAGITTAL)
    end = _read(_later(from_end(body.at_rate(30.0), noise_px=1.0, seed=5), offset_s), View.CORONAL)
    return side, end


def _estimate(side: Read, end: Read) -> Sync:
    return estimate_sync(side[0], side[1], end[0], end[1], sagittal_events=side[2], coronal_events=end[2])


@pytest.mark.parametrize("offset_s", [0.3, 1.2])
def test_one_pass_tells_the_offset_up_to_whole_strides_and_says_so(
    children: dict[str, Any],
    from_side: Callable[..., PoseSequence],
    from_end: Callable[..., PoseSequence],
    offset_s: float,
) -> None:
    child = children["HC002D06"]
    sync = _estimate(*_both(child, from_side, from_end, offset_s))
    stride = 0.91
    wrong = sync.offset_s - offset_s
    assert abs(wrong - stride * round(wrong / stride)) < 0.04
    assert abs(wrong) <= 3 * sync.sigma_s
    assert sync.source == "estimated from the gait"


@pytest.fixture(scope="module")
def there_and_back(
    children: dict[str, Any], from_side: Callable[..., PoseSequence]
) -> Callable[[float], tuple[Read, Read]]:
    """A child that walks there and, out of sight for a moment, back; the end camera sees away, then towards."""

    def make(offset_s: float) -> tuple[Read, Read]:
        child = children["HC002D06"].at_rate(60.0)
        back = child.points.copy()
        middle = np.nanmean(child.points[:, Keypoint.LEFT_HIP, :2], axis=0)
        back[..., :2] = 2 * middle - back[..., :2]
        points = np.concatenate([child.points, np.full((77, 23, 3), np.nan), back])
        body = type(child)(points, np.arange(len(points)) / 60.0, ())
        depth = 4.0 + points[..., 1] - np.nanmin(points[..., 1])
        across, up = points[..., 0] - middle[0], 1.0 - points[..., 2]
        xy = np.stack([640 + 1100 * across / depth, 500 + 1100 * up / depth], axis=-1)
        score = np.where(np.isfinite(xy).all(axis=2), 0.9, 0.0).astype(np.float32)
        end = PoseSequence(xy.astype(np.float32), score, body.times, 1280, 1100)
        return (
            _read(from_side(body, noise_px=2.0), View.SAGITTAL),
            _read(_later(end, offset_s), View.CORONAL),
        )

    return make


@pytest.mark.parametrize("offset_s", [0.25, 1.6])
def test_walking_there_and_back_tells_the_stride_too(
    there_and_back: Callable[[float], tuple[Read, Read]], offset_s: float
) -> None:
    side, end = there_and_back(offset_s)
    assert len(side[1]) == len(end[1]) == 2
    sync = _estimate(side, end)
    assert sync.offset_s == pytest.approx(offset_s, abs=0.05)
    assert sync.sigma_s < 0.06


def test_nothing_in_common_is_not_guessed(
    there_and_back: Callable[[float], tuple[Read, Read]],
) -> None:
    side, end = there_and_back(0.25)
    sync = estimate_sync(side[0], (), end[0], end[1], sagittal_events=(), coronal_events=end[2])
    assert sync.source == "assumed equal start"
    assert sync.sigma_s >= 1.0


def test_both_views_must_agree_on_sides(there_and_back: Callable[[float], tuple[Read, Read]]) -> None:
    side, end = there_and_back(0.25)
    spans = [(float(end[0].times[one.start]), float(end[0].times[one.stop - 1])) for one in end[1]]
    given = Sync(0.25, 0.01, "given")
    assert check_sides(side[2], end[2], spans, given) is True
    half_a_stride = Sync(0.705, 0.01, "given")
    assert check_sides(side[2], end[2], spans, half_a_stride) is False
    assert check_sides(side[2], end[2], spans, Sync(0.25, 0.5, "given")) is None
