"""The scoliosis task on walks made of numbers: everything runs, repeats, and labels never reach a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gaitviewer.analysis.knowledge_map.features import load_map_features
from gaitviewer.analysis.knowledge_map.statements import statement_values
from gaitviewer.core.progress import no_progress
from gaitviewer.errors import SettingsError
from gaitviewer.inference.scoliosis.inputs import (
    group_of,
    importance_of,
    make_batch,
    mirror_clip,
    network_settings,
    text_of,
    video_settings,
)
from gaitviewer.inference.scoliosis.predict import build_network
from gaitviewer.nets.scoliosis.fusion import MapFusionNet
from gaitviewer.nets.scoliosis.importance import METHODS
from gaitviewer.research.training.scoliosis import batches
from gaitviewer.research.training.scoliosis.baselines import summarise
from gaitviewer.research.training.scoliosis.batches import (
    SessionClips,
    by_session,
    group_effects,
    learn_statistics,
    log_score,
    mean_by_session,
)
from gaitviewer.research.training.scoliosis.checks import randomised, trunk_share
from gaitviewer.research.training.scoliosis.task import ScoliosisTask, read_protocol
from gaitviewer.research.training.task import Example, ExampleSets, RunContext, RunResult, Variant

ROW = load_map_features().index["shoulder_tilt"]
PLANTED = slice(172, 204)  # all of the coupling of the trunk


def fake_encode(sentences: Sequence[str]) -> np.ndarray[Any, Any]:
    """Stands in for the text encoder: a vector for each sentence, from its own letters."""
    out = np.zeros((len(sentences), 384), np.float32)
    for row, sentence in enumerate(sentences):
        out[row, [hash_of(word) for word in sentence.split()]] = 1.0
    return out


def hash_of(word: str) -> int:
    return sum(ord(letter) * (place + 1) for place, letter in enumerate(word)) % 384


@pytest.fixture(autouse=True)
def quick_text(monkeypatch: pytest.MonkeyPatch) -> None:
    from gaitviewer.inference.scoliosis import inputs
    from gaitviewer.research.training.scoliosis import task as scoliosis_task

    class Quick:
        def encode(self, sentences: Sequence[str]) -> np.ndarray[Any, Any]:
            return fake_encode(sentences)

    monkeypatch.setattr(inputs, "_encoder", lambda: Quick())
    assert scoliosis_task.encode_sentences(["a b"]).shape == (1, 384)


def example(number: int, target: int, clip: int = 0) -> Example:
    random = np.random.default_rng([number, clip])
    values = (random.standard_normal((238, 1)) + 0.2 * random.standard_normal((238, 96))).astype(np.float32)
    side = 1.0 if number % 2 else -1.0
    values[ROW] += 4.0 * target * side
    values[PLANTED] += 2.0 * target * side
    unknown = np.zeros(238, np.bool_)
    video = video_settings()
    return {
        "subject": f"P{number:03d}", "session": f"S{number:03d}", "asymmetry": target, "cobb_deg": 20.0,
        "start_s": 0.0, "map": values, "unknown": unknown, "map_times": np.arange(96, dtype=np.float32) / 30,
        "statements": statement_values(values.astype(np.float64), unknown).astype(np.float32),
        "video_times": np.linspace(0, 3.2, video.frames, dtype=np.float32),
        "video": random.integers(0, 256, (video.frames, video.size_px, video.size_px, 3), dtype=np.uint8),
    }  # fmt: skip


def cohort(start: int, count: int) -> tuple[Example, ...]:
    return tuple(example(start + k, (k // 2) % 2, clip) for k in range(count) for clip in range(2))


@pytest.fixture(scope="module")
def sets() -> ExampleSets:
    return ExampleSets(cohort(0, 8), cohort(100, 4), cohort(200, 4), {"shifted": cohort(300, 4)})


@pytest.fixture(scope="module")
def larger() -> ExampleSets:
    return ExampleSets(cohort(0, 16), cohort(100, 8), cohort(200, 8))


def run(sets: ExampleSets, folder: Path, name: str, seed: int = 1) -> RunResult:
    task = ScoliosisTask()
    found = next(one for one in task.variants("tiny") if one.name == name)
    return task.run(found, RunContext(sets, seed, "tiny", folder, "cpu", no_progress, threads=1))


NAMES = [one.name for one in ScoliosisTask().variants("tiny")]


def test_the_main_line_comes_first_and_every_ablation_is_there() -> None:
    variants = ScoliosisTask().variants("small")
    assert variants[0].name == "map+video+text"
    assert variants[0].ablation == "main"
    assert {"majority", "logistic", "boosting", "map-only", "video-only", "text-only"} <= set(NAMES)
    assert {one.ablation for one in variants} == {
        "main", "modalities", "fusion", "alignment", "levels", "explanations",
    }  # fmt: skip
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_variant_gives_answers_for_every_set(sets: ExampleSets, tmp_path: Path, name: str) -> None:
    result = run(sets, tmp_path, name)
    assert set(result.predictions) == {"valid", "test", "shifted"}
    test = result.predictions["test"]
    assert test.cases == tuple(f"S{200 + k:03d}" for k in range(4))
    assert test.probability.shape == (4, 1, 2)
    np.testing.assert_allclose(test.probability.sum(axis=2), 1.0, atol=1e-6)
    assert test.target[:, 0].tolist() == [0, 0, 1, 1]
    assert (result.state is None) == (name in ("majority", "logistic", "boosting"))


def test_the_same_seed_gives_the_same_answers_and_the_weights_can_be_used_again(
    sets: ExampleSets, tmp_path: Path
) -> None:
    first = run(sets, tmp_path / "a", "map+video+text")
    second = run(sets, tmp_path / "b", "map+video+text")
    other = run(sets, tmp_path / "c", "map+video+text", seed=2)
    kept = first.predictions["test"].probability
    np.testing.assert_array_equal(kept, second.predictions["test"].probability)
    assert np.abs(kept - other.predictions["test"].probability).max() > 1e-6
    assert first.state is not None
    net = build_network(first.settings, first.state).eval()
    probability = batches.session_probabilities(net, by_session(sets.test), "cpu")
    np.testing.assert_allclose(probability, kept[:, 0, 1], atol=1e-6)
    assert torch.isfinite(net.unfamiliar_limit)
    assert {"importance", "group_effects", "best_epoch"} <= set(first.extras)
    assert first.extras["importance"]["method"] in METHODS


def test_what_is_planted_is_learned_and_pointed_at(
    larger: ExampleSets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gaitviewer.research.training.scoliosis import task as scoliosis_task

    tables = read_protocol("tiny")
    longer = dict(tables) | {
        "loop": dict(tables["loop"]) | {"epochs": 30, "learning_rate": 5e-3},
        "network": dict(tables["network"]) | {"cell_weight": 0.05, "map_patch": [14, 32]},
    }
    monkeypatch.setattr(scoliosis_task, "read_protocol", lambda _: longer)
    result = run(replace(larger, train=cohort(0, 96)), tmp_path, "map-only")
    test = result.predictions["test"]
    positive = test.target[:, 0] == 1
    probability = test.probability[:, 0, 1]
    assert probability[positive].mean() > probability[~positive].mean() + 0.2
    assert result.state is not None
    net = build_network(result.settings, result.state).eval()
    clips = [one for one in cohort(400, 40) if one["asymmetry"] == 1]
    first = importance_of(net, clips, method="integrated", encode=fake_encode).mean(axis=2).argmax(axis=1)
    trunk = np.array(["trunk" in one.region for one in load_map_features().features])
    assert trunk.mean() < 0.4
    assert trunk[first].mean() >= 0.6, "far more often than by chance"


def test_permuted_labels_leave_every_text_unchanged(larger: ExampleSets) -> None:
    def texts(examples: Sequence[Example]) -> list[tuple[str, ...]]:
        cases = by_session(examples, video=False)
        net = MapFusionNet(network_settings(read_protocol("tiny")["network"]))
        learn_statistics(net, cases, mirrored=True)
        return [text_of(clip, group_of(net)) for case in cases for clip in case.clips]

    labels = np.random.default_rng(5).permutation([int(one["asymmetry"]) for one in larger.train])
    permuted = [dict(one) | {"asymmetry": int(label)} for one, label in zip(larger.train, labels, strict=True)]
    assert [one["asymmetry"] for one in permuted] != [one["asymmetry"] for one in larger.train]
    assert texts(permuted) == texts(larger.train)
    assert len(set(texts(larger.train))) > 20


def test_a_mirrored_clip_is_mirrored_in_every_part() -> None:
    clip = example(3, 1)
    twice = mirror_clip(mirror_clip(clip))
    once = mirror_clip(clip)
    for key in ("map", "unknown", "statements", "video"):
        np.testing.assert_allclose(twice[key], clip[key], atol=1e-6)
    assert once["map"][ROW].mean() == pytest.approx(-clip["map"][ROW].mean())
    np.testing.assert_array_equal(once["video"][:, :, 0], clip["video"][:, :, -1])
    assert once["statements"][0] == pytest.approx(-clip["statements"][0])
    np.testing.assert_allclose(summarise(once), summarise(clip), atol=1e-6)


def test_statistics_are_those_of_the_training_clips_and_symmetrical(larger: ExampleSets) -> None:
    cases = by_session(larger.train, video=False)
    net = MapFusionNet(network_settings(read_protocol("tiny")["network"]))
    learn_statistics(net, cases, mirrored=True)
    assert abs(float(net.map_mean[ROW])) < 1e-5
    batch = make_batch(
        [clip for case in cases for clip in case.clips], net.settings, group=group_of(net), encode=fake_encode
    )
    away = net.distance(batch)
    assert float(away.max()) <= float(net.unfamiliar_limit)
    strange = dict(batch) | {"map": batch["map"] + 30.0}
    assert float(net.distance(strange).min()) > float(net.unfamiliar_limit)
    effects = group_effects(cases)
    assert max(effects, key=lambda name: effects[name]) == "shoulder level"


def test_one_answer_only_is_refused(sets: ExampleSets, tmp_path: Path) -> None:
    same = replace(sets, train=tuple(dict(one) | {"asymmetry": 0} for one in sets.train))
    with pytest.raises(SettingsError, match="only one of the two answers"):
        run(same, tmp_path, "map-only")
    with pytest.raises(SettingsError, match="no protocol"):
        ScoliosisTask().variants("enormous")


def test_small_helpers() -> None:
    cases = (SessionClips("a", "p", 1, ({}, {})), SessionClips("b", "q", 0, ({},)))
    np.testing.assert_allclose(mean_by_session(np.array([0.2, 0.4, 0.9]), cases), [0.3, 0.9])
    assert log_score(cases, np.array([0.9, 0.1])) > log_score(cases, np.array([0.6, 0.4]))
    weights = np.zeros(238)
    weights[ROW] = 1.0
    assert trunk_share(weights, 1) == 1.0
    torch.manual_seed(0)
    net = MapFusionNet(network_settings(read_protocol("tiny")["network"]))
    net.map_sd.fill_(2.0)
    drawn = randomised(net, "head", 3)
    assert not torch.equal(drawn.head.weight, net.head.weight)
    assert torch.equal(drawn.encoders["map"].patches.proj.weight, net.encoders["map"].patches.proj.weight)
    assert torch.equal(drawn.map_sd, net.map_sd)


def test_variants_are_found_by_the_harness() -> None:
    from gaitviewer.research.training.registry import open_task

    task = open_task("scoliosis")
    assert task.name == "scoliosis"
    assert isinstance(task.variants("tiny")[0], Variant)


def test_the_importance_is_that_of_the_answer_so_a_mirrored_child_mirrors_it(
    sets: ExampleSets, tmp_path: Path
) -> None:
    result = run(sets, tmp_path, "map-only")
    assert result.state is not None
    net = build_network(result.settings, result.state).eval()
    clip = next(one for one in cohort(400, 4) if one["asymmetry"] == 1)
    there = importance_of(net, [clip], encode=fake_encode)[0]
    mirrored = importance_of(net, [mirror_clip(clip)], encode=fake_encode)[0]
    rows, _ = load_map_features().mirror
    assert there.max() > 0
    np.testing.assert_allclose(mirrored, there[rows], rtol=1e-3, atol=1e-6 * there.max())
