"""The estimated pose against keypoints that a person placed on the pictures.

``placed_by_eye.csv`` holds 20 or 21 frames of each of three real recordings. The points were read off enlarged
pictures with a pixel grid, before any estimate of these frames was looked at, and checked by drawing them
back. (Clinic side view 285 was drawn at random and placed later, in place of a frame whose
estimate had been seen.)

What was taken for each point:

- hip: the centre of the joint. On the clinic side view the subject wears a marker over the greater
  trochanter; the centre lies deeper, so the marker as seen was shifted towards the middle of the picture by
  3.1 % of its distance from there (parallax of about 9 cm at 3 m, which agrees with the middle of the
  thigh). In the end view: from the markers over the front of the pelvis, or the outline and the body's
  height (then marked uncertain). In the street the shirt hides it: always uncertain.
- knee: the centre of the joint; on the clinic side view from the marker (shifted by 1.7 %) or the middle
  between front and back.
- ankle: the malleolus that is seen; in the end view the middle between both.
- heel: its rearmost point; toe: the tip of the big toe.

``certain`` = 0 marks points that are partly hidden or inferred; only certain points are measured, the
others still tell the sides apart. The placing itself is good to about 3 to 6 pixels.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gaitviewer.analysis.walking.trial import read_trial, read_view
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import ViewMotion
from gaitviewer.core.session import Trial
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.pose import PoseResult
from gaitviewer.workflow.analysis.leg_refiners import find_leg_refiner

TRUTH = Path(__file__).with_name("placed_by_eye.csv")
CLIPS = ("clinic_sagittal", "clinic_coronal", "street_sagittal")
PARTS = ("hip", "knee", "ankle", "heel", "big_toe")
LARGEST_MEDIAN = 0.05  # of the leg length
APART = 0.10  # of the leg length: points of both limbs that are farther apart tell the sides

Point = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Placed:
    """What was placed in one frame: x, y in pixels by keypoint, and which of them are certain."""

    points: dict[Keypoint, Point] = field(default_factory=dict)
    certain: set[Keypoint] = field(default_factory=set)

    def leg_px(self) -> float:
        """Length of the longer of the legs that are placed from hip to ankle; NaN if there is none."""
        legs = [float("nan")]
        for side in ("LEFT", "RIGHT"):
            hip, knee, ankle = (self.points.get(Keypoint[f"{side}_{n}"]) for n in ("HIP", "KNEE", "ANKLE"))
            if hip is not None and knee is not None and ankle is not None:
                legs.append(float(np.hypot(*(hip - knee)) + np.hypot(*(knee - ankle))))
        return float(np.nanmax(legs)) if len(legs) > 1 else legs[0]


@dataclass(frozen=True, slots=True)
class Miss:
    """Distance of one estimated point from the placed one; infinite where nothing was estimated."""

    frame: int
    keypoint: Keypoint
    px: float
    share: float

    @property
    def part(self) -> str:
        return self.keypoint.name.lower().split("_", 1)[1]


@cache
def truth() -> Mapping[str, Mapping[int, Placed]]:
    """Placed points by clip and frame."""
    clips: dict[str, dict[int, Placed]] = {clip: {} for clip in CLIPS}
    with TRUTH.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            placed = clips[row["clip"]].setdefault(int(row["frame"]), Placed())
            keypoint = Keypoint[row["keypoint"].upper()]
            placed.points[keypoint] = np.array([float(row["x_px"]), float(row["y_px"])])
            if row["certain"] == "1":
                placed.certain.add(keypoint)
    return clips


def leg_lengths(clip: str) -> dict[int, float]:
    """Leg length of each frame, pixels; from the frames before and after where no leg is whole."""
    frames = sorted(truth()[clip])
    lengths = np.array([truth()[clip][frame].leg_px() for frame in frames])
    known = np.isfinite(lengths)
    filled = np.interp(frames, np.array(frames)[known], lengths[known])
    return dict(zip(frames, map(float, filled), strict=True))


def misses(clip: str, motion: ViewMotion) -> list[Miss]:
    """How far off the estimate is at all certain points."""
    found, legs = [], leg_lengths(clip)
    for frame, placed in truth()[clip].items():
        for keypoint in sorted(placed.certain):
            px = float(np.hypot(*(motion.pose.xy[frame, keypoint] - placed.points[keypoint])))
            px = px if np.isfinite(px) else float("inf")
            found.append(Miss(frame, keypoint, px, px / legs[frame]))
    return found


def describe(found: list[Miss]) -> str:
    """Median and 90th percentile of each kind of point, in pixels and % of the leg length."""
    lines = []
    for part in ("all", *PARTS):
        some = [miss for miss in found if part in ("all", miss.part)]
        if some:
            px, share = np.array([m.px for m in some]), 100 * np.array([m.share for m in some])
            lines.append(
                f"{part}: n {len(some)}, median {np.median(px):.1f} px = {np.median(share):.1f} %, "
                f"90th {np.percentile(share, 90, method='lower'):.1f} %, unseen {np.isinf(px).sum()}"
            )
    return "\n".join(lines)


@pytest.fixture(scope="module")
def motions(real_poses: Mapping[str, PoseResult]) -> dict[str, ViewMotion]:
    """The estimates with sides assigned and cleaned, as they are measured."""
    return {
        clip: read_view(
            real_poses[clip].pose,
            View.CORONAL if clip.endswith("coronal") else View.SAGITTAL,
            trial_id=clip,
        )
        for clip in CLIPS
    }


def test_enough_is_placed() -> None:
    for clip in CLIPS:
        frames = truth()[clip]
        assert len(frames) >= 20
        assert sum(len(placed.certain) for placed in frames.values()) >= 100
        assert all(np.isfinite(length) and length > 60 for length in leg_lengths(clip).values())


@pytest.mark.slow
@pytest.mark.parametrize("clip", CLIPS)
def test_points_are_where_a_person_sees_them(clip: str, motions: dict[str, ViewMotion]) -> None:
    found = misses(clip, motions[clip])
    print(f"{clip}\n{describe(found)}")
    assert np.median([miss.share for miss in found]) <= LARGEST_MEDIAN, describe(found)


@pytest.mark.slow
@pytest.mark.parametrize("clip", ["clinic_sagittal", "street_sagittal"])
def test_putting_legs_right_does_no_harm_on_real_frames(
    clip: str, motions: dict[str, ViewMotion], real_poses: Mapping[str, PoseResult]
) -> None:
    """The network learned from drawn walkers; here it has to help people."""
    seen = real_poses[clip]
    refiner = find_leg_refiner(seen.provenance)
    assert refiner is not None
    one = read_trial(Trial(clip, ByView(None, None)), ByView(seen.pose, None), leg_refiner=refiner)
    assert one.views.sagittal is not None
    means = {}
    for name, motion in (("estimated", motions[clip]), ("put right", one.views.sagittal)):
        found = [miss for miss in misses(clip, motion) if np.isfinite(miss.px)]
        means[name] = 100 * float(np.mean([miss.share for miss in found]))
        print(f"{clip}, {name}: mean {means[name]:.1f} %\n{describe(found)}")
    assert means["put right"] < means["estimated"]


@pytest.mark.slow
@pytest.mark.parametrize("clip", CLIPS)
def test_left_is_left_in_every_frame(clip: str, motions: dict[str, ViewMotion]) -> None:
    """In every placed frame, within a pass or not."""
    wrong, missing = [], []
    legs = leg_lengths(clip)
    for frame, placed in truth()[clip].items():
        straight, crossed = _both_ways(placed, motions[clip].pose.xy[frame], APART * legs[frame])
        if not np.isfinite(straight):
            missing.append(frame)
        elif straight >= crossed:
            wrong.append(frame)
    print(f"{clip}: {len(truth()[clip])} frames, legs missing in {missing}, sides wrong in {wrong}")
    assert not wrong, f"left and right are exchanged in frames {wrong}"
    assert not missing, f"nothing is said of the legs in frames {missing}"


def _both_ways(placed: Placed, xy: NDArray[np.float32], apart_px: float) -> tuple[float, float]:
    """Summed distances with labels as they are and exchanged; NaN if no pair of estimated points tells."""
    straight, crossed = [], []
    for part in PARTS[1:]:
        left, right = (Keypoint[f"{side}_{part.upper()}"] for side in ("LEFT", "RIGHT"))
        if left not in placed.points or right not in placed.points:
            continue
        there = placed.points[left], placed.points[right]
        if np.hypot(*(there[0] - there[1])) < apart_px or not np.isfinite(xy[[left, right]]).all():
            continue
        straight.append(np.hypot(*(xy[left] - there[0])) + np.hypot(*(xy[right] - there[1])))
        crossed.append(np.hypot(*(xy[left] - there[1])) + np.hypot(*(xy[right] - there[0])))
    return (float(sum(straight)), float(sum(crossed))) if straight else (float("nan"), float("nan"))


@pytest.mark.slow
def test_the_woman_in_the_street_is_followed_and_not_the_man_on_the_roof(
    real_poses: Mapping[str, PoseResult],
) -> None:
    frames, hips = zip(
        *((frame, placed.points[Keypoint.LEFT_HIP]) for frame, placed in truth()["street_sagittal"].items()),
        strict=True,
    )
    every = np.arange(min(frames), max(frames) + 1)
    expected = np.stack([np.interp(every, frames, np.array(hips)[:, axis]) for axis in (0, 1)], axis=1)
    xy = real_poses["street_sagittal"].pose.xy[every]
    middle = xy[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].mean(axis=1)
    off = np.hypot(*(middle - expected).T) / np.median(list(leg_lengths("street_sagittal").values()))
    seen = np.isfinite(off)
    assert seen.mean() > 0.95, f"she is not found in frames {every[~seen].tolist()}"
    assert np.all(off[seen] < 0.4), (
        f"someone else is followed in frames {every[seen][off[seen] >= 0.4].tolist()}"
    )
