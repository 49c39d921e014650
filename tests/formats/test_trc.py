"""Reading OpenSim marker files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gaitviewer.errors import FormatError
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


def read_text(folder: Path, text: str) -> object:
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
        (("PathFileType", "Something"), "is not a .trc file"),
        (("\t3\t2\tmm", "\t4\t2\tmm"), "announces 4 frames and holds 3"),
        (("\t3\t2\tmm", "\t3\t3\tmm"), "announces 3 markers and holds 2"),
        (("\t2\tmm\t", "\t2\tfeet\t"), "'feet'"),
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


@pytest.mark.parametrize(("content", "words"), [(b"", "is empty"), (b"\0\1\2" * 99, "is not a .trc")])
def test_no_text_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "made.trc"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=words):
        read_trc(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="does not exist"):
        read_trc(tmp_path / "none.trc")


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
