"""One stride with everything that is read from it: curves on 101 points, foot heights, phases, noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.kinematics.angles import AngleTable, angles_of_frame, sample
from gaitviewer.analysis.kinematics.definitions import load_definitions
from gaitviewer.analysis.kinematics.floor import Array, GaitFrame
from gaitviewer.analysis.kinematics.smoothed import SmoothedPass, SmoothedView
from gaitviewer.core.arrays import segments
from gaitviewer.core.gait import BySide, Side, Stride, View, WalkingPass
from gaitviewer.core.measures import CYCLE_POINTS
from gaitviewer.core.remarks import RemarkKind
from gaitviewer.messages import NOTHING, Message, message

NOWHERE = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class StrideMeasures:
    """One stride of one limb in one view.

    All percentages are of the gait cycle; NaN = unknown.

    Attributes:
        stride: which.   walking_pass: where it was seen (None for a curve without a picture).
        curves: angle name -> [101] of this limb.
        toe_height, heel_height: [101] height of toe and heel over their own floor levels, part of the leg
            length; empty where the view does not show it.
        adjacent_percent: the swing ankle passes the stance ankle; adjacent_note says where it is taken from.
        last_frame_percent: the last frame before the next initial contact.
        zero_taken: whether the flat-foot zero of this foot is known.
        leg_px, toe_noise_px: leg length, and standard deviation of the smoothed toe's noise, pixels.
        error_known: whether it is known how far the points of the pose model are off.
        dropped: angle name -> why its curve is not among ``curves``.
        noise: angle name -> standard deviation of the noise that smoothing leaves in its curve.
        stride_leg, step_leg: stride length, and length of the step that ends the stride, in leg lengths.
        frame_times: [n] times of the frames of the pass, for finding the picture of a moment.
    """

    stride: Stride
    curves: Mapping[str, Array]
    walking_pass: WalkingPass | None = None
    toe_height: Array = field(default_factory=lambda: np.empty(0))
    heel_height: Array = field(default_factory=lambda: np.empty(0))
    adjacent_percent: float = NOWHERE
    adjacent_note: Message = NOTHING
    last_frame_percent: float = NOWHERE
    zero_taken: bool = True
    leg_px: float = NOWHERE
    toe_noise_px: float = NOWHERE
    error_known: bool = True
    dropped: Mapping[str, Message] = field(default_factory=dict)
    noise: Mapping[str, float] = field(default_factory=dict)
    stride_leg: float = NOWHERE
    step_leg: float = NOWHERE
    frame_times: Array = field(default_factory=lambda: np.empty(0))

    @property
    def toe_off_percent(self) -> float:
        """Toe-off."""
        return 100.0 * self.stride.stance_fraction

    @property
    def opposite_toe_off_percent(self) -> float:
        """Toe-off of the other limb."""
        return self._percent(self.stride.opposite_toe_off_s)

    @property
    def opposite_contact_percent(self) -> float:
        """Initial contact of the other limb."""
        return self._percent(self.stride.opposite_contact_s)

    @property
    def event_sigma_percent(self) -> float:
        """Standard error of the events."""
        return 100.0 * self.stride.event_sigma_s / self.stride.duration_s

    def _percent(self, time_s: float | None) -> float:
        if time_s is None:
            return NOWHERE
        return self.stride.percent_at(time_s)

    def time_at(self, percent: float) -> float:
        """Seconds in the video's time."""
        return self.stride.time_at(percent)

    def frame_at(self, percent: float) -> int:
        """Number of the frame nearest to a moment of the cycle."""
        if self.walking_pass is None or self.frame_times.size == 0:
            raise ValueError("a curve without a picture has no frames")
        nearest = int(np.argmin(np.abs(self.frame_times - self.time_at(percent))))
        return self.walking_pass.start + nearest


def smooth_curve(curve: Array) -> Array:
    """[101] a curve through local parabolas: keeps peaks where they are, takes noise off them.

    Without it the largest of many noisy values is read as the peak. Gaps stay gaps.
    """
    from scipy.signal import savgol_filter

    width = 2 * int(load_definitions().peak_half_width) + 1
    result = np.array(curve, np.float64)
    for start, stop in segments(np.isfinite(curve)):
        if stop - start >= width:
            result[start:stop] = savgol_filter(curve[start:stop], width, 2)
    return result


