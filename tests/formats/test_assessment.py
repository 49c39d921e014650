from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jsonschema
import pytest

from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import Provenance
from gaitviewer.core.session import Affected
from gaitviewer.errors import FormatError
from gaitviewer.formats import assessment
from gaitviewer.formats.assessment import read_assessment, schema, write_assessment
from gaitviewer.messages import message, named

WHEN = "2024-03-01T10:00:00+00:00"


def written(tmp_path: Path, measures: Measures, document: Document | None = None) -> dict:
    path = tmp_path / "assessment.json"
    write_assessment(path, measures, document, made_utc=WHEN)
    return json.loads(path.read_text(encoding="utf-8"))


def without_models(found: dict) -> dict:
    """An assessment of version 2 as it is read."""
    return found | {"schema_version": 3, "models": [], "explanations": None}


def test_the_schema_is_one_and_knows_every_field() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema()["properties"]["schema_version"] == {"const": assessment.VERSION}


def test_what_is_written_is_valid_and_comes_back(
    tmp_path: Path, measures: Measures, document: Document
) -> None:
    found = written(tmp_path, measures, document)
    jsonschema.Draft202012Validator(schema(found["schema_version"])).validate(found)
    assert read_assessment(tmp_path / "assessment.json") == without_models(found)


def test_what_computed_it_is_named(measures: Measures) -> None:
    core = Provenance("measuring core", "", "ef" * 32, "0.1.0", "cpu", WHEN, float("nan"))
    found = assessment.assessment(measures, core=core)
    jsonschema.Draft202012Validator(schema(assessment.WITHOUT_MODELS)).validate(found)
    assert (found["core"]["inputs_digest"], found["core"]["seconds"]) == ("ef" * 32, None)


def test_without_a_document_it_is_valid_too(tmp_path: Path, measures: Measures) -> None:
    found = written(tmp_path, measures)
    jsonschema.Draft202012Validator(schema(assessment.WITHOUT_MODELS)).validate(found)
    assert found["grades"] == found["provenance"] == []


def test_what_could_not_be_measured_is_null_with_the_reason(tmp_path: Path, measures: Measures) -> None:
    found = written(tmp_path, measures)
    assert "NaN" not in (tmp_path / "assessment.json").read_text(encoding="utf-8")
    right = found["evgs"]["right"][0]
    assert (right["score"], right["value"], right["probabilities"]) == (None, None, None)
    assert right["reason"] == "the limb was not seen"
    assert found["kinematics"][0]["sd"] == [None] * 101
    assert found["patterns"]["right"]["knee_z"] is None
    assert found["parameters"][0]["values"] == {"left": {"mean": 120.0, "sd": None, "count": 1}, "right": None}
    assert found["trials"][0]["sync"]["sigma_s"] is None


def test_a_score_carries_its_evidence(tmp_path: Path, measures: Measures, document: Document) -> None:
    found = written(tmp_path, measures, document)
    left = found["evgs"]["left"][1]
    assert (left["number"], left["code"], left["score"], left["value"]) == (2, "HL", 0, -3.25)
    assert left["probabilities"] == [0.7, 0.2, 0.1]
    (picture,) = left["evidence"]
    assert (picture["trial"], picture["view"], picture["frame"]) == ("t1", "sagittal", 12)
    assert picture["stride"] in [stride["key"] for stride in found["strides"]]
    assert found["evgs"]["totals"]["left"] == {"score": 0, "maximum": 2, "items_seen": 2, "items": 2}
    assert found["provenance"][0]["model"] == "mediapipe 0.10.21"
    assert found["grades"][0]["rater"] == "A"


def test_folders_of_videos_stay_private(tmp_path: Path, measures: Measures, document: Document) -> None:
    written(tmp_path, measures, document)
    text = (tmp_path / "assessment.json").read_text(encoding="utf-8")
    assert "Lena" not in text
    assert '"side.mp4"' in text
    assert "≥ unilateral" in text


def test_a_field_that_nobody_announced_is_invalid(tmp_path: Path, measures: Measures) -> None:
    found = written(tmp_path, measures)
    for place in (found, found["session"], found["evgs"]["left"][0], found["strides"][0]):
        place["surprise"] = 1
        assert not jsonschema.Draft202012Validator(schema(assessment.WITHOUT_MODELS)).is_valid(found)
        del place["surprise"]
    assert jsonschema.Draft202012Validator(schema(assessment.WITHOUT_MODELS)).is_valid(found)
    found["evgs"]["right"][0]["reason"] = ""
    assert not jsonschema.Draft202012Validator(schema(assessment.WITHOUT_MODELS)).is_valid(found)


def test_older_versions_are_brought_up_to_date(
    tmp_path: Path, measures: Measures, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, measures)
    path = tmp_path / "assessment.json"
    now = assessment.VERSION
    for version in (now, now + 1):
        step = lambda found, v=version: found | {"schema_version": v + 1, "steps": [*found.get("steps", ()), v]}  # noqa: E731
        monkeypatch.setitem(assessment.UPGRADES, version, step)
    monkeypatch.setattr(assessment, "VERSION", now + 2)
    newer = schema(now)
    newer["properties"] |= {"schema_version": {"const": now + 2}, "steps": {"const": [now, now + 1]}}
    monkeypatch.setattr(assessment, "schema", lambda: newer)
    assert read_assessment(path)["steps"] == [now, now + 1]


