"""Angles in the picture, frame by frame, and one gait cycle of them on 101 points.

Side view: flexion and dorsiflexion of hip, knee and ankle, foot pitch, trunk tilt, pelvic rotation.
Coronal view: obliquities, trunk lean and shift, foot progression. The signs are those of
``resources/angles.toml``; each is tested by mirroring the body.
"""

from __future__ import annotations

import numpy as np

from gaitviewer.analysis.kinematics.definitions import load_definitions
from gaitviewer.analysis.kinematics.floor import (
    Array,
    FootFloor,
    GaitFrame,
    at_rest,
    camera_roll_deg,
    fit_floor,
)
from gaitviewer.core.arrays import segments
from gaitviewer.core.gait import BySide, Side, View

AngleTable = dict[tuple[str, Side], Array]


def angles_of_frame(
    frame: GaitFrame,
    *,
    flat_foot_zero_deg: BySide[float | None] | None = None,
    floor: BySide[FootFloor] | None = None,
    centre_px: float | None = None,
) -> AngleTable:
    """Every angle of the pass's view, [n] for each frame of the pass, NaN where points are missing.

    Args:
        frame: the pass in gait coordinates.
        flat_foot_zero_deg: pitch of each foot when it is flat on the floor; None = taken as 0.
        floor: each foot's floor line (side view); fitted here if not given.
        centre_px: column of the picture's centre, for the pelvic rotation.
    """
    if frame.walking_pass.view is View.CORONAL:
        return coronal_angles(frame)
    return sagittal_angles(frame, flat_foot_zero_deg=flat_foot_zero_deg, floor=floor, centre_px=centre_px)


def sagittal_angles(
    frame: GaitFrame,
    *,
    flat_foot_zero_deg: BySide[float | None] | None = None,
    floor: BySide[FootFloor] | None = None,
    centre_px: float | None = None,
) -> AngleTable:
    """Angles of the side view, degrees, [n] each."""
    floor = fit_floor(frame) if floor is None else floor
    zero = BySide(None, None) if flat_foot_zero_deg is None else flat_foot_zero_deg
    roll = camera_roll_deg(frame, floor)
    trunk = _lean(_middle(frame, "hip"), _middle(frame, "shoulder")) + roll
    tilt = load_definitions().neutral_pelvic_tilt_deg
    table: AngleTable = {}
    for side in Side:
        hip, knee, ankle = (frame.point(side, part) for part in ("hip", "knee", "ankle"))
        # Lean of a segment: how far its upper end is ahead of its lower end, against the vertical.
        thigh, shank = _lean(knee, hip) + roll, _lean(ankle, knee) + roll
        pitch = foot_pitch(frame, side) - np.degrees(np.arctan(floor[side].slope))
        at_zero = pitch - (zero[side] or 0.0)
        table["hip_flexion", side] = trunk - thigh + tilt
        table["knee_flexion", side] = shank - thigh
        table["ankle_dorsiflexion", side] = at_zero + shank
        table["foot_pitch", side] = at_zero
        table["trunk_tilt", side] = trunk
        table["pelvic_rotation", side] = _pelvic_rotation(frame, side, centre_px)
    # Hip and ankle lean by the picture's vertical, the knee does not; all stay within half a turn.
    return {name: _wrapped(values) for name, values in table.items()}


def coronal_angles(frame: GaitFrame) -> AngleTable:
    """Angles of the coronal view, [n] each: degrees, shift in per cent of the leg length."""
    hips, shoulders = _middle(frame, "hip"), _middle(frame, "shoulder")
    table: AngleTable = {}
    for side in Side:
        outward = 1.0 if side is Side.LEFT else -1.0  # "ahead" of a coronal frame is the subject's left
        table["pelvic_obliquity", side] = _obliquity(frame, side, "hip", outward)
        table["shoulder_obliquity", side] = _obliquity(frame, side, "shoulder", outward)
        table["trunk_lateral_lean", side] = outward * _lean(hips, shoulders)
        table["trunk_lateral_shift", side] = 100.0 * outward * (shoulders - hips)[:, 0] / frame.leg_px
        table["foot_progression", side] = _foot_progression(frame, side, outward)
    return table


