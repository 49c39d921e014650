"""Measured values against motion capture, for one trial and one draw of the noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import EventKind, Side, Stride, View
from gaitviewer.core.measures import Measures
from gaitviewer.messages import Message
from gaitviewer.research.validation.items import FILE_ITEMS, find_true_items
from gaitviewer.research.validation.truth import Truth

MATCH_S = 0.15  # a measured event farther away than this is another event
CLEAR_DEG = 2.0  # a true value farther than this from a band edge is clear of it
_CLEAR_SIGMAS = 0.4  # the same for items in other units, as a share of the item's standard error

FILE, MARKERS, PELVIS = "file", "3D markers", "file (pelvis)"
# Angle, reference, in the order of the report.
ANGLE_ROWS = (
    ("knee_flexion", FILE),
    ("ankle_dorsiflexion", FILE),
    ("hip_flexion", MARKERS),
    ("hip_flexion", PELVIS),
    ("trunk_tilt", MARKERS),
    ("foot_pitch", MARKERS),
    ("knee_flexion", MARKERS),
    ("ankle_dorsiflexion", MARKERS),
    ("pelvic_rotation", MARKERS),
    ("pelvic_obliquity", MARKERS),
    ("shoulder_obliquity", MARKERS),
    ("trunk_lateral_lean", MARKERS),
    ("trunk_lateral_shift", MARKERS),
    ("foot_progression", MARKERS),
)
_SINGLE_SUPPORT = ("foot_progression",)  # defined while the foot stands flat


@dataclass(frozen=True, slots=True, eq=False)
class AngleErrors:
    """Measured minus true over the strides of one side.

    Attributes:
        angle, reference, side: what is compared with what.
        errors: [n] one for each point of each stride that both know.
        far: whether all these strides are of the limb behind the other one in the side view.
    """

    angle: str
    reference: str
    side: Side
    errors: F8
    far: bool = False


@dataclass(frozen=True, slots=True)
class EventError:
    """One event of the file and what was found: ``error_ms`` is measured minus true, None = missed."""

    kind: EventKind
    side: Side
    time_s: float
    error_ms: float | None


@dataclass(frozen=True, slots=True)
class ExtraEvent:
    """An event that was measured where the file has none."""

    kind: EventKind
    side: Side
    time_s: float


@dataclass(frozen=True, slots=True)
class ItemPair:
    """True and measured score of one item of one limb.

    Attributes:
        true_value, true_score, clear: by motion capture; ``clear`` of a band edge.
        value, score: measured; ``score`` None = not assessable, for ``reason``.
        far: whether it rests on strides of the limb behind the other one in the side view only.
    """

    number: int
    side: Side
    true_value: float | None
    true_score: int
    clear: bool
    value: float | None
    score: int | None
    reason: str
    far: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that can be compared in one trial with one draw of the noise.

    Attributes:
        name, seed: of the trial and the noise.
        angles, events, extra, items: see their types.
        scores: (item, score) of every item that was assessed, with a truth or without.
        failure: why nothing could be measured, "" if something was.
        notes: how the trial was read and filmed.
        sideless: gait events of the file that are left out, as nobody knows of which foot they are.
    """

    name: str
    seed: int
    angles: tuple[AngleErrors, ...]
    events: tuple[EventError, ...]
    extra: tuple[ExtraEvent, ...]
    items: tuple[ItemPair, ...]
    scores: tuple[tuple[int, int], ...]
    failure: str = ""
    notes: tuple[Message, ...] = ()
    sideless: int = 0


def compare(truth: Truth, measures: Measures, *, seed: int) -> Comparison:
    """Holds what was measured against the truth."""
    events, extra = compare_events(truth, measures)
    scores = tuple(
        (m.item.number, m.score) for side in Side for m in measures.evgs.measures[side] if m.score is not None
    )
    return Comparison(
        truth.body.name, seed, compare_angles(truth, measures), events, extra,
        compare_items(truth, measures), scores, sideless=truth.sideless,
    )  # fmt: skip


def failed(truth: Truth, reason: str, *, seed: int) -> Comparison:
    """A trial in which nothing could be measured: every event is missed, no item assessed."""
    events = tuple(
        EventError(e.kind, e.side, e.time_s, None)
        for e in truth.events
        if e.kind is not None and e.side is not None
    )
    pairs = tuple(
        ItemPair(t.number, t.side, t.value, t.score, False, None, None, reason) for t in find_true_items(truth)
    )
    return Comparison(truth.body.name, seed, (), events, (), pairs, (), reason, sideless=truth.sideless)


