"""Points are followed as far as the picture shows them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gaitviewer.pose.flow import follow_points

SIZE = (120, 200)


def pictures(count: int, *, covered_from: int | None = None) -> Iterator[NDArray[np.uint8]]:
    """A blotched square that moves 2 pixels right and 1 down with each picture; noise may cover it later."""
    rng = np.random.default_rng(1)
    fine = rng.uniform(0, 255, (12, 12))
    square = np.kron(fine, np.ones((4, 4)))
    ground = np.kron(np.random.default_rng(2).uniform(90, 130, (12, 20)), np.ones((10, 10)))
    for number in range(count):
        picture = ground.copy()
        y, x = 20 + number, 30 + 2 * number
        picture[y : y + 48, x : x + 48] = square
        if covered_from is not None and number >= covered_from:
            picture = np.random.default_rng(number).uniform(0, 255, SIZE)
        yield np.repeat(picture.astype(np.uint8)[..., None], 3, axis=2)


def test_a_point_moves_with_the_picture() -> None:
    start = np.array([[54, 44], [60.5, 50.25]], np.float32)
    found = follow_points(pictures(20), start)
    assert found.shape == (19, 2, 2)
    true = start + np.arange(1, 20)[:, None, None] * np.array([2, 1])
    assert np.abs(found - true).max() < 0.5


def test_it_is_lost_where_the_way_back_leads_elsewhere() -> None:
    found = follow_points(pictures(20, covered_from=9), np.array([[54, 44]], np.float32))
    assert len(found) == 8  # pictures 1 to 8; what comes after shows something else


def test_nothing_to_hold_on_to_is_no_track() -> None:
    flat = (np.full((*SIZE, 3), 80, np.uint8) for _ in range(4))
    assert len(follow_points(flat, np.array([[54, 44]], np.float32))) == 0


def test_a_point_outside_the_picture_is_not_followed_and_leaves_the_others() -> None:
    found = follow_points(pictures(6), np.array([[54, 44], [np.nan, np.nan]], np.float32))
    assert np.isfinite(found[:, 0]).all()
    assert np.isnan(found[:, 1]).all()
