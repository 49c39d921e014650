from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.gait import Side
from gaitviewer.core.measures import Measures
from gaitviewer.errors import FormatError
from gaitviewer.formats.kinematics import COLUMNS, read_kinematics, write_kinematics


def test_curves_come_back(tmp_path: Path, measures: Measures) -> None:
    path = tmp_path / "kinematics.csv"
    write_kinematics(path, measures, units={"knee_flexion": "deg"})
    mean, sd, *strides = read_kinematics(path)
    assert (mean.statistic, mean.side, mean.strides, mean.stride) == ("mean", Side.LEFT, 1, "")
    np.testing.assert_allclose(mean.values, measures.means[0].mean, rtol=1e-8)
    assert np.isnan(sd.values).all()
    assert len(strides) == len(measures.curves)
    for row, curve in zip(strides, measures.curves, strict=True):
        assert (row.stride, row.counts, row.side) == (curve.stride.key, curve.stride.counts, curve.stride.side)
        np.testing.assert_allclose(row.values, curve.values, rtol=1e-8)


def test_it_is_a_plain_table_with_gaps_left_empty(tmp_path: Path, measures: Measures) -> None:
    path = tmp_path / "kinematics.csv"
    write_kinematics(path, measures, units={"knee_flexion": "% leg"})
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines[0] == ",".join(COLUMNS)
    assert lines[1] == "mean,knee_flexion,% leg,left,,yes,1,0,-10"
    assert lines[101] == "mean,knee_flexion,% leg,left,,yes,1,100,"
    assert "value,knee_flexion,% leg,left,t1/sagittal/p0/left/1,no,1,0,-3" in lines
    assert len(lines) == 1 + 101 * (2 + len(measures.curves)) + 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "\n".join(text.split("\n")[:150]), "cut off"),
        (lambda text: text.replace("mean,", "average,"), "not a table of curves"),
        (lambda text: text.replace(",100,", ",101,"), "101 %"),
        (lambda text: text.replace("percent", "percentage"), "lacks percent"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, measures: Measures, change, words: str) -> None:
    path = tmp_path / "kinematics.csv"
    write_kinematics(path, measures)
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(FormatError, match=words):
        read_kinematics(path)
