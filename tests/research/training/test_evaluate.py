"""The evaluation from a toy task to the pages, without doing anything twice."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from gaitviewer.core.progress import no_progress
from gaitviewer.errors import Cancelled, FormatError, OutputError, SettingsError
from gaitviewer.messages import Message
from gaitviewer.research.training import evaluate as evaluation
from gaitviewer.research.training import results
from gaitviewer.research.training.experiment import Experiment, RunSettings
from gaitviewer.research.training.splits import Split
from gaitviewer.research.training.task import Predictions

Make = Callable[[], Experiment]


@pytest.fixture
def run(experiment: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[Path, ...]]:
    monkeypatch.setattr(evaluation, "open_experiment", lambda *args, **rest: experiment())
    settings = RunSettings("tiny", "cpu", 1, 1)

    def call(**changes: object) -> tuple[Path, ...]:
        wanted = {"seeds": 2, "tick": no_progress, **changes}
        return evaluation.evaluate("severity", tmp_path, tmp_path / "out", settings, **wanted)  # type: ignore[arg-type]

    return call


def test_runs_everything_once_and_writes_the_pages(run, toy: ModuleType, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    markdown, page = run()
    assert toy.ToyTask.runs == ["linear/0", "majority/0", "linear/1", "majority/1"]
    text = markdown.read_text()
    for wanted in (
        "A. Synthetic, held-out",
        "B. Synthetic, shifted",
        "D. Real labels",
        "Published figures",
        "70.86",
    ):
        assert wanted in text
    tables = text[: text.index("## Published figures")]
    assert "70.86" not in tables  # never beside ours
    assert "No subject is in two sets (checked)" in tables
    assert "linear against majority" in tables
    lines = results.read(tmp_path / "out/results.jsonl")
    linear = [line for line in lines if line.variant == "linear"]
    assert all(line.metrics["test"]["mean"]["accuracy"] > 0.6 for line in linear)
    assert linear[0].metrics["test"]["mean"]["coverage"] == 1.0
    assert linear[0].others == {"shifted": "e" * 64}
    html = page.read_text()
    assert html.count("<svg") == text.count("![")
    assert "<script" not in html
    assert not list((tmp_path / "out").rglob("checkpoint.safetensors"))

    run()
    assert len(toy.ToyTask.runs) == 4  # nothing again
    run(seeds=3)
    assert toy.ToyTask.runs[4:] == ["linear/2", "majority/2"]
    run(ablation="inputs")
    assert toy.ToyTask.runs[6:] == ["one number/0", "one number/1"]
    assert "one number" in markdown.read_text()


def test_goes_on_after_a_kill_with_the_same_figures(run, toy: ModuleType, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    def kill(fraction: float, note: Message) -> None:
        if "seed 1: toy: epoch 5" in str(note):
            raise Cancelled

    with pytest.raises(Cancelled):
        run(tick=kill, only=["linear"])
    file = tmp_path / "out/results.jsonl"
    with file.open("a") as torn:
        torn.write('{"task": "severity", "var')
    run(only=["linear"])
    killed = {line.seed: line.metrics for line in results.read(file)}
    (tmp_path / "whole").mkdir()
    run(only=["linear"], results_file=tmp_path / "whole/results.jsonl")
    whole = {line.seed: line.metrics for line in results.read(tmp_path / "whole/results.jsonl")}
    assert killed == whole
    assert set(killed) == {0, 1}


def test_predictions_may_have_decimal_commas(tmp_path: Path) -> None:
    truth = Predictions(
        ("a", "b"), ("A", "B"), ("severity",), ("low", "high"),
        np.array([[[0.25, 0.75]], [[np.nan, np.nan]]]), np.array([[1], [0]]),
    )  # fmt: skip
    ours, theirs = tmp_path / "ours.csv", tmp_path / "theirs.csv"
    results.write_predictions(ours, truth)
    theirs.write_text(ours.read_text().replace(",", ";").replace("0.", "0,"))
    for path in (ours, theirs):
        found = results.read_predictions(path)
        assert np.array_equal(found.probability, truth.probability, equal_nan=True)
        outside = results.outside_predictions(results.read_outside(path, [truth]), truth)
        assert outside is not None
        assert np.array_equal(outside.probability, truth.probability, equal_nan=True)
    theirs.write_text("case;p_low;p_high\na;0,2x;0,8\n")
    with pytest.raises(FormatError, match="line 2: a probability is no number"):
        results.read_outside(theirs, [truth])


def test_any_other_method_is_judged_on_the_same_cases(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run()
    truth: dict[str, str] = {}
    for table in (tmp_path / "out/predictions").glob("*.csv"):
        truth |= {row["case"]: row["true"] for row in results.read_table(table)}
    other = tmp_path / "clairvoyant.csv"
    with other.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "answer"])
        for number, (case, answer) in enumerate(truth.items()):
            writer.writerow([case, "" if number % 2 else answer])
    run(outside=[other])
    lines = [line for line in results.read(tmp_path / "out/results.jsonl") if line.ablation == "outside"]
    assert len(lines) == 2
    for line in lines:
        assert line.metrics["test"]["mean"]["accuracy"] == 1.0
        assert 0.1 < line.metrics["test"]["mean"]["coverage"] < 0.9
    assert "outside: clairvoyant" in (tmp_path / "out/results.md").read_text()


def _cases(tmp_path: Path) -> dict[str, str]:
    """Every test case of the runs with its truth."""
    tables = (tmp_path / "out/predictions").glob("*.csv")
    return {row["case"]: row["true"] for table in tables for row in results.read_table(table)}


def test_partial_answers_are_compared_on_the_same_cases(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run(seeds=1, only=["linear"])
    linear = [
        row for table in (tmp_path / "out/predictions").glob("*-test.csv") for row in results.read_table(table)
    ]
    answered = linear[:5]
    right = [(row["true"] == "low") == (float(row["p_low"]) >= 0.5) for row in answered]
    other = tmp_path / "contrary.csv"  # says the opposite of the truth, and nothing of most
    other.write_text("case,p_low,p_high\n" + "".join(
        f"{row['case']},{float(row['true'] == 'high')},{float(row['true'] == 'low')}\n" for row in answered
    ))  # fmt: skip
    markdown, _ = run(seeds=1, only=["linear"], outside=[other])
    line = next(one for one in results.read(tmp_path / "out/results.jsonl") if one.ablation == "outside")
    assert line.metrics["test"]["mean"]["accuracy"] == 0.0
    assert line.metrics["test"]["outputs"]["severity"]["cases"] == 5
    assert line.extras["compared"]["mean"]["test"]["accuracy"] == pytest.approx(np.mean(right))
    assert line.extras["compared"]["answers"]["test"] == [5, len(linear)]
    assert "shifted" not in line.metrics
    text = markdown.read_text()
    assert f"answers in contrary.csv (outside, 5 of {len(linear)} answers)" in text
    assert f"test, accuracy, 5 of {len(linear)} answers" in text


def test_a_template_names_every_case_and_can_be_handed_in(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    template = tmp_path / "mine.csv"
    run(seeds=1, only=["majority"], template=template)
    rows = results.read_table(template)
    assert {row["case"] for row in rows} == set(_cases(tmp_path))
    assert set(rows[0]) == {"case", "output", "p_low", "p_high"}
    assert not any(row["p_low"] or row["p_high"] for row in rows)
    before = template.read_bytes()
    with pytest.raises(OutputError, match="may hold answers"):
        run(seeds=1, only=["majority"], template=template)
    assert template.read_bytes() == before
    run(seeds=1, only=["majority"], outside=[template])  # no opinion on anybody
    lines = [line for line in results.read(tmp_path / "out/results.jsonl") if line.ablation == "outside"]
    assert [line.metrics["test"]["mean"]["coverage"] for line in lines] == [0.0]


def test_each_class_has_its_figures(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    markdown, _ = run(seeds=1)
    text = markdown.read_text()
    assert "| Variant | Class | Answered cases | Precision | Recall | F1 |" in text
    line = next(one for one in results.read(tmp_path / "out/results.jsonl") if one.variant == "linear")
    (low_low, low_high), (high_low, _) = line.metrics["test"]["outputs"]["severity"]["confusion"]
    precision, recall = low_low / (low_low + high_low), low_low / (low_low + low_high)
    assert f"| linear | low | {low_low + low_high} | {precision:.3f} | {recall:.3f} |" in text


def test_folds_judge_everybody_once(
    run, experiment: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    split = Split.read(folds=4)
    monkeypatch.setattr(evaluation, "open_experiment", lambda *args, **rest: replace(experiment(), split=split))
    markdown, _ = run(seeds=1, only=["majority"], split=split)
    judged = [
        row["case"]
        for table in (tmp_path / "out/predictions").glob("*-test.csv")
        for row in results.read_table(table)
    ]
    assert sorted(judged) == sorted(one.session for one in experiment().prepared)
    assert "people are divided by the 4 folds by person" in markdown.read_text()
    lines = results.read(tmp_path / "out/results.jsonl")
    assert [line.split for line in lines] == ["4 folds by person"] * 4
    run(seeds=1, only=["majority"])
    assert len(results.read(tmp_path / "out/results.jsonl")) == 4  # none was done again


def test_wrong_names_are_told(run) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SettingsError, match="no variant nonsense; there are: linear"):
        run(only=["nonsense"])
    with pytest.raises(SettingsError, match="no ablation nonsense; there are: all, inputs"):
        run(ablation="nonsense")
    with pytest.raises(SettingsError, match="no protocol"):
        RunSettings("huge")


def test_a_task_that_answers_for_strangers_is_a_bug(experiment: Make, toy: ModuleType, tmp_path: Path) -> None:
    from gaitviewer.research.training.experiment import run_variant

    held = experiment()

    class Cheat(toy.ToyTask):  # type: ignore[name-defined,misc]
        def run(self, variant, context):  # type: ignore[no-untyped-def]
            found = super().run(variant, context)
            found.predictions["test"] = found.predictions["valid"]
            return found

    object.__setattr__(held, "task", Cheat())
    variant = held.task.variants("tiny")[1]
    with pytest.raises(ValueError, match="another set"):
        run_variant(held, variant, 0, RunSettings("tiny", "cpu", 1, 1), folder=tmp_path, tick=no_progress)


def test_result_lines_are_plain_json(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run(seeds=1)
    for text in (tmp_path / "out/results.jsonl").read_text().splitlines():
        assert json.loads(text)["data_digest"] == "d" * 64
        assert len(text) < 8000
