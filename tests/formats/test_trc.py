"""Reading OpenSim marker files."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.errors import FormatError
from gaitviewer.formats.markers import MarkerTrial
from gaitviewer.formats.trc import read_trc

WHOLE = (
    "PathFileType\t4\t(X/Y/Z)\tmade.trc\n"
    "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n"
    "50\t50\t3\t2\tmm\t50\t1\t3\n"
    "Frame#\tTime\tHEEL\t\t\tTOE\t\t\n"
    "\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n"
    "\n"
    "1\t0.00\t100\t20\t-5\t300\t30\t-5\t\n"
    "2\t0.02\t110\t21\t-5\t\t\t\t\n"
    "3\t0.04\t120\t22\t-5\t320\t32\t-5\t\n"
)


def read_text(folder: Path, text: str) -> MarkerTrial:
    path = folder / "made.trc"
    path.write_text(text, encoding="utf-8")
    return read_trc(path)


def test_markers_are_metres_and_empty_cells_are_gaps(tmp_path: Path) -> None:
    path = tmp_path / "made.trc"
    path.write_text(WHOLE, encoding="utf-8")
    trial = read_trc(path)
    assert trial.labels == ("HEEL", "TOE")
    assert trial.rate_hz == 50
    assert trial.up_axis == 1
    assert trial.marker("HEEL")[2] == pytest.approx([0.12, 0.022, -0.005])
    assert np.isnan(trial.marker("TOE")[1]).all()
    assert trial.marker("TOE")[2] == pytest.approx([0.32, 0.032, -0.005])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("Frame#", "Something"), "has no line"),
        (("\t3\t2\tmm", "\t4\t2\tmm"), "announces 4 frames and holds 3"),
        (("\t3\t2\tmm", "\t3\t3\tmm"), "announces 3 markers and holds 2"),
        (("\t2\tmm\t", "\t2\tfurlong\t"), "'furlong'"),
        (("50\t50\t3", "fast\t50\t3"), "no data rate"),
        (("50\t50\t3", "0\t50\t3"), "impossible"),
        (("50\t50\t3", "25\t50\t3"), "does not agree"),
        (("3\t0.04", "3\t0.02"), "does not increase"),
        (("\t320\t", "\tabc\t"), "'abc' in line 9"),
        (("\t22\t-5\t320\t32\t-5\t", "\t22\t-5"), "line 9 has 5 of 8"),
    ],
)
def test_damage_is_told_in_words(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    assert change[0] in WHOLE
    with pytest.raises(FormatError, match=words):
        read_text(tmp_path, WHOLE.replace(*change))


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"\0\1\2" * 99, "is not a .trc"), (b"a\tb\n1\t2\n" * 9, "is not a .trc")],
)
def test_no_text_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "made.trc"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=words):
        read_trc(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="does not exist"):
        read_trc(tmp_path / "none.trc")


def spaced(text: str) -> str:
    """The table with every column filled and parted by blanks."""
    return text.replace("-5\t\t\t\t\n", "-5\t310\t31\t-5\n").replace("\t", "   ")


def semicolons(text: str) -> str:
    return text.replace("\t", ";")


def commas(text: str) -> str:
    return "".join(
        re.sub(r"(\d)\.(\d)", r"\1,\2", line) if line[0] in "123" else line for line in text.splitlines(True)
    )


DIALECTS = {
    "decimal commas": commas,
    "decimal comma in the rate": lambda text: commas(text).replace("50\t50\t3", "50,00\t50,00\t3"),
    "semicolons and decimal commas": lambda text: semicolons(commas(text)),
    "semicolons": semicolons,
    "blanks": spaced,
    "blanks and decimal commas": lambda text: spaced(commas(text)),
    "names packed": lambda text: text.replace("HEEL\t\t\tTOE\t\t", "HEEL\tTOE"),
    "no first line": lambda text: text.partition("\n")[2],
    "no line of axes": lambda text: text.replace("\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n", ""),
    "no blank line": lambda text: text.replace("Z2\n\n", "Z2\n"),
    "subject": lambda text: text.replace("HEEL", "Anna:HEEL").replace("TOE", "Anna:TOE"),
    "gap as words": lambda text: text.replace("-5\t\t\t\t\n", "-5\tNaN\t-nan(ind)\t1.#QNAN\n"),
    "gap at the origin": lambda text: text.replace("-5\t\t\t\t\n", "-5\t0\t0\t0\n"),
    "units in capitals": lambda text: text.replace("\tmm\t", "\tMM \t"),
    "counts that are too small": lambda text: text.replace("\t3\t2\tmm", "\t2\t1\tmm"),
    "titles in another case": lambda text: text.replace("Frame#\tTime", "frame\ttime"),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_dialects_are_read(tmp_path: Path, dialect: str) -> None:
    trial = read_text(tmp_path, DIALECTS[dialect](WHOLE))
    assert trial.labels == ("HEEL", "TOE")
    assert trial.rate_hz == 50
    assert trial.marker("HEEL")[2] == pytest.approx([0.12, 0.022, -0.005])
    assert trial.marker("TOE")[2] == pytest.approx([0.32, 0.032, -0.005])
    assert np.isnan(trial.marker("TOE")[1]).all() != dialect.startswith("blanks")
    assert bool(trial.notes) == dialect.startswith("counts")
    assert trial.subjects == (("Anna",) if dialect == "subject" else ())


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_ends_of_lines_and_encodings(tmp_path: Path, ends: str, encoding: str) -> None:
    path = tmp_path / "made.trc"
    path.write_bytes(WHOLE.replace("HEEL", "Größe…").replace("\n", ends).encode(encoding))
    trial = read_trc(path)
    assert trial.labels == ("Größe…", "TOE")
    assert trial.points.shape == (3, 2, 3)


def test_a_marker_without_a_name_is_left_out_and_said(tmp_path: Path) -> None:
    trial = read_text(tmp_path, WHOLE.replace("HEEL", ""))
    assert trial.labels == ("TOE",)
    assert trial.marker("TOE")[2] == pytest.approx([0.32, 0.032, -0.005])
    assert [str(note) for note in trial.notes] == ["1 of 2 markers have no name and are left out."]
    packed = read_text(tmp_path, WHOLE.replace("HEEL\t\t\tTOE\t\t", "HEEL"))
    assert packed.labels == ("HEEL",)
    assert packed.marker("HEEL")[2] == pytest.approx([0.12, 0.022, -0.005])


def test_without_a_header_the_times_tell_the_rate_and_it_is_said(tmp_path: Path) -> None:
    trial = read_text(tmp_path, WHOLE[WHOLE.index("Frame#") :])
    assert trial.rate_hz == 50
    assert trial.marker("HEEL")[2] == pytest.approx([0.12, 0.022, -0.005])
    assert len(trial.notes) == 2
    assert any("50 Hz" in str(note) for note in trial.notes)


def test_points_and_commas_in_one_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"decimal points \(0\.00\) and with commas \(1,5\)"):
        read_text(tmp_path, WHOLE.replace("\t110\t", "\t1,5\t"))
    with pytest.raises(FormatError, match=r"'1\.234,5' in line 8 is not a number"):
        read_text(tmp_path, WHOLE.replace("\t110\t", "\t1.234,5\t"))


def test_empty_cells_between_blanks_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="line 8 has 5 of 8, so that it cannot be told"):
        read_text(tmp_path, WHOLE.replace("\t", "  "))


def test_times_rounded_to_milliseconds_fit_their_rate(tmp_path: Path) -> None:
    text = WHOLE.replace("50\t50", "120\t120").replace("0.02", "0.008").replace("0.04", "0.017")
    assert read_text(tmp_path, text).rate_hz == 120
    with pytest.raises(FormatError, match="does not agree"):
        read_text(tmp_path, text.replace("120\t120", "240\t240"))


def test_the_dialects_that_went_wrong_are_read(shared_cases: Path, shared_data: Path) -> None:
    right = read_trc(shared_data / "opencap" / "walking1.trc")
    for name in ("decimal_comma", "spaces_only"):
        trial = read_trc(shared_cases / f"{name}.trc")
        assert trial.labels == right.labels
        assert np.array_equal(trial.points, right.points, equal_nan=True)
        assert trial.notes == ()


def test_a_real_walk_is_read(shared_data: Path) -> None:
    trial = read_trc(shared_data / "opencap" / "walking1.trc")
    assert len(trial) == 131
    assert len(trial.labels) == 51
    ankle = trial.marker("r_ankle")
    assert 0 < ankle[:, 1].min() < ankle[:, 1].max() < 0.5
    assert ankle[-1, 0] - ankle[0, 0] > 1.0


def test_a_bad_cell_of_any_length_is_quoted_short(tmp_path: Path) -> None:
    for text in (WHOLE.replace("110", "x" * 400_000), WHOLE.replace("mm", "furlong" * 60_000)):
        with pytest.raises(FormatError) as caught:
            read_text(tmp_path, text)
        assert len(str(caught.value)) < 200
        assert "..." in str(caught.value)