def foot_pitch(frame: GaitFrame, side: Side) -> Array:
    """[n] pitch of the line heel to toe against the picture's horizontal, toes up positive, degrees."""
    line = frame.point(side, "big_toe") - frame.point(side, "heel")
    return np.asarray(np.degrees(np.arctan2(line[:, 1], line[:, 0])))


def flat_foot_pitch(frame: GaitFrame, side: Side, floor: BySide[FootFloor]) -> Array:
    """Pitch in every frame in which this foot stands flat: heel and toe still and at their floor levels.

    Empty where the heel never comes down, so that an equinus is not taken for a flat foot.
    """
    rules = load_definitions()
    heel, toe = frame.point(side, "heel"), frame.point(side, "big_toe")
    near = rules.floor_tolerance_leg * float(np.nanmedian(frame.leg_px))
    with np.errstate(invalid="ignore"):
        flat = at_rest(frame, heel) & at_rest(frame, toe)
        flat &= np.abs(floor[side].heel_height(heel)) < near
        flat &= np.abs(floor[side].toe_height(toe)) < near
    pitch = foot_pitch(frame, side) - np.degrees(np.arctan(floor[side].slope))
    found = [
        pitch[a:b]
        for a, b in segments(np.asarray(flat, np.bool_))
        if frame.times[b - 1] - frame.times[a] >= rules.flat_foot_seconds
    ]
    return np.concatenate(found) if found else np.empty(0)


def choose_flat_foot_zero(pitches: BySide[Array]) -> BySide[float | None]:
    """The zero of each foot from all its flat frames, or None where the foot is never believed to be flat.

    Toes up is how the keypoints lie: no resting foot stands on its heel. Toe-down may also be a heel that is
    held off the floor, so less of it is believed the more it is (:func:`_believed`).
    """
    left, right = (float(np.median(one)) if one.size else None for one in (pitches.left, pitches.right))
    if left is not None and right is not None:
        # One heel resting on the floor and the other one up look alike; the toe-down one is not flat.
        apart = load_definitions().flat_foot_difference_deg
        if left < right - apart:
            left = None
        elif right < left - apart:
            right = None
    return BySide(_believed(left), _believed(right))


def _believed(pitch: float | None) -> float | None:
    """What of a resting foot's pitch is the zero: all near 0, nothing where the heel is surely up."""
    rules = load_definitions()
    if pitch is None or not -rules.toe_down_limit_deg < pitch <= rules.toes_up_limit_deg:
        return None
    down = -pitch
    if down <= rules.toe_down_believed_deg:
        return pitch
    rest = (rules.toe_down_limit_deg - down) / (rules.toe_down_limit_deg - rules.toe_down_believed_deg)
    return -rules.toe_down_believed_deg * rest


def sample(times: Array, values: Array, wanted: Array) -> Array:
    """``values`` at the times ``wanted``, NaN in and around long gaps."""
    from scipy.interpolate import CubicSpline

    result = np.full(wanted.shape, np.nan)
    good = np.isfinite(values)
    if good.sum() < 2:
        return result
    t, v = times[good], values[good]
    step = float(np.median(np.diff(times)))
    bridge = max(load_definitions().bridge_seconds, 1.5 * step)
    cuts = np.flatnonzero(np.diff(t) > bridge) + 1
    for part_t, part_v in zip(np.split(t, cuts), np.split(v, cuts), strict=True):
        inside = (wanted >= part_t[0] - step) & (wanted <= part_t[-1] + step)
        if not inside.any() or part_t.size < 2:
            continue
        # Never extrapolated: within one frame of the end, the end's own value.
        at = np.clip(wanted[inside], part_t[0], part_t[-1])
        smooth = part_t.size >= 4
        result[inside] = CubicSpline(part_t, part_v)(at) if smooth else np.interp(at, part_t, part_v)
    return result


