"""Initial contacts and toe-offs of a walking pass: several detectors, one consensus, the right order.

In a side view Zeni finds each event, the foot's speed places it and the vertical velocity is heard; each
detector's known bias is removed first (``resources/events.toml``). Where they are too far apart the event is
flagged.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gaitviewer.analysis.events.consensus import (
    WeightedEvent,
    enforce_alternation,
    flag_disorder,
    weight_events,
)
from gaitviewer.analysis.events.coronal import detect_coronal
from gaitviewer.analysis.events.sagittal import FINDERS, FootTrack, track_feet, typical_stride
from gaitviewer.analysis.settings import motion_settings
from gaitviewer.core.gait import EventKind, GaitEvent, GaitEvents, Side, View, WalkingPass
from gaitviewer.core.pose import PoseSequence


def detect_events(pose: PoseSequence, walking_pass: WalkingPass) -> GaitEvents:
    """Initial contacts and toe-offs of both feet over one pass.

    Args:
        pose: cleaned keypoints with the sides right (after ``apply_sides``).
        walking_pass: the pass to look at.

    Returns:
        Events in time order, contacts and toe-offs alternating for each foot. A pass in which no foot is seen
        well enough has none. Those of an end view are rougher and say so by their standard error.
    """
    if walking_pass.view is View.CORONAL:
        return detect_coronal(pose, walking_pass)
    frame_s = float(np.median(np.diff(pose.times)))
    events: list[GaitEvent] = []
    feet = track_feet(pose, walking_pass)
    for side in Side:
        events += enforce_alternation(_events_of(feet[side], side, frame_s=frame_s))
    return GaitEvents(tuple(flag_disorder(events)))


def _events_of(foot: FootTrack, side: Side, *, frame_s: float) -> list[WeightedEvent]:
    """All events of one foot, contacts before toe-offs."""
    s = motion_settings().events
    out: list[WeightedEvent] = []
    for finder in FINDERS:
        found = finder(foot)
        stride = typical_stride([dict(one.detectors)["zeni"] for one in found])
        for one in found:
            detectors = s.contact if one.kind is EventKind.INITIAL_CONTACT else s.toe_off
            weighed = weight_events(
                one, side, detectors, stride_s=stride, frame_s=frame_s, base_sd_s=s.base_sd_s
            )
            if foot.stand_in:
                unsure = float(np.hypot(weighed.event.sigma_s, s.ankle_sd_s))
                weighed = replace(weighed, event=replace(weighed.event, sigma_s=unsure))
            near = s.disagree_s  # the first frames beside what hides a foot are no surer
            if any(first - near < weighed.event.time_s < last + near for first, last in foot.bridged):
                unsure = float(np.hypot(weighed.event.sigma_s, s.hidden_sd_s))
                weighed = replace(weighed, event=replace(weighed.event, sigma_s=unsure, agreed=False))
            out.append(weighed)
    return out
