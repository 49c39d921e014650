"""How good a recording is, and what it is not good enough for (thresholds in ``resources/quality.toml``)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from gaitviewer.analysis.kinematics.stride_curves import StrideMeasures
from gaitviewer.core.gait import BySide, Side, View
from gaitviewer.core.measures import FindingSeverity, QualityFinding, TrialMotion, ViewMotion
from gaitviewer.core.serialise import read_resource
from gaitviewer.core.skeleton import Keypoint

_ORDER = {
    FindingSeverity.REFUSED: 0,
    FindingSeverity.WARNING: 1,
    FindingSeverity.NOTE: 2,
    FindingSeverity.GOOD: 3,
}
_WORDS = {View.SAGITTAL: "side view", View.CORONAL: "front or back view"}
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
    strides: StrideLimits
    offset: OffsetLimits
    flat_foot: FlatFootLimits


@cache
def quality_limits() -> QualityLimits:
    """When a recording is good enough, and for what."""
    return read_resource("quality.toml", QualityLimits)


def blocked(findings: Sequence[QualityFinding], code: str, cycle: StrideMeasures) -> str:
    """Why the recording forbids an item in a stride; "" if it does not."""
    limit = quality_limits().out_of_plane.refuse
    if cycle.walking_pass is not None and abs(cycle.walking_pass.out_of_plane_deg) > limit:
        angle = abs(cycle.walking_pass.out_of_plane_deg)
        return f"the subject walks {angle:.0f} degrees out of the camera's plane (more than {limit:.0f})"
    for finding in findings:
        here = finding.trial == cycle.stride.trial and finding.view is cycle.stride.view
        if finding.level is FindingSeverity.REFUSED and here and code in finding.items:
            return finding.text[0].lower() + finding.text[1:].rstrip(".")
    return ""


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
    if any(finding.topic == "slow motion" for finding in given):
        found = [finding for finding in found if finding.topic != "stride time"]
    return tuple(sorted([*map(_as_sentences, found), *given], key=lambda f: _ORDER[f.level]))


def _as_sentences(finding: QualityFinding) -> QualityFinding:
    def sentence(text: str) -> str:
        return f"{text[0].upper()}{text[1:]}." if text else ""

    return replace(finding, text=sentence(finding.text), advice=sentence(finding.advice))


def _of_view(motion: TrialMotion, seen: ViewMotion, view: View, leg_px: float) -> Iterator[QualityFinding]:
    trial = motion.trial.id
    if not seen.passes:
        yield QualityFinding(
            FindingSeverity.REFUSED,
            "walking",
            f"no walking pass was found in the {_WORDS[view]}",
            "record at least two full passes with the whole body in the picture",
            trial=trial,
            view=view,
        )
        return
    yield _frame_rate(seen, trial, view)
    stream = motion.trial.videos[view]
    if stream is not None and stream.info.variable_rate:
        yield QualityFinding(
            FindingSeverity.NOTE,
            "frame rate",
            f"the frames of the {_WORDS[view]} are unevenly spaced; their own times are used",
            "switch the camera to a fixed frame rate",
            trial=trial,
            view=view,
        )
    if stream is not None and stream.info.mirrored and not seen.passes[0].mirrored:
        yield QualityFinding(
            FindingSeverity.WARNING,
            "mirror image",
            f"the file of the {_WORDS[view]} asks to be shown as a mirror image, and is: if writing in the "
            "picture reads backwards, left and right are exchanged until you say that the videos are mirrored "
            "(--mirrored)",
            "switch off the mirroring of the front camera, or use the camera at the back",
            trial=trial,
            view=view,
        )
    if math.isfinite(leg_px):
        yield _size(leg_px, trial, view)
    yield from _out_of_plane(seen, trial, view)
    yield from _feet(seen, trial, view)
    yield from _confidence(seen, trial, view)


def _offset(motion: TrialMotion) -> Iterator[QualityFinding]:
    """What is doubtful of the offset between the views; one that a person set is taken as it is."""
    sync, trial = motion.sync, motion.trial.id
    if sync is None or sync is not motion.estimate:
        return
    advice = "look for the same step in both views and set the offset by hand (F8 in each view)"
    if sync.exchanged_s is not None:
        text = (
            f"the views fit with an offset of {sync.offset_s:+.2f} s, and as well with "
            f"{sync.exchanged_s:+.2f} s if left and right were exchanged in one view"
        )
        yield QualityFinding(FindingSeverity.WARNING, "offset between the views", text, advice, trial=trial)
    elif sync.sigma_s > quality_limits().offset.note_sigma_s:
        text = f"the offset between the views is only known to ± {sync.sigma_s:.2f} s"
        yield QualityFinding(FindingSeverity.NOTE, "offset between the views", text, advice, trial=trial)


def _frame_rate(seen: ViewMotion, trial: str, view: View) -> QualityFinding:
    limits, rate = quality_limits().frame_rate, seen.pose.rate_hz
    text = f"the {_WORDS[view]} has {rate:.0f} frames per second"
    frame_ms = f"one frame is {1000.0 / rate:.0f} ms"
    if rate < limits.refuse:
        items = limits.refuse_items if view is View.SAGITTAL else ()
        return QualityFinding(
            FindingSeverity.REFUSED,
            "frame rate",
            f"{text}: too few to see a contact ({frame_ms})",
            "record at 60 frames per second or more",
            items,
            trial,
            view,
        )
    acceptable = FindingSeverity.GOOD if rate >= limits.good else FindingSeverity.NOTE
    level = FindingSeverity.WARNING if rate < limits.note else acceptable
    advice = (
        "" if level is FindingSeverity.GOOD else "60 frames per second or more place the gait events better"
    )
    return QualityFinding(level, "frame rate", f"{text} ({frame_ms})", advice, (), trial, view)


def _size(leg_px: float, trial: str, view: View) -> QualityFinding:
    limits = quality_limits().size
    text = f"the subject's leg is {leg_px:.0f} pixels long in the {_WORDS[view]}"
    advice = "move the camera nearer or record at a higher resolution"
    if leg_px < limits.refuse:
        items = limits.refuse_items if view is View.SAGITTAL else ()
        return QualityFinding(
            FindingSeverity.REFUSED,
            "size of the subject",
            f"{text}: too small for the foot",
            advice,
            items,
            trial,
            view,
        )
    if leg_px < limits.warn:
        return QualityFinding(FindingSeverity.WARNING, "size of the subject", text, advice, (), trial, view)
    if leg_px < limits.note:
        return QualityFinding(FindingSeverity.NOTE, "size of the subject", text, advice, (), trial, view)
    return QualityFinding(FindingSeverity.GOOD, "size of the subject", text, "", (), trial, view)


def _out_of_plane(seen: ViewMotion, trial: str, view: View) -> Iterator[QualityFinding]:
    limits = quality_limits().out_of_plane
    for number, walking_pass in enumerate(seen.passes, start=1):
        angle = abs(walking_pass.out_of_plane_deg)
        if not math.isfinite(angle) or angle <= limits.warn:
            continue
        text = f"in pass {number} of the {_WORDS[view]} the subject walks {angle:.0f} degrees out of the plane"
        advice = "place the camera square to the walkway"
        if angle > limits.refuse:
            text += "; this pass is not measured"
            yield QualityFinding(FindingSeverity.REFUSED, "out-of-plane angle", text, advice, (), trial, view)
        else:
            short = 100.0 * (1.0 - math.cos(math.radians(angle)))
            text += f"; forward distances look {short:.0f} % shorter and angles change"
            yield QualityFinding(FindingSeverity.WARNING, "out-of-plane angle", text, advice, (), trial, view)


def _feet(seen: ViewMotion, trial: str, view: View) -> Iterator[QualityFinding]:
    limits = quality_limits().feet
    for side in Side:
        passes = [p for p in seen.passes if p.near in (None, side)]
        points = [Keypoint[f"{side.name}_HEEL"], Keypoint[f"{side.name}_BIG_TOE"]]
        rows = [seen.pose.seen[p.start : p.stop][:, points].all(axis=1) for p in passes]
        if not rows:
            continue
        share = float(np.concatenate(rows).mean())
        if share >= limits.warn:
            continue
        text = (
            f"the {side.value} heel and toe are seen in {100 * share:.0f} % of the frames of the {_WORDS[view]}"
        )
        refused = share < limits.refuse
        items = limits.items if refused and view is View.SAGITTAL else ()
        yield QualityFinding(
            # A warning even then: a stride whose own foot is seen is still read.
            FindingSeverity.WARNING,
            "feet in the picture",
            text,
            "leave some floor below the feet in the picture",
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
    text = (
        f"the estimator is {100 * middle:.0f} % sure of hips, knees and ankles in the {_WORDS[view]} (median)"
    )
    advice = "bare legs or tight trousers, even light, and nobody else in the picture"
    yield QualityFinding(level, "keypoint confidence", text, advice, (), trial, view)


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
            text = f"a stride lasts {odd[0].duration_s:.1f} s in the {_WORDS[view]}, which is implausible"
            advice = "if this is slow motion, state the rate it was recorded at"
            yield QualityFinding(FindingSeverity.WARNING, "stride time", text, advice, view=view)


def _flat_feet(zero: BySide[float | None]) -> Iterator[QualityFinding]:
    """What to know of the zero of the ankle angles."""
    advice = "if the foot was flat in some frame, set its flat-foot zero by hand"
    for side in Side:
        if zero[side] is None:
            text = (
                f"the {side.value} foot was never seen flat on the floor: its ankle angle has no checked zero"
            )
            yield QualityFinding(FindingSeverity.NOTE, "flat-foot zero", text, advice, view=View.SAGITTAL)
    if zero.left is not None and zero.right is not None:
        apart = abs(zero.left - zero.right)
        if apart > quality_limits().flat_foot.note_difference_deg:
            text = f"the two feet's flat-foot zeros differ by {apart:.0f} degrees"
            check = "check on the pictures that both heels and both forefeet really stand on the floor"
            yield QualityFinding(FindingSeverity.NOTE, "flat-foot zero", text, check, view=View.SAGITTAL)


def _limb_strides(own: list[StrideMeasures], side: Side, view: View, few: int) -> Iterator[QualityFinding]:
    near = [c for c in own if not c.stride.far]
    if not own:
        text = f"no stride of the {side.value} limb counts in the {_WORDS[view]}"
        yield QualityFinding(
            FindingSeverity.WARNING, "strides", text, "record more passes in both directions", view=view
        )
    elif not near:
        text = f"the {side.value} limb was only seen as the far one, behind the other leg"
        advice = "record the same person walking in the other direction too"
        yield QualityFinding(FindingSeverity.WARNING, "far limb", text, advice, view=view)
    elif len(near) < few:
        many = "1 stride" if len(near) == 1 else f"{len(near)} strides"
        verb = "counts" if len(near) == 1 else "count"
        text = f"{many} of the {side.value} limb {verb} in the {_WORDS[view]}"
        yield QualityFinding(
            FindingSeverity.NOTE, "strides", text, f"{few} or more tell how steady it is", view=view
        )
