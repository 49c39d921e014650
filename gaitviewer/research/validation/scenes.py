"""What `gaitviewer validate --render` films: the plain walker, or bodies, rooms and cameras drawn by chance."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cache

import numpy as np

from gaitviewer.core.serialise import read_resource
from gaitviewer.research.spoiling import Spoiling
from gaitviewer.research.validation.projection import RATE_HZ, ValidationOptions
from gaitviewer.synthesis.body.appearance import draw_look, draw_room
from gaitviewer.synthesis.body.figure import Look
from gaitviewer.synthesis.filming.room import Room

_ROOM = Room(x=(-9.0, 11.0), y=(-3.2, 6.5), lane_y=(-0.7, 0.7))
_LOOK, _PLACE, _CAMERA, _PICTURES, _NOISE = range(5)  # parts of a body's chance
_LENGTH_M = 6.0  # of a walk and what is around it
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Bodies:
    rates_hz: tuple[float, ...]
    camera_height_m: Range
    distance_m: Range
    without_perspective: float
    far_shade: Range
    trousers: float
    looseness: Range


@dataclass(frozen=True, slots=True)
class BenchTable:
    """``resources/validation.toml``; each number is explained there."""

    overlap_leg: float
    sure: float
    interval: float
    noise_px: float
    noise_draws: int
    bodies: _Bodies


@cache
def bench_table() -> BenchTable:
    """What the bench counts and films."""
    return read_resource("validation.toml", BenchTable)


@dataclass(frozen=True, slots=True)
class Scene:
    """One body in front of two cameras.

    Attributes:
        number: of the body, from 0.
        options: of the cameras; with a frame rate.
        look, room: of the body and around it.
        spoiling: what the cameras do to the pictures; None for clean ones.
        chance: what the noise of the pictures is drawn by.
    """

    number: int
    options: ValidationOptions
    look: Look
    room: Room
    spoiling: Spoiling | None = None
    chance: tuple[int, ...] = ()

    def facts(self) -> dict[str, float | None]:
        """What differs from body to body, for tables; None where it does not apply."""
        facts: dict[str, float | None] = {
            "rate_hz": self.options.rate_hz,
            "camera_height_m": self.options.camera_height_m,
            "distance_m": self.options.distance_m,
            "girth": self.look.girth,
            "trousers": self.look.trousers,
            "shorts_length": None if self.look.trousers else self.look.shorts_length,
            "far_shade": self.look.far_shade,
            "skin": float(np.mean(self.look.skin)),
        }
        return facts if self.spoiling is None else facts | asdict(self.spoiling)


def find_scenes(options: ValidationOptions, digest: str) -> list[Scene]:
    """All that is filmed of one file.

    Args:
        options: how many bodies, and what the cameras have in common.
        digest: SHA-256 of the file, hexadecimal.
    """
    if not options.bodies:
        return [Scene(0, replace(options, rate_hz=options.rate_hz or RATE_HZ), Look(), _ROOM)]
    return [_draw(options, int(digest[:16], 16), number) for number in range(options.bodies)]


def _draw(options: ValidationOptions, file: int, number: int) -> Scene:
    """One body; what the options ask for is not drawn."""
    table = bench_table().bodies

    def chance(part: int) -> np.random.Generator:
        return np.random.default_rng([options.seed, file, number, part])

    random = chance(_CAMERA)
    rate = float(random.choice(table.rates_hz))
    height = float(random.uniform(*table.camera_height_m))
    distance = float(random.uniform(*table.distance_m))
    far_away = bool(random.random() < table.without_perspective)
    cameras = replace(
        options,
        rate_hz=options.rate_hz or rate,
        camera_height_m=options.camera_height_m or height,
        distance_m=options.distance_m or (None if far_away else distance),
    )
    random = chance(_LOOK)
    look = replace(draw_look(random), far_shade=float(random.uniform(*table.far_shade)))
    if random.random() < table.trousers:
        look = replace(look, trousers=float(random.uniform(*table.looseness)))
    room = draw_room(chance(_PLACE), length_m=_LENGTH_M)
    half = _LENGTH_M / 2
    room = replace(
        room, x=(room.x[0] - half, room.x[1] - half), door_x=(room.door_x[0] - half, room.door_x[1] - half),
        lane_y=_ROOM.lane_y,
    )  # fmt: skip
    spoiling = Spoiling.draw(chance(_PICTURES))
    return Scene(number, cameras, look, room, spoiling, (options.seed, file, number, _NOISE))
