"""Virtual cameras: points in metres to pixels.

World: x is the walking direction, y points to the left of somebody who walks along +x, z is up, the floor
is z = 0; metres. Picture: x to the right, y down, (0, 0) the middle of the top left pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gaitviewer.core.gait import Side

Vector = tuple[float, float, float]


@lru_cache(maxsize=64)
def _axes(position: Vector, look_at: Vector, roll_deg: float) -> NDArray[np.float64]:
    ahead = np.subtract(look_at, position)
    ahead = ahead / np.linalg.norm(ahead)
    right = np.cross(ahead, (0.0, 0.0, 1.0))
    right = right / np.linalg.norm(right)
    down = np.cross(ahead, right)
    turn = math.radians(roll_deg)
    across = math.cos(turn) * right + math.sin(turn) * down
    axes: NDArray[np.float64] = np.stack([across, math.cos(turn) * down - math.sin(turn) * right, ahead])
    axes.flags.writeable = False
    return axes


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole or an orthographic camera without lens distortion.

    Attributes:
        position: where it stands, metres.
        look_at: the point in the middle of the picture, metres; not straight above or below ``position``.
        width, height: size of the picture, pixels.
        focal_px: focal length of a pinhole camera, pixels; None for an orthographic one.
        pixels_per_metre: scale of an orthographic camera; None for a pinhole one.
        roll_deg: turn about its own axis; + lets the picture's content turn counter-clockwise.
        centre_px: where the optical axis meets the picture; None for its middle.
    """

    position: Vector
    look_at: Vector
    width: int = 1280
    height: int = 720
    focal_px: float | None = None
    pixels_per_metre: float | None = None
    roll_deg: float = 0.0
    centre_px: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if (self.focal_px is None) == (self.pixels_per_metre is None):
            raise ValueError("a camera has either a focal length or pixels per metre")
        scale = self.focal_px if self.focal_px is not None else self.pixels_per_metre
        if scale is None or not scale > 0:
            raise ValueError("the scale of a camera is positive")
        ahead = np.subtract(self.look_at, self.position)
        if float(np.hypot(ahead[0], ahead[1])) < 1e-9:
            raise ValueError("a camera that looks straight up or down has no upright picture")

    @property
    def axes(self) -> NDArray[np.float64]:
        """[3, 3] unit vectors of the camera in the world: picture right, picture down, ahead (read-only)."""
        return _axes(self.position, self.look_at, self.roll_deg)

    @property
    def centre(self) -> tuple[float, float]:
        """Where the optical axis meets the picture, pixels."""
        if self.centre_px is not None:
            return self.centre_px
        return (self.width - 1) / 2.0, (self.height - 1) / 2.0

    def cropped(self, box_px: tuple[float, float, float, float], size_px: int) -> Camera:
        """The camera whose whole picture is a square part of this one's, at a size of its own.

        Args:
            box_px: left, top, right, bottom in this picture's pixels, as wide as high; may reach beyond it.
            size_px: width and height of the new picture.
        """
        left, top, right, bottom = box_px
        if not (
            right > left and bottom > top and abs((right - left) - (bottom - top)) < 0.01 * (right - left) + 1
        ):
            raise ValueError("a crop is a square box")
        scale = size_px / (right - left)
        x, y = self.centre
        return replace(
            self,
            width=size_px,
            height=size_px,
            focal_px=None if self.focal_px is None else self.focal_px * scale,
            pixels_per_metre=None if self.pixels_per_metre is None else self.pixels_per_metre * scale,
            centre_px=((x + 0.5 - left) * scale - 0.5, (y + 0.5 - top) * scale - 0.5),
        )

    def depth(self, points: ArrayLike) -> NDArray[np.float64]:
        """Distance ahead of the camera of ``points`` [..., 3], metres -> [...]; NaN where NaN."""
        moved = np.asarray(points, np.float64) - np.asarray(self.position)
        return np.asarray(moved @ self.axes[2], np.float64)

    def project(self, points: ArrayLike) -> NDArray[np.float64]:
        """Picture positions of ``points`` [..., 3] in metres -> [..., 2] pixels.

        NaN stays NaN, and what lies behind a pinhole camera becomes NaN.
        """
        moved = np.asarray(points, np.float64) - np.asarray(self.position)
        seen = moved @ self.axes.T
        middle = np.asarray(self.centre)
        if self.focal_px is None:
            return np.asarray(middle + seen[..., :2] * self.pixels_per_metre, np.float64)
        ahead = np.where(seen[..., 2] > 1e-6, seen[..., 2], np.nan)
        return np.asarray(middle + seen[..., :2] * (self.focal_px / ahead)[..., None], np.float64)

    def scale_at(self, points: ArrayLike) -> NDArray[np.float64]:
        """Pixels per metre at ``points`` [..., 3] -> [...]."""
        depth = self.depth(points)
        if self.focal_px is None:
            return np.full(depth.shape, self.pixels_per_metre, np.float64)
        return np.asarray(self.focal_px / np.where(depth > 1e-6, depth, np.nan), np.float64)

    def rays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Origin and direction [height, width, 3] of the ray through each pixel, in the world, metres."""
        x = np.arange(self.width) - self.centre[0]
        y = np.arange(self.height) - self.centre[1]
        right, down, ahead = self.axes
        grid = x[None, :, None] * right + y[:, None, None] * down
        position = np.asarray(self.position, np.float64)
        if self.focal_px is None:
            scale = self.pixels_per_metre or 1.0
            return position + grid / scale, np.broadcast_to(ahead, grid.shape)
        return np.broadcast_to(position, grid.shape), grid / self.focal_px + ahead


def place_camera(
    look_at: Vector,
    *,
    bearing_deg: float,
    pixels_per_metre: float,
    distance_m: float | None,
    pitch_deg: float = 0.0,
    roll_deg: float = 0.0,
    width: int = 1280,
    height: int = 720,
) -> Camera:
    """A camera that sees ``look_at`` in its middle with that scale there.

    Args:
        look_at: metres.
        bearing_deg: direction from ``look_at`` to the camera seen from above, 0 = +x, 90 = +y (left).
        pixels_per_metre: scale at ``look_at``.
        distance_m: to the camera; None for an orthographic camera.
        pitch_deg: how far the camera looks down.
        roll_deg: as in :class:`Camera`.
        width: of the picture, pixels.
        height: of the picture, pixels.
    """
    bearing, pitch = math.radians(bearing_deg), math.radians(pitch_deg)
    away = np.array([math.cos(bearing) * math.cos(pitch), math.sin(bearing) * math.cos(pitch), math.sin(pitch)])
    x, y, z = (np.asarray(look_at) + (10.0 if distance_m is None else distance_m) * away).tolist()
    return Camera(
        position=(x, y, z),
        look_at=look_at,
        width=width,
        height=height,
        focal_px=None if distance_m is None else pixels_per_metre * distance_m,
        pixels_per_metre=pixels_per_metre if distance_m is None else None,
        roll_deg=roll_deg,
    )


def sagittal_camera(
    *,
    pixels_per_metre: float = 300.0,
    yaw_deg: float = 0.0,
    distance_m: float | None = None,
    near: Side = Side.RIGHT,
    look_at: Vector = (0.0, 0.0, 0.8),
    pitch_deg: float = 0.0,
    width: int = 1280,
    height: int = 720,
) -> Camera:
    """A camera at the side of a walkway along x.

    Somebody who walks along +x moves to the right in the picture if ``near`` is his right side, to the left
    if it is his left. With yaw y the walking direction lies y degrees out of the picture plane.

    Args:
        pixels_per_metre: scale at ``look_at``.
        yaw_deg: turn about the vertical, counter-clockwise seen from above.
        distance_m: to ``look_at``; None for an orthographic camera.
        near: side of somebody walking along +x that the camera sees.
        look_at: metres.
        pitch_deg: how far it looks down.
        width: of the picture, pixels.
        height: of the picture, pixels.
    """
    bearing = (-90.0 if near is Side.RIGHT else 90.0) + yaw_deg
    return place_camera(
        look_at, bearing_deg=bearing, pixels_per_metre=pixels_per_metre, distance_m=distance_m,
        pitch_deg=pitch_deg, width=width, height=height,
    )  # fmt: skip


def coronal_camera(
    *,
    pixels_per_metre: float = 300.0,
    yaw_deg: float = 0.0,
    distance_m: float | None = None,
    towards: bool = True,
    look_at: Vector = (0.0, 0.0, 0.8),
    pitch_deg: float = 0.0,
    width: int = 1280,
    height: int = 720,
) -> Camera:
    """A camera at an end of a walkway along x.

    Args:
        pixels_per_metre: scale at ``look_at``.
        yaw_deg: turn about the vertical, counter-clockwise seen from above.
        distance_m: to ``look_at``; None for an orthographic camera.
        towards: whether somebody who walks along +x comes towards it (else it sees his back).
        look_at: metres.
        pitch_deg: how far it looks down.
        width: of the picture, pixels.
        height: of the picture, pixels.
    """
    return place_camera(
        look_at, bearing_deg=(0.0 if towards else 180.0) + yaw_deg, pixels_per_metre=pixels_per_metre,
        distance_m=distance_m, pitch_deg=pitch_deg, width=width, height=height,
    )  # fmt: skip
