"""Skeleton dynamics and clinical gait features in one answer.

After Yang, Chen, He, "Multimodal Fusion of Skeleton Dynamics and Clinical Gait Features for Video-Based
Cerebral Palsy Severity Assessment", Electronic Imaging 2026, arXiv 2603.22371: a skeleton branch, an encoder of
clinical features, cross-attention between the two, one classifier. The publication leaves sizes open; they
are settings here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from gaitviewer.nets.severity.graphs import get_layout
from gaitviewer.nets.severity.stgcn import Stgcn, StgcnSettings
from gaitviewer.nets.severity.stgcnpp import Stgcnpp

KINDS = ("cross", "concat", "features", "skeleton")
INPUT = -1  # in place of a block: the clip itself
BACKBONES: dict[str, type[Stgcn] | type[Stgcnpp]] = {"st-gcn": Stgcn, "st-gcn++": Stgcnpp}


@dataclass(frozen=True, slots=True)
class SeverityNetSettings:
    """How the network is built.

    Attributes:
        kind: "cross" (feature cross-attention), "concat", "features" or "skeleton" alone.
        backbone: "st-gcn" or "st-gcn++".   skeleton: its settings.
        all_features: length of the feature vector it is given.
        chosen: which of them it looks at.
        width, heads, depth: of the feature tokens and the attention.
        tokens: of the skeleton: "joints" (mean over time) or "cells" (each joint at each time).
        dropout: of attention, feature encoder and head.
        feature_dropout: chance that a feature of a training case counts as missing.
        limit_sd: standardised features are cut at this many SD.
        classes: of the answer.
        frame_step: only every so many frames of a clip are looked at (1 = all).
        map_layer: block (from 0) of the skeleton branch that maps are read from; INPUT = the clip itself.
        branch_dropout: chance that the skeleton tokens of a training case are hidden, so that the features
            learn to answer alone: the skeleton branch knows the training cases too well.
    """

    kind: str = "cross"
    backbone: str = "st-gcn"
    skeleton: StgcnSettings = field(default_factory=StgcnSettings)
    all_features: int = 0
    chosen: tuple[int, ...] = ()
    width: int = 64
    heads: int = 4
    depth: int = 1
    tokens: str = "joints"
    dropout: float = 0.2
    feature_dropout: float = 0.1
    limit_sd: float = 4.0
    classes: int = 4
    frame_step: int = 1
    map_layer: int = 4
    branch_dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.backbone not in BACKBONES or self.tokens not in ("joints", "cells"):
            raise ValueError(f"unknown kind of network: {self.kind}, {self.backbone}, {self.tokens}")
        if self.kind != "skeleton" and not self.chosen:
            raise ValueError("a network that looks at features needs some")


class FeatureEncoder(nn.Module):
    """Clinical features to tokens: standardised, imputed by the training mean, with a flag for "missing"."""

    mean: Tensor
    sd: Tensor
    chosen: Tensor

    def __init__(self, settings: SeverityNetSettings) -> None:
        super().__init__()
        count, width = len(settings.chosen), settings.width
        self.limit_sd, self.feature_dropout = settings.limit_sd, settings.feature_dropout
        self.register_buffer("mean", torch.zeros(settings.all_features))
        self.register_buffer("sd", torch.ones(settings.all_features))
        self.register_buffer("chosen", torch.tensor(settings.chosen, dtype=torch.long))
        self.weight = nn.Parameter(torch.randn(count, width) * 0.2)
        self.bias = nn.Parameter(torch.randn(count, width) * 0.2)
        self.missing = nn.Parameter(torch.zeros(count, width))
        self.mix = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Dropout(settings.dropout),
            nn.Linear(2 * width, width),
        )

    def standardise(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """[N, F] with NaN -> z-scores [N, chosen] with 0 where missing, and flags of what is missing."""
        z = ((features - self.mean) / self.sd)[:, self.chosen]
        gone = ~torch.isfinite(z)
        if self.training and self.feature_dropout > 0:
            gone = gone | (torch.rand(gone.shape, device=gone.device) < self.feature_dropout)
        z = torch.where(gone, torch.zeros_like(z), z).clamp(-self.limit_sd, self.limit_sd)
        return z, gone

    def forward(self, features: Tensor) -> Tensor:
        """[N, F] -> tokens [N, chosen, width]."""
        z, gone = self.standardise(features)
        tokens = z[..., None] * self.weight + self.bias + gone[..., None] * self.missing
        found: Tensor = tokens + self.mix(tokens)
        return found


class CrossAttention(nn.Module):
    """Tokens of one kind look at those of the other: h = h + attention, h = h + feed-forward."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm_own, self.norm_other = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, dropout=dropout, batch_first=True)
        self.feed = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )

    def forward(self, own: Tensor, other: Tensor) -> Tensor:
        """[N, A, width] queries, [N, B, width] keys and values -> [N, A, width]."""
        keys = self.norm_other(other)
        seen, _ = self.attention(self.norm_own(own), keys, keys, need_weights=False)
        own = own + seen
        found: Tensor = own + self.feed(own)
        return found


