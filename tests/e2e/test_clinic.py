"""The real clinic recording: passes, sides, the score, and a mirrored copy of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gaitviewer import video
from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.walking.trial import read_trial
from gaitviewer.core.gait import ByView, Direction, Side, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Trial, VideoStream
from gaitviewer.pose import FrameSource, PoseResult, VideoJob, estimate_many
from gaitviewer.workflow.analysis.request import make_session

pytestmark = pytest.mark.slow

SAGITTAL_ITEMS = (1, 2, 3, 6, 7, 9, 10, 11, 12, 13, 16)
NEVER_FROM_KEYPOINTS = (4, 5, 8)


def measures_of(poses: ByView[PoseSequence | None], folder: Path, *, mirrored: bool = False) -> Measures:
    streams = [
        VideoStream(
            view, folder / f"{view.value}.mp4", view.value, video.index_video(folder / f"{view.value}.mp4")
        )
        for view in View
    ]
    trial = Trial("t1", ByView(streams[0], streams[1]))
    motion = read_trial(trial, poses, mirrored=mirrored)
    return measure_session(make_session("P001", mirrored=mirrored), (motion,))


@pytest.fixture(scope="module")
def clinic(real_poses: Mapping[str, PoseResult], shared_data: Path) -> Measures:
    poses = ByView(real_poses["clinic_sagittal"].pose, real_poses["clinic_coronal"].pose)
    return measures_of(poses, shared_data / "clinic")


@pytest.fixture(scope="module")
def mirrored(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Measures:
    folder = tmp_path_factory.mktemp("mirrored")
    jobs = {}
    for view in View:
        path = folder / f"{view.value}.mp4"
        with video.open_video(shared_data / "clinic" / path.name) as reader:
            flipped = (rgb[:, ::-1] for _, rgb in reader.frames())
            video.write_video(path, flipped, times=reader.info.times, preset="ultrafast")
        source = FrameSource("gaitviewer.video:open_video", (str(path),))
        jobs[view] = VideoJob(source, video.index_video(path), name=path.name)
    found = estimate_many(jobs, use_cache=False)
    return measures_of(ByView(found[View.SAGITTAL].pose, found[View.CORONAL].pose), folder, mirrored=True)


def near_sides(measures: Measures) -> list[tuple[Direction, Side | None]]:
    seen = measures.motions[0].views.sagittal
    assert seen is not None
    return [(one.direction, one.near) for one in seen.passes]


def test_passes_and_sides(clinic: Measures) -> None:
    assert near_sides(clinic) == [
        (Direction.RIGHT_TO_LEFT, Side.LEFT),
        (Direction.LEFT_TO_RIGHT, Side.RIGHT),
    ]
    coronal = clinic.motions[0].views.coronal
    assert coronal is not None
    assert [one.direction for one in coronal.passes] == [Direction.TOWARDS, Direction.AWAY]


@pytest.mark.parametrize("side", list(Side))
def test_all_eleven_sagittal_items_are_assessed_on_the_near_limb(clinic: Measures, side: Side) -> None:
    for number in SAGITTAL_ITEMS:
        measure = clinic.evgs.get(number, side)
        assert measure.assessable, f"{measure.item.code}: {measure.reason}"
        assert measure.evidence[0].view is View.SAGITTAL
        strides = {stride.key: stride for stride in clinic.strides}
        assert not any(strides[key].far for key in measure.strides)
    for number in NEVER_FROM_KEYPOINTS:
        assert clinic.evgs.get(number, side).reason


def test_a_healthy_walk_is_read_as_one(clinic: Measures) -> None:
    for side in Side:
        assert clinic.evgs.total(side).score <= 4
        assert clinic.patterns[side].label.code == "pattern.normal"
        knee = clinic.mean("knee_flexion", side)
        assert knee is not None
        assert knee.mean.max() == pytest.approx(64, abs=6)
        assert knee.mean.min() == pytest.approx(5, abs=5)


def test_a_mirrored_copy_has_the_same_sides(clinic: Measures, mirrored: Measures) -> None:
    # The copy shows the first pass from left to right; being a mirror image, the near limb is still the left.
    assert near_sides(mirrored) == [
        (Direction.LEFT_TO_RIGHT, Side.LEFT),
        (Direction.RIGHT_TO_LEFT, Side.RIGHT),
    ]
    for side in Side:
        for number in (9, 11):
            ours, theirs = (m.evgs.get(number, side).value for m in (mirrored, clinic))
            assert ours is not None
            assert theirs is not None
            assert ours == pytest.approx(theirs, abs=5)
        for angle in ("pelvic_obliquity", "trunk_lateral_shift"):
            one, other = (m.mean(angle, side) for m in (mirrored, clinic))
            assert one is not None
            assert other is not None
            assert abs(one.mean - other.mean).mean() <= 2.5
