"""The severity task on a tiny cohort made of a few measured walks: everything runs, repeats, and is honest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from gaitviewer.analysis.outcomes.gait_features import load_features
from gaitviewer.core.gait import View
from gaitviewer.core.progress import no_progress
from gaitviewer.errors import SettingsError
from gaitviewer.inference.severity.clips import JOINTS
from gaitviewer.messages import Message
from gaitviewer.nets.severity.stgcn import Stgcn
from gaitviewer.nets.severity.stgcnpp import Stgcnpp
from gaitviewer.research.training.severity import task as severity_task
from gaitviewer.research.training.severity.batches import (
    CollateSkeletons,
    SeverityLoss,
    by_session,
    labelled,
    with_healthy,
)
from gaitviewer.research.training.severity.ceiling import best_probabilities
from gaitviewer.research.training.severity.explain import plant_knees
from gaitviewer.research.training.severity.settings import network_settings, read_protocol
from gaitviewer.research.training.severity.task import SeverityTask, choose_features
from gaitviewer.research.training.task import Example, ExampleSets, RunContext, RunResult, Variant
from gaitviewer.synthesis.gait.subjects import draw_subject

FRAMES = 24


def example(number: int, level: int, clip: int = 0) -> Example:
    """A walk of sticks: the higher the level, the less the knees bend."""
    random = np.random.default_rng([number, clip])
    phase = np.linspace(0, 6 * np.pi, FRAMES)
    x = np.zeros((FRAMES, len(JOINTS), 3), np.float32)
    x[..., 2] = 1.0
    for side, lag in (("left", 0.0), ("right", np.pi)):
        swing = np.sin(phase + lag)
        for joint, down, reach in (("knee", -0.5, 0.2), ("ankle", -1.0, 0.5 - 0.1 * level)):
            x[:, JOINTS.index(f"{side}_{joint}"), 0] = reach * swing
            x[:, JOINTS.index(f"{side}_{joint}"), 1] = down
    x[..., :2] += random.normal(0, 0.02, x[..., :2].shape)
    features = random.normal(level, 1.0, len(load_features())).astype(np.float32)
    features[random.random(len(features)) < 0.1] = np.nan
    return {
        "subject": f"P{number:03d}", "session": f"S{number:03d}", "severity": level, "view": "sagittal",
        "x": x, "features": features, "measured_normal": int(level == 0), "points": 0.1 * level,
    }  # fmt: skip


def cohort(start: int, count: int) -> tuple[Example, ...]:
    return tuple(example(start + k, k % 5, clip) for k in range(count) for clip in range(2))


@pytest.fixture(scope="module")
def sets() -> ExampleSets:
    return ExampleSets(cohort(0, 20), cohort(100, 10), cohort(200, 10), {"shifted": cohort(300, 10)})


def context(sets: ExampleSets, folder: Path, seed: int = 1) -> RunContext:
    return RunContext(sets, seed, "tiny", folder, "cpu", no_progress, threads=1)


def variant(task: SeverityTask, name: str) -> Variant:
    return next(v for v in task.variants("tiny") if v.name == name)


@pytest.fixture(scope="module")
def fused(sets: ExampleSets, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    task = SeverityTask()
    return task.run(variant(task, "fusion"), context(sets, tmp_path_factory.mktemp("run")))


def test_the_first_variant_is_the_fusion_and_names_are_unique() -> None:
    found = SeverityTask().variants("small")
    assert found[0].name == "fusion"
    assert found[0].ablation == "main"
    names = [v.name for v in found]
    assert len(set(names)) == len(names)
    assert {"skeleton-only", "features-only", "concat", "logistic", "boosting", "majority"} <= set(names)
    for v in found:
        read_protocol("full", v.settings)


def test_the_skeleton_network_starts_from_a_file(
    sets: ExampleSets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its weights are there before the first step; the network that was kept is not one of another start."""
    monkeypatch.setattr(severity_task, "_fit", lambda *args, **rest: None)
    task, tables = SeverityTask(), read_protocol("tiny")
    source = Stgcn(network_settings(tables, kind="skeleton", chosen=()).skeleton)
    save_file(source.state_dict(), tmp_path / "st_gcn.safetensors")
    assert set(task.check_checkpoint(tmp_path / "st_gcn.safetensors", "tiny")) == set()
    started = read_protocol("tiny", {"checkpoint": str(tmp_path / "st_gcn.safetensors")})
    train, place = labelled(sets.train), context(sets, tmp_path / "run" / "a")
    for chosen, same in ((tables, False), (started, True), (tables, False)):
        net = task._skeleton(chosen, train, place).skeleton
        assert (
            torch.equal(net.st_gcn_networks[3].gcn.conv.weight, source.st_gcn_networks[3].gcn.conv.weight)
            == same
        )


