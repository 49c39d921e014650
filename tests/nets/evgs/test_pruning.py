"""Pruned with everything kept is unpruned; order and padding change nothing; which patches are kept."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gaitviewer.errors import SettingsError
from gaitviewer.nets.evgs.pruning import (
    PruneRule,
    choose_patches,
    cut_patches,
    normalise_patches,
    pad_patches,
    patches_along,
    share_by_patch,
)
from gaitviewer.nets.evgs.videomae import PIXEL_MEAN, PIXEL_SD, VideoMae, VideoShape

SHAPE = VideoShape(width=48, depth=3, heads=3, size_px=32, patch_px=8, frames=4, classes=5)


@pytest.fixture(scope="module")
def model() -> VideoMae:
    torch.manual_seed(2)
    made = VideoMae(SHAPE)
    with torch.no_grad():
        for value in made.parameters():
            value.add_(0.1 * torch.randn_like(value))
    return made.eval()


def _frames(seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (4, 32, 32, 3), np.uint8)


def _answer(
    model: VideoMae, patches: torch.Tensor, index: torch.Tensor, keys: torch.Tensor | None = None
) -> torch.Tensor:
    with torch.no_grad():
        tokens = model.encode(model.embed_patches(patches, index), keys)
        return model.head(model.pool(tokens, keys))


def _pruned(model: VideoMae, frames: NDArray[np.uint8], index: NDArray[np.int64]) -> torch.Tensor:
    patches = normalise_patches(torch.from_numpy(cut_patches(frames, index, SHAPE)))
    return _answer(model, patches[None], torch.from_numpy(index)[None])


def test_all_kept_equals_unpruned(model: VideoMae) -> None:
    frames = _frames()
    pixels = (torch.from_numpy(frames) / 255.0 - torch.tensor(PIXEL_MEAN)) / torch.tensor(PIXEL_SD)
    with torch.no_grad():
        whole = model(pixels.permute(3, 0, 1, 2)[None])
    assert torch.allclose(_pruned(model, frames, np.arange(SHAPE.tokens)), whole, atol=1e-5)


def test_the_order_of_tokens_does_not_matter_but_their_positions_do(model: VideoMae) -> None:
    frames = _frames()
    index = np.array([1, 4, 9, 10, 17, 30])
    mixed = np.random.default_rng(1).permutation(index)
    straight = _pruned(model, frames, index)
    assert torch.allclose(_pruned(model, frames, mixed), straight, atol=1e-5)
    patches = normalise_patches(torch.from_numpy(cut_patches(frames, index, SHAPE)))
    elsewhere = _answer(model, patches[None], torch.from_numpy(index[::-1].copy())[None])
    assert not torch.allclose(elsewhere, straight, atol=1e-3)


def test_padding_does_not_matter(model: VideoMae) -> None:
    indices = [np.array([3, 5, 8]), np.arange(12), np.array([7])]
    cut = [cut_patches(_frames(k), index, SHAPE) for k, index in enumerate(indices)]
    patches, numbers, keys = pad_patches(cut, indices)
    assert keys.sum(axis=1).tolist() == [3, 12, 1]
    batch = _answer(
        model, normalise_patches(torch.from_numpy(patches)), torch.from_numpy(numbers), torch.from_numpy(keys)
    )
    for k, index in enumerate(indices):
        assert torch.allclose(batch[k], _pruned(model, _frames(k), index)[0], atol=1e-5)


def test_a_patch_counts_if_either_frame_of_its_tubelet_does() -> None:
    mask = np.zeros((4, 32, 32), np.bool_)
    mask[3, 8:16, 16:20] = True  # half of a patch, in the second frame of the second tubelet
    share = share_by_patch(mask, SHAPE)
    assert np.flatnonzero(share).tolist() == [16 + 4 + 2]
    assert share[22] == 0.5


def test_threshold_floor_and_drawn_patches() -> None:
    mask = np.zeros((4, 32, 32), np.bool_)
    mask[:2, :8, :8] = True  # patch 0 wholly
    mask[:2, :8, 8:9] = True  # patch 1: an eighth
    mask[0, 8, :3] = True  # patch 4: too little
    drawn = np.zeros_like(mask)
    drawn[2, 31, 31] = True  # patch 31: one pixel of skeleton
    rule = PruneRule(threshold=0.1, floor=1)
    assert choose_patches(mask, None, SHAPE, rule).tolist() == [0, 1]
    assert choose_patches(mask, drawn, SHAPE, rule).tolist() == [0, 1, 31]
    assert choose_patches(mask, None, SHAPE, PruneRule(0.1, floor=3)).tolist() == [0, 1, 4]
    nothing = choose_patches(np.zeros_like(mask), None, SHAPE, PruneRule(0.1, floor=5))
    assert len(nothing) == 5
    assert len(choose_patches(mask, None, SHAPE, PruneRule(0.1, floor=500))) == SHAPE.tokens


@pytest.mark.parametrize(("keep", "count"), [(1.0, 32), (0.5, 16), (0.25, 8), (0.1, 3)])
def test_a_share_of_the_tokens_is_exact_and_takes_the_skeleton_first(keep: float, count: int) -> None:
    mask = np.random.default_rng(3).random((4, 32, 32)) < np.linspace(0, 1, 32)
    drawn = np.zeros_like(mask)
    drawn[0, 0, 0] = True  # where hardly any foreground is
    index = choose_patches(mask, drawn, SHAPE, PruneRule(floor=1, keep=keep))
    assert len(index) == count
    assert 0 in index
    assert (np.diff(index) > 0).all()
    share = share_by_patch(mask, SHAPE)
    dropped = np.setdiff1d(np.arange(32), index)
    if dropped.size:
        assert share[index[1:]].min() >= share[dropped].max()


def test_impossible_rules_are_refused() -> None:
    for wrong in ({"keep": 0.0}, {"keep": 1.1}, {"threshold": 2.0}, {"floor": 0}):
        with pytest.raises(SettingsError):
            PruneRule(**wrong)


def test_patches_along_an_edge_and_those_come_first() -> None:
    points = np.full((4, 3, 2), np.nan, np.float32)
    points[2, 0], points[2, 1] = (4.0, 4.0), (4.0, 30.0)  # down the first column, second tubelet
    points[0, 2] = (20.0, 20.0)
    first = patches_along(points, ((0, 1), (1, 2)), SHAPE)
    assert np.flatnonzero(first).tolist() == [16, 20, 24, 28]
    mask = np.zeros((4, 32, 32), np.bool_)
    mask[:, :, 8:] = True
    index = choose_patches(mask, mask, SHAPE, PruneRule(floor=1, keep=0.25), first=first)
    assert {16, 20, 24, 28} <= set(index.tolist())
    assert len(index) == 8
