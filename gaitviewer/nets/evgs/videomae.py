"""VideoMAE v2 video transformer, with the published names of its weights.

Wang L, Huang B, Zhao Z, et al. VideoMAE V2: scaling video masked autoencoders with dual masking. CVPR 2023.
Pre-norm blocks over the patches of a clip, no class token, a fixed sine-cosine table over the flat number
of a patch, and ``head(fc_norm(mean over tokens))``. Sizes S and B are the published ones; any other is set by
the caller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from gaitviewer.errors import SettingsError
from gaitviewer.messages import message
from gaitviewer.nets.checkpoint_file import check_fit, foreign

PIXEL_MEAN = (0.485, 0.456, 0.406)
PIXEL_SD = (0.229, 0.224, 0.225)
_EPS = 1e-6


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


def published_names(state: Mapping[str, Tensor], *, name: str) -> dict[str, Tensor]:
    """The encoder's weights by the names that VideoMAE v2 publishes after fine-tuning.

    Those of its pre-training (``encoder.blocks...``, with a decoder that is left out) and those of Hugging Face
    (``videomae.encoder.layer...``, queries, keys and values apart) are turned into them.

    Args:
        state: of :func:`gaitviewer.nets.checkpoint_file.read_checkpoint`.
        name: of the file.

    Raises:
        SettingsError: it is no VideoMAE, or a layer of it is not whole.
    """
    plain = {key.removeprefix("videomae."): value for key, value in state.items()}
    if "embeddings.patch_embeddings.projection.weight" in plain:
        return _from_hugging_face(plain, name)
    # "encoder_to_decoder" stays: it is no part of the encoder.
    plain = {key.removeprefix("encoder."): value for key, value in plain.items()}
    if "patch_embed.proj.weight" not in plain or not any(key.startswith("blocks.0.") for key in plain):
        raise foreign(state, name=name, wanted="VideoMAE v2")
    return plain


_HUGGING_FACE = (
    (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"^encoder\.layer\.(\d+)\.attention\.output\.dense\.", r"blocks.\1.attn.proj."),
    (r"^encoder\.layer\.(\d+)\.attention\.attention\.(?:(q|v)_bias|(?:(q)uery|(v)alue)\.bias)$",
     r"blocks.\1.attn.\2\3\4_bias"),
    (r"^encoder\.layer\.(\d+)\.intermediate\.dense\.", r"blocks.\1.mlp.fc1."),
    (r"^encoder\.layer\.(\d+)\.output\.dense\.", r"blocks.\1.mlp.fc2."),
    (r"^encoder\.layer\.(\d+)\.layernorm_before\.", r"blocks.\1.norm1."),
    (r"^encoder\.layer\.(\d+)\.layernorm_after\.", r"blocks.\1.norm2."),
    (r"^layernorm\.", "norm."),
    (r"^classifier\.", "head."),
)  # fmt: skip
_APART = re.compile(r"^encoder\.layer\.(\d+)\.attention\.attention\.(query|key|value)\.weight$")


def _from_hugging_face(state: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    apart: dict[str, dict[str, Tensor]] = {}
    for key, value in state.items():
        if match := _APART.match(key):
            apart.setdefault(match[1], {})[match[2]] = value
            continue
        for pattern, place in _HUGGING_FACE:
            key = re.sub(pattern, place, key)
        found[key] = value
    for layer, parts in apart.items():
        if set(parts) != {"query", "key", "value"} or len({value.shape for value in parts.values()}) > 1:
            raise SettingsError(message("error.model.checkpoint.attention", file=name, layer=layer))
        found[f"blocks.{layer}.attn.qkv.weight"] = torch.cat([parts[one] for one in ("query", "key", "value")])
    return found


def load_weights(model: VideoMae, state: Mapping[str, Tensor], *, name: str = "the file") -> Sequence[str]:
    """Put published weights into ``model``; returns the names of its own that start anew.

    The head starts anew where it answers other questions, and ``fc_norm``, which is of the tokens' mean, after
    a pre-training, whose ``norm`` is of each token, as in the published fine-tuning. A decoder of the
    pre-training is ignored. Every other weight must be there in the right shape.

    Raises:
        SettingsError: the file is of another network; the message names the weights that differ.
    """
    own = model.state_dict()
    depth = 1 + max(int(key.split(".")[1]) for key in state if re.match(r"blocks\.\d+\.", key))
    width = state["patch_embed.proj.weight"].shape[0]
    if (width, depth) != (model.shape.width, model.shape.depth):
        raise SettingsError(
            message(
                "error.model.checkpoint.video_size",
                file=name,
                width=width,
                depth=depth,
                needed_width=model.shape.width,
                needed_depth=model.shape.depth,
            )
        )
    free = {key for key in own if key.startswith("head.") or (key.startswith("fc_norm.") and key not in state)}
    check_fit(own, state, name=name, free=free)
    taken = {key: state[key] for key in own if key in state and state[key].shape == own[key].shape}
    model.load_state_dict(taken, strict=False)
    return tuple(key for key in own if key not in taken)
