"""The EVGS items as motion capture knows them, by the rules of ``resources/evgs``."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gaitviewer.analysis.evgs.sheet import ItemRule, load_items, load_rules, load_thresholds
from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import Side
from gaitviewer.research.validation.truth import TrueStride, Truth

FILE_ITEMS = (3, 7, 9, 10, 11)  # held against the file's own knee and ankle angles
MARKER_ITEMS = (1, 2, 6, 12, 13, 16)  # held against the same rule on the 3D markers
CORONAL_ITEMS = (14, 15, 17)  # the same, for pelvis and trunk at mid-stance
_COVERAGE = 0.95  # part of a window that must be seen


@dataclass(frozen=True, slots=True)
class TrueItem:
    """The true value and score of one item of one limb.

    Attributes:
        number, side: which.
        value: median over the true strides, in the item's unit; None for a category without a value.
        score: 0, 1 or 2.
        edge_distance: from the value to the nearest band edge; infinite for a category.
        strides: values of the single strides.
    """

    number: int
    side: Side
    value: float | None
    score: int
    edge_distance: float
    strides: tuple[float, ...]


def find_true_items(truth: Truth) -> tuple[TrueItem, ...]:
    """Every item of both limbs that the markers determine."""
    found = []
    for number in FILE_ITEMS + MARKER_ITEMS + CORONAL_ITEMS:
        for side in Side:
            item = _true_item(truth, number, side)
            if item is not None:
                found.append(item)
    return tuple(found)


def _rule(number: int) -> ItemRule:
    return load_rules()[load_items()[number - 1].code]


def score_of(number: int, value: float) -> tuple[int, float]:
    """Score of a value, and its distance to the nearest value with another score.

    Values are rounded to whole numbers, halves upwards, so that edges lie half-way between the bands.
    """
    whole = math.floor(value + 0.5)
    bands = [
        (-math.inf if b.low is None else b.low, math.inf if b.high is None else b.high, b.score)
        for b in load_items()[number - 1].bands
        if b.low is not None or b.high is not None
    ]
    score = next((s for low, high, s in bands if low <= whole <= high), None)
    if score is None:
        raise ValueError(f"item {number}: no band holds {whole}")
    others = [max(low - 0.5 - value, value - high - 0.5) for low, high, s in bands if s != score]
    return score, max(0.0, min(others))


def _true_item(truth: Truth, number: int, side: Side) -> TrueItem | None:
    strides = [s for s in truth.strides if s.side is side]
    values = [v for v in (_value(truth, number, s) for s in strides) if math.isfinite(v)]
    if number == 6 and values:
        dragging = [_drags(truth, s) for s in strides]
        if 2 * sum(dragging) > len(dragging):
            return TrueItem(number, side, None, 2, math.inf, tuple(values))
    if not values:
        return None
    value = float(np.median(values))
    score, distance = score_of(number, value)
    return TrueItem(number, side, value, score, distance, tuple(values))


def _value(truth: Truth, number: int, stride: TrueStride) -> float:
    """An item's value in one stride, NaN where the markers do not show it."""
    rule = _rule(number)
    if rule.kind == "initial_contact":
        pitch = truth.at(truth.angles["foot_pitch", stride.side], np.array([stride.start_s]))
        return float(pitch[0])
    if rule.kind == "heel_lift":
        return _heel_lift(truth, stride)
    if rule.kind == "clearance":
        height = _toe_height(truth, stride)
        return 1000.0 * float(np.min(height)) / truth.leg_m if height.size else math.nan
    source = truth.file_angles if number in FILE_ITEMS else truth.angles
    curve = source.get((rule.angle, stride.side))
    if curve is None:
        return math.nan
    curve = curve * rule.scale
    if rule.kind == "mid_stance":
        return float(truth.at(curve, np.array([_feet_adjacent(truth, stride)]))[0])
    if rule.kind == "last_frame":
        step = float(np.median(np.diff(truth.body.times)))
        return float(truth.at(curve, np.array([stride.stop_s - step]))[0])
    assert rule.window is not None
    part = _window(truth, curve, stride, rule.window)
    if not part.size:
        return math.nan
    if rule.kind == "farthest":
        return float(part[np.argmax(np.abs(part))])
    return float(part.max() if rule.kind == "maximum" else part.min())


