"""Children, patterns and asymmetries: who walks like that stands on the floor and is as ill as drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.core.gait import BySide, Side
from gaitviewer.synthesis.body.bodies import SAGITTAL, draw_child
from gaitviewer.synthesis.gait.asymmetry import bend, draw_curvature
from gaitviewer.synthesis.gait.deviations import draw_impairment, impair, severity_level, sum_deviation
from gaitviewer.synthesis.gait.model import WalkerGait, normal_gait
from gaitviewer.synthesis.gait.patterns import add_pattern, load_patterns
from gaitviewer.synthesis.gait.subjects import draw_subject
from gaitviewer.synthesis.gait.truth import side_points
from gaitviewer.synthesis.gait.walker import WalkerMotion, simulate
from gaitviewer.synthesis.tables import delayed, read_table
from tests.support.walkers import steady

PATTERNS = [name for name in load_patterns() if name != "none"]


def affected(name: str, severity: float) -> WalkerGait:
    gait = add_pattern(normal_gait(), Side.LEFT, name, severity)
    return steady(replace(add_pattern(gait, Side.RIGHT, name, 0.6 * severity), flat_band_deg=2.5))


def walk(gait: WalkerGait, *, seconds: float = 2.0) -> WalkerMotion:
    return simulate(gait, seed=1, duration_s=seconds, rate_hz=100.0)


def deepest_m(motion: WalkerMotion) -> float:
    level = motion.gait.proportions.foot_point_height * motion.gait.height_m
    points = [side_points(side)[name] for side in Side for name in ("heel", "big_toe", "small_toe")]
    return level - float(motion.points[:, points, 2].min())


def skating_m(motion: WalkerMotion) -> float:
    """The longest way between two frames of the point on which a standing foot turns."""
    farthest = 0.0
    for side in Side:
        at, pitch, stance = side_points(side), motion.angles["foot_pitch", side], motion.stance[side]
        for name, turns_on in (("heel", pitch > 0.5), ("big_toe", pitch < -0.5)):
            both = stance & turns_on
            way = np.linalg.norm(np.diff(motion.points[:, at[name]], axis=0), axis=1)[both[1:] & both[:-1]]
            farthest = max([farthest, *way.tolist()])
    return farthest


@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_stands_on_the_floor_and_keeps_its_bones(name: str) -> None:
    motion = walk(affected(name, 1.2))
    assert deepest_m(motion) < 0.01
    assert skating_m(motion) < 1e-4
    for side in Side:
        at = side_points(side)
        for a, b in (("hip", "knee"), ("knee", "ankle")):
            bone = np.linalg.norm(motion.points[:, at[a]] - motion.points[:, at[b]], axis=1)
            assert np.ptp(bone) < 0.02 * bone.mean(), (a, b)


@pytest.mark.parametrize(
    ("name", "angle", "sign", "at_least", "phase"),
    [
        ("true_equinus", "ankle_dorsiflexion", -1, 8.0, (0.20, 0.40)),
        ("jump", "knee_flexion", 1, 10.0, (0.90, 0.99)),
        ("apparent_equinus", "knee_flexion", 1, 10.0, (0.30, 0.45)),
        ("crouch", "knee_flexion", 1, 15.0, (0.30, 0.45)),
        ("recurvatum", "knee_flexion", -1, 8.0, (0.30, 0.45)),
        ("stiff_knee", "knee_flexion", -1, 12.0, (0.66, 0.76)),
        ("drop_foot", "ankle_dorsiflexion", -1, 4.0, (0.80, 0.95)),
        ("restricted_hip", "hip_flexion", 1, 6.0, (0.42, 0.52)),
    ],
)
def test_the_walked_angles_show_the_pattern(
    name: str, angle: str, sign: int, at_least: float, phase: tuple[float, float]
) -> None:
    """Not only the wanted curves: what the legs really do differs from normal where the pattern says."""
    found = []
    for gait in (affected(name, 1.2), steady(replace(normal_gait(), flat_band_deg=2.5))):
        motion = walk(gait)
        own = np.mod(motion.phase, 1.0)
        rows = (own >= phase[0]) & (own <= phase[1])
        found.append(float(motion.angles[angle, Side.LEFT][rows].mean()))
    assert sign * (found[0] - found[1]) > at_least


def test_severity_is_continuous_and_zero_is_nothing() -> None:
    normal = normal_gait()
    assert add_pattern(normal, Side.LEFT, "jump", 0.0) == normal
    assert add_pattern(normal, Side.LEFT, "none", 1.0).limbs == normal.limbs
    sizes = [sum_deviation(add_pattern(normal, Side.LEFT, "jump", s), normal) for s in (0.0, 0.25, 0.5, 1.0)]
    assert sizes[0] == 0.0
    assert sizes == sorted(sizes)
    assert sizes[2] == pytest.approx(2 * sizes[1], rel=0.02)
    with pytest.raises(KeyError):
        add_pattern(normal, Side.LEFT, "moonwalk", 1.0)


def test_a_pattern_of_one_limb_leaves_the_other_limb_alone() -> None:
    normal = normal_gait()
    changed = add_pattern(normal, Side.RIGHT, "stiff_knee", 1.0)
    assert changed.limbs.left == normal.limbs.left
    assert changed.limbs.right != normal.limbs.right
    # The pelvis is hiked on the side of the stiff knee: in right swing the left side is down.
    swing = np.array([0.5 + 0.70])
    assert changed.trunk.pelvic_obliquity.at(swing) < normal.trunk.pelvic_obliquity.at(swing) - 4.0


def test_a_delayed_curve_is_the_same_curve_later() -> None:
    curve = normal_gait().limbs.left.knee_flexion
    phase = np.linspace(0, 1, 37)
    assert delayed(curve, 0.37).at(phase + 0.37) == pytest.approx(curve.at(phase), abs=1e-6)


def test_turned_knees_move_inward_and_keep_the_knee_angle_in_space() -> None:
    crouched = affected("crouch", 0.8)
    turned = replace(crouched, limbs=crouched.limbs.map(lambda limb: replace(limb, knee_progression_deg=-30.0)))
    straight, inward = walk(crouched), walk(turned)
    left, right = side_points(Side.LEFT), side_points(Side.RIGHT)
    gap = [m.points[:, left["knee"], 1] - m.points[:, right["knee"], 1] for m in (straight, inward)]
    assert float((gap[0] - gap[1]).mean()) > 0.03

    def in_space(motion: WalkerMotion) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        hip, knee, ankle = (motion.points[:, left[name]] for name in ("hip", "knee", "ankle"))
        cosine = np.einsum("nk,nk->n", knee - hip, ankle - knee)
        cosine = cosine / np.linalg.norm(knee - hip, axis=1) / np.linalg.norm(ankle - knee, axis=1)
        return np.degrees(np.arccos(cosine))

    assert in_space(inward) == pytest.approx(in_space(straight), abs=0.01)


def test_valgus_moves_the_heel_outward_only() -> None:
    normal = steady(normal_gait())
    tilted = replace(normal, limbs=BySide(*(replace(limb, hindfoot_valgus_deg=15.0) for limb in normal.limbs)))
    before, after = walk(normal), walk(tilted)
    at = side_points(Side.LEFT)
    moved = after.points - before.points
    assert float(moved[:, at["heel"], 1].mean()) > 0.005
    assert float(np.abs(moved[:, [at["ankle"], at["big_toe"], at["knee"]]]).max()) < 1e-9


def test_children_grow_and_step_slower() -> None:
    children = [draw_child(np.random.default_rng(seed)) for seed in range(60)]
    small = [c for c in children if c.age_years < 7]
    tall = [c for c in children if c.age_years > 13]
    assert np.mean([c.gait.height_m for c in small]) < 1.20 < 1.55 < np.mean([c.gait.height_m for c in tall])
    assert np.mean([c.gait.stride_time_s for c in small]) + 0.1 < np.mean([c.gait.stride_time_s for c in tall])
    scaled = [c.gait.stride_time_s / np.sqrt(c.gait.height_m) for c in children]
    assert np.std(scaled) / np.mean(scaled) < 0.08
    assert all(3 <= c.age_years <= 17 and 0.8 < c.gait.height_m < 2.0 for c in children)


def test_impairments_make_gait_worse_and_levels_overlap() -> None:
    subjects = [s for s in (draw_subject(3, index) for index in range(200)) if s.kind == "cp"]
    levels = np.array([s.level for s in subjects])
    deviations = np.array([s.deviation for s in subjects])
    drawn = [max(limb.severity for limb in s.impairment.limbs) for s in subjects if s.impairment is not None]
    assert set(levels.tolist()) == {1, 2, 3, 4}
    assert all(0.15 < np.mean(levels == level) < 0.36 for level in (1, 2, 3, 4))
    assert np.corrcoef(deviations, drawn)[0, 1] > 0.6
    means = [deviations[levels == level].mean() for level in (1, 2, 3, 4)]
    assert means == sorted(means)
    # The best rule on the summed deviation itself cannot be always right.
    limits = read_table("patterns")["severity"]["limits"]
    right = np.mean(1 + np.searchsorted(limits, deviations) == levels)
    assert 0.6 < right < 0.97


def test_levels_of_a_deviation_are_drawn_around_the_limits() -> None:
    random = np.random.default_rng(1)
    middle = read_table("patterns")["severity"]["limits"][1]
    drawn = [severity_level(middle, random) for _ in range(300)]
    assert 0.35 < np.mean(np.array(drawn) <= 2) < 0.65
    assert severity_level(0.05, random) == 1
    assert severity_level(9.0, random) == 4


def test_unseen_mixtures_never_occur_in_the_ordinary_cohort() -> None:
    table = read_table("patterns")["unseen"]
    kept = {frozenset(pair) for pair in table["pairs"]}
    for seed in range(120):
        drawn = draw_impairment(np.random.default_rng(seed))
        assert frozenset(limb.main for limb in drawn.limbs) not in kept
        for limb in drawn.limbs:
            assert not set(table["secondary"]) <= {name for name, _ in limb.added}
        other = draw_impairment(np.random.default_rng(seed), unseen=True)
        assert frozenset(limb.main for limb in other.limbs) in kept


def test_hemiplegia_spares_one_limb() -> None:
    found = [draw_impairment(np.random.default_rng(seed)) for seed in range(200)]
    for drawn in found:
        mild = min(limb.severity for limb in drawn.limbs)
        worse = max(limb.severity for limb in drawn.limbs)
        if drawn.distribution == "hemiplegia":
            assert mild < 0.25 * worse
    assert 0.3 < np.mean([drawn.distribution == "hemiplegia" for drawn in found]) < 0.5


def test_an_impaired_gait_differs_in_angles_and_rhythm() -> None:
    child = draw_child(np.random.default_rng(2))
    drawn = draw_impairment(np.random.default_rng(9))
    gait = impair(child.gait, drawn)
    assert gait.height_m == child.gait.height_m
    assert gait.stride_time_s > child.gait.stride_time_s
    assert sum_deviation(gait, child.gait) > 0.1
    assert any(
        getattr(gait.limbs[side], name) != getattr(child.gait.limbs[side], name)
        for side in Side
        for name in SAGITTAL
    )


def test_curvatures_shift_weakly_and_classes_overlap() -> None:
    def shoulder(positive: bool, seed: int) -> float:
        drawn = draw_curvature(np.random.default_rng(seed), positive=positive)
        assert drawn.positive is positive
        return abs(drawn.effects["shoulder_obliquity"])

    straight = np.array([shoulder(False, seed) for seed in range(300)])
    curved = np.array([shoulder(True, seed) for seed in range(300)])
    apart = (curved.mean() - straight.mean()) / np.sqrt((curved.var() + straight.var()) / 2)
    assert 0.3 < apart < 1.3
    assert np.mean(straight > np.median(curved)) > 0.05
    normal = normal_gait()
    bent = bend(normal, draw_curvature(np.random.default_rng(5), positive=True))
    assert bent.limbs == normal.limbs
    assert bent.trunk != normal.trunk
