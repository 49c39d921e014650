"""The state of the window: edits, undo, what is selected."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gaitviewer.core.document import Document
from gaitviewer.core.evgs import Evidence, Grade
from gaitviewer.core.gait import Side, View
from gaitviewer.gui.model.documents import same_poses
from gaitviewer.gui.model.state import AppState


class Heard:
    """How often each signal was emitted."""

    def __init__(self, state: AppState) -> None:
        self.counts: dict[str, int] = {}
        for name in (
            "session_changed",
            "document_changed",
            "measures_changed",
            "trial_changed",
            "selection_changed",
            "saved_changed",
            "settings_changed",
        ):
            getattr(state, name).connect(lambda name=name: self._add(name))

    def _add(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def take(self) -> dict[str, int]:
        counts, self.counts = self.counts, {}
        return counts


@pytest.fixture
def state(qapp: Any, two_view_document: Document) -> Iterator[AppState]:
    made = AppState()
    made.open_session(two_view_document)
    yield made
    made.close_session()


def graded(document: Document, score: int) -> Document:
    return replace(document, grades=(Grade(8, Side.LEFT, score, "A", "2026-01-01T00:00:00Z"),))


def document_of(state: AppState) -> Document:
    assert state.document is not None
    return state.document


def test_an_edit_can_be_undone_and_done_again(state: AppState) -> None:
    heard = Heard(state)
    first = document_of(state)
    second = graded(first, 1)
    state.edit(second, "Grade")
    assert state.document is second
    assert state.history.undo_titles[0] == "Grade"
    assert heard.take() == {"document_changed": 1, "saved_changed": 1}
    state.undo()
    assert state.document is first
    assert not state.is_saved  # undoing is an edit, too
    state.redo()
    assert state.document is second
    assert not state.is_saved


def test_unsaved_is_a_comparison(state: AppState) -> None:
    first = document_of(state)
    state.edit(graded(first, 1), "a")
    saved = document_of(state)
    written = state.history.pending
    state.edit(graded(saved, 2), "b")
    state.history.mark_written(written)
    state.mark_saved(saved)  # saving took a while; meanwhile the user went on
    assert not state.is_saved
    state.undo()
    assert state.document is saved
    assert not state.is_saved  # that it was undone is not written yet
    state.history.mark_written(state.history.pending)
    assert state.is_saved


def test_edits_of_one_movement_are_one_step(state: AppState) -> None:
    first = document_of(state)
    for score in (0, 1, 2):
        state.edit(graded(document_of(state), score), f"Drag {score}", merge="drag 7")
    state.edit(graded(document_of(state), 0), "Other")
    assert len(state.history.undo_titles) == 2
    state.undo()
    assert document_of(state).grades[0].score == 2
    state.undo()
    assert state.document is first


def test_every_edit_can_be_undone_however_many_there_are(state: AppState) -> None:
    documents = [document_of(state)]
    for number in range(2000):
        state.edit(graded(documents[-1], number % 3), f"Grade {number}")
        documents.append(document_of(state))
    for document in reversed(documents[:-1]):
        state.undo()
        assert state.document is document
    assert not state.history.undo_titles
    for document in documents[1:]:
        state.redo()
        assert state.document is document


def test_a_step_to_undo_holds_little_of_its_own(state: AppState) -> None:
    first, texts = document_of(state), "stiff knee on the right, " * 8
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(1000):
            now = graded(document_of(state), number % 3)
            now = replace(now, texts=replace(now.texts, findings=f"{texts}{number}"))
            state.edit(now, f"Step {number}")
        state.amend(lambda document: replace(document, trials=(*document.trials,)))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert same_poses(document_of(state), first)
    assert (after - before) / 1000 < 5_000  # bytes; 10,000 steps in a sitting are 50 MB at most


def test_coming_back_to_what_was_saved_is_seen_after_results_came(state: AppState) -> None:
    state.edit(graded(document_of(state), 1), "a")
    state.edit(graded(document_of(state), 2), "b")
    state.amend(lambda document: replace(document))
    state.mark_saved(document_of(state))
    state.history.mark_written(state.history.pending)
    saved = document_of(state)
    state.undo()
    assert document_of(state) is not saved
    state.redo()
    state.edit(graded(document_of(state), 0), "c")
    state.undo()
    assert document_of(state).grades == saved.grades
    assert not state.is_saved


def test_the_same_document_is_no_edit(state: AppState) -> None:
    state.edit(document_of(state), "nothing")
    assert len(state.history.undo_titles) == 0


def test_editing_without_a_session_is_an_error(qapp: Any, two_view_document: Document) -> None:
    with pytest.raises(ValueError, match="no session"):
        AppState().edit(two_view_document, "a")


def test_trials_one_after_the_other(state: AppState) -> None:
    heard = Heard(state)
    assert state.trial_id == "t1"
    state.next_trial()
    assert state.trial_id == "t2"
    state.next_trial()
    assert state.trial_id == "t1"
    state.set_trial("t1")
    assert heard.take() == {"trial_changed": 2}
    with pytest.raises(KeyError):
        state.set_trial("t9")


def test_selecting_evidence_of_another_trial_shows_that_trial(state: AppState) -> None:
    heard = Heard(state)
    evidence = Evidence("t2", View.CORONAL, 3, 0.1, ())
    state.select(13, Side.RIGHT, evidence=evidence)
    assert (state.trial_id, state.item, state.side) == ("t2", 13, Side.RIGHT)
    assert state.evidence is evidence
    assert heard.take() == {"trial_changed": 1, "selection_changed": 1}
    state.select(13, Side.RIGHT, evidence=evidence)
    assert heard.take() == {"selection_changed": 1}
    state.clear_selection()
    assert (state.item, state.evidence) == (None, None)


def test_closing_forgets_everything(state: AppState) -> None:
    state.edit(graded(document_of(state), 1), "a")
    state.close_session()
    assert state.document is None
    assert state.trial is None
    assert len(state.history.undo_titles) == 0
    state.next_trial()


def test_settings_are_read_when_needed(state: AppState) -> None:
    heard = Heard(state)
    assert state.settings.paper == "A4"
    state.set_settings(replace(state.settings, paper="Letter"))
    state.set_settings(replace(state.settings, paper="Letter"))
    assert heard.take() == {"settings_changed": 1}
