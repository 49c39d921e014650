"""A whole recording is left out with a reason, shown as left out, and taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt

from gaitviewer.core import edits
from gaitviewer.gui.panels.common.exclude_trial import TrialOutBar, is_last_that_counts
from gaitviewer.gui.panels.common.trial_box import TrialBox
from gaitviewer.gui.panels.details import DetailsPanel


@pytest.fixture
def two(desk: Any) -> Any:
    """The session with a second recording, which is shown."""
    (first, *_) = desk.state.document.trials
    second = replace(first, trial=replace(first.trial, id="t2"))
    desk.state.open_session(replace(desk.state.document, trials=(first, second)), desk.measures)
    desk.state.set_trial("t2")
    return desk


def why(desk: Any) -> list[str]:
    return [data.trial.excluded for data in desk.state.document.trials]


def test_left_out_with_a_reason_and_taken_back(qtbot: Any, two: Any) -> None:
    panel, box = DetailsPanel(two.state, two.player), TrialBox(two.state)
    qtbot.addWidget(panel)
    qtbot.addWidget(box)
    bar = panel.trial_out
    assert bar.isVisibleTo(panel)
    assert bar.words.text() == "Recording 2 counts."
    assert not bar.button.isEnabled()
    qtbot.keyClicks(bar.reason.lineEdit(), "held by the hand")
    qtbot.mouseClick(bar.button, Qt.MouseButton.LeftButton)
    assert why(two) == ["", "held by the hand"]
    assert bar.words.text() == "Recording 2 is left out: Held by the hand."
    assert [box.itemText(n) for n in range(2)] == ["Recording 1", "Recording 2 (left out)"]
    assert box.currentData() == "t2"
    assert len(two.state.history.undo_titles) == 1
    qtbot.mouseClick(bar.back, Qt.MouseButton.LeftButton)
    assert why(two) == ["", ""]
    assert box.itemText(1) == "Recording 2"
    two.state.undo()
    assert why(two) == ["", "held by the hand"]
    two.state.undo()
    assert why(two) == ["", ""]
    assert bar.reason.currentText() == ""


def test_the_last_that_counts_stays(qtbot: Any, two: Any) -> None:
    bar = TrialOutBar(two.state)
    qtbot.addWidget(bar)
    two.state.edit(edits.exclude_trial(two.state.document, "t1", "stumbles"), "Leave out")
    assert is_last_that_counts(two.state.document, "t2")
    assert bar.words.text() == "Recording 2 is the only one that counts."
    bar.reason.setEditText("tired")
    assert not bar.button.isEnabled()
    bar.reason.lineEdit().returnPressed.emit()
    assert why(two) == ["stumbles", ""]


def test_a_session_of_one_recording_does_not_offer_it(qtbot: Any, desk: Any) -> None:
    panel = DetailsPanel(desk.state, desk.player)
    qtbot.addWidget(panel)
    assert len(desk.state.document.trials) == 1
    assert not panel.trial_out.isVisibleTo(panel)
