"""The video model as a task: examples, answers to sessions, and a few steps of training on stick figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from gaitviewer.core.document import Document
from gaitviewer.core.gait import BySide, Side, View
from gaitviewer.core.learning import ITEMS, LabelledSession, SessionLabels
from gaitviewer.core.progress import no_progress
from gaitviewer.core.session import Session, Subject
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.errors import SettingsError
from gaitviewer.inference.evgs.predict import clip_crop
from gaitviewer.inference.evgs.strips import LONGEST, Strip, clip_table
from gaitviewer.inference.pictures import capsule_mask
from gaitviewer.nets.evgs.inputs import KEYPOINTS
from gaitviewer.nets.evgs.network import (
    EvgsNet,
    LocatedKeypoints,
    items_loss,
    looks_loss,
    probabilities,
    seen_loss,
)
from gaitviewer.research.training.evgs.answers import by_session, visible_mean
from gaitviewer.research.training.evgs.calibration import calibrate_thresholds
from gaitviewer.research.training.evgs.examples import CollateClips, Variety, clip_cases, pack, unpack
from gaitviewer.research.training.evgs.settings import (
    VARIANTS,
    network_settings,
    read_protocol,
    visible_items,
)
from gaitviewer.research.training.evgs.task import EvgsLoss, EvgsTask, _Run
from gaitviewer.research.training.loop import LoopSettings
from gaitviewer.research.training.task import Example, ExampleSets, RunContext, RunResult

SIZE = 112
_KINDS = clip_table().kinds


def _walker(bend_deg: float, lean_deg: float, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Keypoints of a stick figure [32, 23, 2] whose right knee is bent."""
    random = np.random.default_rng(seed)
    points = np.zeros((LONGEST, 23, 2))
    points[:, :5] = (58, 14)
    swing = 10 * np.sin(np.linspace(0, 3, LONGEST))
    for side, sign in ((Side.LEFT, -1.0), (Side.RIGHT, 1.0)):
        name = side.name
        bend = np.radians(bend_deg if side is Side.RIGHT else 5.0)
        lean = np.tan(np.radians(lean_deg)) * 30
        points[:, Keypoint[f"{name}_SHOULDER"]] = (56 + lean, 26)
        points[:, Keypoint[f"{name}_ELBOW"]], points[:, Keypoint[f"{name}_WRIST"]] = (54, 40), (56, 50)
        points[:, Keypoint[f"{name}_HIP"]] = (56, 56)
        knee = np.stack([56 + sign * swing, np.full(LONGEST, 76.0)], axis=1)
        ankle = knee + 20 * np.array([-np.sin(bend), np.cos(bend)])
        points[:, Keypoint[f"{name}_KNEE"]], points[:, Keypoint[f"{name}_ANKLE"]] = knee, ankle
        points[:, Keypoint[f"{name}_HEEL"]] = ankle + np.array([-3, 3])
        points[:, Keypoint[f"{name}_BIG_TOE"]] = ankle + np.array([9, 3])
        points[:, Keypoint[f"{name}_SMALL_TOE"]] = ankle + np.array([8, 3])
    return (points + random.normal(0, 0.5, points.shape)).astype(np.float32)


