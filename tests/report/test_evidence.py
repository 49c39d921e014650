"""Which frames are shown and how an angle is drawn on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.core.construction import FramePoints, construct, crop_box
from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.skeleton import BODY_FEET_23
from gaitviewer.report.content.evidence import (
    evidence_shot,
    evidence_shots,
    key_stride,
    key_strip,
    phase_times,
)
from gaitviewer.report.pictures import crop_to_jpeg

Build = Callable[..., Measures]


def leg(knee_deg: float, *, forward: int = 1, pitch_deg: float = 0.0) -> FramePoints:
    """A right leg with the thigh straight down, walking to +x or -x."""
    xy = np.full((23, 2), np.nan)
    names = BODY_FEET_23.keypoints
    bend, pitch = np.radians(knee_deg), np.radians(pitch_deg)
    hip, knee = np.array([300.0, 200.0]), np.array([300.0, 300.0])
    ankle = knee + 100 * np.array([-forward * np.sin(bend), np.cos(bend)])
    along = np.array([forward * np.cos(pitch), -np.sin(pitch)])
    heel = ankle + np.array([0, 12]) - 15 * along
    points = {"hip": hip, "knee": knee, "ankle": ankle, "heel": heel, "big_toe": heel + 55 * along,
              "shoulder": hip - [0.0, 130.0]}  # fmt: skip
    for part, at in points.items():
        xy[names.index(f"right_{part}")] = at
    return FramePoints(xy, BODY_FEET_23, Side.RIGHT)


@pytest.mark.parametrize("forward", [1, -1])
@pytest.mark.parametrize("angle", [5.0, 45.0, 90.0])
def test_the_arc_is_the_angle(forward: int, angle: float) -> None:
    drawn = construct("knee_flexion", leg(angle, forward=forward))
    assert drawn is not None
    assert drawn.arc is not None
    assert abs(drawn.arc[3]) == pytest.approx(angle, abs=1e-6)
    assert drawn.arc[0] == pytest.approx([300, 300])


@pytest.mark.parametrize("forward", [1, -1])
def test_ankle_and_foot_arcs(forward: int) -> None:
    body = leg(0.0, forward=forward, pitch_deg=12.0)
    for name in ("ankle_dorsiflexion", "foot_pitch"):
        drawn = construct(name, body)
        assert drawn is not None
        assert drawn.arc is not None
        # toes up: counter-clockwise when walking right, clockwise when walking left
        assert drawn.arc[3] == pytest.approx(forward * 12.0, abs=1e-6)


def test_hip_is_measured_from_the_continued_trunk() -> None:
    drawn = construct("hip_flexion", leg(30.0))
    assert drawn is not None
    assert drawn.arc is not None
    assert drawn.arc[3] == pytest.approx(0.0, abs=1e-6)


def test_nothing_is_drawn_from_a_missing_point() -> None:
    body = leg(45.0)
    body.xy[BODY_FEET_23.keypoints.index("right_ankle")] = np.nan
    assert construct("knee_flexion", body) is None
    assert construct("pelvic_obliquity", body) is None
    assert construct("", body) is None


@pytest.mark.parametrize("at", [(5.0, 5.0), (640.0, 360.0), (1275.0, 715.0)])
def test_crop_stays_inside_and_keeps_its_shape(at: tuple[float, float]) -> None:
    points = np.array([at, np.add(at, [3, 3]), [np.nan, np.nan]])
    x0, y0, x1, y1 = crop_box(points, aspect=0.8, least_px=200, size=(1280, 720))
    assert 0 <= x0 < x1 <= 1280
    assert 0 <= y0 < y1 <= 720
    assert (x1 - x0) / (y1 - y0) == pytest.approx(0.8)
    assert y1 - y0 == pytest.approx(200)


def test_crop_of_nobody_is_the_picture() -> None:
    x0, y0, x1, y1 = crop_box(np.full((4, 2), np.nan), aspect=16 / 9, least_px=0, size=(1280, 720))
    assert (x0, y0, x1, y1) == pytest.approx((0, 0, 1280, 720))


def test_jpeg_is_small_and_shows_its_box() -> None:
    picture = np.zeros((720, 1280, 3), np.uint8)
    jpeg, box = crop_to_jpeg(picture, (10.2, 20.7, 610.4, 620.1), width_pt=100)
    assert box == (10.0, 20.0, 611.0, 621.0)
    assert jpeg[:2] == b"\xff\xd8"
    from io import BytesIO

    from PIL import Image

    assert Image.open(BytesIO(jpeg)).width == 305  # 100 pt at 220 dpi


def test_every_assessed_item_has_its_picture(build_measures: Build) -> None:
    measures = build_measures()
    shots = [shot for pair in evidence_shots(measures) for shot in pair if shot is not None]
    assessed = [m for side in Side for m in measures.evgs.measures[side] if m.assessable]
    assert len(shots) == len(assessed) == 26
    for shot in shots:
        x0, y0, x1, y1 = shot.box
        assert 0 <= x0 < x1 <= 1280
        assert 0 <= y0 < y1 <= 720


def test_evidence_outside_the_recording_is_passed_over(build_measures: Build) -> None:
    measures = build_measures()
    knee = measures.evgs.get(11, Side.RIGHT)
    beyond = replace(knee, evidence=(replace(knee.evidence[0], frame=9999),))
    assert evidence_shot(measures, beyond) is None
    assert evidence_shot(measures, replace(knee, evidence=())) is None


def test_phases_follow_the_events(build_measures: Build) -> None:
    stride = key_stride(build_measures(), Side.RIGHT)
    assert stride is not None
    assert stride.view is View.SAGITTAL
    assert stride.counts
    times = np.array(phase_times(stride))
    assert np.all(np.diff(times) > 0)
    percent = 100 * (times - stride.start_s) / stride.duration_s
    assert percent == pytest.approx([0, 5.5, 20.75, 40.25, 55, 66.67, 80, 93.33], abs=0.1)
    without = replace(stride, opposite_toe_off_s=None, opposite_contact_s=None)
    assert np.all(np.diff(phase_times(without)) > 0)


def test_key_frames_share_one_scale(build_measures: Build) -> None:
    strip = key_strip(build_measures(), Side.RIGHT)
    assert strip is not None
    assert [shot.caption.split()[0] for shot in strip.shots] == [
        "IC",
        "LR",
        "MSt",
        "TSt",
        "PSw",
        "ISw",
        "MSw",
        "TSw",
    ]
    heights = [shot.box[3] - shot.box[1] for shot in strip.shots]
    assert max(heights) - min(heights) < 1e-6
    for shot in strip.shots:
        seen = shot.xy[np.isfinite(shot.xy).all(axis=1)]
        assert np.all(seen[:, 1] >= shot.box[1])
        assert np.all(seen[:, 1] <= shot.box[3])


def test_a_side_without_strides_has_no_key_frames(build_measures: Build) -> None:
    assert key_strip(build_measures(sides=(Side.LEFT,)), Side.RIGHT) is None


def test_the_trial_is_named_where_there_are_several(build_measures: Build) -> None:
    measures = build_measures()
    knee = measures.evgs.get(11, Side.RIGHT)
    alone = evidence_shot(measures, knee)
    assert alone is not None
    assert alone.detail == "frame 42; score 1; side view"
    other = replace(measures.motions[0], trial=replace(measures.motions[0].trial, id="t2"))
    among = evidence_shot(replace(measures, motions=(*measures.motions, other)), knee)
    assert among is not None
    assert "recording 1" in among.detail
