"""Data of one's own: tables of labels, splits from files, boxes and masks, and what `dataset check` says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gaitviewer.cli import main
from gaitviewer.core.gait import View
from gaitviewer.core.progress import no_progress
from gaitviewer.errors import FormatError, SettingsError
from gaitviewer.formats.cgv import read_clip, read_folder
from gaitviewer.research.training.check import check_dataset
from gaitviewer.research.training.data import notes_of, open_data
from gaitviewer.research.training.experiment import RunSettings, open_experiment
from gaitviewer.research.training.splits import Split
from tests.research.training.own_data import (
    SIZE,
    many,
    person,
    three_files,
    write_clip,
    write_labels,
    write_pictures,
)

PAGE = Path(__file__).parents[3] / "models" / "DATA.md"


@pytest.fixture(autouse=True)
def no_log_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gaitviewer.workflow.app.logs.start", lambda **rest: None)


def test_the_example_of_the_page_is_three_files(tmp_path: Path) -> None:
    folder = three_files(tmp_path / "hospital")
    assert len(list(folder.iterdir())) == 3
    page = PAGE.read_text()
    assert all(path.name in page for path in folder.iterdir())
    assert (folder / "labels.csv").read_text().strip() in page
    frame = json.loads((folder / "12-1_left_0-143.json").read_text())[0]
    assert all(f'"{key}"' in page for key in (*frame, *frame["video_info"], *frame["instance_info"][0]))
    session = open_data(folder).read("12-1")
    assert (session.labels.severity, session.labels.cobb_deg, session.labels.asymmetry) == (2, 14.0, True)
    assert session.labels.evgs.left == (1, 0, *[None] * 15)
    assert not session.labels.merged
    assert set(session.pictures) == {("12-1_left_0-143", View.SAGITTAL)}


def test_a_line_may_be_of_one_visit_and_counts_before_the_data(tmp_path: Path) -> None:
    folder = many(tmp_path / "d", subjects=2)
    label = {"patient_id": 2, "left": {"1": 1}, "right": {}}
    (folder / "labels.json").write_text(json.dumps([label, {**label, "patient_id": 1, "session": "2"}]))
    table = write_labels(
        tmp_path / "more.csv",
        [
            {"subject": 1, "gmfcs": "GMFCS III", "cobb_deg": ""},
            {"subject": 1, "session": 2, "gmfcs": 0, "cobb_deg": "9.5°"},
            {"subject": 2, "gmfcs": "v", "right_17": 2},
            {"subject": 9, "gmfcs": 1},
        ],
    )
    data = open_data(folder, table)
    assert data.digest != open_data(folder).digest
    first, again, second = (data.read(name).labels for name in ("1-1", "1-2", "2-1"))
    assert (first.severity, first.asymmetry) == (3, None)
    assert (again.severity, again.asymmetry) == (0, False)
    assert first.evgs.left[0] is None  # the label file is of the second visit alone
    assert again.evgs.left[0] == 1
    assert again.merged
    assert second.severity is None  # level V does not walk
    assert (second.evgs.left[0], second.evgs.right[16], second.merged) == (None, 2, False)
    assert notes_of(data).unmatched == ("9",)


def test_clips_without_a_label_are_counted_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = many(tmp_path / "d", subjects=3)
    write_clip(folder, "7-1_forward_0-9", x=5.0)
    write_pictures(folder / "8-1_left_0-9.mp4")
    notes = notes_of(open_data(folder))
    assert notes.unlabelled == ("7-1_forward_0-9",)
    assert notes.videos_alone == ("8-1_left_0-9",)
    train = ["train", "severity", "--data", str(folder), "--protocol", "tiny", "--workers", "1"]
    assert main([*train, "--out", str(tmp_path / "m")]) == 2  # four frames give no clip
    said = capsys.readouterr().err
    assert "d (4 sessions): 1 match no label: 7-1_forward_0-9" in said
    assert "d (4 sessions): 1 videos have no keypoints: 8-1_left_0-9" in said


def test_of_several_people_the_one_of_the_same_box_goes_on(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "3-1_left_0-3")
    rows = json.loads(path.read_text())
    for number, row in enumerate(rows):
        child = person(10.0 + number, (2 + number, 8, 20 + number, 42))
        nurse = person(50.0 - number, (44 - number, 10, 56 - number, 40))
        row["instance_info"] = [nurse, child] if number != 2 else [child, nurse]
    path.write_text(json.dumps(rows))
    pose = read_clip(read_folder(tmp_path).clips[0])
    assert np.allclose(np.nanmedian(pose.xy[..., 0], axis=1), [10, 11, 12, 13], atol=1.0)
    rows[1]["instance_info"][0]["bbox"] = [[5, 5, 5, 9]]
    path.write_text(json.dumps(rows))
    with pytest.raises(FormatError, match="clip 3-1_left_0-3 are damaged"):
        read_clip(read_folder(tmp_path).clips[0])


@pytest.mark.parametrize("kind", ["pictures", "video"])
def test_masks_are_read(tmp_path: Path, kind: str) -> None:
    folder, clip = three_files(tmp_path / "d"), "12-1_left_0-143"
    outline = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    outline[8:40, 20:44] = 255
    before = open_data(folder).digest
    if kind == "pictures":
        (folder / "masks" / clip).mkdir(parents=True)
        for number in range(4):
            Image.fromarray(outline).save(folder / "masks" / clip / f"{number + 100:06d}.png")
    else:
        from gaitviewer.video import write_video

        (folder / "masks").mkdir()
        write_video(folder / "masks" / f"{clip}.mp4", (np.dstack([outline] * 3) for _ in range(4)), rate_hz=30)
    data = open_data(folder)
    assert data.digest != before
    (picture,) = data.read("12-1").pictures[clip, View.SAGITTAL].read([2])
    assert picture.mask is not None
    assert (picture.mask != (outline > 0)).mean() < 0.02
    assert 85 < picture.rgb.mean() < 99  # the clip's own video, not that of the masks
    if kind == "pictures":
        Image.fromarray(outline[:-1]).save(folder / "masks" / clip / "000101.png")
        with pytest.raises(
            FormatError, match=r"000101\.png cannot be used \(it is 64 x 47 pixels, the clip 64 x 48\)"
        ):
            open_data(folder).read("12-1")


def test_the_same_recording_under_two_subjects_is_leakage(tmp_path: Path) -> None:
    folder = many(tmp_path / "d", subjects=4)
    shutil.copy(folder / "2-1_left_0-9.json", folder / "3-1_left_0-9.json")
    assert notes_of(open_data(folder)).twice == (("2-1_left_0-9", "3-1_left_0-9"),)
    with pytest.raises(SettingsError, match=r"2-1_left_0-9 and 3-1_left_0-9 are the same recording .* leakage"):
        open_experiment("severity", folder, RunSettings("tiny", "cpu", 1, 1, tmp_path / "c"), tick=no_progress)


SPLITS = {
    "subjects.json": {"train": [1, 2, 3, 4], "val": [5, 6], "test": [7, 8]},
    "partition.json": {"TRAIN_SET": ["1", "2", "3", "4"], "VAL_SET": ["5", "6"], "TEST_SET": ["7", "8"]},
    "clips.json": {
        **{f"videos/{n}-1_left_0-9.mp4": "train" for n in (1, 2, 3, 4)},
        "1-2": "train",
        "5": "valid",
        "6": "dev",
        "7-1": "test",
        "8": "testing",
    },
    "table.csv": "subject,split\n"
    + "".join(f"{n},{'train' if n < 5 else 'valid' if n < 7 else 'test'}\n" for n in range(1, 9)),
}


def _sets(folder: Path, split: Split, seed: int = 0) -> dict[str, str]:
    from gaitviewer.research.training.data import names_of

    names = names_of(open_data(folder))
    found = split.assign(dict.fromkeys(names.values(), ""), names, seed=seed)
    return {name.rpartition("-")[2]: chosen for name, chosen in found.items()}


@pytest.fixture(scope="module")
def eight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return many(tmp_path_factory.mktemp("own") / "d")


@pytest.mark.parametrize("name", SPLITS)
def test_splits_come_from_files(eight: Path, tmp_path: Path, name: str) -> None:
    raw = SPLITS[name]
    (tmp_path / name).write_text(raw if isinstance(raw, str) else json.dumps(raw))
    wanted = {str(n): "train" if n < 5 else "valid" if n < 7 else "test" for n in range(1, 9)}
    assert _sets(eight, Split.read(tmp_path / name)) == wanted


def test_a_split_without_validation_takes_it_from_those_who_learn(eight: Path, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps({"train": [1, 2, 3, 4, 5, 6], "test": [7]}))
    found = _sets(eight, Split.read(tmp_path / "s.json"))
    assert "8" not in found  # not named: left out
    assert found["7"] == "test"
    assert sorted(found.values()) == ["test", *["train"] * 5, "valid"]


def test_folds_come_from_a_file_too(eight: Path, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps({f"fold_{k + 1}": [2 * k + 1, 2 * k + 2] for k in range(4)}))
    split = Split.read(tmp_path / "s.json")
    assert split.folds == 4
    judged = [
        {name for name, chosen in _sets(eight, split, seed).items() if chosen == "test"} for seed in range(4)
    ]
    assert judged == [{"1", "2"}, {"3", "4"}, {"5", "6"}, {"7", "8"}]


def test_folds_are_by_person() -> None:
    split = Split.read(folds=5)
    strata = {f"S{n}": f"level {n % 2}" for n in range(23)}
    roles = [split.assign(strata, {}, seed=seed) for seed in range(5)]
    for name in strata:
        assert sorted(role[name] for role in roles) == ["test", "train", "train", "train", "valid"]


def test_a_child_in_two_sets_is_named(eight: Path, tmp_path: Path) -> None:
    """Two clips of the same child, one learned from and one judged."""
    sets = {"train": ["1-1_left_0-9", "2", "3"], "test": ["1-2_left_0-9", "4"]}
    (tmp_path / "s.json").write_text(json.dumps(sets))
    words = r"d-1 is on both sides: 1-1_left_0-9 is in train and 1-2_left_0-9 in test\. That is leakage"
    with pytest.raises(SettingsError, match=words):
        _sets(eight, Split.read(tmp_path / "s.json"))


def test_the_check_says_what_would_be_learned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = three_files(tmp_path / "d")
    write_clip(folder, "13-1_forward_0-119", frames=120)
    write_clip(folder, "12-2_backward_0-9")
    write_clip(folder, "14-1_left_0-9", x=9.0)
    rows = [
        {"subject": 12, "gmfcs": 2, "cobb_deg": 14, "left_1": 1},
        {"subject": 13, "cobb_deg": 3},
        {"subject": 99},
    ]
    write_labels(folder / "labels.csv", rows)
    (tmp_path / "s.json").write_text(json.dumps({"train": [12], "test": [13, 15]}))
    assert main(["dataset", "check", str(folder), "--split", str(tmp_path / "s.json")]) == 2
    said = capsys.readouterr().out
    for words in (
        "2 subjects, 3 visits with labels; 1 came several times",
        "recordings: ",
        "with video: 1",
        "severity: learns from 2 visits of 1 subject (level 2: 2); subjects by set: train: 1",
        "1 subjects are too few to split; nobody is left for the valid set",
        "not from 1 (13-1): no GMFCS level",
        "evgs: learns from 1 visit of 1 subject (atypical: 1)",
        "not from 1 (12-2): no video",
        "scoliosis: learns from 1 visit of 1 subject (none: 1); subjects by set: test: 1",
        "not from 1 (12-1): no front or back view",
        "not from 1 (12-2): no front or back view of 3.2 s",
        "1 match no label: 14-1_left_0-9",
        "1 labels are of nobody in the data: 99",
    ):
        assert words in said, said
    assert main(["dataset", "check", str(folder), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["systems"]["severity"]["classes"] == {"level 2": 2}


def test_the_check_can_measure(tmp_path: Path) -> None:
    report = check_dataset(many(tmp_path / "d", subjects=3), examples=True, workers=1, tick=no_progress)
    severity = report.systems["severity"]
    assert severity.sessions == {}  # four frames are no walk
    assert severity.refused
    ((reason, names),) = severity.left_out.items()
    assert "shows no walking across the picture" in reason
    assert names == ["1-1", "1-2", "2-1", "3-1"]


def test_data_that_can_be_trained_on_pass_the_check(eight: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "check", str(eight)]) == 0
    said = capsys.readouterr().out
    assert (
        "severity: learns from 9 visits of 8 subjects (level 1: 2, level 2: 3, level 3: 2, level 4: 2)" in said
    )
    assert "subjects by set: train: 6, valid: 1, test: 1" in said
