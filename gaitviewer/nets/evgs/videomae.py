"""VideoMAE v2 video transformer, with the published names of its weights.

Wang L, Huang B, Zhao Z, et al. VideoMAE V2: scaling video masked autoencoders with dual masking. CVPR 2023.
Pre-norm blocks over the patches of a clip, no class token, a fixed sine-cosine table over the flat number
of a patch, and ``head(fc_norm(mean over tokens))``. Sizes S and B are the published ones; any other is set by
the caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from gaitviewer.errors import SettingsError
from gaitviewer.messages import message

PIXEL_MEAN = (0.485, 0.456, 0.406)
PIXEL_SD = (0.229, 0.224, 0.225)
_EPS = 1e-6
_PREFIXES = ("module.", "_orig_mod.", "backbone.", "encoder.")


@dataclass(frozen=True, slots=True)
class VideoShape:
    """Size of the network and of the clips it takes.

    Attributes:
        width, depth, heads: of the transformer.   mlp_ratio: hidden width of the MLP over ``width``.
        size_px: side of the square picture.   patch_px: side of a patch.
        frames: of a clip.   tubelet: frames of one token.
        classes: outputs of the head; 0 = no head.
    """

    width: int = 384
    depth: int = 12
    heads: int = 6
    mlp_ratio: float = 4.0
    size_px: int = 224
    patch_px: int = 16
    frames: int = 16
    tubelet: int = 2
    classes: int = 0

    def __post_init__(self) -> None:
        if self.size_px % self.patch_px or self.frames % self.tubelet or self.width % self.heads:
            raise SettingsError(
                message(
                    "error.model.evgs.indivisible",
                    size_px=self.size_px,
                    frames=self.frames,
                    width=self.width,
                    patch_px=self.patch_px,
                    tubelet=self.tubelet,
                    heads=self.heads,
                )
            )

    @property
    def grid(self) -> tuple[int, int, int]:
        """Tokens along time, rows and columns."""
        side = self.size_px // self.patch_px
        return self.frames // self.tubelet, side, side

    @property
    def tokens(self) -> int:
        """Tokens of a whole clip."""
        t, y, x = self.grid
        return t * y * x

    @property
    def patch_values(self) -> int:
        """Numbers in one patch: channels x tubelet x rows x columns."""
        return 3 * self.tubelet * self.patch_px**2


@lru_cache(maxsize=8)
def position_table(tokens: int, width: int) -> Tensor:
    """[tokens, width] fixed table: sine in even columns, cosine in odd ones, wavelengths up to 2 pi 10000."""
    column = torch.arange(width, dtype=torch.float64, device="cpu")
    rate = torch.pow(10000.0, -2.0 * torch.div(column, 2, rounding_mode="floor") / width)
    angle = torch.arange(tokens, dtype=torch.float64, device="cpu")[:, None] * rate
    return torch.where(column.long() % 2 == 0, angle.sin(), angle.cos()).float()


class PatchEmbed(nn.Module):
    """Non-overlapping tubelets to tokens by one 3D convolution."""

    def __init__(self, shape: VideoShape) -> None:
        super().__init__()
        kernel = (shape.tubelet, shape.patch_px, shape.patch_px)
        self.proj = nn.Conv3d(3, shape.width, kernel_size=kernel, stride=kernel)

    def forward(self, video: Tensor) -> Tensor:
        """[B, 3, T, H, W] to [B, N, width], time outermost, then rows."""
        tokens: Tensor = self.proj(video).flatten(2).transpose(1, 2)
        return tokens

    def embed_patches(self, patches: Tensor) -> Tensor:
        """[..., 3 * tubelet * p * p] to [..., width]: the same convolution as a linear map."""
        out: Tensor = functional.linear(patches, self.proj.weight.flatten(1), self.proj.bias)
        return out


class Attention(nn.Module):
    """Multi-head self-attention; queries and values have a bias, keys have none."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(width))
        self.v_bias = nn.Parameter(torch.zeros(width))
        self.proj = nn.Linear(width, width)

    def split(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, [B, heads, N, width / heads] each."""
        batch, count, width = tokens.shape
        bias = torch.cat([self.q_bias, torch.zeros_like(self.q_bias), self.v_bias])
        qkv = functional.linear(tokens, self.qkv.weight, bias).view(
            batch, count, 3, self.heads, width // self.heads
        )
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        return q, k, v

    def forward(self, tokens: Tensor, keys: Tensor | None = None) -> Tensor:
        """[B, N, width]; ``keys`` [B, N] is true where a token may be looked at."""
        q, k, v = self.split(tokens)
        mask = None if keys is None else keys[:, None, None, :]
        if q.device.type == "cpu" and q.dtype == torch.bfloat16:
            # On a CPU the fused attention's gradient in bfloat16 takes over three times as long as in float32.
            with torch.autocast("cpu", enabled=False):
                mixed = functional.scaled_dot_product_attention(q.float(), k.float(), v.float(), attn_mask=mask)
        else:
            mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        out: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return out

    def matrix(self, tokens: Tensor, keys: Tensor | None = None) -> Tensor:
        """[B, heads, N, N] attention, rows are queries; explicit, as the fused path gives no matrix."""
        q, k, _ = self.split(tokens)
        logits = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
        if keys is not None:
            logits = logits.masked_fill(~keys[:, None, None, :], float("-inf"))
        out: Tensor = logits.softmax(dim=-1)
        return out


class Mlp(nn.Module):
    """Two layers with the exact GELU between them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, N, width]."""
        out: Tensor = self.fc2(functional.gelu(self.fc1(tokens)))
        return out


class Block(nn.Module):
    """One pre-norm transformer block."""

    def __init__(self, shape: VideoShape) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(shape.width, eps=_EPS)
        self.attn = Attention(shape.width, shape.heads)
        self.norm2 = nn.LayerNorm(shape.width, eps=_EPS)
        self.mlp = Mlp(shape.width, round(shape.width * shape.mlp_ratio))

    def forward(self, tokens: Tensor, keys: Tensor | None = None) -> Tensor:
        """[B, N, width]."""
        tokens = tokens + self.attn(self.norm1(tokens), keys)
        out: Tensor = tokens + self.mlp(self.norm2(tokens))
        return out


class VideoMae(nn.Module):
    """The encoder and its head.

    Tokens may be any subset of a clip's patches with their numbers: the order does not matter, and tokens that
    ``keys`` leaves out (padding) change nothing.
    """

    positions: Tensor

    def __init__(self, shape: VideoShape) -> None:
        super().__init__()
        self.shape = shape
        self.patch_embed = PatchEmbed(shape)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.depth))
        self.fc_norm = nn.LayerNorm(shape.width, eps=_EPS)
        self.head = nn.Linear(shape.width, shape.classes) if shape.classes else nn.Identity()
        self.register_buffer("positions", position_table(shape.tokens, shape.width), persistent=False)
        self.apply(_start)

    def embed(self, video: Tensor) -> Tensor:
        """Tokens with positions of whole clips [B, 3, T, H, W], normalised pixels."""
        tokens: Tensor = self.patch_embed(video) + self.positions
        return tokens

    def embed_patches(self, patches: Tensor, index: Tensor) -> Tensor:
        """Tokens with positions of chosen patches [B, n, 3*tubelet*p*p] with their numbers [B, n]."""
        tokens: Tensor = self.patch_embed.embed_patches(patches) + self.positions[index]
        return tokens

    def encode(self, tokens: Tensor, keys: Tensor | None = None) -> Tensor:
        """[B, n, width] through all blocks."""
        for block in self.blocks:
            tokens = block(tokens, keys)
        return tokens

    def pool(self, tokens: Tensor, keys: Tensor | None = None) -> Tensor:
        """[B, width]: normalised mean over the tokens that are there."""
        if keys is None:
            mean = tokens.mean(dim=1)
        else:
            weight = keys.to(tokens.dtype)[..., None]
            mean = (tokens * weight).sum(dim=1) / weight.sum(dim=1)
        out: Tensor = self.fc_norm(mean)
        return out

    def forward(self, video: Tensor) -> Tensor:
        """Answers [B, classes] for whole clips [B, 3, T, H, W]."""
        out: Tensor = self.head(self.pool(self.encode(self.embed(video))))
        return out


def _start(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Conv3d):
        nn.init.xavier_uniform_(module.weight.view(module.weight.shape[0], -1))
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Weights of a user's file under their published names; nothing in it is executed.

    Args:
        path: ``.safetensors``, or a PyTorch file that holds tensors only.

    Raises:
        SettingsError: the file is missing, unreadable, holds more than plain tensors, or no video weights.
    """
    if not path.is_file():
        raise SettingsError(message("error.model.evgs.no_file", path=path))
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            content: object = load_file(str(path))
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged or hostile file makes the readers raise
        raise SettingsError(
            message("error.model.evgs.not_weights", file=path.name, reason=type(error).__name__)
        ) from error
    return tidy_names(_tensors(content, path.name))


