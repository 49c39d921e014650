"""The leg network learns where an estimator draws both legs as one, and runs in numpy as it does in torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gaitviewer.analysis.signal.leg_refiner import DILATIONS, FEATURES, LegRefiner, LegTracks
from gaitviewer.core.gait import Direction, Side, View, WalkingPass
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.errors import FormatError, SettingsError
from gaitviewer.nets.card import load_arrays
from gaitviewer.nets.legs.network import LegNetwork
from gaitviewer.research.legs.train import errors, fit, leg_examples, to_learn, train_legs
from gaitviewer.research.legs.walks import SeenWalk, film_walks, read_walks, walk_file
from gaitviewer.synthesis.filming.cameras import sagittal_camera
from gaitviewer.synthesis.gait.model import normal_gait
from gaitviewer.synthesis.gait.walker import simulate
from tests.support.walkers import steady


def _walk(number: int) -> SeenWalk:
    """A walk whose far knee and ankle are drawn into the near ones where they pass each other."""
    motion = simulate(steady(normal_gait()), seed=number, duration_s=4.0, rate_hz=50.0, start_xy=(-2.4, 0.0))
    camera = sagittal_camera(near=Side.RIGHT, width=1920, height=1080, pixels_per_metre=300.0)
    true = camera.project(motion.points)
    xy = true.copy()
    near, far = Keypoint.RIGHT_ANKLE, Keypoint.LEFT_ANKLE
    close = np.abs(true[:, near, 0] - true[:, far, 0]) < 60
    for part in ("KNEE", "ANKLE", "HEEL", "BIG_TOE"):
        right, left = Keypoint[f"RIGHT_{part}"], Keypoint[f"LEFT_{part}"]
        xy[close, left] = 0.2 * xy[close, left] + 0.8 * xy[close, right]
    score = np.full(xy.shape[:2], 0.9, np.float32)
    pose = PoseSequence(xy.astype(np.float32), score, motion.times, 1920, 1080)
    one = WalkingPass(View.SAGITTAL, Direction.LEFT_TO_RIGHT, 0, len(pose), near=Side.RIGHT)
    return SeenWalk(number, pose, (one,), true)


@pytest.fixture(scope="module")
def walks() -> list[SeenWalk]:
    return [_walk(number) for number in range(9)]


def test_it_learns_what_the_estimator_does_to_crossing_legs(walks: list[SeenWalk], tmp_path: Path) -> None:
    torch.set_num_threads(1)
    card = train_legs(walks, tmp_path / "legs-test", pose_model="made up", pose_digest="ab" * 32, epochs=200)
    before, after = card.metrics["estimated"], card.metrics["refined"]
    assert after["knee_far_deg"] < 0.6 * before["knee_far_deg"], (before, after)
    assert after["points_percent_of_leg"] < before["points_percent_of_leg"]
    assert card.synthetic
    assert card.settings == {"pose_model": "made up", "pose_digest": "ab" * 32}
    read, weights = load_arrays(tmp_path / "legs-test", task="legs")
    assert read == card
    judged = leg_examples([walk for walk in walks if walk.number % 8 == 0])
    features = judged[0].tracks.features()
    network = LegNetwork(FEATURES, DILATIONS)
    network.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    network.eval()
    with torch.no_grad():
        expected = network(torch.tensor(features[None], dtype=torch.float32))[0].numpy().reshape(-1, 10, 2)
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(LegRefiner(weights, card.sha256).moves(features), expected, atol=2e-5)


def test_a_foot_of_any_pitch_keeps_it(walks: list[SeenWalk]) -> None:
    """It learned flat feet alone; turned toes-down all along, as in equinus, they are not drawn up again."""
    torch.set_num_threads(1)
    network = fit([to_learn(one) for one in leg_examples(walks[1:])], epochs=200, seed=0)
    (judged,) = leg_examples(walks[:1])
    pitches = {}
    for down in (0.0, 15.0):
        tracks = _with_feet_turned(judged.tracks, down)
        with torch.no_grad():
            moves = network(torch.tensor(tracks.features()[None], dtype=torch.float32))[0].numpy()
        near = (tracks.points + moves.reshape(-1, 10, 2))[:, 3:5]
        foot = near[:, 1] - near[:, 0]
        pitches[down] = float(np.degrees(np.median(np.arctan2(foot[:, 1], foot[:, 0]))))
    assert pitches[15.0] - pitches[0.0] == pytest.approx(15.0, abs=3.0)


def _with_feet_turned(tracks: LegTracks, down_deg: float) -> LegTracks:
    points, angle = tracks.points.copy(), np.radians(down_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    for ankle in (2, 7):
        foot = slice(ankle + 1, ankle + 3)
        points[:, foot] = points[:, [ankle]] + (points[:, foot] - points[:, [ankle]]) @ turn
    return replace(tracks, points=points)


def test_the_same_seed_gives_the_same_weights(walks: list[SeenWalk]) -> None:
    torch.set_num_threads(1)
    examples = leg_examples(walks[:2])
    first, second = (fit(examples, epochs=1, seed=3).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = fit(examples, epochs=1, seed=4).state_dict()
    assert not torch.equal(first["enter.weight"], other["enter.weight"])


def test_an_untrained_network_moves_nothing(walks: list[SeenWalk]) -> None:
    examples = leg_examples(walks[:1])
    assert errors(examples, LegNetwork(FEATURES, DILATIONS).eval()) == errors(examples)


def test_too_few_walkers_are_refused(walks: list[SeenWalk], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="at least 8"):
        train_legs(walks[1:3], tmp_path / "legs", pose_model="", pose_digest="")
    assert not (tmp_path / "legs").exists()


@pytest.mark.slow
def test_walkers_are_seen_by_the_estimator_and_read_again(tmp_path: Path) -> None:
    from gaitviewer.pose.estimator import make_estimator

    estimator = make_estimator("full")
    estimator.start()
    try:
        film_walks(tmp_path, estimator, [1], seed=7)
        written = walk_file(tmp_path, 7, 1)
        stamp = written.stat().st_mtime_ns
        film_walks(tmp_path, estimator, [1], seed=7)
    finally:
        estimator.close()
    assert written.stat().st_mtime_ns == stamp, "what is there is left"
    (walk,) = read_walks(tmp_path)
    assert walk.number == 1
    assert len(walk.passes) >= 1
    off = [errors([one]).points for one in leg_examples([walk])]
    assert off
    assert max(off) < 10, "the points are the walker's"
    written.write_bytes(written.read_bytes()[:2000])
    with pytest.raises(FormatError, match="damaged"):
        read_walks(tmp_path)
    with pytest.raises(FormatError, match="no walkers"):
        read_walks(tmp_path / "elsewhere")


def test_walks_without_a_near_limb_are_no_examples(walks: list[SeenWalk]) -> None:
    one = walks[0]
    assert leg_examples([replace(one, passes=(replace(one.passes[0], near=None),))]) == []
