"""Scoliosis screening from the knowledge map, the video and generated text, or any subset of them.

After Chen et al. (arXiv 2602.06743). Where the publication is silent, the choice is a named setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gaitviewer.nets.scoliosis.latent_attention import LatentAttention, masked_mean
from gaitviewer.nets.scoliosis.levels import LEVELS, MapLevels
from gaitviewer.nets.scoliosis.rope_vit import (
    MAP_ROWS,
    MapPatches,
    RopeStack,
    VideoPatches,
    Vit,
    VitSettings,
)
from gaitviewer.nets.scoliosis.text import TEXT_WIDTH

Batch = Mapping[str, Tensor]
MODALITIES = ("map", "video", "text")
FUSIONS = ("cat", "att", "latent")


@dataclass(frozen=True, slots=True)
class ScoliosisNetSettings:
    """How the network is built.

    Attributes:
        modalities: which of "map", "video", "text".
        fusion: "cat" (each modality's mean, side by side), "att" (one learned query over all tokens) or
            "latent" (latent attention pooling over all tokens).
        aligned: tokens of map and video are placed by real time; else by their number.
        width, heads, mlp, dropout, token_dropout: of the transformers.
        layers_alone, layers_fused: of an encoder, alone and with others.
        joint_layers: over the tokens of map and video together; here times of both meet.
        latents, latent_heads: of the latent attention.
        balanced: each modality weighs the same in the pooling, however many tokens it has.
        map_patch: rows and frames of a patch.
        map_sizes: the size of each value is a second channel of the map.
        map_levels: tokens of the map also carry what holds for the whole clip.
        cell_weight: of the map's cells beside what holds for the whole clip.
        clip: frames and pixels of the video.   tubelet: frames and pixels of its tokens.
        modality_dropout: how often a modality is left out in training, where there are several.
        statements: how many numbers the generated text rests on.
    """

    modalities: tuple[str, ...] = MODALITIES
    fusion: str = "latent"
    aligned: bool = True
    width: int = 384
    heads: int = 6
    mlp: float = 4.0
    dropout: float = 0.0
    token_dropout: float = 0.0
    layers_alone: int = 8
    layers_fused: int = 4
    joint_layers: int = 1
    latents: int = 32
    latent_heads: int = 8
    balanced: bool = True
    map_patch: tuple[int, int] = (14, 8)
    clip: tuple[int, int] = (24, 64)
    tubelet: tuple[int, int] = (3, 16)
    modality_dropout: float = 0.0
    map_sizes: bool = False
    map_levels: bool = False
    cell_weight: float = 1.0
    statements: int = 22

    def __post_init__(self) -> None:
        unknown = set(self.modalities) - set(MODALITIES)
        if unknown or not self.modalities or len(set(self.modalities)) != len(self.modalities):
            raise ValueError(f"modalities are some of {MODALITIES}, each once")
        if self.fusion not in FUSIONS:
            raise ValueError(f"fusion is one of {FUSIONS}")


@dataclass(frozen=True, slots=True, eq=False)
class ModalityTokens:
    """Tokens of one modality [B, N, d], their times [B, N] (None: of no moment), mask [B, N]."""

    values: Tensor
    times: Tensor | None
    mask: Tensor


class MapFusionNet(nn.Module):
    """One logit: asymmetry of the scoliosis kind.

    A batch holds ``map`` [B, 238, 96] in the features' units with ``unknown`` [B, 238] bool and ``map_times``
    [B, 96] seconds; ``video`` [B, T, H, W, 3] u8 with ``video_times`` [B, T] and ``video_there`` [B] bool;
    ``text`` [B, K, 384] with ``text_mask`` [B, K] bool. Only what the modalities need has to be there.

    Buffers of the training set: ``map_mean``, ``map_sd`` [238] over clips and frames, ``row_sd`` [238] of the
    clips' means, ``unfamiliar_limit`` (see :meth:`distance`), ``statement_mean``, ``statement_sd`` [S].
    """

    map_mean: Tensor
    map_sd: Tensor
    row_sd: Tensor
    unfamiliar_limit: Tensor
    statement_mean: Tensor
    statement_sd: Tensor

    def __init__(self, settings: ScoliosisNetSettings) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("map_mean", torch.zeros(MAP_ROWS))
        self.register_buffer("map_sd", torch.ones(MAP_ROWS))
        self.register_buffer("row_sd", torch.ones(MAP_ROWS))
        self.register_buffer("unfamiliar_limit", torch.tensor(float("inf")))
        self.register_buffer("statement_mean", torch.zeros(settings.statements))
        self.register_buffer("statement_sd", torch.ones(settings.statements))
        self.levels = MapLevels(MAP_ROWS) if settings.map_levels and "map" in settings.modalities else None
        self.encoders = nn.ModuleDict(
            {name: _encoder(name, settings) for name in settings.modalities if name != "text"}
        )
        width = settings.width
        if "text" in settings.modalities:
            self.text = nn.Sequential(nn.Linear(TEXT_WIDTH, width), nn.LayerNorm(width))
        both = len(self.encoders) > 1 and settings.joint_layers > 0
        self.joint = RopeStack(_vit(settings, settings.joint_layers)) if both else None
        self.kind = nn.ParameterDict(
            {name: nn.Parameter(0.02 * torch.randn(width)) for name in settings.modalities}
        )
        pooled = width * (len(settings.modalities) if settings.fusion == "cat" else 1)
        self.pool: nn.Module | None = None
        if settings.fusion == "latent":
            self.pool = LatentAttention(width, latents=settings.latents, heads=settings.latent_heads)
        elif settings.fusion == "att":
            self.pool = QueryPooling(width, settings.latent_heads)
        self.drop = nn.Dropout(settings.dropout)
        self.head = nn.Linear(pooled, 1)

    def forward(self, batch: Batch) -> Tensor:
        """[B] logits."""
        return self.decide(self.encode(self.patches(batch), batch))

    def standardise(self, batch: Batch) -> Tensor:
        """[B, 238, 96] the map in standard deviations of the training set; 0 where unknown."""
        values = (batch["map"] - self.map_mean[:, None]) / self.map_sd[:, None]
        # a wild value must not drown the rest
        return values.clamp(-8.0, 8.0).masked_fill(batch["unknown"][..., None], 0.0)

    def distance(self, batch: Batch) -> Tensor:
        """[B] how unlike the training clips a map is: RMS over the known rows of the clip's mean, in SD."""
        away = (batch["map"].mean(dim=2) - self.map_mean) / self.row_sd
        known = ~batch["unknown"]
        return ((away**2 * known).sum(dim=1) / known.sum(dim=1).clamp_min(1)).sqrt()

    def patches(
        self, batch: Batch, *, map_input: Tensor | None = None, level_input: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Patch embeddings [B, N, d] of map and video.

        ``map_input`` replaces the standardised map, ``level_input`` [B, 238, L] what holds for the whole clip.
        """
        out: dict[str, Tensor] = {}
        for name, encoder in self.encoders.items():
            embed = _vit_of(encoder).patches
            if name == "map":
                values = self.standardise(batch) if map_input is None else map_input
                whole = level_input
                if whole is None and self.levels is not None:
                    whole = self.levels(values, batch["unknown"])
                out[name] = embed(self.settings.cell_weight * values, whole)
            else:
                out[name] = embed((batch["video"].float() / 255.0 - 0.5).permute(0, 1, 4, 2, 3) * 4.0)
        return out

    def encode(self, patches: Mapping[str, Tensor], batch: Batch) -> dict[str, ModalityTokens]:
        """Encoded tokens by modality, after the layers that map and video share."""
        there = self._there(batch)
        tokens: dict[str, ModalityTokens] = {}
        for name, encoder in self.encoders.items():
            vit = _vit_of(encoder)
            values, times, mask = vit.encode(patches[name], vit.place(batch[f"{name}_times"]))
            tokens[name] = ModalityTokens(values, times, mask & there[name][:, None])
        if self.joint is not None:
            tokens = self._joined(tokens)
        if "text" in self.settings.modalities:
            mask = batch["text_mask"] & there["text"][:, None]
            tokens["text"] = ModalityTokens(self.text(batch["text"]), None, mask)
        return {
            name: ModalityTokens(one.values + self.kind[name], one.times, one.mask)
            for name, one in tokens.items()
        }

    def decide(self, tokens: Mapping[str, ModalityTokens]) -> Tensor:
        """[B] logits from the encoded tokens."""
        parts = [tokens[name] for name in self.settings.modalities]
        if self.pool is None:
            pooled = torch.cat([masked_mean(one.values, one.mask) for one in parts], dim=-1)
        else:
            weights = [one.mask.float() for one in parts]
            if self.settings.balanced:
                weights = [w / w.sum(dim=1, keepdim=True).clamp_min(1.0) for w in weights]
            values = torch.cat([one.values for one in parts], dim=1)
            pooled = self.pool(values, torch.cat(weights, dim=1))
            if isinstance(self.pool, LatentAttention):  # of length 1: brought back to the size of other vectors
                pooled = pooled * pooled.shape[-1] ** 0.5
        logit: Tensor = self.head(self.drop(pooled))[:, 0]
        return logit

    def _joined(self, tokens: Mapping[str, ModalityTokens]) -> dict[str, ModalityTokens]:
        """Map and video look at each other; their times meet here."""
        assert self.joint is not None
        names = list(tokens)
        values = torch.cat([tokens[name].values for name in names], dim=1)
        times = torch.cat([t for name in names if (t := tokens[name].times) is not None], dim=1)
        mask = torch.cat([tokens[name].mask for name in names], dim=1)
        mixed = self.joint(values, times, _never_empty(mask)).split(
            [tokens[name].values.shape[1] for name in names], dim=1
        )
        return {
            name: ModalityTokens(part, tokens[name].times, tokens[name].mask)
            for name, part in zip(names, mixed, strict=True)
        }

    def _there(self, batch: Batch) -> dict[str, Tensor]:
        """[B] by modality: whether it is there; in training some are left out, but never all."""
        names = self.settings.modalities
        first = batch["map_times"] if "map" in names else batch["video_times" if "video" in names else "text"]
        there = {name: torch.ones(len(first), dtype=torch.bool, device=first.device) for name in names}
        if "video" in there and "video_there" in batch:
            there["video"] = batch["video_there"].bool()
        if self.training and self.settings.modality_dropout > 0 and len(names) > 1:
            lost = torch.rand(len(first), device=first.device) < self.settings.modality_dropout
            which = torch.randint(len(names), (len(first),), device=first.device)
            for number, name in enumerate(names):
                there[name] = there[name] & ~(lost & (which == number))
            nothing = ~torch.stack(list(there.values())).any(dim=0)
            there[names[0]] = there[names[0]] | nothing
        return there


class QueryPooling(nn.Module):
    """One learned query looks at all tokens."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.query = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.norm = nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, tokens: Tensor, weights: Tensor) -> Tensor:
        """[B, N, d] tokens with weights [B, N], 0 = does not count -> [B, d]."""
        keys = self.norm(tokens)
        bias = weights.clamp_min(1e-9).log().masked_fill(weights <= 0, float("-inf"))
        empty = (weights <= 0).all(dim=1)
        bias = bias.masked_fill(empty[:, None], 0.0)
        bias = bias[:, None, :].repeat_interleave(self.attn.num_heads, dim=0)
        query = self.query.expand(len(tokens), -1, -1)
        pooled: Tensor = self.attn(query, keys, keys, attn_mask=bias, need_weights=False)[0][:, 0]
        return pooled


def _vit_of(encoder: nn.Module) -> Vit:
    assert isinstance(encoder, Vit)
    return encoder


def _never_empty(mask: Tensor) -> Tensor:
    """The mask, all true where it is all false: attention over nothing is not defined."""
    return mask | ~mask.any(dim=1, keepdim=True)


def _vit(settings: ScoliosisNetSettings, layers: int) -> VitSettings:
    return VitSettings(
        settings.width, layers, settings.heads, settings.mlp, settings.dropout, settings.token_dropout
    )


def _encoder(name: str, settings: ScoliosisNetSettings) -> Vit:
    alone = sum(one != "text" for one in settings.modalities) == 1 and len(settings.modalities) == 1
    layers = settings.layers_alone if alone else settings.layers_fused
    rows, frames = settings.map_patch
    patches: MapPatches | VideoPatches
    if name == "map":
        patches = MapPatches(
            settings.width,
            rows=rows,
            frames=frames,
            sizes=settings.map_sizes,
            levels=LEVELS * settings.map_levels,
        )
    else:
        patches = VideoPatches(
            settings.width, clip=settings.clip, frames=settings.tubelet[0], size=settings.tubelet[1]
        )
    # by number: as many seconds apart as the map's tokens are, for both
    index_s = 0.0 if settings.aligned else frames / 30.0
    return Vit(patches, _vit(settings, layers), index_s=index_s)