def _tensors(content: object, name: str) -> dict[str, Tensor]:
    for key in ("model", "module"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping):
        raise SettingsError(message("error.model.evgs.no_names", file=name))
    found = {str(key): value for key, value in content.items() if isinstance(value, Tensor)}
    if not any("patch_embed.proj.weight" in key for key in found):
        raise SettingsError(message("error.model.evgs.not_videomae", file=name))
    return found


def tidy_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors without the prefixes that training tools put before their names."""
    tidy = {}
    for key, value in state.items():
        short = key
        while prefix := next((p for p in _PREFIXES if short.startswith(p)), None):
            short = short.removeprefix(prefix)
        tidy[short] = value
    return tidy


def load_weights(model: VideoMae, state: Mapping[str, Tensor], *, name: str = "the file") -> Sequence[str]:
    """Put published weights into ``model``; returns the names that were left out.

    The head is left out where it answers other questions, and a decoder of the pre-training is ignored. Every
    other weight must be there in the right shape.

    Raises:
        SettingsError: the file is of another network; the message names the first weight that differs.
    """
    own = model.state_dict()
    left_out = [key for key in state if key not in own]
    for key, mine in own.items():
        other = state.get(key)
        if other is not None and other.shape == mine.shape:
            continue
        if key.startswith("head."):
            left_out += [key] if other is not None else []
            continue
        needed = str(tuple(mine.shape))
        if other is None:
            raise SettingsError(message("error.model.evgs.lacks", file=name, key=key, needed=needed))
        has = str(tuple(other.shape))
        raise SettingsError(
            message("error.model.evgs.other_network", file=name, key=key, has=has, needed=needed)
        )
    taken = {key: state[key] for key in own if key in state and key not in left_out}
    model.load_state_dict(taken, strict=False)
    return tuple(left_out)
