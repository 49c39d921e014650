"""Sections of the report that a person leaves out."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gaitviewer.core.measures import Measures
from gaitviewer.core.report_options import SECTIONS, USUAL_SECTIONS, ReportOptions, parse_sections
from gaitviewer.errors import SettingsError
from gaitviewer.report import frames_needed
from tests.support import pdf

Build = Callable[..., Measures]
FOUND_IN = {
    "quality": "Findings and advice",
    "parameters": "Time and distance",
    "movement": "Sagittal pattern",
    "curves": "Joint angles over the gait cycle, side view",
    "strides": "Every stride",
    "scores": "How to read the totals",
    "evidence": "KFX right: 45° at",
    "key_frames": "Right stride of",
    "method": "References",
}  # words that only this section prints; what a person adds has tests of its own


def read(path: Path) -> tuple[str, int]:
    """All words, and the number of links."""
    with pdf.opened(path) as document:
        return pdf.in_one_line(" ".join(pdf.texts_of(document))), sum(_count_links(page) for page in document)


def _count_links(page: Any) -> int:
    link, position, count = pdf.raw().FPDF_LINK(), ctypes.c_int(0), 0
    while pdf.raw().FPDFLink_Enumerate(page.raw, position, link):
        count += 1
    return count


def body(words: str) -> str:
    return re.sub(r"Sections left out of this report: [^.]*\.", "", words)


def test_only_the_chosen_sections_are_printed(
    build_measures: Build, settings: dict[str, Any], tmp_path: Path
) -> None:
    chosen = frozenset({"quality", "scores", "method"})
    pdf.write_report(tmp_path / "r.pdf", build_measures(), options=ReportOptions(sections=chosen), **settings)
    words, links = read(tmp_path / "r.pdf")
    for name, mark in FOUND_IN.items():
        assert (mark in body(words)) == (name in chosen), name
    assert "Sections left out of this report: Time and distance; Movement analysis and pattern;" in words
    assert "SHA-256" in words
    assert "Reviewed by" in words
    assert links == 0
    assert "lead to their pictures" not in words


@pytest.mark.parametrize("name", sorted(FOUND_IN))
def test_each_section_goes_alone(
    build_measures: Build, settings: dict[str, Any], tmp_path: Path, name: str
) -> None:
    options = ReportOptions(sections=USUAL_SECTIONS - {name})
    pdf.write_report(tmp_path / "r.pdf", build_measures(), options=options, **settings)
    words, links = read(tmp_path / "r.pdf")
    assert f"Sections left out of this report: {SECTIONS[name]}." in words
    missing = [other for other, mark in FOUND_IN.items() if mark not in body(words)]
    assert missing == [name]
    assert bool(links) == (name not in ("scores", "evidence"))


def test_nothing_is_said_where_nothing_is_left_out(
    build_measures: Build, settings: dict[str, Any], tmp_path: Path
) -> None:
    pdf.write_report(tmp_path / "r.pdf", build_measures(), **settings)
    words, links = read(tmp_path / "r.pdf")
    assert "left out of this report" not in words
    assert "Values lead to their pictures." in words
    assert links >= 26


def test_no_frame_is_asked_for_without_pictures(
    build_measures: Build, settings: dict[str, Any], tmp_path: Path
) -> None:
    def forbidden(*_args: Any) -> Any:
        raise AssertionError("no section of this report shows a picture")

    measures = build_measures()
    options = ReportOptions(sections=USUAL_SECTIONS - {"evidence", "key_frames"})
    assert frames_needed(measures, options) == ()
    pdf.write_report(tmp_path / "r.pdf", measures, options=options, **{**settings, "pictures": forbidden})
    evidence = set(frames_needed(measures, ReportOptions(sections=frozenset({"evidence"}))))
    strips = set(frames_needed(measures, ReportOptions(sections=frozenset({"key_frames"}))))
    assert evidence
    assert strips
    assert evidence | strips == set(frames_needed(measures))


def test_an_unknown_section_is_refused() -> None:
    with pytest.raises(SettingsError, match="no section “apendix”; choose from quality, ") as caught:
        ReportOptions(sections=frozenset({"apendix"}))
    assert str(caught.value).count(".") == 1


def test_names_are_read_from_a_list_with_commas() -> None:
    assert parse_sections(" quality, scores,") == {"quality", "scores"}
    assert ReportOptions().sections == USUAL_SECTIONS
    with pytest.raises(SettingsError, match="No section of the report is named"):
        parse_sections(" , ")
    with pytest.raises(SettingsError, match="no section “score”"):
        parse_sections("quality,score")
