"""The training loop: learns, resumes bit-identically, stops early, trains with several processes."""

from __future__ import annotations

import csv
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gaitviewer.core.progress import no_progress
from gaitviewer.errors import Cancelled, SettingsError
from gaitviewer.messages import Message, codes_within
from gaitviewer.research.training.loop import FitResult, LoopSettings, fit, learning_rate_at

SETTINGS = LoopSettings(epochs=6, batch_size=8, learning_rate=0.02, warmup_epochs=1)


def _examples(count: int = 50) -> list[dict[str, object]]:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(count, 6)).astype(np.float32)
    y = (x[:, 0] - 2 * x[:, 1] > 0).astype(np.int64)
    return [{"subject": f"S{i}", "session": f"s{i}", "x": x[i], "y": y[i]} for i in range(count)]


def _collate(
    examples: list[dict[str, object]], generator: np.random.Generator | None
) -> dict[str, torch.Tensor]:
    x = np.stack([np.asarray(example["x"]) for example in examples])
    if generator is not None:
        x = x + generator.normal(0, 0.05, x.shape).astype(np.float32)
    return {"x": torch.from_numpy(x), "y": torch.tensor([int(example["y"]) for example in examples])}


def _model(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))


def _loss(model: nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    return nn.functional.cross_entropy(model(batch["x"]), batch["y"])


def _accuracy(model: nn.Module) -> float:
    batch = _collate(_examples(), None)
    return float((model(batch["x"]).argmax(1) == batch["y"]).float().mean())


def _fit(model: nn.Module, folder: Path, **changes: object) -> FitResult:
    wanted = {
        "train": _examples(),
        "collate": _collate,
        "loss": _loss,
        "validate": _accuracy,
        "settings": SETTINGS,
        "seed": 3,
        "device": "cpu",
        "tick": no_progress,
        "name": "toy",
        "threads": 1,
    }
    return fit(model, folder=folder, **{**wanted, **changes})  # type: ignore[arg-type]


def _same(one: nn.Module, other: nn.Module) -> bool:
    states = one.state_dict(), other.state_dict()
    return all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def _rows(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "log.csv").read_text().splitlines()))


