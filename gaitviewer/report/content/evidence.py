"""Which frames the report shows: the evidence of each score, and the phases of one stride per side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.construction import Construction, FramePoints, construct, crop_box
from gaitviewer.core.evgs import EvgsMeasure
from gaitviewer.core.gait import Side, Stride, View
from gaitviewer.core.measures import Measures, ViewMotion
from gaitviewer.core.skeleton import Skeleton
from gaitviewer.core.wording import with_unit
from gaitviewer.report.content.wording import VIEW_WORDS, recording_words

EVIDENCE_ASPECT = 1.12  # width / height of an evidence picture
KEY_ASPECT = 0.55
Box = tuple[float, float, float, float]

PHASES = (
    ("IC", "initial contact"),
    ("LR", "loading response"),
    ("MSt", "mid-stance"),
    ("TSt", "terminal stance"),
    ("PSw", "pre-swing"),
    ("ISw", "initial swing"),
    ("MSw", "mid-swing"),
    ("TSw", "terminal swing"),
)
# Where opposite events are unknown: Perry's limits as fractions of stance (12 and 50 of 62 %).
_OPPOSITE_TOE_OFF, _OPPOSITE_CONTACT = 12 / 62, 50 / 62


@dataclass(frozen=True, slots=True, eq=False)
class EvidencePicture:
    """A crop of one frame with what is drawn over it.

    Attributes:
        anchor: name that a score links to.
        trial, view, frame, time_s: which frame.
        side: the limb that matters.
        xy: [K, 2] keypoints in upright pixels.
        skeleton: their layout.
        box: what is shown, (x0, y0, x1, y1) pixels.
        construction: the angle, or None.   label: its value.
        caption, detail: the lines below.
        marks: (x, y, share): dots at pixels, of -1 to 1 of the scale; negative ones are hollow.
    """

    anchor: str
    trial: str
    view: View
    frame: int
    time_s: float
    side: Side
    xy: NDArray[np.float64]
    skeleton: Skeleton
    box: Box
    construction: Construction | None
    label: str
    caption: str
    detail: str
    marks: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class KeyStrip:
    """The eight phases of one stride of one side."""

    side: Side
    note: str
    shots: tuple[EvidencePicture, ...]


def anchor_of(measure: EvgsMeasure) -> str:
    """The name under which a score's picture is found."""
    return f"evidence-{measure.item.number}-{measure.side.value}"


def motion_of(measures: Measures, trial: str, view: View) -> ViewMotion | None:
    """What was found in a view of a trial, None if it is not there."""
    return next((m.views[view] for m in measures.motions if m.trial.id == trial), None)


def _interest(body: FramePoints, drawn: Construction | None, names: tuple[str, ...]) -> NDArray[np.float64]:
    known = [body.named(name) for name in names if name in body.skeleton.keypoints]
    parts = [np.array(known).reshape(-1, 2)]
    if drawn is not None:
        parts.append(drawn.points())
    points = np.concatenate(parts)
    seen = points[np.isfinite(points).all(axis=1)]
    return seen if len(seen) else body.xy


def evidence_shot(measures: Measures, measure: EvgsMeasure) -> EvidencePicture | None:
    """The picture that a score rests on; None without evidence or without a pose there."""
    if not measure.assessable or not measure.evidence:
        return None
    found = measure.evidence[0]
    motion = motion_of(measures, found.trial, found.view)
    if motion is None or not 0 <= found.frame < len(motion.pose):
        return None
    pose = motion.pose
    body = FramePoints(np.asarray(pose.xy[found.frame], np.float64), pose.skeleton, measure.side)
    drawn = construct(found.angle, body)
    least = 0.62 * body.scale_px
    box = crop_box(
        _interest(body, drawn, found.keypoints),
        aspect=EVIDENCE_ASPECT,
        least_px=least if math.isfinite(least) else 0.0,
        size=(pose.width, pose.height),
    )
    value = str(with_unit(found.value, measure.item.unit)) if math.isfinite(found.value) else ""
    what = value or measure.category
    stride = next((s for s in measures.strides if s.key == found.stride), None)
    where = f", {recording_words(found.trial)}" if len(measures.motions) > 1 else ""
    where += ", far limb" if stride is not None and stride.far else ""
    return EvidencePicture(
        anchor=anchor_of(measure), trial=found.trial, view=found.view, frame=found.frame, time_s=found.time_s,
        side=measure.side, xy=body.xy, skeleton=pose.skeleton, box=box, construction=drawn, label=value,
        caption=f"{measure.item.code} {measure.side.value}: {what} at {found.time_s:.2f} s",
        detail=f"frame {found.frame}; score {measure.score}; {VIEW_WORDS[found.view]}{where}",
    )  # fmt: skip