def test_the_network_is_the_one_that_the_file_is_of(tmp_path: Path) -> None:
    settings = network_settings(read_protocol("tiny"), kind="skeleton", chosen=()).skeleton
    save_file(Stgcnpp(settings).state_dict(), tmp_path / "pp.safetensors")
    assert set(SeverityTask().check_checkpoint(tmp_path / "pp.safetensors", "tiny")) == set()
    started = read_protocol("tiny", {"checkpoint": str(tmp_path / "pp.safetensors")})
    assert severity_task._with_backbone(started)["backbone"] == "st-gcn++"
    assert severity_task._with_backbone(read_protocol("tiny"))["backbone"] == "st-gcn"


def test_predictions_cover_deviating_sessions_only(fused: RunResult) -> None:
    assert set(fused.predictions) == {"valid", "test", "shifted"}
    found = fused.predictions["test"]
    assert found.outputs == ("severity",)
    assert len(found.cases) == 8  # two of ten sessions do not deviate
    assert len(set(found.cases)) == 8
    np.testing.assert_allclose(found.probability.sum(axis=2), 1.0)
    assert set(found.target[:, 0].tolist()) == {0, 1, 2, 3}


def test_a_run_says_what_it_went_by(fused: RunResult) -> None:
    ranking = fused.extras["ranking"]
    assert sorted(row[0] for row in ranking) == sorted(JOINTS)
    assert [row[1] for row in ranking] == sorted((row[1] for row in ranking), reverse=True)
    assert all(low <= high and mean >= 0 for _, mean, low, high in ranking)
    assert fused.extras["features"]
    for held in ("valid", "test"):
        checks = fused.extras["maps"][held]
        assert set(checks) == {"input", "block 3", "block 4"}
        for row in checks.values():
            assert row["clips"] == 4  # two sessions of ten do not deviate, with two clips each
            for share in ("planted", "answered"):
                assert row[share] * row["clips"] in range(5)
            # Joints masked in the order of the map and in any order: mean probabilities of the same answers,
            # which are less sure than those of the whole clip, and not all the same.
            assert 0 < row["deletion"] < 1
            assert row["deletion"] != row["deletion_random"]
            assert abs(row["randomised"]) < 0.999  # a map that stays the same whatever was learned says nothing
        for once in ("answered", "deletion_random"):  # what does not depend on where the map is read
            assert len({row[once] for row in checks.values()}) == 1
    named = fused.extras["planted knee"]
    assert named["block"] == "block 4"
    for network in ("skeleton", "cross"):
        share = named[f"{network}, test"]
        assert named[f"{network}, test, passed"] == (share >= named["needed"])
    assert named["skeleton, test"] == fused.extras["maps"]["test"]["block 4"]["planted"]
    table = fused.extras["as used"]["test"]  # all ten sessions, those included that no network is asked about
    assert table["none"]["none"] == sum(table["none"].values()) == 2
    assert sum(sum(row.values()) for row in table.values()) == 10
    assert all(table[f"level {level}"]["none"] == 0 for level in (1, 2, 3, 4))
    norms = fused.settings["norms"]
    assert set(norms) == set(fused.settings["features"])
    assert all(sd >= 0 for _, sd in norms.values())


