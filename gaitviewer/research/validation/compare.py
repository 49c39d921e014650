"""Measured values against motion capture, for one trial and one draw of the noise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import EventKind, Side, Stride, View
from gaitviewer.core.measures import CYCLE_POINTS, Measures
from gaitviewer.messages import Message
from gaitviewer.research.validation.items import FILE_ITEMS, find_true_items
from gaitviewer.research.validation.scenes import bench_table
from gaitviewer.research.validation.truth import Truth, legs_overlap
from gaitviewer.synthesis.filming.cameras import Camera

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
        tenths: [n] in which tenth of the gait cycle each is, 0 to 9.
        overlap: [n] whether the legs overlap there in the side view.
        far: whether all these strides are of the limb behind the other one in the side view.
    """

    angle: str
    reference: str
    side: Side
    errors: F8
    tenths: NDArray[np.int64]
    overlap: NDArray[np.bool_]
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
        probability: of that score, as the program says.   sigma: standard error of ``value``, as it says.
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
    probability: float | None = None
    sigma: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that can be compared in one trial with one draw of the noise, or one filmed body.

    Attributes:
        name, seed: of the trial, and number of the draw or the body, from 0.
        angles, events, extra, items: see their types.
        scores: (item, score) of every item that was assessed, with a truth or without.
        failure: why nothing could be measured, "" if something was.
        notes: how the trial was read and filmed.
        sideless: gait events of the file that are left out, as nobody knows of which foot they are.
        facts: of the filmed body and its cameras (:meth:`~.scenes.Scene.facts`); empty without one.
        seen: what was measured from: "exact" or "noise ..." points, or "pixels".
        refined: what put the legs right; "" for nothing.
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
    facts: Mapping[str, float | None] = field(default_factory=dict)
    seen: str = "exact"
    refined: str = ""


def compare(truth: Truth, measures: Measures, *, seed: int, side_camera: Camera | None = None) -> Comparison:
    """Holds what was measured against the truth.

    Args:
        truth: of the trial.
        measures: of its keypoints or films.
        seed: number of the draw or the body.
        side_camera: what saw it from the side, which tells where the legs overlap; without, nowhere.
    """
    events, extra = compare_events(truth, measures)
    scores = tuple(
        (m.item.number, m.score) for side in Side for m in measures.evgs.measures[side] if m.score is not None
    )
    overlap = np.zeros(truth.body.times.shape, np.bool_)
    if side_camera is not None:
        overlap = legs_overlap(truth, side_camera, limit=bench_table().overlap_leg)
    return Comparison(
        truth.body.name, seed, compare_angles(truth, measures, overlap), events, extra,
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


def compare_angles(truth: Truth, measures: Measures, overlap: NDArray[np.bool_]) -> tuple[AngleErrors, ...]:
    """Every angle over the strides that count, at the measured strides' own times.

    Args:
        truth: of the trial.
        measures: of the same.
        overlap: [T] where the legs overlap, at the times of the truth.
    """
    found = []
    tenths = np.minimum(np.arange(CYCLE_POINTS) * 10 // (CYCLE_POINTS - 1), 9)
    for angle, reference in ANGLE_ROWS:
        for side in Side:
            true = _reference(truth, angle, reference, side)
            if true is None:
                continue
            parts, far = [], True  # rows: error, tenth, overlap
            for curve in measures.curves:
                stride = curve.stride
                if curve.angle != angle or stride.side is not side or not stride.counts:
                    continue
                when = stride.start_s + np.linspace(0.0, 1.0, CYCLE_POINTS) * stride.duration_s
                rows = np.stack([curve.values - truth.at(true, when), tenths, truth.at(overlap, when) >= 0.5])
                if angle in _SINGLE_SUPPORT:
                    rows = rows[:, _in_single_support(stride, when)]
                parts.append(rows[:, np.isfinite(rows[0])])
                far = far and stride.far
            if sum(rows.shape[1] for rows in parts):
                errors, cycle, both = np.concatenate(parts, axis=1)
                found.append(AngleErrors(angle, reference, side, errors, cycle.astype(np.int64), both > 0, far))
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
                probability=None
                if measure.probabilities is None or measure.score is None
                else measure.probabilities[measure.score],
                sigma=measure.sigma,
            )
        )
    return tuple(pairs)


def reference_of_item(number: int) -> str:
    """What an item's truth is read from."""
    return FILE if number in FILE_ITEMS else MARKERS
