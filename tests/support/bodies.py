"""Walking bodies: a plain walker with exact events, and real children from marker data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import EventKind, Side
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint

F8 = NDArray[np.float64]
_ROWS = {
    "HIP": "FEP",
    "KNEE": "FEO",
    "ANKLE": "TIO",
    "BIG_TOE": "TOO",
    "HEEL": "HEE",
    "SHOULDER": "SHO",
    "EAR": "FHD",
}


@dataclass(frozen=True, eq=False)
class Body:
    """Points [T, 23, 3] in metres (x to the subject's right when he faces +y, y, z up), and true events."""

    points: F8
    times: F8
    events: tuple[tuple[EventKind, Side, float], ...]

    def of(self, kind: EventKind, side: Side) -> list[float]:
        return sorted(t for k, s, t in self.events if k is kind and s is side)

    def at_rate(self, rate_hz: float) -> Body:
        return self.at(np.arange(self.times[0], self.times[-1], 1.0 / rate_hz))

    def at(self, times: F8) -> Body:
        out = np.full((len(times), *self.points.shape[1:]), np.nan)
        for point in range(out.shape[1]):
            seen = np.isfinite(self.points[:, point, 0])
            if seen.any():
                there = np.interp(times, self.times, seen.astype(float)) > 0.99
                for axis in range(3):
                    track = np.interp(times, self.times[seen], self.points[seen, point, axis])
                    out[:, point, axis] = np.where(there, track, np.nan)
        return Body(out, times, self.events)


def _pose(xy: F8, times: F8, size: tuple[int, int], noise_px: float, seed: int) -> PoseSequence:
    xy = xy + noise_px * np.random.default_rng(seed).standard_normal(xy.shape)
    score = np.where(np.isfinite(xy).all(axis=2), 0.9, 0.0)
    return PoseSequence(xy.astype(np.float32), score.astype(np.float32), times, *size)


def side_view(
    body: Body,
    *,
    noise_px: float = 0.0,
    seed: int = 0,
    pixels_per_metre: float = 450.0,
    yaw_deg: float = 0.0,
    size: tuple[int, int] | None = None,
    middle_m: float | None = None,
) -> PoseSequence:
    """Seen by a camera 5 m away, 1 m high, on the side of negative x: walking to +y goes to image-left."""
    turn = np.radians(yaw_deg)
    hips = body.points[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].reshape(-1, 3)
    middle = np.nanmedian(hips, axis=0)
    if middle_m is not None:
        middle[1] = middle_m
    x, y = body.points[..., 0] - middle[0], body.points[..., 1] - middle[1]
    across, depth = -(np.cos(turn) * y - np.sin(turn) * x), 5.0 + np.cos(turn) * x + np.sin(turn) * y
    focal = 5.0 * pixels_per_metre
    u, v = focal * across / depth, focal * (1.0 - body.points[..., 2]) / depth
    if size is None:
        size = (int(np.nanmax(u) - np.nanmin(u)) + 600, int(2.4 * pixels_per_metre))
        u = u - np.nanmin(u) + 300
    else:
        u = u + size[0] / 2
    return _pose(np.stack([u, v + size[1] / 2], axis=-1), body.times, size, noise_px, seed)


def end_view(
    body: Body, *, towards: bool = True, nearest_m: float = 3.5, noise_px: float = 0.0, seed: int = 0
) -> PoseSequence:
    """Seen by a camera at the end of the walkway, 1 m high, ``nearest_m`` from the nearest place."""
    hips = body.points[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP], 1]
    path = hips[np.isfinite(hips).all(axis=1)].mean(axis=1)
    sign = 1.0 if path[-1] > path[0] else -1.0
    ahead = sign * body.points[..., 1]
    right = sign * (body.points[..., 0] - np.nanmedian(body.points[:, Keypoint.LEFT_HIP, 0]))
    far_end = np.nanmax(ahead) if towards else np.nanmin(ahead)
    depth = nearest_m + (far_end - ahead if towards else ahead - far_end)
    u = 640 + 1100 * (-right if towards else right) / depth
    v = 490 + 1100 * (1.0 - body.points[..., 2]) / depth
    return _pose(np.stack([u, v], axis=-1), body.times, (1280, 1080), noise_px, seed)


