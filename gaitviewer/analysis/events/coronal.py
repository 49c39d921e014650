"""Initial contacts and toe-offs from an end view alone: rougher than from the side.

With a camera at about hip height the foot nearer to the camera appears lower in the picture, so the height
difference of the two feet swings once in a stride and finds each step; how fast toes fall and heels rise in
the picture places the events. All biases were measured on marker data in simulated end views.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaitviewer.analysis.events.consensus import (
    WeightedEvent,
    enforce_alternation,
    flag_disorder,
    weight_events,
)
from gaitviewer.analysis.events.sagittal import (
    DetectedEvent,
    extreme,
    find_peaks,
    typical_stride,
    up_sample,
    window_around,
)
from gaitviewer.analysis.settings import CoronalSettings, DetectorSettings, motion_settings
from gaitviewer.analysis.signal.cleaning import F8
from gaitviewer.analysis.signal.prepared import prepare_view
from gaitviewer.core.gait import BySide, Direction, EventKind, GaitEvent, GaitEvents, Side
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.skeleton import Keypoint


@dataclass(frozen=True, slots=True, eq=False)
class FeetFromAhead:
    """Both feet over a pass of an end view, up-sampled; NaN where they are not seen.

    Attributes:
        times: [N] seconds.
        ahead: [N] + where the left foot is ahead: height difference of the feet in the picture, body heights.
        toe_rise, heel_rise: [N] per side, upward speed in the picture, body heights a second.
    """

    times: F8
    ahead: F8
    toe_rise: BySide[F8]
    heel_rise: BySide[F8]


def detect_coronal(pose: PoseSequence, xy: F8, direction: Direction, *, frame_s: float) -> GaitEvents:
    """Initial contacts and toe-offs of both feet over one pass of an end view.

    Args:
        pose: cleaned keypoints of the pass, n frames, with the sides right.
        xy: [n, K, 2] the same smoothed, pixels.
        direction: where the subject walks.
        frame_s: time from frame to frame.
    """
    events = motion_settings().events
    s = events.coronal[direction.name.lower()]
    feet = _track_feet(pose, xy, direction)
    out: list[GaitEvent] = []
    for side in Side:
        # while this foot is ahead it comes down and the other one leaves the floor
        sign = 1.0 if side is Side.LEFT else -1.0
        ahead = find_peaks(feet.times, sign * feet.ahead)
        behind = find_peaks(feet.times, -sign * feet.ahead)
        weighed: list[WeightedEvent] = []
        for kind, peaks, detectors, rise in (
            (EventKind.INITIAL_CONTACT, ahead, s.contact, -feet.toe_rise[side]),
            (EventKind.TOE_OFF, behind, s.toe_off, feet.heel_rise[side]),
        ):
            stride = typical_stride([time for time, _ in peaks])
            for time, prominence in peaks:
                found = _find(kind, feet.times, rise, time, prominence, detectors, stride_s=stride, s=s)
                weighed.append(
                    weight_events(
                        found, side, detectors, stride_s=stride, frame_s=frame_s, base_sd_s=s.base_sd_s
                    )
                )
        out += enforce_alternation(weighed)
    return GaitEvents(tuple(flag_disorder(out)))


def _track_feet(pose: PoseSequence, xy: F8, direction: Direction) -> FeetFromAhead:
    """Up-sample both feet over a pass of an end view."""
    times, size = pose.times, prepare_view(pose).trajectory.height_px
    seen = np.isfinite(size)
    grid = np.arange(times[0], times[-1], 1.0 / motion_settings().events.grid_hz)
    if not seen.any():
        nothing = np.full(len(grid), np.nan)
        return FeetFromAhead(grid, nothing, BySide(nothing, nothing), BySide(nothing, nothing))
    height = np.interp(grid, times[seen], size[seen])

    def down(name: str) -> F8:
        return up_sample(grid, times, xy[:, Keypoint[name]])[:, 1]

    towards = direction is Direction.TOWARDS
    # the heel hides the toes from behind, and its rise blurs the step: each direction has its better point
    point = "HEEL" if towards else "BIG_TOE"
    # the difference of two feet on the floor shrinks with the square of the distance, a lifted foot with the
    # distance itself: the power between keeps far and near steps alike
    even = float(np.median(height)) ** 0.5 / height**1.5
    apart = (down(f"LEFT_{point}") - down(f"RIGHT_{point}")) * even
    toes = [-np.gradient(down(f"{side.name}_BIG_TOE"), grid) / height for side in Side]
    heels = [-np.gradient(down(f"{side.name}_HEEL"), grid) / height for side in Side]
    return FeetFromAhead(grid, apart if towards else -apart, BySide(*toes), BySide(*heels))


def _find(
    kind: EventKind,
    times: F8,
    rise: F8,
    peak_s: float,
    prominence: float,
    detectors: dict[str, DetectorSettings],
    *,
    stride_s: float,
    s: CoronalSettings,
) -> DetectedEvent:
    """The step's own time, and the fastest fall or rise of the foot near where that puts the event."""
    rows = [("step", peak_s)]
    likely = peak_s - detectors["step"].bias(stride_s) + detectors["foot_velocity"].bias(stride_s)
    moment = extreme(times, rise, window_around(times, likely, s.search_s))
    if moment is not None:
        rows.append(("foot_velocity", moment))
    return DetectedEvent(kind, tuple(rows), prominence)