def test_what_is_said_stands_in_sentences_with_its_code(tmp_path: Path, measures: Measures) -> None:
    rate = message("finding.frame_rate.too_low", view=named(View.SAGITTAL), rate_hz=12.5, frame_ms=80.0)
    finding = dataclasses.replace(
        measures.quality[0], text=rate, advice=message("finding.frame_rate.too_low_advice")
    )
    found = written(
        tmp_path, dataclasses.replace(measures, quality=(finding,), speed_note=message("note.speed.assumed"))
    )
    told = found["quality"][0]
    assert told["topic"] == "frame rate"
    assert told["text"].startswith("The side view has 12 frames per second: too few to see a contact")
    assert told["advice"] == "Record at 60 frames per second or more."
    assert told["code"] == "finding.frame_rate.too_low"
    assert found["speed"]["note"].startswith("norms for free speed are assumed")
    assert {measure["reason_code"] for measure in found["evgs"]["left"]} == {""}
    assert {measure["reason_code"] for measure in found["evgs"]["right"]} == {"as_written"}
    assert found["patterns"]["left"]["label"] == "true equinus"


@pytest.mark.parametrize(("then", "now"), [(None, "not stated"), ("left", "left"), ("right", "right")])
def test_both_neither_and_not_stated_of_version_1_say_nothing(
    tmp_path: Path, measures: Measures, then: str | None, now: str
) -> None:
    found = written(tmp_path, measures)
    old = found | {"schema_version": 1}
    old["session"]["subject"]["affected"] = then
    for trial in old["trials"]:
        if trial["sync"] is not None:
            del trial["sync"]["exchanged_s"]  # was not told then
    for item in old["evgs"]["items"]:
        del item["unit_means"]
    for finding in old["quality"]:
        del finding["code"]
    for pattern in old["patterns"].values():
        del pattern["probabilities"]
    for measure in (*old["evgs"]["left"], *old["evgs"]["right"]):
        del measure["reason_code"]
    jsonschema.Draft202012Validator(schema(1)).validate(old)
    assert assessment.parse_assessment(json.dumps(old))["session"]["subject"]["affected"] == now


@pytest.mark.parametrize("affected", list(Affected))
def test_sides_affected_are_told_apart(tmp_path: Path, measures: Measures, affected: Affected) -> None:
    subject = dataclasses.replace(measures.session.subject, affected=affected)
    told = dataclasses.replace(measures, session=dataclasses.replace(measures.session, subject=subject))
    found = written(tmp_path, told)
    assert read_assessment(tmp_path / "assessment.json") == without_models(found)
    assert found["session"]["subject"]["affected"] == affected.value


def test_there_is_an_upgrade_and_a_schema_for_every_version() -> None:
    assert set(assessment.UPGRADES) == set(range(1, assessment.VERSION))
    for version in range(1, assessment.VERSION + 1):
        assert schema(version)["properties"]["schema_version"] == {"const": version}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no schema_version"),
        ('{"schema_version": true}', "no schema_version"),
        ('{"schema_version": 0}', "no schema_version"),
        ('{"schema_version": 4}', "update the program"),
        ('{"schema_version": 1}', "not a valid assessment"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "assessment.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=words):
        read_assessment(path)


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="does not exist"):
        read_assessment(tmp_path / "none.json")
    with pytest.raises(FormatError, match="cannot be opened"):
        read_assessment(tmp_path)
    (tmp_path / "b.json").write_bytes(b"\xff")
    with pytest.raises(FormatError, match="UTF-8"):
        read_assessment(tmp_path / "b.json")


def test_a_value_without_a_place_is_a_bug_not_a_guess() -> None:
    from gaitviewer.formats import _assessment_parts

    for value in ({"a": 1}, Path("/home/anna"), [Path("anna.mp4")]):
        with pytest.raises(TypeError, match="no place"):
            _assessment_parts.plain(value)
    with pytest.raises(TypeError, match="cannot be written"):
        _assessment_parts.plain({1}.pop)


def test_items_of_earlier_files_need_not_say_what_their_unit_counts(tmp_path: Path, measures: Measures) -> None:
    found = written(tmp_path, measures)
    for item in found["evgs"]["items"]:
        del item["unit_means"]
    assert assessment.parse_assessment(json.dumps(found)) == without_models(found)


def test_a_belt_and_another_person_are_told_only_where_they_are(tmp_path: Path, measures: Measures) -> None:
    (motion, *others) = measures.motions
    seen = motion.views.sagittal
    assert seen is not None
    told = written(tmp_path, measures)
    view = dataclasses.replace(
        seen,
        passes=tuple(dataclasses.replace(one, belt_px_s=310.0) for one in seen.passes),
        strides=tuple(dataclasses.replace(one, beside=True) for one in seen.strides),
    )
    moved = dataclasses.replace(motion, views=ByView(view, motion.views.coronal))
    found = written(tmp_path, dataclasses.replace(measures, motions=(moved, *others)))
    jsonschema.Draft202012Validator(schema(assessment.WITHOUT_MODELS)).validate(found)
    assert "belt_px_s" in json.dumps(found)
    assert any(one.get("beside") for one in found["strides"])
    assert not any(word in json.dumps(told) for word in ("belt_px_s", '"beside"'))
