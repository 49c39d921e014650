"""A library, a CGV folder and a cohort are read the same way; examples come through the measuring core."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import ByView, Side, View
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.progress import no_progress
from gaitviewer.core.session import Rating, Session, Subject, Trial, VideoStream
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.core.timing import VideoInfo
from gaitviewer.errors import Cancelled, FormatError, SettingsError
from gaitviewer.messages import Message
from gaitviewer.research.training import prepared_examples
from gaitviewer.research.training.data import LibraryData, labels_of, notes_of, open_data
from gaitviewer.research.training.prepare import cache_folder, prepare
from gaitviewer.research.training.registry import open_task
from gaitviewer.video import write_video

SIZE = (960, 480)


@pytest.fixture(scope="module")
def poses() -> ByView[PoseSequence]:
    """The demo walk from the side and from the front."""
    from gaitviewer.synthesis.demo import demo_scene
    from tests.support.walkers import observe

    scene = demo_scene(1, size=SIZE)

    def seen(view: View) -> PoseSequence:
        shot = scene.views[view]
        return observe(shot.motion.points, shot.camera, times=shot.times, noise_px=0.5, seed=3)

    return ByView(seen(View.SAGITTAL), seen(View.CORONAL))


def _document(poses: ByView[PoseSequence], number: int, **facts: object) -> Document:
    def stream(view: View) -> VideoStream:
        pose = poses[view]
        info = VideoInfo(pose.width, pose.height, 0, pose.times, pose.rate_hz, len(pose), "h264")
        return VideoStream(
            view, Path(f"gone-{view.value}.mp4"), f"{number:063d}{view is View.SAGITTAL:d}", info
        )

    trial = Trial("t1", ByView(stream(View.SAGITTAL), stream(View.CORONAL)))
    session = replace(Session(f"s{number}", Subject(f"P{number}")), **facts)  # type: ignore[arg-type]
    return Document(session, (TrialData(trial, ByView(poses.sagittal, poses.coronal)),))


def _grade(item: int, score: int | None, when: str, side: Side = Side.LEFT) -> Grade:
    return Grade(item, side, score, "R", when)


@pytest.fixture
def library(poses: ByView[PoseSequence], tmp_path: Path) -> Path:
    from gaitviewer.store import open_library

    path = tmp_path / "library.db"
    with open_library(path) as held:
        for number, level in enumerate(("I", "GMFCS III", "V")):
            held.save_session(_document(poses, number, gmfcs=Rating(level, "R", date(2026, 1, 2))))
        graded = _document(poses, 3, cobb=Rating("12.5°", "R"))
        held.save_session(replace(graded, grades=(_grade(1, 2, "2026-01-02"),)))
        held.save_session(_document(poses, 4))  # nobody said anything of it
        walker = Session("s5", Subject("DEMO-1"), gmfcs=Rating("II", "R"))  # the program's own: no child
        held.save_session(replace(_document(poses, 5), session=walker))
    return path


def test_labels_of_people(poses: ByView[PoseSequence]) -> None:
    grades = (
        _grade(1, 0, "2026-01-02"),
        _grade(1, 2, "2026-03-01"),
        _grade(17, None, "2026-01-02", Side.RIGHT),
    )
    document = replace(
        _document(poses, 0, cobb=Rating("9,5", "R"), gmfcs=Rating("level iv", "R")), grades=grades
    )
    labels = labels_of(document)
    assert labels.evgs.left == (2,) + (None,) * 16
    assert labels.evgs.right == (None,) * 17
    assert (labels.severity, labels.asymmetry, labels.cobb_deg) == (4, False, 9.5)
    assert not labels.merged
    nothing = labels_of(_document(poses, 0))
    assert (nothing.severity, nothing.asymmetry) == (None, None)


def test_library_is_learning_data(library: Path) -> None:
    data = open_data(library)
    assert open_data(library.parent).digest == data.digest
    assert not data.synthetic
    assert data.session_ids() == ("s0", "s1", "s3")  # level V does not walk, s4 was not rated
    assert [data.read(name).labels.severity for name in data.session_ids()] == [1, 3, None]
    assert data.read("s3").labels.asymmetry is True
    assert data.read("s3").subject == "P3"
    assert data.read("s3").pictures == {}  # its videos are gone


def test_a_table_adds_to_a_library(library: Path, tmp_path: Path, poses: ByView[PoseSequence]) -> None:
    from gaitviewer.store import open_library

    with open_library(library) as held:  # P0 came twice, and P6 is P1 under another name
        held.save_session(replace(_document(poses, 7), session=Session("s7", Subject("P0"), date(2026, 3, 1))))
        held.save_session(replace(_document(poses, 1), session=Session("s6", Subject("P6"))))
    table = tmp_path / "labels.csv"
    table.write_text("subject;session;gmfcs;cobb_deg\nP4;;II;\nP0;2026-03-01;III;9,5\nP6;s6;0;\nP9;;I;\n")
    data = open_data(library, table)
    assert data.session_ids() == ("s0", "s1", "s3", "s4", "s6", "s7")
    assert [data.read(name).labels.severity for name in data.session_ids()] == [1, 3, None, 2, 0, 3]
    assert data.read("s7").labels.cobb_deg == 9.5
    notes = notes_of(data)
    assert notes.unmatched == ("P9",)
    assert notes.unlabelled == ("s2 (P2)",)
    assert notes.twice == (("P1", "P6"),)


def test_a_new_grade_is_other_data(library: Path, poses: ByView[PoseSequence]) -> None:
    from gaitviewer.store import open_library

    before = LibraryData(library).digest
    with open_library(library) as held:
        held.save_session(replace(held.load_session("s3"), grades=(_grade(1, 1, "2026-02-02"),)))
    assert LibraryData(library).digest != before


def test_a_library_without_ratings_is_told(tmp_path: Path) -> None:
    from gaitviewer.store import open_library

    open_library(tmp_path / "library.db").close()
    with pytest.raises(FormatError, match="was graded or rated"):
        open_data(tmp_path)


def test_other_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="does not exist"):
        open_data(tmp_path / "nowhere")
    with pytest.raises(FormatError, match="is no data to learn from"):
        open_data(tmp_path)


def _frame(pose: PoseSequence, number: int, name: str) -> dict[str, object]:
    points = np.where(np.isfinite(pose.xy[number]), pose.xy[number], 0.0)
    person = {"keypoints": points.tolist(), "keypoint_scores": pose.score[number].tolist()}
    return {
        "video_info": {
            "video_name": f"{name}.mp4",
            "width": pose.width,
            "height": pose.height,
            "fps": 30,
            "total_frames": len(pose),
        },
        "frame_index": number,
        "instance_info": [person],
    }


@pytest.fixture
def cgv(poses: ByView[PoseSequence], tmp_path: Path) -> Path:
    """Two clips of a patient, one with its video; labels of him and of somebody without clips."""
    folder = tmp_path / "cgv"
    for way, view in (("right", View.SAGITTAL), ("forward", View.CORONAL)):
        name = f"7-2_{way}_100-160"
        (folder / "keypoints" / name).mkdir(parents=True)
        for number in range(60):
            path = folder / "keypoints" / name / f"{number:06d}.json"
            path.write_text(json.dumps(_frame(poses[view], number, name)))
    (folder / "labels").mkdir()
    limb = {**{str(n): n % 2 for n in range(1, 18)}, "Total": 8}
    for patient in (7, 8):
        label = {"patient_id": patient, "left": limb, "right": {**limb, "3": 0}}
        (folder / "labels" / f"{patient}.json").write_text(json.dumps(label))
    (folder / "videos").mkdir()
    pictures = (np.full((SIZE[1], SIZE[0], 3), 10 * n, np.uint8) for n in range(12))
    write_video(folder / "videos" / "7-2_right_100-160.mp4", pictures, rate_hz=30)
    return folder


def test_cgv_folder_is_learning_data(cgv: Path, poses: ByView[PoseSequence]) -> None:
    data = open_data(cgv)
    assert data.session_ids() == ("7-2",)
    session = data.read("7-2")
    assert session.labels.merged
    assert session.labels.evgs.left == tuple(n % 2 for n in range(1, 18))
    assert session.labels.evgs.right[2] == 0
    trials = session.document.trials
    assert [trial.trial.id for trial in trials] == ["7-2_forward_100-160", "7-2_right_100-160"]
    assert trials[0].poses.sagittal is None
    side = trials[1].poses.sagittal
    assert side is not None
    assert np.allclose(side.xy[:60], poses.sagittal.xy[:60], atol=1e-3, equal_nan=True)
    assert side.times[30] == pytest.approx(1.0)
    assert not side.seen[60:].any()  # frames without a file stay gaps
    frames = list(session.pictures[("7-2_right_100-160", View.SAGITTAL)].read([2, 5]))
    assert [int(round(float(picture.rgb.mean()), -1)) for picture in frames] == [20, 50]
    outline = frames[0].mask  # capsules around the keypoints, as the folder holds no outlines
    assert outline is not None
    assert outline.shape == frames[0].rgb.shape[:2]
    x, y = np.round(side.xy[2, Keypoint.LEFT_HIP]).astype(int)
    assert outline[y, x]
    assert 0.0 < outline.mean() < 0.5
    assert ("7-2_forward_100-160", View.CORONAL) not in session.pictures


def test_damaged_cgv_files_are_told(cgv: Path) -> None:
    label = cgv / "labels/7.json"
    label.write_text('{"patient_id": 7, "left": {"1": 5}, "right": {}}')
    with pytest.raises(FormatError, match="damaged labels of patient 7"):
        open_data(cgv)
    for text in ("{", "[" * 100_000, '{"patient_id": ' + "7" * 5000 + "}"):
        label.write_text(text)
        with pytest.raises(FormatError, match="cannot be read as JSON"):
            open_data(cgv)
    label.write_text('{"patient_id": 7, "left": [1], "right": {}}')
    with pytest.raises(FormatError, match="damaged labels of patient 7"):
        open_data(cgv)
    label.unlink()
    (cgv / "labels/8.json").unlink()
    with pytest.raises(FormatError, match="no labels"):
        open_data(cgv)


def test_damaged_cgv_frames_are_told(cgv: Path) -> None:
    frame = next((cgv / "keypoints/7-2_right_100-160").iterdir())
    good = json.loads(frame.read_text())
    for damaged in ({"frame_index": 0}, [5], {**good, "frame_index": float("inf")}):
        frame.write_text(json.dumps(damaged))
        with pytest.raises(FormatError, match="no frame of the CGV layout"):
            open_data(cgv).read("7-2")
    frame.write_text("[" * 100_000)
    with pytest.raises(FormatError, match="cannot be read as JSON"):
        open_data(cgv).read("7-2")
    for name, value in (("video_info", [1]), ("instance_info", 7), ("instance_info", [{"keypoints": "x"}])):
        for other in frame.parent.iterdir():
            other.write_text(json.dumps({**good, "frame_index": int(other.stem), name: value}))
        with pytest.raises(FormatError, match="keypoints of clip 7-2_right_100-160 are damaged"):
            open_data(cgv).read("7-2")


def test_examples_are_made_once_and_reasons_kept(
    toy: ModuleType, library: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name = "toy_task:ToyTask"
    notes: list[str] = []
    with caplog.at_level(logging.INFO, "gaitviewer"):
        found = prepare(name, library, tick=lambda _, note: notes.append(note), workers=1, cache=tmp_path / "c")
    assert [(one.session, len(one.examples)) for one in found] == [("s0", 1), ("s1", 1), ("s3", 0)]
    assert found[2].reason == "toy: session s3 has no level"
    assert any("s3 gives no example" in record.getMessage() for record in caplog.records)
    assert len(notes) == 3
    example = found[0].examples[0]
    assert (example["subject"], example["side"], example["n"]) == ("P0", "left", 3)
    assert example["x"].shape == (17,)
    assert example["big"][-1] == 199_999
    assert set(example) == {"subject", "session", "x", "big", "side", "n"}
    assert np.isfinite(found[0].description).sum() > 20

    notes.clear()
    again = prepare(name, library, tick=lambda _, note: notes.append(note), workers=1, cache=tmp_path / "c")
    assert notes == []
    assert np.array_equal(again[0].examples[0]["x"], example["x"], equal_nan=True)


def test_preparing_goes_on_after_a_stop_and_repairs_damaged_files(
    toy: ModuleType, library: Path, tmp_path: Path
) -> None:
    name, cache = "toy_task:ToyTask", tmp_path / "c"

    def stop(fraction: float, note: Message) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        prepare(name, library, tick=stop, workers=1, cache=cache)
    folder = cache_folder(open_task(name), open_data(library), cache)
    made = list(folder.glob("*.npz"))
    assert len(made) == 1
    made[0].write_bytes(made[0].read_bytes()[:500])
    assert len(prepare(name, library, tick=no_progress, workers=1, cache=cache)) == 3
    assert all(prepared_examples.read(path) is not None for path in folder.glob("*.npz"))


@pytest.mark.slow
def test_several_processes_make_the_same_examples(toy: ModuleType, library: Path, tmp_path: Path) -> None:
    one = prepare("toy_task:ToyTask", library, tick=no_progress, workers=1, cache=tmp_path / "1")
    two = prepare("toy_task:ToyTask", library, tick=no_progress, workers=2, cache=tmp_path / "2")
    for first, second in zip(one, two, strict=True):
        assert first.session == second.session
        for a, b in zip(first.examples, second.examples, strict=True):
            assert np.array_equal(a["x"], b["x"], equal_nan=True)


def test_no_example_at_all_is_told(toy: ModuleType, cgv: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"No session of .* gives an example"):
        prepare("toy_task:ToyTask", cgv, tick=no_progress, workers=1, cache=tmp_path / "c")


def test_examples_of_objects_are_refused(tmp_path: Path) -> None:
    bad = prepared_examples.PreparedSession("s", "S", "", ({"x": [1, 2]},), "", np.zeros(0))
    with pytest.raises(TypeError, match="x of an example is a list"):
        prepared_examples.write(tmp_path / "s.npz", bad)


def test_unknown_systems_are_told() -> None:
    with pytest.raises(SettingsError, match="no learned system nonsense; there are: severity"):
        open_task("nonsense")
