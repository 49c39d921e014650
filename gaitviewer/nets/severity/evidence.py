"""Evidence of each joint in each frame for an answer of the severity network, at a block or at the input."""

from __future__ import annotations

import torch
from torch import Tensor

from gaitviewer.nets.gradcam import grad_cam, integrated_gradients
from gaitviewer.nets.severity.fusion import INPUT, FusionNet

_STEPS = 6


def evidence(
    net: FusionNet,
    x: Tensor,
    features: Tensor,
    *,
    layer: int,
    weights: Tensor,
    reference: Tensor | None = None,
) -> Tensor:
    """Raw maps of a batch, never scaled.

    Args:
        net: in evaluation mode.
        x: [N, C, T, V, 1] clips.
        features: [N, F].
        layer: block (from 0) that is read by Grad-CAM, or INPUT for the clip itself by integrated gradients.
        weights: [N, classes] of the logits in the quantity whose evidence is wanted.
        reference: [C', V] what the block gives for healthy children; for the input [2, V] where their joints
            are, which is needed there.

    Returns:
        [N, T', V] without gradient, not negative.

    Raises:
        ValueError: the input is to be compared with nothing.
    """
    if layer != INPUT:
        raw, _ = grad_cam(
            net, lambda: net(x, features), block=net.blocks[layer], weights=weights, reference=reference
        )
        return raw
    if reference is None:
        raise ValueError("evidence at the input is a difference to reference cases; give their joints")
    signed = integrated_gradients(
        lambda clips: net(clips, features), x, start=reference, weights=weights, steps=_STEPS
    )
    return torch.relu(signed[:, :: net.settings.frame_step])  # the network looks at no other frames
