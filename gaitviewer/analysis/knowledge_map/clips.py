"""Clips of whole, regular gait cycles for the knowledge map; what has none is left out with the reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaitviewer.analysis.knowledge_map.features import MapClipSettings, load_map_features
from gaitviewer.core.gait import Side, Stride, View, WalkingPass
from gaitviewer.core.measures import ViewMotion
from gaitviewer.messages import NOTHING, Message, message, named


@dataclass(frozen=True, slots=True)
class MapClip:
    """A stretch of walking that starts at an initial contact.

    Attributes:
        trial, view, pass_index: where it is.
        start_s: initial contact, seconds on the view's clock; frame k is at ``start_s + k / rate_hz``.
        side: the foot that lands then.
        stride_s: median stride time in it, seconds.
        frames, rate_hz: its length.
    """

    trial: str
    view: View
    pass_index: int
    start_s: float
    side: Side
    stride_s: float
    frames: int
    rate_hz: float

    @property
    def stop_s(self) -> float:
        """Time of the last frame, seconds."""
        return self.start_s + (self.frames - 1) / self.rate_hz


@dataclass(frozen=True, slots=True)
class ClipSearch:
    """What was found: clips, and a reason for each pass that has none."""

    clips: tuple[MapClip, ...]
    reasons: tuple[Message, ...]


def find_clips(motion: ViewMotion, *, frames: int | None = None) -> ClipSearch:
    """Cut every pass into clips of regular cycles.

    A clip starts at an initial contact, and from there on cycles of that foot follow each other without a break
    and of about the same length, until less than one more fits; the other foot has a whole cycle too.

    Args:
        motion: one view of one trial.
        frames: length at the map's rate; None = that of the map (96).
    """
    settings = load_map_features().clip
    count = frames or settings.frames
    clips: list[MapClip] = []
    reasons: list[Message] = []
    for index, one in enumerate(motion.passes):
        strides = [s for s in motion.strides if s.pass_index == index and s.counts]
        found, reason = _clips_of_pass(motion, one, strides, index, count, settings)
        clips += found
        if not found:
            reasons.append(reason)
    return ClipSearch(tuple(clips), tuple(reasons))


def _clips_of_pass(
    motion: ViewMotion,
    one: WalkingPass,
    strides: list[Stride],
    index: int,
    frames: int,
    settings: MapClipSettings,
) -> tuple[list[MapClip], Message]:
    times = motion.pose.times
    first_s, last_s = float(times[one.start]), float(times[one.stop - 1])
    span = (frames - 1) / settings.rate_hz
    number = index + 1
    if last_s - first_s < span:
        have = int((last_s - first_s) * settings.rate_hz) + 1
        return [], message(
            "reason.clip.pass_too_short", number=number, frames=have, rate_hz=settings.rate_hz, needed=frames
        )
    if not strides:
        return [], message("reason.clip.no_whole_cycle", number=number)
    step = 0.5 / motion.pose.rate_hz
    found: list[MapClip] = []
    reason = message("reason.clip.too_few_frames", number=number, needed=frames)
    for stride in sorted(strides, key=lambda s: s.start_s):
        inside = first_s - step <= stride.start_s and stride.start_s + span <= last_s + step
        if not inside or (found and stride.start_s < found[-1].start_s + settings.step_share * span):
            continue
        median, trouble = _regular(stride, strides, span, settings)
        if trouble:
            reason = message("reason.clip.of_pass", number=number, why=trouble)
            continue
        found.append(
            MapClip(
                stride.trial, one.view, index, stride.start_s, stride.side, median, frames, settings.rate_hz
            )
        )
        if len(found) == settings.most_per_pass:
            break
    return found, reason


def _regular(
    first: Stride, strides: list[Stride], span: float, settings: MapClipSettings
) -> tuple[float, Message]:
    """Median stride time of the clip that starts with ``first``, and what is wrong with it, if anything."""
    chain = [first]
    own = sorted((s for s in strides if s.side is first.side), key=lambda s: s.start_s)
    for stride in own:
        if abs(stride.start_s - chain[-1].stop_s) <= settings.break_s:
            chain.append(stride)
    stop = first.start_s + span
    whole = [s for s in chain if s.stop_s <= stop + settings.break_s]
    median = float(np.median([s.duration_s for s in whole])) if whole else first.duration_s
    # a shorter clip than the map's needs proportionately fewer cycles, but one
    least = max(1, min(settings.least_cycles, int(settings.least_cycles * span / settings.span_s + 0.5)))
    if len(whole) < least:
        return median, message("reason.clip.few_cycles", least=least, side=named(first.side))
    odd = [s for s in whole if abs(s.duration_s - median) > settings.uneven * median]
    if odd:
        shortest = min(s.duration_s for s in odd)
        return median, message("reason.clip.uneven_cycles", seconds=shortest, usual_s=median)
    if stop - whole[-1].stop_s > (1.0 + settings.uneven) * median:
        early_s = stop - whole[-1].stop_s
        return median, message("reason.clip.cycles_break_off", side=named(first.side), seconds=early_s)
    other = [s for s in strides if s.side is first.side.other]
    if not any(first.start_s - 0.1 <= s.start_s and s.stop_s <= stop + settings.break_s for s in other):
        return median, message("reason.clip.no_cycle_of_foot", side=named(first.side.other))
    return median, NOTHING
