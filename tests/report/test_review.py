"""What a person adds to the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gaitviewer.core.document import Document, KeyImage, ManualMeasurement, Texts
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.report_options import ReportOptions
from gaitviewer.report.content.review import latest_grades, total_of
from tests.support import pdf

WHEN = "2026-03-01T08:00:00+00:00"


@pytest.fixture(scope="module")
def measures(build_measures: Callable[..., Measures]) -> Measures:
    return build_measures()


@pytest.fixture(scope="module")
def document(measures: Measures) -> Document:
    grades = (
        Grade(3, Side.LEFT, 0, "Dr. Adler", WHEN),
        Grade(3, Side.LEFT, 2, "Dr. Adler", "2026-03-02T08:00:00+00:00", "early heel rise"),
        Grade(4, Side.RIGHT, None, "Dr. Adler", WHEN),
        Grade(5, Side.RIGHT, 1, "Dr. Berger", WHEN),
    )
    images = (
        KeyImage("t1", View.SAGITTAL, 12, 0.4, "Toe walking <left> & right"),
        KeyImage("t1", View.CORONAL, 3, 0.1),
    )
    by_hand = (
        ManualMeasurement(
            "goniometer", 21.4, "deg", "t1", View.CORONAL, 7, (), item=8, side=Side.RIGHT, rater="Dr. Adler"
        ),
        ManualMeasurement("distance", 40.0, "px", "t1", View.CORONAL, 7, ()),
    )
    texts = Texts("Walks on his toes.\n\nFalls often.", "", "See again in May <soon>")
    return Document(measures.session, (), grades, images, by_hand, texts)


def words(path: Path) -> str:
    return pdf.in_one_line(" ".join(pdf.page_texts(path)))


def test_texts_grades_and_key_images_are_printed(
    measures: Measures, document: Document, settings: dict[str, Any], tmp_path: Path
) -> None:
    path, asked = tmp_path / "r.pdf", []

    def pictures(trial: str, view: View, frame: int) -> Any:
        asked.append((trial, view, frame))
        return settings["pictures"](trial, view, frame)

    pdf.write_report(path, measures, document=document, **{**settings, "pictures": pictures})
    text = words(path)
    assert "Findings Walks on his toes. Falls often. Plan See again in May <soon>" in text
    assert "Impression" not in text
    assert "By Dr. Adler: left 2 of 2 (1 of 17 items) right 0 of 0 (0 of 17 items)" in text
    assert "left: early heel rise" in text
    assert "By Dr. Berger" in text
    assert "21.4° with the goniometer" in text
    assert "40.0" not in text
    assert "Toe walking <left> & right" in text
    assert ("t1", View.CORONAL, 3) in asked


def test_without_a_document_nothing_is_added(
    measures: Measures, settings: dict[str, Any], tmp_path: Path
) -> None:
    pdf.write_report(tmp_path / "r.pdf", measures, **settings)
    text = words(tmp_path / "r.pdf")
    for heading in ("Findings and plan", "Grades given by a person", "Key images"):
        assert heading not in text


def test_an_anonymous_report_keeps_the_grades_and_nobodys_words(
    measures: Measures, document: Document, settings: dict[str, Any], tmp_path: Path
) -> None:
    pdf.write_report(
        tmp_path / "r.pdf", measures, document=document, options=ReportOptions(anonymous=True), **settings
    )
    text = words(tmp_path / "r.pdf")
    assert "By rater 1: left 2 of 2" in text
    for secret in ("Adler", "Berger", "Walks on his", "early heel rise", "Toe walking", "See again"):
        assert secret not in text


def test_a_missing_video_leaves_the_caption(
    measures: Measures, document: Document, settings: dict[str, Any], tmp_path: Path
) -> None:
    pdf.write_report(
        tmp_path / "r.pdf", measures, document=document, **{**settings, "pictures": lambda *where: None}
    )
    assert "no picture. Toe walking" in words(tmp_path / "r.pdf")


def test_the_latest_grade_of_a_rater_counts(measures: Measures, document: Document) -> None:
    own = latest_grades(document, "Dr. Adler")
    assert own[3, Side.LEFT].score == 2
    items = [m.item for m in measures.evgs.measures.left]
    assert total_of(items, own, Side.LEFT).startswith("2 of 2 (1 of")