def plain_walk(
    *,
    seconds: float = 4.0,
    speed: float = 1.1,
    stride_s: float = 1.0,
    rate_hz: float = 60.0,
    sign: float = 1.0,
    stance: float = 0.6,
) -> Body:
    """A stick figure that walks evenly along y, exact events; with a stance below half of the cycle it runs.

    Walking, its feet leave the floor and come down gently; running, at speed.
    """
    ease = 1.0 if stance >= 0.5 else 0.3
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    points = np.full((len(times), 23, 3), np.nan)
    hip_y = speed * times
    put: dict[str, tuple[F8, F8]] = {}
    events: list[tuple[EventKind, Side, float]] = []
    for side, lag in ((Side.LEFT, 0.0), (Side.RIGHT, 0.5)):
        phase = times / stride_s - lag
        cycle, inside = np.floor(phase), phase - np.floor(phase)
        swing = np.clip((inside - stance) / (1.0 - stance), 0.0, 1.0)
        reach = speed * stride_s * (cycle + lag + 0.5 * stance)
        heel = reach + speed * stride_s * (swing - ease * np.sin(2 * np.pi * swing) / (2 * np.pi))
        lift = 0.10 * np.sin(np.pi * swing) ** 2
        put[side.name] = (heel - 0.05, lift)
        for k in range(-1, int(seconds / stride_s) + 2):
            events.append((EventKind.INITIAL_CONTACT, side, (k + lag) * stride_s))
            events.append((EventKind.TOE_OFF, side, (k + lag + stance) * stride_s))
    for side, out in ((Side.LEFT, -1.0), (Side.RIGHT, 1.0)):
        heel, lift = put[side.name]
        name = side.name
        ankle_y, ankle_z = heel + 0.05, 0.09 + lift
        knee_y = 0.5 * (hip_y + ankle_y) + 0.04
        for point, y, z, x in (
            ("HEEL", heel, 0.04 + lift, 0.08), ("BIG_TOE", heel + 0.20, 0.03 + lift, 0.09),
            ("ANKLE", ankle_y, ankle_z, 0.08), ("KNEE", knee_y, 0.47 + 0.5 * lift, 0.09),
            ("HIP", hip_y, 0.84, 0.09), ("SHOULDER", hip_y, 1.30, 0.17), ("EAR", hip_y + 0.02, 1.50, 0.07),
        ):  # fmt: skip
            points[:, Keypoint[f"{name}_{point}"]] = np.stack(
                [np.full(len(times), out * x), y * np.ones(len(times)), z * np.ones(len(times))], axis=1
            )
    points[:, Keypoint.NOSE] = np.stack([np.zeros(len(times)), hip_y + 0.12, np.full(len(times), 1.48)], axis=1)
    if sign < 0:  # facing the other way: turned by half a turn about the vertical
        points[..., :2] *= -1
    return Body(points, times, tuple(e for e in events if times[0] <= e[2] <= times[-1]))


def joined(*bodies: Body, gap_s: float = 1.0) -> Body:
    """One recording after the other, with nobody to be seen in between."""
    points, times, events = [bodies[0].points], [bodies[0].times], list(bodies[0].events)
    step = float(np.median(np.diff(bodies[0].times)))
    for body in bodies[1:]:
        gap = round(gap_s / step)
        start = float(times[-1][-1])
        times += [start + step * np.arange(1, gap + 1), start + step * (gap + 1) + body.times]
        points += [np.full((gap, 23, 3), np.nan), body.points]
        events += [(k, s, t + start + step * (gap + 1)) for k, s, t in body.events]
    return Body(np.concatenate(points), np.concatenate(times), tuple(events))


def mirror_image(pose: PoseSequence) -> PoseSequence:
    """The picture mirrored; a sound estimator then calls the left limb right."""
    xy = pose.xy.copy()
    xy[..., 0] = pose.width - xy[..., 0]
    flips = list(BODY_FEET_23.flips)
    return PoseSequence(xy[:, flips], pose.score[:, flips], pose.times, pose.width, pose.height)


def read_child(path: Path) -> Body:
    import ezc3d

    file: Any = ezc3d.c3d(str(path))
    parameters = file["parameters"]
    labels = parameters["POINT"]["LABELS"]["value"]
    data = file["data"]["points"][:3] / 1000.0
    data[:, np.all(data == 0, axis=0)] = np.nan
    rate = float(file["header"]["points"]["frame_rate"])
    first = int(file["header"]["points"]["first_frame"])
    points = np.full((data.shape[2], 23, 3), np.nan)
    for name, marker in _ROWS.items():
        for side in Side:
            label = side.name[0] + marker
            if label in labels:
                points[:, Keypoint[f"{side.name}_{name}"]] = data[:, labels.index(label)].T
    heads = [data[:, labels.index(label)].T for label in ("LFHD", "RFHD") if label in labels]
    points[:, Keypoint.NOSE] = np.mean(heads, axis=0) - np.array([0.0, 0.0, 0.05])
    table = parameters["EVENT"]
    events = tuple(
        (
            EventKind.INITIAL_CONTACT if "Strike" in label else EventKind.TOE_OFF,
            Side.LEFT if context == "Left" else Side.RIGHT,
            float(time) - first / rate,
        )
        for label, context, time in zip(
            table["LABELS"]["value"], table["CONTEXTS"]["value"], table["TIMES"]["value"][1], strict=True
        )
    )
    return Body(points, np.arange(len(points)) / rate, events)
