"""Made-up answers of all three systems about the made-up session, with explanations whose values are known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.knowledge_map.features import load_map_features
from gaitviewer.core.gait import Side, View
from gaitviewer.core.maps import AttentionMap, FeatureFinding, KnowledgeMap, SaliencyMap
from gaitviewer.core.output import (
    FAMILIARITY,
    Answer,
    MeasuredBasis,
    ModelOrigin,
    ModelOutput,
    Opinion,
    Provenance,
)
from gaitviewer.core.skeleton import BODY_FEET_23
from gaitviewer.messages import NOTHING, Message, message
from tests.support.made_up_session import ITEMS

JOINTS = (*BODY_FEET_23.keypoints, "neck", "pelvis")
LEVELS = ("level 1", "level 2", "level 3", "level 4")
CHANCES = (0.0417, 0.2583, 0.5871, 0.1129)
LIMITS = ("Not a medical device and no diagnosis.", "Never saw a patient.")
CELLS = 40
FEATURES = load_map_features().names


def origin(title: str) -> ModelOrigin:
    figures = (("test", "balanced_accuracy", 0.6807), ("shifted", "balanced_accuracy", 0.5394))
    return ModelOrigin(title, "synthetic (seed 1, 1500 subjects)", LIMITS, figures)


def made(model: str) -> Provenance:
    return Provenance(model, "ab" * 32, "cd" * 32, "0.1.0", "cpu", "2026-11-21T09:30:00+00:00", 3.25)


def familiarity(value: float = 1.31) -> MeasuredBasis:
    return MeasuredBasis(
        FAMILIARITY, "distance from the gaits that the model learned from", value, "", math.nan, 2.71
    )


def saliency(values: NDArray[np.float64] | None = None, view: View = View.SAGITTAL) -> SaliencyMap:
    """The right knee leads, most of all in cell 25."""
    if values is None:
        values = np.full((CELLS, len(JOINTS)), 0.001)
        values[:, JOINTS.index("right_knee")] = 0.016
        values[:, JOINTS.index("right_hip")] = 0.0072
        values[25, JOINTS.index("right_knee")] = 0.0368
    times = np.linspace(0.4, 3.9, len(values))
    return SaliencyMap(values, times, JOINTS, "t1", view, "block 4 of 10", "a higher level")


def severity(*maps: SaliencyMap) -> Answer:
    opinion = Opinion("severity", LEVELS, CHANCES, label="level 3")
    ranking = tuple(
        (name, 0.012 - 0.0004 * k, 0.010 - 0.0004 * k, 0.0137 - 0.0004 * k)
        for k, name in enumerate(("left_knee", "right_knee", "left_hip", "right_hip", "neck"))
    )
    finding = FeatureFinding(
        "knee_range.low",
        "knee",
        0.3,
        3.9,
        0.0128,
        "Range of knee flexion over the cycle, smaller of both limbs: 19.2 deg",
        19.2,
        "deg",
        57.3,
        4.4,
    )
    gate = MeasuredBasis("profile_worse_deg", "profile score of the worse limb", 9.4, "deg", 0.6, 9.0)
    output = ModelOutput(
        "severity-2",
        (opinion,),
        made("severity-2"),
        True,
        saliency=maps or (saliency(),),
        findings=(finding,),
        ranking=ranking,
        basis=(gate, familiarity()),
        origin=origin("Severity in four levels"),
    )
    return Answer("severity", output)


def chance(item: int, side: Side) -> float:
    """Of "atypical": those of 9 and 11 are said otherwise than measured on the left and right."""
    return {(9, Side.LEFT): 0.8123, (11, Side.RIGHT): 0.2345, (12, Side.LEFT): 0.4876}.get(
        (item, side), 0.9 if side is Side.RIGHT and item in (1, 2, 3, 6, 7) else round(0.01 * item, 4)
    )


def evgs() -> Answer:
    opinions = []
    for side in Side:
        for item in ITEMS:
            name = f"{item.number} {item.code} {side.value}"
            if item.number == 4:
                opinions.append(Opinion(name, ("normal", "atypical"), None, _no_view()))
                continue
            p = chance(item.number, side)
            label = "atypical" if p >= 0.5 else "normal"
            opinions.append(Opinion(name, ("normal", "atypical"), (1 - p, p), label=label))
    grid = np.arange(64.0).reshape(1, 8, 8)
    grid[0, 0, :4] = np.nan
    maps = tuple(
        AttentionMap(
            grid / 64, np.array([1.5]), (400.0, 20.0, 900.0, 520.0), "t1", View.SAGITTAL, kind, "9 KEX left"
        )
        for kind in ("attention", "occlusion")
    )
    texts = ("Gait variable score of the left limb as the model sees it: 4.3 degrees (mean of 7 clips).",)
    output = ModelOutput(
        "evgs-1",
        tuple(opinions),
        made("evgs-1"),
        True,
        attention=maps,
        texts=texts,
        basis=(familiarity(2.5),),
        origin=origin("Edinburgh score from video"),
    )
    return Answer("evgs", output)


def _no_view() -> Message:
    return message("reason.no_view", view=message("plane.coronal"))


def importance(values: NDArray[np.float64] | None = None) -> KnowledgeMap:
    """The tilt of the shoulders leads, from frame 40 to 60."""
    if values is None:
        values = np.zeros((len(FEATURES), 96))
        values[FEATURES.index("shoulder_tilt"), 40:60] = 0.0089
    return KnowledgeMap(
        values,
        FEATURES,
        np.linspace(0.5, 3.67, 96),
        "t1",
        View.CORONAL,
        np.full(96, np.nan),
        "importance",
        "asymmetry",
    )


def scoliosis(drawn: KnowledgeMap | None = None) -> Answer:
    drawn = drawn or importance()
    values = np.zeros(drawn.values.shape)
    values[FEATURES.index("shoulder_tilt")] = np.linspace(-4.0, 7.5, values.shape[1])
    finding = FeatureFinding(
        "shoulder_tilt",
        "self-skeleton",
        1.83,
        2.47,
        0.0019,
        "tilt of the shoulder line (one shoulder carried higher than the other), 1.3 to 2.0 s of the clip",
        7.5,
        "deg",
        0.2,
        1.1,
    )
    output = ModelOutput(
        "scoliosis-2",
        (Opinion("asymmetry", ("no asymmetry", "asymmetry"), (0.3632, 0.6368), label="asymmetry"),),
        made("scoliosis-2"),
        True,
        maps=(replace(drawn, values=values, kind="values", target=""), drawn),
        findings=(finding,),
        texts=("Compared with the group: one shoulder carried higher, strongly (d 2.5).",),
        basis=(familiarity(1.86),),
        origin=origin("Scoliosis-like asymmetry"),
    )
    return Answer("scoliosis", output)


def silent(task: str, reason: Message = NOTHING) -> Answer:
    """No opinion, and no explanation of any kind."""
    whole = {"severity": severity, "evgs": evgs, "scoliosis": scoliosis}[task]()
    reason = reason or message("reason.few_whole_strides", strides=1, views=("sagittal",), least=2)
    opinions = tuple(replace(one, probabilities=None, label="", reason=reason) for one in whole.output.opinions)
    output = replace(whole.output, opinions=opinions, saliency=(), attention=(), maps=(), findings=(), texts=())
    return Answer(task, output)


def all_three() -> tuple[Answer, ...]:
    return severity(), scoliosis(), evgs()
