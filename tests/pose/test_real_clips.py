"""The walking subject of real recordings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from gaitviewer import video
from gaitviewer.core.remarks import RemarkKind
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.errors import PoseError
from gaitviewer.pose import FrameSource, PoseResult, VideoJob, estimate_many

K = Keypoint
LEGS = [K.LEFT_HIP, K.RIGHT_HIP, K.LEFT_KNEE, K.RIGHT_KNEE, K.LEFT_ANKLE, K.RIGHT_ANKLE, K.LEFT_HEEL,
        K.RIGHT_HEEL, K.LEFT_BIG_TOE, K.RIGHT_BIG_TOE]  # fmt: skip
HIPS = [K.LEFT_HIP, K.RIGHT_HIP]


def job_of(path: Path) -> VideoJob:
    source = FrameSource("gaitviewer.video:open_video", (str(path),))
    return VideoJob(source, video.index_video(path), "", path.name)


@pytest.fixture
def results(real_poses: Mapping[str, PoseResult]) -> dict[str, PoseResult]:
    return {
        "clinic/sagittal.mp4": real_poses["clinic_sagittal"],
        "clinic/coronal.mp4": real_poses["clinic_coronal"],
        "street/sagittal.mp4": real_poses["street_sagittal"],
    }


@pytest.mark.slow
def test_both_walks_of_the_clinic_are_covered(results):
    pose = results["clinic/sagittal.mp4"].pose
    rows = pose.seen.any(axis=1)
    for start, stop in ((46, 124), (256, 330)):
        found = np.flatnonzero(rows[start:stop])
        assert found.size >= 0.97 * (stop - start)
        assert (np.diff(found) == 1).all(), "a gap inside a walk"
    assert not rows[130:250].any(), "somebody was seen in the empty room"
    inside = pose.seen[55:112][:, LEGS].mean(), pose.seen[265:318][:, LEGS].mean()
    assert min(inside) > 0.99


@pytest.mark.slow
def test_both_directions_of_the_end_view_are_covered(results):
    rows = results["clinic/coronal.mp4"].pose.seen.any(axis=1)
    for start, stop in ((0, 171), (290, 457)):
        found = np.flatnonzero(rows[start:stop])
        assert found.size >= 0.97 * (stop - start)
        assert (np.diff(found) == 1).all(), "a gap inside a walk"


@pytest.mark.slow
def test_the_walk_goes_one_way_without_jumps(results):
    pose = results["clinic/sagittal.mp4"].pose
    for start, stop, sign in ((50, 118, -1), (262, 325, 1)):
        hips = pose.xy[start:stop, HIPS].mean(axis=1)
        step = sign * np.diff(hips[:, 0])
        assert np.median(step) > 8
        assert step.min() > -10
        assert step.max() < 45


@pytest.mark.slow
def test_nothing_lies_outside_the_picture(results):
    for result in results.values():
        pose = result.pose
        xy = pose.xy[pose.seen]
        assert (xy >= 0).all()
        assert (xy[:, 0] <= pose.width - 1).all()
        assert (xy[:, 1] <= pose.height - 1).all()
        assert not pose.seen[:, [K.LEFT_SMALL_TOE, K.RIGHT_SMALL_TOE]].any()


@pytest.mark.slow
def test_the_woman_is_followed_and_never_the_man(results):
    result = results["street/sagittal.mp4"]
    pose = result.pose
    assert pose.seen[45:201].any(axis=1).all()
    hips = pose.xy[:, HIPS].mean(axis=1)
    seen = np.isfinite(hips).all(axis=1)
    assert (hips[seen, 1] > 600).all()  # his hips are above 400 while he is on the roof
    assert (np.diff(hips[46:190, 0]) < 10).all()  # she walks to the left; he goes right afterwards
    assert not seen[206:].any()
    assert result.remarks.spans(RemarkKind.ANOTHER_PERSON)
    assert not result.remarks.spans(RemarkKind.PERSON_BESIDE), "they are never near to each other"


@pytest.mark.slow
def test_outlines_hold_the_joints(results):
    for name, frames in (
        ("clinic/sagittal.mp4", (60, 80, 100, 280, 300)),
        ("street/sagittal.mp4", (60, 120, 180)),
    ):
        result = results[name]
        for frame in frames:
            mask = result.masks.at(frame)
            points = result.pose.xy[frame, LEGS[:6]].astype(int)
            assert mask[points[:, 1], points[:, 0]].mean() >= 5 / 6
            assert 0.01 < mask.mean() < 0.2


@pytest.mark.slow
def test_a_room_without_people_is_refused(shared_data: Path, tmp_path: Path):
    empty = tmp_path / "empty.mp4"
    with video.open_video(shared_data / "clinic" / "sagittal.mp4") as reader:
        video.write_video(empty, (rgb for _, rgb in reader.frames(135, 245)), rate_hz=30)
    with pytest.raises(PoseError, match=r"no person was found in empty\.mp4"):
        estimate_many({0: job_of(empty)})


@pytest.mark.slow
def test_a_tiny_person_is_refused_with_the_height(shared_data: Path, tmp_path: Path):
    small = tmp_path / "small.mp4"
    with video.open_video(shared_data / "clinic" / "sagittal.mp4") as reader:
        pictures = (
            np.pad(rgb, ((0, 540), (0, 960), (0, 0))) for _, rgb in reader.frames(50, 120, max_height=90)
        )
        video.write_video(small, pictures, rate_hz=30)
    with pytest.raises(PoseError, match=r"only \d+ pixels tall and at least 110|no person was found"):
        estimate_many({0: job_of(small)})
