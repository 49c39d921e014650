"""Marker files that differ from what the program expects: it follows the body and says so, or asks."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.cli import main
from gaitviewer.core.gait import EventKind, Side
from gaitviewer.errors import FormatError
from gaitviewer.formats.c3d import read_c3d
from gaitviewer.formats.markers import MarkerEvent, MarkerTrial
from gaitviewer.formats.trc import read_trc
from gaitviewer.research.validation import run as validation_run
from gaitviewer.research.validation.compare import FILE, PELVIS
from gaitviewer.research.validation.event_sides import find_event_sides
from gaitviewer.research.validation.joint_angles import add_joint_angles, pair_files
from gaitviewer.research.validation.projection import WalkingBody, find_body
from gaitviewer.research.validation.run import (
    ValidationReport,
    choose_subject,
    format_report,
    report_as_json,
    validate_files,
)
from gaitviewer.research.validation.truth import Truth, find_truth
from tests.support.c3d_files import MIPS, c3d_bytes

PARTS = {
    "FEP": (0.0, 0.1, 0.8),
    "FEO": (0.05, 0.1, 0.45),
    "TIO": (0.0, 0.1, 0.08),
    "TOE": (0.15, 0.12, 0.03),
    "HEE": (-0.05, 0.1, 0.03),
    "SHO": (0.02, 0.18, 1.2),
}
STRIDE_S, SWING = 1.0, 0.4  # and the share of it that a foot swings


def walking_trial(*, frames: int = 400, rate_hz: float = 100.0, up_axis: int = 2) -> MarkerTrial:
    """A body at 1 m/s along x with z upwards, whose stiff legs swing in turn; one contact every half stride."""
    times = np.arange(frames) / rate_hz
    labels, tracks, events = [], [], []
    for side, sign, late in (("L", 1.0, 0.0), ("R", -1.0, STRIDE_S / 2)):
        phase = (times - late) / STRIDE_S
        # The foot stands for 60 % of each stride and then makes up the whole way in the rest of it.
        swing = np.clip((phase % 1.0 - (1 - SWING)) / SWING, 0.0, 1.0)
        foot = STRIDE_S * (np.floor(phase) + swing) + late
        for name, (x, y, z) in PARTS.items():
            moves = foot if name in ("TIO", "TOE", "HEE") else (foot + times) / 2 if name == "FEO" else times
            labels.append(side + name)
            tracks.append(np.stack([moves + x, np.full(frames, sign * y), np.full(frames, z)], axis=1))
        for stride in range(-1, 5):
            for kind, share in ((EventKind.INITIAL_CONTACT, 0.0), (EventKind.TOE_OFF, 1 - SWING)):
                when = (stride + share) * STRIDE_S + late
                if 0.2 < when < times[-1] - 0.2:
                    events.append(MarkerEvent(kind.value, Side.LEFT if side == "L" else Side.RIGHT, kind, when))
    points = np.stack(tracks, axis=1)
    return MarkerTrial("made", tuple(labels), points, rate_hz, 0, up_axis, events=tuple(events))


def turned(trial: MarkerTrial, rows: object) -> MarkerTrial:
    """The same walk in other axes: ``rows`` [3, 3] takes old coordinates to new ones."""
    return replace(trial, points=trial.points @ np.asarray(rows, np.float64).T)


UP = {
    "z": np.eye(3),
    "y": [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
    "x": [[0, 0, 1], [1, 0, 0], [0, 1, 0]],
    "-z": np.diag([1.0, -1.0, -1.0]),
    "-y": [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
}


@pytest.mark.parametrize("declared", [0, 1, 2])
@pytest.mark.parametrize("up", UP)
def test_the_legs_tell_which_way_is_up(up: str, declared: int) -> None:
    right = find_body(walking_trial())
    body = find_body(replace(turned(walking_trial(), UP[up]), up_axis=declared))
    assert body.points == pytest.approx(right.points, nan_ok=True)
    said = [note for note in body.notes if "taken as up" in str(note)]
    assert bool(said) == (up != "xyz"[declared])
    assert right.notes == ()


@pytest.mark.parametrize("heading_deg", [0, 90, 180, 270, 37])
@pytest.mark.parametrize("up", UP)
def test_a_walk_goes_along_any_axis_in_both_directions(up: str, heading_deg: float) -> None:
    c, s = np.cos(np.radians(heading_deg)), np.sin(np.radians(heading_deg))
    headed = turned(walking_trial(), [[c, -s, 0], [s, c, 0], [0, 0, 1]])
    body = find_body(turned(headed, UP[up]))
    assert body.points == pytest.approx(find_body(walking_trial()).points, nan_ok=True)


def test_left_handed_axes_are_noticed() -> None:
    body = find_body(turned(walking_trial(), [[1, 0, 0], [0, 0, 1], [0, 1, 0]]))  # y and z exchanged
    assert body.part(Side.LEFT, "hip")[:, 1] == pytest.approx(0.1)
    assert any("left-handed" in str(note) for note in body.notes)
    assert any("along Y" in str(note) for note in body.notes)


@pytest.mark.parametrize("factor", [1e-3, 1e-2, 10, 1000])
def test_a_wrong_unit_is_noticed_by_the_size_of_the_legs(factor: float) -> None:
    trial = walking_trial()
    body = find_body(replace(trial, points=trial.points * factor))
    assert body.points == pytest.approx(find_body(trial).points, nan_ok=True)
    assert [note for note in body.notes if "unit of length" in str(note)]


def test_legs_of_no_human_size_are_refused() -> None:
    trial = walking_trial()
    with pytest.raises(FormatError, match=r"The legs in made would be 1\.\d+ m long"):
        find_body(replace(trial, points=trial.points * 2.0))


def without_sides(trial: MarkerTrial) -> tuple[MarkerEvent, ...]:
    return tuple(replace(event, side=None) for event in trial.events)


def test_the_feet_tell_the_side_of_an_event() -> None:
    trial = walking_trial()
    assert len(trial.events) > 8
    events, notes = find_event_sides(without_sides(trial), find_body(trial))
    assert events == trial.events
    assert len(notes) == 1
    assert "told from how the feet move" in str(notes[0])
    assert find_event_sides(trial.events, find_body(trial)) == (trial.events, ())


def test_a_side_that_is_not_sure_stays_open() -> None:
    trial = walking_trial()
    points = trial.points.copy()
    feet = [i for i, name in enumerate(trial.labels) if name[1:] in ("TIO", "TOE", "HEE")]
    points[:, feet, 0] = trial.times[:, None] + points[0, feet, 0]  # both slide at the same speed
    events, notes = find_event_sides(without_sides(trial), find_body(replace(trial, points=points)))
    assert {event.side for event in events} == {None}
    assert len(notes) == 1
    assert "left out" in str(notes[0])
    late = (MarkerEvent("Foot Strike", None, EventKind.INITIAL_CONTACT, 99.0),)
    assert find_event_sides(late, find_body(trial))[0] == late


def test_every_side_of_real_walks_is_right_or_open(shared_data: Path) -> None:
    asked = told = 0
    for path in sorted((shared_data / "c3d").glob("*.c3d")):
        trial = read_c3d(path)
        found, _ = find_event_sides(without_sides(trial), find_body(trial))
        asked += len(found)
        for ours, theirs in zip(found, trial.events, strict=True):
            assert ours.side in (None, theirs.side), path.name
            told += ours.side is not None
    assert told >= 0.85 * asked


def two_people(second: MarkerTrial) -> MarkerTrial:
    first = walking_trial()
    labels = [f"Anna:{n}" for n in first.labels] + [f"Ben:{n}" for n in second.labels]
    points = np.concatenate([first.points, second.points], axis=1)
    return replace(first, labels=tuple(labels), points=points, subjects=("Anna", "Ben"))


def test_one_of_several_people_is_chosen_by_name_or_by_the_legs() -> None:
    other = turned(walking_trial(), np.diag([-1.0, -1.0, 1.0]))
    both = two_people(other)
    with pytest.raises(
        FormatError, match=r"made holds 2 subjects \(Anna, Ben\); choose one with --subject NAME"
    ):
        choose_subject(both)
    ben = choose_subject(both, "ben")
    assert ben.labels == other.labels
    assert np.array_equal(ben.points, other.points)
    with pytest.raises(FormatError, match="no subject 'Eve'; it holds Anna, Ben"):
        choose_subject(both, "Eve")
    legless = replace(other, labels=tuple(n if n[1:] == "SHO" else f"X{n}" for n in other.labels))
    anna = choose_subject(two_people(legless))
    assert anna.labels == walking_trial().labels
    assert [str(note) for note in anna.notes] == ["Of Anna, Ben only Anna has the markers of both legs."]
    alone = walking_trial()
    assert choose_subject(alone) is alone


def write_c3d(path: Path, trial: MarkerTrial, *, prefix: str = "", times: bool = True) -> Path:
    labels = [prefix + name for name in trial.labels]
    groups: dict[str, dict[str, object]] = {"POINT": {"LABELS": labels}}
    if times:
        groups["EVENT"] = {
            "USED": len(trial.events),
            "LABELS": [
                "Foot Strike" if e.kind is EventKind.INITIAL_CONTACT else "Foot Off" for e in trial.events
            ],
            "TIMES": np.array([[0.0] * len(trial.events), [e.time_s for e in trial.events]]),
        }
    path.write_bytes(c3d_bytes(trial.points * 1000, groups=groups, processor=MIPS))
    return path


def test_the_command_tells_what_was_understood(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_c3d(tmp_path / "made.c3d", turned(walking_trial(), UP["y"]), prefix="Patient3:")
    (tmp_path / "bad.c3d").write_bytes(b"hello" * 300)
    assert main(["validate", str(path), str(tmp_path / "bad.c3d")]) == 2  # one file was left out
    said = capsys.readouterr().out
    assert "Left out: bad.c3d is not a C3D file." in said
    assert "made: The legs stand along Y, which is taken as up." in said
    assert re.search(r"made: \d+ of \d+ events have no side in the file; it was told", said)
    assert "Events (ms)" in said
    assert main(["validate", str(tmp_path / "bad.c3d"), str(tmp_path / "none.c3d")]) == 2
    assert "none.c3d does not exist" in capsys.readouterr().err
    assert main(["validate", str(path), "--subject", "Eve"]) == 2
    assert "it holds Patient3" in capsys.readouterr().err


def test_events_of_no_known_foot_are_called_so(tmp_path: Path) -> None:
    trial = walking_trial()
    events = tuple(MarkerEvent("", None, EventKind.TOE_OFF, 0.001 * n) for n in range(3))
    report = validate_files([write_c3d(tmp_path / "made.c3d", replace(trial, events=events))])
    assert "The files mark events, but none of a foot that is known." in format_report(report)
    assert report.comparisons[0].sideless == 3
    plain = validate_files([write_c3d(tmp_path / "plain.c3d", trial, times=False)])
    assert "The files mark no events." in format_report(plain)


def test_what_was_left_out_is_data_as_well(tmp_path: Path) -> None:
    path = write_c3d(tmp_path / "made.c3d", walking_trial())
    report = validate_files([tmp_path / "none.c3d", path])
    assert len(report.left_out) == 1
    assert json.loads(json.dumps(report_as_json(report)))["left_out"] == list(report.left_out)


def test_a_bad_file_is_listed_and_the_exit_code_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = str(write_c3d(tmp_path / "good.c3d", walking_trial()))
    assert main(["validate", good]) == 0
    text = tmp_path / "text.c3d"
    text.write_text("no motion capture")
    assert main(["validate", str(text), good]) == 2
    said = capsys.readouterr().out
    assert "Left out: text.c3d" in said
    assert "1 trials" in said
    odd = str(write_c3d(tmp_path / "odd.c3d", walking_trial()))

    def find(trial: MarkerTrial, body: WalkingBody) -> Truth:
        if trial.name.startswith("odd"):
            raise ValueError("the markers are unlike any other")
        return find_truth(trial, body)

    monkeypatch.setattr(validation_run, "find_truth", find)
    assert main(["validate", odd, good]) == 2
    assert "odd.c3d could not be validated: the markers are unlike any other" in capsys.readouterr().out


def write_trc(path: Path, trial: MarkerTrial) -> Path:
    """With y upwards, as in OpenSim."""
    points = trial.points[..., [0, 2, 1]] * [1.0, 1.0, -1.0]
    names = "\t\t\t".join(trial.labels)
    lines = [
        "PathFileType\t4\t(X/Y/Z)\tmade.trc",
        "DataRate\tNumFrames\tNumMarkers\tUnits",
        f"{trial.rate_hz:g}\t{len(trial)}\t{len(trial.labels)}\tm",
        f"Frame#\tTime\t{names}\t\t",
        "",
    ]
    for n, (time_s, row) in enumerate(zip(trial.times, points, strict=True)):
        cells = ["" if np.isnan(v) else f"{v:.6f}" for v in row.ravel()]
        lines.append("\t".join([str(n + 1), f"{time_s:.4f}", *cells]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_mot(path: Path, times: object, columns: dict[str, np.ndarray], *, degrees: str = "yes") -> Path:
    table = np.column_stack([times, *columns.values()])
    head = f"Coordinates\nnRows={len(table)}\nnColumns={table.shape[1]}\ninDegrees={degrees}\nendheader\n"
    rows = "\n".join("\t".join(f"{v:.6f}" for v in row) for row in table)
    path.write_text(f"{head}time\t" + "\t".join(columns) + f"\n{rows}\n", encoding="utf-8")
    return path


def test_joint_angles_go_with_the_markers_of_their_name() -> None:
    files = [Path(n) for n in ("walk1_ik.mot", "walk1.trc", "walk12.trc", "a.c3d", "walk12_ik.sto")]
    assert pair_files(files) == [
        (Path("walk1.trc"), Path("walk1_ik.mot")),
        (Path("walk12.trc"), Path("walk12_ik.sto")),
        (Path("a.c3d"), None),
    ]
    with pytest.raises(FormatError, match=r"run_ik\.mot holds joint angles; name the \.trc file"):
        pair_files([Path("walk1.trc"), Path("run_ik.mot")])


@pytest.mark.parametrize("degrees", ["yes", "no"])
def test_joint_angles_of_another_program_become_outputs(tmp_path: Path, degrees: str) -> None:
    trial = read_trc(write_trc(tmp_path / "walk.trc", walking_trial()))
    times, unit = np.arange(0.0, 5.0, 0.01), 1.0 if degrees == "yes" else np.pi / 180
    knee = 30 - 30 * np.cos(2 * np.pi * times)
    columns = {
        "hip_flex_r": unit * (knee - 10),
        "knee_angle_r": -unit * knee,
        "ankle_angle_l": unit * (knee / 4),
    }
    found = add_joint_angles(trial, write_mot(tmp_path / "walk.mot", times, columns, degrees=degrees))
    assert set(found.output_labels) == {"RHipAngles", "RKneeAngles", "LAnkleAngles"}
    right_knee = found.output("RKneeAngles")
    assert right_knee is not None
    assert right_knee[:, 0] == pytest.approx(knee[: len(trial)], abs=1e-3)  # flexion is positive
    with pytest.raises(FormatError, match="is of another time"):
        add_joint_angles(trial, write_mot(tmp_path / "late.mot", times + 60, columns))
    with pytest.raises(FormatError, match="no angles of hip, knee or ankle"):
        add_joint_angles(trial, write_mot(tmp_path / "arm.mot", times, {"arm_flex_r": knee}))


def test_a_trc_with_its_joint_angles_is_judged_like_the_c3d(tmp_path: Path, shared_data: Path) -> None:
    """The same walk, its markers and angles written as OpenSim does."""
    original = read_c3d(shared_data / "c3d" / "HC030A05.c3d")
    expected = validate_files([shared_data / "c3d" / "HC030A05.c3d"])
    columns = {}
    for joint, name in (("Hip", "hip_flexion"), ("Knee", "knee_angle"), ("Ankle", "ankle_angle")):
        for side in "LR":
            found = original.output(f"{side}{joint}Angles")
            assert found is not None
            columns[f"{name}_{side.lower()}"] = found[:, 0]
    seen = np.flatnonzero(np.isfinite(np.column_stack(list(columns.values()))).all(axis=1))
    span = slice(seen[0], seen[-1] + 1)
    write_mot(tmp_path / "walk_ik.mot", original.times[span], {k: v[span] for k, v in columns.items()})
    write_trc(tmp_path / "walk.trc", original)
    report = validate_files([tmp_path / "walk.trc", tmp_path / "walk_ik.mot"])
    for angle, reference in (("knee_flexion", FILE), ("ankle_dorsiflexion", FILE), ("hip_flexion", PELVIS)):
        ours, theirs = report.angle(angle, reference), expected.angle(angle, reference)
        assert ours.mae == pytest.approx(theirs.mae, abs=0.05)


def test_real_joint_angles_are_those_of_the_markers(shared_data: Path) -> None:
    folder = shared_data / "opencap"
    for name in ("walking1", "walkingTI1", "walkingTS1"):
        trial = add_joint_angles(read_trc(folder / f"{name}.trc"), folder / f"{name}_manual_scaling_ik.mot")
        body = find_body(trial)
        for side in Side:
            knee = trial.output(f"{side.name[0]}KneeAngles")
            assert knee is not None
            thigh, shank = (
                body.part(side, a) - body.part(side, b) for a, b in (("hip", "knee"), ("knee", "ankle"))
            )
            lengths = np.linalg.norm(thigh, axis=1) * np.linalg.norm(shank, axis=1)
            bend = np.degrees(np.arccos((thigh * shank).sum(axis=1) / lengths))
            both = np.isfinite(bend) & np.isfinite(knee[:, 0])
            assert both.mean() > 0.95
            assert np.corrcoef(knee[both, 0], bend[both])[0, 1] > 0.99


def check_alike(first: ValidationReport, second: ValidationReport) -> None:
    """Two reports have the same angles, events and items, but for the rounding of the markers."""
    assert [(row.angle, row.reference, row.points) for row in first.angles] == [
        (row.angle, row.reference, row.points) for row in second.angles
    ]
    for ours, theirs in zip(first.angles, second.angles, strict=True):
        assert ours.mae == pytest.approx(theirs.mae, abs=1e-3)
    for found, right in zip(first.events, second.events, strict=True):
        assert (found.found, found.missed, found.extra) == (right.found, right.missed, right.extra)
        assert found.median_abs_ms == pytest.approx(right.median_abs_ms, abs=0.01, nan_ok=True)
    assert [(row.number, row.pairs, row.assessed, row.agreed, row.clear) for row in first.items] == [
        (row.number, row.pairs, row.assessed, row.agreed, row.clear) for row in second.items
    ]


@pytest.mark.parametrize("name", ["no_contexts", "subject_prefix", "y_up"])
def test_the_c3d_files_that_went_wrong_give_what_the_original_gives(
    name: str, shared_cases: Path, shared_data: Path
) -> None:
    right = validate_files([shared_data / "c3d" / "HC030A05.c3d"])
    found = validate_files([shared_cases / f"{name}.c3d"])
    check_alike(found, right)


@pytest.mark.parametrize("name", ["decimal_comma", "spaces_only"])
def test_the_trc_files_that_went_wrong_give_what_the_original_gives(
    name: str, shared_cases: Path, shared_data: Path
) -> None:
    right = validate_files([shared_data / "opencap" / "walking1.trc"])
    found = validate_files([shared_cases / f"{name}.trc"])
    check_alike(found, right)
