"""What a video model looked at: raw attention, and what changes when parts of the clip are left out.

Attention alone is no proof that a patch mattered, so an occlusion result stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gaitviewer.nets.evgs.videomae import VideoMae, VideoShape

Answer = Callable[[Tensor, Tensor, Tensor], Tensor]
"""From patches [B, n, P], numbers [B, n] and keys [B, n] to one number a clip [B]."""


@torch.no_grad()
def attention_by_token(
    model: VideoMae, tokens: Tensor, keys: Tensor | None = None, *, layer: int = -1
) -> Tensor:
    """[B, n] attention that each token receives in one block: mean over heads and query rows.

    There is no class token whose row could be shown, so every token asks with the same weight.

    Args:
        model: the encoder.
        tokens: [B, n, width] embedded, with positions.
        keys: [B, n] which tokens are there.
        layer: number of the block; negative counts from the last.
    """
    last = range(len(model.blocks))[layer]
    for block in list(model.blocks)[:last]:
        tokens = block(tokens, keys)
    block = model.blocks[last]
    matrix: Tensor = block.attn.matrix(block.norm1(tokens), keys).mean(dim=1)  # type: ignore[operator, union-attr]
    if keys is None:
        return matrix.mean(dim=1)
    rows = keys.to(matrix.dtype)[..., None]
    received: Tensor = (matrix * rows).sum(dim=1) / rows.sum(dim=1)
    return received


@torch.no_grad()
def occlusion_by_token(
    answer: Answer,
    patches: Tensor,
    index: Tensor,
    shape: VideoShape,
    *,
    cube: tuple[int, int, int] = (2, 2, 2),
    batch: int = 32,
) -> Tensor:
    """[n] by how much the answer falls when the tokens of a cube around a place are left out (signed, raw).

    Args:
        answer: of the model, for a batch of one clip with different keys.
        patches: [1, n, P] of one clip.
        index: [1, n] their numbers.
        shape: of the clip.
        cube: tubelets, rows and columns left out together.
        batch: how many cubes at a time.
    """
    place = np.stack(np.unravel_index(index[0].cpu().numpy(), shape.grid)) // np.array(cube)[:, None]
    cubes, member = np.unique(place, axis=1, return_inverse=True)
    member = np.asarray(member).reshape(-1)
    whole = answer(patches, index, torch.ones_like(index, dtype=torch.bool))[0]
    falls = torch.zeros(cubes.shape[1], dtype=whole.dtype, device=whole.device)
    at = torch.from_numpy(member).to(index.device)
    for part in _parts(cubes.shape[1], batch):
        numbers = torch.tensor(part, device=index.device)
        keys = at[None, :] != numbers[:, None]
        sure = keys.any(dim=1)
        keys[~sure] = True  # a clip within one cube: nothing would be left
        count = len(part)
        values = answer(patches.expand(count, -1, -1), index.expand(count, -1), keys)
        falls[numbers] = torch.where(sure, whole - values, torch.zeros_like(values))
    return falls[at]


def _parts(count: int, size: int) -> Iterator[list[int]]:
    for start in range(0, count, size):
        yield list(range(start, min(start + size, count)))


def to_grid(values: Tensor, index: Tensor, shape: VideoShape) -> NDArray[np.float64]:
    """[T', Y, X] raw values at their patches; NaN = patch not looked at.

    Args:
        values: [n] of the kept tokens.
        index: [n] their numbers.
        shape: of the clip.
    """
    grid = np.full(shape.tokens, np.nan)
    grid[index.cpu().numpy()] = values.double().cpu().numpy()
    return grid.reshape(shape.grid)
