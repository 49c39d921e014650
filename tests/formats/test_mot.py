"""Reading OpenSim motion files."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaitviewer.errors import FormatError
from gaitviewer.formats.mot import read_mot

OPENSIM = (
    "Coordinates\nversion=1\nnRows=2\nnColumns=3\ninDegrees=yes\n\nUnits are S.I. units\n\nendheader\n"
    "time\tknee_angle_r\tankle_angle_r\n  0.00\t 10.5\t-3\n  0.01\t 11.5\t-4\n"
)
SIMM = (
    "name walk.mot\ndatacolumns 3\ndatarows 2\nrange 0 0.01\nendheader\n"
    "time knee_flex_l knee_flex_r\n0.00 1 2\n0.01 3 4\n"
)


@pytest.mark.parametrize("text", [OPENSIM, SIMM])
def test_both_headers_are_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "walk.mot"
    path.write_text(text, encoding="utf-8")
    table = read_mot(path)
    assert table.times == pytest.approx([0, 0.01])
    assert table.in_degrees
    assert table.values.shape == (2, 2)
    with pytest.raises(KeyError):
        table.column("hip")


def test_columns_go_by_name_and_radians_are_told(tmp_path: Path) -> None:
    path = tmp_path / "walk.mot"
    path.write_text(OPENSIM.replace("inDegrees=yes", "inDegrees=no"), encoding="utf-8")
    table = read_mot(path)
    assert table.column("ankle_angle_r") == pytest.approx([-3, -4])
    assert not table.in_degrees


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("endheader", "end"), "is not a .mot"),
        (("nRows=2", "nRows=5"), "announces 5 rows and holds 2"),
        (("nColumns=3", "nColumns=4"), "announces 4 columns and holds 3"),
        (("time\tknee", "when\tknee"), "not the time"),
        (("0.01\t", "0.00\t"), "does not increase"),
        ((" 11.5\t-4", " 11.5"), "line 12 has 2 of 3"),
        ((" 11.5", " x"), "'x' in line 12"),
    ],
)
def test_damage_is_told_in_words(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    assert change[0] in OPENSIM
    path = tmp_path / "walk.mot"
    path.write_text(OPENSIM.replace(*change), encoding="utf-8")
    with pytest.raises(FormatError, match=words):
        read_mot(path)


@pytest.mark.parametrize("tail", ["", "time\tknee_angle_r\tankle_angle_r\n"])
def test_a_header_without_a_table_is_refused(tmp_path: Path, tail: str) -> None:
    path = tmp_path / "walk.mot"
    path.write_text(OPENSIM.partition("time")[0] + tail, encoding="utf-8")
    with pytest.raises(FormatError, match="damaged"):
        read_mot(path)


def test_the_child_with_cerebral_palsy_walks_with_bent_knees(shared_data: Path) -> None:
    table = read_mot(shared_data / "cp" / "KS_Gait_average_r.mot")
    left, right = table.column("knee_flex_l"), table.column("knee_flex_r")
    assert (round(left.min()), round(left.max())) == (47, 79)
    assert (round(right.min()), round(right.max())) == (37, 70)


def test_decimal_commas_and_other_ends_of_lines(tmp_path: Path) -> None:
    head, mark, rows = OPENSIM.partition("time\t")
    path = tmp_path / "walk.mot"
    path.write_bytes((head + mark + rows.replace(".", ",")).replace("\n", "\r\n").encode("utf-8-sig"))
    table = read_mot(path)
    assert table.times == pytest.approx([0, 0.01])
    assert table.column("knee_angle_r") == pytest.approx([10.5, 11.5])