def test_bfloat16_on_a_cpu_is_asked_for_and_used_only_where_the_processor_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gaitviewer.research.training import loop

    asked = replace(SETTINGS, amp_on_cpu=True)
    seen: list[torch.dtype] = []

    def note(model: nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        said = model(batch["x"])
        seen.append(said.dtype)
        return nn.functional.cross_entropy(said.float(), batch["y"])

    for there, kind in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(loop, "has_bf16_cpu", lambda there=there: there)
        seen.clear()
        found = _fit(_model(), tmp_path / str(there), settings=asked, loss=note)
        assert set(seen) == {kind}
        assert found.best_value > 0.8
    seen.clear()
    monkeypatch.setattr(loop, "has_bf16_cpu", lambda: True)
    _fit(_model(), tmp_path / "plain", loss=note)
    assert set(seen) == {torch.float32}


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_learns_and_leaves_the_best_weights(tmp_path: Path, optimiser: str) -> None:
    model = _model()
    settings = LoopSettings(epochs=15, batch_size=8, learning_rate=0.05, optimiser=optimiser)  # type: ignore[arg-type]
    result = _fit(model, tmp_path, settings=settings)
    assert result.best_value >= 0.9
    assert _accuracy(model) == pytest.approx(result.best_value)
    rows = _rows(tmp_path)
    assert [int(row["epoch"]) for row in rows] == list(range(1, 16))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert list((tmp_path / "events").iterdir())


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
@pytest.mark.parametrize("kill_at", [0.1, 0.34, 0.5, 0.9])
def test_a_killed_training_resumes_bit_identically(tmp_path: Path, optimiser: str, kill_at: float) -> None:
    settings = LoopSettings(epochs=6, batch_size=8, learning_rate=0.02, optimiser=optimiser)  # type: ignore[arg-type]
    whole = _model()
    expected = _fit(whole, tmp_path / "whole", settings=settings)

    def kill(fraction: float, note: Message) -> None:
        if fraction >= kill_at:
            raise Cancelled

    broken = _model()
    with pytest.raises(Cancelled):
        _fit(broken, tmp_path / "broken", settings=settings, tick=kill)
    torch.manual_seed(99)  # the state of the world at the second start must not matter
    resumed = _model()
    result = _fit(resumed, tmp_path / "broken", settings=settings)
    assert (result.best_epoch, result.best_value) == (expected.best_epoch, expected.best_value)
    assert _same(resumed, whole)

    def columns(folder: str) -> list[tuple[str, str, str]]:
        return [(row["epoch"], row["loss"], row["value"]) for row in _rows(tmp_path / folder)]

    assert columns("broken") == columns("whole")


def test_same_seed_same_weights_other_seed_other_weights(tmp_path: Path) -> None:
    first, second, third = _model(), _model(), _model()
    _fit(first, tmp_path / "1")
    _fit(second, tmp_path / "2")
    _fit(third, tmp_path / "3", seed=4)
    assert _same(first, second)
    assert not _same(first, third)


def test_a_finished_training_is_not_done_again(tmp_path: Path) -> None:
    model = _model()
    result = _fit(model, tmp_path)

    def never(model: nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        raise AssertionError("trained again")

    again = _model(1)
    assert _fit(again, tmp_path, loss=never) == result
    assert _same(again, model)


def test_a_checkpoint_of_other_settings_is_not_used(tmp_path: Path) -> None:
    _fit(_model(), tmp_path)
    other = _model()
    assert _fit(other, tmp_path, settings=LoopSettings(epochs=2, batch_size=8)).epochs == 2


def test_a_damaged_checkpoint_is_not_used(tmp_path: Path) -> None:
    _fit(_model(), tmp_path)
    file = tmp_path / "checkpoint.safetensors"
    file.write_bytes(file.read_bytes()[:100])
    assert _fit(_model(), tmp_path).epochs == SETTINGS.epochs


def test_stops_early(tmp_path: Path) -> None:
    values = iter([0.1, 0.5, 0.4, 0.4, 0.4, 0.4])
    settings = LoopSettings(epochs=6, batch_size=8, patience=2)
    result = _fit(_model(), tmp_path, settings=settings, validate=lambda model: next(values))
    assert (result.epochs, result.best_epoch, result.best_value) == (4, 2, 0.5)


def test_the_learning_rate_rises_and_falls() -> None:
    settings = LoopSettings(epochs=10, learning_rate=1.0, warmup_epochs=2)
    rates = [learning_rate_at(settings, step, 10) for step in range(100)]
    assert int(np.argmax(rates)) == 20
    assert rates[20] == pytest.approx(1.0)
    assert rates[60] == pytest.approx(0.5)
    assert rates[0] < 0.1
    assert rates[-1] < 0.01


def test_threads_and_random_state_are_restored(tmp_path: Path) -> None:
    model = _model()
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    _fit(model, tmp_path, threads=1)
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.get_num_threads() == threads


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no examples"):
        _fit(_model(), tmp_path, train=[])
    with pytest.raises(SettingsError, match="learning rate below"):
        _fit(_model(), tmp_path, loss=lambda model, batch: _loss(model, batch) * float("nan"))
    with pytest.raises(SettingsError):
        LoopSettings(epochs=0)


def test_progress_tells_the_time_left(tmp_path: Path) -> None:
    notes: list[tuple[float, Message]] = []
    _fit(_model(), tmp_path, tick=lambda fraction, note: notes.append((fraction, note)))
    fractions = [fraction for fraction, _ in notes]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert "progress.epochs_seconds_left" in codes_within(notes[-2][1])


SCRIPT = """
import sys
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, {tests!r})
import torch
from safetensors.torch import save_file
import test_loop
model = test_loop._model()
test_loop._fit(model, Path({folder!r}), settings=test_loop.LoopSettings(epochs=3, batch_size=10))
from gaitviewer.research.training import distributed
save_file(dict(model.state_dict()), str(Path({folder!r}) / f"rank{{distributed.rank()}}.safetensors"))
torch.distributed.destroy_process_group()
"""


def test_two_processes_train_one_network(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    script = tmp_path / "run.py"
    script.write_text(SCRIPT.format(tests=str(Path(__file__).parent), folder=str(tmp_path)))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    world = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            [sys.executable, str(script)],
            env={**os.environ, **world, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            cwd=Path(__file__).parents[3],
            stderr=subprocess.PIPE,
        )
        for rank in (0, 1)
    ]
    for process in started:
        _, problem = process.communicate(timeout=100)
        assert process.returncode == 0, problem.decode()[-800:]
    states = [load_file(tmp_path / f"rank{rank}.safetensors") for rank in (0, 1)]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    start = _model().state_dict()
    assert not torch.equal(states[0]["0.weight"], start["0.weight"])
