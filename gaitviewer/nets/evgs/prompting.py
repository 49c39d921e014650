"""Skeleton prompting: keypoints and their edges are drawn onto the frames before they are cut into patches.

The token-level kinematic prompting of ChildGait-Video (Shen et al., ECCV 2026); colours and widths are ours: a
hue for each joint, warm ones at the left and cool ones at the right.
"""

from __future__ import annotations

import colorsys
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
        left_hue, right_hue: of the first joint of a side, turns of the colour circle.
        hues: how far the last one is from it.   dark: value of every other joint.
        middle, across: colours of points of neither side, and of edges from side to side.
        line_px, point_px: width of the edges, radius of the points, in pixels of the clip.
        fine: the drawing is made this many times larger and averaged down, so that lines lie between pixels.
    """

    left_hue: float = -0.08
    right_hue: float = 0.42
    hues: float = 0.36
    dark: float = 0.75
    middle: Colour = (255, 224, 32)
    across: Colour = (255, 255, 255)
    line_px: float = 1.5
    point_px: float = 1.4
    fine: int = 2


@dataclass(frozen=True, slots=True)
class Bones:
    """What is drawn of a skeleton.

    Attributes:
        edges: pairs of point numbers.
        sides: of each point: -1 left, +1 right, 0 neither.
        ranks: of each point among those of its side, 0 for the first and 1 for the last.
    """

    edges: tuple[tuple[int, int], ...]
    sides: tuple[int, ...]
    ranks: tuple[float, ...]

    @classmethod
    def of(cls, names: Sequence[str], edges: Sequence[tuple[int, int]]) -> Bones:
        """From the names of the points ("left_knee")."""
        sides = tuple(-1 if n.startswith("left_") else 1 if n.startswith("right_") else 0 for n in names)
        counts = [sides[:k].count(side) for k, side in enumerate(sides)]
        ranks = tuple(n / max(1, sides.count(side) - 1) for n, side in zip(counts, sides, strict=True))
        return cls(tuple((int(a), int(b)) for a, b in edges), sides, ranks)


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
    height, width = frames.shape[1:3]
    for number, points in enumerate(keypoints):
        left, top, right, bottom = _box(points, style, size=(width, height))
        if right <= left or bottom <= top:
            continue
        moved = points - np.array([left, top], np.float32)
        layer = np.asarray(_layer(moved, bones, style, size=(right - left, bottom - top)))
        cover = layer[..., 3]
        rows, columns = np.nonzero(cover)
        ink = layer[rows, columns].astype(np.uint16)
        part = out[number, top:bottom, left:right]
        below = part[rows, columns].astype(np.uint16)
        opaque = ink[:, 3:]
        part[rows, columns] = (ink[:, :3] * opaque + below * (255 - opaque)) // 255
        drawn[number, top:bottom, left:right] = cover > 0
    return out, drawn


def _box(
    points: NDArray[np.float32], style: PromptStyle, *, size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what may be drawn on: pixels, the last ones excluded."""
    seen = points[np.isfinite(points).all(axis=1)]
    if not len(seen):
        return 0, 0, 0, 0
    rim = int(np.ceil(style.point_px + style.line_px)) + 1
    low = np.clip(np.floor(seen.min(axis=0)) - rim, 0, size)
    high = np.clip(np.ceil(seen.max(axis=0)) + rim + 1, 0, size)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


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
            colour = _edge_colour(bones, start, stop, style)
            pen.line([*map(float, at[start]), *map(float, at[stop])], fill=(*colour, 255), width=width)
    radius = style.point_px * fine
    for point in np.flatnonzero(seen):
        x, y = map(float, at[point])
        colour = _colour(bones, int(point), style)
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=(*colour, 255))
    return layer.reduce(fine) if fine > 1 else layer


def _edge_colour(bones: Bones, start: int, stop: int, style: PromptStyle) -> Colour:
    """An edge has the colour of its later end."""
    if bones.sides[start] != bones.sides[stop]:
        return style.across if bones.sides[start] * bones.sides[stop] < 0 else style.middle
    return _colour(bones, max(start, stop, key=lambda point: bones.ranks[point]), style)


def _colour(bones: Bones, point: int, style: PromptStyle) -> Colour:
    side, rank = bones.sides[point], bones.ranks[point]
    if side == 0:
        return style.middle
    hue = (style.left_hue if side < 0 else style.right_hue) + style.hues * rank
    odd = bones.sides[:point].count(side) % 2 == 1
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, 1.0, style.dark if odd else 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)
