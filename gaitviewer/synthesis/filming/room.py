"""The room the walker walks in: floor with a walkway, walls with skirting, a door; and his shadow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import F8
from gaitviewer.synthesis.filming.cameras import Camera

_SKIRTING_M = 0.11
_RAIL_M = (0.86, 0.93)


@dataclass(frozen=True, slots=True)
class Room:
    """A box with the walkway along x; metres; colours 0..255.

    Attributes:
        x, y: where its walls stand.
        height: of the ceiling.
        lane_y: both edges of the walkway's mat.
        floor, lane, wall, skirting, ceiling, door: colours.
        door_x: both edges of a door in the walls along x.
        seed: of the fine texture.
    """

    x: tuple[float, float] = (-6.0, 8.0)
    y: tuple[float, float] = (-3.2, 6.5)
    height: float = 2.8
    lane_y: tuple[float, float] = (-1.35, 0.75)
    floor: tuple[float, float, float] = (204.0, 197.0, 186.0)
    lane: tuple[float, float, float] = (158.0, 178.0, 188.0)
    wall: tuple[float, float, float] = (224.0, 224.0, 216.0)
    skirting: tuple[float, float, float] = (150.0, 152.0, 150.0)
    ceiling: tuple[float, float, float] = (238.0, 238.0, 236.0)
    door: tuple[float, float, float] = (190.0, 172.0, 146.0)
    door_x: tuple[float, float] = (2.6, 3.5)
    seed: int = 7


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """The empty room as one camera sees it.

    Attributes:
        rgb: [H, W, 3] u8.
        floor: [H, W, 2] f32 metres where a pixel shows the floor, else NaN.
    """

    rgb: NDArray[np.uint8]
    floor: NDArray[np.float32]


def paint(room: Room, camera: Camera) -> Backdrop:
    """The empty room in that camera."""
    origin, ray = camera.rays()
    far, hit = np.full(ray.shape[:2], np.inf), np.zeros(ray.shape[:2], np.int8)
    walls = [(0, room.x), (1, room.y), (2, (0.0, room.height))]
    for axis, ends in walls:
        for number, end in enumerate(ends):
            # A wall is seen from inside only: a camera outside looks through the one behind which it stands.
            facing = ray[..., axis] > 1e-9 if number else ray[..., axis] < -1e-9
            safe = np.where(facing, ray[..., axis], 1.0)
            reach = np.where(facing, (end - origin[..., axis]) / safe, np.inf)
            closer = (reach > 0) & (reach < far)
            far, hit = np.where(closer, reach, far), np.where(closer, 2 * axis + number, hit).astype(np.int8)
    place = origin + np.where(np.isfinite(far), far, 0.0)[..., None] * ray
    colour = _colours(room, place, hit)
    random = np.random.default_rng(room.seed)
    colour *= 1 + 0.012 * random.standard_normal(colour.shape[:2])[..., None]
    floor = np.where((hit == 4)[..., None] & np.isfinite(far)[..., None], place[..., :2], np.nan)
    return Backdrop(np.clip(colour, 0, 255).astype(np.uint8), floor.astype(np.float32))


def _colours(room: Room, place: F8, hit: NDArray[np.int8]) -> F8:
    x, y, z = (place[..., i] for i in range(3))
    colour = np.empty(place.shape)
    colour[...] = room.wall
    along = (hit == 2) | (hit == 3)
    # Light from above: walls fall off towards the floor and into the corners.
    light = 0.84 + 0.14 * np.clip(z / room.height, 0, 1)
    colour *= light[..., None]
    _blend(colour, room.door, along & (x > room.door_x[0]) & (x < room.door_x[1]) & (z < 2.05))
    frame = along & (x > room.door_x[0] - 0.06) & (x < room.door_x[1] + 0.06) & (z < 2.11)
    _blend(colour, room.skirting, frame & ~((x > room.door_x[0]) & (x < room.door_x[1]) & (z < 2.05)))
    rail = along & (z > _RAIL_M[0]) & (z < _RAIL_M[1]) & ~frame
    _blend(colour, tuple(0.88 * part for part in room.wall), rail)
    _blend(colour, room.skirting, (hit < 4) & (z < _SKIRTING_M) & ~frame)
    ground = hit == 4
    _blend(colour, room.floor, ground)
    lane = ground & (y > room.lane_y[0]) & (y < room.lane_y[1])
    _blend(colour, room.lane, lane)
    edge = np.minimum(np.abs(y - room.lane_y[0]), np.abs(y - room.lane_y[1]))
    _blend(colour, tuple(0.72 * part for part in room.lane), ground & (edge < 0.02))
    shine = 0.90 + 0.10 * np.exp(-(((x - 1.0) / 3.0) ** 2) - ((y - 0.2) / 2.0) ** 2)
    colour[ground] *= shine[ground][:, None]
    corner = np.minimum(np.abs(y - room.y[0]), np.abs(y - room.y[1]))
    corner = np.minimum(corner, np.minimum(np.abs(x - room.x[0]), np.abs(x - room.x[1])))
    colour[ground] *= (1 - 0.18 * np.exp(-corner / 0.35))[ground][:, None]
    _blend(colour, room.ceiling, hit == 5)
    return colour


def _blend(colour: F8, paint_it: tuple[float, ...], where: NDArray[np.bool_]) -> None:
    light = colour.max(axis=-1, keepdims=True)[where] / 224.0
    colour[where] = np.asarray(paint_it) * np.clip(light, 0.8, 1.0)


def cast_shadow(rgb: NDArray[np.uint8], backdrop: Backdrop, camera: Camera, *, blobs: F8) -> None:
    """Darken the floor softly under the body, in place.

    Args:
        rgb: [H, W, 3] the picture.
        backdrop: of the same camera.
        camera: which.
        blobs: [n, 4] x, y, radius (metres), strength (0..1) of each part of the shadow.
    """
    reach = 2.6 * blobs[:, 2]
    corners = np.concatenate(
        [
            np.stack([blobs[:, 0] + dx * reach, blobs[:, 1] + dy * reach, np.zeros(len(blobs))], axis=1)
            for dx in (-1, 1)
            for dy in (-1, 1)
        ]
    )
    seen = camera.project(corners)
    seen = seen[np.isfinite(seen).all(axis=1)]
    if seen.size == 0:
        return
    left, top = np.maximum(0, np.floor(seen.min(0)).astype(int))
    right, bottom = np.minimum([camera.width, camera.height], np.ceil(seen.max(0)).astype(int) + 1)
    if left >= right or top >= bottom:
        return
    floor = backdrop.floor[top:bottom, left:right]
    light = np.ones(floor.shape[:2], np.float32)
    for x, y, radius, strength in blobs.astype(np.float32):
        square = (floor[..., 0] - x) ** 2 + (floor[..., 1] - y) ** 2
        light *= 1 - strength * np.exp(-square / (2 * radius**2))
    light = np.where(np.isfinite(light), light, np.float32(1))
    part = rgb[top:bottom, left:right]
    part[...] = (part * light[..., None]).astype(np.uint8)
