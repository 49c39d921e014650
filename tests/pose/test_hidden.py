"""What stands in front of the walkway is found, and what it hides is left out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from gaitviewer.core.skeleton import Keypoint
from gaitviewer.pose.hidden import Column, find_columns, hidden_points
from gaitviewer.pose.masks import MASK_CELL_PX, MaskSequence, SmallMask, grid_shape
from gaitviewer.pose.settings import load_settings
from tests.support import bodies

SIZE = (1400, 1080)
COLUMN = Column(660.0, 740.0)
LIMITS = load_settings().hidden


def walk(*, sign: float = 1.0, rate_hz: float = 30.0) -> tuple[np.ndarray, np.ndarray]:
    """True points [T, 23, 2] of a walk through the picture, and their times."""
    body = bodies.plain_walk(seconds=3.0, sign=sign).at_rate(rate_hz)
    pose = bodies.side_view(body, size=SIZE, middle_m=sign * 1.65)
    xy = pose.xy.copy()
    xy[:, [Keypoint.LEFT_EYE, Keypoint.RIGHT_EYE]] = xy[:, [Keypoint.NOSE]]
    return xy, pose.times


def outlines(xy: np.ndarray, *, column: Column | None, guessed: float = 0.0, seed: int = 0) -> MaskSequence:
    """Outlines [T] of thick bones; behind a column only some frames are ``guessed`` to go on below it."""
    random = np.random.default_rng(seed)
    rows, columns = grid_shape(*SIZE)
    down, across = (np.mgrid[:rows, :columns] + 0.5) * MASK_CELL_PX
    K = Keypoint
    found = {}
    for frame, points in enumerate(xy):
        trunk = (
            points[[K.LEFT_SHOULDER, K.RIGHT_SHOULDER]].mean(axis=0),
            points[[K.LEFT_HIP, K.RIGHT_HIP]].mean(axis=0),
        )
        bones = [(*trunk, 55.0), (points[K.NOSE], trunk[0], 30.0)]
        for side in ("LEFT", "RIGHT"):
            chain = [points[K[f"{side}_{part}"]] for part in ("HIP", "KNEE", "ANKLE", "BIG_TOE")]
            bones += [(a, b, 28.0) for a, b in pairwise(chain)]
        mask = np.zeros((rows, columns), bool)
        for a, b, thick in bones:
            way = np.asarray(b - a, float)
            along = np.clip(((across - a[0]) * way[0] + (down - a[1]) * way[1]) / (way @ way), 0.0, 1.0)
            mask |= np.hypot(across - a[0] - along * way[0], down - a[1] - along * way[1]) < thick
        if column is not None and random.random() >= guessed:
            mask &= (across < column.left) | (across > column.right)
        if mask.any():
            found[frame] = SmallMask(0, 0, columns, rows, np.packbits(mask))
    return MaskSequence.collect(found, frames=len(xy), width=SIZE[0], height=SIZE[1])


def made_up(xy: np.ndarray, column: Column) -> tuple[np.ndarray, np.ndarray]:
    """What an estimator gives, points behind put on the other side's or beside it, and which they are."""
    behind = (xy[..., 0] > column.left) & (xy[..., 0] < column.right)
    flips = [
        Keypoint[k.name.replace("LEFT", "?").replace("RIGHT", "LEFT").replace("?", "RIGHT")] for k in Keypoint
    ]
    other = xy[:, flips]
    free = ~behind[:, flips]
    beside = xy.copy()
    beside[..., 0] = np.where(
        xy[..., 0] < 0.5 * (column.left + column.right), column.left - 8, column.right + 8
    )
    return np.where(behind[..., None], np.where(free[..., None], other, beside), xy), behind


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("rate_hz", [25.0, 60.0])
@pytest.mark.parametrize("guessed", [0.0, 0.3])
def test_a_column_in_front_is_found(sign: float, rate_hz: float, guessed: float) -> None:
    xy, times = walk(sign=sign, rate_hz=rate_hz)
    masks = outlines(xy, column=COLUMN, guessed=guessed)
    seen, _ = made_up(xy, COLUMN)
    found = find_columns(seen, times, masks, LIMITS)
    assert len(found) == 1
    assert found[0].left == pytest.approx(COLUMN.left, abs=12)
    assert found[0].right == pytest.approx(COLUMN.right, abs=12)


@pytest.mark.parametrize("rate_hz", [25.0, 60.0])
def test_where_nothing_stands_in_front_nothing_is_found(rate_hz: float) -> None:
    xy, times = walk(rate_hz=rate_hz)
    noisy = xy + np.random.default_rng(1).normal(0.0, 3.0, xy.shape).astype(np.float32)
    assert find_columns(noisy, times, outlines(noisy, column=None), LIMITS) == ()


def test_who_stands_beside_a_column_is_behind_nothing() -> None:
    xy, times = walk()
    near = int(np.argmin(np.abs(xy[:, Keypoint.LEFT_HIP, 0] - COLUMN.right)))
    standing = np.repeat(xy[near : near + 1], len(xy), axis=0)
    assert find_columns(standing, times, outlines(standing, column=COLUMN), LIMITS) == ()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_points_behind_the_column_are_left_out_and_others_kept(sign: float) -> None:
    xy, times = walk(sign=sign)
    seen, behind = made_up(xy, COLUMN)
    hidden = hidden_points(seen, times, (COLUMN,), LIMITS)
    there = np.isfinite(xy).all(axis=2)
    off = np.hypot(*np.moveaxis(seen - xy, -1, 0))
    # a point that was made up is left out, but for a frame at the very side of the column
    wrong = there & behind & (off > 25.0)
    assert (hidden & wrong).sum() >= 0.95 * wrong.sum()
    # what is well beside the column stays
    room = np.minimum(np.abs(xy[..., 0] - COLUMN.left), np.abs(xy[..., 0] - COLUMN.right))
    clear = there & ~behind & (room > 60.0)
    assert (hidden & clear).sum() <= 0.02 * clear.sum()


def test_without_a_column_nothing_is_left_out() -> None:
    xy, times = walk()
    assert not hidden_points(xy, times, (), LIMITS).any()
