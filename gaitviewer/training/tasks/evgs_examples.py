"""Strips as examples (packed pictures), and examples as the tokens of clips."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gaitviewer.core.gait import Side, View
from gaitviewer.core.learning import ITEMS, LabelledSession
from gaitviewer.nets.evgs_inputs import EvgsSettings, cut_tokens, keypoint_features, segment_targets
from gaitviewer.nets.pruning import pad_patches
from gaitviewer.training.task import Example
from gaitviewer.workflow.evgs_clips import clip_crop
from gaitviewer.workflow.evgs_strips import Strip, clip_table

_QUALITY = 92  # of the stored pictures
_LEAST_SPREAD = 0.1  # of a segment, tenths of the picture: about the noise of a keypoint


def pack(strip: Strip, session: LabelledSession) -> Example:
    """An example: the strip with its pictures compressed, and the labels of its limb."""
    pictures = [_compress(frame) for frame in strip.frames]
    scores = [[-1 if score is None else score for score in limb] for limb in session.labels.evgs]
    profile = session.labels.gait_variable_score[strip.side]
    return {
        "subject": session.subject,
        "session": session.id,
        "stride": strip.stride,
        "trial": strip.trial,
        "view": strip.view.value,
        "side": strip.side.value,
        "far": strip.far,
        "flipped": strip.flipped,
        "size_px": strip.frames.shape[1],
        "pictures": np.frombuffer(b"".join(pictures), np.uint8),
        "ends": np.cumsum([len(one) for one in pictures]).astype(np.int64),
        "mask": np.packbits(strip.mask),
        "keypoints": strip.keypoints,
        "times": strip.times,
        "boxes": strip.boxes,
        "held": strip.held,
        "centres": strip.centres,
        "labels": np.array(scores, np.int64),
        "merged": session.labels.merged,
        "profile": float("nan") if profile is None else float(profile),
    }


def _compress(frame: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(frame).save(out, "JPEG", quality=_QUALITY, subsampling=0)
    return out.getvalue()


def unpack(example: Example) -> Strip:
    """The strip of an example."""
    from PIL import Image

    data, size = np.asarray(example["pictures"], np.uint8).tobytes(), int(example["size_px"])
    ends = [0, *map(int, example["ends"])]
    frames = np.stack(
        [np.asarray(Image.open(io.BytesIO(data[a:b])).convert("RGB")) for a, b in itertools.pairwise(ends)]
    )
    shape = (len(frames), size, size)
    bits = np.unpackbits(np.asarray(example["mask"], np.uint8), count=len(frames) * size * size)
    return _strip(example, frames, bits.astype(np.bool_).reshape(shape))


def clip_cases(
    examples: Iterable[Example], settings: EvgsSettings, *, pixels: bool = True, tick: Callable[[], None]
) -> list[Example]:
    """Every clip of the strips, as a training case.

    A case has "subject", "session", "side", "kind" (its number), "limb" (the set of heads that answers),
    "patches" and "index" (its tokens), "labels" ([17] scores of the items that the kind serves; -1 = not asked
    or not labelled), "session_labels" ([2, 17] of both limbs), "profile" (degrees, NaN = not labelled),
    "segments" and "features".

    Args:
        examples: strips.
        settings: of the network that looks at them.
        pixels: cut the tokens (not needed by models that look at keypoints only).
        tick: called after each strip; raises Cancelled.
    """
    found: list[Example] = []
    for example in examples:
        strip = unpack(example) if pixels else _without_pictures(example)
        for kind in range(len(clip_table().kinds)):
            if not strip.serves(kind, settings.frames):
                found.append(_case(example, strip, kind, settings, pixels))
        tick()
    return found


def _case(example: Example, strip: Strip, kind: int, settings: EvgsSettings, pixels: bool) -> Example:
    crop = clip_crop(strip, kind, settings)
    asked = np.isin(np.arange(1, ITEMS + 1), clip_table().kinds[kind].items)
    tokens = cut_tokens(crop, settings) if pixels else None
    return {
        "subject": str(example["subject"]),
        "session": str(example["session"]),
        "side": strip.side.value,
        "kind": kind,
        "limb": 0 if settings.shared_limbs or strip.side is Side.LEFT else 1,
        "patches": None if tokens is None else tokens.patches,
        "index": None if tokens is None else tokens.index,
        "labels": np.where(asked, np.asarray(example["labels"])[list(Side).index(strip.side)], -1),
        "session_labels": np.asarray(example["labels"]),
        "profile": float(example["profile"]),
        "segments": segment_targets(crop.keypoints, int(example["size_px"])),
        "features": keypoint_features(crop.keypoints),
    }


def _without_pictures(example: Example) -> Strip:
    shape = (len(example["times"]), int(example["size_px"]), 0)
    return _strip(example, np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.bool_))


def _strip(example: Example, frames: NDArray[np.uint8], mask: NDArray[np.bool_]) -> Strip:
    return Strip(
        str(example["stride"]), str(example["trial"]), View(example["view"]), Side(example["side"]),
        bool(example["far"]), bool(example["flipped"]), frames, mask, example["keypoints"], example["times"],
        example["boxes"], example["held"], example["centres"],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Collate:
    """Makes batches; with a generator tokens are left out and colours changed.

    Attributes:
        augment: "drop_tokens", "gain" and "offset" of the protocol.
        mean, sd: of the Gait Variable Score of those that are learned from.
        segments_mean, segments_sd: [S] of the body segments.
    """

    augment: Mapping[str, float]
    mean: float = 0.0
    sd: float = 1.0
    segments_mean: NDArray[np.float32] | float = 0.0
    segments_sd: NDArray[np.float32] | float = 1.0

    @classmethod
    def of(cls, train: Sequence[Example], augment: Mapping[str, float]) -> Collate:
        """With the scales of those that are learned from."""
        profiles = np.array([case["profile"] for case in train])
        profiles = profiles[np.isfinite(profiles)]
        mean, sd = (float(profiles.mean()), float(profiles.std()) or 1.0) if profiles.size else (0.0, 1.0)
        segments = np.stack([case["segments"] for case in train])
        known = np.isfinite(segments)
        count = np.maximum(known.sum(axis=0), 1)
        middle = np.where(known, segments, 0.0).sum(axis=0) / count
        spread = np.sqrt(np.where(known, (segments - middle) ** 2, 0.0).sum(axis=0) / count)
        return cls(
            augment, mean, sd, middle.astype(np.float32), np.maximum(spread, _LEAST_SPREAD).astype(np.float32)
        )

    def __call__(self, cases: list[Example], generator: np.random.Generator | None) -> dict[str, Tensor]:
        """Padded tensors of clips."""
        patches, index = [case["patches"] for case in cases], [case["index"] for case in cases]
        if generator is not None and self.augment["drop_tokens"] > 0:
            chosen = [self._some(len(one), generator) for one in index]
            patches = [one[at] for one, at in zip(patches, chosen, strict=True)]
            index = [one[at] for one, at in zip(index, chosen, strict=True)]
        padded, numbers, keys = pad_patches(patches, index)
        batch = {
            "patches": torch.from_numpy(padded),
            "index": torch.from_numpy(numbers),
            "kind": torch.tensor([int(case["kind"]) for case in cases]),
            "limb": torch.tensor([int(case["limb"]) for case in cases]),
            "labels": torch.from_numpy(np.stack([case["labels"] for case in cases])),
            "profile": torch.tensor([(float(case["profile"]) - self.mean) / self.sd for case in cases]),
            "segments": torch.from_numpy(
                ((np.stack([c["segments"] for c in cases]) - self.segments_mean) / self.segments_sd).astype(
                    np.float32
                )
            ),
        }
        if not keys.all():
            batch["keys"] = torch.from_numpy(keys)
        if generator is not None:
            shape = (len(cases), 1, 3, 1)
            gain = 1.0 + self.augment["gain"] * generator.standard_normal(shape)
            offset = self.augment["offset"] * generator.standard_normal(shape)
            batch["gain"] = torch.from_numpy(gain.astype(np.float32))
            batch["offset"] = torch.from_numpy(offset.astype(np.float32))
        return batch

    def _some(self, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
        kept = max(1, round((1.0 - self.augment["drop_tokens"]) * count))
        return np.sort(generator.choice(count, kept, replace=False))
