"""Which features and frames of the knowledge map the answer rests on.

Four methods: gradient x activation of the tokens, at the patches or behind the transformer; integrated
gradients (Sundararajan et al., ICML 2017, arXiv 1703.01365) of the cells; and leaving out one row after the
other. Values are raw evidence for the answer "asymmetry"; nothing is scaled.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from gaitviewer.core.arrays import F8
from gaitviewer.nets.scoliosis.fusion import Batch, MapFusionNet, ModalityTokens
from gaitviewer.nets.scoliosis.rope_vit import MAP_FRAMES, MAP_ROWS, MapPatches

LAYERS = ("encoded", "patches")
METHODS = (*LAYERS, "integrated", "rows")

_AT_ONCE = 34  # rows of a map


def explain_map(net: MapFusionNet, batch: Batch, *, method: str, sign: float = 1.0) -> F8:
    """[B, 238, 96] importance by one of :data:`METHODS`.

    Raises:
        ValueError: there is no such method.
    """
    if method not in METHODS:
        raise ValueError(f"the importance is one of {METHODS}")
    if method == "integrated":
        return integrated_gradients(net, batch, sign=sign)
    if method == "rows":
        return leave_rows_out(net, batch, sign=sign)
    return map_importance(net, batch, layer=method, sign=sign)


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


def integrated_gradients(net: MapFusionNet, batch: Batch, *, sign: float = 1.0, steps: int = 16) -> F8:
    """The way from the average of the training group to the clip: what each cell adds to the logit.

    What holds for the whole clip goes along with the cells, and its part is laid over the frames that make it
    up. The sum over a row is the row's share in the difference of the logits; rows that speak against the
    answer give 0, and the share of the others lies on the frames that speak for it.

    Args:
        net: in evaluation mode, with the modality "map".
        batch: see :class:`MapFusionNet`.
        sign: +1 for evidence for asymmetry, -1 for evidence against it.
        steps: of the integral (midpoint rule).

    Returns:
        [B, 238, 96] f64, not negative.
    """
    whole = net.standardise(batch).detach()
    ends = [whole] if net.levels is None else [whole, net.levels(whole, batch["unknown"]).detach()]
    totals = [torch.zeros_like(end) for end in ends]
    for step in range(steps):
        at = [(end * ((step + 0.5) / steps)).requires_grad_(True) for end in ends]
        with torch.enable_grad():
            patches = net.patches(batch, map_input=at[0], level_input=at[1] if len(at) > 1 else None)
            logits = net.decide(net.encode(patches, batch))
            for total, found in zip(totals, torch.autograd.grad(sign * logits.sum(), at), strict=True):
                total += found / steps
    amounts = [total * end for total, end in zip(totals, ends, strict=True)]
    cells = amounts[0]
    if net.levels is not None:
        cells = cells + (net.levels.frames(whole) * amounts[1][..., None, :]).sum(dim=-1)
    signed = _numpy(cells)
    rows = signed.sum(axis=2, keepdims=True).clip(min=0.0)
    speaking = signed.clip(min=0.0)
    sums = speaking.sum(axis=2, keepdims=True)
    return np.asarray(rows * np.divide(speaking, sums, out=np.zeros_like(signed), where=sums > 0), np.float64)


def leave_rows_out(net: MapFusionNet, batch: Batch, *, sign: float = 1.0) -> F8:
    """[B, 238, 96]: how much the logit falls when a row is replaced by the training set's mean.

    Evenly over the frames of the row.
    """
    lost = torch.zeros(len(batch["map"]), MAP_ROWS)
    with torch.no_grad():
        whole = net.standardise(batch)
        full = net.decide(net.encode(net.patches(batch), batch))
        for case in range(len(whole)):
            one = {name: value[case : case + 1] for name, value in batch.items()}
            for start in range(0, MAP_ROWS, _AT_ONCE):
                rows = list(range(start, min(MAP_ROWS, start + _AT_ONCE)))
                maps = whole[case].repeat(len(rows), 1, 1)
                maps[range(len(rows)), rows] = 0.0
                many = {name: value.expand(len(rows), *value.shape[1:]) for name, value in one.items()}
                logits = net.decide(net.encode(net.patches(many, map_input=maps), many))
                lost[case, rows] = ((full[case] - logits) * sign).cpu()
    even = _numpy(lost.clamp_min(0.0))[..., None] / MAP_FRAMES
    return np.ascontiguousarray(np.broadcast_to(even, (len(lost), MAP_ROWS, MAP_FRAMES)))


def _forward(
    net: MapFusionNet, batch: Batch
) -> tuple[Tensor, dict[str, Tensor], Mapping[str, ModalityTokens], Tensor]:
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