def evidence_shots(measures: Measures) -> tuple[tuple[EvidencePicture | None, EvidencePicture | None], ...]:
    """(left, right) pictures of every item that has one, in item order."""
    pairs = []
    for left, right in zip(measures.evgs.measures.left, measures.evgs.measures.right, strict=True):
        pair = (evidence_shot(measures, left), evidence_shot(measures, right))
        if pair != (None, None):
            pairs.append(pair)
    return tuple(pairs)


def phase_times(stride: Stride) -> tuple[float, ...]:
    """Seconds of the eight phases, placed between the stride's own events."""
    start, off, stop = stride.start_s, stride.toe_off_s, stride.stop_s
    stance, swing = off - start, stop - off
    lift, contact = stride.opposite_toe_off_s, stride.opposite_contact_s
    lift = start + _OPPOSITE_TOE_OFF * stance if lift is None else lift
    contact = start + _OPPOSITE_CONTACT * stance if contact is None else contact
    single = contact - lift
    return (
        start,
        (start + lift) / 2,
        lift + 0.25 * single,
        lift + 0.75 * single,
        (contact + off) / 2,
        off + swing / 6,
        off + swing / 2,
        off + 5 * swing / 6,
    )


def key_stride(measures: Measures, side: Side) -> Stride | None:
    """The stride shown phase by phase: near limb, from the side, all events, duration in the middle."""
    there = [s for s in measures.strides if s.side is side and s.counts]
    if not there:
        return None
    middle = float(np.median([s.duration_s for s in there]))

    def rank(stride: Stride) -> tuple[bool, bool, bool, float]:
        partial = stride.opposite_contact_s is None or stride.opposite_toe_off_s is None
        return (stride.view is not View.SAGITTAL, stride.far, partial, abs(stride.duration_s - middle))

    return min(there, key=rank)


def body_height_px(xy: NDArray[np.float64]) -> float:
    """Height of a box of :data:`KEY_ASPECT` that holds a whole body, with some air; 0 if nobody is seen."""
    seen = xy[np.isfinite(xy).all(axis=1)]
    if not len(seen):
        return 0.0
    wide, tall = np.ptp(seen, axis=0)
    return float(max(1.16 * tall, 1.12 * wide / KEY_ASPECT))


def key_strip(measures: Measures, side: Side) -> KeyStrip | None:
    """Eight pictures over one stride, all at the same scale; None without a stride."""
    stride = key_stride(measures, side)
    motion = None if stride is None else motion_of(measures, stride.trial, stride.view)
    if stride is None or motion is None or not len(motion.pose):
        return None
    pose = motion.pose
    times = phase_times(stride)
    frames = [int(np.argmin(np.abs(pose.times - t))) for t in times]
    tall = max((body_height_px(np.asarray(pose.xy[frame], np.float64)) for frame in frames), default=0.0)
    shots = []
    for (short, phase), time_s, frame in zip(PHASES, times, frames, strict=True):
        body = FramePoints(np.asarray(pose.xy[frame], np.float64), pose.skeleton, side)
        percent = 100 * (time_s - stride.start_s) / stride.duration_s
        box = crop_box(body.xy, aspect=KEY_ASPECT, least_px=tall, size=(pose.width, pose.height), margin=1.0)
        shots.append(
            EvidencePicture(
                anchor="", trial=stride.trial, view=stride.view, frame=frame, time_s=float(pose.times[frame]),
                side=side, xy=body.xy, skeleton=pose.skeleton, box=box, construction=None, label="",
                caption=f"{short}  {percent:.0f} %",
                detail=f"{phase}, {pose.times[frame]:.2f} s, frame {frame}",
            )
        )  # fmt: skip
    far = ", far limb" if stride.far else ""
    guessed = stride.opposite_toe_off_s is None or stride.opposite_contact_s is None
    note = f"{side.value.capitalize()} stride of {stride.duration_s:.2f} s, {VIEW_WORDS[stride.view]}{far}"
    note += "; opposite events not found, stance divided by the usual fractions" if guessed else ""
    return KeyStrip(side=side, note=note, shots=tuple(shots))


def frames_needed(
    measures: Measures, *, shown: frozenset[str], besides: Sequence[EvidencePicture] = ()
) -> tuple[tuple[str, View, int], ...]:
    """(trial, view, frame) of all pictures of these sections and of others, each once, sorted by these."""
    pairs = evidence_shots(measures) if "evidence" in shown else []
    shots = [shot for pair in pairs for shot in pair if shot is not None] + list(besides)
    for side in Side if "key_frames" in shown else ():
        strip = key_strip(measures, side)
        shots += list(strip.shots) if strip is not None else []
    wanted = {(shot.trial, shot.view, shot.frame) for shot in shots}
    return tuple(sorted(wanted, key=lambda w: (w[0], w[1].value != "sagittal", w[2])))
