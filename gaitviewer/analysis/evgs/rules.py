"""How each item of the score is read from one stride: pure functions of a :class:`StrideMeasures`.

A reader gives a :class:`Reading` or a message that says why this stride does not show the item.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gaitviewer.analysis.evgs.sheet import ItemRule, load_thresholds
from gaitviewer.analysis.kinematics.definitions import angle_kind
from gaitviewer.analysis.kinematics.floor import Array
from gaitviewer.analysis.kinematics.stride_curves import StrideMeasures, smooth_curve
from gaitviewer.core.evgs import EvgsItem
from gaitviewer.core.measures import CYCLE_POINTS, value_at
from gaitviewer.messages import Message, message

_PERCENT = np.arange(CYCLE_POINTS, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Reading:
    """One item read in one stride.

    Attributes:
        value: in the item's unit (NaN where only a category is known).
        percent: moment of the cycle that shows it.
        event_sigma: what the error of the gait events and the noise of the points add, in the unit.
        special: (label, probability) of categories that are no matter of the value, most probable first.
        remarks: limits of this reading.
    """

    value: float
    percent: float
    event_sigma: float = 0.0
    special: tuple[tuple[str, float], ...] = ()
    remarks: tuple[Message, ...] = ()

    @property
    def category(self) -> str:
        """The special category that is more likely than not, "" if none."""
        return next((label for label, probability in self.special if probability > 0.5), "")


def read_item(item: EvgsItem, rule: ItemRule, cycle: StrideMeasures) -> Reading | Message:
    """One item of one stride, or the reason why this stride does not show it."""
    if rule.kind == "by_person":
        return rule.reason
    if rule.kind == "clearance":
        return _clearance(cycle)
    if rule.angle not in cycle.curves:
        return cycle.dropped.get(rule.angle, message("reason.angle_not_measured", angle=_named_angle(rule)))
    curve = np.asarray(cycle.curves[rule.angle]) * rule.scale
    if rule.kind in ("maximum", "minimum", "farthest"):
        return _extreme(rule, curve, cycle)
    if rule.kind == "last_frame":
        return _last_frame(rule, curve, cycle)
    if rule.kind == "mid_stance":
        return _mid_stance(rule, curve, cycle)
    if rule.kind == "initial_contact":
        return _initial_contact(rule, curve, cycle)
    if rule.kind == "heel_lift":
        return _heel_lift(curve, cycle)
    raise ValueError(f"{item.code}: unknown rule '{rule.kind}'")


def _named_angle(rule: ItemRule) -> Message:
    return message(f"angle.{rule.angle}")


def window_of(rule: ItemRule, cycle: StrideMeasures) -> tuple[float, float]:
    """The rule's window in per cent of the cycle."""
    if rule.window is None:
        return 0.0, 100.0
    phase, start, stop = rule.window
    begin, end = (0.0, cycle.toe_off_percent) if phase == "stance" else (cycle.toe_off_percent, 100.0)
    return begin + start / 100.0 * (end - begin), begin + stop / 100.0 * (end - begin)


def _slope(curve: Array, percent: float) -> float:
    """Steepness of a curve per per cent of the cycle, over one per cent to either side."""
    low, high = max(0.0, percent - 1.0), min(100.0, percent + 1.0)
    rise = (value_at(curve, high) - value_at(curve, low)) / (high - low)
    return abs(rise) if math.isfinite(rise) else 0.0


def _event_sigma(curve: Array, percent: float, cycle: StrideMeasures) -> float:
    """Error of a value that is read at an event: local slope times the event's error."""
    floor = 100.0 * load_thresholds().event_sigma_floor_s / cycle.stride.duration_s
    return _slope(curve, percent) * max(cycle.event_sigma_percent, floor)


def _noise(rule: ItemRule, cycle: StrideMeasures) -> float:
    """Noise of the curve that an item is read from, in the item's unit."""
    return rule.scale * cycle.noise.get(rule.angle, 0.0)


