from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from gaitviewer.core.gait import View
from gaitviewer.core.measures import Measures
from gaitviewer.errors import FormatError, OutputError
from gaitviewer.formats.events import COLUMNS, read_events, write_events


def test_events_come_back(tmp_path: Path, measures: Measures) -> None:
    path = tmp_path / "events.csv"
    write_events(path, measures)
    back = read_events(path)
    for view in View:
        motion = measures.motions[0].views[view]
        assert motion is not None
        found = back[("t1", view)]
        assert [len(e.events) for e in found] == [0, 2]
        for ours, theirs in zip(found[1].events, motion.events[1].events, strict=True):
            assert (ours.kind, ours.side, ours.agreed, ours.corrected) == (
                theirs.kind,
                theirs.side,
                theirs.agreed,
                theirs.corrected,
            )
            assert ours.time_s == pytest.approx(theirs.time_s, abs=1e-9)
            assert dict(ours.detectors) == pytest.approx(dict(theirs.detectors))
            assert math.isnan(ours.sigma_s) == math.isnan(theirs.sigma_s)


def test_a_table_that_a_spreadsheet_wrote_with_decimal_commas_is_read(
    tmp_path: Path, measures: Measures
) -> None:
    path = tmp_path / "events.csv"
    write_events(path, measures)
    right = read_events(path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",", ";").replace(".", ","), encoding="utf-8-sig")
    found = read_events(path)
    assert found.keys() == right.keys()
    for key, passes in right.items():
        for ours, theirs in zip(found[key], passes, strict=True):
            assert repr(ours) == repr(theirs)


def test_it_is_a_plain_table_with_the_nearest_frame(tmp_path: Path, measures: Measures) -> None:
    path = tmp_path / "events.csv"
    write_events(path, measures)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0])[: len(COLUMNS)] == COLUMNS
    assert list(rows[0])[len(COLUMNS) :] == ["detector_hreljac_s", "detector_zeni_s"]
    first, second = rows[:2]
    assert (first["event"], first["side"], first["frame"], first["direction"]) == (
        "initial contact",
        "left",
        "6",
        "left to right",
    )
    assert (second["sigma_s"], second["agreed"], second["corrected"], second["detector_hreljac_s"]) == (
        "",
        "no",
        "yes",
        "",
    )
    assert first["pass"] == "1"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "", "lacks every column"),
        (lambda text: text.replace("time_s", "t"), "lacks time_s"),
        (lambda text: text.replace("toe-off", "toe off"), "not an events table"),
        (lambda text: text.replace(",0.2,", ",soon,"), "a number is needed"),
        (lambda text: text.replace(",0.2,", ",,"), "without a time"),
        (lambda text: text[:-15], "damaged"),
        (lambda text: text.replace("sagittal,1,", "sagittal,-1,"), "a whole number"),
        (lambda text: text.replace("sagittal,1,", "sagittal,99999999999,"), "a whole number"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, measures: Measures, change, words: str) -> None:
    path = tmp_path / "events.csv"
    write_events(path, measures)
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(FormatError, match=words):
        read_events(path)


def test_missing_and_binary_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="does not exist"):
        read_events(tmp_path / "no.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\x00\xfe")
    with pytest.raises(FormatError, match="UTF-8"):
        read_events(tmp_path / "b.csv")
    with pytest.raises(FormatError, match="cannot be opened"):
        read_events(tmp_path)


def test_an_unwritable_place_is_one_clear_error(tmp_path: Path, measures: Measures) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        write_events(tmp_path / "file" / "events.csv", measures)
    with pytest.raises(OutputError, match="is a folder"):
        write_events(tmp_path, measures)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
