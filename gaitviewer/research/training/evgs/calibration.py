"""Heads of the video model settled on sessions not trained on, so that 0.5 parts the answers fairly.

Platt's scaling (Platt 1999, Advances in Large Margin Classifiers, 61-74) with both answers of an item weighted
alike, for each item by itself. A network that is trained on few subjects is too sure of them, and where one
answer is rare its limit lies elsewhere on subjects that it has not seen.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gaitviewer.nets.evgs.network import EvgsNet

_STEPS = 60


def calibrate_thresholds(net: EvgsNet, logits: Tensor, labels: Tensor, limbs: Tensor, *, trust: float) -> None:
    """Turns each item's logit z into a z + b, in the weights of the network itself.

    Args:
        net: changed in place.
        logits: [N, 17, levels] of the limb of each clip.
        labels: [N, 17] scores 0, 1, 2; -1 = not asked.
        limbs: [N] set of heads that answered.
        trust: weight of a = 1, b = 0 against the mean loss of the clips; infinite = nothing changes.
    """
    with torch.no_grad():
        weight = net.items.weight.view(net.settings.limbs, -1, net.levels, net.items.in_features)
        bias = net.items.bias.view(net.settings.limbs, -1, net.levels)
    for limb in range(net.settings.limbs):
        own = limbs == limb
        slope, shift = _scales(logits[own].double(), labels[own], trust=trust)
        with torch.no_grad():
            weight[limb] *= slope[..., None].to(weight)
            bias[limb] = bias[limb] * slope.to(bias) + shift.to(bias)


def _scales(logits: Tensor, labels: Tensor, *, trust: float) -> tuple[Tensor, Tensor]:
    """[17, levels] a and b; 1 and 0 where only one answer is known."""
    levels = logits.shape[-1]
    known = (labels >= 0)[..., None].expand_as(logits)
    yes = (labels[..., None] >= torch.arange(1, levels + 1)) & known
    no = known & ~yes
    counts = torch.stack([yes.sum(dim=0), no.sum(dim=0)]).double()
    usable = (counts > 0).all(dim=0)
    each = yes / counts[0].clamp(min=1) + no / counts[1].clamp(min=1)  # both answers weigh 1
    log_slope = torch.zeros_like(logits[0]).requires_grad_()
    shift = torch.zeros_like(logits[0]).requires_grad_()
    solver = torch.optim.LBFGS([log_slope, shift], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        z = logits * log_slope.exp() + shift
        errors = torch.nn.functional.binary_cross_entropy_with_logits(z, yes.double(), reduction="none")
        total = (errors * each * usable).sum() + trust * (log_slope**2 + shift**2).sum()
        total.backward()
        return total

    solver.step(loss)
    return log_slope.detach().exp(), shift.detach()
