"""ViTPose and ViTPose+, rebuilt for checkpoint folders as `transformers` writes them; nothing is unpickled.

`transformers` judges this network in a test; imported here, it would cost each worker some seconds more.

A plain vision transformer over 16 x 16 patches and a small head that gives one heat map for each point.
ViTPose+ replaces a part of each block's last layer by one of several experts, one for each set of key points
that it learned from.

Xu Y et al., ViTPose: Simple Vision Transformer Baselines for Human Pose Estimation, NeurIPS 2022.
Xu Y et al., ViTPose++: Vision Transformer for Generic Body Pose Estimation, TPAMI 2024.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from gaitviewer.core.serialise import MalformedError, from_plain, parse_json
from gaitviewer.errors import SettingsError, reason_of
from gaitviewer.messages import as_written, message
from gaitviewer.pose.models import Network, Transformer
from gaitviewer.pose.topdown import ORDERS, Answer, Floats, decode_heatmaps

WEIGHTS, CONFIG, PREPROCESSING = "model.safetensors", "config.json", "preprocessor_config.json"
_EXPERTS = {17: 0, 133: 5}  # of the six sets of ViTPose+: COCO, AiC, MPII, AP-10K, APT-36K, COCO-WholeBody


@dataclass(frozen=True, slots=True)
class _Backbone:
    """What is used of ``backbone_config``; the defaults are those that a checkpoint may leave out."""

    image_size: tuple[int, int] = (256, 192)
    patch_size: tuple[int, int] = (16, 16)
    num_channels: int = 3
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    mlp_ratio: int = 4
    num_experts: int = 1
    part_features: int = 256
    hidden_act: str = "gelu"
    layer_norm_eps: float = 1e-12
    qkv_bias: bool = True


@dataclass(frozen=True, slots=True)
class _Config:
    """What is used of ``config.json``."""

    model_type: str
    backbone_config: _Backbone
    use_simple_decoder: bool = True
    scale_factor: int = 4


@dataclass(frozen=True, slots=True)
class _Preprocessing:
    """What is used of ``preprocessor_config.json``; of 1."""

    image_mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    image_std: tuple[float, float, float] = (0.229, 0.224, 0.225)


def describe(folder: Path) -> Network:
    """What must be known to run the checkpoint of a folder.

    Raises:
        SettingsError: it is no ViTPose checkpoint, or one of another kind than is known here.
    """
    config = _read(folder / CONFIG, _Config)
    given = folder / PREPROCESSING
    colours = _read(given, _Preprocessing) if given.exists() else _Preprocessing()
    body = config.backbone_config
    if config.model_type != "vitpose" or body.hidden_act != "gelu" or body.num_channels != 3:
        raise _unknown(folder, f"{config.model_type}, {body.hidden_act}, {body.num_channels} channels")
    if body.patch_size[0] != body.patch_size[1] or any(
        side % body.patch_size[0] or side < 32 for side in body.image_size
    ):
        raise _unknown(folder, f"patches of {body.patch_size}, pictures of {body.image_size}")
    last = load_weights(folder / WEIGHTS).get("head.conv.weight")
    count = 0 if last is None else len(last)
    order = ORDERS.get(count)
    if order is None or (body.num_experts > 1 and count not in _EXPERTS):
        raise SettingsError(message("error.pose.points", file=folder.name, found=count))
    return Network(
        keypoints=order,
        width=body.image_size[1],
        height=body.image_size[0],
        mean=_times_255(colours.image_mean),
        std=_times_255(colours.image_std),
        runner="torch",
        transformer=Transformer(
            width=body.hidden_size,
            depth=body.num_hidden_layers,
            heads=body.num_attention_heads,
            mlp_ratio=body.mlp_ratio,
            patch=body.patch_size[0],
            eps=body.layer_norm_eps,
            qkv_bias=body.qkv_bias,
            experts=body.num_experts,
            part=body.part_features if body.num_experts > 1 else 0,
            expert=_EXPERTS.get(count, 0),
            simple=config.use_simple_decoder,
            upscale=config.scale_factor,
        ),
    )


def _read(file: Path, kind: type[Any]) -> Any:
    try:
        return from_plain(parse_json(file.read_bytes()), kind, unknown="ignore")
    except (OSError, MalformedError) as error:
        raise SettingsError(message("error.pose.file_unusable", path=file, reason=reason_of(error))) from error


def _unknown(folder: Path, what: str) -> SettingsError:
    return SettingsError(message("error.pose.other_network", file=folder.name, what=as_written(what)))


def _times_255(values: tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = (255.0 * value for value in values)
    return red, green, blue


def load_weights(file: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file.

    Raises:
        SettingsError: it is damaged or of another kind.
    """
    try:
        return load_file(file)
    except (OSError, SafetensorError, ValueError) as error:
        raise SettingsError(message("error.pose.file_unusable", path=file, reason=reason_of(error))) from error


