"""Rendered video of the walker: a shaded, clothed body in a room, with its exact mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import F8
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.synthesis.body.figure import Look, build
from gaitviewer.synthesis.filming.cameras import Camera
from gaitviewer.synthesis.filming.raster import Canvas, Capsule, Solid
from gaitviewer.synthesis.filming.room import Backdrop, Room, cast_shadow, paint
from gaitviewer.synthesis.gait.model import WalkerGait
from gaitviewer.synthesis.gait.walker import WalkerMotion

_MARGIN_M = 0.16
_SOFT_M = 0.007
_FEET = (
    Keypoint.LEFT_HEEL, Keypoint.LEFT_BIG_TOE, Keypoint.LEFT_SMALL_TOE,
    Keypoint.RIGHT_HEEL, Keypoint.RIGHT_BIG_TOE, Keypoint.RIGHT_SMALL_TOE,
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class RenderedFrame:
    """One picture.

    Attributes:
        rgb: [H, W, 3] u8.
        mask: [H, W] bool, the subject.
    """

    rgb: NDArray[np.uint8]
    mask: NDArray[np.bool_]


def render(
    motion: WalkerMotion, camera: Camera, *, look: Look | None = None, room: Room | None = None
) -> Iterator[RenderedFrame]:
    """Pictures of a motion, one for each of its moments.

    Args:
        motion: whose points are drawn.
        camera: where from; its size is the picture's.
        look: of the body.
        room: around it.
    """
    backdrop = paint(room or Room(), camera)
    for points in motion.points:
        yield render_pose(points, camera, backdrop=backdrop, gait=motion.gait, look=look or Look())


def render_pose(
    points: F8, camera: Camera, *, backdrop: Backdrop, gait: WalkerGait, look: Look
) -> RenderedFrame:
    """One picture of ``points`` [23, 3] in front of the backdrop of the same camera."""
    rgb = backdrop.rgb.copy()
    cast_shadow(rgb, backdrop, camera, blobs=_shadow(points, gait.height_m))
    mask = np.zeros(rgb.shape[:2], np.bool_)
    box = _box(points, camera)
    if box is None:
        return RenderedFrame(rgb, mask)
    canvas = Canvas(camera, rgb, box)
    solids = build(points, gait=gait, look=look, eye=np.asarray(camera.position))
    for solid in sorted(solids, key=lambda one: -_distance(one, camera)):
        canvas.draw(solid)
    left, top, right, bottom = box
    scale = float(np.nanmedian(camera.scale_at(points)))
    rgb[top:bottom, left:right] = canvas.finish(soften_px=round(_SOFT_M * scale))
    mask[top:bottom, left:right] = canvas.cover > 0.5
    return RenderedFrame(rgb, mask)


def _distance(solid: Solid, camera: Camera) -> float:
    middle = (solid.start + solid.stop) / 2 if isinstance(solid, Capsule) else solid.middle
    return float(camera.depth(middle[None])[0])


def _box(points: F8, camera: Camera) -> tuple[int, int, int, int] | None:
    """The part of the picture that holds the body, or None if none of it does."""
    seen, scale = camera.project(points), camera.scale_at(points)
    ok = np.isfinite(seen).all(axis=1)
    if not ok.any():
        return None
    margin = (_MARGIN_M * scale[ok])[:, None]
    low = np.floor((seen[ok] - margin).min(0)).astype(int)
    high = np.ceil((seen[ok] + margin).max(0)).astype(int)
    left, top = np.maximum(0, low)
    right, bottom = np.minimum([camera.width, camera.height], high)
    if left >= right or top >= bottom:
        return None
    return int(left), int(top), int(right), int(bottom)


def _shadow(points: F8, height_m: float) -> F8:
    """Soft under the body, sharper and darker under a foot the closer it is to the floor."""
    middle = points[[Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP], :2].mean(axis=0)
    blobs = [[middle[0], middle[1], 0.20 * height_m, 0.22]]
    for keypoint in _FEET:
        x, y, z = points[keypoint]
        near = float(np.exp(-z / 0.05))
        blobs.append([x, y, 0.035 * height_m + 0.3 * z, 0.28 * near])
    return np.asarray(blobs, np.float64)
