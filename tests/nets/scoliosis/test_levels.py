"""What holds for a whole clip of the map: blind to left and right, honest about what is unknown."""

from __future__ import annotations

import pytest
import torch

from gaitviewer.nets.scoliosis.levels import LEVELS, MapLevels

ROWS = torch.tensor([1, 0, 2, 3])  # a pair, a row that turns, one that stays
SIGNS = torch.tensor([1.0, 1.0, -1.0, 1.0])


def clips(count: int = 20) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    level = torch.randn(count, 4, 1, generator=generator)
    return level + 0.3 * torch.randn(count, 4, 12, generator=generator)


def learned(values: torch.Tensor) -> MapLevels:
    levels = MapLevels(4)
    levels.learn(values, torch.zeros(len(values), 4, dtype=torch.bool), rows=ROWS, signs=SIGNS)
    return levels


def known(values: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(values), 4, dtype=torch.bool)


def test_the_mirrored_child_gives_the_same() -> None:
    values = clips()
    levels = learned(values)
    mirrored = SIGNS[:, None] * values[:, ROWS]
    torch.testing.assert_close(levels(mirrored, known(values)), levels(values, known(values))[:, ROWS])


def test_the_training_group_is_the_measure() -> None:
    values = clips()
    found = learned(values)(values, known(values))
    assert found.shape == (20, 4, LEVELS)
    torch.testing.assert_close(found.mean(dim=0), torch.zeros(4, LEVELS), atol=1e-5, rtol=0)
    changing = found.std(dim=0, correction=0) > 1e-6
    assert changing[:3, 1].all(), "differences between left and right"
    assert not changing[2, 0], "a row that turns has nothing in common with its mirror image"
    assert not changing[3, 1], "a row that stays differs from nothing"


def test_a_lasting_shift_to_either_side_is_seen_alike() -> None:
    values = clips()
    levels = learned(values)
    shift = torch.zeros(4, 1)
    shift[2] = 5.0
    calm = torch.zeros(1, 4, 12)
    left, right = (levels(calm + sign * shift, known(calm))[0, 2, 1] for sign in (1.0, -1.0))
    assert float(left) == pytest.approx(float(right))
    assert float(left) > 2.0


def test_unknown_rows_and_their_mirror_images_say_nothing() -> None:
    values = clips()
    unknown = known(values)
    unknown[:, 0] = True
    found = learned(values)(values, unknown)
    assert (found[:, :2] == 0).all()
    assert (found[:, 2, 1] != 0).all()


def test_the_parts_of_the_frames_add_up_to_one() -> None:
    values = clips()
    parts = learned(values).frames(values)
    assert (parts >= 0).all()
    torch.testing.assert_close(parts.sum(dim=2), torch.ones(20, 4, LEVELS))
    step = torch.zeros(1, 4, 12)
    step[0, 2, 6:9] = -3.0
    shown = MapLevels(4)
    shown.rows.copy_(ROWS)
    shown.signs.copy_(SIGNS)
    torch.testing.assert_close(shown.frames(step)[0, 2, :, 1] > 0, step[0, 2] < 0)
