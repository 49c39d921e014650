"""Vision transformers of the knowledge map and of the video that differ in the patch embedding only.

Tokens carry their moment by rotary embedding (Su et al., RoFormer, arXiv 2104.09864) of real time in seconds,
so that tokens of the map and of the video that belong to one moment are turned alike; rows of the map and
places in the picture have learned embeddings.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812  the usual name
from torch import Tensor, nn

MAP_ROWS = 238
MAP_FRAMES = 96


@dataclass(frozen=True, slots=True)
class VitSettings:
    """How a transformer is built.

    Attributes:
        width: of a token.   layers, heads: how many.   mlp: width of the inner layer, as a factor.
        dropout: behind attention and inner layer.   token_dropout: share of tokens left out in training.
    """

    width: int = 384
    layers: int = 8
    heads: int = 6
    mlp: float = 4.0
    dropout: float = 0.0
    token_dropout: float = 0.0


SHORTEST_S, LONGEST_S = 0.2, 20.0  # periods of the rotary embedding, seconds


def rotary_turns(times: Tensor, head_width: int) -> Tensor:
    """[..., N, 2, head_width / 2] cosine and sine for the moments [..., N] seconds; periods are geometric."""
    half = head_width // 2
    steps = torch.linspace(0.0, 1.0, half, device=times.device, dtype=torch.float32)
    period = SHORTEST_S * (LONGEST_S / SHORTEST_S) ** steps
    angles = times.float()[..., None] * (2 * torch.pi / period)
    return torch.stack([angles.cos(), angles.sin()], dim=-2)


def rotate(x: Tensor, turns: Tensor) -> Tensor:
    """Turn pairs of channels: x [B, H, N, 2 n] by turns [B, N, 2, n] (or [N, 2, n])."""
    if turns.ndim == 4:
        turns = turns[:, None]
    cos, sin = turns.to(x.dtype).unbind(dim=-2)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


class RopeAttention(nn.Module):
    """Self-attention whose scores depend on differences of time only."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % (2 * heads):
            raise ValueError(f"{heads} heads of an even width do not divide {width} channels")
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, turns: Tensor, mask: Tensor | None = None) -> Tensor:
        """[B, N, d]; turns [B, N, 2, d / heads / 2]; mask [B, N] true where a token may be looked at."""
        batch, count, width = x.shape
        parts = self.qkv(x).view(batch, count, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = rotate(parts[0], turns), rotate(parts[1], turns), parts[2]
        allowed = None if mask is None else mask[:, None, None, :]
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        out: Tensor = self.proj(mixed.transpose(1, 2).reshape(batch, count, width))
        return out


class RopeBlock(nn.Module):
    """Pre-norm block: attention, inner layer."""

    def __init__(self, settings: VitSettings) -> None:
        super().__init__()
        inner = int(settings.width * settings.mlp)
        self.norm1 = nn.LayerNorm(settings.width)
        self.attn = RopeAttention(settings.width, settings.heads)
        self.norm2 = nn.LayerNorm(settings.width)
        self.mlp = nn.Sequential(nn.Linear(settings.width, inner), nn.GELU(), nn.Linear(inner, settings.width))
        self.drop = nn.Dropout(settings.dropout)

    def forward(self, x: Tensor, turns: Tensor, mask: Tensor | None = None) -> Tensor:
        """[B, N, d] -> [B, N, d]."""
        x = x + self.drop(self.attn(self.norm1(x), turns, mask))
        out: Tensor = x + self.drop(self.mlp(self.norm2(x)))
        return out


class RopeStack(nn.Module):
    """Blocks one after the other, and a norm."""

    def __init__(self, settings: VitSettings) -> None:
        super().__init__()
        self.settings = settings
        self.blocks = nn.ModuleList(RopeBlock(settings) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(settings.width)

    def forward(self, x: Tensor, times: Tensor, mask: Tensor | None = None) -> Tensor:
        """Tokens [B, N, d] at times [B, N] seconds; mask [B, N] true where a token counts."""
        turns = rotary_turns(times, self.settings.width // self.settings.heads)
        for block in self.blocks:
            x = block(x, turns, mask)
        out: Tensor = self.norm(x)
        return out


class MapPatches(nn.Module):
    """Tokens of the knowledge map: patches of ``rows`` x ``frames``, which must divide 238 x 96.

    With ``sizes`` the size of each value is a second channel: a curve goes to either side, and what matters is
    how far a child is from the middle. With ``levels`` each token also carries so many numbers of each of its
    rows that hold for the whole clip (see :class:`gaitviewer.nets.scoliosis.levels.MapLevels`).
    """

    def __init__(
        self, width: int, *, rows: int = 14, frames: int = 8, sizes: bool = False, levels: int = 0
    ) -> None:
        super().__init__()
        if MAP_ROWS % rows or MAP_FRAMES % frames:
            raise ValueError(f"patches of {rows} x {frames} do not divide {MAP_ROWS} x {MAP_FRAMES}")
        self.grid = (MAP_ROWS // rows, MAP_FRAMES // frames)
        self.sizes = sizes
        self.proj = nn.Conv2d(2 if sizes else 1, width, (rows, frames), (rows, frames))
        self.place = nn.Parameter(0.02 * torch.randn(self.grid[0], width))
        self.levels = nn.Linear(levels * rows, width) if levels else None

    def forward(self, values: Tensor, levels: Tensor | None = None) -> Tensor:
        """[B, 238, 96], and [B, 238, L] where the net has levels -> [B, rows * times, d], time fastest."""
        channels = torch.stack([values, values.abs()], dim=1) if self.sizes else values[:, None]
        tokens = self.proj(channels) + self.place.t()[None, :, :, None]
        if self.levels is not None and levels is not None:
            whole = self.levels(levels.reshape(len(levels), self.grid[0], -1))
            tokens = tokens + whole.transpose(1, 2)[..., None]
        out: Tensor = tokens.flatten(2).transpose(1, 2)
        return out

    def token_times(self, times: Tensor) -> Tensor:
        """[B, N] middle of each token from the frames' times [B, 96]."""
        middle = times.view(times.shape[0], self.grid[1], -1).mean(dim=2)
        return middle.repeat(1, self.grid[0])


class VideoPatches(nn.Module):
    """Tokens of a video clip: tubelets of ``frames`` x ``size`` x ``size`` pixels."""

    def __init__(self, width: int, *, clip: tuple[int, int], frames: int = 2, size: int = 16) -> None:
        super().__init__()
        count, pixels = clip
        if count % frames or pixels % size:
            raise ValueError(f"tubelets of {frames} x {size} do not divide a clip of {count} x {pixels}")
        self.grid = (count // frames, pixels // size)
        self.proj = nn.Conv3d(3, width, (frames, size, size), (frames, size, size))
        self.place = nn.Parameter(0.02 * torch.randn(self.grid[1] ** 2, width))

    def forward(self, pixels: Tensor) -> Tensor:
        """[B, T, 3, H, W] around zero -> [B, places * times, d], time running fastest."""
        tokens = self.proj(pixels.transpose(1, 2)).flatten(3)  # [B, d, T', places]
        out: Tensor = (tokens.transpose(2, 3) + self.place.t()[None, :, :, None]).flatten(2).transpose(1, 2)
        return out

    def token_times(self, times: Tensor) -> Tensor:
        """[B, N] middle of each tubelet from the frames' times [B, T]."""
        middle = times.view(times.shape[0], self.grid[0], -1).mean(dim=2)
        return middle.repeat(1, self.grid[1] ** 2)


class Vit(nn.Module):
    """A patch embedding and a stack: the encoder of one modality."""

    def __init__(
        self, patches: MapPatches | VideoPatches, settings: VitSettings, *, index_s: float = 0.0
    ) -> None:
        """``index_s`` > 0: tokens are placed by number, so many seconds apart, not by real time."""
        super().__init__()
        self.patches = patches
        self.stack = RopeStack(settings)
        self.index_s = index_s
        self.token_dropout = settings.token_dropout

    def forward(self, values: Tensor, times: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Encoded tokens [B, N, d], their times [B, N], and a mask [B, N] true where a token is kept."""
        return self.encode(self.patches(values), self.place(times))

    def place(self, times: Tensor) -> Tensor:
        """[B, N] moment of each token, seconds: real, or by number where tokens are not aligned."""
        moments = self.patches.token_times(times)
        if self.index_s <= 0:
            return moments
        steps = self.patches.grid[1] if isinstance(self.patches, MapPatches) else self.patches.grid[0]
        number = torch.arange(moments.shape[1], device=moments.device) % steps
        return (number * self.index_s).to(moments.dtype).expand_as(moments)

    def encode(self, tokens: Tensor, moments: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens at their moments through the stack."""
        mask = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        if self.training and self.token_dropout > 0:
            mask = torch.rand(tokens.shape[:2], device=tokens.device) >= self.token_dropout
            mask[:, 0] = True  # never none
        return self.stack(tokens, moments, mask if self.training else None), moments, mask
