"""Wrong, foreign and damaged checkpoints, cards, layouts and tables: a sentence, code 2, nothing changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from gaitviewer.cli import main
from gaitviewer.nets.card import CARD, WEIGHTS, write_model
from gaitviewer.nets.evgs.videomae import VideoMae, VideoShape
from gaitviewer.nets.severity.stgcn import Stgcn, StgcnSettings
from gaitviewer.nets.severity.stgcnpp import Stgcnpp
from gaitviewer.research.training import evaluate as evaluation
from gaitviewer.research.training import results
from gaitviewer.research.training.experiment import Experiment
from gaitviewer.research.training.prepared_examples import PreparedSession
from tests.research.training.own_data import many, three_files, write_clip, write_labels

NARROW = StgcnSettings(width=0.1875)  # no protocol has it


@pytest.fixture(autouse=True)
def no_log_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gaitviewer.workflow.app.logs.start", lambda **rest: None)


def files_of(*folders: Path) -> dict[Path, bytes]:
    """Everything but the cache, in which digests of videos may be kept."""
    found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in found if "cache" not in path.parts}


def refused(
    arguments: list[object], words: tuple[str, ...], capsys: pytest.CaptureFixture[str], *folders: Path
) -> None:
    """The command says all of this in one sentence, ends with 2 and leaves every file as it was."""
    before = files_of(*folders)
    assert main([str(one) for one in arguments]) == 2
    said = "".join(capsys.readouterr())
    for one in words:
        assert one in said, said
    assert "Traceback" not in said
    assert files_of(*folders) == before


# --- checkpoints ---------------------------------------------------------------------------------------------


@cache
def video(width: int = 32) -> dict[str, Tensor]:
    """Weights of a tiny VideoMAE."""
    torch.manual_seed(1)
    shape = VideoShape(width=width, depth=1, heads=2, size_px=32, frames=4)
    return dict(VideoMae(shape).state_dict())


@cache
def skeleton(kind: type[Stgcn | Stgcnpp] = Stgcn) -> dict[str, Tensor]:
    torch.manual_seed(1)
    return dict(kind(NARROW).state_dict())


def without(state: dict[str, Tensor], key: str) -> dict[str, Tensor]:
    return {name: value for name, value in state.items() if name != key}


def saved(state: dict[str, Tensor]) -> Callable[[Path], None]:
    return lambda path: save_file({key: value.clone() for key, value in state.items()}, path)


def cut_off(path: Path) -> None:
    saved(video())(path)
    path.write_bytes(path.read_bytes()[:-100])


HUGGING_FACE = {
    "videomae.embeddings.patch_embeddings.projection.weight": torch.zeros(32, 3, 2, 16, 16),
    "videomae.encoder.layer.0.attention.attention.query.weight": torch.zeros(32, 32),
}
CHECKPOINTS: dict[str, tuple[str, Callable[[Path], object], tuple[str, ...]]] = {
    "absent": ("evgs", lambda path: None, ("There is no weights file",)),
    "a folder": ("evgs", lambda path: path.mkdir(), ("There is no weights file",)),
    "text": ("evgs", lambda path: path.write_text("weights"), ("w.safetensors cannot be read as safetensors",)),
    "cut off": ("severity", cut_off, ("w.safetensors cannot be read as safetensors",)),
    "empty": ("severity", saved({}), ("w.safetensors holds no weights",)),
    "not a number": (
        "evgs",
        saved({**video(), "fc_norm.bias": torch.full((32,), torch.nan)}),
        ("no numbers, in fc_norm.bias",),
    ),
    "another width": ("evgs", saved(video()), ("w.safetensors is 32 wide and 1 blocks deep", "network")),
    "another patch": (
        "evgs",
        lambda path: saved(resized_video())(path),
        ("patch_embed.proj.weight is", "where", "is needed"),
    ),
    "video for severity": (
        "severity",
        saved(video()),
        ("no ST-GCN or ST-GCN++ network but a video transformer: ", "32"),
    ),
    "skeleton for evgs": ("evgs", saved(skeleton()), ("no VideoMAE v2 network but an ST-GCN: ",)),
    "anything for evgs": ("evgs", saved({"w": torch.zeros(2, 3)}), ("not known here: w 2 x 3",)),
    "narrow skeleton": ("severity", saved(skeleton()), ("st_gcn_networks", "is needed")),
    "narrow st-gcn++": ("severity", saved(skeleton(Stgcnpp)), ("gcn.0", "is needed")),
    "half of the attention": ("evgs", saved(HUGGING_FACE), ("in layer 0 queries, keys and values",)),
    "any for scoliosis": ("scoliosis", saved(video()), ("scoliosis system starts from no weights file",)),
}


def resized_video() -> dict[str, Tensor]:
    """Of the tiny protocol's width and depth, with patches of one pixel."""
    from gaitviewer.research.training.evgs.settings import network_settings, read_protocol

    shape = network_settings(read_protocol("tiny")).shape
    return {
        "patch_embed.proj.weight": torch.zeros(shape.width, 3, 2, 1, 1),
        **{f"blocks.{k}.norm1.weight": torch.zeros(shape.width) for k in range(shape.depth)},
    }


