"""Outlines survive packing."""

from __future__ import annotations

import numpy as np
import pytest

from gaitviewer.pose.masks import MASK_CELL_PX, MaskSequence, grid_shape, pack_mask


def disc(size: int, x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size]
    return (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 < radius**2


@pytest.mark.parametrize("scale", [1.0, 0.5])
@pytest.mark.parametrize(("left", "top"), [(50, 30), (-40, -20), (500, 300)])
def test_a_disc_comes_back_where_it_was(scale, left, top):
    width, height = 642, 398
    small = pack_mask(
        disc(int(200 * scale), 100 * scale, 100 * scale, 60 * scale),
        left_px=left,
        top_px=top,
        scale=scale,
        size=(width, height),
    )
    assert small is not None
    masks = MaskSequence.collect({1: small}, frames=3, width=width, height=height)
    assert masks.seen.tolist() == [False, True, False]
    got = masks.at(1)
    rows, columns = np.mgrid[:height, :width]
    true = (columns + 0.5 - left - 100) ** 2 + (rows + 0.5 - top - 100) ** 2 < 60**2
    assert got.shape == (height, width)
    overlap = (got & true).sum() / (got | true).sum()
    assert overlap > 0.88
    assert not masks.at(0).any()


def test_nothing_covered_is_no_mask():
    assert pack_mask(np.zeros((50, 50), bool), left_px=0, top_px=0, scale=1, size=(200, 100)) is None
    assert pack_mask(np.ones((50, 50), bool), left_px=900, top_px=0, scale=1, size=(200, 100)) is None


def test_grid_covers_the_last_pixels():
    assert grid_shape(641, 399) == (100, 161)
    assert MASK_CELL_PX * grid_shape(641, 399)[1] >= 641