def test_the_settings_build_the_network_again(fused: RunResult, sets: ExampleSets) -> None:
    from gaitviewer.inference.severity.predict import build_network

    assert fused.state is not None
    net = build_network(fused.settings, fused.state)
    batch = CollateSkeletons({})(list(sets.test[2:4]), None)
    with torch.no_grad():
        probability = net(batch["x"], batch["features"]).softmax(dim=1).mean(dim=0)
    case = fused.predictions["test"].cases.index(str(sets.test[2]["session"]))
    np.testing.assert_allclose(fused.predictions["test"].probability[case, 0], probability.numpy(), atol=1e-5)


def test_same_seed_same_numbers_whatever_ran_before(
    fused: RunResult, sets: ExampleSets, tmp_path: Path
) -> None:
    task = SeverityTask()
    task.run(variant(task, "skeleton-only"), context(sets, tmp_path / "a"))  # leaves its network behind
    again = task.run(variant(task, "fusion"), context(sets, tmp_path / "b"))
    for name, found in again.predictions.items():
        np.testing.assert_array_equal(found.probability, fused.predictions[name].probability)


def test_a_skeleton_network_is_trained_once_and_a_torn_one_again(
    fused: RunResult, sets: ExampleSets, tmp_path: Path
) -> None:
    notes: list[Message] = []
    told = replace(context(sets, tmp_path / "one"), tick=lambda fraction, note: notes.append(note))
    SeverityTask().run(variant(SeverityTask(), "skeleton-only"), told)
    assert any("skeleton: epoch" in str(note) for note in notes)
    notes.clear()
    again = SeverityTask().run(variant(SeverityTask(), "fusion"), replace(told, folder=tmp_path / "two"))
    assert not any("skeleton: epoch" in str(note) for note in notes)
    np.testing.assert_array_equal(again.predictions["test"].probability, fused.predictions["test"].probability)
    (kept,) = (tmp_path / "skeletons").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    SeverityTask().run(variant(SeverityTask(), "skeleton-only"), replace(told, folder=tmp_path / "three"))
    assert any("skeleton: epoch" in str(note) for note in notes)


def test_a_planted_fault_is_the_only_thing_to_learn(sets: ExampleSets, tmp_path: Path) -> None:
    task = SeverityTask()
    found = task.run(variant(task, "planted-knee"), context(sets, tmp_path))
    assert set(found.predictions) == {"valid", "test"}
    assert found.extras["maps"]
    assert len(found.predictions["test"].cases) == 8  # two healthy children, two clips each, twice


def test_maps_are_compared_with_healthy_children(fused: RunResult) -> None:
    assert fused.state is not None
    assert float(fused.state["reference"].abs().max()) > 0


def test_labels_are_spread_over_neighbours_and_healthy_children_count_as_the_lowest() -> None:
    table = {"balance": False, "spread": 0.6, "healthy": 0.5}
    loss = SeverityLoss.of(cohort(0, 10), table)
    targets = loss.targets(torch.tensor([0, 2]))
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(2))
    assert targets.argmax(dim=1).tolist() == [0, 2]
    assert targets[1, 1] == pytest.approx(float(targets[1, 3]))
    assert targets[1, 0] < targets[1, 1] < targets[1, 2]
    sharp = SeverityLoss.of(cohort(0, 10), {**table, "spread": 0.0})
    assert sharp.targets(torch.tensor([3]))[0].tolist() == [0, 0, 0, 1]
    logits = torch.tensor([[4.0, 0, 0, 0], [0, 0, 0, 4.0]])

    def of(levels: list[int]) -> float:
        batch = {"x": logits, "features": logits, "level": torch.tensor(levels)}
        return float(sharp(lambda x, features: x, batch))  # type: ignore[arg-type]

    healthy_like_level_1 = of([-1, 3])
    assert healthy_like_level_1 == pytest.approx(of([0, 3]))
    assert of([0, 0]) > of([0, -1]) > of([0, 3])  # a healthy child counts, but less


