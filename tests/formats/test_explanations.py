"""What learned models said, in ``assessment.json`` and as arrays."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from gaitviewer.core.document import Document
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import SYNTHETIC_STATEMENT, Answer
from gaitviewer.errors import FormatError
from gaitviewer.formats import assessment_text, read_explanations, write_assessment, write_explanations
from gaitviewer.formats.assessment import assessment, read_assessment, schema
from gaitviewer.formats.explanations import explanation_bytes
from gaitviewer.messages import as_written
from tests.support import made_up_answers as made

WHEN = "2026-11-29T10:00:00+00:00"


def written(tmp_path: Path, measures: Measures, *answers: Answer) -> dict[str, Any]:
    path = tmp_path / "assessment.json"
    write_assessment(path, measures, made_utc=WHEN, answers=answers)
    found = json.loads(path.read_text(encoding="utf-8"))
    if answers:
        jsonschema.Draft202012Validator(schema(3)).validate(found)
        assert read_assessment(path) == found
    return dict(found)


def test_without_answers_nothing_changes(tmp_path: Path, measures: Measures) -> None:
    found = written(tmp_path, measures)
    assert found["schema_version"] == 2
    assert not {"models", "explanations"} & set(found)
    asked = written(tmp_path, measures, *made.all_three())
    assert asked["schema_version"] == 3
    added = {"schema_version", "models", "explanations"}
    assert {k: v for k, v in asked.items() if k not in added} == {
        k: v for k, v in found.items() if k not in added
    }


def test_what_is_signed_holds_no_model(measures: Measures, document: Document) -> None:
    assert json.loads(assessment_text(measures, document))["schema_version"] == 2
    assert SYNTHETIC_STATEMENT not in assessment_text(measures, document)


def test_every_answer_with_its_numbers_and_origin(tmp_path: Path, measures: Measures) -> None:
    answers = made.all_three()
    found = written(tmp_path, measures, *answers)
    assert [one["task"] for one in found["models"]] == ["severity", "scoliosis", "evgs"]
    for one, answer in zip(found["models"], answers, strict=True):
        output = answer.output
        assert one["statement"] == SYNTHETIC_STATEMENT
        assert (one["model"], one["synthetic"], one["out_of_date"]) == (output.model, True, False)
        for row, opinion in zip(one["opinions"], output.opinions, strict=True):
            assert (row["name"], row["label"]) == (opinion.name, opinion.label)
            assert (row["reason"], row["reason_code"]) == (str(opinion.reason), opinion.reason.code)
            if opinion.probabilities is None:
                assert row["probabilities"] is None
                assert row["reason"]
            else:
                assert list(row["probabilities"]) == list(opinion.classes)
                assert list(row["probabilities"].values()) == pytest.approx(opinion.probabilities, abs=1e-6)
        assert one["provenance"]["inputs_digest"] == output.provenance.inputs_digest
        assert one["provenance"]["when"] == output.provenance.when
        assert one["texts"] == list(output.texts)
        assert one["origin"]["limits"] == list(made.LIMITS)
    severity, scoliosis, _ = found["models"]
    assert severity["basis"][0]["value"] == 9.4
    assert severity["basis"][1]["error"] is None  # not known
    assert severity["ranking"][0] == ["left_knee", 0.012, 0.01, 0.0137]
    assert severity["findings"][0]["norm"] == 57.3
    assert scoliosis["findings"][0]["feature"] == "shoulder_tilt"


def test_no_map_is_in_the_text_and_each_is_in_the_file(tmp_path: Path, measures: Measures) -> None:
    answers = made.all_three()
    found = written(tmp_path, measures, *answers)
    assert len(json.dumps(found["models"])) < 30_000  # names, not numbers
    path = tmp_path / "explanations.npz"
    write_explanations(path, answers)
    assert found["explanations"] == {
        "file": "explanations.npz", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()
    }  # fmt: skip
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    assert {name: value.tobytes() for name, value in read_explanations(path).items()} == {
        name: value.tobytes() for name, value in arrays.items()
    }
    named = [row["array"] for one in found["models"] for row in one["maps"]]
    kinds = (
        "severity.saliency",
        "scoliosis.values",
        "scoliosis.importance",
        "evgs.attention",
        "evgs.occlusion",
    )
    assert named == [f"{kind}.0" for kind in kinds]
    assert {name.rpartition(".")[0] for name in arrays} == set(named)
    severity, scoliosis, evgs = (answer.output for answer in answers)
    np.testing.assert_array_equal(arrays["severity.saliency.0.values"], severity.saliency[0].values)
    assert tuple(arrays["severity.saliency.0.keypoints"]) == severity.saliency[0].keypoints
    np.testing.assert_array_equal(arrays["scoliosis.importance.0.values"], scoliosis.maps[1].values)
    np.testing.assert_array_equal(arrays["scoliosis.importance.0.times_s"], scoliosis.maps[1].times_s)
    assert tuple(arrays["scoliosis.values.0.features"]) == scoliosis.maps[0].features
    assert np.isnan(arrays["scoliosis.values.0.cycle"]).all()
    np.testing.assert_array_equal(arrays["evgs.attention.0.values"], evgs.attention[0].values)  # NaN = pruned
    assert tuple(arrays["evgs.occlusion.0.box_px"]) == evgs.attention[1].box_px
    rows = {row["array"]: row for one in found["models"] for row in one["maps"]}
    assert rows["evgs.occlusion.0"]["target"] == "9 KEX left"
    assert rows["severity.saliency.0"]["layer"] == "block 4 of 10"
    assert rows["scoliosis.importance.0"]["view"] == "coronal"


def test_the_same_answers_give_the_same_file() -> None:
    assert explanation_bytes(made.all_three()) == explanation_bytes(made.all_three())


def test_answers_without_maps_have_no_file(tmp_path: Path, measures: Measures) -> None:
    silent = [made.silent(task, as_written("the child ran")) for task in ("severity", "evgs", "scoliosis")]
    found = written(tmp_path, measures, *silent)
    assert found["explanations"] is None
    assert {row["reason"] for one in found["models"] for row in one["opinions"]} == {"the child ran"}
    assert all(one["maps"] == [] for one in found["models"])


def test_values_that_are_not_known_are_null_and_not_a_crash(tmp_path: Path, measures: Measures) -> None:
    answer = made.severity()
    opinion = replace(answer.output.opinions[0], probabilities=(math.nan, 0.5, 0.25, 0.25))
    broken = replace(answer, output=replace(answer.output, opinions=(opinion,)), out_of_date=True)
    (one,) = written(tmp_path, measures, broken)["models"]
    assert one["opinions"][0]["probabilities"] is None
    assert one["out_of_date"] is True
    assert "NaN" not in (tmp_path / "assessment.json").read_text(encoding="utf-8")


def test_version_3_is_version_2_with_models() -> None:
    """Whatever is added to one of them belongs into the other, too."""
    newer, older = schema(3), schema(2)
    for name in ("models", "explanations"):
        del newer["properties"][name]
        newer["required"].remove(name)
    for name in ("answer", "opinion"):
        del newer["$defs"][name]
    newer["title"], newer["properties"]["schema_version"] = (
        older["title"],
        older["properties"]["schema_version"],
    )
    assert newer == older


def test_a_version_of_today_without_its_models_is_refused(measures: Measures) -> None:
    found = assessment(measures, answers=made.all_three())
    del found["models"][0]["statement"]
    checker = jsonschema.Draft202012Validator(schema(3))
    assert not checker.is_valid(found)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 and nothing", b"\x93NUMPY"])
def test_damaged_arrays_are_refused_in_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "explanations.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FormatError, match=r"explanations.npz cannot be read as explanations"):
        read_explanations(path)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "explanations.npz"
    np.savez(path, bad=np.array([{"a": 1}], dtype=object))
    with pytest.raises(FormatError, match="cannot be read"):
        read_explanations(path)
