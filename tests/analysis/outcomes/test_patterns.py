"""Sagittal patterns by the plantarflexor-knee extension couple."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from gaitviewer.analysis.kinematics.stride_curves import StrideMeasures
from gaitviewer.analysis.outcomes import norms, patterns
from gaitviewer.core.gait import Side
from gaitviewer.core.measures import NormalBand
from gaitviewer.messages import NOTHING, Message, as_written
from tests.support.said import is_within

WORDS = {
    "WNL": patterns.NORMAL,
    "True equinus": patterns.TRUE_EQUINUS,
    "Jump": patterns.JUMP,
    "Apparent equinus": patterns.APPARENT_EQUINUS,
    "Crouch": patterns.CROUCH,
}


def bands() -> tuple[NormalBand, NormalBand]:
    knee, ankle = norms.normal_band("knee_flexion"), norms.normal_band("ankle_dorsiflexion")
    assert knee is not None
    assert ankle is not None
    return knee, ankle


@pytest.mark.parametrize(
    ("knee_z", "ankle_z", "label"),
    [
        (0.0, 0.0, patterns.NORMAL),
        (1.0, 1.0, patterns.NORMAL), (-1.0, -1.0, patterns.NORMAL), (1.0, -1.0, patterns.NORMAL),
        (1.01, -1.01, patterns.JUMP),
        (1.0, -1.01, patterns.TRUE_EQUINUS), (-3.0, -1.01, patterns.TRUE_EQUINUS),
        (1.01, -1.0, patterns.APPARENT_EQUINUS), (1.01, 1.0, patterns.APPARENT_EQUINUS),
        (-1.01, 1.0, patterns.RECURVATUM), (-1.01, -1.0, patterns.RECURVATUM),
        (1.01, 1.01, patterns.CROUCH),
        (1.0, 1.01, patterns.UNDETERMINED), (-1.0, 1.01, patterns.UNDETERMINED),
        (-1.01, 1.01, patterns.NOT_CLASSIFIED),
    ],
)  # fmt: skip
def test_classes_and_their_edges(knee_z: float, ankle_z: float, label: str) -> None:
    assert patterns.classify(knee_z, ankle_z) == label


def test_severity_is_the_way_to_another_pattern() -> None:
    random = np.random.default_rng(3)
    around = np.linspace(0, 2 * np.pi, 400)

    def leaves(knee_z: float, ankle_z: float, radius: float) -> bool:
        circle = zip(knee_z + radius * np.cos(around), ankle_z + radius * np.sin(around), strict=True)
        return any(patterns.classify(k, a) != patterns.classify(knee_z, ankle_z) for k, a in circle)

    for knee_z, ankle_z in random.uniform(-4, 4, (300, 2)):
        size = patterns.severity(knee_z, ankle_z)
        assert size >= 0
        assert not leaves(knee_z, ankle_z, 0.98 * size - 1e-6)
        assert leaves(knee_z, ankle_z, 1.02 * size + 0.02)


def test_a_z_of_the_norm_itself_is_zero(curve_cycle: Callable[..., StrideMeasures]) -> None:
    knee, ankle = bands()
    cycle = curve_cycle({"knee_flexion": knee.mean, "ankle_dorsiflexion": ankle.mean})
    found = patterns.pattern_of([cycle], Side.LEFT, knee=knee, ankle=ankle)
    assert found.label == patterns.NORMAL
    assert (found.knee_z, found.ankle_z) == pytest.approx((0.0, 0.0))
    assert found.severity == pytest.approx(1.0)


def test_one_standard_deviation_is_a_z_of_one(curve_cycle: Callable[..., StrideMeasures]) -> None:
    knee, ankle = bands()
    cycle = curve_cycle(
        {"knee_flexion": knee.mean + 2 * knee.sd, "ankle_dorsiflexion": ankle.mean - 3 * ankle.sd}
    )
    found = patterns.pattern_of([cycle], Side.LEFT, knee=knee, ankle=ankle)
    assert (found.knee_z, found.ankle_z) == pytest.approx((2.0, -3.0))
    assert found.probabilities[0][0] == patterns.JUMP


def test_median_over_strides_and_only_near_ones(curve_cycle: Callable[..., StrideMeasures]) -> None:
    knee, ankle = bands()

    def stride(times: float, *, far: bool = False, excluded: Message = NOTHING) -> StrideMeasures:
        cycle = curve_cycle({"knee_flexion": knee.mean + times * knee.sd, "ankle_dorsiflexion": ankle.mean})
        return replace(cycle, stride=replace(cycle.stride, far=far, excluded=excluded))

    cycles = [
        stride(0.0),
        stride(2.0),
        stride(9.0),
        stride(50.0, far=True),
        stride(60.0, excluded=as_written("turns")),
    ]
    found = patterns.pattern_of(cycles, Side.LEFT, knee=knee, ankle=ankle)
    assert found.knee_z == pytest.approx(2.0)
    assert len(found.points) == 3


def test_without_strides_or_with_hidden_ones_there_is_a_reason(
    curve_cycle: Callable[..., StrideMeasures],
) -> None:
    knee, ankle = bands()
    none = patterns.pattern_of([], Side.RIGHT, knee=knee, ankle=ankle)
    assert not none.label
    assert is_within("side.right", none.reason)
    hidden = knee.mean.copy()
    hidden[30] = np.nan
    cycle = curve_cycle({"knee_flexion": hidden, "ankle_dorsiflexion": ankle.mean})
    found = patterns.pattern_of([cycle], Side.LEFT, knee=knee, ankle=ankle)
    assert found.reason.code == "reason.pattern_hidden"


def test_the_reference_patterns(shared_reference: Path, curve_cycle: Callable[..., StrideMeasures]) -> None:
    knee, ankle = bands()
    points: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    with (shared_reference / "cp_patterns_keypoints.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            points[row["pattern"], row["joint"]].append((float(row["percent_cycle"]), float(row["deg"])))
    with (shared_reference / "cp_patterns_scores.csv").open(newline="") as file:
        wanted = list(csv.DictReader(file))
    assert len(wanted) >= 11
    for row in wanted:
        curves = {}
        for joint, angle in (("knee", "knee_flexion"), ("ankle", "ankle_dorsiflexion")):
            x, y = np.array(points[row["pattern"], joint]).T
            around = np.concatenate([x - 100, x, x + 100])
            curves[angle] = PchipInterpolator(around, np.tile(y, 3))(np.arange(101.0))
        cycle = curve_cycle(curves, toe_off=float(row["toe_off_pct"]))
        found = patterns.pattern_of([cycle], Side.LEFT, knee=knee, ankle=ankle)
        assert patterns.classify(found.knee_z, found.ankle_z) == WORDS[row["PFKE_class"]], row["pattern"]
        if found.label:
            assert found.label == WORDS[row["PFKE_class"]], row["pattern"]
        assert found.knee_z == pytest.approx(float(row["PFKE_knee_z"]), abs=0.05)
        assert found.ankle_z == pytest.approx(float(row["PFKE_ankle_z"]), abs=0.05)


def errors() -> dict[str, float]:
    knee, ankle = bands()
    degrees = patterns.naming_rules().error_deg
    return {
        "knee_error_z": degrees.knee / float(knee.sd[20:46].mean()),
        "ankle_error_z": degrees.ankle / float(ankle.sd[20:46].mean()),
    }


def test_at_most_one_healthy_limb_in_twenty_is_given_a_pattern() -> None:
    random, spread = np.random.default_rng(4), errors()
    wide = np.hypot(1.0, list(spread.values()))
    named = []
    for knee_z, ankle_z in random.normal(0.0, wide, (2000, 2)):
        label, chance = patterns.probabilities(knee_z, ankle_z, **spread)[0]
        named.append(label != patterns.NORMAL and chance >= patterns.naming_rules().named_from)
    assert np.mean(named) <= 0.05


@pytest.mark.parametrize(
    ("knee_z", "ankle_z", "label"),
    [(4.5, 3.5, patterns.CROUCH), (4.5, -4.0, patterns.JUMP), (0.0, -5.0, patterns.TRUE_EQUINUS)],
)
def test_a_plain_pattern_is_named(knee_z: float, ankle_z: float, label: Message) -> None:
    weighed = patterns.probabilities(knee_z, ankle_z, **errors())
    assert weighed[0][0] == label
    assert weighed[0][1] >= patterns.naming_rules().named_from
    assert sum(chance for _, chance in weighed) == pytest.approx(1.0)


def test_on_a_border_none_is_named(curve_cycle: Callable[..., StrideMeasures]) -> None:
    knee, ankle = bands()
    cycle = curve_cycle(
        {"knee_flexion": knee.mean + 3.0 * knee.sd, "ankle_dorsiflexion": ankle.mean + ankle.sd}
    )
    found = patterns.pattern_of([cycle], Side.LEFT, knee=knee, ankle=ankle)
    assert not found.label
    assert found.reason.code == "reason.pattern_borderline"
    assert {label for label, _ in found.probabilities} >= {patterns.CROUCH, patterns.APPARENT_EQUINUS}
    assert found.knee_z == pytest.approx(3.0)