def compare_angles(truth: Truth, measures: Measures) -> tuple[AngleErrors, ...]:
    """Every angle over the strides that count, at the measured strides' own times."""
    found = []
    for angle, reference in ANGLE_ROWS:
        for side in Side:
            true = _reference(truth, angle, reference, side)
            if true is None:
                continue
            errors, far = [], True
            for curve in measures.curves:
                stride = curve.stride
                if curve.angle != angle or stride.side is not side or not stride.counts:
                    continue
                when = stride.start_s + np.linspace(0.0, 1.0, curve.values.size) * stride.duration_s
                difference = curve.values - truth.at(true, when)
                if angle in _SINGLE_SUPPORT:
                    difference = difference[_in_single_support(stride, when)]
                errors.append(difference[np.isfinite(difference)])
                far = far and stride.far
            if errors and sum(e.size for e in errors):
                found.append(AngleErrors(angle, reference, side, np.concatenate(errors), far))
    return tuple(found)


def _in_single_support(stride: Stride, when: F8) -> NDArray[np.bool_]:
    """[n] where the other foot is in the air, and this one stands; nowhere if that is not known."""
    if stride.opposite_toe_off_s is None or stride.opposite_contact_s is None:
        return np.zeros(when.shape, np.bool_)
    return np.asarray((when >= stride.opposite_toe_off_s) & (when <= stride.opposite_contact_s), np.bool_)


def _reference(truth: Truth, angle: str, reference: str, side: Side) -> F8 | None:
    table = truth.angles if reference == MARKERS else truth.file_angles
    return table.get((angle, side))


def compare_events(truth: Truth, measures: Measures) -> tuple[tuple[EventError, ...], tuple[ExtraEvent, ...]]:
    """Pairs each event of the file with the nearest measured one of its kind and foot."""
    measured = [
        event
        for motion in measures.motions
        if motion.views[View.SAGITTAL] is not None
        for events in motion.views[View.SAGITTAL].events  # type: ignore[union-attr]
        for event in events.events
    ]
    known = [*truth.events, *truth.outer_events]
    pairs: list[EventError] = []
    extra: list[ExtraEvent] = []
    for kind in EventKind:
        for side in Side:
            times = np.array([e.time_s for e in measured if e.kind is kind and e.side is side])
            here = [e.time_s for e in known if e.kind is kind and e.side is side]
            for event in truth.events:
                if event.kind is kind and event.side is side:
                    pairs.append(EventError(kind, side, event.time_s, _nearest_ms(times, event.time_s)))
            for time in times:
                # Before the first and after the last mark the file says nothing.
                marked = bool(here) and min(here) < time < max(here)
                if marked and min(abs(time - other) for other in here) > MATCH_S:
                    extra.append(ExtraEvent(kind, side, float(time)))
    return tuple(pairs), tuple(extra)


def _nearest_ms(times: F8, time_s: float) -> float | None:
    if times.size == 0:
        return None
    error = float(times[np.argmin(np.abs(times - time_s))]) - time_s
    return 1000.0 * error if abs(error) <= MATCH_S else None


def compare_items(truth: Truth, measures: Measures) -> tuple[ItemPair, ...]:
    """True against measured score of every item that motion capture determines."""
    pairs = []
    behind = {stride.key for stride in measures.strides if stride.far}
    for true in find_true_items(truth):
        measure = measures.evgs.get(true.number, true.side)
        limit = CLEAR_DEG if measure.item.unit == "deg" else _CLEAR_SIGMAS * measure.item.sigma
        pairs.append(
            ItemPair(
                number=true.number,
                side=true.side,
                true_value=true.value,
                true_score=true.score,
                clear=math.isinf(true.edge_distance) or true.edge_distance > limit,
                value=measure.value,
                score=measure.score,
                reason=str(measure.reason),
                far=bool(measure.strides) and behind.issuperset(measure.strides),
            )
        )
    return tuple(pairs)


def reference_of_item(number: int) -> str:
    """What an item's truth is read from."""
    return FILE if number in FILE_ITEMS else MARKERS
