"""Latent attention pooling: many tokens become one vector.

After Lee et al., NV-Embed (arXiv 2405.17428), as used by Chen et al. (arXiv 2602.06743): the tokens are
queries, a learned dictionary of latents is key and value.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812  the usual name
from torch import Tensor, nn


class Geglu(nn.Module):
    """First half of the channels times GELU of the second half."""

    def forward(self, x: Tensor) -> Tensor:
        """[..., 2 n] -> [..., n]."""
        value, gate = x.chunk(2, dim=-1)
        return value * F.gelu(gate)


class LatentAttention(nn.Module):
    """``h = attention(LN h, LN latents) + h``; ``h = FF(LN h) + h``; mean over the tokens; length 1.

    Args:
        width: of a token.
        latents: how many in the dictionary.
        heads: of the attention; must divide ``width``.
    """

    def __init__(self, width: int, *, latents: int = 32, heads: int = 8) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads do not divide {width} channels")
        self.heads = heads
        self.latents = nn.Parameter(torch.randn(latents, width) / width**0.5)
        self.norm = nn.LayerNorm(width)
        self.norm_latents = nn.LayerNorm(width)
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_kv = nn.Linear(width, 2 * width, bias=False)
        self.to_out = nn.Linear(width, width, bias=False)
        self.norm_ff = nn.LayerNorm(width)
        self.ff = nn.Sequential(nn.Linear(width, 8 * width), Geglu(), nn.Linear(4 * width, width))

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """[B, N, d] tokens, [B, N] true where a token counts (or its weight) -> [B, d] of length 1."""
        hidden = self.attend(tokens) + tokens
        hidden = self.ff(self.norm_ff(hidden)) + hidden
        return F.normalize(masked_mean(hidden, mask), dim=-1)

    def attend(self, tokens: Tensor) -> Tensor:
        """[B, N, d]: what each token takes from the dictionary."""
        batch, count, width = tokens.shape
        latents = self.norm_latents(self.latents)
        query = self.to_q(self.norm(tokens)).view(batch, count, self.heads, -1).transpose(1, 2)
        parts = self.to_kv(latents).view(1, len(latents), 2, self.heads, width // self.heads)
        key, value = parts.expand(batch, -1, -1, -1, -1).permute(2, 0, 3, 1, 4)
        taken = F.scaled_dot_product_attention(query, key, value)
        mixed: Tensor = self.to_out(taken.transpose(1, 2).reshape(batch, count, width))
        return mixed


def masked_mean(tokens: Tensor, mask: Tensor | None) -> Tensor:
    """[B, N, d] -> [B, d] mean over the tokens that count, by their weights; zeros where none does."""
    if mask is None:
        return tokens.mean(dim=1)
    weight = mask.to(tokens.dtype)[..., None]
    return (tokens * weight).sum(dim=1) / weight.sum(dim=1).clamp_min(1e-6)
