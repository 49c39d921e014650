"""Rotary transformers: only differences of time count, and tokens may come in any order."""

from __future__ import annotations

import pytest
import torch

from gaitviewer.nets.scoliosis.rope_vit import (
    MapPatches,
    RopeAttention,
    RopeStack,
    VideoPatches,
    Vit,
    VitSettings,
    rotary_turns,
    rotate,
)

SETTINGS = VitSettings(width=32, layers=2, heads=2, mlp=2.0)


def test_scores_depend_on_the_difference_of_times_only() -> None:
    torch.manual_seed(0)
    query, key = torch.randn(1, 1, 1, 16).double(), torch.randn(1, 1, 1, 16).double()

    def score(first_s: float, second_s: float) -> torch.Tensor:
        a = rotary_turns(torch.tensor([first_s]), 16)
        b = rotary_turns(torch.tensor([second_s]), 16)
        return (rotate(query, a.double()) * rotate(key, b.double())).sum()

    torch.testing.assert_close(score(0.4, 1.1), score(2.4, 3.1), atol=1e-5, rtol=1e-5)
    assert abs(score(0.4, 1.1) - score(0.4, 1.3)) > 1e-2
    torch.testing.assert_close(rotate(query, rotary_turns(torch.tensor([0.0]), 16).double()), query)
    length = rotate(query, rotary_turns(torch.tensor([7.7]), 16).double()).norm()
    torch.testing.assert_close(length, query.norm())


def test_token_order_with_positions_does_not_matter() -> None:
    torch.manual_seed(1)
    stack = RopeStack(SETTINGS).eval()
    tokens, times = torch.randn(2, 9, 32), torch.rand(2, 9) * 3
    order = torch.randperm(9)
    with torch.no_grad():
        whole = stack(tokens, times)
        torch.testing.assert_close(
            stack(tokens[:, order], times[:, order]), whole[:, order], atol=1e-5, rtol=1e-4
        )
        assert (stack(tokens[:, order], times) - whole[:, order]).abs().max() > 1e-3
        torch.testing.assert_close(stack(tokens, times + 5.0), whole, atol=2e-4, rtol=1e-3)


def test_masked_tokens_are_not_looked_at() -> None:
    torch.manual_seed(2)
    attention = RopeAttention(16, 2).eval()
    tokens, mask = torch.randn(1, 5, 16), torch.tensor([[True, True, True, False, False]])
    turns = rotary_turns(torch.arange(5.0)[None], 8)
    changed = tokens.clone()
    changed[:, 3:] = 50.0
    with torch.no_grad():
        torch.testing.assert_close(
            attention(tokens, turns, mask)[:, :3], attention(changed, turns, mask)[:, :3]
        )


@pytest.mark.parametrize(("patch", "tokens"), [((14, 8), 204), ((17, 16), 84), ((7, 8), 408), ((34, 8), 84)])
def test_a_map_token_sees_its_own_patch_only(patch: tuple[int, int], tokens: int) -> None:
    torch.manual_seed(3)
    patches = MapPatches(8, rows=patch[0], frames=patch[1])
    values = torch.zeros(1, 238, 96)
    changed = values.clone()
    changed[0, patch[0], patch[1]] = 1.0  # the second row of patches, second in time
    with torch.no_grad():
        moved = (patches(changed) - patches(values)).abs().sum(dim=2)[0]
    assert moved.shape == (tokens,)
    assert moved.nonzero().flatten().tolist() == [96 // patch[1] + 1]
    times = patches.token_times(torch.arange(96.0)[None] / 30)
    assert times[0, 1] == pytest.approx((patch[1] + (patch[1] - 1) / 2) / 30)


def test_a_video_token_sees_its_own_tubelet_only() -> None:
    torch.manual_seed(4)
    patches = VideoPatches(8, clip=(6, 32), frames=2, size=16)
    pixels = torch.zeros(1, 6, 3, 32, 32)
    changed = pixels.clone()
    changed[0, 4, 0, 20, 3] = 1.0  # third in time, lower left
    with torch.no_grad():
        moved = (patches(changed) - patches(pixels)).abs().sum(dim=2)[0]
    assert moved.nonzero().flatten().tolist() == [2 * 3 + 2]
    assert patches.token_times(torch.arange(6.0)[None]).tolist() == [[0.5, 2.5, 4.5] * 4]


def test_impossible_patches_are_refused() -> None:
    with pytest.raises(ValueError, match="do not divide"):
        MapPatches(8, rows=13)
    with pytest.raises(ValueError, match="do not divide"):
        VideoPatches(8, clip=(24, 60), size=16)


def test_by_number_the_clock_does_not_matter() -> None:
    torch.manual_seed(5)
    vit = Vit(MapPatches(32, rows=34, frames=16), SETTINGS, index_s=0.5).eval()
    values, times = torch.randn(1, 238, 96), torch.arange(96.0)[None] / 30
    with torch.no_grad():
        torch.testing.assert_close(vit(values, times)[0], vit(values, times * 1.7 + 2)[0])
    assert vit.place(times)[0, :6].tolist() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
