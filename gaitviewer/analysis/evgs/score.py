"""The Edinburgh Visual Gait Score of a session: all 17 items of both limbs, each with its evidence.

Read HS et al. 2003, J Pediatr Orthop 23:296. The score of an item is that of the median over the accepted
strides; near-limb strides are used where there are any.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import median, stdev

from gaitviewer.analysis.evgs.bands import Scored, band_of, category_of, score_category, score_value
from gaitviewer.analysis.evgs.rules import Reading, read_item
from gaitviewer.analysis.evgs.sheet import (
    ItemRule,
    load_items,
    load_rules,
    load_thresholds,
    session_gate,
    session_remark,
)
from gaitviewer.analysis.kinematics.definitions import expand_points
from gaitviewer.analysis.kinematics.stride_curves import StrideMeasures
from gaitviewer.analysis.outcomes.quality import quality_limits
from gaitviewer.core.evgs import EvgsItem, EvgsMeasure, EvgsSheet, Evidence
from gaitviewer.core.gait import BySide, Side
from gaitviewer.core.measures import value_at
from gaitviewer.core.session import Session
from gaitviewer.messages import NOTHING, Message, message, named

__all__ = ["load_items", "score"]

Block = Callable[[str, StrideMeasures], Message]
"""Why a stride may not be used for the item with this code; NOTHING if it may."""


def _never(code: str, cycle: StrideMeasures) -> Message:
    return NOTHING


def score(cycles: Sequence[StrideMeasures], *, session: Session, blocked: Block = _never) -> EvgsSheet:
    """Score all items of both limbs.

    Args:
        cycles: strides of all trials and views, those that do not count included.
        session: its facts gate items.
        blocked: why the quality of a recording forbids an item in a stride.
    """
    rules = load_rules()

    def limb(side: Side) -> tuple[EvgsMeasure, ...]:
        return tuple(_measure(item, rules[item.code], side, cycles, session, blocked) for item in load_items())

    return EvgsSheet(BySide(limb(Side.LEFT), limb(Side.RIGHT)))


def refused(item: EvgsItem, side: Side, reason: Message, *, remarks: tuple[Message, ...] = ()) -> EvgsMeasure:
    """Not assessable, and why."""
    return EvgsMeasure(item, side, None, "", None, None, None, False, None, (), (), reason, remarks)


def _measure(
    item: EvgsItem,
    rule: ItemRule,
    side: Side,
    cycles: Sequence[StrideMeasures],
    session: Session,
    blocked: Block,
) -> EvgsMeasure:
    """One item of one limb."""
    reason = rule.reason or session_gate(session, item.code)
    if reason:
        return refused(item, side, reason)
    chosen, reason, remarks = _usable(item, rule, side, cycles, blocked)
    if reason:
        return refused(item, side, reason)
    read = [(cycle, read_item(item, rule, cycle)) for cycle in chosen]
    readings = [(cycle, reading) for cycle, reading in read if isinstance(reading, Reading)]
    if not readings:
        reasons = [reading for _, reading in read if isinstance(reading, Message)]
        usual = Counter(reason.code for reason in reasons).most_common(1)[0][0]
        return refused(item, side, next(reason for reason in reasons if reason.code == usual))
    if len(readings) < len(read):
        remarks = (*remarks, message("remark.read_in_part", read=len(readings), total=len(read)))
    extra = [rule.remark, session_remark(session, item.code), *(r for _, x in readings for r in x.remarks)]
    remarks = tuple(dict.fromkeys((*remarks, *(r for r in extra if r))))
    return _from_readings(item, rule, side, readings, remarks)


def _usable(
    item: EvgsItem, rule: ItemRule, side: Side, cycles: Sequence[StrideMeasures], blocked: Block
) -> tuple[list[StrideMeasures], Message, tuple[Message, ...]]:
    """Strides an item is read in, or the reason why there are none, and remarks."""
    in_view = [c for c in cycles if c.stride.view is rule.read_in]
    if not in_view:
        return [], message("reason.no_stride_in_view", view=named(rule.read_in)), ()
    own = [c for c in in_view if c.stride.side is side]
    counting = [c for c in own if c.stride.counts]
    if not counting:
        where = {"side": named(side), "view": named(rule.read_in)}
        if not own:
            return [], message("reason.no_stride_counts", **where), ()
        return [], message("reason.no_stride_counts_because", **where, why=own[0].stride.excluded), ()
    allowed = [c for c in counting if not blocked(item.code, c)]
    if not allowed:
        return [], blocked(item.code, counting[0]), ()
    near = [c for c in allowed if not c.stride.far]
    # Trunk and pelvis are as far from the camera as ever, whichever leg is in front.
    if near or rule.angle in ("trunk_tilt", "pelvic_rotation"):
        return near or allowed, NOTHING, ()
    return allowed, NOTHING, (message("remark.far_limb"),)


def _from_readings(
    item: EvgsItem,
    rule: ItemRule,
    side: Side,
    readings: list[tuple[StrideMeasures, Reading]],
    remarks: tuple[Message, ...],
) -> EvgsMeasure:
    """The measure of an item from its strides."""
    values = [r.value for _, r in readings if math.isfinite(r.value)]
    middle = median(values) if values else None
    leg_px = median(cycle.leg_px for cycle, _ in readings)
    if not all(cycle.error_known for cycle, _ in readings):
        leg_px = min(quality_limits().size.refuse, leg_px)  # the largest error that any value is given with
    scored = _score_readings(item, [r for _, r in readings], middle, item.sigma * blur_of_size(leg_px))
    special = Counter(r.category for _, r in readings).most_common(1)[0][0]
    named = bool(special) and scored.band.label == special

    def away(pair: tuple[StrideMeasures, Reading]) -> float:
        _, reading = pair
        if named:
            return 0.0 if reading.category == special else 1.0
        return abs(reading.value - middle) if middle is not None and math.isfinite(reading.value) else math.inf

    # Between two strides the median may score what neither does: a picture must not contradict the score.
    def rank(pair: tuple[StrideMeasures, Reading]) -> tuple[bool, float]:
        return _score_alone(item, rule, *pair) != scored.band.score, away(pair)

    ordered = sorted(readings, key=rank)
    evidence = tuple(_evidence(rule, cycle, r) for cycle, r in ordered if cycle.walking_pass is not None)
    return EvgsMeasure(
        item=item,
        side=side,
        value=None if named else middle,
        category=scored.band.label,
        score=scored.band.score,
        probabilities=scored.probabilities,
        edge_distance=scored.edge_distance,
        borderline=scored.borderline,
        spread=stdev(values) if len(values) > 1 and not named else None,
        strides=tuple(cycle.stride.key for cycle, _ in ordered),
        evidence=evidence,
        remarks=remarks,
        sigma=None if named else scored.sigma,
    )


def _score_alone(item: EvgsItem, rule: ItemRule, cycle: StrideMeasures, reading: Reading) -> int | None:
    """What a stride would score by itself, by the value of the frame that is shown for it."""
    if reading.category:
        return category_of(item, reading.category).score
    shown = cycle.walking_pass is not None
    value = _evidence(rule, cycle, reading).value if shown else reading.value
    return band_of(item, value).score if math.isfinite(value) else None


def blur_of_size(leg_px: float) -> float:
    """How much larger the standard error of a value is where the subject is small in the picture.

    It is the same in all strides, so no number of them takes it away. Unknown lengths are taken as large.
    """
    rules = load_thresholds()
    if not leg_px < rules.small_leg_px:
        return 1.0
    small, large = rules.small_leg_error_px / leg_px, rules.small_leg_error_px / rules.small_leg_px
    return math.sqrt(1.0 + small**2 - large**2)


def _score_readings(item: EvgsItem, readings: list[Reading], middle: float | None, own_sigma: float) -> Scored:
    """Median over strides, with measurement error and the events' error averaged over the strides."""
    count = len(readings)
    events = math.sqrt(sum(r.event_sigma**2 for r in readings)) / count
    sigma = math.hypot(own_sigma, events)
    labels = dict.fromkeys(label for r in readings for label, _ in r.special)
    special = tuple((label, sum(dict(r.special).get(label, 0.0) for r in readings) / count) for label in labels)
    named = Counter(r.category for r in readings).most_common(1)[0]
    if named[0] and 2 * named[1] > count:
        plain = None if middle is None else score_value(item, middle, sigma=sigma)
        return score_category(item, named[0], dict(special)[named[0]], otherwise=plain)
    if middle is None:
        raise ValueError(f"{item.code}: neither a value nor a category")
    return score_value(item, middle, sigma=sigma, special=special)


def _evidence(rule: ItemRule, cycle: StrideMeasures, reading: Reading) -> Evidence:
    """The frame that shows a reading, with the value in that very frame."""
    frame = cycle.frame_at(reading.percent)
    start = cycle.walking_pass.start if cycle.walking_pass is not None else 0
    time_s = float(cycle.frame_times[frame - start])
    value = reading.value
    if rule.kind not in ("heel_lift", "clearance"):
        percent = 100.0 * (time_s - cycle.stride.start_s) / cycle.stride.duration_s
        value = rule.scale * value_at(cycle.curves[rule.angle], min(100.0, max(0.0, percent)))
    return Evidence(
        trial=cycle.stride.trial,
        view=cycle.stride.view,
        frame=frame,
        time_s=time_s,
        keypoints=expand_points(rule.points, cycle.stride.side),
        stride=cycle.stride.key,
        angle=rule.angle,
        value=value,
    )
