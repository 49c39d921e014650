"""The commands of the learned systems say what is there, what is wrong and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from gaitviewer.cli import main
from gaitviewer.core.output import SYNTHETIC_STATEMENT
from gaitviewer.nets.card import WEIGHTS, write_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    facts = {
        "id": "severity-7",
        "task": "severity",
        "title": "a toy",
        "synthetic": True,
        "statement": SYNTHETIC_STATEMENT,
        "outputs": ["severity"],
        "classes": ["1", "2"],
        "licence": "Apache-2.0",
        "intended_use": "tests",
    }
    write_model(tmp_path / "severity-7", {"w": torch.ones(2)}, facts)
    return tmp_path / "severity-7"


def test_add_list_verify(folder: Path, own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "add", str(folder)]) == 0
    assert "severity-7 was added" in capsys.readouterr().out
    assert main(["models", "list", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["severity-7"]["statement"] == SYNTHETIC_STATEMENT
    assert main(["models", "list"]) == 0
    assert SYNTHETIC_STATEMENT in capsys.readouterr().out
    assert main(["models", "verify", "severity-7"]) == 0
    (own_home / "data/models/severity-7" / WEIGHTS).write_bytes(b"something else")
    assert main(["models", "verify", "severity-7"]) == 2
    assert "is not the file that its card describes" in capsys.readouterr().out


def test_wrong_wishes_end_with_one_sentence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    for arguments, words in (
        (["models", "add", str(tmp_path)], "is no model folder"),
        (["models", "verify", "nonsense"], "There is no model nonsense"),
        (["predict", "s1", "--model", str(tmp_path / "nowhere")], "There is no model"),
        (["predict", "s1", "--model", str(folder)], "no session and no subject called s1"),
        (["train", "severity", "--data", str(tmp_path / "nowhere")], "does not exist"),
        (["evaluate", "evgs", "--data", str(tmp_path / "nowhere"), "--out", out], "does not exist"),
    ):
        assert main(arguments) == 2
        said = capsys.readouterr().err
        assert words in said
        assert "Traceback" not in said
