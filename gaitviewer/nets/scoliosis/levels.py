"""What holds for a whole clip of the knowledge map, in a form that does not tell left from right.

A lateral curve goes to either side and lasts through the clip, while the cells of the map mostly swing with
the steps: beside the cells, each row gives the mean over the clip and the mean swing about it, each as what the
row has in common with its mirror image and the size of what differs between them. All are in standard
deviations of the training group. [ours]
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEVELS = 4
_LEAST_SD = 1e-3
_WILDEST = 6.0


class MapLevels(nn.Module):
    """[B, 238, 96] standardised map -> [B, 238, 4].

    In order: common level, size of the difference of the levels, common swing, size of the difference of it.

    Buffers of the training set: ``rows`` and ``signs`` [238], where each row goes in the mirrored child and
    whether its sign turns; ``mean``, ``sd`` [238, 4].
    """

    rows: Tensor
    signs: Tensor
    mean: Tensor
    sd: Tensor

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.register_buffer("rows", torch.arange(rows))
        self.register_buffer("signs", torch.ones(rows))
        self.register_buffer("mean", torch.zeros(rows, LEVELS))
        self.register_buffer("sd", torch.ones(rows, LEVELS))

    def forward(self, values: Tensor, unknown: Tensor) -> Tensor:
        """Of the map and its rows [B, 238] that are unknown; those and their mirror images give 0."""
        known = ~(unknown | unknown[:, self.rows])
        out = (self.measure(values) - self.mean) / self.sd
        return out.clamp(-_WILDEST, _WILDEST) * known[..., None]

    def measure(self, values: Tensor) -> Tensor:
        """The same, not standardised."""
        level = values.mean(dim=-1)
        turned = self.signs * level[:, self.rows]
        spread = (values - level[..., None]).abs().mean(dim=-1)
        other = spread[:, self.rows]
        parts = (level + turned, (level - turned).abs(), spread + other, (spread - other).abs())
        return 0.5 * torch.stack(parts, dim=-1)

    def frames(self, values: Tensor) -> Tensor:
        """[B, 238, T, 4] the part of each frame in what holds for the clip; the sum over frames is 1.

        The difference of the levels lies on the frames in which the row differs to that side; the others have
        no moment of their own and lie on all frames alike.
        """
        gap = 0.5 * (values - self.signs[:, None] * values[:, self.rows])
        towards = (gap * gap.sum(dim=-1, keepdim=True).sign()).clamp_min(0.0)
        total = towards.sum(dim=-1, keepdim=True)
        even = torch.full_like(towards, 1.0 / values.shape[-1])
        part = torch.where(total > 0, towards / total.clamp_min(1e-12), even)
        return torch.stack([even, part, even, even], dim=-1)

    @torch.no_grad()
    def learn(self, values: Tensor, unknown: Tensor, *, rows: Tensor, signs: Tensor) -> None:
        """Fills the buffers from the training clips' standardised maps and the table of mirror images."""
        self.rows.copy_(rows)
        self.signs.copy_(signs)
        known = ~(unknown | unknown[:, self.rows])
        weight = known[..., None].to(values.dtype)
        count = weight.sum(dim=0).clamp_min(1.0)
        found = self.measure(values)
        mean = (found * weight).sum(dim=0) / count
        sd = (((found - mean) ** 2 * weight).sum(dim=0) / count).sqrt()
        self.mean.copy_(mean)
        self.sd.copy_(torch.where(sd > _LEAST_SD, sd, torch.ones_like(sd)))
