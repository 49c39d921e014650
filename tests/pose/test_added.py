"""Pose models of one's own: tried, copied with a card, listed, chosen, removed; unusable ones are refused."""

from __future__ import annotations

import hashlib
import shutil
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from gaitviewer.cli import main
from gaitviewer.core.gait import ByView
from gaitviewer.errors import SettingsError
from gaitviewer.pose.added import add_pose_model, is_checkpoint, try_file
from gaitviewer.pose.estimator import make_estimator
from gaitviewer.pose.models import added_names, choose_model, folder_of, problem_of, remove_added
from gaitviewer.workflow.analysis.request import AnalyzeRequest, make_session
from gaitviewer.workflow.analysis.results_cache import find_cached_results, remember
from gaitviewer.workflow.app import settings
from tests.support.checkpoints import write_checkpoint
from tests.support.onnx_files import fixed_points_file, node, simcc_file, write

PLACES = np.full((26, 2), 20.0, np.float32)


def rtmpose(folder: Path, name: str = "rtmpose-t.onnx", points: int = 26) -> Path:
    folder.mkdir(exist_ok=True)
    return fixed_points_file(folder / name, PLACES[[0] * points], width=48, height=64, bins=2)


def test_an_onnx_file_is_copied_with_its_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = rtmpose(tmp_path)
    assert main(["models", "add", str(file), "--licence", "Apache-2.0"]) == 0
    assert "--pose-model rtmpose-t" in capsys.readouterr().out
    card = choose_model("rtmpose-t").card
    assert choose_model("rtmpose-t").path.read_bytes() == file.read_bytes()
    assert card.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (card.licence, card.source, card.bytes) == ("Apache-2.0", file.name, file.stat().st_size)
    network = card.network
    assert network is not None
    assert (network.width, network.height, network.bins, network.runner) == (48, 64, 2, "opencv")
    assert network.keypoints[24] == "left_heel"
    file.unlink()  # the copy is the program's own
    assert make_estimator("rtmpose-t").name.startswith("RTMPose, 26 points, 48 x 64 (rtmpose-t), opencv")
    assert choose_model().name == "full", "a model of one's own is used where it was chosen, and nowhere else"


def test_a_checkpoint_folder_is_copied_and_its_missing_feet_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_checkpoint(tmp_path / "ViTPose tiny", points=17)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A model\n")
    assert is_checkpoint(folder)
    assert main(["models", "add", str(folder)]) == 0
    capsys.readouterr()
    assert main(["models", "list"]) == 0
    listed = capsys.readouterr().out
    assert "vitpose-tiny: pose model ViTPose, 17 points, 48 x 64 (added, licence apache-2.0)" in listed
    assert "It has no heels and toes: foot items and foot angles are not assessable with it." in listed
    assert add_pose_model(folder / "model.safetensors").name == "vitpose-tiny", (
        "its weights stand for the folder"
    )


def test_names_are_made_from_files_or_given_and_never_hide_another_model(tmp_path: Path) -> None:
    assert add_pose_model(rtmpose(tmp_path / "RTMPose-S (halpe)", "end2end.onnx")).name == "rtmpose-s-halpe"
    file = rtmpose(tmp_path, points=17)
    assert add_pose_model(file, name="mine").name == "mine"
    assert add_pose_model(file, name="mine").name == "mine", "the same once more"
    with pytest.raises(SettingsError, match=r"another pose model called mine.*gaitviewer models remove mine"):
        add_pose_model(rtmpose(tmp_path, "other.onnx"), name="mine")
    for name in ("full", "best", "Übung", "../mine"):
        with pytest.raises(SettingsError, match="cannot be called"):
            add_pose_model(file, name=name)
    assert added_names() == ("mine", "rtmpose-s-halpe")


def test_removing_takes_the_file_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_pose_model(rtmpose(tmp_path), name="mine")
    assert main(["models", "remove", "mine"]) == 0
    assert not folder_of("mine").exists()
    assert main(["models", "remove", "mine"]) == 2
    assert "no pose model 'mine' that was added; there are: none" in capsys.readouterr().err
    with pytest.raises(SettingsError, match="that was added"):
        remove_added("heavy")
    with pytest.raises(SettingsError, match="no pose model 'mine'; choose one of: best, heavy, full"):
        choose_model("mine")


def test_a_file_that_was_changed_after_it_was_added_is_not_used(tmp_path: Path) -> None:
    model = add_pose_model(rtmpose(tmp_path), name="mine")
    model.path.write_bytes(rtmpose(tmp_path, "other.onnx", points=17).read_bytes())
    assert problem_of(model).code == "error.pose.added_damaged"
    with pytest.raises(SettingsError, match=r"another file than the one that was added.*models remove mine"):
        choose_model("mine")
    assert choose_model("full").name == "full"


def test_a_damaged_card_says_what_to_do_and_hides_no_other_model(tmp_path: Path) -> None:
    add_pose_model(rtmpose(tmp_path), name="mine")
    (folder_of("mine") / "card.toml").write_text("[card]\ntitle = 3\n")
    with pytest.raises(SettingsError, match="models remove mine"):
        choose_model("mine")
    assert main(["models", "list"]) == 0
    remove_added("mine")


