"""Skeleton prompting: keypoints and their edges are drawn onto the frames before they are cut into patches.

The token-level kinematic prompting of ChildGait-Video (Shen et al., ECCV 2026); colours and widths are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class PromptStyle:
    """How the skeleton is drawn.

    Attributes:
        left, right, middle: colours of either side and of what belongs to neither.
        line_px, point_px: width of the edges, radius of the points, in pixels of the clip.
        fine: the drawing is made this many times larger and averaged down, so that lines lie between pixels.
    """

    left: Colour = (255, 48, 32)
    right: Colour = (32, 128, 255)
    middle: Colour = (255, 224, 32)
    line_px: float = 1.5
    point_px: float = 1.4
    fine: int = 2


@dataclass(frozen=True, slots=True)
class Bones:
    """What is drawn of a skeleton.

    Attributes:
        edges: pairs of point numbers.
        sides: of each point: -1 left, +1 right, 0 neither.
    """

    edges: tuple[tuple[int, int], ...]
    sides: tuple[int, ...]

    @classmethod
    def of(cls, names: Sequence[str], edges: Sequence[tuple[int, int]]) -> Bones:
        """From the names of the points ("left_knee")."""
        sides = tuple(-1 if n.startswith("left_") else 1 if n.startswith("right_") else 0 for n in names)
        return cls(tuple((int(a), int(b)) for a, b in edges), sides)


def draw_skeleton(
    frames: NDArray[np.uint8],
    keypoints: NDArray[np.float32],
    bones: Bones,
    *,
    style: PromptStyle | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Frames with the skeleton on them, and where it was drawn.

    Args:
        frames: [T, H, W, 3] u8; not changed.
        keypoints: [T, K, 2] pixels; NaN = not seen, and then neither the point nor its edges are drawn.
        bones: what is joined.
        style: colours and widths.

    Returns:
        [T, H, W, 3] u8 and [T, H, W] bool.
    """
    style = style or PromptStyle()
    out = frames.copy()
    drawn = np.zeros(frames.shape[:3], np.bool_)
    for number, points in enumerate(keypoints):
        layer = np.asarray(_layer(points, bones, style, size=(frames.shape[2], frames.shape[1])))
        cover = layer[..., 3]
        rows, columns = np.nonzero(cover)
        if rows.size == 0:
            continue
        ink = layer[rows, columns].astype(np.uint16)
        below = frames[number, rows, columns].astype(np.uint16)
        opaque = ink[:, 3:]
        out[number, rows, columns] = (ink[:, :3] * opaque + below * (255 - opaque)) // 255
        drawn[number] = cover > 0
    return out, drawn


def _layer(
    points: NDArray[np.float32], bones: Bones, style: PromptStyle, *, size: tuple[int, int]
) -> Image.Image:
    """RGBA picture of the skeleton on nothing."""
    fine = style.fine
    layer = Image.new("RGBA", (size[0] * fine, size[1] * fine))
    pen = ImageDraw.Draw(layer)
    # Pixel centres are whole numbers: the middle of pixel 0 lies at (fine - 1) / 2 of the larger drawing.
    at = points * fine + (fine - 1) / 2
    seen = np.isfinite(at).all(axis=1) & (np.abs(np.nan_to_num(at)) < 16 * max(layer.size)).all(axis=1)
    width = max(1, round(style.line_px * fine))
    for start, stop in bones.edges:
        if seen[start] and seen[stop]:
            colour = _colour(bones.sides[start], bones.sides[stop], style)
            pen.line([*map(float, at[start]), *map(float, at[stop])], fill=(*colour, 255), width=width)
    radius = style.point_px * fine
    for point in np.flatnonzero(seen):
        x, y = map(float, at[point])
        colour = _colour(bones.sides[point], bones.sides[point], style)
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=(*colour, 255))
    return layer.reduce(fine) if fine > 1 else layer


def _colour(start: int, stop: int, style: PromptStyle) -> Colour:
    side = start + stop
    if start * stop < 0 or side == 0:
        return style.middle
    return style.left if side < 0 else style.right