def stride_measures_of_view(
    seen: SmoothedView, *, flat_foot_zero_deg: BySide[float | None]
) -> tuple[StrideMeasures, ...]:
    """All strides of a view, counting or not, in their order.

    Args:
        seen: one view.
        flat_foot_zero_deg: pitch of each foot when flat.
    """
    motion = seen.motion
    built: list[StrideMeasures] = []
    for index, one in enumerate(seen.passes):
        strides = [s for s in motion.strides if s.pass_index == index]
        if strides:
            built += _strides_of_pass(seen, one, strides, zero=flat_foot_zero_deg)
    order = {stride.key: number for number, stride in enumerate(motion.strides)}
    return tuple(sorted(built, key=lambda c: order[c.stride.key]))


def _strides_of_pass(
    seen: SmoothedView, one: SmoothedPass, strides: list[Stride], *, zero: BySide[float | None]
) -> list[StrideMeasures]:
    motion = seen.motion
    frame, floors, pose = one.frame, one.floor, motion.pose
    centre_px, rate_hz = pose.width / 2.0, pose.rate_hz
    table = angles_of_frame(frame, flat_foot_zero_deg=zero, floor=floors, centre_px=centre_px)
    raw = angles_of_frame(one.unsmoothed, flat_foot_zero_deg=zero, centre_px=centre_px)
    noise = _curve_noise(raw, table, rate_hz)
    cycles = []
    for stride in strides:
        side = stride.side
        wanted = stride.start_s + np.linspace(0.0, 1.0, CYCLE_POINTS) * stride.duration_s
        cycle = StrideMeasures(
            stride=stride,
            walking_pass=frame.walking_pass,
            curves={name: sample(frame.times, v, wanted) for (name, s), v in table.items() if s is side},
            noise={name: sd for (name, s), sd in noise.items() if s is side},
            last_frame_percent=_last_frame_percent(frame.times, stride),
            zero_taken=zero[side] is not None,
            leg_px=float(np.interp(0.5 * (stride.start_s + stride.stop_s), frame.times, frame.leg_px)),
            error_known=not (motion.remarks is not None and motion.remarks.has(RemarkKind.ERROR_UNKNOWN)),
            frame_times=frame.times,
        )
        if floors is not None:
            floor, toe, heel = floors[side], frame.point(side, "big_toe"), frame.point(side, "heel")
            raw_toe = one.unsmoothed.point(side, "big_toe")
            cycle = replace(
                cycle,
                toe_height=sample(frame.times, floor.toe_height(toe) / frame.leg_px, wanted),
                heel_height=sample(frame.times, floor.heel_height(heel) / frame.leg_px, wanted),
                adjacent_percent=_adjacent_percent(frame, stride),
                adjacent_note=message("remark.feet_adjacent"),
                toe_noise_px=_noise_left(raw_toe[:, 1], toe[:, 1], rate_hz),
                stride_leg=_stride_leg(frame, stride),
                step_leg=_step_leg(frame, stride),
            )
        cycles.append(cycle)
    return cycles


def _last_frame_percent(times: Array, stride: Stride) -> float:
    """The last frame that is really before the next contact (a frame at the very moment is not)."""
    before = times[times < stride.stop_s - 1e-3]
    if before.size == 0:
        return NOWHERE
    return 100.0 * (float(before[-1]) - stride.start_s) / stride.duration_s


def _adjacent_percent(frame: GaitFrame, stride: Stride) -> float:
    """When the swinging ankle passes the standing one, between opposite toe-off and opposite contact."""
    if stride.opposite_contact_s is None:
        return NOWHERE
    begin = stride.opposite_toe_off_s if stride.opposite_toe_off_s is not None else stride.start_s
    lead = (frame.point(stride.side.other, "ankle") - frame.point(stride.side, "ankle"))[:, 0]
    inside = (frame.times >= begin) & (frame.times <= stride.opposite_contact_s) & np.isfinite(lead)
    times, lead = frame.times[inside], lead[inside]
    crossings = np.flatnonzero((lead[:-1] < 0) & (lead[1:] >= 0))
    if crossings.size == 0:
        return NOWHERE
    at = int(crossings[-1])
    part = float(-lead[at] / (lead[at + 1] - lead[at]))
    moment = float(times[at] + part * (times[at + 1] - times[at]))
    return 100.0 * (moment - stride.start_s) / stride.duration_s


