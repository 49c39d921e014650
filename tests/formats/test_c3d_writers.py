"""C3D files as other writers make them: processors, storage, events, units, subjects, letters."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.gait import EventKind, Side
from gaitviewer.errors import FormatError
from gaitviewer.formats._c3d_layout import as_intel
from gaitviewer.formats.c3d import read_c3d
from tests.support.c3d_files import DEC, INTEL, MIPS, c3d_bytes

POINTS = np.random.default_rng(5).integers(-15000, 15000, (20, 5, 3)) / 10
POINTS[3, 2] = np.nan
EVENTS = {
    "USED": 3,
    "LABELS": ["LHS", "Right Foot Off", "Foot Strike"],
    "TIMES": np.array([[0.0, 0.0, 0.0], [0.6, 0.55, 0.65]]),
}


def write(folder: Path, data: bytes, name: str = "made.c3d") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("processor", [INTEL, DEC, MIPS])
def test_every_processor_and_storage_is_read(tmp_path: Path, processor: int, real: bool) -> None:
    groups = {"EVENT": EVENTS, "PROCESSING": {"Height": 1450.0}, "POINT": {"Y_SCREEN": "+Y"}}
    data = c3d_bytes(POINTS, processor=processor, real=real, groups=groups, first=51, analogue=2)
    trial = read_c3d(write(tmp_path, data))
    assert trial.points == pytest.approx(POINTS / 1000, abs=1e-6, nan_ok=True)
    assert np.isnan(trial.points[3, 2]).all()
    assert trial.rate_hz == 100
    assert trial.first_frame == 50
    assert trial.body.height_m == pytest.approx(1.45)
    assert trial.up_axis == 1
    assert [(e.side, e.kind) for e in trial.events] == [
        (Side.RIGHT, EventKind.TOE_OFF),
        (Side.LEFT, EventKind.INITIAL_CONTACT),
        (None, EventKind.INITIAL_CONTACT),
    ]
    assert [e.time_s for e in trial.events] == pytest.approx([0.05, 0.10, 0.15], abs=1e-6)
    assert trial.notes == ()


@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("processor", [INTEL, DEC, MIPS])
def test_only_what_is_cut_off_is_called_so(tmp_path: Path, processor: int, real: bool) -> None:
    data = c3d_bytes(np.tile(POINTS, (20, 1, 1)), processor=processor, real=real)
    with pytest.raises(FormatError, match=r"made\.c3d is cut off"):
        read_c3d(write(tmp_path, data[:-1024]))


def test_random_damage_to_a_big_endian_file_never_escapes(tmp_path: Path) -> None:
    whole = np.frombuffer(c3d_bytes(POINTS, processor=MIPS, groups={"EVENT": EVENTS}), np.uint8)
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(300):
        damaged = whole.copy()
        at = np.r_[rng.integers(2, 512, 3), rng.integers(516, 1536, 20)]
        damaged[at] = rng.integers(0, 256, at.size)
        try:
            as_intel(damaged.tobytes())
        except ValueError:
            refused += 1
    assert refused > 0
    damaged = whole.copy()
    damaged[520:1024] = 255
    with pytest.raises(FormatError, match=r"made\.c3d"):
        read_c3d(write(tmp_path, damaged.tobytes()))


@pytest.mark.parametrize(
    ("units", "scale"), [("mete", 1.0), ("M", 1.0), ("Millimeters", 1e-3), ("cm  ", 1e-2), (" mm", 1e-3)]
)
def test_units_are_understood(tmp_path: Path, units: str, scale: float) -> None:
    trial = read_c3d(write(tmp_path, c3d_bytes(POINTS, groups={"POINT": {"UNITS": units}})))
    assert trial.points == pytest.approx(POINTS * scale, rel=1e-5, nan_ok=True)
    assert trial.notes == ()


def test_no_unit_means_millimetres_and_is_said_and_others_are_refused(tmp_path: Path) -> None:
    trial = read_c3d(write(tmp_path, c3d_bytes(POINTS, groups={"POINT": {"UNITS": "  "}})))
    assert trial.points == pytest.approx(POINTS / 1000, abs=1e-6, nan_ok=True)
    assert any("no unit" in str(note) for note in trial.notes)
    with pytest.raises(FormatError, match="'furlong'"):
        read_c3d(write(tmp_path, c3d_bytes(POINTS, groups={"POINT": {"UNITS": "furlong"}})))


def test_body_measures_do_not_depend_on_the_unit_of_the_markers(tmp_path: Path) -> None:
    groups = {"POINT": {"UNITS": "m"}, "PROCESSING": {"Height": 1450.0, "LLegLength": 0.74, "RLegLength": 9e9}}
    body = read_c3d(write(tmp_path, c3d_bytes(POINTS / 1000, groups=groups))).body
    assert body.height_m == pytest.approx(1.45)
    assert body.left_leg_length_m == pytest.approx(0.74)
    assert body.right_leg_length_m is None


def test_the_name_of_the_only_subject_is_taken_off(tmp_path: Path) -> None:
    labels = ["Anna:LTIO", "Anna:RTIO", "Anna:LKneeAngles", "Anna:RKneeAngles", "*4"]
    groups = {"POINT": {"LABELS": labels, "ANGLES": ["Anna:LKneeAngles", "RKneeAngles"]}}
    trial = read_c3d(write(tmp_path, c3d_bytes(POINTS, groups=groups)))
    assert trial.subjects == ("Anna",)
    assert trial.labels == ("LTIO", "RTIO", "*4")
    assert trial.output_labels == ("LKneeAngles", "RKneeAngles")
    with pytest.raises(KeyError):
        trial.of_subject("Anna")


def test_several_subjects_are_kept_apart(tmp_path: Path) -> None:
    labels = ["Anna:LTIO", "Anna:LKneeAngles", "Ben:LTIO", "Ben:LKneeAngles", "wand"]
    groups = {
        "POINT": {"LABELS": labels, "ANGLES": ["LKneeAngles"]},
        "EVENT": {**EVENTS, "SUBJECTS": ["Anna", "Ben", ""]},
        "PROCESSING": {"Height": 1450.0},
    }
    trial = read_c3d(write(tmp_path, c3d_bytes(POINTS, groups=groups)))
    assert trial.subjects == ("Anna", "Ben")
    ben = trial.of_subject("Ben")
    assert ben.labels == ("LTIO",)
    assert ben.marker("LTIO") == pytest.approx(POINTS[:, 2] / 1000, abs=1e-6, nan_ok=True)
    assert ben.output("LKneeAngles") == pytest.approx(POINTS[:, 3], abs=1e-3)
    assert [event.subject for event in ben.events] == ["Ben", ""]
    assert ben.body.height_m is None
    assert ben.name == "made, Ben"


def test_letters_that_are_not_utf8_are_read(tmp_path: Path) -> None:
    labels = ["Jürgen:LTIO".encode("cp1252"), "Jürgen:RTIO", b"", "P3", "P4"]
    trial = read_c3d(write(tmp_path, c3d_bytes(POINTS, groups={"POINT": {"LABELS": labels}})))
    assert trial.subjects == ("Jürgen",)
    assert trial.labels[:2] == ("LTIO", "RTIO")


def test_points_without_a_name_are_left_out_and_said(tmp_path: Path) -> None:
    trial = read_c3d(write(tmp_path, c3d_bytes(POINTS, groups={"POINT": {"LABELS": ["LTIO", "RTIO"]}})))
    assert trial.labels == ("LTIO", "RTIO")
    assert trial.points == pytest.approx(POINTS[:, :2] / 1000, abs=1e-6, nan_ok=True)
    assert any("3 of 5 markers have no name" in str(note) for note in trial.notes)


def test_a_file_name_that_is_not_utf8_and_a_loop_of_links(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"J\xfcrgen.c3d")
    try:
        path.write_bytes(c3d_bytes(POINTS))
    except OSError:
        pytest.skip("this file system takes no such names")
    assert read_c3d(path).name.encode("utf-8") == b"J?rgen"
    loop = tmp_path / "loop.c3d"
    loop.symlink_to(loop)
    with pytest.raises(FormatError, match="cannot be opened"):
        read_c3d(loop)


def test_the_files_that_went_wrong_are_read(shared_cases: Path) -> None:
    events = read_c3d(shared_cases / "no_contexts.c3d").events
    assert len(events) == 8
    assert {(e.side, e.kind) for e in events} == {(None, kind) for kind in EventKind}
    one = read_c3d(shared_cases / "subject_prefix.c3d")
    assert one.subjects == ("Patient3",)
    assert np.isfinite(one.marker("LTIO")).any()
    assert one.output("LKneeAngles") is not None