def _lean(low: Array, high: Array) -> Array:
    """[n] lean of the line from ``low`` to ``high`` against the vertical, ahead positive, degrees."""
    line = high - low
    return np.asarray(np.degrees(np.arctan2(line[:, 0], line[:, 1])))


def _wrapped(angle: Array) -> Array:
    return np.asarray((angle + 180.0) % 360.0 - 180.0)


def _middle(frame: GaitFrame, part: str) -> Array:
    """[n, 2] middle of a left and a right point; the better seen one alone where the other is mostly hidden."""
    left, right = frame.point(Side.LEFT, part), frame.point(Side.RIGHT, part)
    seen = [float(np.isfinite(p[:, 0]).mean()) for p in (left, right)]
    both = np.asarray(0.5 * (left + right))
    if frame.walking_pass.view is View.CORONAL or np.isfinite(both[:, 0]).mean() >= 0.8 * max(seen):
        return both
    return left if seen[0] >= seen[1] else right


def _obliquity(frame: GaitFrame, side: Side, part: str, outward: float) -> Array:
    line = frame.point(side, part) - frame.point(side.other, part)
    across = outward * line[:, 0]
    with np.errstate(invalid="ignore"):
        angle = np.degrees(np.arctan2(line[:, 1], across))
        return np.where(across > 0, angle, np.nan)  # crossed sides: not to be believed


def _foot_progression(frame: GaitFrame, side: Side, outward: float) -> Array:
    """Sideways part of the foot against an assumed foot length, without what perspective alone would show."""
    rules = load_definitions()
    heel, toe = frame.point(side, "heel"), frame.point(side, "big_toe")
    middle = _middle(frame, "hip")[:, 0]
    growth = np.gradient(np.log(frame.leg_px), frame.times) if frame.times.size > 2 else np.zeros(1)
    good = np.isfinite(middle) & np.isfinite(frame.leg_px)
    if good.sum() >= 8 and np.ptp(frame.leg_px[good]) > 0.05 * np.median(frame.leg_px[good]):
        away = float(np.polyfit(frame.leg_px[good], middle[good], 1)[1])  # where it would vanish
    else:
        away = float(np.median(middle[good])) if good.any() else float("nan")
    seconds = rules.foot_per_leg / rules.speed_leg_per_s  # time to walk one foot length
    perspective = (heel[:, 0] - away) * growth * seconds
    sideways = outward * ((toe - heel)[:, 0] - perspective)
    with np.errstate(invalid="ignore"):
        part = sideways / (rules.foot_per_leg * frame.leg_px)
        return np.asarray(np.degrees(np.arcsin(np.where(np.abs(part) <= 1.0, part, np.nan))))


def _pelvic_rotation(frame: GaitFrame, side: Side, centre_px: float | None) -> Array:
    """That hip ahead of the other one against an assumed hip distance, perspective taken out."""
    ahead = (frame.point(side, "hip") - frame.point(side.other, "hip"))[:, 0]
    if centre_px is not None:
        # Off the middle of the picture the camera sees the hips obliquely: an offset that grows with the
        # distance from the middle and is no rotation.
        centre = frame.carried_px + centre_px * frame.walking_pass.direction.forward_sign
        off = _middle(frame, "hip")[:, 0] - centre
        good = np.isfinite(ahead) & np.isfinite(off)
        if good.any() and float(np.dot(off[good], off[good])) > 0:
            ahead = ahead - off * float(np.dot(ahead[good], off[good]) / np.dot(off[good], off[good]))
    part = ahead / (load_definitions().hips_per_leg * frame.leg_px)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.degrees(np.arcsin(np.where(np.abs(part) <= 1.0, part, np.nan))))