def _foot_ahead(frame: GaitFrame, side: Side) -> Array:
    """[n] forward position of a foot: its heel, or the ankle in frames that hide the heel."""
    heel, ankle = frame.point(side, "heel")[:, 0], frame.point(side, "ankle")[:, 0]
    return np.where(np.isfinite(heel), heel, ankle) if np.isfinite(heel).mean() > 0.5 else ankle


def _in_plane(frame: GaitFrame) -> float:
    """What part of a length along the walking direction the picture shows."""
    angle = frame.walking_pass.out_of_plane_deg
    return float(np.cos(np.radians(angle))) if np.isfinite(angle) and abs(angle) < 60.0 else 1.0


def _stride_leg(frame: GaitFrame, stride: Stride) -> float:
    """Distance between two contacts of the same foot, leg lengths; unknown on a treadmill."""
    if frame.walking_pass.on_treadmill:
        return NOWHERE
    ends = np.array([stride.start_s, stride.stop_s])
    start, stop = sample(frame.times, _foot_ahead(frame, stride.side), ends)
    leg = float(np.interp(ends.mean(), frame.times, frame.leg_px))
    return float(stop - start) / leg / _in_plane(frame)


def _step_leg(frame: GaitFrame, stride: Stride) -> float:
    """Distance between the feet at the contact that ends the stride, leg lengths; unknown on a treadmill."""
    if frame.walking_pass.on_treadmill:
        return NOWHERE
    lead = _foot_ahead(frame, stride.side) - _foot_ahead(frame, stride.side.other)
    at = np.array([stride.stop_s])
    leg = float(np.interp(stride.stop_s, frame.times, frame.leg_px))
    return float(sample(frame.times, lead, at)[0]) / leg / _in_plane(frame)


def _noise_left(raw: Array, smooth: Array, rate_hz: float) -> float:
    """Standard deviation of the noise that smoothing leaves in a signal, from what it took away.

    The filter lets the part ``cut-off / (rate / 2)`` of white noise through.
    """
    from gaitviewer.analysis.signal.cleaning import default_cutoff_hz

    removed = raw - smooth
    removed = removed[np.isfinite(removed)]
    if removed.size < 8:
        return NOWHERE
    spread = 1.4826 * float(np.median(np.abs(removed - np.median(removed))))
    passed = min(0.9, default_cutoff_hz(rate_hz) / (0.5 * rate_hz))
    return spread * float(np.sqrt(passed / (1.0 - passed)))


def _curve_noise(raw: AngleTable, smooth: AngleTable, rate_hz: float) -> dict[tuple[str, Side], float]:
    """Noise of every angle after smoothing, in its unit (0 where too little was seen to tell)."""
    noise = {key: _noise_left(raw[key], smooth[key], rate_hz) for key in smooth}
    return {key: sd if np.isfinite(sd) else 0.0 for key, sd in noise.items()}


def with_adjacent_from(
    coronal: tuple[StrideMeasures, ...], sagittal: tuple[StrideMeasures, ...], *, offset_s: float | None
) -> tuple[StrideMeasures, ...]:
    """Coronal cycles with mid-stance from the side view where the same stride was seen there.

    Elsewhere mid-stance is the midpoint of opposite toe-off and opposite contact, and says so.
    """
    return tuple(_with_mid_stance(cycle, sagittal, offset_s) for cycle in coronal)


def _with_mid_stance(
    cycle: StrideMeasures, sagittal: tuple[StrideMeasures, ...], offset_s: float | None
) -> StrideMeasures:
    if offset_s is not None and cycle.stride.events_from is View.SAGITTAL:
        for other in sagittal:
            same = other.stride.side is cycle.stride.side
            near = abs(other.stride.start_s + offset_s - cycle.stride.start_s) < 0.02
            if same and near and np.isfinite(other.adjacent_percent):
                note = message("remark.mid_stance.from_side_view")
                return replace(cycle, adjacent_percent=other.adjacent_percent, adjacent_note=note)
    midpoint = 0.5 * (cycle.opposite_toe_off_percent + cycle.opposite_contact_percent)
    note = message("remark.mid_stance.midpoint")
    return replace(cycle, adjacent_percent=midpoint, adjacent_note=note)


def stack(cycles: list[StrideMeasures], angle: str) -> NDArray[np.float64]:
    """[strides, 101] one angle of several cycles."""
    rows = [np.asarray(c.curves[angle]) for c in cycles if angle in c.curves]
    return np.stack(rows) if rows else np.empty((0, CYCLE_POINTS))
