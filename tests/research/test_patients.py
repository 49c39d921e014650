"""Drawn patients: who they are, what is compared, and how it is counted."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.analysis.evgs.sheet import load_items
from gaitviewer.cli import main
from gaitviewer.core.gait import Side
from gaitviewer.core.pose import PoseSequence
from gaitviewer.pose.estimator import make_estimator
from gaitviewer.research.legs.walks import SeenWalk, read_walk, walk_file, write_walk
from gaitviewer.research.patients import (
    PatientsReport,
    ScoredItem,
    confusion,
    draw_patient,
    format_patients,
    patients_table,
    sensitivity_and_specificity,
    try_patients,
)
from gaitviewer.synthesis.filming.film import film_trial
from gaitviewer.synthesis.gait.patterns import load_patterns
from gaitviewer.synthesis.gait.subjects import random_for
from gaitviewer.workflow.app import settings

SEED = 5


def test_groups_name_patterns_and_items_that_there_are() -> None:
    codes = {item.code for item in load_items()}
    for group in patients_table().groups.values():
        assert group.pattern in load_patterns()
        assert set(group.items) <= codes


def test_a_patient_is_drawn_by_group_number_and_seed() -> None:
    one = draw_patient("crouch", 3, seed=SEED)
    assert one == draw_patient("crouch", 3, seed=SEED)
    assert one.affected == (Side.LEFT, Side.RIGHT)
    others = (draw_patient("crouch", 4, seed=SEED), draw_patient("equinus", 3, seed=SEED))
    assert all(other.child != one.child for other in others)
    assert len(draw_patient("hemiplegia", 0, seed=SEED).affected) == 1
    healthy = draw_patient("healthy", 0, seed=SEED)
    assert healthy.affected == ()
    assert healthy.gait == healthy.child.gait


def _item(true: int, measured: int | None) -> ScoredItem:
    return ScoredItem("crouch", 0, "KEX", Side.LEFT, True, true, measured, True)


def test_what_is_refused_counts_in_the_table_only() -> None:
    items = [_item(0, 0), _item(0, 1), _item(1, 1), _item(2, 1), _item(2, 0), _item(2, None)]
    assert confusion(items) == ((1, 1, 0, 0), (0, 1, 0, 0), (1, 1, 0, 1))
    assert sensitivity_and_specificity(items) == pytest.approx((2 / 3, 1 / 2))
    assert all(math.isnan(share) for share in sensitivity_and_specificity([]))


def _seen_as_it_is(folder: Path, group: str, number: int) -> None:
    """The patient's file as an estimator without error would have left it."""
    table = sorted(patients_table().groups)
    seed = 100 * SEED + table.index(group)
    patient = draw_patient(group, number, seed=SEED)
    filmed = film_trial(patient.gait, random_for(seed, number, 100), rate_hz=30.0).views.sagittal
    true = np.asarray(filmed.points_px, np.float64)
    camera = filmed.camera
    inside = ((true >= 0) & (true < [camera.width, camera.height])).all(axis=2)
    xy = np.where(inside[..., None], true, np.nan).astype(np.float32)
    pose = PoseSequence(xy, inside.astype(np.float32), filmed.times, camera.width, camera.height)
    (folder / group).mkdir(exist_ok=True)
    write_walk(walk_file(folder / group, seed, number), SeenWalk(number, pose, tuple(filmed.passes()), true))


def test_from_exact_keypoints_the_patterns_are_told(tmp_path: Path) -> None:
    settings.save(settings.change(settings.load(), refine_legs=False))  # there is nothing to put right
    for group in ("crouch", "healthy"):
        for number in range(2):
            _seen_as_it_is(tmp_path, group, number)
    estimator = make_estimator("full")  # not started: everybody was seen before
    report = try_patients(tmp_path, estimator, each=2, seed=SEED, groups=("crouch", "healthy"))
    assert not report.failed
    named = {limb.patient: limb.named for limb in report.limbs if limb.group == "crouch"}
    assert named == {0: "", 1: "pattern.crouch"}, "the first one is mild: too near to a border"
    assert all("crouch" not in limb.named for limb in report.limbs if limb.group == "healthy")
    clear = [one for one in report.items if one.clear and one.measured is not None]
    assert len(clear) > 40
    assert np.mean([one.true == one.measured for one in clear]) > 0.85
    text = format_patients(report)
    assert "crouch       KEX   100%" in text
    assert "pattern.crouch" in text


def test_who_cannot_be_measured_is_named(tmp_path: Path) -> None:
    _seen_as_it_is(tmp_path, "crouch", 0)
    (file,) = (tmp_path / "crouch").iterdir()
    walk = read_walk(file)
    nobody = replace(walk.pose, xy=np.full_like(walk.pose.xy, np.nan), score=np.zeros_like(walk.pose.score))
    write_walk(file, replace(walk, pose=nobody))
    report = try_patients(tmp_path, make_estimator("full"), each=1, seed=SEED, groups=("crouch",))
    assert isinstance(report, PatientsReport)
    assert not report.items
    assert "not measured: crouch 0:" in format_patients(report)


def test_an_unknown_group_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["patients", str(tmp_path), "--groups", "giants"]) == 2
    said = capsys.readouterr().err
    assert "giants" in said
    assert "crouch" in said