def _refused(source: Path, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        add_pose_model(source)
    assert added_names() == ()


def _not_run(source: Path, words: str) -> None:
    """As :func:`_refused`, by the trial itself, here and not in a process of its own."""
    with pytest.raises(SettingsError, match=words):
        try_file(source)


def test_files_that_are_no_pose_model_are_refused(tmp_path: Path) -> None:
    whole = rtmpose(tmp_path, "whole.onnx").read_bytes()
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(whole[: len(whole) // 2])
    _refused(damaged, "damaged.onnx is damaged or no ONNX file")
    damaged.write_bytes(b"not a network at all")
    _refused(damaged, "damaged.onnx is damaged or no ONNX file")
    _refused(tmp_path / "missing.onnx", r"missing.onnx cannot be read|is no pose model")
    _refused(tmp_path, "is no pose model: an .onnx file")


def test_networks_that_answer_otherwise_are_refused(tmp_path: Path) -> None:
    ends = {"inputs": {"input": (1, 3, 64, 48)}, "outputs": {"heat": (1, 17, 16, 12)}}
    _refused(write(tmp_path / "heat.onnx", [], {}, **ends), "heat.onnx has 1 outputs, and two are needed")
    _not_run(rtmpose(tmp_path, "few.onnx", points=14), "few.onnx gives 14 points; known are 17")
    flat = np.zeros((3 * 12 * 16 + 1, 17, 100), np.float32)
    unlike = simcc_file(tmp_path / "unlike.onnx", flat, flat, width=48, height=64)
    _not_run(unlike, "no SimCC answer for a picture of 48 x 64")
    open_one = simcc_file(tmp_path / "open.onnx", flat, flat, width=48, height=64, open_sizes=True)
    _not_run(open_one, "open.onnx takes .* fixed size")
    nan = np.full((3 * 12 * 16 + 1, 17, 96), np.nan, np.float32)
    _not_run(simcc_file(tmp_path / "nan.onnx", nan, nan[..., [0] * 128], width=48, height=64), "no numbers")


def test_pickled_weights_are_never_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_checkpoint(tmp_path / "own", points=17)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert main(["models", "add", str(folder)]) == 2
    assert "pickled weights, which can run any program and are never opened" in capsys.readouterr().err
    _refused(folder / "pytorch_model.bin", "pickled weights")


def test_checkpoints_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    good = write_checkpoint(tmp_path / "good", points=17)

    def spoiled(name: str, old: str, new: str) -> Path:
        folder = tmp_path / name
        shutil.copytree(good, folder)
        config = (folder / "config.json").read_text()
        assert old in config
        (folder / "config.json").write_text(config.replace(old, new))
        return folder

    _refused(spoiled("deep", '"num_hidden_layers": 2', '"num_hidden_layers": 3'), "do not fit the network")
    _refused(spoiled("other", '"vitpose"', '"vit"'), "another network than ViTPose")
    _refused(spoiled("half", "{", ""), "config.json cannot be used")
    _refused(write_checkpoint(tmp_path / "few", points=21), "gives 21 points")
    _refused(write_checkpoint(tmp_path / "halpe", points=26, experts=6), "gives 26 points")
    weights = spoiled("cut", "{", "{") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    _refused(weights.parent, "model.safetensors cannot be used")


class _Runtime(ModuleType):
    __version__ = "1.29.0"
    __spec__ = ModuleSpec("onnxruntime", None)


def test_what_opencv_cannot_run_needs_an_onnxruntime_that_reports_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {"simcc_x": (1, 17, 96), "simcc_y": (1, 17, 128)}
    nodes = [node("NobodyKnowsThis", ["input"], name) for name in outputs]
    strange = write(tmp_path / "strange.onnx", nodes, {}, inputs={"input": (1, 3, 64, 48)}, outputs=outputs)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    _not_run(strange, r"OpenCV cannot run strange.onnx.*pip install gaitviewer\[onnx\]")
    monkeypatch.setitem(sys.modules, "onnxruntime", _Runtime("onnxruntime"))
    _not_run(strange, r"onnxruntime 1\.29\.0 .* reports its use.*below 1\.29")
    _refused(strange, "OpenCV cannot run strange.onnx")


def test_the_model_is_part_of_every_key(tmp_path: Path) -> None:
    one = add_pose_model(rtmpose(tmp_path, "one.onnx"), name="one")
    other = add_pose_model(rtmpose(tmp_path, "other.onnx", points=17), name="other")
    keys = {make_estimator(name).weights_digest for name in ("one", "other", "full")}
    assert len(keys) == 3
    card = folder_of("one") / "card.toml"
    card.write_text(card.read_text().replace("123.675", "100.0"))
    assert make_estimator("one").weights_digest not in keys, "how it is run counts, too"
    assert choose_model("one").digest != one.digest
    video, result = tmp_path / "side.mp4", tmp_path / "out" / "assessment.json"
    for path in (video, result):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"anything")

    def request(name: str) -> AnalyzeRequest:
        pair = (ByView[Path | None](video, None),)
        return AnalyzeRequest(pair, make_session("P1"), result.parent, pose_model=name, keep=False)

    remember(request(other.name), "s1", [result], [])
    assert find_cached_results(request(other.name)) is not None
    assert find_cached_results(request("one")) is None


def test_an_unknown_name_is_refused_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = tmp_path / "side.mp4"
    video.write_bytes(b"anything")
    given = ["analyze", "--sagittal", str(video), "--subject", "P1", "--out", str(tmp_path / "out")]
    assert main([*given, "--pose-model", "nosuch"]) == 2
    assert "There is no pose model 'nosuch'; choose one of: best, heavy, full." in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_settings_take_any_possible_name() -> None:
    kept = settings.change(settings.Settings(), pose_model="rtmpose-s-halpe")
    settings.save(kept)
    assert settings.load().pose_model == "rtmpose-s-halpe"
    with pytest.raises(SettingsError, match="the name of a pose model that was added"):
        settings.change(kept, pose_model="../elsewhere")
