"""The learned systems on a CUDA GPU: they train, repeat, go on after a kill, and answer as on a processor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gaitviewer.core.learning import LabelledSession
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import ModelOutput
from gaitviewer.core.progress import no_progress
from gaitviewer.errors import Cancelled
from gaitviewer.inference.predict import predict
from gaitviewer.research.cohort.make import SyntheticCohort, make_cohort
from gaitviewer.research.training.evaluate import main_variant
from gaitviewer.research.training.experiment import Experiment, RunSettings, open_experiment, run_variant
from gaitviewer.research.training.loop import LoopSettings, fit
from gaitviewer.research.training.registry import open_task
from gaitviewer.workflow.analysis.measure import measure_document

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
TASKS = ("severity", "evgs", "scoliosis")
Asked = tuple[LabelledSession, Measures]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> SyntheticCohort:
    return make_cohort(tmp_path_factory.mktemp("cohort") / "main", subjects=12, seed=5, workers=4)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def asked(cohort: SyntheticCohort) -> list[Asked]:
    """Sessions with their measures."""
    sessions = [cohort.read(name) for name in cohort.session_ids()[:4]]
    return [(session, measure_document(session.document)) for session in sessions]


@pytest.mark.parametrize("task", TASKS)
def test_every_system_trains_on_a_gpu_and_repeats(
    task: str, cohort: SyntheticCohort, cache: Path, tmp_path: Path
) -> None:
    settings = RunSettings("tiny", "cuda", 4, 1, cache)
    experiment: Experiment = open_experiment(task, cohort.folder, settings, tick=no_progress)
    variant = main_variant(open_task(task), "tiny")
    found = [
        run_variant(experiment, variant, 0, settings, folder=tmp_path / name, tick=no_progress) for name in "ab"
    ]
    for result, line in found:
        assert torch.cuda.get_device_name() in line.device
        assert all(np.isfinite(one.probability).any() for one in result.predictions.values())
        assert result.state is not None
        assert all(value.device.type == "cpu" for value in result.state.values())
    first, second = (result.predictions["test"].probability for result, _ in found)
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kill_at", [0.2, 0.7])
def test_a_killed_training_goes_on_with_the_same_weights(kill_at: float, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    examples = [
        {"subject": f"P{k}", "session": f"S{k}", "x": x, "y": int(x.sum() > 0)}
        for k, x in enumerate(random.normal(size=(96, 8)).astype(np.float32))
    ]

    def collate(cases: list[dict[str, object]], _: object) -> dict[str, torch.Tensor]:
        return {
            "x": torch.from_numpy(np.stack([case["x"] for case in cases])),  # type: ignore[arg-type]
            "y": torch.tensor([case["y"] for case in cases]),
        }

    def loss(model: nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return nn.functional.cross_entropy(model(batch["x"]).float(), batch["y"])

    def train(name: str, tick: Callable[[float, str], None]) -> nn.Module:
        torch.manual_seed(1)
        model = nn.Sequential(
            nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 2)
        )
        fit(
            model, train=examples, collate=collate, loss=loss, validate=lambda _: 0.0,
            settings=LoopSettings(epochs=6, batch_size=16), folder=tmp_path / name, seed=2, device="cuda",
            tick=tick, name="toy",
        )  # fmt: skip
        return model

    def kill(fraction: float, _: str) -> None:
        if fraction >= kill_at:
            raise Cancelled

    whole = train("whole", no_progress)
    with pytest.raises(Cancelled):
        train("broken", kill)
    resumed = train("broken", no_progress)
    pairs = zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("task", TASKS)
def test_the_answer_is_that_of_a_processor(task: str, asked: list[Asked]) -> None:
    answers = 0
    for session, measures in asked:

        def ask(device: str, precision: str, at: Asked = (session, measures)) -> ModelOutput:
            return predict(
                at[0].document,
                at[1],
                model=task,
                pictures=at[0].pictures,
                device=device,
                precision=precision,  # type: ignore[arg-type]
            )

        there, here = ask("cpu", "fp32"), ask("cuda", "fp32")
        half = ask("cuda", "bf16")
        assert "cuda" in here.provenance.device
        for one, other, rough in zip(there.opinions, here.opinions, half.opinions, strict=True):
            assert one.reason == other.reason == rough.reason
            if one.probabilities is None:
                assert other.probabilities is None
                continue
            answers += 1
            np.testing.assert_allclose(other.probabilities, one.probabilities, rtol=0, atol=2e-3)
            np.testing.assert_allclose(rough.probabilities, one.probabilities, rtol=0, atol=0.08)
        for name in ("saliency", "attention", "maps"):
            for one_map, other_map in zip(getattr(there, name), getattr(here, name), strict=True):
                np.testing.assert_allclose(
                    other_map.values, one_map.values, rtol=0.05, atol=0.02 * np.nanmax(np.abs(one_map.values))
                )
    assert answers > 0
