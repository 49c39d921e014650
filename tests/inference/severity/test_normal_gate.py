"""Healthy children get no level, whatever a network would say; what deviates more deviates more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from gaitviewer import paths
from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.walking.trial import read_trial
from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, Side, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import Opinion
from gaitviewer.core.session import Footwear, Session, Subject, Trial, WalkingAid
from gaitviewer.formats.mot import read_mot
from gaitviewer.inference.models import open_model
from gaitviewer.inference.predict import predict
from gaitviewer.inference.severity.clips import SkeletonClipSettings, skeleton_clips
from gaitviewer.inference.severity.normal_gate import (
    NORMAL,
    POINTS,
    Verdict,
    deviations,
    judge_normal,
    severity_tables,
)
from gaitviewer.inference.severity.predict import as_batch, build_network, model_features
from gaitviewer.messages import NOTHING, message
from gaitviewer.nets.card import LoadedModel, card_entry
from gaitviewer.research.validation.projection import ValidationOptions, find_body
from gaitviewer.research.validation.run import measure_markers, read_markers
from gaitviewer.synthesis.curves import CycleCurve
from gaitviewer.synthesis.demo import demo_scene
from gaitviewer.synthesis.gait.model import LimbCurves, WalkerGait, normal_gait
from gaitviewer.synthesis.gait.patterns import add_pattern
from tests.support.walkers import observe

CHILDREN = 8


def walk(gait: WalkerGait, seed: int = 1) -> Measures:
    """The measures of a child who walks past both cameras, seen with ordinary noise."""
    scene = demo_scene(seed, gait=gait)
    films = [scene.views[view] for view in View]
    sagittal, coronal = (
        observe(f.motion.points, f.camera, times=f.times, noise_px=1.0, seed=seed) for f in films
    )
    motion = read_trial(Trial("t1", ByView(None, None)), ByView(sagittal, coronal))
    session = Session(
        "walk",
        Subject("P1"),
        height_m=gait.height_m,
        footwear=Footwear.BAREFOOT,
        walking_aid=WalkingAid.NONE,
    )
    return measure_session(session, (motion,))


def total(measures: Measures) -> float:
    """How far the gait deviates by all that was measured: points and degrees, each over its own error."""
    errors = severity_tables().gate.errors
    return sum(value / errors[name] for name, value in deviations(measures).items())


def crouch(severity: float) -> WalkerGait:
    gait = normal_gait()
    for side in Side:
        gait = add_pattern(gait, side, "crouch", severity)
    return gait


@cache
def weights() -> LoadedModel:
    """The shipped ones."""
    return open_model(max(paths.models().glob("severity-*")))


def ask(measures: Measures) -> Opinion:
    """What the program says of a session."""
    (opinion,) = predict(Document(measures.session, ()), measures, model=weights()).opinions
    return opinion


def network_alone(measures: Measures) -> Sequence[float]:
    """Probability of each level as the network sees it, whatever the gates say."""
    model = weights()
    clips, _ = skeleton_clips(measures, card_entry(model.settings, "clips", SkeletonClipSettings))
    net = build_network(model.settings, model.state)
    features = torch.from_numpy(model_features(measures, model.settings)).expand(len(clips), -1)
    with torch.no_grad():
        probabilities = net(torch.from_numpy(as_batch(clips)), features).softmax(dim=1).mean(dim=0)
    return [float(probability) for probability in probabilities]


def expected_level(probabilities: Sequence[float] | None) -> float:
    """Mean level 1..4 of an answer."""
    assert probabilities is not None
    return sum(level * probability for level, probability in enumerate(probabilities, 1))


@pytest.fixture(scope="module")
def healthy() -> Measures:
    return walk(normal_gait())


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(ValidationOptions(), id="clean"),
        pytest.param(ValidationOptions(rate_hz=30, noise_px=3, yaw_deg=5), id="noisy", marks=pytest.mark.slow),
    ],
)
def test_motion_capture_children_are_measured_as_normal(shared_data: Path, options: ValidationOptions) -> None:
    files = sorted((shared_data / "c3d").glob("*.c3d"))
    assert len(files) == CHILDREN
    for number, path in enumerate(files):
        trial = read_markers(path)
        measures = measure_markers(path, find_body(trial), options, trial.body, seed=number)
        assert judge_normal(measures).verdict is not Verdict.DEVIATES, f"{path.name}: {deviations(measures)}"
        asked = ask(measures)
        assert asked.probabilities is None, path.name
        assert asked.label == NORMAL or asked.reason, path.name
        # even the network alone, were there no gate, says the lowest level
        assert expected_level(network_alone(measures)) < 2.0, path.name


def test_the_normal_walker_is_measured_as_normal(healthy: Measures) -> None:
    found = judge_normal(healthy)
    assert (found.verdict, found.reason) == (Verdict.NORMAL, NOTHING)
    assert [row.name for row in found.basis] == list(deviations(healthy))
    points, *others = found.basis
    assert points.value < points.limit - points.error
    assert all(np.isfinite(row.value) and row.error > 0 and np.isnan(row.limit) for row in others)


def test_near_the_limit_there_is_no_opinion_and_the_answer_says_why(healthy: Measures) -> None:
    """The same walk with single items of one limb made worse: none, then no opinion, then a level."""
    sides, answers = healthy.evgs.measures, []
    for bad in range(10):
        worse = tuple(
            replace(one, probabilities=(0.0, 0.0, 1.0))
            if number < bad and one.probabilities is not None
            else one
            for number, one in enumerate(sorted(sides.left, key=lambda one: one.probabilities is None))
        )
        found = replace(healthy, evgs=replace(healthy.evgs, measures=replace(sides, left=worse)))
        answers.append(ask(found))
        (points, *_) = predict(Document(found.session, ()), found, model=weights()).basis
        assert points.name == POINTS
        assert points.limit == severity_tables().gate.limit
        near = -severity_tables().gate.none_below < (points.value - points.limit) / points.error
        near &= (points.value - points.limit) / points.error < severity_tables().gate.level_beyond
        assert near == (answers[-1].reason.code == "reason.near_limit")
        if near:
            assert answers[-1].reason["value"] == points.value
            assert answers[-1].reason["error"] == points.error
    said = ["none" if a.label == NORMAL else "level" if a.probabilities else "no opinion" for a in answers]
    assert list(dict.fromkeys(said)) == ["none", "no opinion", "level"]


def test_one_view_alone_is_less_sure(healthy: Measures) -> None:
    alone = replace(
        healthy, motions=tuple(replace(m, views=replace(m.views, coronal=None)) for m in healthy.motions)
    )
    both, one = (judge_normal(seen).basis[0] for seen in (healthy, alone))
    assert one.error == both.error * severity_tables().gate.one_view


def test_crouch_rises_with_its_severity(healthy: Measures) -> None:
    rising = [total(healthy), *(total(walk(crouch(severity))) for severity in (0.3, 0.7, 1.2))]
    assert rising == sorted(rising)
    assert rising[-1] > 3 * rising[0]
    assert judge_normal(walk(crouch(0.7))).verdict is Verdict.DEVIATES


def test_the_predicted_level_of_crouch_rises_with_its_severity(healthy: Measures) -> None:
    assert ask(healthy).label == NORMAL
    levels = [expected_level(network_alone(healthy))]
    for severity in (0.3, 0.6, 1.0):
        measures = walk(crouch(severity))
        found = ask(measures)
        levels.append(expected_level(network_alone(measures)))
        if severity > 0.3:  # too near the limit to be told anything
            assert not found.reason
            assert expected_level(found.probabilities) == pytest.approx(levels[-1], abs=1e-4)
    assert levels == sorted(levels)
    assert levels[0] < 1.5
    assert levels[-1] > 3.5


def test_one_bad_limb_is_enough() -> None:
    gait = add_pattern(normal_gait(), Side.LEFT, "true_equinus", 1.0)
    assert judge_normal(walk(gait)).verdict is Verdict.DEVIATES


def test_the_child_with_cerebral_palsy_deviates(shared_data: Path, healthy: Measures) -> None:
    measures = walk(child_with_cp(shared_data / "cp" / "KS_Gait_average_r.mot"))
    assert judge_normal(measures).verdict is Verdict.DEVIATES
    assert total(measures) > 2 * total(healthy)
    found = ask(measures)
    assert not found.reason
    assert expected_level(found.probabilities) > 2.5 > expected_level(network_alone(healthy)) + 1.0


def child_with_cp(path: Path) -> WalkerGait:
    """Our walker with the joint angles of a motion file of one right gait cycle (OpenSim's names)."""
    table = read_mot(path)
    percent = np.arange(0.0, 100.0, 5.0)
    share = np.linspace(0.0, 100.0, len(table.values), endpoint=False)
    gait = normal_gait()
    for side in Side:
        letter = side.value[0]
        # the file's cycle is the right limb's; the left limb is half a cycle behind
        shift = 0.0 if side is Side.RIGHT else 50.0

        def curve(name: str, letter: str = letter, shift: float = shift) -> CycleCurve:
            values = np.interp(percent + shift, share, table.column(f"{name}_{letter}"), period=100.0)
            return CycleCurve(tuple(percent.tolist()), tuple(values.tolist()))

        limb: LimbCurves = replace(
            gait.limbs[side],
            hip_flexion=curve("hip_flex"),
            knee_flexion=curve("knee_flex"),
            ankle_dorsiflexion=curve("ankle_flex"),
        )
        gait = gait.with_limb(side, limb)
    return gait


def test_too_little_seen_is_no_normal_gait(healthy: Measures) -> None:
    hidden = replace(healthy, profile_scores=())
    found = judge_normal(hidden)
    assert found.verdict is Verdict.UNSURE
    assert found.reason.code == "reason.no_profile"
    few = replace(
        healthy,
        evgs=replace(
            healthy.evgs,
            measures=replace(healthy.evgs.measures, left=healthy.evgs.measures.left[:3]),
        ),
    )
    found = judge_normal(few)
    assert found.verdict is Verdict.UNSURE
    assert found.reason == message("reason.few_items", items=3, least=severity_tables().gate.least_items)
