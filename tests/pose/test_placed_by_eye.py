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

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.analysis.walking.trial import read_trial, read_view
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import ViewMotion
from gaitviewer.core.session import Trial
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.pose import PoseResult
from gaitviewer.workflow.analysis.leg_refiners import find_leg_refiner
from tests.support.placed import Frames, describe, leg_lengths, misses, read_placed, sides_of

TRUTH = Path(__file__).with_name("placed_by_eye.csv")
CLIPS = ("clinic_sagittal", "clinic_coronal", "street_sagittal")
LARGEST_MEDIAN = 0.05  # of the leg length


@cache
def truth() -> Mapping[str, Frames]:
    """Placed points by clip and frame."""
    return read_placed(TRUTH)


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
        assert all(np.isfinite(length) and length > 60 for length in leg_lengths(truth()[clip]).values())


@pytest.mark.slow
@pytest.mark.parametrize("clip", CLIPS)
def test_points_are_where_a_person_sees_them(clip: str, motions: dict[str, ViewMotion]) -> None:
    found = misses(truth()[clip], motions[clip].pose.xy)
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
        found = [miss for miss in misses(truth()[clip], motion.pose.xy) if np.isfinite(miss.px)]
        means[name] = 100 * float(np.mean([miss.share for miss in found]))
        print(f"{clip}, {name}: mean {means[name]:.1f} %\n{describe(found)}")
    assert means["put right"] < means["estimated"]


@pytest.mark.slow
@pytest.mark.parametrize("clip", CLIPS)
def test_left_is_left_in_every_frame(clip: str, motions: dict[str, ViewMotion]) -> None:
    """In every placed frame, within a pass or not."""
    wrong, missing = sides_of(truth()[clip], motions[clip].pose.xy)
    print(f"{clip}: {len(truth()[clip])} frames, legs missing in {missing}, sides wrong in {wrong}")
    assert not wrong, f"left and right are exchanged in frames {wrong}"
    assert not missing, f"nothing is said of the legs in frames {missing}"


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
    off = np.hypot(*(middle - expected).T) / np.median(list(leg_lengths(truth()["street_sagittal"]).values()))
    seen = np.isfinite(off)
    assert seen.mean() > 0.95, f"she is not found in frames {every[~seen].tolist()}"
    assert np.all(off[seen] < 0.4), (
        f"someone else is followed in frames {every[seen][off[seen] >= 0.4].tolist()}"
    )
