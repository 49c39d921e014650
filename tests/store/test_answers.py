"""What models said is kept with the session, one answer of each system, and goes with it."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.maps import AttentionMap, FeatureFinding, KnowledgeMap, SaliencyMap
from gaitviewer.core.output import MeasuredBasis, ModelOutput, Opinion, Provenance
from gaitviewer.errors import StoreError
from gaitviewer.messages import message
from gaitviewer.store import copies, open_library
from gaitviewer.workflow.sessions.queries import purge_sessions

NAN = float("nan")


def output(label: str = "moderate") -> ModelOutput:
    """With everything in it that an answer can have."""
    rng = np.random.default_rng(3)
    attention = rng.random((2, 3, 4))
    attention[0, 1] = NAN
    return ModelOutput(
        "severity-2",
        (
            Opinion("severity", ("mild", "moderate"), (0.125, 0.875), label=label),
            Opinion("asymmetry", ("a",), None, message("reason.unlike_learned", distance=3.5, limit=2.0)),
        ),
        Provenance("severity-2", "ab" * 32, "cd" * 32, "0.1.0", "cuda:0", "2026-01-02T03:04:05+00:00", 1.5),
        True,
        (SaliencyMap(rng.random((5, 2)), np.arange(5) / 7, ("a", "b"), "t1", View.SAGITTAL, "block 2", "x"),),
        (AttentionMap(attention, np.arange(2) / 3, (1.0, 2.0, 3.5, 4.0), "t1", View.CORONAL, "attention", ""),),
        (KnowledgeMap(rng.random((2, 4)), ("f", "g"), np.arange(4.0), "t1", View.CORONAL, np.full(4, NAN)),),
        (FeatureFinding("f", "trunk", 0.1, 0.9, 0.25, "trunk lean: 3.0 deg", 3.0, "deg"),),
        ("A sentence.",),
        (("left_knee", 0.5, 0.25, 0.75),),
        (MeasuredBasis("speed", "Walking speed", NAN, "m/s", 0.1, NAN),),
    )  # fmt: skip


def test_an_answer_comes_back_with_its_maps_and_what_is_not_known(made: Path) -> None:
    whole = output()
    with open_library(made) as library:
        library.save_answer("s1", "severity", whole)
    with open_library(made) as library:
        back = library.answers("s1")["severity"]
    for name in ("model", "opinions", "provenance", "synthetic", "findings", "texts", "ranking", "basis"):
        assert repr(getattr(back, name)) == repr(getattr(whole, name)), name
    for name in ("saliency", "attention", "maps"):
        (mine,), (then,) = getattr(back, name), getattr(whole, name)
        np.testing.assert_array_equal(mine.values, then.values.astype(np.float32))
        np.testing.assert_array_equal(mine.times_s, then.times_s)
        assert (mine.trial, mine.view, mine.target) == (then.trial, then.view, then.target)
    assert back.attention[0].box_px == whole.attention[0].box_px
    assert np.isnan(back.maps[0].cycle).all()


def test_a_system_has_one_answer_and_saving_the_session_keeps_it(made: Path, document: Document) -> None:
    with open_library(made) as library:
        revision = library.revision("s1")
        library.save_answer("s1", "severity", output("mild"))
        library.save_answer("s1", "scoliosis", output("other"))
        library.save_answer("s1", "severity", output())
        assert library.revision("s1") == revision
        library.save_session(document)
        labels = {task: one.opinions[0].label for task, one in library.answers("s1").items()}
        arrays = library.connection.execute("SELECT COUNT(*) FROM answer_arrays").fetchone()[0]
    assert labels == {"scoliosis": "other", "severity": "moderate"}
    assert arrays == 2 * 7


def test_a_damaged_answer_is_left_out_and_the_others_stay(made: Path) -> None:
    with open_library(made) as library:
        for task in ("evgs", "scoliosis", "severity"):
            library.save_answer("s1", task, output(task))
    raw = sqlite3.connect(made)
    raw.execute("UPDATE answers SET output = '{\"model\": 3}' WHERE task = 'evgs'")
    raw.execute("UPDATE answer_arrays SET data = substr(data, 1, 40) WHERE task = 'severity' AND position = 2")
    raw.commit()
    raw.close()
    with open_library(made) as library:
        assert list(library.answers("s1")) == ["scoliosis"]


def test_a_sentence_of_another_version_is_an_answer_that_cannot_be_read(made: Path) -> None:
    strange = replace(output(), opinions=(Opinion("x", ("a",), None, message("reason.of.tomorrow")),))
    with open_library(made) as library:
        library.save_answer("s1", "severity", strange)
        assert library.answers("s1") == {}


def test_an_answer_to_no_session_is_refused(made: Path) -> None:
    with open_library(made) as library, pytest.raises(StoreError, match="s7"):
        library.save_answer("s7", "severity", output())


def test_a_purged_session_takes_its_answers_along_also_from_copies(made: Path) -> None:
    with open_library(made) as library:
        library.save_answer("s1", "severity", output())
        copies.copy_before_step(made, "0010_later")
        (copy,) = (file for file in copies.copy_files(made) if b"severity-2" in file.read_bytes())
        library.delete_session("s1")
        purge_sessions(library, ("s1",))
        for table in ("answers", "answer_arrays"):
            assert library.connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] == 0
    for file in (made, copy):
        assert b"severity-2" not in file.read_bytes()
