"""A small software rasteriser: shaded capsules and ellipsoids with a depth buffer, in plain numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import F8
from gaitviewer.synthesis.filming.cameras import Camera

Pixels = NDArray[np.float32]
Colour = tuple[float, float, float]
# From unit coordinates inside an ellipsoid (three arrays) to the share of the second colour.
Pattern = Callable[[Pixels, Pixels, Pixels], Pixels]

_LIGHT = np.array([0.25, 0.35, 0.90])
# Half the size of an ellipsoid that no pixel shows.
_INVISIBLE_PX = 0.35
_AMBIENT, _DIFFUSE, _FILL = 0.48, 0.44, 0.26


@dataclass(frozen=True, slots=True, eq=False)
class Capsule:
    """A round bone with two radii, metres; colour 0..255; ``shade`` darkens it."""

    start: F8
    stop: F8
    start_radius: float
    stop_radius: float
    colour: Colour
    shade: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Ellipsoid:
    """An ellipsoid whose half axes are the rows of ``axes`` [3, 3], metres.

    With ``grain``, a unit vector, it is lit as if it went on straight in that direction: a stack of them
    along the spine then looks like one piece.
    """

    middle: F8
    axes: F8
    colour: Colour
    second: Colour = (0.0, 0.0, 0.0)
    pattern: Pattern | None = None
    shade: float = 1.0
    grain: F8 | None = None


Solid = Capsule | Ellipsoid


def _inverse(matrix: F8) -> F8:
    """Inverse of a 3 x 3 matrix by cofactors: many small ones are slow in a threaded linear algebra library."""
    a, b, c = matrix
    rows = np.array([_cross(b, c), _cross(c, a), _cross(a, b)])
    return np.asarray(rows.T / (a[0] * rows[0, 0] + a[1] * rows[0, 1] + a[2] * rows[0, 2]), np.float64)


def _cross(u: F8, v: F8) -> list[float]:
    (ux, uy, uz), (vx, vy, vz) = u.tolist(), v.tolist()
    return [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx]


class Canvas:
    """Colour, coverage and depth of a part of a picture."""

    def __init__(self, camera: Camera, background: NDArray[np.uint8], box: tuple[int, int, int, int]) -> None:
        """Begin on a copy of ``background`` [H, W, 3] within ``box`` (left, top, right, bottom)."""
        self.camera = camera
        self.left, self.top, self.right, self.bottom = box
        self.background = background[self.top : self.bottom, self.left : self.right].astype(np.float32)
        size = self.background.shape[:2]
        self.colour = np.zeros((*size, 3), np.float32)
        self.normal = np.zeros((*size, 3), np.float32)
        self.cover = np.zeros(size, np.float32)
        self.depth = np.full(size, np.inf, np.float32)
        self.light = (camera.axes @ (_LIGHT / np.linalg.norm(_LIGHT))).astype(np.float32)

    def draw(self, solid: Solid) -> None:
        """Draw one solid; draw far ones first for clean edges."""
        if isinstance(solid, Capsule):
            self._capsule(solid)
        else:
            self._ellipsoid(solid)

    def _window(self, low: F8, high: F8) -> tuple[slice, slice, Pixels, Pixels] | None:
        left = max(self.left, int(np.floor(low[0])) - 1)
        right = min(self.right, int(np.ceil(high[0])) + 2)
        top = max(self.top, int(np.floor(low[1])) - 1)
        bottom = min(self.bottom, int(np.ceil(high[1])) + 2)
        if left >= right or top >= bottom:
            return None
        x = np.arange(left, right, dtype=np.float32)[None, :]
        y = np.arange(top, bottom, dtype=np.float32)[:, None]
        rows = slice(top - self.top, bottom - self.top)
        return rows, slice(left - self.left, right - self.left), x, y

    def _capsule(self, solid: Capsule) -> None:
        ends = np.stack([solid.start, solid.stop])
        place, depth, scale = self.camera.project(ends), self.camera.depth(ends), self.camera.scale_at(ends)
        if not np.isfinite(place).all():
            return
        radius = np.array([solid.start_radius, solid.stop_radius])
        wide = (radius * scale)[:, None]
        window = self._window((place - wide).min(0), (place + wide).max(0))
        if window is None:
            return
        rows, columns, x, y = window
        bone = place[1] - place[0]
        along = float(bone @ bone)
        ax, ay = np.float32(place[0, 0]), np.float32(place[0, 1])
        bx, by = np.float32(bone[0]), np.float32(bone[1])
        t = np.clip(((x - ax) * bx + (y - ay) * by) / np.float32(max(along, 1e-6)), 0, 1)
        r = np.float32(wide[0, 0]) + t * np.float32(wide[1, 0] - wide[0, 0])
        nx, ny = (x - ax - t * bx) / r, (y - ay - t * by) / r
        square = nx * nx + ny * ny
        towards = np.sqrt(np.maximum(0, 1 - square))
        metres = np.float32(radius[0]) + t * np.float32(radius[1] - radius[0])
        far = np.float32(depth[0]) + t * np.float32(depth[1] - depth[0]) - towards * metres
        cover = np.clip((1 - np.sqrt(square)) * r + np.float32(0.5), 0, 1)
        self._put((rows, columns), cover, far, (nx, ny, -towards), solid.colour, solid.shade)

    def _ellipsoid(self, solid: Ellipsoid) -> None:
        middle = solid.middle[None]
        place, depth = self.camera.project(middle)[0], float(self.camera.depth(middle)[0])
        if not np.isfinite(place).all():
            return
        scale = float(self.camera.scale_at(middle)[0])
        shape = self.camera.axes @ solid.axes.T * scale
        spread = shape @ shape.T
        reach = np.sqrt(spread[[0, 1], [0, 1]])
        if reach.max() < _INVISIBLE_PX:
            return
        window = self._window(place - reach, place + reach)
        if window is None:
            return
        rows, columns, x, y = window
        q = _inverse(spread).astype(np.float32)
        px, py = x - np.float32(place[0]), y - np.float32(place[1])
        half = (q[0, 2] * px + q[1, 2] * py) / q[2, 2]
        rest = (q[0, 0] * px * px + 2 * q[0, 1] * px * py + q[1, 1] * py * py - 1) / q[2, 2]
        inside = half * half - rest
        root = np.sqrt(np.maximum(0, inside))
        pz = -half - root
        normal = [q[i, 0] * px + q[i, 1] * py + q[i, 2] * pz for i in range(3)]
        size = np.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2) + np.float32(1e-9)
        nx, ny, nz = (part / size for part in normal)
        if solid.grain is not None:
            gx, gy, gz = (self.camera.axes @ solid.grain).astype(np.float32)
            along = np.float32(0.9) * (nx * gx + ny * gy + nz * gz)
            nx, ny, nz = nx - along * gx, ny - along * gy, nz - along * gz
        # Distance to the outline in pixels, from the value and the slope of the outline's own quadric.
        square = float(spread[0, 0] * spread[1, 1] - spread[0, 1] ** 2)
        xx, xy, yy = (np.float32(v / square) for v in (spread[1, 1], -spread[0, 1], spread[0, 0]))
        gx, gy = xx * px + xy * py, xy * px + yy * py
        value = 1 - (gx * px + gy * py)
        cover = np.clip(value / (2 * np.sqrt(gx * gx + gy * gy) + np.float32(1e-6)) + np.float32(0.5), 0, 1)
        colour: Colour | Pixels = solid.colour
        if solid.pattern is not None:
            back = _inverse(shape).astype(np.float32)
            u, v, w = (back[i, 0] * px + back[i, 1] * py + back[i, 2] * pz for i in range(3))
            share = solid.pattern(u, v, w)[..., None]
            first, second = np.asarray(solid.colour, np.float32), np.asarray(solid.second, np.float32)
            colour = first + share * (second - first)
        far = np.float32(depth) + pz / np.float32(scale)
        self._put((rows, columns), cover, far, (nx, ny, nz), colour, solid.shade)

    def _put(
        self,
        at: tuple[slice, slice],
        cover: Pixels,
        far: Pixels,
        normal: tuple[Pixels, Pixels, Pixels],
        colour: Colour | Pixels,
        shade: float,
    ) -> None:
        seen = np.where(far < self.depth[at], cover, np.float32(0))
        if not seen.any():
            return
        # How much of what was painted here before is covered: all of it where that was the background.
        share = (seen / np.maximum(np.maximum(self.cover[at], seen), np.float32(1e-6)))[..., None]
        colours = self.colour[at]
        colours += share * (np.asarray(colour, np.float32) * np.float32(shade) - colours)
        normals = self.normal[at]
        for i, part in enumerate(normal):
            normals[..., i] += share[..., 0] * (part - normals[..., i])
        self.depth[at] = np.where(seen > 0.5, far, self.depth[at])
        self.cover[at] = np.maximum(self.cover[at], seen)

    def finish(self, *, soften_px: int) -> NDArray[np.uint8]:
        """The lit picture; creases between solids are smoothed over about ``soften_px`` pixels."""
        from scipy.ndimage import uniform_filter

        parts = [*np.moveaxis(self.normal, 2, 0), (self.cover > 0).astype(np.float32)]
        for _ in range(2 if soften_px > 0 else 0):
            parts = [uniform_filter(part, 2 * soften_px + 1, mode="constant") for part in parts]
        nx, ny, nz = (part / np.maximum(parts[3], np.float32(1e-6)) for part in parts[:3])
        lit = np.maximum(0, nx * self.light[0] + ny * self.light[1] + nz * self.light[2])
        light = np.float32(_AMBIENT) + np.float32(_DIFFUSE) * lit - np.float32(_FILL) * nz
        painted = self.colour * light[..., None]
        rgb = self.background + self.cover[..., None] * (painted - self.background)
        return np.asarray(np.clip(rgb, 0, 255), np.uint8)
