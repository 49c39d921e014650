"""Grad-CAM on skeleton networks: raw maps of evidence, never scaled.

Selvaraju RR et al. Grad-CAM. ICCV 2017. raw = ReLU(sum over channels of mean(dY/dF) * F), with F the output
of a block, [T', V]. A map without evidence stays empty, because nothing is stretched to 0..1 here.

With a reference, F is replaced by its difference to what the block gives for reference cases on average: then a
joint shows evidence only where it differs from them, and what every case has in common shows none.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def grad_cam(
    model: nn.Module,
    forward: Callable[[], Tensor],
    *,
    block: nn.Module,
    weights: Tensor,
    reference: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Maps of a batch at one block.

    Args:
        model: in evaluation mode, so that the cases of a batch do not mix.
        forward: runs the model on the batch and gives logits [N, classes].
        block: its output [N, C, T', V] is F.
        weights: [N, classes] of the logits in Y, the quantity whose evidence is wanted: see
            :func:`of_class` and :func:`of_order`.
        reference: [C, V] mean output of the block for reference cases; None = the published map.

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
            (gradient,) = torch.autograd.grad((weights * logits).sum(), kept[-1])
    finally:
        hook.remove()
    channels = gradient.mean(dim=(2, 3), keepdim=True)
    found = kept[-1] if reference is None else kept[-1] - reference[None, :, None, :]
    raw = torch.relu((channels * found).sum(dim=1))
    return raw.detach(), logits.detach()


def integrated_gradients(
    forward: Callable[[Tensor], Tensor], x: Tensor, *, start: Tensor, weights: Tensor, steps: int
) -> Tensor:
    """What each joint of a clip adds to Y on the straight way from a reference to the clip.

    Sundararajan M et al. Axiomatic attribution for deep networks. ICML 2017: all contributions together are
    Y(clip) - Y(reference). This is the map of the input itself, before any block mixes neighbours.

    Args:
        forward: gives logits [N, classes] of clips, from a model in evaluation mode.
        x: [N, C, T, V, M] clips; channels from the third on (the score) stay as they are.
        start: [2, V] where the reference has its joints, in every frame.
        weights: [N, classes] of the logits in Y.
        steps: of the way.

    Returns:
        [N, T, V], positive where the place of the joint speaks for Y.
    """
    begin = x.detach().clone()
    begin[:, :2] = start[None, :, None, :, None]
    total = torch.zeros_like(begin)
    for step in range(steps):
        share = (step + 0.5) / steps
        point = (begin + share * (x - begin)).detach().requires_grad_(True)
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad((weights * forward(point)).sum(), point)
        total += gradient / steps
    return ((x - begin) * total).sum(dim=(1, 4)).detach()


def of_class(targets: Tensor, classes: int) -> Tensor:
    """[N, classes] weights for the evidence of one class each."""
    return torch.nn.functional.one_hot(targets, classes).float()


def of_order(count: int, classes: int) -> Tensor:
    """[count, classes] weights for what speaks for a higher level where the classes are ordered.

    Evenly spaced and summing to 0: what all levels share does not count.
    """
    steps = torch.arange(classes, dtype=torch.float32) - 0.5 * (classes - 1)
    return steps.expand(count, classes)
