from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.signal.prepared import prepare_view
from gaitviewer.analysis.walking.passes import classify_view, find_passes
from gaitviewer.analysis.walking.trial import read_trial, read_view
from gaitviewer.core.gait import ByView, Direction, EventKind, Side, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Session, Subject, Trial
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.errors import AnalysisError
from tests.support.said import codes

SPEED = 1.1


def _on_belt(body: Any, *, drift_m: float = 0.0) -> Any:
    """The same walk on a treadmill: its travel taken away, but for a slow drift there and back."""
    ahead = body.points[:, Keypoint.LEFT_HIP, 1]
    forward = np.polyval(np.polyfit(body.times, ahead, 1), body.times)
    drift = drift_m * np.sin(2 * np.pi * body.times / (body.times[-1] - body.times[0]))
    body.points[..., 1] += (drift - forward)[:, None]
    return body


def _march(body: Any, *, swing_m: float = 0.0, rate_hz: float = 1.0) -> Any:
    """On the spot: the knees are lifted in turn, the feet hang below them and come down where they stood."""
    times = np.arange(int(5.0 * 60)) / 60.0
    points = np.repeat(body.points[:1], len(times), axis=0)
    for side, lag in ((Side.LEFT, 0.0), (Side.RIGHT, 0.5)):
        lift = np.maximum(0.0, np.sin(2 * np.pi * (rate_hz * times - lag))) ** 2
        hip = points[:, Keypoint[f"{side.name}_HIP"]]
        below = {"KNEE": (0.02, 0.47), "ANKLE": (0.0, 0.09), "HEEL": (-0.05, 0.04), "BIG_TOE": (0.15, 0.03)}
        for part, (ahead, up) in below.items():
            share = 1.0 if part == "KNEE" else 0.6
            points[:, Keypoint[f"{side.name}_{part}"], 1] = (
                hip[:, 1] + ahead + (0.25 * share + swing_m) * lift * (1.0 if part == "KNEE" else 0.5)
            )
            points[:, Keypoint[f"{side.name}_{part}"], 2] = up + 0.20 * lift
    return type(body)(points, times, ())


def _kick(body: Any) -> Any:
    """On one leg: the other swings to and fro."""
    body = _march(body)
    body.points[:, [Keypoint[f"RIGHT_{part}"] for part in ("KNEE", "ANKLE", "HEEL", "BIG_TOE")]] = body.points[
        :1, [Keypoint[f"RIGHT_{part}"] for part in ("KNEE", "ANKLE", "HEEL", "BIG_TOE")]
    ]
    to_and_fro = 0.3 * np.sin(2 * np.pi * body.times)
    for part, share in (("KNEE", 0.5), ("ANKLE", 1.0), ("HEEL", 1.0), ("BIG_TOE", 1.0)):
        body.points[:, Keypoint[f"LEFT_{part}"], 1] += share * to_and_fro
    return body


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("drift_m", [0.0, 0.15])
def test_a_walk_on_a_treadmill_has_the_events_of_the_walk_over_ground(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence], sign: float, drift_m: float
) -> None:
    over_ground, belt = (walk(seconds=6.0, speed=SPEED, sign=sign) for _ in range(2))
    ground = read_view(from_side(over_ground, noise_px=1.0), View.SAGITTAL, trial_id="t1").events[0]
    seen = from_side(_on_belt(belt, drift_m=drift_m), noise_px=1.0)
    motion = read_view(seen, View.SAGITTAL, trial_id="t1")
    assert [one.on_treadmill for one in motion.passes] == [True]
    assert motion.passes[0].direction is (Direction.RIGHT_TO_LEFT if sign > 0 else Direction.LEFT_TO_RIGHT)
    assert motion.passes[0].near is (Side.LEFT if sign > 0 else Side.RIGHT)
    assert motion.passes[0].belt_px_s == pytest.approx(SPEED * 450.0, rel=0.08)
    for kind in EventKind:
        for side in Side:
            found, true = ([e.time_s for e in one.of(kind, side)] for one in (motion.events[0], ground))
            assert len(found) >= 5
            assert found == pytest.approx(true, abs=0.015)
    assert all(one.counts for one in motion.strides)
    assert "finding.treadmill.is" in codes(one.text for one in motion.quality)


def _measured(pose: PoseSequence) -> Measures:
    motion = read_trial(Trial("t1", ByView(None, None)), ByView(pose, None))
    return measure_session(replace(Session("s", Subject("x")), height_m=1.6), [motion])


def test_a_treadmill_gives_angles_and_score_without_speed_and_lengths(
    make_walk: Callable[..., Any], side_view: Callable[..., Any]
) -> None:
    over_ground = side_view().raw
    hips = over_ground.xy[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP], 0].mean(axis=1).astype(np.float64)
    travel = np.polyval(np.polyfit(over_ground.times, hips, 1), over_ground.times) - over_ground.width / 2
    xy = over_ground.xy.copy()
    xy[..., 0] -= travel[:, None].astype(np.float32)
    ground, belt = _measured(over_ground), _measured(over_ground.with_points(xy))
    for one in belt.parameters:
        without = one.name in ("stride_length", "step_length", "speed", "dimensionless_speed")
        assert all((value is None) is without for value in one.values), one.name
        assert (one.reason.code == "reason.on_treadmill") is without
    of = {(one.angle, one.side): one.mean for one in ground.means}
    assert {(one.angle, one.side) for one in belt.means} == set(of)
    for one in belt.means:
        assert np.nanmax(np.abs(one.mean - of[one.angle, one.side])) < 3.0, one.angle
    for side in Side:
        scores = [[m.score for m in sheet.measures[side]] for sheet in (belt.evgs, ground.evgs)]
        assert scores[0] == scores[1]


def test_a_treadmill_is_known_to_be_a_side_view(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    guess = classify_view(prepare_view(from_side(_on_belt(walk()))))
    assert (guess.view, guess.confidence, guess.reason.code) == (View.SAGITTAL, 1.0, "reason.treads")


@pytest.mark.parametrize("noise_px", [0.5, 4.0])
@pytest.mark.parametrize(
    "still",
    [_march, lambda body: _march(body, swing_m=0.2), lambda body: _march(body, rate_hz=0.5), _kick],
    ids=["marches", "marches with long steps in the air", "marches slowly", "kicks"],
)
def test_who_marches_or_kicks_on_the_spot_does_not_walk(
    walk: Callable[..., Any],
    from_side: Callable[..., PoseSequence],
    still: Callable[[Any], Any],
    noise_px: float,
) -> None:
    with pytest.raises(AnalysisError, match="standing"):
        read_view(from_side(still(walk()), noise_px=noise_px), View.SAGITTAL, trial_id="t1")


def test_who_turns_while_stepping_does_not_walk(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    body = _march(walk())
    angle = 2 * np.pi * body.times / 2.0
    x, y = np.moveaxis(body.points[..., :2] - body.points[0, Keypoint.LEFT_HIP, :2], -1, 0)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    body.points[..., :2] = np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)
    assert find_passes(prepare_view(from_side(body)), View.SAGITTAL)[0] == ()


def test_walking_over_ground_is_on_no_treadmill(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    passes, _ = find_passes(prepare_view(from_side(walk(speed=0.5), noise_px=2.0)), View.SAGITTAL)
    assert [one.belt_px_s for one in passes] == [0.0]
