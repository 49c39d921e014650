"""Asking several models: what one of them lacks costs its own answer only; want of memory is worked around."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView
from gaitviewer.core.output import UNTOLD, ModelOutput, Opinion
from gaitviewer.errors import AnalysisError, InferenceError, SettingsError
from gaitviewer.inference import memory
from gaitviewer.inference import predict as asking
from gaitviewer.inference.ask import ask_models, find_devices, verify_model
from gaitviewer.inference.models import TASKS, add_model, list_models, user_folder, verify
from gaitviewer.messages import Message
from gaitviewer.nets.card import CARD, WEIGHTS, read_card, write_model
from tests.support.model_folders import change_card, copy_of

FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")


def ask(
    document: Document, models: Any, tick: Any = None
) -> tuple[dict[str, ModelOutput], tuple[Message, ...]]:
    told: dict[str, ModelOutput] = {}
    more = {} if tick is None else {"tick": tick}
    problems = ask_models(document, models, "cpu", "fp32", tell=lambda said: told.update([said]), **more)
    return told, problems


def test_all_models_answer_with_stages_that_go_on(walker_document: Document) -> None:
    ticks: list[tuple[float, Message]] = []
    told, problems = ask(walker_document, TASKS, lambda fraction, note: ticks.append((fraction, note)))
    assert problems == ()
    assert list(told) == list(TASKS)
    assert all(output.provenance.inputs_digest for output in told.values())
    fractions = [fraction for fraction, _ in ticks]
    assert fractions == sorted(fractions)
    systems = [note["model"].code for _, note in ticks if note.code == "progress.of_model"]
    assert list(dict.fromkeys(systems)) == [f"system.{task}" for task in TASKS]


def test_without_the_view_that_is_needed_there_is_a_reason_and_no_opinion(walker_document: Document) -> None:
    (data,) = walker_document.trials
    only_side = replace(data, poses=ByView(data.poses.sagittal, None))
    told, problems = ask(replace(walker_document, trials=(only_side,)), ("scoliosis", "severity"))
    assert problems == ()
    (opinion,) = told["scoliosis"].opinions
    assert opinion.probabilities is None
    assert "coronal" in str(opinion.reason)
    nobody = replace(data, poses=ByView(None, None))
    with pytest.raises(AnalysisError):
        ask(replace(walker_document, trials=(nobody,)), TASKS)


def test_damaged_and_missing_models_are_told_and_the_others_answer(
    walker_document: Document, tmp_path: Path
) -> None:
    damaged = copy_of("evgs", tmp_path, "evgs-8")
    (damaged / WEIGHTS).write_bytes(b"nothing")
    told, problems = ask(walker_document, (damaged, "scoliosis-77", "severity"))
    assert list(told) == ["severity"]
    first, second = map(str, problems)
    assert "evgs-8" in first
    assert "is not the file that its card describes" in first
    assert "no model scoliosis-77" in second


def test_weights_of_another_network_are_told(walker_document: Document, tmp_path: Path) -> None:
    """A card that says another task than its weights are for."""
    foreign = copy_of("severity", tmp_path, "evgs-9")
    change_card(foreign, "task", '"evgs"')
    told, problems = ask(walker_document, (foreign,))
    assert told == {}
    assert "evgs-9" in str(problems[0])
    with pytest.raises(SettingsError, match=r"evgs-9|video model"):
        add_model(foreign)
    assert "evgs-9" not in {entry.id for entry in list_models()}


def test_a_fault_in_one_model_is_told_and_leaves_the_others_alone(
    walker_document: Document, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from gaitviewer.inference.scoliosis import predict as screening

    def broken(*_: Any) -> None:
        raise RuntimeError("Error(s) in loading state_dict: size mismatch")

    monkeypatch.setattr(screening, "build_network", broken)
    told, problems = ask(walker_document, ("scoliosis", "severity"))
    assert list(told) == ["severity"]
    (problem,) = map(str, problems)
    assert problem.startswith("asymmetry screening could not be asked: It failed by a fault")
    assert "size mismatch" in problem
    assert "in broken" in caplog.text


def test_a_network_that_answers_no_number_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    sick = copy_of("severity", tmp_path, "severity-8")
    tensors = load_file(sick / WEIGHTS)
    state = {name.removeprefix("net/"): value for name, value in tensors.items() if name.startswith("net/")}
    last = next(name for name in reversed(list(state)) if name.startswith("head"))
    state[last] = torch.full_like(state[last], float("nan"))
    card = read_card(sick)
    write_model(sick, state, {name: getattr(card, name) for name in type(card).__slots__})
    with pytest.raises(SettingsError, match="no number"):
        add_model(sick)


def test_every_shipped_model_is_good_and_a_card_that_cannot_be_read_is_told() -> None:
    for task in TASKS:
        (entry,) = [one for one in list_models() if one.card is not None and one.card.task == task]
        assert not verify_model(entry.id, tick=lambda *_: None, tell=lambda _: None)
    folder = user_folder() / "bad-1"
    folder.mkdir(parents=True)
    (folder / CARD).write_text("id = 3")
    (bad,) = [entry for entry in list_models() if entry.id == "bad-1"]
    assert verify(bad) == bad.problem


def test_the_processor_is_a_device_with_a_name_and_memory() -> None:
    first, *others = find_devices()
    assert first.id == "cpu"
    assert first.name
    assert first.memory_bytes > 2**28
    assert len(others) == torch.cuda.device_count() + torch.backends.mps.is_available()


# --- memory --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [FULL, MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_batches_are_halved_until_they_fit_and_nothing_is_done_twice(error: Exception) -> None:
    done: list[int] = []
    sizes: list[int] = []

    def work(rows: slice) -> None:
        sizes.append(rows.stop - rows.start)
        if rows.stop - rows.start > 3:
            raise error
        done.extend(range(rows.start, rows.stop))

    memory.in_batches(work, 10, 16)
    assert done == list(range(10))
    assert sizes == [10, 8, 4, 2, 2, 2, 2, 2]


def test_other_errors_and_a_batch_of_one_that_does_not_fit_are_not_hidden() -> None:
    def broken(size: int) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        memory.with_smaller_batches(broken, 16)

    def full(size: int) -> None:
        raise FULL

    with pytest.raises(torch.OutOfMemoryError):
        memory.with_smaller_batches(full, 16)


@pytest.fixture
def small_device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], list[str]]:
    """A system that answers on the processor only (or nowhere); gives the devices that it was asked on."""

    def make(works_on: str) -> list[str]:
        devices: list[str] = []

        def predict(document: Document, measures: Any, *, device: str, **rest: Any) -> ModelOutput:
            devices.append(device)
            if device != works_on:
                raise FULL
            return ModelOutput("", (Opinion("severity", ("1",), (1.0,)),), UNTOLD, True)

        monkeypatch.setitem(sys.modules, "small_system", SimpleNamespace(predict=predict))  # type: ignore[arg-type]
        monkeypatch.setattr(asking, "SYSTEMS", {"severity": "small_system"})
        monkeypatch.setattr(asking, "abstention", lambda *_: Message())
        monkeypatch.setattr(asking, "measured_familiarity", lambda *_: ())
        return devices

    return make


def test_a_device_that_is_too_small_gives_way_to_the_processor_and_the_answer_says_so(
    walker_document: Document, small_device: Callable[[str], list[str]]
) -> None:
    from gaitviewer.inference.models import open_model

    devices, notes = small_device("cpu"), []
    case = asking.Case(walker_document, None)  # type: ignore[arg-type]  # nobody looks at them here
    output = asking.answer(
        case, open_model("severity"), device="cuda:0", precision="bf16", tick=lambda _, note: notes.append(note)
    )
    assert devices == ["cuda:0", "cpu"]
    assert output.provenance.device == "cpu (out of memory on cuda:0)"
    assert [note.code for note in notes] == ["progress.model_on_cpu"]


def test_without_memory_anywhere_there_is_a_sentence(
    walker_document: Document, small_device: Callable[[str], list[str]]
) -> None:
    from gaitviewer.inference.models import open_model

    small_device("nowhere")
    case = asking.Case(walker_document, None)  # type: ignore[arg-type]  # nobody looks at them here
    for device in ("cpu", "cuda:0"):
        with pytest.raises(InferenceError, match=r"memory is too small for severity.*close other programs"):
            asking.answer(case, open_model("severity"), device=device)
