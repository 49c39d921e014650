"""Motion capture markers seen by two virtual cameras, as keypoints in the program's own layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import readonly_array
from gaitviewer.core.gait import ByView, Side, View
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import GIVEN, Sync, Trial, VideoStream
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.core.timing import VideoInfo
from gaitviewer.errors import FormatError, SettingsError
from gaitviewer.formats.markers import MarkerTrial
from gaitviewer.messages import Message, message
from gaitviewer.synthesis.filming.cameras import Camera, coronal_camera, sagittal_camera

_MARGIN_M = 0.7  # around the walk in the picture
_HEIGHT_M = 2.4  # of the picture, at the walk
_LEAST_DISTANCE_M = 3.5  # of the subject from the end camera
_FAR_M = 10.0  # a camera without perspective stands
RATE_HZ = 60.0  # of rendered videos where no rate is asked for

# Markers that stand for each keypoint, the first one present counts: Plug-in Gait (joint centres), then the
# names of OpenSim's full-body sets. Several names joined by "+" are averaged. {s} is L or R, {r} l or r.
_MARKERS: dict[str, tuple[str, ...]] = {
    "ear": ("{s}FHD+{s}BHD", "{s}FHD", "{s}BHD"),
    "shoulder": ("{s}SHO", "{s}_Shoulder"),
    "elbow": ("{s}ELB", "{s}_elbow_lat"),
    "wrist": ("{s}WRA+{s}WRB", "{s}WRA", "{s}WRB", "{s}_wrist_radius+{s}_wrist_ulna"),
    "hip": ("{s}FEP", "{s}HJC", "{s}_HJC"),
    "knee": ("{s}FEO", "{s}_knee", "{r}_knee"),
    "ankle": ("{s}TIO", "{s}AJC", "{s}_ankle", "{r}_ankle"),
    # TOO, the origin of Plug-in Gait's toe segment, turns with the rigid foot and dives up to 6 cm below the
    # floor at toe-off: a marker on the second metatarsal head stands for the toe.
    "big_toe": ("{s}TOE", "{s}TOO", "{s}_toe", "{r}_toe"),
    "small_toe": ("{s}D5M", "{s}_5meta", "{r}_5meta"),
    "heel": ("{s}HEE", "{s}_calc", "{r}_calc"),
}
_NOSE = ("LFHD+RFHD",)
_NEEDED = ("hip", "knee", "ankle", "big_toe", "heel")

_UPRIGHT = 0.8  # share of the line from ankles to hips that lies along the vertical axis of the laboratory
_LEG_M = (0.2, 1.3)  # hip to ankle along thigh and shank, of small children to tall adults
_CROSSED = 0.3  # of the distance between the hips: the left one this far on the right is no mere noise


@dataclass(frozen=True, slots=True)
class ValidationOptions:
    """How the virtual cameras see the markers.

    Attributes:
        rate_hz: frame rate of the cameras; None for the sampling rate of each file.
        noise_px: SD of the independent Gaussian error of each keypoint, per axis and frame, pixels.
        yaw_deg: turn of both cameras about the vertical, away from side-on and end-on.
        pixels_per_metre: scale at the middle of the walk.
        seeds: how often the noise is drawn (once without noise).
        distance_m: of the side camera; None for one without perspective. The end camera always has one.
        camera_height_m: of both cameras over the floor; None for level ones at the height of the trunk.
        render: film a body drawn on the markers, and measure from its pixels.
        bodies: how many bodies, rooms and cameras are drawn for each file; 0 for a plain one alone.
        seed: of the bodies; each is a function of it, the file and its number.
        subject: whom to take of files that hold several people.
        pose_model: what finds the keypoints of a filmed body; "best" of those that are here.
        use_cache: look for the keypoints of the same film in the cache, and keep new ones there.
    """

    rate_hz: float | None = None
    noise_px: float = 0.0
    yaw_deg: float = 0.0
    pixels_per_metre: float = 450.0
    seeds: int = 1
    distance_m: float | None = None
    camera_height_m: float | None = None
    render: bool = False
    bodies: int = 0
    seed: int = 0
    subject: str = ""
    pose_model: str = "best"
    use_cache: bool = True

    def __post_init__(self) -> None:
        checks = (
            (self.rate_hz is None or 10 <= self.rate_hz <= 1000, "rate"),
            (0 <= self.noise_px <= 100, "noise"),
            (-60 <= self.yaw_deg <= 60, "yaw"),
            (20 <= self.pixels_per_metre <= 5000, "scale"),
            (1 <= self.seeds <= 1000, "seeds"),
            (
                not self.render or self.noise_px == 0,
                "noise_on_pixels",
            ),
            (self.distance_m is None or 1 <= self.distance_m <= 1000, "distance"),
            (self.camera_height_m is None or 0.1 <= self.camera_height_m <= 3, "camera_height"),
            (0 <= self.bodies <= 1000 and (self.render or not self.bodies), "bodies"),
            (0 <= self.seed < 2**32, "seed"),
        )
        for holds, name in checks:
            if not holds:
                raise SettingsError(message(f"error.research.validation.option.{name}"))


@dataclass(frozen=True, slots=True, eq=False)
class WalkingBody:
    """A marker trial in the frame of the walk.

    Attributes:
        name: of the trial.
        points: [T, 23, 3] metres; x is the walking direction, y points to the left, z up; the floor of the
            laboratory is z = 0 and the middle of the walk x = y = 0. NaN where a marker was not seen.
        times: [T] seconds after the first sample.
        near: the side that a camera standing at one side of the laboratory sees.
        notes: what the markers tell otherwise than the file.
    """

    name: str
    points: NDArray[np.float64]
    times: NDArray[np.float64]
    near: Side
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        points = readonly_array(self.points, np.float64, (None, len(BODY_FEET_23), 3), "points")
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "times", readonly_array(self.times, np.float64, (len(points),), "times"))

    def part(self, side: Side, name: str) -> NDArray[np.float64]:
        """[T, 3] of e.g. the "knee" of one side."""
        found: NDArray[np.float64] = self.points[:, Keypoint[f"{side.name}_{name.upper()}"]]
        return found

    def middle(self, name: str) -> NDArray[np.float64]:
        """[T, 3] half-way between both sides; NaN where either is missing."""
        return (self.part(Side.LEFT, name) + self.part(Side.RIGHT, name)) / 2


def find_body(trial: MarkerTrial) -> WalkingBody:
    """Keypoints from a trial's markers, turned into the frame of the walk.

    Where the legs contradict the file on the vertical axis, the unit of length or the sense of its axes, they
    are followed, and a note says so.

    Raises:
        FormatError: markers of the legs are missing, they are of no human size, or nobody walks.
    """
    if missing := missing_parts(trial):
        raise FormatError(
            message("error.research.validation.no_marker", trial=trial.name, missing=tuple(missing))
        )
    points = np.full((len(trial), len(BODY_FEET_23), 3), np.nan)
    points[:, Keypoint.NOSE] = _pick(trial, _NOSE, Side.LEFT)
    for side in Side:
        for part, names in _MARKERS.items():
            points[:, Keypoint[f"{side.name}_{part.upper()}"]] = _pick(trial, names, side)
    # A camera sees a body or nobody; single markers without a pelvis are often mislabelled ones.
    hips = points[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]]
    points[~np.isfinite(hips).all(axis=(1, 2))] = np.nan
    return _in_walking_frame(trial, points)


def missing_parts(trial: MarkerTrial) -> list[str]:
    """Parts of the legs of which no marker was ever seen ("left heel")."""
    return [
        f"{side.value} {part.replace('_', ' ')}"
        for side in Side
        for part in _NEEDED
        if not np.isfinite(_pick(trial, _MARKERS[part], side)).any()
    ]


def _pick(trial: MarkerTrial, names: tuple[str, ...], side: Side) -> NDArray[np.float64]:
    """[T, 3] of the first choice that the trial has."""
    letter = side.name[0]
    for choice in names:
        parts = choice.format(s=letter, r=letter.lower()).split("+")
        if all(part in trial.labels for part in parts):
            return np.asarray(np.mean([trial.marker(part) for part in parts], axis=0), np.float64)
    return trial.marker()


def _in_walking_frame(trial: MarkerTrial, points: NDArray[np.float64]) -> WalkingBody:
    notes: list[Message] = []
    points = _human_size(trial, points, notes)
    hips = points[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].mean(axis=1)
    seen = np.flatnonzero(np.isfinite(hips).all(axis=1))
    up = _find_up(trial, points, hips, notes)
    travel = np.zeros(3) if seen.size < 2 else hips[seen[-1]] - hips[seen[0]]
    travel = travel - (travel @ up) * up
    if float(np.linalg.norm(travel)) < 1.0:
        raise FormatError(message("error.research.validation.nobody_walks", trial=trial.name))
    ahead = travel / np.linalg.norm(travel)
    left = np.cross(up, ahead)
    if _is_mirrored(points, up):
        left = -left
        notes.append(message("note.markers.mirrored"))
    axes = np.stack([ahead, left, up])
    turned = points @ axes.T
    ends = (hips[seen[0]] @ axes.T + hips[seen[-1]] @ axes.T) / 2
    # One camera that stays where it is: who walks the other way shows it the other side.
    main_axis = int(np.argmax(np.abs(ahead)))
    near = Side.RIGHT if ahead[main_axis] > 0 else Side.LEFT
    middle = np.array([ends[0], ends[1], 0.0])
    return WalkingBody(trial.name, turned - middle, trial.times, near, tuple(notes))


def _human_size(trial: MarkerTrial, points: NDArray[np.float64], notes: list[Message]) -> NDArray[np.float64]:
    """The points in true metres: a unit that the file gives wrong makes legs ten or a thousand times off."""
    lengths = []
    for side in ("LEFT", "RIGHT"):
        hip, knee, ankle = (points[:, Keypoint[f"{side}_{part}"]] for part in ("HIP", "KNEE", "ANKLE"))
        lengths.append(np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1))
    if not np.isfinite(lengths).any():
        return points  # never seen together: nothing to hold against
    leg = float(np.nanmedian(lengths))
    low, high = _LEG_M
    if low <= leg <= high:
        return points
    factor = next((f for f in (1e-3, 1e-2, 1e-1, 10.0, 100.0, 1000.0) if low <= f * leg <= high), None)
    if factor is None:
        raise FormatError(message("error.research.validation.leg_length", trial=trial.name, length_m=leg))
    notes.append(message("note.markers.size", found_m=leg, taken_m=factor * leg))
    return points * factor


def _find_up(
    trial: MarkerTrial, points: NDArray[np.float64], hips: NDArray[np.float64], notes: list[Message]
) -> NDArray[np.float64]:
    """[3] the axis of the laboratory along which the legs stand; the file's own where they lean too far."""
    told: NDArray[np.float64] = np.eye(3)[trial.up_axis]
    legs = hips - points[:, [Keypoint.LEFT_ANKLE, Keypoint.RIGHT_ANKLE]].mean(axis=1)
    legs = legs[np.isfinite(legs).all(axis=1)]
    if not legs.size:
        return told
    leg = np.median(legs, axis=0)
    axis = int(np.argmax(np.abs(leg)))
    if abs(leg[axis]) < _UPRIGHT * np.linalg.norm(leg):
        return told
    found: NDArray[np.float64] = np.eye(3)[axis] * np.sign(leg[axis])
    if found @ told < 1:
        sign = "" if leg[axis] > 0 else "-"
        notes.append(message("note.markers.up", axis=f"{sign}{'XYZ'[axis]}"))
    return found