def _strip(side: Side, view: View, bend_deg: float, lean_deg: float, seed: int) -> Strip:
    points = _walker(bend_deg, lean_deg, seed)
    if side is Side.LEFT:
        points = points[:, list(BODY_FEET_23.flips)]
    mask = np.stack([capsule_mask(p.astype(float), (SIZE, SIZE), BODY_FEET_23.edges) for p in points])
    frames = np.where(mask[..., None], np.uint8(190), np.uint8(70)).repeat(3, axis=3)
    centres = [LONGEST // 2 if kind.view is view else -1 for kind in _KINDS]
    return Strip(
        f"t1/{view.value}/p0/{side.value}/0", "t1", view, side, False, side is Side.LEFT, frames, mask, points,
        np.arange(LONGEST) / 30, np.tile(np.array([0, 0, 300, 300], np.float32), (LONGEST, 1)),
        np.zeros(LONGEST, np.bool_), np.array(centres),
    )  # fmt: skip


def _examples(count: int, *, first: int = 0) -> tuple[Example, ...]:
    """Sessions whose item 9 (knee in stance) follows the bend, and item 16 the lean."""
    found = []
    for number in range(first, first + count):
        random = np.random.default_rng(number)
        scores, strips = [], []
        for side in Side:
            bend, lean = random.uniform(0, 50), random.uniform(-5, 25)
            limb: list[int | None] = [0] * ITEMS
            limb[3] = None
            limb[8] = int(bend > 15) + int(bend > 35)
            limb[15] = int(lean > 8)
            limb[13] = int(random.random() < 0.5)
            scores.append(tuple(limb))
            strips += [_strip(side, view, bend, lean, 10 * number + k) for k, view in enumerate(View)]
        labels = SessionLabels(evgs=BySide(*scores), gait_variable_score=BySide(6.0 + number % 5, None))
        document = Document(Session(f"s{number}", Subject(f"P{number}")), ())
        found += [pack(strip, LabelledSession(document, labels, synthetic=True)) for strip in strips]
    return tuple(found)


@pytest.fixture(scope="module")
def sets() -> ExampleSets:
    return ExampleSets(_examples(5), _examples(2, first=100), _examples(2, first=200))


def test_an_example_gives_its_strip_back_and_can_be_stored(sets: ExampleSets, tmp_path: Path) -> None:
    from gaitviewer.research.training import prepared_examples

    strip = _strip(Side.LEFT, View.SAGITTAL, 20.0, 3.0, 1)
    labels = SessionLabels(evgs=BySide((1,) * ITEMS, (None,) * ITEMS))
    example = pack(strip, LabelledSession(Document(Session("s", Subject("P")), ()), labels))
    prepared = prepared_examples.PreparedSession("s", "P", "", (example,), "", np.zeros(0))
    prepared_examples.write(tmp_path / "s.npz", prepared)
    read = prepared_examples.read(tmp_path / "s.npz")
    assert read is not None
    again = unpack(read.examples[0])
    assert np.array_equal(again.mask, strip.mask)
    assert np.array_equal(again.keypoints, strip.keypoints)
    assert np.abs(again.frames.astype(int) - strip.frames).mean() < 3
    assert (again.side, again.view, again.flipped, again.stride) == (
        strip.side, strip.view, strip.flipped, strip.stride,
    )  # fmt: skip
    assert np.array_equal(again.centres, strip.centres)
    assert read.examples[0]["labels"].tolist() == [[1] * ITEMS, [-1] * ITEMS]
    assert example["pictures"].nbytes < 0.2 * strip.frames.nbytes


def test_a_clip_is_asked_only_what_it_serves(sets: ExampleSets) -> None:
    settings = network_settings(read_protocol("tiny"))
    cases = clip_cases(sets.train[:4], settings, tick=lambda: None)
    assert len(cases) == 2 * len(_KINDS)
    for case in cases:
        asked = {int(item) + 1 for item in np.flatnonzero(case["labels"] >= 0)}
        assert asked <= set(_KINDS[case["kind"]].items)
        assert len(case["index"]) == round(0.25 * settings.shape.tokens)
        assert np.abs(case["places"]).max() < 6.0  # tenths of the picture from its middle
    coronal = next(case for case in cases if case["kind"] == 4)
    assert 4 not in {int(item) + 1 for item in np.flatnonzero(coronal["labels"] >= 0)}  # not labelled
    without = clip_cases(sets.train[:4], settings, pixels=False, tick=lambda: None)
    for one, other in zip(cases, without, strict=True):
        assert np.array_equal(one["features"], other["features"])


@pytest.mark.parametrize("shared", [True, False])
def test_limbs_share_heads_or_have_their_own(sets: ExampleSets, shared: bool) -> None:
    settings = network_settings(read_protocol("tiny", {"network.shared_limbs": shared}))
    cases = clip_cases(sets.train[:4], settings, tick=lambda: None)
    assert {(case["side"], case["limb"]) for case in cases} == {
        ("left", 0),
        ("right", 0 if shared else 1),
    }
    net = EvgsNet(settings, kinds=len(_KINDS))
    batch = CollateClips({"drop_tokens": 0.0, "gain": 0.0, "offset": 0.0}, 0.0, 1.0)(list(cases), None)
    found = net(batch["patches"], batch["index"], None, batch["kind"])
    assert found.items.shape == (len(cases), 1 if shared else 2, ITEMS, 1)


def test_looking_for_keypoints_ignores_padding_and_the_background_turns_grey(sets: ExampleSets) -> None:
    settings = network_settings(read_protocol("tiny", {"network.values": 4, "network.blank": True}))
    net = EvgsNet(settings, kinds=len(_KINDS)).eval()
    torch.nn.init.normal_(net.items.weight)
    case = clip_cases(sets.train[:1], settings, tick=lambda: None)[0]
    patches, index = torch.from_numpy(case["patches"])[None], torch.from_numpy(case["index"])[None]
    kind = torch.tensor([0])
    keys = torch.ones(1, len(case["index"]) + 3, dtype=torch.bool)
    keys[:, -3:] = False
    longer = torch.cat([patches, patches[:, :3]], dim=1), torch.cat([index, index[:, :3]], dim=1)
    with torch.no_grad():
        one, other = net(patches, index, None, kind), net(*longer, keys, kind)
    assert torch.allclose(one.items, other.items, atol=1e-5)
    pixels = case["patches"].reshape(-1, 3, settings.tubelet * settings.patch_px**2).transpose(0, 2, 1)
    assert (pixels == (124, 116, 104)).all(axis=-1).mean() > 0.05  # elsewhere the stored pictures are 70


def test_the_loss_leaves_out_what_is_not_asked() -> None:
    logits = torch.zeros(2, ITEMS, 1, requires_grad=True)
    labels = torch.full((2, ITEMS), -1)
    labels[0, 8], labels[1, 15] = 2, 0
    loss = items_loss(logits, labels, torch.full((ITEMS, 1), 3.0))
    assert float(loss.detach()) == pytest.approx((3 * np.log(2) + np.log(2)) / 2)
    loss.backward()
    gradient = logits.grad
    assert gradient is not None
    assert sorted(map(tuple, gradient[..., 0].nonzero().tolist())) == [(0, 8), (1, 15)]
    nothing = items_loss(logits, torch.full((2, ITEMS), -1), torch.ones(ITEMS, 1))
    assert float(nothing.detach()) == 0.0
    values = torch.tensor([1.0, 5.0], requires_grad=True)
    part = seen_loss(values, torch.tensor([1.5, float("nan")]))
    part.backward()
    assert float(part.detach()) == pytest.approx(0.125)
    assert values.grad is not None
    assert values.grad[1] == 0


def test_ordinal_chances_add_up_and_keep_their_order() -> None:
    logits = torch.tensor([[2.0, 3.0], [-1.0, -2.0]])
    found = probabilities(logits)
    assert torch.allclose(found.sum(-1), torch.ones(2))
    assert (found >= 0).all()
    assert found[1].tolist() == pytest.approx(
        [1 - 1 / (1 + np.e), 1 / (1 + np.e) - 1 / (1 + np.e**2), 1 / (1 + np.e**2)], abs=1e-6
    )


def test_rare_answers_weigh_more_up_to_the_limit() -> None:
    labels = np.full((20, ITEMS), -1)
    labels[:, 0] = [1] * 5 + [0] * 15
    labels[:, 1] = [1] + [0] * 19
    labels[:, 2] = [2] * 19 + [0]
    cases = [{"labels": row} for row in labels]
    settings = network_settings(read_protocol("tiny"))
    weight = EvgsLoss.of(cases, {"balance_limit": 6.0}, settings, levels=1).weight[:, 0]
    assert weight[:4].tolist() == pytest.approx([3.0, 6.0, 1 / 6, 1 / 6])


def test_further_cuts_move_the_subject_and_its_keypoints_together(sets: ExampleSets) -> None:
    settings = network_settings(read_protocol("tiny"))
    crop = clip_crop(unpack(sets.train[0]), 0, settings)
    moved = crop.moved(1.25, (0.1, -0.05))
    size = crop.frames.shape[1]
    for before, after in ((crop, moved), (moved, moved.moved(1.0, (0.0, 0.0)))):
        for points, mask in ((before.keypoints, before.mask), (after.keypoints, after.mask)):
            x, y = np.round(points[0, Keypoint.RIGHT_KNEE]).astype(int)
            assert mask[0, y, x]  # the knee lies within the outline wherever both went
    expected = (crop.keypoints - (size - 1) / 2) * 1.25 + (size - 1) / 2 + size * np.array([0.1, -0.05])
    np.testing.assert_allclose(moved.keypoints, expected, atol=1e-3)
    middle = [np.argwhere(one.mask[0]).mean(axis=0)[::-1] for one in (crop, crop.moved(1.0, (0.05, 0.0)))]
    np.testing.assert_allclose(middle[1] - middle[0], [0.05 * size, 0.0], atol=0.8)
    assert np.array_equal(crop.moved(1.0, (0.0, 0.0)).frames, crop.frames)


def test_cuts_are_drawn_by_chance_only_while_learning(sets: ExampleSets) -> None:
    settings = network_settings(read_protocol("tiny"))
    variety = Variety(copies=2, zoom=0.1, shift=0.05, frames=1, seed=3)
    cases, again = (clip_cases(sets.train[:2], settings, variety=variety, tick=lambda: None) for _ in range(2))
    plain = clip_cases(sets.train[:2], settings, tick=lambda: None)
    assert all(len(case["copies"]) == 2 for case in cases)
    assert all(np.array_equal(a["copies"][1][0], b["copies"][1][0]) for a, b in zip(cases, again, strict=True))
    collate = CollateClips({"drop_tokens": 0.0, "gain": 0.0, "offset": 0.0})
    torch.testing.assert_close(collate(cases, None)["patches"], collate(plain, None)["patches"])
    seen = [collate(cases[:1], np.random.default_rng(seed))["places"] for seed in range(12)]
    assert len({float(one.nansum()) for one in seen}) == 3


def test_looks_are_judged_by_the_patch_that_holds_the_keypoint() -> None:
    shape = network_settings(read_protocol("tiny")).shape
    time, rows, columns = shape.grid
    places = torch.full((1, time, KEYPOINTS, 2), float("nan"))
    places[0, 1, 4] = 10.0 * (torch.tensor([2.5 / columns, 1.5 / rows]) - 0.5)
    places[0, 2, 4] = torch.tensor([9.0, 0.0])  # outside the picture
    right = rows * columns + columns + 2
    index = torch.tensor([[right - 1, right, right + 1]])
    looks = torch.zeros(1, time, KEYPOINTS, 3)
    even = looks_loss(LocatedKeypoints(looks, places, looks), index, places, shape)
    assert float(even) == pytest.approx(np.log(3), abs=1e-5)
    looks[0, 1, 4, 1] = 10.0
    assert float(looks_loss(LocatedKeypoints(looks, places, looks), index, places, shape)) < 0.001
    gone = looks_loss(LocatedKeypoints(looks[..., :1], places, looks[..., :1]), index[:, :1], places, shape)
    assert float(gone) == 0.0  # its patch was not kept


def test_limits_are_settled_on_sessions_not_trained_on() -> None:
    torch.manual_seed(0)
    settings = network_settings(read_protocol("tiny"))
    net = EvgsNet(settings, kinds=len(_KINDS))
    torch.nn.init.normal_(net.items.weight)
    hidden = torch.randn(400, settings.hidden)
    logits = net.items(hidden).view(400, ITEMS, 1).detach()
    labels = torch.full((400, ITEMS), -1)
    labels[:, 0] = (logits[:, 0, 0] > 1.0).long()  # says "atypical" too often
    labels[:, 1] = 1  # one answer only: nothing to settle
    before = net.items(hidden).view(400, ITEMS).detach()
    calibrate_thresholds(net, logits, labels, torch.zeros(400, dtype=torch.long), trust=0.01)
    after = net.items(hidden).view(400, ITEMS).detach()
    torch.testing.assert_close(after[:, 1:], before[:, 1:])
    said = after[:, 0] > 0
    assert float((said == (labels[:, 0] == 1)).float().mean()) > 0.97
    assert float((before[:, 0] > 0).float().mean()) > float(said.float().mean())


def test_a_session_gets_the_mean_of_its_clips_and_silence_without_one() -> None:
    labels = np.full((2, ITEMS), -1)
    labels[0, 2], labels[1, 2] = 2, 0
    base = {"session": "s1", "subject": "P1", "session_labels": labels, "profile": 7.0}
    cases = [{**base, "side": "left", "kind": 1}, {**base, "side": "left", "kind": 2}]
    probability = np.zeros((2, ITEMS))
    probability[0, 2], probability[1, 2], probability[1, 11] = 0.9, 0.5, 0.8
    found = by_session(cases, probability, np.array([5.0, 6.0]))
    at = {name: k for k, name in enumerate(found.outputs)}
    assert found.probability[0, at["3 SAD left"]].tolist() == pytest.approx([0.3, 0.7])
    assert found.probability[0, at["12 HEX left"], 1] == pytest.approx(0.8)
    assert np.isnan(found.probability[0, at["3 SAD right"]]).all()
    assert np.isnan(found.probability[0, at["14 POB left"]]).all()
    assert found.target[0, at["3 SAD left"]] == 1
    assert found.target[0, at["3 SAD right"]] == 0  # labelled without an answer: coverage falls
    assert found.target[0, at["12 HEX left"]] == -1
    assert by_session(cases, probability, binary=False).target[0, at["3 SAD left"]] == 2
    predicted, true = found.scalars["gait variable score, left"]
    assert (predicted[0], true[0]) == (5.5, 7.0)
    assert np.isnan(found.scalars["gait variable score, right"][0][0])


def test_visible_items_were_listed_with_a_reason_each() -> None:
    import tomllib

    from gaitviewer.paths import resources

    rows = tomllib.loads((resources() / "models/evgs_visible_items.toml").read_text())["items"]
    assert [row["number"] for row in rows] == list(range(1, ITEMS + 1))
    assert all(row["reason"] for row in rows)
    assert len(visible_items()) == 12


def _context(sets: ExampleSets, folder: Path, seed: int = 0) -> RunContext:
    return RunContext(sets, seed, "tiny", folder, "cpu", no_progress, 1)


@pytest.mark.parametrize(
    "name", ["video", "T=8", "no-prompt", "tokens-by-threshold", "ordinal", "separate-limbs"]
)
def test_variants_train_and_answer(sets: ExampleSets, tmp_path: Path, name: str) -> None:
    task = EvgsTask()
    variant = next(v for v in VARIANTS if v.name == name)
    result = task.run(variant, _context(sets, tmp_path))
    assert set(result.predictions) == {"valid", "test"}
    test = result.predictions["test"]
    assert test.cases == ("s200", "s201")
    assert np.isfinite(test.probability).all()
    assert result.extras["clips_per_s"] > 0
    assert result.state is not None
    settings = network_settings(read_protocol("tiny", variant.settings))
    net = EvgsNet(settings, kinds=len(_KINDS))
    net.load_state_dict(result.state)
    assert result.settings["frames"] == settings.frames
    assert ("ordinal_qwk" in result.extras) == (name == "ordinal")


@pytest.fixture(scope="module")
def more() -> ExampleSets:
    return ExampleSets(_examples(16), (), _examples(8, first=300))


@pytest.mark.parametrize("name", ["majority", "logistic"])
def test_baselines_answer(more: ExampleSets, tmp_path: Path, name: str) -> None:
    variant = next(v for v in VARIANTS if v.name == name)
    result = EvgsTask().run(variant, _context(more, tmp_path))
    assert result.state is None
    test = result.predictions["test"]
    known = test.target >= 0
    assert np.isfinite(test.probability[known]).all()
    if name == "logistic":  # bend and lean are planted in the keypoints
        at = [k for k, output in enumerate(test.outputs) if output.startswith(("9 KEX", "16 TSG"))]
        right = (test.probability[:, at, 1] > 0.5) == (test.target[:, at] == 1)
        assert right.mean() >= 0.75


def _same(one: RunResult, other: RunResult) -> bool:
    return all(
        np.array_equal(one.predictions[k].probability, other.predictions[k].probability)
        for k in one.predictions
    )


def test_the_same_seed_gives_the_same_answers(sets: ExampleSets, tmp_path: Path) -> None:
    task = EvgsTask()
    runs = [task.run(VARIANTS[0], _context(sets, tmp_path / str(k), seed)) for k, seed in enumerate((3, 3, 4))]
    assert _same(runs[0], runs[1])
    assert not _same(runs[0], runs[2])
    assert visible_mean(runs[0].predictions["test"])["questions"] > 0


def test_a_few_steps_lower_the_loss(sets: ExampleSets) -> None:
    tables = read_protocol("tiny")
    tables["network"] |= {"values": 3, "blank": True}
    settings = network_settings(tables)
    cases = clip_cases(sets.train[:8], settings, tick=lambda: None)
    torch.manual_seed(0)
    net = EvgsNet(settings, kinds=len(_KINDS))
    loss = EvgsLoss.of(cases, tables["loss"], settings, levels=1)
    batch = CollateClips.of(cases, tables["augment"])(cases, None)
    optimiser = torch.optim.AdamW(net.parameters(), 3e-3)
    values = []
    for _ in range(25):
        optimiser.zero_grad()
        value = loss(net, batch)
        value.backward()
        optimiser.step()
        values.append(float(value.detach()))
    assert values[-1] < 0.5 * values[0]


def test_protocols_can_be_read_and_unknown_settings_are_refused() -> None:
    for name in ("tiny", "small", "full"):
        tables = read_protocol(name)
        network_settings(tables)
        LoopSettings.read(tables["loop"])
        for variant in EvgsTask().variants(name):
            network_settings(read_protocol(name, variant.settings))
    with pytest.raises(SettingsError, match="no protocol"):
        read_protocol("huge")
    with pytest.raises(SettingsError, match="no setting"):
        read_protocol("tiny", {"network.colour": 1})
    with pytest.raises(SettingsError, match="divide"):
        network_settings(read_protocol("tiny", {"network.size_px": 100}))


def test_an_encoder_starts_from_the_users_file(sets: ExampleSets, tmp_path: Path) -> None:
    settings, path = network_settings(read_protocol("tiny")), tmp_path / "vit.safetensors"
    source = EvgsNet(settings, kinds=len(_KINDS)).encoder
    save_file(source.state_dict(), path)
    tables = read_protocol("tiny", {"checkpoint": str(path)})
    net = _Run(tables, settings, {"train": []}, _context(sets, tmp_path / "run"))._network()
    assert all(
        torch.equal(value, source.state_dict()[name]) for name, value in net.encoder.state_dict().items()
    )
    assert set(EvgsTask().check_checkpoint(path, "tiny")) == set()
    with pytest.raises(SettingsError, match="no weights file"):
        EvgsTask().check_checkpoint(tmp_path / "no.safetensors", "tiny")


def test_without_labels_nothing_is_learned(sets: ExampleSets, tmp_path: Path) -> None:
    bare = tuple({**e, "labels": np.full((2, ITEMS), -1)} for e in sets.train)
    with pytest.raises(SettingsError, match="Edinburgh"):
        EvgsTask().run(VARIANTS[0], _context(ExampleSets(bare, sets.valid, sets.test), tmp_path))
