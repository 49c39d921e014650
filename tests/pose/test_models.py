"""Pose models: which are here, which is used, and the file that a person adds."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.cli import main
from gaitviewer.core.gait import View
from gaitviewer.errors import SettingsError
from gaitviewer.pose import models
from gaitviewer.pose.estimator import PoseEstimator
from gaitviewer.pose.mediapipe_backend import MediaPipeEstimator
from gaitviewer.pose.models import PoseModel, add_model_file, choose_model, pose_model, problem_of
from gaitviewer.synthesis.demo import demo_scene

INSTALLED = pose_model("heavy").path
"""Where the heavy model is for whoever runs the tests, before each test gets a home of its own."""


@pytest.fixture
def standing_in(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that counts as the heavy model: the full one, which has the same inputs and outputs."""
    file = pose_model("full").path
    heavy = pose_model("heavy")
    fake = replace(heavy, card=replace(heavy.card, sha256=hashlib.sha256(file.read_bytes()).hexdigest()))
    full = replace(pose_model("full"), card=replace(pose_model("full").card, sha256="0" * 64))
    monkeypatch.setattr(models, "pose_model", {"heavy": fake, "full": full}.__getitem__)
    return file


def test_without_a_file_the_full_model_is_the_best_and_what_that_costs_is_said() -> None:
    assert choose_model().name == "full"
    assert not problem_of(pose_model("full"))
    words = str(problem_of(pose_model("heavy")))
    assert "gaitviewer models add FILE" in words
    assert "degrees at the knee" in words
    with pytest.raises(SettingsError, match="BlazePose heavy is not here"):
        choose_model("heavy")
    with pytest.raises(SettingsError, match="choose one of: best, heavy, full"):
        choose_model("crystal ball")


def test_an_added_file_can_be_chosen_until_it_is_damaged(
    standing_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heavy = add_model_file(standing_in)
    assert heavy.path.read_bytes() == standing_in.read_bytes()
    assert choose_model("heavy").name == "heavy"
    assert choose_model("full").name == "full"
    assert choose_model().name == "heavy", "the best takes the first that is here"
    heavy.path.write_bytes(b"half a file")
    with pytest.raises(SettingsError, match=r"is damaged.*Add it again"):
        choose_model()
    assert problem_of(heavy).code == "error.pose.model_damaged"
    assert choose_model("full").name == "full"


def test_a_foreign_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.tflite"
    other.write_bytes(b"TFL3")
    assert main(["models", "add", str(other)]) == 2
    assert "other.tflite is no pose model that this program knows" in capsys.readouterr().err
    assert not pose_model("heavy").path.exists()
    assert main(["models", "list"]) == 0
    assert "BlazePose heavy is not here" in capsys.readouterr().out


def _answer(model: PoseModel) -> tuple[PoseEstimator, np.ndarray]:
    """A started and closed estimator, and its keypoints of a walker."""
    filmed = demo_scene(1).views[View.SAGITTAL]
    middle = len(filmed.times) // 2
    rgb = next(frame.rgb for number, frame in enumerate(filmed.frames()) if number == middle)
    estimator = MediaPipeEstimator(model)
    estimator.start()
    try:
        (body, _), *_ = estimator.find_people(rgb)
        found = estimator.estimate(rgb, body)
    finally:
        estimator.close()
    assert found is not None
    return estimator, found.xy


def test_the_file_in_the_users_data_is_the_one_that_runs(standing_in: Path) -> None:
    heavy = add_model_file(standing_in)
    one, there = _answer(heavy)
    other, shipped = _answer(pose_model("full"))
    np.testing.assert_array_equal(there, shipped)  # the same weights from another place
    assert one.name == other.name.replace("full", "heavy")
    assert one.weights_digest == other.weights_digest
    heavy.path.unlink()
    with pytest.raises(Exception, match="pose_landmark_heavy"):
        _answer(heavy)


@pytest.mark.skipif(not INSTALLED.is_file(), reason="the heavy pose model was not added on this machine")
def test_the_heavy_model_gives_other_points_near_those_of_the_full_one() -> None:
    file = INSTALLED
    one, heavy = _answer(add_model_file(file))
    other, full = _answer(pose_model("full"))
    assert one.weights_digest != other.weights_digest
    apart = np.linalg.norm(heavy - full, axis=1)
    assert 0.2 < np.nanmedian(apart) < 25  # pixels
