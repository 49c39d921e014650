from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from gaitviewer.core.document import Document, Texts
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import ByView, Side
from gaitviewer.core.output import Provenance
from gaitviewer.core.progress import no_progress
from gaitviewer.core.report_options import ReportOptions
from gaitviewer.core.session import Rating, coarse_age
from gaitviewer.formats.assessment import schema
from gaitviewer.report.preview import open_pdf
from gaitviewer.workflow.analysis.measure import measure_document
from gaitviewer.workflow.results.export import write_results
from tests.support import pdf

CORE = Provenance("measures", "", "5a" * 32, "1", "cpu", "2019-05-17T09:41:00+00:00", 1.0)
SECRETS = ("2019-", "20190517", "Adler", "Berger", "early rise", "Falls often", "harbour")
A_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@pytest.fixture(scope="module")
def graded(walker_document: Document) -> Document:
    data = walker_document.trials[0]
    return replace(
        walker_document,
        session=replace(
            walker_document.session,
            when=date(2019, 5, 17),
            age_years=10.811773,
            gmfcs=Rating("II", "Dr. Berger", date(2019, 5, 16)),
            note="lives near the harbour",
        ),
        trials=(replace(data, provenance=ByView(CORE, CORE)),),
        grades=(Grade(3, Side.LEFT, 1, "Dr. Adler", "2019-05-17T10:00:00+00:00", "early rise"),),
        texts=Texts("Falls often."),
    )


@pytest.fixture(scope="module")
def folder(graded: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("anonymous")
    write_results(
        out, graded, measure_document(graded), core=CORE,
        options=ReportOptions(anonymous=True, sections=frozenset({"review"})), tick=no_progress,
    )  # fmt: skip
    return out


def test_the_assessment_tells_no_day_and_no_name(folder: Path) -> None:
    text = (folder / "assessment.json").read_text(encoding="utf-8")
    assert not A_DAY.findall(text)
    assert not [secret for secret in SECRETS if secret in text]
    found = json.loads(text)
    jsonschema.validate(found, schema(2))
    assert re.fullmatch(r"\d{4}", found["made_utc"])
    assert found["core"]["when"] == "2019"
    assert {entry["when"] for entry in found["provenance"]} == {"2019"}
    grade = found["grades"][0]
    assert (grade["rater"], grade["when"], grade["note"], grade["score"]) == ("rater 1", "2019", "", 1)


def test_the_report_itself_tells_no_day_and_no_name(folder: Path) -> None:
    data = (folder / "report.pdf").read_bytes()
    assert not [secret for secret in SECRETS if secret.encode() in data]
    with open_pdf(data) as file:
        told = file.get_metadata_dict()
    assert re.fullmatch(r"D:\d{4}", told["CreationDate"])
    assert told["ModDate"] == told["CreationDate"]
    assert told["Title"] == "Gait assessment anonymous"
    assert told["Author"] in ("", "(anonymous)")


def test_no_other_file_tells_a_day_or_a_name(folder: Path) -> None:
    for path in folder.iterdir():
        data = path.read_bytes()
        assert not [secret for secret in SECRETS if secret.encode() in data], path.name


def test_the_age_is_coarse_and_no_digest_leads_to_a_video(folder: Path, graded: Document) -> None:
    found = json.loads((folder / "assessment.json").read_text(encoding="utf-8"))
    assert found["session"]["age_years"] == 10
    assert found["core"]["inputs_digest"] == ""
    assert {made["inputs_digest"] for made in found["provenance"]} == {""}
    videos = [video for trial in found["trials"] for video in trial["videos"].values() if video]
    assert len(videos) == 2
    assert {video["sha256"] for video in videos} == {""}
    data = graded.trials[0].trial.videos
    digests = [stream.sha256 for stream in (data.sagittal, data.coronal)]
    secrets = ["10.811773", "10.8years", CORE.inputs_digest, *digests]
    printed = pdf.in_one_line("".join(pdf.page_texts(folder / "report.pdf")))
    assert "10 years" in printed
    for secret in secrets:
        # A long word is broken over lines.
        assert secret not in printed.replace(" ", "")
        assert not [path.name for path in folder.iterdir() if secret.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("exact", "told"),
    [
        (None, None),
        (10.9999, 10),
        (10.0, 10),
        (3.0, 3),
        (3.99, 3),
        (2.9999, 35 / 12),
        (0.5, 0.5),
        (0.05, 0),
    ],
)
def test_ages_are_whole_years_and_below_three_whole_months(exact: float | None, told: float | None) -> None:
    assert coarse_age(exact) == told
    assert coarse_age(told) == told


def test_with_names_everything_is_kept(graded: Document, tmp_path: Path) -> None:
    write_results(
        tmp_path, graded, measure_document(graded), core=CORE,
        options=ReportOptions(sections=frozenset({"review"})), tick=no_progress,
    )  # fmt: skip
    found = json.loads((tmp_path / "assessment.json").read_text(encoding="utf-8"))
    assert found["core"]["when"] == CORE.when
    assert found["grades"][0]["rater"] == "Dr. Adler"
    assert A_DAY.match(found["made_utc"])
    assert found["core"]["inputs_digest"] == CORE.inputs_digest
    assert found["session"]["age_years"] == 10.811773
    printed = "".join(pdf.page_texts(tmp_path / "report.pdf"))
    assert CORE.inputs_digest[:16] in printed
