"""How good a recording is, and what it is not good enough for (thresholds in ``resources/quality.toml``)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from gaitviewer.analysis.kinematics.stride_curves import StrideMeasures
from gaitviewer.core.gait import BySide, Side, View
from gaitviewer.core.measures import FindingSeverity, QualityFinding, TrialMotion, ViewMotion
from gaitviewer.core.remarks import RemarkKind
from gaitviewer.core.serialise import read_resource
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.messages import NOTHING, Message, Value, message, named

_ORDER = {
    FindingSeverity.REFUSED: 0,
    FindingSeverity.WARNING: 1,
    FindingSeverity.NOTE: 2,
    FindingSeverity.GOOD: 3,
}
_REMARKS = {  # topic and advice of each kind
    RemarkKind.NOBODY_WALKS: (message("topic.walking"), NOTHING),
    RemarkKind.ANOTHER_PERSON: (message("topic.other_people"), NOTHING),
    RemarkKind.PERSON_BESIDE: (message("topic.other_people"), message("finding.remark.person_beside_advice")),
    RemarkKind.NOT_FOUND: (message("topic.subject"), message("finding.remark.not_found_advice")),
    RemarkKind.LEGS_EXCHANGED: (message("topic.sides"), message("finding.remark.legs_exchanged_advice")),
    RemarkKind.ERROR_UNKNOWN: (message("topic.pose_model"), message("finding.remark.error_unknown_advice")),
    RemarkKind.NO_FEET: (message("topic.feet"), message("finding.remark.no_feet_advice")),
}
_LEVELS = {  # of the kinds that are more than a note
    RemarkKind.PERSON_BESIDE: FindingSeverity.WARNING,
    RemarkKind.ERROR_UNKNOWN: FindingSeverity.WARNING,
    RemarkKind.NO_FEET: FindingSeverity.REFUSED,
}
_LEGS = [k for k in Keypoint if any(part in k.name for part in ("HIP", "KNEE", "ANKLE"))]


@dataclass(frozen=True, slots=True)
class FrameRateLimits:
    """Frames per second: from ``good`` on there is nothing to say, below ``refuse`` no contact can be seen."""

    good: float
    note: float
    refuse: float
    refuse_items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """Leg length (hip to ankle) in pixels."""

    note: float
    warn: float
    refuse: float
    refuse_items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaneLimits:
    """Degrees between the walking direction and the image plane (or the camera axis)."""

    warn: float
    refuse: float


@dataclass(frozen=True, slots=True)
class FeetLimits:
    """Part of the frames of the passes in which heel and toe are seen."""

    warn: float
    refuse: float
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfidenceLimits:
    """Median score of the estimator over the points of the legs."""

    note: float
    warn: float


@dataclass(frozen=True, slots=True)
class LightLimits:
    """Mean and standard deviation of the picture around the subject, 0 (black) to 1 (white)."""

    brightness: float
    contrast: float


@dataclass(frozen=True, slots=True)
class StrideLimits:
    """Counting strides per limb, and how long (seconds) a stride plausibly lasts."""

    note: int
    stride_time_s: tuple[float, float]


@dataclass(frozen=True, slots=True)
class OffsetLimits:
    """Standard error of the offset between the views, seconds."""

    note_sigma_s: float


@dataclass(frozen=True, slots=True)
class FlatFootLimits:
    """Difference between the zeros of the two ankle angles, degrees."""

    note_difference_deg: float


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """``resources/quality.toml``."""

    frame_rate: FrameRateLimits
    size: SizeLimits
    out_of_plane: PlaneLimits
    feet: FeetLimits
    confidence: ConfidenceLimits
    light: LightLimits
    strides: StrideLimits
    offset: OffsetLimits
    flat_foot: FlatFootLimits


@cache
def quality_limits() -> QualityLimits:
    """When a recording is good enough, and for what."""
    return read_resource("quality.toml", QualityLimits)


def blocked(findings: Sequence[QualityFinding], code: str, cycle: StrideMeasures) -> Message:
    """Why the recording forbids an item in a stride; NOTHING if it does not."""
    limit = quality_limits().out_of_plane.refuse
    if cycle.walking_pass is not None and abs(cycle.walking_pass.out_of_plane_deg) > limit:
        angle = abs(cycle.walking_pass.out_of_plane_deg)
        return message("reason.out_of_plane", degrees=angle, limit=limit)
    for finding in findings:
        here = finding.trial == cycle.stride.trial and finding.view is cycle.stride.view
        if finding.level is FindingSeverity.REFUSED and here and code in finding.items:
            return finding.text
    return NOTHING


def assess_recordings(
    motions: Sequence[TrialMotion],
    cycles: Sequence[StrideMeasures],
    *,
    leg_px: dict[tuple[str, View], float],
    flat_foot_zero_deg: BySide[float | None],
) -> tuple[QualityFinding, ...]:
    """All findings on the recordings of a session, most serious first.

    Args:
        motions: the trials.
        cycles: their strides.
        leg_px: median leg length in pixels for each trial and view.
        flat_foot_zero_deg: pitch of each foot when flat; None = never seen flat.
    """
    found: list[QualityFinding] = []
    given: list[QualityFinding] = []
    for motion in motions:
        given += motion.unusable
        for view in View:
            seen = motion.views[view]
            if seen is None:
                continue
            trial = motion.trial.id
            given += seen.quality
            found += _of_view(motion, seen, view, leg_px.get((trial, view), math.nan))
        found += _offset(motion)
    found += _strides(motions, cycles)
    if any(motion.views.sagittal is not None for motion in motions):
        found += _flat_feet(flat_foot_zero_deg)
    if any(finding.topic.code == "topic.slow_motion" for finding in given):
        found = [finding for finding in found if finding.topic.code != "topic.stride_time"]
    return tuple(sorted([*found, *given], key=lambda f: _ORDER[f.level]))


def _of_view(motion: TrialMotion, seen: ViewMotion, view: View, leg_px: float) -> Iterator[QualityFinding]:
    trial = motion.trial.id
    if not seen.passes:
        yield QualityFinding(
            FindingSeverity.REFUSED,
            message("topic.walking"),
            message("finding.walking.none", view=named(view)),
            message("finding.walking.advice"),
            trial=trial,
            view=view,
        )
        return
    yield _frame_rate(seen, trial, view)
    stream = motion.trial.videos[view]
    if stream is not None and stream.info.variable_rate:
        yield QualityFinding(
            FindingSeverity.NOTE,
            message("topic.frame_rate"),
            message("finding.frame_rate.uneven", view=named(view)),
            message("finding.frame_rate.uneven_advice"),
            trial=trial,
            view=view,
        )
    if stream is not None and stream.info.mirrored and not seen.passes[0].mirrored:
        yield QualityFinding(
            FindingSeverity.WARNING,
            message("topic.mirror_image"),
            message("finding.mirror_image.asked_for", view=named(view)),
            message("finding.mirror_image.advice"),
            trial=trial,
            view=view,
        )
    if math.isfinite(leg_px):
        yield _size(leg_px, trial, view)
    yield from _out_of_plane(seen, trial, view)
    yield from _feet(seen, trial, view)
    yield from _confidence(seen, trial, view)
    yield from _remarked(seen, trial, view)
    yield from _light(seen, trial, view)


def _offset(motion: TrialMotion) -> Iterator[QualityFinding]:
    """What is doubtful of the offset between the views; one that a person set is taken as it is."""
    sync, trial = motion.sync, motion.trial.id
    if sync is None or sync is not motion.estimate:
        return
    topic, advice = message("topic.offset"), message("finding.offset.advice")
    if sync.exchanged_s is not None:
        text = message("finding.offset.exchanged", offset_s=sync.offset_s, other_s=sync.exchanged_s)
        yield QualityFinding(FindingSeverity.WARNING, topic, text, advice, trial=trial)
    elif sync.sigma_s > quality_limits().offset.note_sigma_s:
        text = message("finding.offset.vague", sigma_s=sync.sigma_s)
        yield QualityFinding(FindingSeverity.NOTE, topic, text, advice, trial=trial)


def _frame_rate(seen: ViewMotion, trial: str, view: View) -> QualityFinding:
    limits, rate = quality_limits().frame_rate, seen.pose.rate_hz
    topic = message("topic.frame_rate")
    frame_ms = 1000.0 / rate
    if rate < limits.refuse:
        text = message("finding.frame_rate.too_low", view=named(view), rate_hz=rate, frame_ms=frame_ms)
        items = limits.refuse_items if view is View.SAGITTAL else ()
        advice = message("finding.frame_rate.too_low_advice")
        return QualityFinding(FindingSeverity.REFUSED, topic, text, advice, items, trial, view)
    acceptable = FindingSeverity.GOOD if rate >= limits.good else FindingSeverity.NOTE
    level = FindingSeverity.WARNING if rate < limits.note else acceptable
    text = message("finding.frame_rate.is", view=named(view), rate_hz=rate, frame_ms=frame_ms)
    advice = NOTHING if level is FindingSeverity.GOOD else message("finding.frame_rate.advice")
    return QualityFinding(level, topic, text, advice, (), trial, view)


def _size(leg_px: float, trial: str, view: View) -> QualityFinding:
    limits, topic = quality_limits().size, message("topic.size")
    text = message("finding.size.is", view=named(view), leg_px=leg_px)
    advice = message("finding.size.advice")
    if leg_px < limits.refuse:
        text = message("finding.size.too_small", view=named(view), leg_px=leg_px)
        items = limits.refuse_items if view is View.SAGITTAL else ()
        return QualityFinding(FindingSeverity.REFUSED, topic, text, advice, items, trial, view)
    if leg_px < limits.warn:
        return QualityFinding(FindingSeverity.WARNING, topic, text, advice, (), trial, view)
    if leg_px < limits.note:
        return QualityFinding(FindingSeverity.NOTE, topic, text, advice, (), trial, view)
    return QualityFinding(FindingSeverity.GOOD, topic, text, NOTHING, (), trial, view)


def _out_of_plane(seen: ViewMotion, trial: str, view: View) -> Iterator[QualityFinding]:
    limits, topic = quality_limits().out_of_plane, message("topic.out_of_plane")
    advice = message("finding.out_of_plane.advice")
    for number, walking_pass in enumerate(seen.passes, start=1):
        angle = abs(walking_pass.out_of_plane_deg)
        if not math.isfinite(angle) or angle <= limits.warn:
            continue
        where: dict[str, Value] = {"number": number, "view": named(view), "degrees": angle}
        if angle > limits.refuse:
            text = message("finding.out_of_plane.refused", **where)
            yield QualityFinding(FindingSeverity.REFUSED, topic, text, advice, (), trial, view)
        else:
            short = 100.0 * (1.0 - math.cos(math.radians(angle)))
            text = message("finding.out_of_plane.shorter", **where, percent=short)
            yield QualityFinding(FindingSeverity.WARNING, topic, text, advice, (), trial, view)


def _feet(seen: ViewMotion, trial: str, view: View) -> Iterator[QualityFinding]:
    limits = quality_limits().feet
    if seen.remarks is not None and seen.remarks.has(RemarkKind.NO_FEET):
        return  # said once, not for each foot
    for side in Side:
        passes = [p for p in seen.passes if p.near in (None, side)]
        points = [Keypoint[f"{side.name}_HEEL"], Keypoint[f"{side.name}_BIG_TOE"]]
        rows = [seen.pose.seen[p.start : p.stop][:, points].all(axis=1) for p in passes]
        if not rows:
            continue
        share = float(np.concatenate(rows).mean())
        if share >= limits.warn:
            continue
        refused = share < limits.refuse
        items = limits.items if refused and view is View.SAGITTAL else ()
        yield QualityFinding(
            # A warning even then: a stride whose own foot is seen is still read.
            FindingSeverity.WARNING,
            message("topic.feet"),
            message("finding.feet.seldom_seen", side=named(side), percent=100 * share, view=named(view)),
            message("finding.feet.advice"),
            items,
            trial,
            view,
        )


def _confidence(seen: ViewMotion, trial: str, view: View) -> Iterator[QualityFinding]:
    limits = quality_limits().confidence
    scores = np.concatenate([seen.pose.score[p.start : p.stop][:, _LEGS].ravel() for p in seen.passes])
    scores = scores[scores > 0]
    if scores.size == 0:
        return
    middle = float(np.median(scores))
    if middle >= limits.note:
        return
    level = FindingSeverity.WARNING if middle < limits.warn else FindingSeverity.NOTE
    text = message("finding.confidence.low", percent=100 * middle, view=named(view))
    advice = message("finding.confidence.advice")
    yield QualityFinding(level, message("topic.confidence"), text, advice, (), trial, view)


def _remarked(seen: ViewMotion, trial: str, view: View) -> Iterator[QualityFinding]:
    """What the search for the subject noticed."""
    for remark in seen.remarks.noticed if seen.remarks is not None else ():
        where = tuple(
            message("finding.remark.frames" if first < last else "finding.remark.frame", first=first, last=last)
            for first, last in remark.spans
        )
        values: dict[str, Value] = {"view": named(view)}
        if where:
            values["spans"] = where
        topic, advice = _REMARKS[remark.kind]
        text = message(f"finding.remark.{remark.kind.name.lower()}", **values)
        level = _LEVELS.get(remark.kind, FindingSeverity.NOTE)
        footless = remark.kind is RemarkKind.NO_FEET and view is View.SAGITTAL
        items = quality_limits().feet.items if footless else ()
        yield QualityFinding(level, topic, text, advice, items, trial, view)


def _light(seen: ViewMotion, trial: str, view: View) -> Iterator[QualityFinding]:
    limits, light = quality_limits().light, None if seen.remarks is None else seen.remarks.light
    if light is None or (light.brightness >= limits.brightness and light.contrast >= limits.contrast):
        return
    if light.brightness < limits.brightness:
        found, least = 100 * light.brightness, 100 * limits.brightness
        text = message("finding.light.dark", view=named(view), percent=found, least=least)
    else:
        found, least = 100 * light.contrast, 100 * limits.contrast
        text = message("finding.light.flat", view=named(view), percent=found, least=least)
    topic, advice = message("topic.light"), message("finding.light.advice")
    yield QualityFinding(FindingSeverity.WARNING, topic, text, advice, trial=trial, view=view)


def _strides(motions: Sequence[TrialMotion], cycles: Sequence[StrideMeasures]) -> Iterator[QualityFinding]:
    """Number and plausibility of the strides of each limb in each view that was recorded."""
    limits = quality_limits().strides
    for view in View:
        if all(motion.views[view] is None for motion in motions):
            continue
        own = [c for c in cycles if c.stride.view is view and c.stride.counts]
        for side in Side:
            yield from _limb_strides([c for c in own if c.stride.side is side], side, view, limits.note)
        shortest, longest = limits.stride_time_s
        odd = [c.stride for c in own if not shortest <= c.stride.duration_s <= longest]
        if odd and len(odd) >= 0.5 * len(own):
            text = message("finding.stride_time.implausible", seconds=odd[0].duration_s, view=named(view))
            advice = message("finding.stride_time.advice")
            topic = message("topic.stride_time")
            yield QualityFinding(FindingSeverity.WARNING, topic, text, advice, view=view)


def _flat_feet(zero: BySide[float | None]) -> Iterator[QualityFinding]:
    """What to know of the zero of the ankle angles."""
    topic, advice = message("topic.flat_foot"), message("finding.flat_foot.advice")
    for side in Side:
        if zero[side] is None:
            text = message("finding.flat_foot.never", side=named(side))
            yield QualityFinding(FindingSeverity.NOTE, topic, text, advice, view=View.SAGITTAL)
    if zero.left is not None and zero.right is not None:
        apart = abs(zero.left - zero.right)
        if apart > quality_limits().flat_foot.note_difference_deg:
            text = message("finding.flat_foot.differ", degrees=apart)
            check = message("finding.flat_foot.differ_advice")
            yield QualityFinding(FindingSeverity.NOTE, topic, text, check, view=View.SAGITTAL)


def _limb_strides(own: list[StrideMeasures], side: Side, view: View, few: int) -> Iterator[QualityFinding]:
    near = [c for c in own if not c.stride.far]
    topic = message("topic.strides")
    if not own:
        text = message("finding.strides.none", side=named(side), view=named(view))
        advice = message("finding.strides.none_advice")
        yield QualityFinding(FindingSeverity.WARNING, topic, text, advice, view=view)
    elif not near:
        text = message("finding.far_limb.only", side=named(side))
        advice = message("finding.far_limb.advice")
        yield QualityFinding(FindingSeverity.WARNING, message("topic.far_limb"), text, advice, view=view)
    elif len(near) < few:
        text = message("finding.strides.few", count=len(near), side=named(side), view=named(view))
        advice = message("finding.strides.few_advice", least=few)
        yield QualityFinding(FindingSeverity.NOTE, topic, text, advice, view=view)
