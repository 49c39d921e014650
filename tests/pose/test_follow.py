"""Following from frame to frame: with a made-up estimator on made-up pictures."""

from __future__ import annotations

import numpy as np
import pytest

from gaitviewer.pose.estimator import BodyCircle, Estimate
from gaitviewer.pose.follow import Follower, crops_in_order, cut_crop, follow
from gaitviewer.pose.settings import load_settings
from gaitviewer.pose.tracking import BodyPath

SETTINGS = load_settings().follow
SIZE = (640, 360)
SPEED = 4.0


def person_at(frame: int) -> tuple[float, float]:
    return 60 + SPEED * frame, 180.0


def path(start: int = 20, stop: int = 100) -> BodyPath:
    frames = np.arange(start, stop, 8)
    x, y = np.array([person_at(f) for f in frames]).T
    return BodyPath(frames, x, y, np.full(len(frames), 40.0))


class DotVideo:
    """A dark picture with a bright dot on the person's hips; gone before frame 10 and after 120."""

    def __init__(self, distractor: range = range(0)) -> None:
        self._distractor = distractor
        self.asked: list[range] = []

    def frames(self, start=0, stop=None, *, step=1, max_height=None):
        self.asked.append(range(start, stop, step))
        for frame in range(start, stop, step):
            rgb = np.zeros((360, 640, 3), np.uint8)
            x, y = (round(v) for v in person_at(frame))
            if 10 <= frame <= 120 and frame not in self._distractor:
                rgb[y - 2 : y + 3, x - 2 : x + 3] = 255
            if frame in self._distractor:
                rgb[y - 2 : y + 3, x + 43 : x + 48] = 255  # somebody else, a body radius away
            yield frame, rgb

    def close(self):
        pass


class DotEstimator:
    """Finds the middle of the bright dot inside the square that it is told to look at."""

    name, weights_digest, square_scale = "dots", "", 2.5

    def start(self):
        pass

    reset = close = start

    def find_people(self, rgb):
        return []

    def estimate(self, rgb, body):
        ys, xs = np.nonzero(rgb[..., 0] > 100)
        near = np.hypot(xs - body.x, ys - body.y) < 1.25 * body.radius
        if not near.any():
            return None
        x, y = xs[near].mean(), ys[near].mean()
        xy = np.full((23, 2), [x, y], np.float32)
        mask = np.zeros(rgb.shape[:2], bool)
        mask[ys[near], xs[near]] = True
        return Estimate(xy, np.full(23, 0.9, np.float32), BodyCircle(x, y, body.radius), mask)


def run(reader, *, backward: bool, span=range(5, 140)):
    return follow(
        reader,
        DotEstimator(),
        path(),
        span=span,
        backward=backward,
        rate_hz=30,
        size=SIZE,
        settings=SETTINGS,
        report=lambda _: None,
    )


@pytest.mark.parametrize("backward", [False, True])
def test_both_directions_find_every_frame_and_stop_when_the_subject_is_gone(backward):
    done: list[int] = []
    found = follow(
        DotVideo(),
        DotEstimator(),
        path(),
        span=range(0, 300),
        backward=backward,
        rate_hz=30,
        size=SIZE,
        settings=SETTINGS,
        report=done.append,
    )
    reached = found.frames.tolist()
    assert reached == list(range(reached[0], reached[-1] + 1))
    assert (reached[0] == 10) if backward else (reached[-1] == 120)
    true = np.array([person_at(f) for f in reached])
    np.testing.assert_allclose(found.xy[:, 0], true, atol=0.6)
    if not backward:
        assert done[-1] < 140, "it went on long after the subject had left"
    assert set(found.masks) == set(reached)


def test_somebody_else_is_not_taken_for_the_subject():
    other = range(60, 64)
    for backward in (False, True):
        found = run(DotVideo(other), backward=backward)
        assert not set(other) & set(found.frames.tolist())
        assert {59, 64} <= set(found.frames.tolist()), "the subject is found again afterwards"


def test_jumps_are_rejected_and_small_steps_accepted():
    follower = Follower(path(), SETTINGS)
    start = BodyCircle(*person_at(20), 40.0)
    assert follower.accept(20, start, start)
    looked = follower.looks(21)[0]
    step = SETTINGS.max_step * 40
    assert not follower.accept(21, looked, BodyCircle(looked.x, looked.y - 1.2 * step, 40))
    assert not follower.accept(21, looked, BodyCircle(looked.x, looked.y, 40 * 1.5))
    assert follower.accept(21, looked, BodyCircle(looked.x + 0.8 * step, looked.y, 42))


def test_an_answer_far_from_the_sightings_is_rejected():
    follower = Follower(path(), SETTINGS)
    x, y = person_at(50)
    assert not follower.accept(50, BodyCircle(x, y, 40), BodyCircle(x + 41, y, 40))


def test_all_frames_come_once_forwards_in_one_go_and_backwards_in_blocks():
    span = range(3, 3 + 2 * SETTINGS.block_frames + 7)
    frames, asked = {}, {}
    for backward in (False, True):
        video = DotVideo()
        crops = crops_in_order(video, path(), span, backward=backward, square_scale=2.5, settings=SETTINGS)
        frames[backward] = [crop.frame for crop in crops]
        asked[backward] = video.asked
    assert frames[False] == list(span)
    assert frames[True] == list(reversed(span))
    assert asked[False] == [span], "every opening of the file decodes from a key frame on"
    assert [len(one) for one in asked[True]] == [7, SETTINGS.block_frames, SETTINGS.block_frames]


@pytest.mark.parametrize("radius", [20.0, 90.0, 300.0, 520.0])
def test_crops_lead_back_to_the_source(radius):
    """A bright pixel's place is found again through the crop's corner and scale."""
    rgb = np.zeros((1080, 1920, 3), np.uint8)
    rgb[500:508, 1000:1008] = 255
    crop = cut_crop(0, rgb, BodyCircle(1010, 520, radius), 2.5, SETTINGS)
    assert crop.rgb.shape[0] == crop.rgb.shape[1]
    assert crop.rgb.shape[0] < 2 * SETTINGS.crop_min_px
    ys, xs = np.nonzero(crop.rgb[..., 0] > 100)
    x = (xs.mean() + 0.5) / crop.scale + crop.left
    y = (ys.mean() + 0.5) / crop.scale + crop.top
    assert x == pytest.approx(1004, abs=1.5)
    assert y == pytest.approx(504, abs=1.5)
