"""From a session to a level with its evidence; the network here has not learned anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gaitviewer.analysis.outcomes.gait_features import load_features
from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, Direction, Side, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import FAMILIARITY, SYNTHETIC_STATEMENT
from gaitviewer.core.serialise import to_plain
from gaitviewer.core.session import Session, Subject, Trial
from gaitviewer.errors import SettingsError
from gaitviewer.inference import predict as asking
from gaitviewer.inference.abstention import describe
from gaitviewer.inference.predict import output_as_json
from gaitviewer.inference.severity.clips import JOINTS, SkeletonClip
from gaitviewer.inference.severity.normal_gate import NORMAL, judge_normal
from gaitviewer.inference.severity.predict import _saliency, predict
from gaitviewer.nets.card import Card, LoadedModel
from gaitviewer.nets.severity.fusion import FusionNet, SeverityNetSettings
from gaitviewer.nets.severity.stgcn import StgcnSettings
from gaitviewer.synthesis.demo import demo_scene
from gaitviewer.synthesis.gait.model import normal_gait
from gaitviewer.synthesis.gait.patterns import add_pattern
from tests.support.walkers import observe

torch.set_num_threads(1)
CLASSES = ("level 1", "level 2", "level 3", "level 4")


def walk(severity: float) -> Measures:
    from gaitviewer.analysis.measure import measure_session
    from gaitviewer.analysis.walking.trial import read_trial

    gait = normal_gait()
    for side in Side:
        gait = add_pattern(gait, side, "crouch", severity)
    film = demo_scene(1, gait=gait).views.sagittal
    pose = observe(film.motion.points, film.camera, times=film.times, noise_px=0.5)
    motion = read_trial(Trial("t1", ByView(None, None)), ByView(pose, None))
    return measure_session(Session("walk", Subject("P1"), height_m=gait.height_m), (motion,))


@pytest.fixture(scope="module")
def crouching() -> Measures:
    return walk(1.0)


def model(kind: str = "cross", layer: int = 9, **settings: Any) -> LoadedModel:
    """Weights that nobody trained, in the form of a model folder."""
    torch.manual_seed(1)
    names = [feature.name for feature in load_features()]
    net = FusionNet(
        SeverityNetSettings(
            kind=kind, skeleton=StgcnSettings(width=0.125), all_features=len(names),
            chosen=tuple(range(0, len(names), 3)), width=16, heads=2,
            map_layer=layer,
        )
    )  # fmt: skip
    card = Card(
        "severity-0", "severity", "for tests", True, "0" * 64, 1, 1, ("severity",), CLASSES,
        "Apache-2.0", "tests", statement=SYNTHETIC_STATEMENT,
    )  # fmt: skip
    table = {
        "network": to_plain(net.settings),
        "features": names,
        "clips": {"frames": 96, "rate_hz": 30.0, "views": ["sagittal"], "fit": "loop"},
        "target": "answer",
        "norms": {name: [40.0, 2.5] for name in names},
        "ranking": [["left_knee", 2.0, 1.5, 2.5], ["right_knee", 1.0, 0.5, 1.5]],
        **settings,
    }
    return LoadedModel(card, table, net.state_dict(), {}, "0" * 64, Path("models/severity-0"))


def ask(measures: Measures, loaded: LoadedModel) -> Any:
    return predict(Document(measures.session, ()), measures, model=loaded)


def test_a_normal_gait_gets_no_level() -> None:
    found = ask(walk(0.0), model())
    (opinion,) = found.opinions
    assert opinion.label == NORMAL
    assert opinion.probabilities is None
    assert not opinion.reason
    assert found.saliency == ()
    assert found.basis[0].value < found.basis[0].limit  # what a "none" rests on, too
    plain = output_as_json(found)["basis"]
    assert [row["name"] for row in plain] == [row.name for row in found.basis]
    assert plain[0]["limit"] == found.basis[0].limit
    assert plain[1]["limit"] is None
    assert found.synthetic
    assert found.ranking[0] == ("left_knee", 2.0, 1.5, 2.5)


def test_a_deviating_gait_gets_a_level_with_its_evidence(crouching: Measures) -> None:
    found = ask(crouching, model())
    (opinion,) = found.opinions
    assert opinion.classes == CLASSES
    assert opinion.probabilities is not None
    assert sum(opinion.probabilities) == pytest.approx(1.0)
    assert opinion.label == CLASSES[int(np.argmax(opinion.probabilities))]
    assert len(found.saliency) == 2
    for held in found.saliency:
        assert held.keypoints == JOINTS
        assert held.target == opinion.label
        assert held.layer == "block 10 of 10"
        assert held.values.min() >= 0.0
        assert np.all(np.diff(held.times_s) > 0)
    assert found.basis[0].value > found.basis[0].limit
    assert found.findings
    for finding in found.findings:
        assert finding.weight > 0
        assert f"{finding.value:.1f} {finding.unit}".strip() in finding.words
        assert (finding.norm, finding.norm_sd) == (40.0, 2.5)


def test_maps_can_show_what_speaks_for_a_higher_level(crouching: Measures) -> None:
    answer, higher = (ask(crouching, model(target=name)).saliency[0] for name in ("answer", "higher"))
    assert higher.target == "a higher level"
    assert not np.allclose(answer.values, higher.values)


def test_the_layer_is_a_setting(crouching: Measures) -> None:
    early = ask(crouching, model(layer=2)).saliency[0]
    assert early.layer == "block 3 of 10"
    assert len(early.values) > len(ask(crouching, model()).saliency[0].values)
    clip = ask(crouching, model(layer=-1)).saliency[0]  # the clip itself
    assert clip.layer == "input"
    assert len(clip.values) >= len(early.values)
    assert clip.values.max() > 0


def test_features_are_matched_by_name(crouching: Measures) -> None:
    plain = model()
    names = list(plain.settings["features"])
    order = np.random.default_rng(1).permutation(len(names))
    place = {int(old): new for new, old in enumerate(order)}
    state = dict(plain.state)
    for key in ("encoder.mean", "encoder.sd"):
        state[key] = state[key][order.tolist()]
    state["encoder.chosen"] = torch.tensor([place[int(k)] for k in state["encoder.chosen"]])
    network = dict(plain.settings["network"])
    network["chosen"] = state["encoder.chosen"].tolist()
    moved = replace(
        plain,
        state=state,
        settings={**plain.settings, "features": [names[k] for k in order], "network": network},
    )
    one, other = (ask(crouching, loaded).opinions[0].probabilities for loaded in (plain, moved))
    np.testing.assert_allclose(one, other, rtol=1e-6)
    stranger = replace(plain, settings={**plain.settings, "features": ["nothing", *names[1:]]})
    with pytest.raises(SettingsError, match="does not know"):
        ask(crouching, stranger)


def test_too_little_seen_gives_a_reason(crouching: Measures) -> None:
    blind = replace(crouching, motions=())
    (opinion,) = ask(blind, model()).opinions
    assert opinion.probabilities is None
    assert opinion.reason.code == "reason.no_clip"


def test_what_was_measured_comes_with_the_refusal_of_a_stranger(crouching: Measures) -> None:
    about = describe(crouching)
    strange = {
        "familiar.mean": torch.from_numpy(np.nan_to_num(about) + 40.0),
        "familiar.covariance": torch.eye(len(about), dtype=torch.float64),
        "familiar.limit": torch.tensor(1.0, dtype=torch.float64),
    }
    document = Document(crouching.session, ())
    found = asking.predict(document, crouching, model=replace(model(), extra=strange))
    assert found.opinions[0].reason.code == "reason.unlike_learned"
    *measured, familiar = found.basis
    assert tuple(measured) == judge_normal(crouching).basis
    assert (familiar.name, familiar.limit) == (FAMILIARITY, 1.0)


def test_other_kinds_answer_too(crouching: Measures) -> None:
    skeleton = ask(crouching, model("skeleton"))
    assert skeleton.opinions[0].probabilities is not None
    assert skeleton.findings == ()
    features = ask(crouching, model("features"))
    assert features.opinions[0].probabilities is not None
    assert features.saliency == ()


def test_maps_of_a_repeated_walk_are_laid_over_the_first_time_round() -> None:
    source = np.mod(np.arange(96), 40) / 30.0
    clip = SkeletonClip(
        np.zeros((96, 25, 3), np.float32), source, 40, "t1", View.SAGITTAL, 0, None, Direction.LEFT_TO_RIGHT
    )
    values = np.repeat(np.arange(24.0)[:, None], 25, axis=1)
    held = _saliency(clip, values, "block 10 of 10", "level 1")
    assert held.times_s.max() < 40 / 30
    assert len(held.times_s) == 10
    # cell 0 (frame 2) comes again as cells 10 (frame 42) and 20 (frame 82)
    assert held.values[0, 0] == pytest.approx((0 + 10 + 20) / 3)
    assert held.values[5, 0] == pytest.approx((5 + 15) / 2)
