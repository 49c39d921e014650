"""The commands of the learned systems say what is there, what is wrong and what to do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gaitviewer.cli import main
from gaitviewer.core.document import Document
from gaitviewer.core.output import SYNTHETIC_STATEMENT
from gaitviewer.inference.answers import stored_answers
from gaitviewer.nets.card import WEIGHTS
from gaitviewer.store import open_library
from tests.support.model_folders import copy_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of("severity", tmp_path, "severity-7")


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
    assert main(["models", "remove", "severity-7"]) == 0
    assert main(["models", "remove", "severity-7"]) == 2
    assert main(["models", "remove", "evgs-1"]) == 2
    assert "came with the program" in capsys.readouterr().err
    assert main(["models", "verify"]) == 0


def test_all_models_are_asked_about_several_sessions_and_the_answers_kept(
    walker_document: Document, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = replace(walker_document, session=replace(walker_document.session, id="walk9"))
    with open_library() as library:
        library.save_session(walker_document)
        library.save_session(other)
    names = [walker_document.session.id, "walk9"]
    assert main(["predict", *names]) == 0
    with open_library() as library:
        assert library.answers("walk9") == {}
    assert main(["predict", *names, "--all-models", "--save", "--device", "cpu"]) == 0
    said = capsys.readouterr().out
    assert said.count(SYNTHETIC_STATEMENT) == 2 + 6
    with open_library() as library:
        for name in names:
            assert set(library.answers(name)) == {"severity", "evgs", "scoliosis"}
        document = library.load_session("walk9")
        assert not any(answer.out_of_date for answer in stored_answers(library, document))
    assert main(["predict", *names, "--save", "--model", str(folder)]) == 2
    assert "gaitviewer models add" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["predict", *names, "--all-models", "--model", "evgs"])


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
