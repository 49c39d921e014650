"""The Edinburgh score from a clip: a VideoMAE v2 encoder with an MLP head.

After ChildGait-Video (Shen et al., Decoding children's gait behavior, ECCV 2026): 17 items and two limbs, each
binary; a regression of the Gait Variable Score. The heads for 0 / 1 / 2 and the segments asked for while
training are ours.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gaitviewer.core.learning import ITEMS
from gaitviewer.nets.evgs_inputs import MOMENTS, SEGMENTS, EvgsSettings
from gaitviewer.nets.pruning import normalise_patches
from gaitviewer.nets.videomae import VideoMae

LEVELS = 2


class Answers(NamedTuple):
    """What the network says of a batch of clips.

    Attributes:
        items: [B, limbs, 17, 1] logit of "atypical", or [B, limbs, 17, 2] logits of ">= 1" and ">= 2".
        score: [B, limbs] Gait Variable Score, standardised.
        segments: [B, S] segments of the body.
    """

    items: Tensor
    score: Tensor
    segments: Tensor


class Gather(nn.Module):
    """Learned queries look for what they need among the tokens of a clip; ours, where few clips are at hand."""

    def __init__(self, width: int, queries: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.query = nn.Parameter(0.5 * torch.randn(queries, width))
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)

    def forward(self, tokens: Tensor, keys: Tensor | None) -> Tensor:
        """[B, queries * width] from tokens [B, n, width], of which ``keys`` [B, n] are there."""
        x = self.norm(tokens)
        logits = self.query @ self.key(x).transpose(1, 2) * x.shape[-1] ** -0.5
        if keys is not None:
            logits = logits.masked_fill(~keys[:, None], float("-inf"))
        found: Tensor = (logits.softmax(dim=-1) @ self.value(x)).flatten(1)
        return found


class EvgsNet(nn.Module):
    """Encoder, one hidden layer, heads."""

    def __init__(self, settings: EvgsSettings, *, kinds: int) -> None:
        """Make it for ``kinds`` kinds of clips."""
        super().__init__()
        self.settings = settings
        self.levels = LEVELS if settings.ordinal else 1
        self.encoder = VideoMae(settings.shape)
        self.gather = Gather(settings.width, settings.queries) if settings.queries else None
        pooled = settings.width * (settings.queries or 1)
        self.kind = nn.Embedding(kinds, pooled)
        self.drop = nn.Dropout(settings.dropout)
        self.hidden = nn.Linear(pooled, settings.hidden)
        self.items = nn.Linear(settings.hidden, settings.limbs * ITEMS * self.levels)
        self.score = nn.Linear(settings.hidden, settings.limbs)
        self.segments = nn.Linear(settings.hidden, MOMENTS * SEGMENTS * 2)
        nn.init.normal_(self.kind.weight, std=0.02)
        # The first answers say nothing: an even chance each.
        nn.init.zeros_(self.items.weight)
        nn.init.zeros_(self.items.bias)

    def forward(self, patches: Tensor, index: Tensor, keys: Tensor | None, kind: Tensor) -> Answers:
        """Answers for clips.

        Args:
            patches: [B, n, P] bytes, or normalised pixels.
            index: [B, n] numbers of the patches.
            keys: [B, n] which are there; None = all.
            kind: [B] kind of each clip.
        """
        pixels = normalise_patches(patches) if patches.dtype == torch.uint8 else patches
        tokens = self.encoder.encode(self.encoder.embed_patches(pixels, index), keys)
        pooled = self.encoder.pool(tokens, keys) if self.gather is None else self.gather(tokens, keys)
        hidden = functional.gelu(self.hidden(self.drop(pooled + self.kind(kind))))
        items = self.items(hidden).view(-1, self.settings.limbs, ITEMS, self.levels)
        return Answers(items, self.score(hidden), self.segments(hidden))


def chance_atypical(items: Tensor) -> Tensor:
    """[...] P(score >= 1) from logits [..., levels]."""
    return items[..., 0].sigmoid()


def chances(items: Tensor) -> Tensor:
    """[..., C] P(0), P(atypical), or P(0), P(1), P(2) from ordinal logits."""
    above = items.sigmoid()
    if items.shape[-1] == 1:
        return torch.cat([1 - above, above], dim=-1)
    first = above[..., 0]
    second = torch.minimum(above[..., 1], first)
    return torch.stack([1 - first, first - second, second], dim=-1)


def items_loss(items: Tensor, labels: Tensor, weight: Tensor) -> Tensor:
    """Mean binary cross-entropy over what is labelled and served by the clip.

    Args:
        items: [B, 17, levels] logits of the limb.
        labels: [B, 17] scores 0, 1, 2; -1 = not asked.
        weight: [17, levels] of the positive answers.
    """
    limits = torch.arange(1, items.shape[-1] + 1, device=items.device)
    target = (labels[..., None] >= limits).to(items.dtype)
    asked = (labels >= 0).to(items.dtype)[..., None].expand_as(items)
    each = functional.binary_cross_entropy_with_logits(
        items, target, pos_weight=weight.to(items.dtype), reduction="none"
    )
    return (each * asked).sum() / asked.sum().clamp(min=1.0)


def seen_loss(values: Tensor, target: Tensor) -> Tensor:
    """Mean smooth L1 distance over the finite targets."""
    there = torch.isfinite(target)
    each = functional.smooth_l1_loss(values, torch.where(there, target, values.detach()), reduction="none")
    return each.sum() / there.sum().clamp(min=1)
