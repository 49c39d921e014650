"""Asking a model: gates, provenance, refusals; the systems themselves have their own tests."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.measures import FindingSeverity, Measures, QualityFinding
from gaitviewer.core.output import SYNTHETIC_STATEMENT, UNTOLD, ModelOutput, Opinion, Provenance
from gaitviewer.errors import SettingsError
from gaitviewer.inference import predict as asking
from gaitviewer.inference.abstention import abstention_table, describe, learn_distribution, quality_reason
from gaitviewer.inference.models import choose_default, list_models, user_folder
from gaitviewer.messages import NOTHING, as_written, message
from gaitviewer.nets.card import write_model
from gaitviewer.workflow.analysis.measure import measure_document
from gaitviewer.workflow.app import settings

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def measures(walker_document: Document) -> Measures:
    return measure_document(walker_document)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a model that learned from sessions like the given description."""

    def make(about: np.ndarray | None = None, task: str = "severity", people: int = 0) -> Path:
        extra = {}
        if about is not None:
            rng = np.random.default_rng(0)
            known = [about + rng.normal(0, 3.0, about.shape) for _ in range(60)]
            familiar = learn_distribution(known[:40], known[40:])
            values = {"mean": familiar.mean, "covariance": familiar.covariance, "limit": familiar.limit}
            extra = {f"familiar.{name}": torch.tensor(np.array(value)) for name, value in values.items()}
        facts = {
            "id": f"{task}-9", "task": task, "title": "t", "synthetic": True, "statement": SYNTHETIC_STATEMENT,
            "outputs": ["severity"], "classes": ["1", "2"], "licence": "Apache-2.0", "intended_use": "tests",
            "data": {"subjects": {"train": people}},
        }  # fmt: skip
        write_model(tmp_path / f"{task}-9", {"w": torch.ones(2)}, facts, extra=extra)
        return tmp_path / f"{task}-9"

    return make


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """A system that always answers; keeps what it was asked with."""
    asked: list[dict[str, object]] = []

    def predict(document: Document, measures: Measures, **rest: object) -> ModelOutput:
        asked.append(rest)
        opinion = Opinion("severity", ("1", "2"), (0.25, 0.75))
        return ModelOutput("", (opinion,), Provenance("", "", "", "", "", "", 0.0), False, texts=("one",))

    monkeypatch.setitem(sys.modules, "toy_system", SimpleNamespace(predict=predict))  # type: ignore[arg-type]
    monkeypatch.setattr(asking, "SYSTEMS", {"severity": "toy_system"})
    return asked


def test_the_answer_carries_statement_and_provenance(
    walker_document: Document, measures: Measures, write: Write, system: list[dict[str, object]]
) -> None:
    output = asking.predict(walker_document, measures, model=write(describe(measures)), precision="bf16")
    assert output.opinions[0].probabilities == (0.25, 0.75)
    assert output.model == "severity-9"
    assert output.synthetic  # whatever the system said
    assert output.statement == SYNTHETIC_STATEMENT
    made = output.provenance
    assert len(made.weights_digest) == 64
    assert made.device == "cpu bf16"
    assert made.seconds > 0
    assert system[0]["precision"] == "bf16"
    plain = asking.output_as_json(output)
    assert plain["statement"] == SYNTHETIC_STATEMENT
    assert plain["opinions"][0]["probabilities"] == {"1": 0.25, "2": 0.75}


def test_a_model_that_learned_from_few_says_so_with_each_answer(
    walker_document: Document, measures: Measures, write: Write, system: list[dict[str, object]]
) -> None:
    enough = abstention_table().few.people
    for people, words in (
        (48, f"{SYNTHETIC_STATEMENT}; learned from 48 people only"),
        (enough, SYNTHETIC_STATEMENT),
    ):
        folder = write(people=people)
        for seen in (measures, replace(measures, motions=())):  # with an opinion and without
            output = asking.predict(walker_document, seen, model=folder)
            assert output.statement == words
            assert asking.output_as_json(output)["statement"] == words


@pytest.mark.parametrize("given", [(-0.2, 1.2), (0.5, 0.9), (float("nan"), 1.0), (1.0,)])
def test_what_no_probability_can_be_is_a_defect_and_no_answer(
    walker_document: Document,
    measures: Measures,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    given: tuple[float, ...],
) -> None:
    def predict(*args: object, **rest: object) -> ModelOutput:
        return ModelOutput("", (Opinion("severity", ("1", "2"), given),), UNTOLD, False)

    monkeypatch.setitem(sys.modules, "toy_system", SimpleNamespace(predict=predict))  # type: ignore[arg-type]
    monkeypatch.setattr(asking, "SYSTEMS", {"severity": "toy_system"})
    with pytest.raises(ValueError, match="probabilities"):
        asking.predict(walker_document, measures, model=write())


