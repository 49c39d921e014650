"""The Edinburgh Visual Gait Score: bands, readers, the sheet, its evidence and its refusals."""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from gaitviewer.analysis.evgs import score as evgs_score
from gaitviewer.analysis.evgs.bands import band_of, edge_distance, is_numeric, score_value
from gaitviewer.analysis.evgs.rules import Reading, read_item
from gaitviewer.analysis.evgs.sheet import load_rules
from gaitviewer.analysis.kinematics.stride_curves import StrideMeasures
from gaitviewer.analysis.outcomes import norms
from gaitviewer.core.evgs import EvgsItem
from gaitviewer.core.gait import Side, View
from gaitviewer.core.session import Session, Subject
from gaitviewer.messages import Message

NUMERIC = [item for item in evgs_score.load_items() if any(is_numeric(band) for band in item.bands)]
SESSION = Session("s", Subject("P1"))


def item_of(code: str) -> EvgsItem:
    return next(item for item in evgs_score.load_items() if item.code == code)


def read(code: str, cycle: StrideMeasures) -> Reading | str:
    return read_item(item_of(code), load_rules()[code], cycle)


def value_of(code: str, cycle: StrideMeasures) -> float:
    reading = read(code, cycle)
    assert isinstance(reading, Reading), reading
    return reading.value


def norm_curves(group: str = "free") -> dict[str, np.ndarray]:
    return {band.angle: band.mean for band in norms.normal_bands(group)}


def flat(value: float) -> np.ndarray:
    return np.full(101, value)


# --- the table ---------------------------------------------------------------------------------------------


def test_there_are_17_items_in_order_with_both_views() -> None:
    items = evgs_score.load_items()
    assert [item.number for item in items] == list(range(1, 18))
    assert sum(item.view is View.SAGITTAL for item in items) == 11
    assert sum(item.view is View.CORONAL for item in items) == 6
    assert all({band.score for band in item.bands} >= {0, 1} for item in items)


@pytest.mark.parametrize("item", NUMERIC, ids=lambda item: item.code)
def test_bands_cover_every_whole_number_exactly_once(item: EvgsItem) -> None:
    for whole in range(-400, 400):
        holding = [
            band
            for band in item.bands
            if is_numeric(band)
            and (band.low is None or band.low <= whole)
            and (band.high is None or whole <= band.high)
        ]
        assert len(holding) == 1, whole


@pytest.mark.parametrize("item", NUMERIC, ids=lambda item: item.code)
def test_bands_stand_highest_value_first(item: EvgsItem) -> None:
    numeric = [band for band in item.bands if is_numeric(band)]
    for above, below in pairwise(numeric):
        assert above.low is not None
        assert below.high == above.low - 1


def test_bands_are_those_of_the_published_sheet(shared_reference: Path) -> None:
    published = json.loads((shared_reference / "evgs_items.json").read_text())["items"]
    for row in published:
        item = item_of(row["code"])
        assert item.number == row["number"]
        assert item.view.value == row["plane"]
        if "bands" in row:
            ours = [(b.score, b.low, b.high) for b in item.bands]
            assert ours == [(b["score"], b["from"], b["to"]) for b in row["bands"]], row["code"]


@given(st.sampled_from(NUMERIC), st.floats(-150, 150), st.floats(0.01, 20))
def test_probabilities_are_probabilities(item: EvgsItem, value: float, sigma: float) -> None:
    scored = score_value(item, value, sigma=sigma)
    assert sum(scored.probabilities) == pytest.approx(1.0)
    assert all(0.0 <= p <= 1.0 + 1e-12 for p in scored.probabilities)
    assert scored.edge_distance is not None
    assert scored.edge_distance >= 0.0
    assert scored.borderline == (scored.edge_distance < sigma)


@pytest.mark.parametrize(
    ("code", "value", "score"),
    [
        ("KFX", 49.4, 1), ("KFX", 49.5, 0), ("KFX", 70.49, 0), ("KFX", 70.5, 1), ("KFX", 34.4, 2),
        ("HEX", 0.49, 0), ("HEX", 0.5, 1), ("HEX", -20.5, 0), ("HEX", -20.51, 1),
        ("TSG", -5.5, 0), ("TSG", -5.51, 1), ("TSG", -40.0, 1), ("TSG", 15.5, 2),
        ("IC", 5.5, 0), ("IC", 5.49, 1), ("IC", -5.5, 1), ("IC", -5.51, 2),
    ],
)  # fmt: skip
def test_values_are_rounded_to_whole_numbers_then_looked_up(code: str, value: float, score: int) -> None:
    assert band_of(item_of(code), value).score == score