def test_what_can_be_reached_is_known_of_synthetic_children_only() -> None:
    subjects = [draw_subject(1, number) for number in range(60)]
    deviating = [one for one in subjects if one.level > 0]
    names = [f"synthetic-1-{one.index:05d}" for one in deviating]
    probabilities = best_probabilities([{"session": name} for name in names])
    right = probabilities.argmax(axis=1) == np.array([one.level - 1 for one in deviating])
    assert 0.6 < right.mean() < 1.0  # labels are jittered
    order = np.argsort([one.deviation for one in deviating])
    assert (np.diff(probabilities.argmax(axis=1)[order]) >= 0).all()
    assert np.isnan(best_probabilities([{"session": "K-17"}])).all()


def test_each_healthy_child_is_learned_once(sets: ExampleSets) -> None:
    everyone = with_healthy(labelled(sets.train), sets.train)
    healthy = [e for e in everyone if e["severity"] == 0]
    assert len(healthy) == len({e["session"] for e in healthy}) == 4
    assert len(everyone) == len(labelled(sets.train)) + 4


def test_a_surer_pose_estimator_changes_no_place(sets: ExampleSets) -> None:
    still = {"flip": 0.0, "jitter": 0.0, "scale": 0.0, "turn_deg": 0.0, "drop_joint": 0.0, "score": 0.2}
    clip = sets.train[2]["x"].copy()
    clip[..., 2] = 0.8
    clip[:, 3, 2] = 0.0
    example = {**sets.train[2], "x": clip}
    changed = CollateSkeletons(still)([example], np.random.default_rng(1))["x"].numpy()[0, ..., 0]
    np.testing.assert_allclose(changed[:2], clip.transpose(2, 0, 1)[:2], atol=1e-6)
    assert (changed[2, :, 3] == 0).all()
    assert abs(float(changed[2, 0, 0]) - 0.8) > 0.01
    assert len(np.unique(changed[2, :, :3])) == 1


def test_a_frozen_skeleton_stays_as_it_was(sets: ExampleSets, tmp_path: Path) -> None:
    task = SeverityTask()
    alone = task.run(variant(task, "skeleton-only"), context(sets, tmp_path / "a"))
    frozen = Variant("frozen", "", {"kind": "cross", "fusion.freeze": True, "check_maps": True})
    found = task.run(frozen, context(sets, tmp_path / "b"))
    assert 0 <= found.extras["planted knee"]["cross, test"] <= 1
    assert alone.state is not None
    assert found.state is not None
    for name, value in alone.state.items():
        assert torch.equal(found.state[name], value)


@pytest.mark.parametrize("name", ["features-only", "concat", "logistic", "boosting", "majority"])
def test_other_variants(name: str, sets: ExampleSets, tmp_path: Path) -> None:
    task = SeverityTask()
    found = task.run(variant(task, name), context(sets, tmp_path))
    assert set(found.predictions) == {"valid", "test", "shifted"}
    np.testing.assert_allclose(found.predictions["test"].probability.sum(axis=2), 1.0)
    if name == "logistic":  # the levels are plain to see in these features
        best = found.predictions["test"].probability[:, 0].argmax(axis=1)
        assert (best == found.predictions["test"].target[:, 0]).mean() >= 0.75


def test_nobody_who_deviates_is_an_error(tmp_path: Path) -> None:
    nobody = ExampleSets((example(1, 0),), (example(2, 0),), (example(3, 0),))
    task = SeverityTask()
    with pytest.raises(SettingsError, match="level 1 to 4"):
        task.run(variant(task, "fusion"), context(nobody, tmp_path))


def ranked(*names: str) -> list[tuple[str, float, float, float]]:
    return [(name, 1.0 / (k + 1), 0.0, 1.0) for k, name in enumerate(names)]