def _seen(curve: Array, low: float, high: float) -> bool:
    inside = (low <= _PERCENT) & (high >= _PERCENT)
    return bool(np.isfinite(curve[inside]).mean() >= load_thresholds().coverage) if inside.any() else False


def _extreme(rule: ItemRule, curve: Array, cycle: StrideMeasures) -> Reading | Message:
    low, high = window_of(rule, cycle)
    if not _seen(curve, low, high):
        phase = message(f"phase.{rule.window[0] if rule.window else 'cycle'}")
        return message("reason.points_hidden", angle=_named_angle(rule), phase=phase)
    grid = np.unique(np.concatenate(([low, high], _PERCENT[(low < _PERCENT) & (high > _PERCENT)])))
    curve = smooth_curve(curve)
    values = np.interp(grid, _PERCENT, curve)
    good = np.isfinite(values)
    grid, values = grid[good], values[good]
    key = {"maximum": values, "minimum": -values, "farthest": np.abs(values)}[rule.kind]
    best = int(np.argmax(key))
    percent, value = float(grid[best]), float(values[best])
    # A peak inside the window does not move with the events; one at its edge does.
    at_edge = min(percent - low, high - percent) <= 1.0
    event = _event_sigma(curve, percent, cycle) if at_edge else 0.0
    return Reading(value, percent, math.hypot(event, _noise(rule, cycle)))


def _last_frame(rule: ItemRule, curve: Array, cycle: StrideMeasures) -> Reading | Message:
    # Between the frames: at 30 frames a second the last frame may lie three per cent early, where the knee of
    # a healthy child is still at its straightest.
    percent = load_thresholds().last_percent
    value = value_at(curve, percent)
    if not math.isfinite(value):
        return message("reason.knee_hidden")
    shown = cycle.last_frame_percent if math.isfinite(cycle.last_frame_percent) else percent
    return Reading(value, shown, math.hypot(_event_sigma(curve, percent, cycle), _noise(rule, cycle)))


def _mid_stance(rule: ItemRule, curve: Array, cycle: StrideMeasures) -> Reading | Message:
    percent = cycle.adjacent_percent
    if not math.isfinite(percent):
        return message("reason.no_mid_stance")
    curve = smooth_curve(curve)
    value = value_at(curve, percent)
    if not math.isfinite(value):
        return message("reason.hips_hidden")
    remarks = (cycle.adjacent_note,) if cycle.adjacent_note else ()
    sigma = math.hypot(_event_sigma(curve, percent, cycle), _noise(rule, cycle))
    return Reading(value, percent, sigma, remarks=remarks)


def _initial_contact(rule: ItemRule, pitch: Array, cycle: StrideMeasures) -> Reading | Message:
    value = value_at(pitch, 0.0)
    if not math.isfinite(value):
        return message("reason.foot_hidden_at_contact")
    sigma = math.hypot(_event_sigma(pitch, 0.0, cycle), _noise(rule, cycle))
    return Reading(value, 0.0, sigma, remarks=_zero_remark(cycle))


def _zero_remark(cycle: StrideMeasures) -> tuple[Message, ...]:
    return () if cycle.zero_taken else (message("remark.foot_never_flat"),)


def _chance(distance: float, sigma: float) -> float:
    """Probability that a normal error of ``sigma`` leaves ``distance`` positive."""
    return 0.5 * (1.0 + math.erf(distance / (sigma * math.sqrt(2.0))))