class FusionNet(nn.Module):
    """Clip and features to four levels; the kind says which branches there are.

    ``reference`` [C', V] is what the block of the maps gives for healthy children on average (0 = not known);
    where maps are of the clip itself [2, V], where their joints are.
    """

    reference: Tensor

    def __init__(self, settings: SeverityNetSettings) -> None:
        super().__init__()
        self.settings = settings
        width, kind = settings.width, settings.kind
        if kind != "features":
            self.skeleton: Stgcn | Stgcnpp = BACKBONES[settings.backbone](settings.skeleton)
            of_input = settings.map_layer == INPUT
            channels = 2 if of_input else settings.skeleton.widths[settings.map_layer]
            self.register_buffer("reference", torch.zeros(channels, len(get_layout(settings.skeleton.layout))))
        if kind in ("cross", "concat"):
            self.project = nn.Linear(settings.skeleton.widths[-1], width)
            self.skeleton.answer.requires_grad_(False)
        if kind != "skeleton":
            self.encoder = FeatureEncoder(settings)
            branches = 1 if kind == "features" else 2
            self.head = nn.Sequential(
                nn.LayerNorm(branches * width),
                nn.Dropout(settings.dropout),
                nn.Linear(branches * width, settings.classes),
            )
        if kind == "cross":
            self.to_features = nn.ModuleList(self._attention() for _ in range(settings.depth))
            self.to_skeleton = nn.ModuleList(self._attention() for _ in range(settings.depth))

    def _attention(self) -> CrossAttention:
        return CrossAttention(self.settings.width, self.settings.heads, self.settings.dropout)

    @property
    def blocks(self) -> nn.ModuleList:
        """The blocks of the skeleton branch."""
        return self.skeleton.blocks

    def seen_by_skeleton(self, x: Tensor) -> Tensor:
        """[N, C, T, V, 1] -> [N, C', V or T' V]: what the skeleton branch makes of clips."""
        found = self.skeleton.features(x[:, :, :: self.settings.frame_step])
        return found.mean(dim=2) if self.settings.tokens == "joints" else found.flatten(2)

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        """Logits [N, classes] of clips [N, C, T, V, 1] and features [N, F] (NaN = missing).

        In place of clips, what :meth:`seen_by_skeleton` made of them may be given.
        """
        kind = self.settings.kind
        if kind == "skeleton":
            logits: Tensor = self.skeleton(x[:, :, :: self.settings.frame_step])
            return logits
        clinical = self.encoder(features)
        if kind == "features":
            logits = self.head(clinical.mean(dim=1))
            return logits
        moving = self.project((self.seen_by_skeleton(x) if x.ndim == 5 else x).transpose(1, 2))
        if self.training and self.settings.branch_dropout > 0:
            shown = torch.rand(len(moving), 1, 1, device=moving.device) >= self.settings.branch_dropout
            moving = moving * shown
        if kind == "cross":
            for look_there, look_back in zip(self.to_features, self.to_skeleton, strict=True):
                moving, clinical = look_there(moving, clinical), look_back(clinical, moving)
        logits = self.head(torch.cat([moving.mean(dim=1), clinical.mean(dim=1)], dim=1))
        return logits

    def fit_features(self, features: Tensor) -> None:
        """Take mean and SD of the training features [n, F]; NaN does not count."""
        if self.settings.kind == "skeleton":
            return
        seen = torch.isfinite(features)
        count = seen.sum(dim=0).clamp(min=1)
        filled = torch.where(seen, features, torch.zeros_like(features))
        mean = filled.sum(dim=0) / count
        spread = (torch.where(seen, features - mean, torch.zeros_like(features)) ** 2).sum(dim=0) / count
        self.encoder.mean.copy_(mean)
        self.encoder.sd.copy_(spread.sqrt().clamp(min=1e-3))
