"""What the quality page says: what was recorded, how well it was seen, what was left out and why."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gaitviewer.core.gait import LeftOut, Side, Stride, View
from gaitviewer.core.measures import Measures, ViewMotion
from gaitviewer.core.numerals import DASH
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Trial
from gaitviewer.messages import named
from gaitviewer.report.content.wording import (
    VIEW_WORDS,
    hertz,
    joined,
    many,
    recording_number,
    recording_words,
    sentence,
    side_words,
    unique,
)


@dataclass(frozen=True, slots=True)
class ViewRow:
    """One recorded view of one trial."""

    recording: str
    view: str
    picture: str
    rate: str
    passes: str
    plane: str
    confidence: str
    strides: str


@dataclass(frozen=True, slots=True)
class NotAssessed:
    """A reason, and the items that it keeps from being assessed."""

    items: str
    reason: str


def _leg_columns(pose: PoseSequence) -> list[int]:
    wanted = ("hip", "knee", "ankle", "big_toe", "heel")
    return [i for i, name in enumerate(pose.skeleton.keypoints) if name.split("_", 1)[-1] in wanted]


def _confidence(motion: ViewMotion) -> str:
    columns = _leg_columns(motion.raw)
    rows = [np.arange(p.start, min(p.stop, len(motion.raw))) for p in motion.passes]
    if not rows:
        return DASH
    frames = np.concatenate(rows)
    seen = motion.raw.seen[np.ix_(frames, columns)]
    score = motion.raw.score[np.ix_(frames, columns)]
    mean = f"{float(score[seen].mean()):.2f}" if seen.any() else DASH
    return f"{mean}; {100 * float(seen.mean()):.0f} % seen"


def _plane(motion: ViewMotion) -> str:
    angles = [p.out_of_plane_deg for p in motion.passes if math.isfinite(p.out_of_plane_deg)]
    return f"{max(abs(a) for a in angles):.0f}°" if angles else DASH


def _passes(motion: ViewMotion) -> str:
    words = [str(named(p.direction)) for p in motion.passes]
    return "; ".join(f"{words.count(w)} {w}" for w in unique(words)) or "none"


def _stride_words(strides: tuple[Stride, ...]) -> str:
    """Used, of the far limb (a fallback only), left out."""
    used = [stride for stride in strides if stride.counts]
    far = sum(stride.far for stride in used)
    words = f"{len(used) - far} near, {far} far limb" if far else f"{len(used)} used"
    return f"{words}, {len(strides) - len(used)} left out"


def _view_row(trial: Trial, view: View, motion: ViewMotion) -> ViewRow:
    video = trial.videos[view]
    pose = motion.pose
    rate = hertz(pose.rate_hz if video is None else video.info.rate_hz)
    if video is not None and video.info.variable_rate:
        rate += ", variable"
    return ViewRow(
        recording=recording_number(trial.id),
        view=VIEW_WORDS[view],
        picture=f"{pose.width} × {pose.height}",
        rate=f"{rate}; {len(pose)} frames",
        passes=_passes(motion),
        plane=_plane(motion),
        confidence=_confidence(motion),
        strides=_stride_words(motion.strides),
    )


def view_rows(measures: Measures) -> tuple[ViewRow, ...]:
    """What was recorded and how well it was seen, one row per trial and view."""
    return tuple(
        _view_row(motion.trial, view, found)
        for motion in measures.motions
        for view in View
        if (found := motion.views[view]) is not None
    )


def sync_lines(measures: Measures) -> tuple[str, ...]:
    """How the two views of each trial were brought together."""
    lines = []
    for motion in measures.motions:
        if motion.sync is not None:
            sync = motion.sync
            lines.append(
                f"{recording_words(motion.trial.id).capitalize()}: time in the {VIEW_WORDS[View.CORONAL]} = "
                f"time in the {VIEW_WORDS[View.SAGITTAL]} "
                f"{'+' if sync.offset_s >= 0 else DASH} {abs(sync.offset_s):.3f} s "
                f"(± {sync.sigma_s:.3f} s; {sync.source}{f'; {sync.note}' if sync.note else ''})."
            )
    return tuple(lines)


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for reason, what in pairs:
        groups.setdefault(reason, []).append(what)
    return groups


def left_out_strides(measures: Measures) -> tuple[str, ...]:
    """Strides that do not count, by reason."""
    pairs = [
        (str(s.excluded), f"{s.side.value} in the {VIEW_WORDS[s.view]}")
        for s in measures.strides
        if not s.counts
    ]
    return tuple(
        f"{many(len(which), 'stride')} left out ({joined(sorted(set(which)))}): {sentence(reason)}"
        for reason, which in _grouped(pairs).items()
    )


def _frames(part: LeftOut) -> str:
    last = part.stop - 1
    return f"{part.start}" if last == part.start else f"{part.start}{DASH}{last}"


def left_out_frames(measures: Measures) -> tuple[str, ...]:
    """Stretches of the recording that belong to no walking pass: a line per view, sorted by reason."""
    lines = []
    for motion in measures.motions:
        for view in View:
            found = motion.views[view]
            pairs = [(str(part.reason), _frames(part)) for part in found.left_out] if found else []
            parts = [f"{', '.join(frames)} {reason}" for reason, frames in _grouped(pairs).items()]
            if parts:
                lines.append(sentence(f"{recording_words(motion.trial.id, view)}, frames {'; '.join(parts)}"))
    return tuple(lines)


def flagged_strides(measures: Measures) -> tuple[str, ...]:
    """What is unusual about strides that do count."""
    pairs = [
        (str(flag), f"{s.side.value} in the {VIEW_WORDS[s.view]}")
        for s in measures.strides
        if s.counts
        for flag in s.flags
    ]
    return tuple(
        f"{many(len(which), 'stride')} kept ({joined(sorted(set(which)))}): {sentence(flag)}"
        for flag, which in _grouped(pairs).items()
    )


def not_assessed(measures: Measures) -> tuple[NotAssessed, ...]:
    """Every reason for which an item was not assessed, with the items and sides."""
    reasons: dict[str, dict[str, list[Side]]] = {}
    for side in Side:
        for measure in measures.evgs.measures[side]:
            if not measure.assessable:
                label = f"{measure.item.number} {measure.item.code}"
                reasons.setdefault(str(measure.reason), {}).setdefault(label, []).append(side)
    rows = []
    for reason, items in reasons.items():
        words = [f"{label} ({side_words(sides)})" for label, sides in items.items()]
        rows.append(NotAssessed(", ".join(words), sentence(reason)))
    return tuple(rows)