def test_features_follow_the_ranking() -> None:
    tables = read_protocol("small", {"features.parts": 2})
    table = load_features()
    ankles = choose_features(tables, ranked("left_ankle", "right_heel", "left_big_toe", "nose"), seed=1)
    trunks = choose_features(tables, ranked("neck", "pelvis", "nose"), seed=1)
    assert any(table[k].name.startswith("foot_") for k in ankles)
    assert not any(table[k].name.startswith("trunk_") for k in ankles)
    assert any(table[k].name.startswith("trunk_") for k in trunks)
    assert not any(table[k].name.startswith("ankle_") for k in trunks)


def test_label_forming_features_can_be_left_out() -> None:
    tables = read_protocol("small", {"features.choose": "all", "features.label_forming": False})
    chosen = choose_features(tables, ranked("left_knee"), seed=1)
    table = load_features()
    assert chosen
    assert not any(table[k].label_forming for k in chosen)
    assert len(chosen) == sum(not feature.label_forming for feature in table)


def test_unknown_protocols_and_settings_are_refused() -> None:
    with pytest.raises(SettingsError, match="protocol"):
        read_protocol("huge")
    with pytest.raises(SettingsError, match="setting"):
        read_protocol("tiny", {"features.colour": 1})


def test_protocols_do_not_leak_into_each_other() -> None:
    read_protocol("tiny", {"network.width": 9.0})
    assert read_protocol("tiny")["network"]["width"] == 0.125
    assert read_protocol("full")["network"]["width"] == 1.0
    assert read_protocol("full")["skeleton_loop"]["optimiser"] == "sgd"


def test_sessions_are_means_over_clips() -> None:
    probabilities = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0.5, 0.5]])
    found = by_session([example(1, 1), example(1, 1, 1), example(2, 4)], probabilities)
    assert found.cases == ("S001", "S002")
    np.testing.assert_allclose(found.probability[:, 0], [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]])
    assert found.target[:, 0].tolist() == [0, 3]


def test_augmentation_keeps_what_a_clip_means() -> None:
    one = example(1, 2)
    still = {"flip": 0.0, "jitter": 0.0, "scale": 0.0, "turn_deg": 0.0, "drop_joint": 0.0, "score": 0.0}
    rng = np.random.default_rng(0)
    plain = CollateSkeletons({})([one], None)["x"]
    torch.testing.assert_close(CollateSkeletons(still)([one], rng)["x"], plain)
    flipped = CollateSkeletons({**still, "flip": 1.0})([one], rng)["x"]
    left, right = JOINTS.index("left_ankle"), JOINTS.index("right_ankle")
    torch.testing.assert_close(flipped[:, :, :, left], plain[:, :, :, right])
    coronal = {**one, "view": View.CORONAL.value}
    flipped = CollateSkeletons({**still, "flip": 1.0})([coronal], rng)["x"]
    torch.testing.assert_close(flipped[:, 0, :, left], -plain[:, 0, :, right])


def test_planting_moves_one_knee_only() -> None:
    before: Sequence[Example] = [example(k, 1) for k in range(6)]
    after, joints = plant_knees(before, forward=0.1, random=np.random.default_rng(1))
    assert {JOINTS[k] for k in joints} == {"left_knee", "right_knee"}
    for old, new, joint in zip(before, after, joints, strict=True):
        moved = np.abs(new["x"] - old["x"]).max(axis=(0, 2)) > 1e-6
        assert np.flatnonzero(moved).tolist() == [joint]


def test_a_stopped_run_goes_on_with_the_same_result(
    fused: RunResult, sets: ExampleSets, tmp_path: Path
) -> None:
    class Stop(Exception):  # noqa: N818  a kill, not an error
        pass

    def kill(fraction: float, note: Message) -> None:
        if "fusion" in str(note):
            raise Stop

    task = SeverityTask()
    with pytest.raises(Stop):
        task.run(variant(task, "fusion"), replace(context(sets, tmp_path), tick=kill))
    again = SeverityTask().run(variant(task, "fusion"), context(sets, tmp_path))
    np.testing.assert_array_equal(again.predictions["test"].probability, fused.predictions["test"].probability)
