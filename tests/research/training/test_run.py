"""From training to a model folder, and what is refused when it is opened."""

from __future__ import annotations

import hashlib
import re
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from gaitviewer import paths
from gaitviewer.cli import main
from gaitviewer.core.output import SYNTHETIC_STATEMENT, statement_of
from gaitviewer.core.progress import no_progress
from gaitviewer.errors import FormatError, SettingsError
from gaitviewer.inference.abstention import abstention_table, too_few
from gaitviewer.inference.models import (
    add_model,
    default_model,
    list_models,
    open_model,
    user_folder,
    verify,
)
from gaitviewer.inference.predict import training_distribution
from gaitviewer.messages import NOTHING
from gaitviewer.nets.card import CARD, WEIGHTS, load_model, read_card, write_model
from gaitviewer.nets.severity.stgcn import Stgcn
from gaitviewer.research.training import run as training
from gaitviewer.research.training.evaluate import RUNS, main_variant
from gaitviewer.research.training.experiment import Experiment, RunSettings, run_variant
from tests.support.model_folders import copy_of

LARGEST_BYTES = 60_000_000


@pytest.fixture
def folder(experiment: Callable[[], Experiment], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A trained toy model."""
    monkeypatch.setattr(training, "open_experiment", lambda *args, **rest: experiment())
    out = tmp_path / "toy-1"
    card = training.train_model(
        "severity", tmp_path, RunSettings("tiny", "cpu", 1, 1), seed=2, out=out, tick=no_progress
    )
    assert card is not None
    return out


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A shipped model as one of one's own."""
    return copy_of("severity", tmp_path / "copied", "toy-1")


def test_the_card_says_what_must_be_known(folder: Path) -> None:
    raw = tomllib.loads((folder / CARD).read_text())
    learned = raw["data"]["subjects"]["train"]
    assert 0 < learned < abstention_table().few.people
    assert raw["statement"] == f"{SYNTHETIC_STATEMENT}; learned from {learned} people only"
    assert training.FEW_LIMIT in raw["limits"]
    assert raw["synthetic"] is True
    assert raw["data"]["digest"] == "d" * 64
    assert raw["training"]["seed"] == 2
    assert raw["training"]["variant"] == "linear"
    assert "CPU" in raw["training"]["device"]
    assert raw["training"]["seconds"] >= 0
    assert len(raw["training"]["code"]) == 12
    assert raw["metrics"]["test"]["accuracy"] > 0.6
    assert raw["metrics"]["shifted"]["coverage"] == 1.0
    assert raw["settings"] == {"use": 4}
    assert raw["licence"]
    assert raw["intended_use"]
    assert any("patients" in sentence for sentence in raw["limits"])


def test_the_same_seed_gives_the_same_weights(folder: Path, tmp_path: Path) -> None:
    again = training.train_model(
        "severity", tmp_path, RunSettings("tiny", "cpu", 1, 1), seed=2, out=tmp_path / "toy-2", tick=no_progress
    )
    assert again is not None
    one, other = load_model(folder), load_model(tmp_path / "toy-2")
    assert all(torch.equal(one.state[name], other.state[name]) for name in one.state)


def test_a_run_that_was_judged_is_not_made_again(
    folder: Path, experiment: Callable[[], Experiment], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings, judged = RunSettings("tiny", "cpu", 1, 1), tmp_path / "pages"
    held = experiment()
    variant = main_variant(held.task, "tiny")
    _, line = run_variant(held, variant, 2, settings, folder=judged / RUNS, tick=no_progress)

    def refuse(*args: object, **rest: object) -> None:
        raise AssertionError("trained once more")

    monkeypatch.setattr(training, "run_variant", refuse)
    card = training.train_model(
        "severity", tmp_path, settings, seed=2, out=tmp_path / "toy-3", judged=judged, tick=no_progress
    )
    assert card is not None
    assert card.training["finished"] == line.when
    one, other = load_model(folder), load_model(tmp_path / "toy-3")
    assert all(torch.equal(one.state[name], other.state[name]) for name in one.state)
    with pytest.raises(AssertionError, match="trained once more"):  # another seed was not judged
        training.train_model(
            "severity", tmp_path, settings, seed=1, out=tmp_path / "toy-4", judged=judged, tick=no_progress
        )
    (next((judged / RUNS).rglob("finished.safetensors"))).write_bytes(b"torn")
    with pytest.raises(FormatError, match="is damaged"):
        training.train_model(
            "severity", tmp_path, settings, seed=2, out=tmp_path / "toy-5", judged=judged, tick=no_progress
        )


def test_a_card_says_what_its_training_started_from(folder: Path, tmp_path: Path) -> None:
    """``folder``: of the experiment that is opened here, too."""
    from gaitviewer.research.training.severity import settings as severity_settings

    tables = severity_settings.read_protocol("tiny")
    net = Stgcn(severity_settings.network_settings(tables, kind="skeleton", chosen=()).skeleton)
    file = tmp_path / "st_gcn.safetensors"
    save_file(net.state_dict(), file)
    card = training.train_model(
        "severity",
        tmp_path,
        RunSettings("tiny", "cpu", 1, 1),
        seed=2,
        out=tmp_path / "toy-2",
        checkpoint=file,
        tick=no_progress,
    )
    assert card is not None
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    assert card.training["variant"] == f"linear from st_gcn.safetensors ({digest})"


def test_loaded_model_is_what_was_trained(folder: Path) -> None:
    model = load_model(folder, task="severity")
    assert set(model.state) == {"weight", "bias"}
    assert model.synthetic
    assert model.card.outputs == ("severity",)
    familiar = training_distribution(model)
    assert familiar is not None
    assert familiar.reason(familiar.mean) == NOTHING
    assert familiar.reason(familiar.mean + 50.0).code == "reason.unlike_learned"
    assert familiar.reason(np.full(36, np.nan)).code == "reason.few_angles"


def test_sessions_of_another_kind_set_no_limit(experiment: Callable[[], Experiment], folder: Path) -> None:
    """Such as children with cerebral palsy, where what is learned is the asymmetry of those without."""
    held = experiment()
    stranger = replace(
        held.prepared[0], subject="stranger", examples=(), description=held.prepared[0].description + 1000.0
    )
    found = training._familiar(replace(held, prepared=(*held.prepared, stranger)), 2)
    expected = load_model(folder).extra["familiar.limit"]
    assert float(found["familiar.limit"]) == pytest.approx(float(expected))


def test_an_existing_model_is_not_overwritten(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds a model already"):
        training.train_model(
            "severity", tmp_path, RunSettings("tiny", "cpu", 1, 1), out=folder, tick=no_progress
        )


def test_wrong_foreign_and_missing_files_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no model folder"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(SettingsError, match="for severity, not for evgs"):
        load_model(folder, task="evgs")
    weights = folder / WEIGHTS
    good = weights.read_bytes()
    weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(SettingsError, match="is not the file that its card describes"):
        load_model(folder)
    weights.unlink()
    with pytest.raises(SettingsError, match="is missing"):
        load_model(folder)
    # A pickle under the right name and with the right digest is still not read.
    torch.save({"weight": torch.zeros(1)}, weights)
    card = (folder / CARD).read_text()
    import hashlib

    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    (folder / CARD).write_text(card.replace(read_card(folder).sha256, digest))
    with pytest.raises(SettingsError, match="no weights in safetensors"):
        load_model(folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not toml [", "cannot be read"),
        ("format = 99", "newer version"),
        ("format = 1\nid = 'x'", "not a complete model card"),
        ("x = 1", "not a complete model card"),
    ],
)
def test_damaged_cards_are_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / CARD).write_text(text)
    with pytest.raises(SettingsError, match=words):
        read_card(tmp_path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('bytes = "x"', "bytes: expected a whole number, found 'x'"),
        ("sha256 = 5", "sha256: expected text, found 5"),
        ("id = 5", "id: expected text, found 5"),
        ('outputs = "severity"', "outputs: expected a list, found 'severity'"),
        ("outputs = [1]", r"outputs\[0\]: expected text, found 1"),
        ("data = 7", "data: expected a table, found 7"),
        ("metrics = {test = 1}", "metrics.test: expected a table, found 1"),
        ("synthetic = 1", "synthetic: expected true or false, found 1"),
        ("bytes = " + "7" * 5000, "cannot be read"),
        ("outputs = " + "[" * 5000 + "]" * 5000, "cannot be read"),
    ],
)
def test_a_card_with_wrong_types_is_told_and_hides_no_other(
    copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, words: str
) -> None:
    add_model(copied)
    bad = user_folder() / "bad-1"
    shutil.copytree(copied, bad)
    name = line.split(" =")[0]
    head, _, tables = (bad / CARD).read_text().partition("\n[")
    kept = [one for one in head.splitlines() if not one.startswith(f"{name} =")]
    text = "\n".join([*kept, line, "" if name in tables else f"[{tables}"])
    (bad / CARD).write_text(text)
    with pytest.raises(SettingsError, match=words):
        read_card(bad)
    entries = {entry.id: entry for entry in list_models()}
    assert entries["bad-1"].card is None
    assert re.search(words, str(entries["bad-1"].problem))
    assert entries["toy-1"].card is not None
    assert verify(entries["bad-1"]) == entries["bad-1"].problem
    with pytest.raises(SettingsError, match=words):
        add_model(bad)
    # The command line says so, and lists the others.
    assert main(["models", "list"]) == 0
    listed = capsys.readouterr().out
    assert "bad-1: " in listed
    assert "toy-1 (added" in listed
    assert main(["models", "verify"]) == 2
    assert "toy-1: good" in capsys.readouterr().out
    assert main(["models", "add", str(bad)]) == 2


def test_a_synthetic_model_without_its_statement_cannot_be(folder: Path, tmp_path: Path) -> None:
    text = (folder / CARD).read_text()
    (folder / CARD).write_text(text.replace(SYNTHETIC_STATEMENT, "works well", 1))
    with pytest.raises(SettingsError, match="not a complete model card"):
        read_card(folder)


def test_list_verify_add(copied: Path, folder: Path) -> None:
    entry = add_model(copied)
    assert entry.folder == user_folder() / "toy-1"
    assert "toy-1" in {one.id for one in list_models()}
    assert default_model("severity").shipped  # an added one is asked once it was chosen
    assert not verify(entry)
    assert open_model("toy-1").digest == load_model(copied).digest
    file = entry.folder / WEIGHTS
    file.write_bytes(file.read_bytes() + b"x")
    assert "not the file" in str(verify(entry))
    with pytest.raises(SettingsError, match="have no network"):
        add_model(folder)  # a network that this program does not build
    with pytest.raises(SettingsError, match=r"There is no model nonsense; there are: .*toy-1"):
        open_model("nonsense")


def test_a_card_cannot_name_a_place_outside(folder: Path, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    model = load_model(folder)
    facts = {name: getattr(model.card, name) for name in type(model.card).__slots__}
    write_model(evil, model.state, {**facts, "id": "../../evil"})
    with pytest.raises(SettingsError, match="impossible model id"):
        add_model(evil)


def test_shipped_models_are_whole_and_small() -> None:
    total = sum(path.stat().st_size for path in paths.models().rglob("*") if path.is_file())
    assert total <= LARGEST_BYTES
    for entry in list_models():
        if entry.shipped:
            assert not verify(entry), entry.id
            assert entry.card is not None
            assert entry.card.licence
            few = too_few(entry.card.people)
            assert entry.card.statement == statement_of(synthetic=entry.card.synthetic, few=few), entry.id
