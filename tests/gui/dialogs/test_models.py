"""The cards of all models: what is said of them, and that a new one is never asked by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from gaitviewer.core.output import SYNTHETIC_STATEMENT
from gaitviewer.gui.dialogs.models import ModelsDialog
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.services.inference import TASKS
from gaitviewer.gui.services.jobs import Jobs
from gaitviewer.gui.services.services import Services
from gaitviewer.gui.widgets.plain import PlainLabel
from gaitviewer.inference.models import default_model, list_models, user_folder
from gaitviewer.nets.card import WEIGHTS
from gaitviewer.pose.models import added_names
from gaitviewer.workflow.app import settings
from tests.support.model_folders import copy_of
from tests.support.onnx_files import fixed_points_file

LONG_MS = 120_000


@pytest.fixture
def services(qtbot: QtBot) -> Iterator[Services]:
    jobs = Jobs()
    made = Services(AppState(), jobs)
    yield made
    jobs.shutdown()
    made.inference.close()


@pytest.fixture
def dialog(services: Services, qtbot: QtBot) -> ModelsDialog:
    made = ModelsDialog(services.state, services.inference, services.jobs)
    qtbot.addWidget(made)
    made.show()
    return made


def words(dialog: ModelsDialog, model: str) -> str:
    labels = dialog.cards[model].findChildren(PlainLabel)
    return "\n".join(label.text() for label in labels if not label.isHidden())


def button(dialog: ModelsDialog, model: str, name: str) -> QPushButton | None:
    return dialog.cards[model].findChild(QPushButton, f"model_{name}")


def press(dialog: ModelsDialog, model: str, name: str) -> None:
    found = button(dialog, model, name)
    assert found is not None
    found.click()


def test_each_model_says_what_it_is_and_how_well_it_does_apart(dialog: ModelsDialog) -> None:
    for entry in list_models():
        assert entry.card is not None
        said = words(dialog, entry.id)
        for part in (entry.card.title, entry.card.licence, entry.card.sha256[:16], "MB", SYNTHETIC_STATEMENT):
            assert part in said, entry.id
        assert "On synthetic gait" in said
        assert "On people\nnot measured" in said
        assert button(dialog, entry.id, "remove") is None
        assert ("asked by default" in said) == (entry.card.task in TASKS)
    severity = default_model("severity").card
    assert severity is not None
    said = words(dialog, severity.id)
    assert f"{severity.metrics['test']['accuracy']:.2f}" in said
    used = severity.metrics["as used, fresh children"]
    healthy = [count for name, count in used.items() if name.startswith("none -> ")]
    assert "\n".join(["none", *map(str, healthy)]) in said.partition("As it is used")[2]


def test_a_model_is_added_checked_chosen_and_removed(
    dialog: ModelsDialog, services: Services, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = default_model("severity").id
    damaged = copy_of("severity", tmp_path, "severity-8")
    (damaged / WEIGHTS).write_bytes(b"x")
    picked = iter([str(tmp_path), str(damaged), str(copy_of("severity", tmp_path, "severity-9"))])
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: next(picked))
    for problem in ("is no model folder", "severity-8"):
        dialog.add_folder.click()
        assert not dialog.add_folder.isEnabled()
        qtbot.waitUntil(lambda said=problem: said in dialog.status.text(), timeout=LONG_MS)
    assert "is not the file that its card describes" in dialog.status.text()
    dialog.add_folder.click()
    qtbot.waitUntil(lambda: "severity-9 was added" in dialog.status.text(), timeout=LONG_MS)
    assert "asked by default" in words(dialog, shipped)
    assert "asked by default" not in words(dialog, "severity-9")
    assert default_model("severity").id == shipped
    press(dialog, "severity-9", "check")
    qtbot.waitUntil(lambda: "the network answers" in words(dialog, "severity-9"), timeout=LONG_MS)
    press(dialog, "severity-9", "default")
    assert default_model("severity").id == "severity-9"
    assert "asked by default" in words(dialog, "severity-9")
    assert button(dialog, "severity-9", "default") is None
    press(dialog, "severity-9", "remove")
    assert (user_folder() / "severity-9").is_dir()  # it asks back
    press(dialog, "severity-9", "remove")
    assert not (user_folder() / "severity-9").exists()
    assert "severity-9" not in dialog.cards
    assert default_model("severity").id == shipped


def test_a_model_that_is_damaged_later_says_so_when_it_is_checked(
    services: Services, tmp_path: Path, qtbot: QtBot
) -> None:
    copy_of("scoliosis", user_folder(), "scoliosis-9")
    (user_folder() / "scoliosis-9" / WEIGHTS).write_bytes(b"x")
    (user_folder() / "odd").mkdir()
    (user_folder() / "odd" / "card.toml").write_text("no card [")
    dialog = ModelsDialog(services.state, services.inference, services.jobs)
    qtbot.addWidget(dialog)
    assert "cannot be read" in words(dialog, "odd")
    press(dialog, "scoliosis-9", "check")
    qtbot.waitUntil(lambda: "is not the file" in words(dialog, "scoliosis-9"), timeout=LONG_MS)


def test_a_pose_model_is_chosen_and_one_that_is_missing_is_added_from_its_file(
    dialog: ModelsDialog, qtbot: QtBot, tmp_path: Path
) -> None:
    assert dialog.pose.currentData() == "best"
    assert "BlazePose heavy is not here" in words(dialog, "heavy")
    other = tmp_path / "other.tflite"
    other.write_bytes(b"TFL3")
    dialog.take_pose_model(other)
    qtbot.waitUntil(lambda: "no pose model that this program knows" in dialog.status.text(), timeout=LONG_MS)
    dialog.pose.setCurrentIndex(dialog.pose.findData("full"))
    assert settings.load().pose_model == "full"


def test_a_pose_model_of_ones_own_is_picked_tried_chosen_and_removed(
    dialog: ModelsDialog, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = fixed_points_file(
        tmp_path / "mine.onnx", np.full((17, 2), 9.0, np.float32), width=48, height=64, bins=2
    )
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(good.read_bytes()[:500])
    picked = iter([str(damaged), str(good)])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (next(picked), ""))
    dialog.add_pose.click()
    assert not dialog.add_pose.isEnabled()
    qtbot.waitUntil(lambda: "damaged.onnx is damaged" in dialog.status.text(), timeout=LONG_MS)
    dialog.add_pose.click()
    qtbot.waitUntil(lambda: "mine was added" in dialog.status.text(), timeout=LONG_MS)
    assert settings.load().pose_model == "best"  # a new model is used once it is chosen
    assert "RTMPose, 17 points" in words(dialog, "mine")
    assert "no heels" in words(dialog, "mine")
    dialog.pose.setCurrentIndex(dialog.pose.findData("mine"))
    assert settings.load().pose_model == "mine"
    press(dialog, "mine", "remove")
    press(dialog, "mine", "remove")
    assert added_names() == ()
    assert settings.load().pose_model == "best"
    assert dialog.pose.currentData() == "best"
