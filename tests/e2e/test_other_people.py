"""Another person beside the child, and a dark room: said everywhere, and nothing is scored from mixed legs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from gaitviewer.cli import main
from gaitviewer.core.gait import View
from gaitviewer.core.remarks import RemarkKind
from gaitviewer.store import open_library
from tests.support.pdf import page_texts

if TYPE_CHECKING:
    from tests.support.demo import Cutter

pytestmark = pytest.mark.slow


@pytest.fixture
def case(shared_data: Path) -> Path:
    folder = shared_data.parent / "cases"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    return folder


def analyse(video: Path, out: Path) -> dict[str, Any]:
    assert main(["analyze", "--sagittal", str(video), "--subject", "P1", "--out", str(out)]) == 0
    table: dict[str, Any] = json.loads((out / "assessment.json").read_text(encoding="utf-8"))
    return table


def findings(table: dict[str, Any]) -> set[str]:
    return {one["code"] for one in table["quality"]}


def scored(table: dict[str, Any], side: str) -> dict[str, Any]:
    rows = zip(table["evgs"]["items"], table["evgs"][side], strict=True)
    return {item["code"]: row["value"] for item, row in rows if row["score"] is not None}


def test_a_dark_room_is_named_in_table_report_and_library(cutter: Cutter, tmp_path: Path) -> None:
    """A fifth of the light, and the noise of the camera."""
    noise = np.random.default_rng(0)
    dark = (
        np.clip(0.2 * rgb + noise.normal(0, 3, rgb.shape), 0, 255).astype(np.uint8)
        for rgb in cutter.frames(View.SAGITTAL, 0, 120)
    )
    table = analyse(cutter.write("dark.mp4", dark, rate_hz=30.0), tmp_path / "out")
    assert "finding.light.dark" in findings(table)
    assert "is dark around the subject" in " ".join(page_texts(tmp_path / "out/report.pdf")).replace("\n", " ")
    with open_library(None) as library:
        (row,) = library.list_sessions()
        remarks = library.load_session(row.id).trials[0].remarks.sagittal
    assert remarks is not None
    assert remarks.light is not None
    assert remarks.light.brightness < 0.2


def test_no_score_is_made_of_the_legs_of_a_child_and_of_an_adult_in_front_of_it(
    case: Path, tmp_path: Path
) -> None:
    table = analyse(case / "adult_in_front.mp4", tmp_path / "out")
    assert not any(scored(table, side) for side in ("left", "right"))
    assert "finding.remark.person_beside" in findings(table)
    reasons = {stride["excluded"] for stride in table["strides"]}
    assert any("another person is so near" in reason for reason in reasons)


def test_beside_a_therapist_the_legs_are_right_and_the_trunk_is_not_assessed(
    case: Path, tmp_path: Path
) -> None:
    alone, company = (analyse(case / f"{n}.mp4", tmp_path / n) for n in ("control", "therapist_beside"))
    assert not any(stride["excluded"] for stride in alone["strides"])
    assert "finding.remark.person_beside" not in findings(alone)
    assert "finding.remark.person_beside" in findings(company)
    for side in ("left", "right"):
        truth, found = scored(alone, side), scored(company, side)
        assert set(found) >= {"KFX", "KEX", "WAD"}
        assert not {"TSG", "HEX", "HFX"} & set(found)
        for code in ("KFX", "KEX", "WAD"):
            assert found[code] == pytest.approx(truth[code], abs=6.0)


def test_a_messenger_copy_is_not_blamed_on_two_persons(case: Path, tmp_path: Path) -> None:
    table = analyse(case / "messenger_240p.mp4", tmp_path / "out")
    said = json.dumps([table["quality"], [stride["excluded"] for stride in table["strides"]]])
    assert "person" not in said.replace("a person can walk", "")


def test_remarks_are_kinds_and_frames(case: Path, tmp_path: Path) -> None:
    analyse(case / "adult_stands_nearer.mp4", tmp_path / "out")
    with open_library(None) as library:
        (row,) = library.list_sessions()
        remarks = library.load_session(row.id).trials[0].remarks.sagittal
    assert remarks is not None
    assert remarks.spans(RemarkKind.ANOTHER_PERSON)
    assert remarks.spans(RemarkKind.PERSON_BESIDE)