@pytest.mark.parametrize("kind", CHECKPOINTS)
def test_checkpoints(kind: str, tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    system, write, words = CHECKPOINTS[kind]
    write(tmp_path / "w.safetensors")
    data = many(tmp_path / "data", subjects=1)
    out = tmp_path / "out"
    start = ["--protocol", "tiny", "--checkpoint", tmp_path / "w.safetensors"]
    refused(["train", system, "--data", data, "--out", out, *start], words, capsys, tmp_path, own_home)
    assert not out.exists()


def test_a_pickled_checkpoint(tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "w.pth").write_bytes(b"cbuiltins\nprint\n(S'run'\ntR.")
    arguments = ["train", "evgs", "--data", many(tmp_path / "d", 1), "--checkpoint", tmp_path / "w.pth"]
    refused(arguments, ("w.pth is a pickled PyTorch file", "Convert it"), capsys, tmp_path, own_home)


# --- cards ---------------------------------------------------------------------------------------------------

CARDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no card": (lambda folder: (folder / CARD).unlink(), "is no model folder"),
    "a card that is no TOML": (lambda folder: (folder / CARD).write_text("id = "), CARD),
    "a card without its digest": (lambda folder: _in_card(folder, "sha256", "digest"), "complete model card"),
    "a card of later times": (
        lambda folder: _in_card(folder, "format = 1", "format = 99"),
        "by a newer version",
    ),
    "a card of no format": (
        lambda folder: _in_card(folder, "format = 1", 'format = "one"'),
        "complete model card",
    ),
    "no weights": (lambda folder: (folder / WEIGHTS).unlink(), "is missing"),
    "weights of another card": (
        lambda folder: save_file({"net/w": torch.zeros(2)}, folder / WEIGHTS),
        "is not the file that its card",
    ),
    "an impossible id": (lambda folder: _in_card(folder, '"severity-7"', '"../out"'), "impossible"),
    "a task of the future": (lambda folder: _in_card(folder, '"severity"', '"gait"'), "gait"),
}


def _in_card(folder: Path, old: str, new: str) -> None:
    text = (folder / CARD).read_text()
    assert old in text
    (folder / CARD).write_text(text.replace(old, new))