def test_probability_follows_the_error() -> None:
    item = item_of("KFX")
    sure = score_value(item, 60.0, sigma=0.5)
    assert sure.probabilities[0] == pytest.approx(1.0)
    assert not sure.borderline
    assert sure.edge_distance == pytest.approx(10.5)
    edge = score_value(item, 49.5, sigma=5.0)
    assert edge.probabilities[0] == pytest.approx(0.5, abs=0.01)
    assert edge.borderline
    assert edge_distance(item, 49.4) == pytest.approx(0.1)


def test_an_edge_between_two_bands_of_the_same_score_is_none() -> None:
    """Item 6 has 1 above and below normal; the way from 1 to 1 leads through 0."""
    assert edge_distance(item_of("FCL"), 5.0) == pytest.approx(2.5)


# --- curves ------------------------------------------------------------------------------------------------


def test_the_mean_healthy_child_scores_0_wherever_a_curve_decides(
    curve_cycle: Callable[..., StrideMeasures],
) -> None:
    side = curve_cycle(norm_curves())
    front = curve_cycle(norm_curves(), view=View.CORONAL)
    sheet = evgs_score.score([side, front], session=SESSION)
    scores = {m.item.code: m.score for m in sheet.measures.left}
    decided = ("SAD", "WAD", "KEX", "KPS", "KFX", "HEX", "HFX", "POB", "PRT")
    assert {code: scores[code] for code in decided} == dict.fromkeys(decided, 0)
    assert not any(m.assessable for m in sheet.measures.right)
    rest = {code for code, score in scores.items() if code not in decided and score is not None}
    assert rest == set()


def test_terminal_swing_is_read_at_contact_not_at_the_straightest_knee(
    curve_cycle: Callable[..., StrideMeasures],
) -> None:
    """The least knee flexion of the last fifth of the cycle would score the mean healthy child 1."""
    knee = norm_curves()["knee_flexion"]
    assert band_of(item_of("KPS"), float(knee[80:].min())).score == 1
    assert band_of(item_of("KPS"), value_of("KPS", curve_cycle(norm_curves()))).score == 0


def test_a_flipped_obliquity_makes_healthy_children_abnormal(
    curve_cycle: Callable[..., StrideMeasures],
) -> None:
    band = norms.normal_band("pelvic_obliquity")
    assert band is not None
    random = np.random.default_rng(5)

    def abnormal(sign: int) -> float:
        curves = [sign * (band.mean + z * band.sd) for z in random.standard_normal(200)]
        cycles = [curve_cycle({"pelvic_obliquity": c}, view=View.CORONAL, adjacent=20.0) for c in curves]
        return float(np.mean([band_of(item_of("POB"), value_of("POB", c)).score > 0 for c in cycles]))

    assert abnormal(+1) < 0.3
    assert abnormal(-1) > 0.7


def reference_curve(points: list[tuple[float, float]]) -> np.ndarray:
    x, y = np.array(points).T
    return np.asarray(PchipInterpolator(np.concatenate([x - 100, x, x + 100]), np.tile(y, 3))(np.arange(101.0)))


