"""A severity model judged as it is used, and gates that close, on fresh children of the synthetic cohort."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaitviewer import paths
from gaitviewer.cli import main
from gaitviewer.core.learning import LabelledSession
from gaitviewer.inference.models import default_model, open_model
from gaitviewer.inference.predict import abstention
from gaitviewer.research.cohort.make import SyntheticCohort, make_cohort
from gaitviewer.research.training.as_used import Told, counts_of, format_told, interval, share_of
from gaitviewer.workflow.analysis.measure import measure_document

TELLING = [
    Told("a", "A", 0, "none"),
    Told("b", "B", 0, "level 2"),
    Told("c", "C", 0, "no opinion"),
    Told("d", "D", 0, "none"),
    Told("e", "E", 3, "level 3"),
    Told("f", "F", 2, "none"),
]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> SyntheticCohort:
    """Six children with cerebral palsy and four without, whom no model learned from."""
    return make_cohort(tmp_path_factory.mktemp("fresh") / "cohort", subjects=10, seed=77001, workers=1)


def test_the_table_counts_every_session() -> None:
    counts = counts_of(TELLING)
    assert list(counts) == ["none", "level 1", "level 2", "level 3", "level 4"]
    assert list(counts["none"]) == [*counts, "no opinion"]
    assert counts["none"] == {
        "none": 2, "level 1": 0, "level 2": 1, "level 3": 0, "level 4": 0, "no opinion": 1
    }  # fmt: skip
    text = format_told(TELLING)
    assert "| none | 2 | 0 | 1 | 0 | 0 | 1 | 4 |" in text
    assert "but given a level: 1 of 4 (25.0 %, " in text
    assert "Levels 2 to 4, but called none: 1 of 2" in text


def test_intervals_count_people() -> None:
    assert interval(0.0, 100) == pytest.approx((0.0, 0.0370), abs=1e-4)  # Wilson 1927
    assert interval(0.5, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)
    twice = [Told(f"{one.session}{k}", one.subject, one.true, one.said) for one in TELLING for k in range(9)]
    low, high = (share_of(told, ("none",)).split("%, ")[1] for told in (TELLING, twice))
    assert low == high  # more sessions of the same people are no more people


def test_the_shipped_model_calls_no_healthy_child_ill(
    cohort: SyntheticCohort, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = max((paths.models()).glob("severity-*")).name
    asked = ["evaluate", "severity", "--data", str(cohort.folder), "--out", str(tmp_path), "--as-used", model]
    assert main([*asked, "--workers", "1"]) == 0
    told = capsys.readouterr().out
    assert "Without cerebral palsy, but given a level: 0 of 4" in told
    assert (tmp_path / f"{model}-as-used.md").read_text() in told
    assert "not validated on patients" in told
    assert main([*asked[:-1], "scoliosis"]) == 2
    assert "only a severity model" in capsys.readouterr().err


def test_a_gate_refuses_children_of_a_kind_never_learned_from(cohort: SyntheticCohort) -> None:
    """Scoliosis learned from children without cerebral palsy only."""
    model = open_model(default_model("scoliosis").folder)

    def refused(child: LabelledSession) -> bool:
        return abstention(measure_document(child.document), model).code == "reason.unlike_learned"

    children = [cohort.read(name) for name in cohort.session_ids()]
    strangers = [refused(child) for child in children if child.facts["kind"] == "cp"]
    own = [refused(child) for child in children if child.facts["kind"] != "cp"]
    assert any(strangers)  # as long as strangers set the limit, nobody was refused
    assert not any(own)
    measured = model.card.metrics["gate, fresh children"]  # ten children are too few to tell shares by
    assert measured["refused, with cerebral palsy"] >= 0.6
    assert measured["refused, without cerebral palsy"] <= 0.1
    assert min(measured["children with cerebral palsy"], measured["children without cerebral palsy"]) >= 50
