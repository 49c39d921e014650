"""The walking subject in gait coordinates: forward and up, its size, and each foot's own floor line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.kinematics.definitions import keypoint, load_definitions
from gaitviewer.analysis.signal.trajectory import belt_travel_px
from gaitviewer.core.arrays import segments
from gaitviewer.core.gait import BySide, Direction, Side, View, WalkingPass
from gaitviewer.core.pose import PoseSequence

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SPEED_SPAN_S = 0.08


@dataclass(frozen=True, slots=True, eq=False)
class GaitFrame:
    """One pass in gait coordinates, pixels.

    Attributes:
        points: [n, K, 2] ahead and up. In the side view "ahead" is the walking direction, in the coronal
            view it is the direction towards the subject's left.
        times: [n] seconds.
        leg_px: [n] hip-to-ankle length of the subject in each frame (NaN if never seen).
        speed_px_s: forward speed of the middle of the hips (side view; NaN in the coronal view).
        carried_px: [n] what was added to "ahead" for the belt of a treadmill; 0 over ground.
    """

    walking_pass: WalkingPass
    points: Array
    times: Array
    leg_px: Array
    speed_px_s: float
    carried_px: Array

    def point(self, side: Side, part: str) -> Array:
        """[n, 2] one keypoint of one side."""
        return self.points[:, keypoint(side, part)]


@dataclass(frozen=True, slots=True)
class FootFloor:
    """Where one foot stands in the picture, in gait coordinates.

    Attributes:
        slope: rise of the floor line per pixel forward.
        toe_level, heel_level: height of the resting toe and heel at forward 0, pixels; NaN if never at rest.
    """

    slope: float
    toe_level: float
    heel_level: float

    def toe_height(self, toe: Array) -> Array:
        """[n] height of the toe over its floor line, pixels."""
        return np.asarray(toe[:, 1] - self.slope * toe[:, 0] - self.toe_level)

    def heel_height(self, heel: Array) -> Array:
        """[n] height of the heel over the level at which it rests, pixels."""
        return np.asarray(heel[:, 1] - self.slope * heel[:, 0] - self.heel_level)


def gait_frame(pose: PoseSequence, walking_pass: WalkingPass, *, xy: Array) -> GaitFrame:
    """One pass in gait coordinates.

    Args:
        pose: cleaned keypoints with the sides right.
        walking_pass: which frames.
        xy: [T, K, 2] smoothed points of ``pose``.
    """
    rows = slice(walking_pass.start, walking_pass.stop)
    points = np.array(xy[rows], np.float64)
    times = np.asarray(pose.times[rows], np.float64)
    ahead = walking_pass.direction.forward_sign
    if walking_pass.view is View.CORONAL:
        # Facing the camera, the subject's left is on the right of the picture, unless that is mirrored.
        ahead = 1 if (walking_pass.direction is Direction.TOWARDS) != walking_pass.mirrored else -1
    points[..., 0] *= ahead
    points[..., 1] *= -1.0
    carried = belt_travel_px(walking_pass, times)
    points[..., 0] += carried[:, None]
    speed = float("nan")
    if walking_pass.view is View.SAGITTAL:
        middle = 0.5 * (points[:, keypoint(Side.LEFT, "hip"), 0] + points[:, keypoint(Side.RIGHT, "hip"), 0])
        speed = _slope(times, middle)
    leg = _leg_length(points, times, walking_pass)
    return GaitFrame(walking_pass, points, times, leg, speed, carried)


def _slope(x: Array, y: Array) -> float:
    good = np.isfinite(x) & np.isfinite(y)
    if good.sum() < 3:
        return float("nan")
    return float(np.polyfit(x[good], y[good], 1)[0])


def _leg_length(points: Array, times: Array, walking_pass: WalkingPass) -> Array:
    """[n] thigh plus shank in pixels: linear in time as 1/length, which is exact for steady perspective."""

    def chain(side: Side) -> Array:
        hip, knee, ankle = (points[:, keypoint(side, part)] for part in ("hip", "knee", "ankle"))
        return np.asarray(np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1))

    if walking_pass.near is not None and np.isfinite(chain(walking_pass.near)).sum() >= 3:
        length = chain(walking_pass.near)
    else:
        # A bent leg looks shorter from the front: the longer of the two is the straighter one.
        length = np.fmax(chain(Side.LEFT), chain(Side.RIGHT))
    good = np.isfinite(length) & (length > 0)
    if not good.any():
        return np.full(times.shape, np.nan)
    if good.sum() < 8:
        return np.full(times.shape, float(np.median(length[good])))
    inverse = 1.0 / length[good]
    fit = np.polyfit(times[good], inverse, 1)
    rest = inverse - np.polyval(fit, times[good])
    keep = np.abs(rest) <= 3.0 * 1.4826 * np.median(np.abs(rest)) + 1e-12
    fit = np.polyfit(times[good][keep], inverse[keep], 1)
    line = np.polyval(fit, times)
    return 1.0 / np.clip(line, 0.5 * float(inverse.min()), 2.0 * float(inverse.max()))


def speed_of(point: Array, times: Array) -> Array:
    """[n] speed of a point, pixels per second, over a span of about 80 ms (NaN beside gaps).

    A longer span than one frame keeps the noise of the points from looking like movement.
    """
    if times.size < 3:
        return np.full(times.shape, np.nan)
    reach = max(1, round(_SPEED_SPAN_S / 2 / float(np.median(np.diff(times)))))
    index = np.arange(times.size)
    before, after = np.maximum(index - reach, 0), np.minimum(index + reach, times.size - 1)
    moved = np.linalg.norm(point[after] - point[before], axis=1)
    return np.asarray(moved / (times[after] - times[before]))


def at_rest(frame: GaitFrame, point: Array) -> Mask:
    """[n] where a point of the foot stands still."""
    limit = load_definitions().still_speed * abs(frame.speed_px_s)
    return np.asarray(speed_of(point, frame.times) < limit)


def _rests(frame: GaitFrame, side: Side, part: str) -> list[Array]:
    """Middle position of a foot point for each time it stands still."""
    point = frame.point(side, part)
    shortest = 0.5 * load_definitions().flat_foot_seconds
    found = []
    for start, stop in segments(at_rest(frame, point)):
        if frame.times[stop - 1] - frame.times[start] >= shortest:
            found.append(np.asarray(np.median(point[start:stop], axis=0)))
    return found


def fit_floor(frame: GaitFrame) -> BySide[FootFloor]:
    """Each foot's own floor line: one slope for the pass, levels for each toe and heel.

    The lines of the two feet differ in height because they are at different distances from the camera.
    """
    groups = {(side, part): _rests(frame, side, part) for side in Side for part in ("big_toe", "heel")}
    slope = _floor_slope(frame, groups)

    def level(side: Side, part: str) -> float:
        heights = [float(p[1] - slope * p[0]) for p in groups[side, part]]
        return float(np.median(heights)) if heights else float("nan")

    def lowest(side: Side, part: str) -> float:
        # A heel may also rest while it is up (before toe-off of a stiff foot): the lowest rest is the floor.
        heights = [float(p[1] - slope * p[0]) for p in groups[side, part]]
        if not heights:
            return float("nan")
        near = load_definitions().floor_tolerance_leg * float(np.nanmedian(frame.leg_px))
        return float(np.median([h for h in heights if h <= min(heights) + near]))

    return BySide(*(FootFloor(slope, level(side, "big_toe"), lowest(side, "heel")) for side in Side))


def _floor_slope(frame: GaitFrame, groups: dict[tuple[Side, str], list[Array]]) -> float:
    """Common slope of the lines through the resting toes of both feet (0 where too short to tell)."""
    ahead, up = [], []
    for side in Side:
        rests = groups[side, "big_toe"]
        if len(rests) < 2:
            continue
        middle = np.mean(rests, axis=0)
        ahead += [float(p[0] - middle[0]) for p in rests]
        up += [float(p[1] - middle[1]) for p in rests]
    needed = load_definitions().floor_span_leg * float(np.nanmedian(frame.leg_px))
    if not ahead or max(ahead) - min(ahead) < needed:
        return 0.0
    return float(np.dot(ahead, up) / np.dot(ahead, ahead))


def camera_roll_deg(frame: GaitFrame, floor: BySide[FootFloor]) -> float:
    """Roll of the camera as the slope of the floor, degrees; 0 where the subject walks in depth.

    Somebody who comes nearer walks down the picture of a level camera: such a slope is no roll.
    """
    size = frame.leg_px[np.isfinite(frame.leg_px)]
    if size.size < 2 or abs(size[-1] - size[0]) > load_definitions().steady_size * float(size.mean()):
        return 0.0
    return float(np.degrees(np.arctan(floor.left.slope)))
