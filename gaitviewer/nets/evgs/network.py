"""The Edinburgh score from a clip: a VideoMAE v2 encoder with an MLP head.

After ChildGait-Video (Shen et al., Decoding children's gait behavior, ECCV 2026): 17 items and two limbs, each
binary; a regression of the Gait Variable Score. The heads for 0 / 1 / 2 and the keypoints that the network
looks for are ours.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gaitviewer.core.learning import ITEMS
from gaitviewer.nets.evgs.inputs import KEYPOINTS, EvgsSettings
from gaitviewer.nets.evgs.pruning import normalise_patches
from gaitviewer.nets.evgs.videomae import VideoMae, VideoShape

LEVELS = 2
_NEVER = (
    -1e4
)  # logit of a token that may not be looked at; finite, as a tubelet may have lost all of its tokens


class Answers(NamedTuple):
    """What the network says of a batch of clips.

    Attributes:
        items: [B, limbs, 17, 1] logit of "atypical", or [B, limbs, 17, 2] logits of ">= 1" and ">= 2".
        score: [B, limbs] Gait Variable Score, standardised.
        keypoints: where the keypoints were found; None where the tokens' mean is taken.
    """

    items: Tensor
    score: Tensor
    keypoints: LocatedKeypoints | None


class LocatedKeypoints(NamedTuple):
    """Keypoints in the tubelets of a batch of clips.

    Attributes:
        values: [B, t, K, V] what was gathered for each.
        places: [B, t, K, 2] where each is, tenths of the picture from its middle to the right and down.
        looks: [B, t, K, n] logits of the tokens that were looked at for it.
    """

    values: Tensor
    places: Tensor
    looks: Tensor


class FindKeypoints(nn.Module):
    """A learned query for each keypoint looks for it among the tokens of each tubelet; ours.

    The mean over all tokens, as published, hardly learns to read a drawn skeleton from a few thousand clips.
    """

    centres: Tensor
    tubelets: Tensor

    def __init__(self, shape: VideoShape, values: int) -> None:
        super().__init__()
        width, (_, rows, columns) = shape.width, shape.grid
        self.norm = nn.LayerNorm(width)
        self.query = nn.Parameter(0.5 * torch.randn(KEYPOINTS, width))
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, values)
        self.offset = nn.Linear(values, 2)
        number = torch.arange(shape.tokens, device="cpu")
        across, down = number % columns, number // columns % rows
        centres = torch.stack([(across + 0.5) / columns, (down + 0.5) / rows], dim=-1)
        self.register_buffer("centres", 10.0 * (centres - 0.5), persistent=False)
        self.register_buffer("tubelets", number // (rows * columns), persistent=False)
        self.count = shape.grid[0]

    def forward(self, tokens: Tensor, index: Tensor, keys: Tensor | None) -> LocatedKeypoints:
        """Looks among tokens [B, n, width] of the patches ``index`` [B, n], of which ``keys`` are there."""
        x = self.norm(tokens)
        logits = (self.query @ self.key(x).transpose(1, 2) * x.shape[-1] ** -0.5).float()
        own = self.tubelets[index][:, None] == torch.arange(self.count, device=index.device)[:, None]
        if keys is not None:
            own = own & keys[:, None]
        looks = logits[:, None].masked_fill(~own[:, :, None], _NEVER)
        share = looks.softmax(dim=-1)
        values = share @ self.value(x).float()[:, None]
        places = share @ self.centres[index][:, None] + self.offset(values)
        return LocatedKeypoints(values, places.float(), looks)


class EvgsNet(nn.Module):
    """Encoder, one hidden layer, heads."""

    def __init__(self, settings: EvgsSettings, *, kinds: int) -> None:
        """Make it for ``kinds`` kinds of clips."""
        super().__init__()
        self.settings = settings
        self.levels = LEVELS if settings.ordinal else 1
        self.encoder = VideoMae(settings.shape)
        self.find = FindKeypoints(settings.shape, settings.values) if settings.values else None
        pooled = settings.moments * KEYPOINTS * settings.values if settings.values else settings.width
        self.kind = nn.Embedding(kinds, pooled)
        self.drop = nn.Dropout(settings.dropout)
        self.hidden = nn.Linear(pooled, settings.hidden)
        self.items = nn.Linear(settings.hidden, settings.limbs * ITEMS * self.levels)
        self.score = nn.Linear(settings.hidden, settings.limbs)
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
        found = None if self.find is None else self.find(tokens, index, keys)
        pooled = self.encoder.pool(tokens, keys) if found is None else found.values.flatten(1)
        hidden = functional.gelu(self.hidden(self.drop(pooled + self.kind(kind))))
        items = self.items(hidden).view(-1, self.settings.limbs, ITEMS, self.levels)
        return Answers(items, self.score(hidden), found)


def chance_atypical(items: Tensor) -> Tensor:
    """[...] P(score >= 1) from logits [..., levels]."""
    return items[..., 0].sigmoid()


def probabilities(items: Tensor) -> Tensor:
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


def looks_loss(found: LocatedKeypoints, index: Tensor, places: Tensor, shape: VideoShape) -> Tensor:
    """Mean cross-entropy of looking at the patch in which a keypoint lies, where that patch was kept.

    Args:
        found: what the network looked at.
        index: [B, n] numbers of the patches.
        places: [B, t, K, 2] where the keypoints are, as :attr:`Found.places`; NaN = not seen.
        shape: of the clip.
    """
    time, rows, columns = shape.grid
    cell = torch.floor((places / 10.0 + 0.5) * torch.tensor([columns, rows], device=places.device))
    start = torch.arange(time, device=places.device)[None, :, None] * (rows * columns)
    number = start + cell[..., 1] * columns + cell[..., 0]
    inside = ((cell >= 0) & (cell < torch.tensor([columns, rows], device=cell.device))).all(dim=-1)
    there = (index[:, None, None] == number[..., None]) & inside[..., None] & (found.looks > _NEVER)
    known = there.any(dim=-1)
    each = -(found.looks.log_softmax(dim=-1) * there).sum(dim=-1)
    return (each * known).sum() / known.sum().clamp(min=1)


def seen_loss(values: Tensor, target: Tensor) -> Tensor:
    """Mean smooth L1 distance over the finite targets."""
    there = torch.isfinite(target)
    each = functional.smooth_l1_loss(values, torch.where(there, target, values.detach()), reduction="none")
    return each.sum() / there.sum().clamp(min=1)