def _is_mirrored(points: NDArray[np.float64], up: NDArray[np.float64]) -> bool:
    """Whether the left hip lies to the right of where the feet point."""

    def between(first: str, second: str) -> NDArray[np.float64]:
        return np.asarray(points[:, Keypoint[first]] - points[:, Keypoint[second]], np.float64)

    toes = between("LEFT_BIG_TOE", "LEFT_HEEL") + between("RIGHT_BIG_TOE", "RIGHT_HEEL")
    hips = between("LEFT_HIP", "RIGHT_HIP")
    ahead = toes - (toes @ up)[:, None] * up
    both = np.isfinite(ahead).all(axis=1) & np.isfinite(hips).all(axis=1)
    if not both.any():
        return False
    ahead, hips = ahead[both], hips[both]
    lefts = np.cross(up, ahead / np.linalg.norm(ahead, axis=1, keepdims=True).clip(1e-9))
    share = (hips * lefts).sum(axis=1) / np.linalg.norm(hips, axis=1).clip(1e-9)
    return float(np.median(share)) < -_CROSSED


def resample(body: WalkingBody, rate_hz: float | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times [F] and points [F, 23, 3] at the frames of a camera; nothing is made up inside gaps."""
    if rate_hz is None:
        return body.times, body.points
    from scipy.interpolate import CubicSpline

    times = np.arange(0.0, body.times[-1] + 1e-9, 1.0 / rate_hz)
    points = np.full((len(times), len(BODY_FEET_23), 3), np.nan)
    for k in range(len(BODY_FEET_23)):
        seen = np.isfinite(body.points[:, k]).all(axis=1)
        edges = np.flatnonzero(np.diff(np.r_[0, seen.astype(int), 0]))
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            if stop - start < 4:
                continue
            inside = (times >= body.times[start] - 1e-9) & (times <= body.times[stop - 1] + 1e-9)
            curve = CubicSpline(body.times[start:stop], body.points[start:stop, k])
            points[inside, k] = curve(times[inside])
    return times, points


def place_cameras(body: WalkingBody, options: ValidationOptions) -> ByView[Camera]:
    """Both cameras, far and wide enough for the whole walk."""
    reach = float(np.nanmax(np.abs(body.points[..., 0]))) + _MARGIN_M
    scale = options.pixels_per_metre
    middle = _HEIGHT_M / 2 - 0.2
    side = sagittal_camera(
        pixels_per_metre=scale, yaw_deg=options.yaw_deg, distance_m=options.distance_m, near=body.near,
        look_at=(0.0, 0.0, middle), pitch_deg=_pitch(options, middle, options.distance_m or _FAR_M),
        width=round(2 * reach * scale), height=round(_HEIGHT_M * scale),
    )  # fmt: skip
    distance = reach + _LEAST_DISTANCE_M
    largest = scale * distance / _LEAST_DISTANCE_M  # scale where the subject comes nearest
    end = coronal_camera(
        pixels_per_metre=scale, yaw_deg=options.yaw_deg, distance_m=distance, towards=True,
        look_at=(0.0, 0.0, 0.9), pitch_deg=_pitch(options, 0.9, distance),
        width=round(2.2 * largest), height=round(_HEIGHT_M * largest),
    )  # fmt: skip
    return ByView(side, end)


def _pitch(options: ValidationOptions, look_at_m: float, distance_m: float) -> float:
    """How far a camera of the wanted height looks down at a height, degrees."""
    height = options.camera_height_m
    return 0.0 if height is None else float(np.degrees(np.arcsin((height - look_at_m) / distance_m)))


def film(body: WalkingBody, options: ValidationOptions, *, seed: int) -> ByView[PoseSequence]:
    """Keypoints of the walk in both cameras, with the noise of one seed."""
    times, points = resample(body, options.rate_hz)
    cameras = place_cameras(body, options)

    def sequence(view: View) -> PoseSequence:
        camera = cameras[view]
        xy = camera.project(points)
        if options.noise_px > 0:
            rng = np.random.default_rng([seed, list(View).index(view)])
            xy = xy + rng.normal(0.0, options.noise_px, xy.shape)
        score = np.isfinite(xy).all(axis=2).astype(np.float32)
        return PoseSequence(xy.astype(np.float32), score, times, camera.width, camera.height)

    return ByView(sequence(View.SAGITTAL), sequence(View.CORONAL))


def trial_of(body: WalkingBody, poses: ByView[PoseSequence], path: Path) -> Trial:
    """The trial that the two cameras would have recorded, started at the same moment."""
    sync = Sync(0.0, 0.001, GIVEN, message("note.sync.same_start"))
    sagittal, coronal = (virtual_stream(view, poses[view], path) for view in View)
    return Trial(body.name, ByView(sagittal, coronal), sync)


def virtual_stream(view: View, pose: PoseSequence, path: Path) -> VideoStream:
    """The video that a virtual camera would have made of these keypoints' moments; there is no file."""
    info = VideoInfo(
        width=pose.width, height=pose.height, rotation_deg=0, times=pose.times,
        announced_rate_hz=None, announced_frames=None, codec="virtual camera",
    )  # fmt: skip
    return VideoStream(view, path, "", info)
