from __future__ import annotations

import numpy as np
import pytest

from gaitviewer.analysis.signal.cleaning import body_height_px, clean, low_pass, smooth_xy
from gaitviewer.core.pose import Origin, PoseSequence
from gaitviewer.core.skeleton import Keypoint

KNEE = Keypoint.LEFT_KNEE


def _wave(count: int = 120, rate_hz: float = 60.0, times: np.ndarray | None = None) -> PoseSequence:
    """Every point swings at 1 Hz about its own place; legs and trunk give the body a size of 500 px."""
    times = np.arange(count) / rate_hz if times is None else times
    rows = {"SHOULDER": 200.0, "HIP": 360.0, "KNEE": 480.0, "ANKLE": 600.0}
    xy = np.zeros((len(times), 23, 2))
    xy[..., 0] = 400 + 60 * np.sin(2 * np.pi * times)[:, None]
    for point in Keypoint:
        height = next((y for name, y in rows.items() if point.name.endswith(name)), 620.0)
        xy[:, point, 1] = height
    score = np.full((len(times), 23), 0.8, np.float32)
    return PoseSequence(xy.astype(np.float32), score, times, 1280, 720)


def _changed(pose: PoseSequence, **points: np.ndarray) -> PoseSequence:
    return pose.with_points(points.get("xy", pose.xy), score=points.get("score"), origin=points.get("origin"))


def test_a_doubtful_point_is_dropped_and_a_certain_one_stays() -> None:
    pose = _wave()
    score = pose.score.copy()
    score[30:60, KNEE] = 0.09
    out = clean(_changed(pose, score=score))
    assert np.isnan(out.xy[30:60, KNEE]).all()
    assert (out.score[30:60, KNEE] == 0).all()
    assert np.isfinite(out.xy[:, Keypoint.RIGHT_KNEE]).all()


def test_a_corrected_point_survives_a_low_score() -> None:
    pose = _wave()
    score, origin = pose.score.copy(), pose.origin.copy()
    score[50, KNEE], origin[50, KNEE] = 0.0, Origin.CORRECTED
    out = clean(_changed(pose, score=score, origin=origin))
    assert np.array_equal(out.xy[50, KNEE], pose.xy[50, KNEE])
    assert out.origin[50, KNEE] == Origin.CORRECTED


@pytest.mark.parametrize(("rate_hz", "filled", "kept"), [(60.0, 5, 6), (30.0, 2, 3), (100.0, 9, 10)])
def test_gaps_are_filled_up_to_a_tenth_of_a_second(rate_hz: float, filled: int, kept: int) -> None:
    pose = _wave(rate_hz=rate_hz)
    xy = pose.xy.copy()
    xy[20 : 20 + filled, KNEE] = np.nan
    xy[60 : 60 + kept, KNEE] = np.nan
    out = clean(_changed(pose, xy=xy))
    assert np.abs(out.xy[20 : 20 + filled, KNEE] - pose.xy[20 : 20 + filled, KNEE]).max() < 0.5
    assert (out.origin[20 : 20 + filled, KNEE] == Origin.INTERPOLATED).all()
    assert np.isnan(out.xy[60 : 60 + kept, KNEE]).all()
    assert (out.origin[60 : 60 + kept, KNEE] == Origin.ESTIMATED).all()


def test_a_gap_at_the_end_stays_a_gap() -> None:
    pose = _wave()
    xy = pose.xy.copy()
    xy[-2:, KNEE] = np.nan
    assert np.isnan(clean(_changed(pose, xy=xy)).xy[-2:, KNEE]).all()


def test_a_spike_goes_and_noise_stays() -> None:
    pose = _wave()
    noisy = pose.xy + 5.0 * np.random.default_rng(3).standard_normal(pose.xy.shape).astype(np.float32)
    noisy[40, KNEE] += 150
    out = clean(_changed(pose, xy=noisy))
    assert np.hypot(*(out.xy[40, KNEE] - pose.xy[40, KNEE])) < 25
    assert out.origin[40, KNEE] == Origin.INTERPOLATED
    untouched = np.delete(np.arange(120), 40)
    assert (out.origin[untouched] == Origin.ESTIMATED).mean() > 0.999


def test_bending_the_knee_does_not_shrink_the_body() -> None:
    pose = _wave()
    xy = pose.xy.copy()
    angle = np.radians(60)
    for side in ("LEFT", "RIGHT"):
        knee = xy[:, Keypoint[f"{side}_KNEE"]]
        xy[:, Keypoint[f"{side}_ANKLE"]] = knee + 120 * np.array([np.sin(angle), np.cos(angle)])
    assert body_height_px(_changed(pose, xy=xy)) == pytest.approx(body_height_px(pose), rel=1e-4)


def test_smoothing_neither_delays_nor_shrinks_slow_motion() -> None:
    pose = _wave()
    out = smooth_xy(pose, cutoff_hz=6.0)
    assert np.abs(out - pose.xy)[10:-10].max() < 0.4
    assert np.abs(out - pose.xy).max() < 2.5


def test_the_cutoff_holds_for_both_runs_together() -> None:
    times = np.arange(1200) / 100.0
    wave = np.sin(2 * np.pi * 6.0 * times)[:, None]
    out = low_pass(times, wave, 6.0)[300:900]
    assert np.abs(out).max() == pytest.approx(2**-0.5, rel=0.03)


def test_smoothing_removes_noise_at_any_spacing_of_the_frames() -> None:
    random = np.random.default_rng(5)
    times = np.cumsum(random.uniform(0.5, 1.5, 300)) / 60.0
    pose = _wave(times=times)
    noisy = _changed(pose, xy=pose.xy + 5 * random.standard_normal(pose.xy.shape).astype(np.float32))
    error = smooth_xy(noisy, cutoff_hz=6.0) - pose.xy
    assert np.std(error) < 0.6 * 5
    assert abs(np.mean(error)) < 0.3


def test_gaps_stay_gaps_and_do_not_leak() -> None:
    pose = _wave()
    xy = pose.xy.copy()
    xy[50:70, KNEE] = np.nan
    out = smooth_xy(_changed(pose, xy=xy), cutoff_hz=6.0)
    assert np.isnan(out[50:70, KNEE]).all()
    assert np.isfinite(out[:50, KNEE]).all()
    assert np.isfinite(out[70:, KNEE]).all()


def test_a_corrected_point_is_not_smoothed_away() -> None:
    pose = _wave()
    xy, origin = pose.xy.copy(), pose.origin.copy()
    xy[50, KNEE] += 12
    origin[50, KNEE] = Origin.CORRECTED
    out = smooth_xy(_changed(pose, xy=xy, origin=origin), cutoff_hz=6.0)
    assert np.allclose(out[50, KNEE], xy[50, KNEE])
