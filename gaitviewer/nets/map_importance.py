"""Which patches and features of the knowledge map the answer rests on: gradient x activation, or leave-one-out.

Values are raw evidence for the answer "asymmetry"; nothing is scaled.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gaitviewer.nets.map_fusion import Batch, MapFusionNet, Tokens
from gaitviewer.nets.rope_vit import MAP_FRAMES, MAP_ROWS, MapPatches

F8 = NDArray[np.float64]
LAYERS = ("encoded", "patches")


def map_importance(net: MapFusionNet, batch: Batch, *, layer: str = "encoded", sign: float = 1.0) -> F8:
    """Gradient x activation of the map's tokens, mapped back to features and frames.

    Each token's value is shared out to the features and frames of its patch in the proportion of the size of
    gradient x input there, so that the sum over a patch is the token's.

    Args:
        net: in evaluation mode, with the modality "map".
        batch: see :class:`MapFusionNet`.
        layer: where the activation is read: "encoded" (behind the transformer) or "patches" (before it).
        sign: +1 for evidence for asymmetry, -1 for evidence against it.

    Returns:
        [B, 238, 96] f64, not negative.
    """
    with torch.enable_grad():
        inputs, patches, tokens, logits = _forward(net, batch)
        read = tokens["map"].values if layer == "encoded" else patches["map"]
        at_input, at_token = torch.autograd.grad(sign * logits.sum(), [inputs, read])
    token = (at_token * read).sum(dim=-1).clamp_min(0.0)
    fine = (at_input * inputs).abs()
    return _share_out(_grid(net), _numpy(token), _numpy(fine))


def leave_one_out(net: MapFusionNet, batch: Batch, *, sign: float = 1.0, at_once: int = 32) -> F8:
    """[B, 238, 96]: how much the logit falls when a patch is replaced by the training set's mean.

    The loss of a patch is shared out evenly over its features and frames.
    """
    rows, steps = _grid(net)
    with torch.no_grad():
        whole = net.standardise(batch)
        full = net.decide(net.encode(net.patches(batch), batch))
        height, width = MAP_ROWS // rows, MAP_FRAMES // steps
        lost = torch.zeros(len(whole), rows * steps)
        for case in range(len(whole)):
            one = {name: value[case : case + 1] for name, value in batch.items()}
            for start in range(0, rows * steps, at_once):
                numbers = list(range(start, min(rows * steps, start + at_once)))
                maps = whole[case].repeat(len(numbers), 1, 1)
                for place, number in enumerate(numbers):
                    row, step = divmod(number, steps)
                    maps[place, row * height : (row + 1) * height, step * width : (step + 1) * width] = 0.0
                many = {n: v.expand(len(numbers), *v.shape[1:]) for n, v in one.items()}
                logits = net.decide(net.encode(net.patches(many, map_input=maps), many))
                lost[case, numbers] = (full[case] - logits).cpu() * sign
    even = np.ones((len(lost), MAP_ROWS, MAP_FRAMES))
    return _share_out((rows, steps), _numpy(lost.clamp_min(0.0)), even)


def _forward(net: MapFusionNet, batch: Batch) -> tuple[Tensor, dict[str, Tensor], Mapping[str, Tokens], Tensor]:
    inputs = net.standardise(batch).detach().requires_grad_(True)
    patches = net.patches(batch, map_input=inputs)
    tokens = net.encode(patches, batch)
    return inputs, patches, tokens, net.decide(tokens)


def _grid(net: MapFusionNet) -> tuple[int, int]:
    patches = net.encoders["map"].patches
    assert isinstance(patches, MapPatches)
    return patches.grid


def _share_out(grid: tuple[int, int], token: F8, fine: F8) -> F8:
    """[B, 238, 96] from token values [B, N] and weights within each patch [B, 238, 96]."""
    rows, steps = grid
    shape = (len(token), rows, MAP_ROWS // rows, steps, MAP_FRAMES // steps)
    cells = fine.reshape(shape)
    total = cells.sum(axis=(2, 4), keepdims=True)
    even = 1.0 / (shape[2] * shape[4])
    share = np.where(total > 0, cells / np.where(total > 0, total, 1.0), even)
    return np.asarray((share * token.reshape(len(token), rows, 1, steps, 1)).reshape(fine.shape), np.float64)


def _numpy(values: Tensor) -> F8:
    return values.detach().cpu().double().numpy()
