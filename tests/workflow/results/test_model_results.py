"""Result files where learned models were asked: answers, maps, and nothing that leads to a person."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from gaitviewer.core.document import Document
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import SYNTHETIC_STATEMENT, Answer, Provenance
from gaitviewer.core.progress import no_progress
from gaitviewer.core.report_options import MODEL_SECTIONS, ReportOptions
from gaitviewer.formats import read_assessment, read_explanations
from gaitviewer.formats.assessment import schema
from gaitviewer.workflow.analysis.measure import measure_document
from gaitviewer.workflow.results.export import map_rows, write_results
from tests.support import made_up_answers, pdf

CORE = Provenance("measures", "", "5a" * 32, "1", "cpu", "2019-05-17T09:41:00+00:00", 1.0)


@pytest.fixture(scope="module")
def measures(walker_document: Document) -> Measures:
    return measure_document(walker_document)


def write(
    folder: Path, document: Document, measures: Measures, *answers: Answer, anonymous: bool = False
) -> list[str]:
    options = ReportOptions(anonymous=anonymous, sections=MODEL_SECTIONS)
    files = write_results(
        folder, document, measures, core=CORE, options=options, answers=answers, tick=no_progress
    )
    return [path.name for path in files]


def test_answers_and_maps_go_with_the_results(
    walker_document: Document, measures: Measures, tmp_path: Path
) -> None:
    names = write(tmp_path, walker_document, measures, *made_up_answers.all_three())
    assert names[-1] == "explanations.npz"
    found = read_assessment(tmp_path / "assessment.json")
    assert [one["task"] for one in found["models"]] == ["severity", "scoliosis", "evgs"]
    arrays = tmp_path / "explanations.npz"
    assert found["explanations"]["sha256"] == hashlib.sha256(arrays.read_bytes()).hexdigest()
    assert "severity.saliency.0.values" in read_explanations(arrays)
    pages = pdf.page_texts(tmp_path / "report.pdf")
    assert SYNTHETIC_STATEMENT not in pages[0]
    assert "right knee 0.0368" in pdf.in_one_line(" ".join(pages))


def test_without_answers_the_files_are_those_of_before(
    walker_document: Document, measures: Measures, tmp_path: Path
) -> None:
    names = write(tmp_path, walker_document, measures)
    assert "explanations.npz" not in names
    found = json.loads((tmp_path / "assessment.json").read_text(encoding="utf-8"))
    assert found["schema_version"] == 2
    jsonschema.Draft202012Validator(schema(2)).validate(found)


def test_answers_without_maps_need_no_second_file(
    walker_document: Document, measures: Measures, tmp_path: Path
) -> None:
    assert "explanations.npz" not in write(tmp_path, walker_document, measures, made_up_answers.silent("evgs"))
    assert read_assessment(tmp_path / "assessment.json")["explanations"] is None


def test_anonymous_results_tell_no_day_and_no_inputs_of_a_model(
    walker_document: Document, measures: Measures, tmp_path: Path
) -> None:
    write(tmp_path, walker_document, measures, *made_up_answers.all_three(), anonymous=True)
    text = (tmp_path / "assessment.json").read_text(encoding="utf-8")
    assert not re.findall(r"\d{4}-\d{2}-\d{2}", text)
    for one in json.loads(text)["models"]:
        assert (one["provenance"]["when"], one["provenance"]["inputs_digest"]) == ("2026", "")
    words = pdf.in_one_line(" ".join(pdf.page_texts(tmp_path / "report.pdf")))
    assert "2026-11" not in words
    assert "asked 2026 on cpu" in words


def test_an_old_answer_of_an_anonymous_report_says_only_the_year(
    walker_document: Document, measures: Measures, tmp_path: Path
) -> None:
    old = replace(made_up_answers.severity(), out_of_date=True)
    write(tmp_path, walker_document, measures, old, anonymous=True)
    words = pdf.in_one_line(" ".join(pdf.page_texts(tmp_path / "report.pdf")))
    assert "than when it was asked (2026)" in words


def test_every_row_of_the_map_has_a_title_and_a_group() -> None:
    rows = map_rows()
    assert tuple(row.name for row in rows) == made_up_answers.FEATURES
    assert all(row.title and row.unit for row in rows)
    assert list(dict.fromkeys(row.group for row in rows)) == ["motion", "self-skeleton", "cross-correlation"]
