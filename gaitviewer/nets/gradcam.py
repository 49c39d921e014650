"""Grad-CAM on skeleton networks: raw maps of evidence, never scaled.

Selvaraju RR et al. Grad-CAM. ICCV 2017. raw = ReLU(sum over channels of mean(dY/dF) * F), with F the output
of a block, [T', V]. A map without evidence stays empty, because nothing is stretched to 0..1 here.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def grad_cam(
    model: nn.Module, forward: Callable[[], Tensor], *, block: nn.Module, targets: Tensor
) -> tuple[Tensor, Tensor]:
    """Maps of a batch at one block.

    Args:
        model: in evaluation mode, so that the cases of a batch do not mix.
        forward: runs the model on the batch and gives logits [N, classes].
        block: its output [N, C, T', V] is F.
        targets: [N] class whose evidence is wanted.

    Returns:
        Raw maps [N, T', V], not negative, and the logits [N, classes]; both without gradient.

    Raises:
        ValueError: the model is in training mode, or the block took no part.
    """
    if model.training:
        raise ValueError("maps of evidence are read from a model in evaluation mode")
    kept: list[Tensor] = []
    hook = block.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    try:
        with torch.enable_grad():
            logits = forward()
            if not kept or not kept[-1].requires_grad:
                raise ValueError("the block took no part in the answer")
            chosen = logits.gather(1, targets.view(-1, 1)).sum()
            (gradient,) = torch.autograd.grad(chosen, kept[-1])
    finally:
        hook.remove()
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    raw = torch.relu((weights * kept[-1]).sum(dim=1))
    return raw.detach(), logits.detach()