def _heel_lift(pitch: Array, cycle: StrideMeasures) -> Reading | Message:
    """By events: the heel should rise between feet-adjacent and opposite contact."""
    rules, toe_off = load_thresholds(), cycle.toe_off_percent
    heel = cycle.heel_height
    if heel.size == 0:
        return message("reason.no_heel_heights")
    if not (_seen(pitch, 0.0, toe_off) and _seen(heel, 0.0, toe_off)):
        return message("reason.foot_hidden_in_stance")
    stance = toe_off > _PERCENT
    # How surely the heel, and the forefoot, came down at all. The last tenth of stance is the push-off.
    early = stance & (0.9 * toe_off > _PERCENT)
    sigma = angle_kind("foot_pitch").sigma
    flattest = 100.0 * (1.0 - rules.contact_part)
    no_heel = _chance(rules.heel_down_deg - float(np.nanpercentile(pitch[early], flattest)), sigma)
    no_forefoot = _chance(
        float(np.nanpercentile(pitch[early], 100.0 - flattest)) - rules.forefoot_down_deg, sigma
    )
    special = sorted((("no heel contact", no_heel), ("no forefoot contact", no_forefoot)), key=lambda s: -s[1])
    remarks = _zero_remark(cycle)
    if special[0][1] > 0.5:
        moment = float(np.nanargmax(np.where(early, pitch, -np.inf)))
        return Reading(float("nan"), moment, 0.0, tuple(special), remarks)
    rise = _heel_rise_percent(heel, toe_off)
    start, stop = cycle.adjacent_percent, cycle.opposite_contact_percent
    if rise is None:
        return message("reason.no_heel_rise")
    if not (math.isfinite(start) and math.isfinite(stop) and stop > start):
        return message("reason.no_events_for_heel_rise")
    value = 100.0 * (rise - start) / (stop - start)
    event = 100.0 * cycle.event_sigma_percent / (stop - start)
    return Reading(value, rise, event, tuple(special), remarks)


def _heel_rise_percent(heel: Array, toe_off: float) -> float | None:
    """When the heel leaves its resting level for good, before toe-off."""
    rules = load_thresholds()
    heel = smooth_curve(heel)
    stance = toe_off >= _PERCENT
    heights = np.where(stance & np.isfinite(heel), heel, np.inf)
    seen = heights[np.isfinite(heights)]
    if seen.size == 0:
        return None
    limit = float(np.percentile(seen, rules.heel_rest_percentile)) + rules.heel_rise_leg
    down = np.flatnonzero(heights <= limit)
    last = int(down[-1])
    if last + 1 >= CYCLE_POINTS or not math.isfinite(heel[last + 1]):
        return None
    step = float(heel[last + 1] - heel[last])
    return last + (float(np.clip((limit - heel[last]) / step, 0.0, 1.0)) if step > 0 else 0.0)


def _clearance(cycle: StrideMeasures) -> Reading | Message:
    """Lowest toe height in mid-swing over the toe's level at push-off, per mille of the leg length.

    At push-off the tip of the toe is on the floor, whatever part of the toe the keypoint marks.
    """
    rules, toe_off = load_thresholds(), cycle.toe_off_percent
    toe = cycle.toe_height
    swing = toe_off <= _PERCENT
    start, stop = (toe_off + part / 100.0 * (100.0 - toe_off) for part in rules.mid_swing)
    if toe.size == 0 or not _seen(toe, start, stop):
        return message("reason.toe_hidden_in_swing")
    if not math.isfinite(cycle.toe_noise_px) or not math.isfinite(cycle.leg_px):
        return message("reason.no_toe_noise")
    if 0.01 * cycle.leg_px <= rules.clearance_noise_ratio * cycle.toe_noise_px:
        return message("reason.toe_too_noisy", percent_px=0.01 * cycle.leg_px, noise_px=cycle.toe_noise_px)
    first, last = (part / 100.0 * toe_off for part in rules.push_off)
    toe = smooth_curve(toe)
    push_off = toe[(first <= _PERCENT) & (last >= _PERCENT) & np.isfinite(toe)]
    if push_off.size == 0:
        return message("reason.toe_hidden_at_push_off")
    toe = toe - float(push_off.min())
    middle = (start <= _PERCENT) & (stop >= _PERCENT)
    heights = np.where(middle & np.isfinite(toe), toe, np.inf)
    percent = int(np.argmin(heights))
    down = float((toe[swing & np.isfinite(toe)] < rules.toe_floor_leg).mean())
    dragging = _chance(down - rules.dragging_part, rules.dragging_sigma)
    noise = 1000.0 * cycle.toe_noise_px / cycle.leg_px
    label = "toe at the floor for over half of swing"
    return Reading(1000.0 * float(heights[percent]), float(percent), noise, ((label, dragging),))
