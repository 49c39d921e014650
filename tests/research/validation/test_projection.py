"""Markers in virtual cameras: which points, which sides, which pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.gait import Side
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.errors import FormatError, SettingsError
from gaitviewer.formats.markers import MarkerTrial
from gaitviewer.research.validation.projection import ValidationOptions, film, find_body, resample, trial_of

PARTS = {
    "FEP": (0.0, 0.1, 0.8),
    "FEO": (0.05, 0.1, 0.45),
    "TIO": (0.0, 0.1, 0.08),
    "TOE": (0.15, 0.12, 0.03),
    "HEE": (-0.05, 0.1, 0.03),
    "SHO": (0.02, 0.18, 1.2),
}


def sliding_body(*, heading_deg: float = 90.0, frames: int = 200, rate_hz: float = 100.0) -> MarkerTrial:
    """A stiff body that slides at 1 m/s along ``heading_deg`` in a laboratory with z upwards."""
    heading = np.radians(heading_deg)
    ahead, left = (
        np.array([np.cos(heading), np.sin(heading), 0]),
        np.array([-np.sin(heading), np.cos(heading), 0]),
    )
    labels, tracks = [], []
    times = np.arange(frames) / rate_hz
    for side, sign in (("L", 1.0), ("R", -1.0)):
        for name, (x, y, z) in PARTS.items():
            labels.append(side + name)
            start = x * ahead + sign * y * left + z * np.array([0, 0, 1.0]) + np.array([3.0, -2.0, 0])
            tracks.append(start + times[:, None] * ahead)
    return MarkerTrial("sliding", tuple(labels), np.stack(tracks, axis=1), rate_hz, 0, up_axis=2)


@pytest.mark.parametrize("heading_deg", [0, 90, 180, 270, 100])
def test_the_frame_of_the_walk_does_not_depend_on_the_heading(heading_deg: float) -> None:
    body = find_body(sliding_body(heading_deg=heading_deg))
    assert body.part(Side.LEFT, "knee")[:, 1] == pytest.approx(0.1)
    assert body.part(Side.RIGHT, "knee")[:, 1] == pytest.approx(-0.1)
    assert body.part(Side.LEFT, "knee")[0] == pytest.approx([-0.995 + 0.05, 0.1, 0.45])
    assert np.diff(body.middle("hip")[:, 0]) == pytest.approx(0.01)


def test_a_y_up_laboratory_is_turned_too() -> None:
    trial = sliding_body(heading_deg=0)
    turned = replace(trial, points=trial.points[..., [0, 2, 1]] * [1, 1, -1], up_axis=1)
    body = find_body(turned)
    assert body.part(Side.LEFT, "knee")[:, 1] == pytest.approx(0.1)
    assert body.part(Side.LEFT, "knee")[:, 2] == pytest.approx(0.45)


@pytest.mark.parametrize(("heading_deg", "near"), [(90, Side.RIGHT), (270, Side.LEFT)])
def test_one_camera_sees_both_directions(heading_deg: float, near: Side) -> None:
    body = find_body(sliding_body(heading_deg=heading_deg))
    assert body.near is near
    pose = film(body, ValidationOptions(), seed=0).sagittal
    moves = float(np.diff(pose.xy[[0, -1], Keypoint.LEFT_HIP, 0])[0])
    assert (moves > 0) is (near is Side.RIGHT)
    assert abs(moves) == pytest.approx(450 * 1.99, rel=1e-3)


def test_the_end_camera_sees_the_left_side_on_its_right_and_growing() -> None:
    pose = film(find_body(sliding_body()), ValidationOptions(), seed=0).coronal
    left, right = pose.xy[:, Keypoint.LEFT_HIP], pose.xy[:, Keypoint.RIGHT_HIP]
    assert (left[:, 0] > right[:, 0]).all()
    width = left[:, 0] - right[:, 0]
    assert (np.diff(width) > 0).all()
    assert (pose.xy[..., 0][pose.seen] > 0).all()
    assert (pose.xy[..., 0][pose.seen] < pose.width).all()


def test_noise_has_its_size_and_its_seed() -> None:
    body = find_body(sliding_body(frames=400))
    clean = film(body, ValidationOptions(), seed=0).sagittal
    noisy = [film(body, ValidationOptions(noise_px=5), seed=s).sagittal for s in (0, 0, 1)]
    error = (noisy[0].xy - clean.xy)[clean.seen]
    assert float(error.std()) == pytest.approx(5.0, rel=0.05)
    assert np.array_equal(noisy[0].xy, noisy[1].xy, equal_nan=True)
    assert not np.array_equal(noisy[0].xy, noisy[2].xy, equal_nan=True)


def test_gaps_stay_gaps_at_another_rate() -> None:
    trial = sliding_body()
    points = trial.points.copy()
    points[50:80, trial.labels.index("LFEO")] = np.nan
    body = find_body(replace(trial, points=points))
    times, seen = resample(body, 60.0)
    knee = seen[:, Keypoint.LEFT_KNEE]
    inside = (times > 0.495) & (times < 0.795)
    assert np.isnan(knee[inside]).all()
    assert np.isfinite(knee[~inside]).all()
    assert knee[~inside, 0] == pytest.approx(times[~inside] - 0.995 + 0.05)
    assert np.isnan(seen[:, Keypoint.LEFT_ELBOW]).all()


def test_the_trial_has_both_videos_and_no_offset() -> None:
    body = find_body(sliding_body())
    poses = film(body, ValidationOptions(rate_hz=50), seed=0)
    trial = trial_of(body, poses, Path("sliding.c3d"))
    assert trial.sync is not None
    assert trial.sync.offset_s == 0
    assert trial.videos.sagittal is not None
    assert trial.videos.sagittal.info.rate_hz == pytest.approx(50)


def test_nobody_walking_and_missing_markers_are_refused() -> None:
    trial = sliding_body()
    still = replace(trial, points=np.broadcast_to(trial.points[:1], trial.points.shape))
    with pytest.raises(FormatError, match="Nobody walks"):
        find_body(still)
    lame = replace(trial, labels=tuple(n.replace("LHEE", "LXXX") for n in trial.labels))
    with pytest.raises(FormatError, match="left heel"):
        find_body(lame)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_hz": 2.0},
        {"noise_px": -1.0},
        {"yaw_deg": 90.0},
        {"pixels_per_metre": 0.0},
        {"seeds": 0},
        {"distance_m": 0.1},
    ],
)
def test_impossible_options_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        ValidationOptions(**wrong)  # type: ignore[arg-type]
