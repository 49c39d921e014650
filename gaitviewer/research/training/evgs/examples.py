"""Strips as examples (packed pictures), and examples as the tokens of clips."""

from __future__ import annotations

import io
import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gaitviewer.core.gait import Side, View
from gaitviewer.core.learning import ITEMS, LabelledSession
from gaitviewer.inference.evgs.predict import clip_crop
from gaitviewer.inference.evgs.strips import Strip, clip_table
from gaitviewer.nets.evgs.inputs import EvgsSettings, cut_tokens, keypoint_features, keypoint_targets
from gaitviewer.nets.evgs.pruning import pad_patches
from gaitviewer.research.training.task import Example

_QUALITY = 92  # of the stored pictures


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


@dataclass(frozen=True, slots=True)
class Variety:
    """How clips are cut anew, so that a network cannot learn where in the picture things happen to lie.

    Attributes:
        copies: further cuts of each clip; 0 = none.
        zoom: SD of the size, a part of it.   shift: SD of the place, a part of the picture.
        frames: a cut may begin this many frames sooner or later.
        seed: of all of it.
    """

    copies: int = 0
    zoom: float = 0.0
    shift: float = 0.0
    frames: int = 0
    seed: int = 0

    @classmethod
    def read(cls, augment: Mapping[str, float]) -> Variety:
        """From the protocol's table."""
        return cls(int(augment["copies"]), augment["zoom"], augment["shift"], int(augment["shift_frames"]))


def strip_key(example: Example) -> tuple[str, ...]:
    """What tells a strip from all others of its data."""
    return tuple(str(example[name]) for name in ("session", "trial", "stride", "view", "side"))


def clip_cases(
    examples: Iterable[Example],
    settings: EvgsSettings,
    *,
    pixels: bool = True,
    variety: Variety | None = None,
    tick: Callable[[], None],
) -> list[Example]:
    """Every clip of the strips, as a training case.

    A case has "subject", "session", "side", "kind" (its number), "limb" (the set of heads that answers),
    "patches" and "index" (its tokens), "labels" ([17] scores of the items that the kind serves; -1 = not asked
    or not labelled), "session_labels" ([2, 17] of both limbs), "profile" (degrees, NaN = not labelled),
    "places" (of keypoints), "features" and "copies" (patches, index and places of further cuts of the clip).

    Args:
        examples: strips.
        settings: of the network that looks at them.
        pixels: cut the tokens (not needed by models that look at keypoints only).
        variety: of further cuts, for learning.
        tick: called after each strip; raises Cancelled.
    """
    found: list[Example] = []
    variety = variety or Variety()
    for example in examples:
        strip = unpack(example) if pixels else _without_pictures(example)
        for kind in range(len(clip_table().kinds)):
            if not strip.serves(kind, settings.frames):
                own = zlib.crc32("/".join(strip_key(example)).encode())
                generator = np.random.default_rng([variety.seed, own, kind])
                copies = list(_cut_anew(strip, kind, settings, variety, generator)) if pixels else []
                found.append({**_case(example, strip, kind, settings, pixels), "copies": copies})
        tick()
    return found


def _cut_anew(
    strip: Strip, kind: int, settings: EvgsSettings, variety: Variety, generator: np.random.Generator
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.float32]]]:
    """Patches, index and places of each further cut."""
    for _ in range(variety.copies):
        later = int(generator.integers(-variety.frames, variety.frames + 1))
        zoom = float(np.exp(variety.zoom * generator.standard_normal()))
        across, down = variety.shift * generator.standard_normal(2)
        crop = clip_crop(strip, kind, settings, later=later).moved(zoom, (float(across), float(down)))
        tokens = cut_tokens(crop, settings)
        yield (
            tokens.patches,
            tokens.index,
            keypoint_targets(crop.keypoints, crop.frames.shape[1], settings.tubelet),
        )


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
        "places": keypoint_targets(crop.keypoints, int(example["size_px"]), settings.tubelet),
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
class CollateClips:
    """Makes batches; with a generator tokens are left out and colours changed.

    Attributes:
        augment: "drop_tokens", "gain" and "offset" of the protocol.
        mean, sd: of the Gait Variable Score of those that are learned from.
    """

    augment: Mapping[str, float]
    mean: float = 0.0
    sd: float = 1.0

    @classmethod
    def of(cls, train: Sequence[Example], augment: Mapping[str, float]) -> CollateClips:
        """With the scale of those that are learned from."""
        profiles = np.array([case["profile"] for case in train])
        profiles = profiles[np.isfinite(profiles)]
        mean, sd = (float(profiles.mean()), float(profiles.std()) or 1.0) if profiles.size else (0.0, 1.0)
        return cls(augment, mean, sd)

    def __call__(self, cases: list[Example], generator: np.random.Generator | None) -> dict[str, Tensor]:
        """Padded tensors of clips."""
        cuts = [self._cut(case, generator) for case in cases]
        patches, index, places = ([cut[k] for cut in cuts] for k in range(3))
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
            "places": torch.from_numpy(np.stack(places)),
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

    @staticmethod
    def _cut(case: Example, generator: np.random.Generator | None) -> tuple[Any, Any, Any]:
        """Patches, index and places of the clip, while learning of any of its cuts."""
        copies = case["copies"]
        number = 0 if generator is None or not copies else int(generator.integers(len(copies) + 1))
        return copies[number - 1] if number else (case["patches"], case["index"], case["places"])

    def _some(self, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
        kept = max(1, round((1.0 - self.augment["drop_tokens"]) * count))
        return np.sort(generator.choice(count, kept, replace=False))
