"""The subject's outline in every frame, a quarter of the picture's size, as packed bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import readonly_array

MASK_CELL_PX = 4
"""Side of a mask cell in source pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class SmallMask:
    """The outline in one frame: bits inside a box of cells.

    Attributes:
        left, top, width, height: the box, in cells of the whole picture's grid.
        bits: packed rows of the box, ``np.packbits`` order.
    """

    left: int
    top: int
    width: int
    height: int
    bits: NDArray[np.uint8]


def pack_mask(
    mask: NDArray[np.bool_], *, left_px: float, top_px: float, scale: float, size: tuple[int, int]
) -> SmallMask | None:
    """From the outline in a crop to cells of the whole picture.

    Args:
        mask: [h, w] bool, in crop pixels.
        left_px: the crop's left edge, source pixels.
        top_px: its upper edge, source pixels.
        scale: crop pixels per source pixel.
        size: (width, height) of the source picture, pixels.

    Returns:
        None if no cell is covered.
    """
    rows, columns = grid_shape(*size)
    y = np.floor(((np.arange(rows) + 0.5) * MASK_CELL_PX - top_px) * scale).astype(np.int64)
    x = np.floor(((np.arange(columns) + 0.5) * MASK_CELL_PX - left_px) * scale).astype(np.int64)
    in_y = np.flatnonzero((y >= 0) & (y < mask.shape[0]))
    in_x = np.flatnonzero((x >= 0) & (x < mask.shape[1]))
    if in_y.size == 0 or in_x.size == 0:
        return None
    cells = mask[np.ix_(y[in_y], x[in_x])]
    covered_y, covered_x = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    if covered_y.size == 0:
        return None
    y0, y1 = int(covered_y[0]), int(covered_y[-1]) + 1
    x0, x1 = int(covered_x[0]), int(covered_x[-1]) + 1
    bits = np.packbits(cells[y0:y1, x0:x1])
    return SmallMask(int(in_x[0]) + x0, int(in_y[0]) + y0, x1 - x0, y1 - y0, bits)


def grid_shape(width: int, height: int) -> tuple[int, int]:
    """Rows and columns of the grid of a picture of this size."""
    return -(-height // MASK_CELL_PX), -(-width // MASK_CELL_PX)


@dataclass(frozen=True, slots=True, eq=False)
class MaskSequence:
    """The subject's outline in every frame of a video.

    Attributes:
        width, height: size of the source picture, pixels.
        boxes: [T, 4] i32: left, top, width, height of each frame's box, cells; width 0 = no outline.
        offsets: [T + 1] i64: frame i's bits are ``bits[offsets[i]:offsets[i + 1]]``.
        bits: u8, packed rows of all boxes one after the other.
    """

    width: int
    height: int
    boxes: NDArray[np.int32]
    offsets: NDArray[np.int64]
    bits: NDArray[np.uint8]

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "boxes", readonly_array(self.boxes, np.int32, (None, 4), "boxes"))
        put(self, "offsets", readonly_array(self.offsets, np.int64, (len(self.boxes) + 1,), "offsets"))
        put(self, "bits", readonly_array(self.bits, np.uint8, (None,), "bits"))

    @classmethod
    def collect(cls, masks: Mapping[int, SmallMask], *, frames: int, width: int, height: int) -> MaskSequence:
        """From single masks by frame number; frames without one have no outline."""
        boxes = np.zeros((frames, 4), np.int32)
        counts = np.zeros(frames + 1, np.int64)
        parts = []
        for frame in sorted(masks):
            small = masks[frame]
            boxes[frame] = small.left, small.top, small.width, small.height
            counts[frame + 1] = small.bits.size
            parts.append(small.bits)
        bits = np.concatenate(parts) if parts else np.zeros(0, np.uint8)
        return cls(width, height, boxes, np.cumsum(counts), bits)

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """[T] whether there is an outline."""
        return np.asarray(self.boxes[:, 2] > 0, np.bool_)

    def cells(self, frame: int) -> NDArray[np.bool_]:
        """[ceil(H/4), ceil(W/4)] bool; all false where there is no outline."""
        grid = np.zeros(grid_shape(self.width, self.height), np.bool_)
        left, top, width, height = (int(v) for v in self.boxes[frame])
        if width:
            packed = self.bits[int(self.offsets[frame]) : int(self.offsets[frame + 1])]
            inside = np.unpackbits(packed, count=width * height).astype(np.bool_)
            grid[top : top + height, left : left + width] = inside.reshape(height, width)
        return grid

    def at(self, frame: int) -> NDArray[np.bool_]:
        """[H, W] bool at the source picture's size."""
        big = np.repeat(np.repeat(self.cells(frame), MASK_CELL_PX, axis=0), MASK_CELL_PX, axis=1)
        return np.ascontiguousarray(big[: self.height, : self.width])
