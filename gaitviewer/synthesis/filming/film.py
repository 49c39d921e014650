"""Trials of the cohort: somebody walks across, turns and walks back, in front of two drawn cameras."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from gaitviewer.core.gait import ByView, View
from gaitviewer.core.serialise import read_resource
from gaitviewer.synthesis.body.figure import Look
from gaitviewer.synthesis.demo import DemoScene, FilmedView
from gaitviewer.synthesis.filming.cameras import Camera, place_camera
from gaitviewer.synthesis.filming.room import Room
from gaitviewer.synthesis.gait.cycle import fit_cycle
from gaitviewer.synthesis.gait.model import WalkerGait
from gaitviewer.synthesis.gait.path import across_and_back
from gaitviewer.synthesis.gait.walker import make_walker

_USUAL_HEIGHT_M = 1.3
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Walk:
    seconds_a_pass: float
    shortest_m: float
    longest_m: float
    turn_radius_m: Range
    offset_s: float
    margin_m: float


@dataclass(frozen=True, slots=True)
class CameraRanges:
    """What the cameras of a cohort are drawn from; ``noise`` is a factor on the errors of the poses."""

    size: tuple[int, int]
    rates_hz: tuple[float, ...]
    side_distance: Range
    side_yaw_deg: Range
    side_pitch_deg: Range
    end_distance_m: Range
    end_yaw_deg: Range
    end_pitch_deg: Range
    roll_deg: Range
    fill: Range
    noise: float


@dataclass(frozen=True, slots=True)
class FilmingTable:
    """``resources/synthesis/filming.toml``."""

    walk: _Walk
    none: CameraRanges
    shifted: CameraRanges

    def cameras(self, shift: str) -> CameraRanges:
        """The ranges of a cohort, "none" or "shifted"."""
        return {"none": self.none, "shifted": self.shifted}[shift]


@cache
def filming_table() -> FilmingTable:
    """Ways and cameras."""
    return read_resource("synthesis/filming.toml", FilmingTable)


def walking_speed(gait: WalkerGait) -> float:
    """Mean speed of a gait, metres per second."""
    return fit_cycle(gait).stride_m / gait.stride_time_s


def film_trial(
    gait: WalkerGait,
    random: np.random.Generator,
    *,
    shift: str = "none",
    rate_hz: float | None = None,
    look: Look | None = None,
    room: Room | None = None,
) -> DemoScene:
    """One trial: drawn way, cameras, frame rates and start of the second camera.

    Args:
        gait: who walks.
        random: source of chance.
        shift: which ranges of ``resources/synthesis/filming.toml`` the cameras are drawn from.
        rate_hz: of both cameras; drawn if None.
        look: of the body.
        room: around it.
    """
    table = filming_table()
    walk, cameras = table.walk, table.cameras(shift)
    speed = walking_speed(gait)
    length = float(np.clip(walk.seconds_a_pass * speed, walk.shortest_m, walk.longest_m))
    radius = float(random.uniform(*walk.turn_radius_m))
    left = bool(random.random() < 0.5)
    way = across_and_back(
        length_m=length, turn_radius_m=radius, start_xy=(0.0, 0.0), heading_deg=0.0, turn_left=left
    )
    duration = way.length_m / speed
    walker = make_walker(
        gait, seed=int(random.integers(2**31)), longest_s=duration + 2.0, path=way,
        start_phase=float(random.uniform(0.0, 1.0)),
    )  # fmt: skip
    middle_y = radius if left else -radius
    offset = float(random.uniform(-walk.offset_s, walk.offset_s))
    side = _side_camera(random, cameras, gait, length=length + radius, y=middle_y, margin=walk.margin_m)
    end = _end_camera(random, cameras, gait, length=length + radius, y=middle_y)
    views = []
    for view, camera, starts in ((View.SAGITTAL, side, 0.0), (View.CORONAL, end, -offset)):
        rate = float(random.choice(cameras.rates_hz))
        rate = rate if rate_hz is None else rate_hz
        times = np.arange(int((duration - starts) * rate)) / rate
        motion = walker.at(times + starts)
        views.append(FilmedView(view, camera, times, motion, starts, look or Look(), room or Room()))
    return DemoScene(gait, walker, ByView(views[0], views[1]), offset)


def _signed(random: np.random.Generator, ends: Range) -> float:
    low, high = ends
    return float(random.uniform(low, high)) * (1 if random.random() < 0.5 else -1)


def _side_camera(
    random: np.random.Generator,
    table: CameraRanges,
    gait: WalkerGait,
    *,
    length: float,
    y: float,
    margin: float,
) -> Camera:
    """Beside the walk, wide enough for all of it."""
    width, height = table.size
    across = max(length + margin, 1.35 * gait.height_m * width / height)
    return place_camera(
        (length / 2, y, 0.52 * gait.height_m),
        bearing_deg=(90.0 if random.random() < 0.5 else -90.0) + _signed(random, table.side_yaw_deg),
        pixels_per_metre=width / across,
        distance_m=across * float(random.uniform(*table.side_distance)),
        pitch_deg=float(random.uniform(*table.side_pitch_deg)),
        roll_deg=_signed(random, table.roll_deg),
        width=width, height=height,
    )  # fmt: skip


def _end_camera(
    random: np.random.Generator, table: CameraRanges, gait: WalkerGait, *, length: float, y: float
) -> Camera:
    """At one end of the walk; the child fills the picture's height where nearest."""
    width, height = table.size
    towards = bool(random.random() < 0.5)
    scale = float(random.uniform(*table.fill)) * height / gait.height_m
    return place_camera(
        (length if towards else 0.0, y, 0.5 * gait.height_m),
        bearing_deg=(0.0 if towards else 180.0) + _signed(random, table.end_yaw_deg),
        pixels_per_metre=scale,
        distance_m=float(random.uniform(*table.end_distance_m)) * gait.height_m / _USUAL_HEIGHT_M,
        pitch_deg=float(random.uniform(*table.end_pitch_deg)),
        roll_deg=_signed(random, table.roll_deg),
        width=width, height=height,
    )  # fmt: skip