@pytest.mark.parametrize("kind", CARDS)
def test_cards(kind: str, tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change, words = CARDS[kind]
    facts = {
        "id": "severity-7",
        "task": "severity",
        "title": "a toy",
        "synthetic": False,
        "statement": "",
        "outputs": ["severity"],
        "classes": ["1", "2"],
        "licence": "Apache-2.0",
        "intended_use": "tests",
    }
    write_model(tmp_path / "severity-7", {"w": torch.ones(2)}, facts)
    change(tmp_path / "severity-7")
    refused(["models", "add", tmp_path / "severity-7"], (words,), capsys, tmp_path, own_home)


# --- layouts and tables --------------------------------------------------------------------------------------


def text(name: str, content: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(content)


def label(content: str) -> Callable[[Path], object]:
    return text("labels.csv", content)


LABEL = {"patient_id": 12, "left": {"1": 0}, "right": {}}
CLIP = "12-1_left_0-143"
DATA: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "nowhere": (shutil.rmtree, ("does not exist",)),
    "an empty folder": (lambda f: [path.unlink() for path in f.iterdir()], ("holds no file",)),
    "other files": (
        lambda f: [
            (f / f"{CLIP}.json").rename(f / "keypoints.json"),
            (f / f"{CLIP}.mp4").rename(f / "walk.mp4"),
        ],
        ("holds 1 ", ".mp4", "no folder in the CGV layout", "`gaitviewer analyze`"),
    ),
    "videos alone": (lambda f: (f / f"{CLIP}.json").unlink(), ("holds no keypoints in the CGV layout",)),
    "nobody labelled": (lambda f: (f / "labels.csv").unlink(), ("no labels for any of its 1 clips", CLIP)),
    "an item scored 3": (
        text("l.json", json.dumps({**LABEL, "left": {"1": 3}})),
        ("l.json has damaged labels of patient 12", "item 1 is 3"),
    ),
    "labels cut off": (text("l.json", '{"patient_id": 12, "le'), ("l.json cannot be read as JSON",)),
    "two labels of a patient": (
        lambda f: [text(f"{k}.json", json.dumps({**LABEL, "left": {"1": k}}))(f) for k in (0, 1)],
        ("1.json says other than another file of the labels of patient 12",),
    ),
    "keypoints cut off": (text(f"{CLIP}.json", '[{"video_info"'), (f"{CLIP}.json cannot be read as JSON",)),
    "too few points": (
        lambda f: _in_frames(f, "keypoints", [[1, 2]] * 17),
        (f"keypoints of clip {CLIP} are damaged", "23 points"),
    ),
    "no frame rate": (
        lambda f: write_clip(f, CLIP, fps=0.0),
        (f"clip {CLIP} are damaged", "0.0 frames per second"),
    ),
    "a damaged mask": (
        lambda f: [
            (f / "masks" / CLIP).mkdir(parents=True),
            (f / "masks" / CLIP / "000001.png").write_text("png"),
        ],
        ("000001.png cannot be used",),
    ),
    "one child as two": (
        lambda f: [
            shutil.copy(f / f"{CLIP}.mp4", f / "13-1_left_0-9.mp4"),
            write_clip(f, "13-1_left_0-9", x=9.0),
            label("subject,gmfcs\n12,1\n13,2\n")(f),
        ],
        (f"{CLIP} and 13-1_left_0-9 are the same recording", "leakage"),
    ),
    "a damaged cohort": (text("cohort.json", "{}"), ("is not the index of a synthetic cohort",)),
    "a library that is none": (text("library.db", "no database" * 99), ("library.db",)),
    "a table without subjects": (label("gmfcs\n1\n"), ("labels.csv", "subject")),
    "a table without rows": (label("subject,gmfcs\n"), ("labels.csv holds no rows",)),
    "an unknown column": (label("subject,gmfsc\n12,1\n"), ("labels.csv has a column 'gmfsc'", "gmfcs")),
    "a table of names alone": (label("subject,note\n12,tall\n"), ("says nothing of anybody",)),
    "GMFCS VI": (label("subject,gmfcs\n12,VI\n"), ("labels.csv, line 2: gmfcs is 'VI'", "I to V")),
    "a Cobb angle of 200": (label("subject,cobb_deg\n12,200\n"), ("line 2: cobb_deg is '200'", "0 to 180")),
    "a Cobb angle in words": (label("subject,cobb_deg\n12,mild\n"), ("line 2: cobb_deg is 'mild'",)),
    "a score of 3": (label("subject,right_17\n12,3\n"), ("line 2: right_17 is '3'", "0, 1, 2 or empty")),
    "a score half merged": (label("subject,left_1,merged\n12,1,some\n"), ("line 2: merged is 'some'",)),
    "a line twice": (label("subject,gmfcs\n12,1\n12,2\n"), ("line 3: 12 stands in line 2 already",)),
    "a line of nobody": (label("subject,gmfcs\n12,1\n,2\n"), ("line 3: there is no subject",)),
    "a line too short": (label("subject,gmfcs\n12\n"), ("labels.csv", "line 2")),
    "a table of strangers": (
        label("subject,gmfcs\n99,1\n"),
        ("labels.csv names nobody who is in the data (99, ...)",),
    ),
    "a table that is no text": (
        lambda f: (f / "labels.csv").write_bytes(b"subject,gmfcs\n\xff\xfe,1\n"),
        ("labels.csv", "text"),
    ),
}


def _in_frames(folder: Path, key: str, value: object) -> None:
    rows = json.loads((folder / f"{CLIP}.json").read_text())
    for row in rows:
        row["instance_info"][0][key] = value
    (folder / f"{CLIP}.json").write_text(json.dumps(rows))


@pytest.mark.parametrize("command", ["check", "train"])
@pytest.mark.parametrize("kind", DATA)
def test_layouts_and_tables(
    kind: str, command: str, tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, words = DATA[kind]
    folder = three_files(tmp_path / "data")
    change(folder)
    if command == "check":
        refused(["dataset", "check", folder], words, capsys, tmp_path, own_home)
        return
    if kind in ("an empty folder", "other files"):
        words = ("is no data to learn from",)
    arguments = ["train", "severity", "--data", folder, "--out", tmp_path / "out", "--workers", "1"]
    refused(arguments, words, capsys, tmp_path, own_home)


def test_a_table_for_a_cohort(tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c/cohort.json").write_text("{}")
    table = write_labels(tmp_path / "t.csv", [{"subject": 1, "gmfcs": 1}])
    words = ("is a synthetic cohort, which has labels of its own",)
    refused(["dataset", "check", tmp_path / "c", "--labels", table], words, capsys, tmp_path, own_home)


SPLITS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "absent": ("", "", ("s.json",)),
    "no JSON": ("s.json", "{", ("s.json cannot be read as JSON",)),
    "a list": ("s.json", "[1, 2]", ("s.json holds no sets",)),
    "an unknown set": ("s.json", '{"learn": ["1"], "test": ["2"]}', ("s.json: 'learn' is no set",)),
    "nobody to test": ("s.json", '{"train": ["1", "2"]}', ("s.json is no whole split",)),
    "a name in two sets": (
        "s.json",
        '{"train": ["1", "2"], "test": ["2"]}',
        ("2 is in two sets, train and test",),
    ),
    "no name": ("s.json", '{"train": ["1"], "test": [null]}', ("s.json holds None where a name",)),
    "two folds": ("s.json", '{"fold_1": ["1"], "fold_2": ["2"]}', ("2 folds are too few",)),
    "folds and sets": ("s.json", '{"fold_1": ["1"], "test": ["2"]}', ("s.json is no whole split",)),
    "strangers": ("s.json", '{"train": ["91"], "test": ["92"]}', ("names nobody of the data (91, ...)",)),
    "a child on both sides": (
        "s.json",
        '{"train": ["1-1"], "test": ["1-2", "3"]}',
        ("d-1 is on both sides", "leakage"),
    ),
    "a table without names": ("s.csv", "who,split\n1,test\n", ("s.csv has none of the columns subject",)),
    "a table without sets": ("s.csv", "subject,set\n1,test\n", ("s.csv", "split")),
}


@pytest.mark.parametrize("command", ["check", "train"])
@pytest.mark.parametrize("kind", SPLITS)
def test_splits(
    kind: str, command: str, tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, content, words = SPLITS[kind]
    folder = many(tmp_path / "d", subjects=4)
    if name:
        (tmp_path / name).write_text(content)
    split = ["--split", tmp_path / (name or "s.json")]
    check = ["dataset", "check", folder]
    train = ["train", "severity", "--data", folder, "--out", tmp_path / "out", "--workers", "1"]
    refused([*(check if command == "check" else train), *split], words, capsys, tmp_path, own_home)


def test_folds_and_a_split(tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["dataset", "check", many(tmp_path / "d", 4)]
    for folds in ("2", "-3"):
        refused([*arguments, "--folds", folds], (f"{folds} folds are too few",), capsys, tmp_path, own_home)
    (tmp_path / "s.json").write_text('{"train": ["1"], "test": ["2"]}')
    both = ["--folds", "5", "--split", tmp_path / "s.json"]
    refused([*arguments, *both], ("both asked for",), capsys, tmp_path, own_home)


# --- answers of other methods --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A finished evaluation of a toy, which the tests leave as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        patch.setattr("gaitviewer.workflow.app.logs.start", lambda **rest: None)
        sessions = tuple(
            PreparedSession(
                f"s{n}",
                f"P{n}",
                f"{n % 2}",
                ({"subject": f"P{n}", "session": f"s{n}", "level": n % 2},),
                "",
                np.zeros(0),
            )
            for n in range(20)
        )
        held = Experiment(import_module("toy_task").ToyTask(), "toys", "d" * 64, True, sessions, {}, {}, {})
        patch.setattr(evaluation, "open_experiment", lambda *args, **rest: held)
        out = tmp_path_factory.mktemp("judged") / "out"
        assert main([str(one) for one in _evaluate(out)]) == 0
        yield out


def _evaluate(out: Path) -> list[object]:
    fixed = ["--protocol", "tiny", "--seeds", "1", "--only", "majority", "--device", "cpu"]
    return ["evaluate", "severity", "--data", out, "--out", out, *fixed]


TABLES = {
    "absent": (None, ("cannot be read as a CSV table",)),
    "other columns": ("who,what\n1,2\n", ("needs columns",)),
    "no rows": ("case,p_low,p_high\n", ("needs columns",)),
    "an unknown answer": ("case,answer\n{case},perhaps\n", ('line 2: "perhaps" is none of low, high',)),
    "no number": ("case,p_low,p_high\n{case},some,0.5\n", ("line 2: a probability is no number",)),
    "above 1": ("case,p_low,p_high\n{case},1.2,-0.2\n", ("line 2: probabilities lie from 0 to 1", "1.2")),
    "per cent": ("case,p_low,p_high\n{case},40,60\n", ("line 2", "make up 100")),
    "more than 1 together": ("case,p_low,p_high\n{case},0.8,0.8\n", ("line 2", "make up 1.6")),
    "half empty": ("case,p_low,p_high\n{case},0.8,\n", ("line 2: some probabilities are empty",)),
    "an unknown case": ("case,answer\n{case},low\ns999,low\n", ("line 3: s999 is no test case",)),
    "a case twice": ("case,answer\n{case},low\n{case},high\n", ("line 3: {case} has an answer",)),
    "an unknown question": ("case,output,answer\n{case},gait,low\n", ('line 2: there is no question "gait"',)),
    "a line too short": ("case,p_low,p_high\n{case},0.5\n", ("line 2: it has not as many cells",)),
}


@pytest.mark.parametrize("kind", TABLES)
def test_answers_of_others(
    kind: str, judged: Path, tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, words = TABLES[kind]
    (predictions,) = (judged / "predictions").glob("*-test.csv")
    case = results.read_table(predictions)[0]["case"]
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(f"case,answer\n{case},low\n")
    if content is not None:
        bad.write_text(content.format(case=case))
    tables = ["--predictions", good, "--predictions", bad]
    said = tuple(one.format(case=case) for one in words)
    refused([*_evaluate(judged), *tables], said, capsys, judged, tmp_path, own_home)
