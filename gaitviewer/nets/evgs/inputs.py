"""From a cropped clip with keypoints and mask to the tokens that the network takes, and to plain features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.serialise import from_settings
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint, Skeleton
from gaitviewer.errors import SettingsError, reason_of
from gaitviewer.messages import message
from gaitviewer.nets.evgs.prompting import Bones, PromptStyle, draw_skeleton
from gaitviewer.nets.evgs.pruning import PruneRule, choose_patches, cut_patches, patches_along
from gaitviewer.nets.evgs.videomae import PIXEL_MEAN, VideoShape

_GREY = np.array([round(255 * mean) for mean in PIXEL_MEAN], np.uint8)


@dataclass(frozen=True, slots=True)
class EvgsSettings:
    """Everything needed to build the network again and to feed it.

    Attributes:
        width, depth, heads, patch_px, tubelet: of the transformer (see :class:`VideoShape`).
        size_px: side of the stored crop = of the picture.   frames: of a clip, at 30 Hz.
        hidden: width of the layer before the answers.   dropout: before it, while training.
        prompt: draw the skeleton.   line_px, point_px: how wide.
        keep: share of the tokens; 0 = by ``threshold``.   threshold, floor: see :class:`PruneRule`.
        shared_limbs: a left clip is mirrored into a right one, and one set of heads answers for both limbs;
            False = heads of each limb's own, and nothing is mirrored but the walking direction.
        ordinal: heads for 0 / 1 / 2 instead of 0 / atypical.
        values: numbers gathered for each keypoint in each tubelet; 0 = the mean of all tokens, as published.
        blank: everything but the subject and the drawn skeleton becomes grey.
    """

    width: int = 384
    depth: int = 12
    heads: int = 6
    patch_px: int = 16
    tubelet: int = 2
    size_px: int = 224
    frames: int = 16
    hidden: int = 256
    dropout: float = 0.0
    prompt: bool = True
    line_px: float = 1.5
    point_px: float = 1.4
    keep: float = 0.25
    threshold: float = 0.10
    floor: int = 16
    shared_limbs: bool = True
    ordinal: bool = False
    values: int = 0
    blank: bool = False

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> EvgsSettings:
        """From a table that may hold other things as well.

        Raises:
            SettingsError: a value is impossible.
        """
        settings = from_settings(dict(values), cls, "The table of the video model", unknown="ignore")
        try:
            settings.shape, settings.rule  # noqa: B018  checks of their own
        except (TypeError, ValueError, ZeroDivisionError) as error:
            raise SettingsError(message("error.model.evgs.settings", reason=reason_of(error))) from error
        return settings

    @property
    def shape(self) -> VideoShape:
        """Of the encoder."""
        return VideoShape(
            width=self.width, depth=self.depth, heads=self.heads, size_px=self.size_px,
            patch_px=self.patch_px, frames=self.frames, tubelet=self.tubelet,
        )  # fmt: skip

    @property
    def rule(self) -> PruneRule:
        """Of the pruning."""
        return PruneRule(self.threshold, self.floor, self.keep or None)

    def inputs(self) -> tuple[Any, ...]:
        """What the tokens of a clip depend on."""
        return (
            self.size_px, self.patch_px, self.tubelet, self.frames, self.prompt, self.line_px, self.point_px,
            self.keep, self.threshold, self.floor, self.shared_limbs, self.blank,
        )  # fmt: skip

    @property
    def limbs(self) -> int:
        """Sets of heads."""
        return 1 if self.shared_limbs else 2

    @property
    def moments(self) -> int:
        """Tubelets of a clip."""
        return self.frames // self.tubelet


@dataclass(frozen=True, slots=True, eq=False)
class ClipPixels:
    """A clip as it is cut out of a recording.

    Attributes:
        frames: [T, S, S, 3] u8.   mask: [T, S, S] bool, the subject.
        keypoints: [T, K, 2] f32 in pixels of the crop; NaN = not seen.
    """

    frames: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    keypoints: NDArray[np.float32]

    def mirrored(self, skeleton: Skeleton = BODY_FEET_23) -> ClipPixels:
        """The mirror image: sides exchange."""
        points = self.keypoints[:, list(skeleton.flips)].copy()
        points[..., 0] = self.frames.shape[1] - 1 - points[..., 0]  # the crop is square
        flipped = np.ascontiguousarray(self.frames[:, :, ::-1])
        return ClipPixels(flipped, np.ascontiguousarray(self.mask[:, :, ::-1]), points)

    def moved(self, zoom: float, shift: tuple[float, float]) -> ClipPixels:
        """As a crop of another size around another place would show it; grey where nothing is known.

        Args:
            zoom: above 1 the subject becomes larger.
            shift: of the subject to the right and down, as parts of the picture.
        """
        from PIL import Image

        size = self.frames.shape[1]
        middle = (size - 1) / 2
        at = middle + np.array(shift) * size  # where the middle goes
        # Pillow asks where each pixel's middle comes from, counted from the picture's corner.
        first = middle + 0.5 - (at + 0.5) / zoom
        table = (1 / zoom, 0.0, float(first[0]), 0.0, 1 / zoom, float(first[1]))
        way, linear, nearest = Image.Transform.AFFINE, Image.Resampling.BILINEAR, Image.Resampling.NEAREST
        grey = tuple(int(value) for value in _GREY)
        frames = [
            Image.fromarray(f).transform((size, size), way, table, resample=linear, fillcolor=grey)
            for f in self.frames
        ]
        masks = [Image.fromarray(m).transform((size, size), way, table, resample=nearest) for m in self.mask]
        points = (self.keypoints - middle) * zoom + at
        return ClipPixels(
            np.stack([np.asarray(f) for f in frames]),
            np.stack([np.asarray(m) for m in masks]).astype(np.bool_),
            points.astype(np.float32),
        )

    def resized(self, size_px: int) -> ClipPixels:
        """In another size."""
        from PIL import Image

        if size_px == self.frames.shape[1]:
            return self
        old = self.frames.shape[1]
        frames = [Image.fromarray(f).resize((size_px, size_px), Image.Resampling.BILINEAR) for f in self.frames]
        masks = [Image.fromarray(m).resize((size_px, size_px), Image.Resampling.NEAREST) for m in self.mask]
        scale = size_px / old
        points = (self.keypoints + 0.5) * scale - 0.5
        return ClipPixels(
            np.stack([np.asarray(f) for f in frames]),
            np.stack([np.asarray(m) for m in masks]).astype(np.bool_),
            points.astype(np.float32),
        )


@dataclass(frozen=True, slots=True, eq=False)
class PatchTokens:
    """Patches of a clip: bytes [n, P] and their numbers [n]."""

    patches: NDArray[np.uint8]
    index: NDArray[np.int64]


def cut_tokens(crop: ClipPixels, settings: EvgsSettings) -> PatchTokens:
    """Draw, prune, cut.

    Args:
        crop: the clip; made ``size_px`` wide if it is not.
        settings: how.
    """
    crop = crop.resized(settings.size_px)
    frames, drawn = crop.frames, None
    if settings.blank:
        frames = frames.copy()
        frames[~crop.mask] = _GREY
    if settings.prompt:
        style = PromptStyle(line_px=settings.line_px, point_px=settings.point_px)
        bones = Bones.of(BODY_FEET_23.keypoints, BODY_FEET_23.edges)
        frames, drawn = draw_skeleton(frames, crop.keypoints, bones, style=style)
    first = patches_along(crop.keypoints, _LEGS_AND_TRUNK, settings.shape) if settings.prompt else None
    index = choose_patches(crop.mask, drawn, settings.shape, settings.rule, first=first)
    return PatchTokens(cut_patches(frames, index, settings.shape), index)


_K = Keypoint
_PARTS = ("SHOULDER", "HIP", "KNEE", "ANKLE", "HEEL", "BIG_TOE", "SMALL_TOE")
_LOWER = [Keypoint[f"{side}_{part}"] for side in ("LEFT", "RIGHT") for part in _PARTS]
# What the score is read from: these patches are kept before those of head and arms where tokens are few.
_LEGS_AND_TRUNK = tuple((a, b) for a, b in BODY_FEET_23.edges if a in _LOWER and b in _LOWER)
_SEGMENTS: tuple[tuple[tuple[Keypoint, ...], tuple[Keypoint, ...]], ...] = (
    ((_K.RIGHT_HIP,), (_K.RIGHT_KNEE,)),
    ((_K.RIGHT_KNEE,), (_K.RIGHT_ANKLE,)),
    ((_K.RIGHT_HEEL,), (_K.RIGHT_BIG_TOE,)),
    ((_K.LEFT_HIP,), (_K.LEFT_KNEE,)),
    ((_K.LEFT_KNEE,), (_K.LEFT_ANKLE,)),
    ((_K.LEFT_HEEL,), (_K.LEFT_BIG_TOE,)),
    ((_K.LEFT_HIP, _K.RIGHT_HIP), (_K.LEFT_SHOULDER, _K.RIGHT_SHOULDER)),
    ((_K.LEFT_HIP,), (_K.RIGHT_HIP,)),
    ((_K.LEFT_SHOULDER,), (_K.RIGHT_SHOULDER,)),
)
_LOOKED_FOR = tuple(
    Keypoint[f"{side}_{part}"] for side in ("LEFT", "RIGHT") for part in _PARTS if part != "SMALL_TOE"
)
KEYPOINTS = len(_LOOKED_FOR)
"""Keypoints that the network looks for."""


def segment_vectors(keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
    """[T, 9, 2] pixels: thigh, shank and foot of the right and left limb, trunk, hips, shoulders; NaN = gap."""
    ends = [
        keypoints[:, list(stop)].mean(axis=1) - keypoints[:, list(start)].mean(axis=1)
        for start, stop in _SEGMENTS
    ]
    return np.asarray(np.stack(ends, axis=1), np.float32)


def keypoint_targets(keypoints: NDArray[np.float32], size_px: int, tubelet: int) -> NDArray[np.float32]:
    """[t, K, 2] places of the keypoints that the network looks for, mean of each tubelet.

    Tenths of the picture from its middle to the right and down; NaN = not seen in any of the frames.

    Args:
        keypoints: [T, 23, 2] pixels of the crop.
        size_px: side of the crop.
        tubelet: frames.
    """
    own = keypoints[:, list(_LOOKED_FOR)].reshape(-1, tubelet, KEYPOINTS, 2)
    seen = np.isfinite(own).all(axis=-1, keepdims=True)
    count = seen.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(seen, own, 0.0).sum(axis=1) / count
    return np.asarray(10.0 * ((np.where(count > 0, mean, np.nan) + 0.5) / size_px - 0.5), np.float32)


def keypoint_features(keypoints: NDArray[np.float32], *, moments: int = 8) -> NDArray[np.float32]:
    """[moments * 9 * 2] sine and cosine of each segment's direction: what a classical model is given."""
    at = np.linspace(0, len(keypoints) - 1, moments).round().astype(int)
    vectors = segment_vectors(keypoints[at])
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((vectors / length).reshape(-1), np.float32)