class _Attention(nn.Module):
    """Self-attention; its parts are called as in the checkpoints."""

    def __init__(self, t: Transformer) -> None:
        super().__init__()
        self.heads = t.heads
        inner = {name: nn.Linear(t.width, t.width, bias=t.qkv_bias) for name in ("query", "key", "value")}
        self.attention = nn.ModuleDict(inner)
        self.output = nn.ModuleDict({"dense": nn.Linear(t.width, t.width)})

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        q, k, v = (
            self.attention[name](x).view(batch, tokens, self.heads, -1).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        seen = nn.functional.scaled_dot_product_attention(q, k, v)
        mixed: Tensor = self.output["dense"](seen.transpose(1, 2).reshape(batch, tokens, width))
        return mixed


class _Mlp(nn.Module):
    """Two layers; with experts, the last ``part`` features come from the one that is used."""

    def __init__(self, t: Transformer) -> None:
        super().__init__()
        self.expert = t.expert
        self.fc1 = nn.Linear(t.width, t.width * t.mlp_ratio)
        self.fc2 = nn.Linear(t.width * t.mlp_ratio, t.width - t.part)
        if t.part:
            self.experts = nn.ModuleList(nn.Linear(t.width * t.mlp_ratio, t.part) for _ in range(t.experts))

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.gelu(self.fc1(x))
        shared: Tensor = self.fc2(x)
        if not hasattr(self, "experts"):
            return shared
        return torch.cat([shared, self.experts[self.expert](x)], dim=-1)


class _Block(nn.Module):
    """Attention and layers, each after a norm and added to what came in."""

    def __init__(self, t: Transformer) -> None:
        super().__init__()
        self.layernorm_before = nn.LayerNorm(t.width, eps=t.eps)
        self.attention = _Attention(t)
        self.layernorm_after = nn.LayerNorm(t.width, eps=t.eps)
        self.mlp = _Mlp(t)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.layernorm_before(x))
        after: Tensor = x + self.mlp(self.layernorm_after(x))
        return after


class _Embeddings(nn.Module):
    """Patches, with two pixels of air around the picture, and their places; a class token's is added to all."""

    def __init__(self, t: Transformer, rows: int, columns: int) -> None:
        super().__init__()
        inner = {"projection": nn.Conv2d(3, t.width, t.patch, stride=t.patch, padding=2)}
        self.patch_embeddings = nn.ModuleDict(inner)
        self.position_embeddings = nn.Parameter(torch.zeros(1, rows * columns + 1, t.width))

    def forward(self, picture: Tensor) -> Tensor:
        patches = self.patch_embeddings["projection"](picture).flatten(2).transpose(1, 2)
        placed: Tensor = patches + self.position_embeddings[:, 1:] + self.position_embeddings[:, :1]
        return placed


class _Backbones(nn.Module):
    def __init__(self, t: Transformer, rows: int, columns: int) -> None:
        super().__init__()
        self.embeddings = _Embeddings(t, rows, columns)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(_Block(t) for _ in range(t.depth))})
        self.layernorm = nn.LayerNorm(t.width, eps=t.eps)

    def forward(self, picture: Tensor) -> Tensor:
        x = self.embeddings(picture)
        for block in self.encoder["layer"]:  # type: ignore[attr-defined]
            x = block(x)
        normed: Tensor = self.layernorm(x)
        return normed


class _SimpleHead(nn.Module):
    def __init__(self, t: Transformer, points: int) -> None:
        super().__init__()
        self.upscale = t.upscale
        self.conv = nn.Conv2d(t.width, points, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.interpolate(
            torch.relu(x), scale_factor=self.upscale, mode="bilinear", align_corners=False
        )
        maps: Tensor = self.conv(x)
        return maps


class _ClassicHead(nn.Module):
    def __init__(self, t: Transformer, points: int) -> None:
        super().__init__()
        for number, inner in ((1, t.width), (2, 256)):
            self.add_module(f"deconv{number}", nn.ConvTranspose2d(inner, 256, 4, 2, 1, bias=False))
            self.add_module(f"batchnorm{number}", nn.BatchNorm2d(256))
        self.conv = nn.Conv2d(256, points, 1)

    def forward(self, x: Tensor) -> Tensor:
        for number in (1, 2):
            x = torch.relu(getattr(self, f"batchnorm{number}")(getattr(self, f"deconv{number}")(x)))
        maps: Tensor = self.conv(x)
        return maps


class VitPose(nn.Module):
    """Pictures [B, 3, H, W] to heat maps [B, K, h, w]."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        t = network.transformer
        assert t is not None, "sizes of the transformer"
        self.grid = network.height // t.patch, network.width // t.patch
        self.backbone = _Backbones(t, *self.grid)
        head = _SimpleHead if t.simple else _ClassicHead
        self.head = head(t, len(network.keypoints))

    def forward(self, pictures: Tensor) -> Tensor:
        """Heat maps, one for each point."""
        x = self.backbone(pictures).transpose(1, 2)
        maps: Tensor = self.head(x.reshape(len(pictures), -1, *self.grid))
        return maps


class VitPoseNetwork:
    """A ViTPose on one thread of the processor."""

    def __init__(self, file: Path, network: Network) -> None:
        torch.set_num_threads(1)
        self._width, self._height = network.width, network.height
        self._net = VitPose(network).eval()
        try:
            self._net.load_state_dict(load_weights(file))
        except RuntimeError as error:
            what = as_written(" ".join(str(error).split())[:300])
            raise SettingsError(message("error.pose.weights", file=file.name, reason=what)) from error

    def raw(self, picture: Floats) -> tuple[Floats, ...]:
        """Heat maps [1, K, h, w] of a picture f32 [3, H, W]."""
        with torch.inference_mode():
            return (np.asarray(self._net(torch.from_numpy(picture[None])).numpy(), np.float32),)

    def run(self, picture: Floats) -> Answer:
        """Points in a picture f32 [3, H, W], already normalised."""
        (maps,) = self.raw(picture)
        return decode_heatmaps(maps[0], self._width, self._height)