def test_the_reference_patterns_get_their_scores(
    shared_reference: Path, curve_cycle: Callable[..., StrideMeasures]
) -> None:
    points: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    with (shared_reference / "cp_patterns_keypoints.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            points[row["pattern"], row["joint"]].append((float(row["percent_cycle"]), float(row["deg"])))
    names = {"hip": "hip_flexion", "knee": "knee_flexion", "ankle": "ankle_dorsiflexion"}
    with (shared_reference / "cp_patterns_scores.csv").open(newline="") as file:
        wanted = list(csv.DictReader(file))
    assert len(wanted) >= 11
    for row in wanted:
        curves = {angle: reference_curve(points[row["pattern"], joint]) for joint, angle in names.items()}
        cycle = curve_cycle(curves, toe_off=float(row["toe_off_pct"]))
        sheet = evgs_score.score([cycle], session=SESSION)
        for number in (3, 7, 9, 10, 11, 12, 13):
            measure = sheet.get(number, Side.LEFT)
            assert measure.score == int(row[f"s{number}"]), (row["pattern"], number, measure.value)


def test_peaks_are_read_in_their_own_phase(curve_cycle: Callable[..., StrideMeasures]) -> None:
    ankle = flat(0.0)
    ankle[20:50] = 12.0
    ankle[75:95] = -30.0
    ankle[59:62] = 25.0
    cycle = curve_cycle({"ankle_dorsiflexion": ankle, "knee_flexion": flat(20.0)}, toe_off=60.0)
    assert value_of("SAD", cycle) == pytest.approx(12.0, abs=4.0)
    assert value_of("WAD", cycle) < 10.0


def test_trunk_position_keeps_its_direction(curve_cycle: Callable[..., StrideMeasures]) -> None:
    lean = np.interp(np.arange(101.0), [0, 25, 50, 100], [2, -9, 2, 2])
    backward = value_of("TSG", curve_cycle({"trunk_tilt": lean}))
    assert backward == pytest.approx(-8.5, abs=1.0)
    assert value_of("TSG", curve_cycle({"trunk_tilt": -lean})) == pytest.approx(-backward)


def test_noise_does_not_grow_into_a_peak(curve_cycle: Callable[..., StrideMeasures]) -> None:
    random = np.random.default_rng(1)
    knee = norm_curves()["knee_flexion"]
    values = [
        value_of("KEX", curve_cycle({"knee_flexion": knee + random.normal(0, 2.0, 101)})) for _ in range(60)
    ]
    clean = value_of("KEX", curve_cycle({"knee_flexion": knee}))
    assert float(np.mean(values)) == pytest.approx(clean, abs=1.5)


def test_a_value_at_an_event_carries_the_event_s_error(curve_cycle: Callable[..., StrideMeasures]) -> None:
    """Foot pitch turns fast after contact: the same error of the event weighs more there."""
    pitch = np.interp(np.arange(101.0), [0, 5, 60, 100], [20, 0, 0, 20])
    exact = curve_cycle({"foot_pitch": pitch, "knee_flexion": flat(10.0)})
    late = replace(exact, stride=replace(exact.stride, event_sigma_s=0.03))
    sharp, blurred = read("IC", exact), read("IC", late)
    assert isinstance(sharp, Reading)
    assert isinstance(blurred, Reading)
    assert blurred.event_sigma == pytest.approx(4.0 * 3.0, rel=0.3)
    assert blurred.event_sigma > 2 * sharp.event_sigma
    steady = read("KPS", late)
    assert isinstance(steady, Reading)
    assert steady.event_sigma == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("code", ["SAD", "WAD", "KEX", "KFX", "HEX", "HFX", "TSG"])
def test_a_window_that_is_hidden_is_not_assessable(
    code: str, curve_cycle: Callable[..., StrideMeasures]
) -> None:
    curves = {**norm_curves(), "trunk_tilt": flat(0.0)}
    hidden = {name: curve.copy() for name, curve in curves.items()}
    for curve in hidden.values():
        curve[20:40] = np.nan
        curve[70:85] = np.nan
    reason = read(code, curve_cycle(hidden))
    assert isinstance(reason, Message)
    assert "hidden" in reason.code


# --- the foot ----------------------------------------------------------------------------------------------


def foot_cycle(
    curve_cycle: Callable[..., StrideMeasures],
    pitch: np.ndarray,
    heel: np.ndarray,
    toe: np.ndarray | None = None,
) -> StrideMeasures:
    cycle = curve_cycle({"foot_pitch": pitch})
    toe = np.interp(np.arange(101.0), [0, 59, 80, 100], [0, 0, 0.06, 0]) if toe is None else toe
    return replace(cycle, heel_height=heel, toe_height=toe, leg_px=400.0, toe_noise_px=0.3)


def rising_heel(at: float) -> np.ndarray:
    return np.interp(np.arange(101.0), [0, at, at + 10, 75, 100], [0, 0, 0.1, 0.3, 0])


@pytest.mark.parametrize(
    ("rise", "label"), [(15.0, "early"), (28.0, "normal"), (45.0, "normal"), (52.0, "delayed")]
)
def test_heel_lift_is_judged_by_events(
    rise: float, label: str, curve_cycle: Callable[..., StrideMeasures]
) -> None:
    """Feet adjacent at 26 %, opposite contact at 50 %."""
    cycle = foot_cycle(curve_cycle, flat(0.0), rising_heel(rise - 3.0))
    sheet = evgs_score.score([cycle], session=SESSION)
    assert sheet.get(2, Side.LEFT).category == label


def test_heel_lift_without_heel_or_forefoot_contact(curve_cycle: Callable[..., StrideMeasures]) -> None:
    toes = evgs_score.score([foot_cycle(curve_cycle, flat(-20.0), flat(0.1))], session=SESSION).get(
        2, Side.LEFT
    )
    assert (toes.category, toes.score, toes.value) == ("no heel contact", 2, None)
    heels = evgs_score.score([foot_cycle(curve_cycle, flat(20.0), flat(0.0))], session=SESSION).get(
        2, Side.LEFT
    )
    assert (heels.category, heels.score) == ("no forefoot contact", 2)


def test_heel_lift_needs_the_other_foot(curve_cycle: Callable[..., StrideMeasures]) -> None:
    cycle = replace(foot_cycle(curve_cycle, flat(0.0), rising_heel(30.0)), adjacent_percent=math.nan)
    reason = evgs_score.score([cycle], session=SESSION).get(2, Side.LEFT).reason
    assert reason.code == "reason.no_events_for_heel_rise"


@pytest.mark.parametrize(
    ("lowest", "score", "label"),
    [(0.20, 1, "high steps"), (0.05, 0, "full clearance"), (0.005, 1, "reduced clearance")],
)
def test_clearance(lowest: float, score: int, label: str, curve_cycle: Callable[..., StrideMeasures]) -> None:
    toe = np.interp(np.arange(101.0), [0, 59, 63, 68, 92, 96, 100], [0, 0, 0.1, lowest, lowest, 0.1, 0])
    measure = evgs_score.score([foot_cycle(curve_cycle, flat(0.0), flat(0.0), toe)], session=SESSION).get(
        6, Side.LEFT
    )
    assert (measure.score, measure.category) == (score, label)
    assert measure.value == pytest.approx(1000 * lowest, abs=5.0)


def test_a_dragged_toe(curve_cycle: Callable[..., StrideMeasures]) -> None:
    measure = evgs_score.score([foot_cycle(curve_cycle, flat(0.0), flat(0.0), flat(0.0))], session=SESSION)
    assert measure.get(6, Side.LEFT).score == 2
    assert "over half of swing" in measure.get(6, Side.LEFT).category


@pytest.mark.parametrize(
    ("leg_px", "noise_px", "assessable"), [(400, 1.9, True), (400, 2.1, False), (150, 1, False)]
)
def test_clearance_needs_a_picture_finer_than_its_noise(
    leg_px: float, noise_px: float, assessable: bool, curve_cycle: Callable[..., StrideMeasures]
) -> None:
    cycle = replace(foot_cycle(curve_cycle, flat(0.0), flat(0.0)), leg_px=leg_px, toe_noise_px=noise_px)
    measure = evgs_score.score([cycle], session=SESSION).get(6, Side.LEFT)
    assert measure.assessable == assessable
    if not assessable:
        assert measure.reason.code == "reason.toe_too_noisy"


def test_a_small_subject_makes_every_item_less_certain(curve_cycle: Callable[..., StrideMeasures]) -> None:
    blur = [evgs_score.blur_of_size(leg_px) for leg_px in (math.nan, 300.0, 150.0, 100.0, 75.0)]
    assert blur[:3] == [1.0, 1.0, 1.0]
    assert 1.05 < blur[3] < blur[4] < 1.3
    cycle = curve_cycle(norm_curves())
    near, small = (
        evgs_score.score([replace(cycle, leg_px=leg_px)], session=SESSION).get(9, Side.LEFT)
        for leg_px in (300.0, 75.0)
    )
    assert near.value == small.value
    assert max(near.probabilities or ()) > max(small.probabilities or ())


def test_where_the_error_of_the_points_is_not_known_the_largest_is_taken(
    curve_cycle: Callable[..., StrideMeasures],
) -> None:
    cycle = replace(curve_cycle(norm_curves()), leg_px=300.0)
    known, unknown, small = (
        evgs_score.score([one], session=SESSION).get(9, Side.LEFT)
        for one in (cycle, replace(cycle, error_known=False), replace(cycle, leg_px=60.0))
    )
    assert known.value == unknown.value
    assert (known.sigma or 0) < (unknown.sigma or 0)
    assert unknown.sigma == small.sigma