def test_other_inputs_or_weights_have_another_digest(
    walker_document: Document, measures: Measures, write: Write, system: list[dict[str, object]]
) -> None:
    folder = write()
    first = asking.predict(walker_document, measures, model=folder).provenance.inputs_digest
    assert asking.predict(walker_document, measures, model=folder).provenance.inputs_digest == first
    other = replace(walker_document, session=replace(walker_document.session, height_m=1.7))
    assert asking.predict(other, measures, model=folder).provenance.inputs_digest != first
    assert (
        asking.predict(walker_document, measures, model=write(describe(measures))).provenance.inputs_digest
        != first
    )


def test_strangers_get_no_opinion(
    walker_document: Document, measures: Measures, write: Write, system: list[dict[str, object]]
) -> None:
    output = asking.predict(walker_document, measures, model=write(describe(measures) + 40.0))
    assert output.opinions[0].probabilities is None
    assert output.opinions[0].reason.code == "reason.unlike_learned"
    assert system == []
    assert output.statement == SYNTHETIC_STATEMENT
    assert asking.output_as_json(output)["opinions"][0]["probabilities"] is None


def test_refused_recordings_get_no_opinion(
    walker_document: Document, measures: Measures, write: Write, system: list[dict[str, object]]
) -> None:
    def refused(view: View, topic: str = "frame_rate") -> QualityFinding:
        return QualityFinding(
            FindingSeverity.REFUSED, message(f"topic.{topic}"), as_written("too slow"), trial="t1", view=view
        )

    assert quality_reason(measures, "severity") == NOTHING
    one = replace(measures, quality=(refused(View.SAGITTAL),))
    assert quality_reason(one, "severity") == NOTHING  # the other view is still there
    other = replace(measures, quality=(refused(View.SAGITTAL, "sides"), refused(View.CORONAL, "sides")))
    assert quality_reason(other, "severity") == NOTHING  # a topic that concerns single items only
    both = replace(measures, quality=(refused(View.SAGITTAL), refused(View.CORONAL)))
    output = asking.predict(walker_document, both, model=write())
    assert output.opinions[0].reason == message("reason.recording_not_good_enough", why=as_written("too slow"))
    assert system == []
    nothing = replace(measures, motions=())
    assert quality_reason(nothing, "severity")["strides"] == 0


def test_many_sessions_with_one_reading_of_the_weights(
    walker_document: Document, measures: Measures, write: Write, system: list[dict[str, object]]
) -> None:
    case = asking.Case(walker_document, measures)
    answers = list(asking.predict_many([case, case, case], model=write()))
    assert len(answers) == 3
    assert len({id(asked["model"]) for asked in system}) == 1


def test_models_are_found_by_id_and_task(
    walker_document: Document, measures: Measures, write: Write, system: list[dict[str, object]]
) -> None:
    shutil.copytree(write(), user_folder() / "severity-9")
    assert asking.predict(walker_document, measures, model="severity-9").model == "severity-9"
    # A new model is never asked by itself: a person chooses it.
    assert asking.predict(walker_document, measures, model="severity").model == "severity-3"
    chosen = choose_default(next(one for one in list_models() if one.id == "severity-9"), ("severity-3", "x"))
    assert chosen == ("severity-9",)
    settings.save(settings.change(settings.load(), default_models=(*chosen, "evgs-1")))
    assert asking.predict(walker_document, measures, model="severity").model == "severity-9"


def test_impossible_wishes_are_told(
    walker_document: Document, measures: Measures, write: Write, system: list[dict[str, object]]
) -> None:
    folder = write()
    wishes = [
        ({"device": "abacus"}, "no device"),
        ({"precision": "int1"}, "precision"),
        ({"model": "x"}, "no model x"),
    ]
    if not torch.cuda.is_available():
        wishes.append(({"device": "cuda"}, "No CUDA device"))
    for changes, words in wishes:
        with pytest.raises(SettingsError, match=words):
            asking.predict(walker_document, measures, **{"model": folder, **changes})  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="no learned system"):
        asking.predict(walker_document, measures, model=write(task="evgs"))


def test_familiar_survives_gaps_and_few_sessions() -> None:
    rng = np.random.default_rng(1)
    table = rng.normal(size=(12, 36))
    table[:, 0] = np.nan
    table[::3, 5:20] = np.nan
    familiar = learn_distribution(list(table[:9]), list(table[9:]))
    assert np.linalg.eigvalsh(familiar.covariance).min() > 0
    assert familiar.limit > 0
    assert all(familiar.reason(row) == NOTHING for row in table[9:])
