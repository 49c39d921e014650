"""A temporal convolutional network over both legs of a walking pass.

Its residual layers of dilated convolutions see 0.4 s on either side at 50 frames a second. Here it learns; in
the program it runs in numpy (``gaitviewer.analysis.signal.leg_refiner``).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

MOVES = 20  # x, y of five points of the near and of the far limb


class _Layer(nn.Module):
    """h [B, C, T] -> [B, C, T]."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.spread = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.norm = nn.LayerNorm(width)  # over the channels of one moment, so that length does not matter
        self.mix = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, h: Tensor) -> Tensor:
        """One step further."""
        inner = self.norm(self.spread(h).transpose(1, 2)).transpose(1, 2)
        out: Tensor = h + self.dropout(self.mix(functional.silu(inner)))
        return out


class LegNetwork(nn.Module):
    """Features [B, T, F] -> moves [B, T, 20] in leg lengths; untrained, it moves nothing."""

    def __init__(
        self, features: int, dilations: Sequence[int], *, width: int = 96, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.enter = nn.Conv1d(features, width, 1)
        self.layers = nn.ModuleList(_Layer(width, dilation, dropout) for dilation in dilations)
        self.leave = nn.Conv1d(width, MOVES, 1)
        for start in self.leave.parameters():
            nn.init.zeros_(start)

    def forward(self, features: Tensor) -> Tensor:
        """[B, T, F] -> [B, T, 20]."""
        h = self.enter(features.transpose(1, 2))
        for layer in self.layers:
            h = layer(h)
        out: Tensor = self.leave(h).transpose(1, 2)
        return out