def _limits(stride: TrueStride, window: tuple[str, float, float]) -> tuple[float, float]:
    stance = (stride.start_s, stride.toe_off_s)
    phase, start, stop = window
    low, high = stance if phase == "stance" else (stride.toe_off_s, stride.stop_s)
    span = high - low
    return low + span * start / 100.0, low + span * stop / 100.0


def _window(truth: Truth, curve: F8, stride: TrueStride, window: tuple[str, float, float]) -> F8:
    low, high = _limits(stride, window)
    times = truth.body.times
    part = curve[(times >= low - 1e-6) & (times <= high + 1e-6)]
    seen = part[np.isfinite(part)]
    return seen if part.size and seen.size >= _COVERAGE * part.size else np.empty(0)


def _heel_lift(truth: Truth, stride: TrueStride) -> float:
    """When the heel rises, % of the time from feet-adjacent (0) to the opposite contact (100)."""
    body, times, side = truth.body, truth.body.times, stride.side
    if stride.opposite_contact_s is None:
        return math.nan
    heel = body.part(side, "heel")[:, 2]
    adjacent = _feet_adjacent(truth, stride)
    stance = (times >= stride.start_s) & (times <= stride.toe_off_s)
    if not math.isfinite(adjacent) or not np.isfinite(heel[stance]).all():
        return math.nan
    rules = load_thresholds()
    rest = float(np.percentile(heel[stance], rules.heel_rest_percentile))
    limit = rest + rules.heel_rise_leg * truth.leg_m
    last = int(np.flatnonzero(stance & (heel <= limit))[-1])
    part = (limit - heel[last]) / (heel[last + 1] - heel[last]) if heel[last + 1] > limit else 0.0
    rise = float(times[last] + part * (times[last + 1] - times[last]))
    return 100.0 * (rise - adjacent) / (stride.opposite_contact_s - adjacent)


def _feet_adjacent(truth: Truth, stride: TrueStride) -> float:
    """When the swinging ankle passes the standing one, seconds; NaN if it is not seen."""
    if stride.opposite_contact_s is None:
        return math.nan
    body, times = truth.body, truth.body.times
    passing = (body.part(stride.side.other, "ankle") - body.part(stride.side, "ankle"))[:, 0]
    begin = stride.start_s if stride.opposite_toe_off_s is None else stride.opposite_toe_off_s
    ahead = np.flatnonzero((times > begin) & (times < stride.opposite_contact_s) & (passing > 0))
    return float(times[ahead[0]]) if ahead.size else math.nan


def _toe_height(truth: Truth, stride: TrueStride) -> F8:
    """Heights of the toe in mid-swing over its level at push-off, metres."""
    low, high = load_thresholds().mid_swing
    return _toe_over_push_off(truth, stride, ("swing", low, high))


def _toe_over_push_off(truth: Truth, stride: TrueStride, window: tuple[str, float, float]) -> F8:
    """The toe's height in a window over its lowest place around toe-off, metres; empty where not seen."""
    toe = truth.body.part(stride.side, "big_toe")[:, 2]
    low, high = load_thresholds().push_off
    push_off = _window(truth, toe, stride, ("stance", low, high))
    height = _window(truth, toe, stride, window)
    return height - float(push_off.min()) if push_off.size and height.size else np.empty(0)


def _drags(truth: Truth, stride: TrueStride) -> bool:
    """Whether the toe is at the floor for over half of swing."""
    rules = load_thresholds()
    height = _toe_over_push_off(truth, stride, ("swing", 0.0, 100.0))
    at_floor = height < rules.toe_floor_leg * truth.leg_m
    return bool(height.size and at_floor.mean() > rules.dragging_part)
