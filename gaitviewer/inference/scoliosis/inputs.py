"""From clips to tensors of the scoliosis network, the same in training and in use; mirrored clips included."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.knowledge_map.features import load_map_features, mirror_values
from gaitviewer.analysis.knowledge_map.statements import (
    GroupStatistics,
    describe,
    load_statements,
    mirrored_statements,
)
from gaitviewer.core.gait import View
from gaitviewer.core.serialise import from_settings, read_resource
from gaitviewer.inference.scoliosis.clips import ScoliosisClip, VideoSettings

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from gaitviewer.nets.scoliosis.fusion import MapFusionNet, ScoliosisNetSettings

ClipArrays = Mapping[str, Any]
"""One clip: map f32 [238, 96], unknown bool [238], map_times f32 [96], statements f32 [S], video_times f32 [T],
and video u8 [T, H, W, 3] where there are pictures."""
Encode = Callable[[Sequence[str]], NDArray[np.float32]]

OPTIONAL = "video"


@lru_cache(maxsize=1)
def scoliosis_tables() -> Mapping[str, Any]:
    """The data file ``resources/models/scoliosis.toml``."""
    return read_resource("models/scoliosis.toml", dict[str, Any])


def input_view() -> View:
    """The view that the model looks at."""
    return View(scoliosis_tables()["input"]["view"])


def video_settings() -> VideoSettings:
    """Size of the small video."""
    table = scoliosis_tables()["input"]
    return VideoSettings(int(table["video_frames"]), int(table["video_px"]))


def arrays_of(one: ScoliosisClip) -> dict[str, Any]:
    """A clip as plain arrays."""
    found = {
        "map": one.reading.map.values.astype(np.float32),
        "unknown": np.array(one.reading.unknown),
        "map_times": (one.reading.map.times_s - one.clip.start_s).astype(np.float32),
        "statements": one.statements.astype(np.float32),
        "video_times": one.video_times_s.astype(np.float32),
    }
    return found | ({OPTIONAL: one.video} if one.video is not None else {})


def mirror_clip(clip: ClipArrays) -> dict[str, Any]:
    """The same clip of the mirrored child (end view): map and text by tables, pictures flipped."""
    rows, _ = load_map_features().mirror
    found = dict(clip) | {
        "map": mirror_values(np.asarray(clip["map"])),
        "unknown": np.asarray(clip["unknown"])[rows],
        "statements": mirrored_statements(np.asarray(clip["statements"], np.float64)).astype(np.float32),
    }
    if clip.get(OPTIONAL) is not None:
        found[OPTIONAL] = np.ascontiguousarray(np.asarray(clip[OPTIONAL])[:, :, ::-1])
    return found


def group_of(net: MapFusionNet) -> GroupStatistics:
    """Statistics of the training group, kept with the weights."""
    mean, sd = (value.detach().cpu().double().numpy() for value in (net.statement_mean, net.statement_sd))
    return GroupStatistics(mean, sd)


def text_of(clip: ClipArrays, group: GroupStatistics) -> tuple[str, ...]:
    """Sentences on a clip."""
    return describe(np.asarray(clip["statements"], np.float64), group)


def make_batch(
    clips: Sequence[ClipArrays], settings: ScoliosisNetSettings, *, group: GroupStatistics, encode: Encode
) -> dict[str, Tensor]:
    """What the network takes, for the modalities that it has."""
    import torch

    batch: dict[str, Tensor] = {}
    if "map" in settings.modalities:
        for key in ("map", "unknown", "map_times"):
            batch[key] = torch.from_numpy(np.stack([np.asarray(clip[key]) for clip in clips]))
    if "video" in settings.modalities:
        batch |= _video(clips, settings)
    if "text" in settings.modalities:
        batch |= _text(clips, group, encode)
    return batch


def _video(clips: Sequence[ClipArrays], settings: ScoliosisNetSettings) -> dict[str, Tensor]:
    import torch

    frames, size = settings.clip
    films = [clip.get(OPTIONAL) for clip in clips]
    there = [film is not None for film in films]
    blank = np.zeros((frames, size, size, 3), np.uint8)
    pixels = np.stack([blank if film is None else np.asarray(film) for film in films])
    times = np.stack([np.asarray(clip["video_times"], np.float32) for clip in clips])
    return {
        "video": torch.from_numpy(pixels),
        "video_times": torch.from_numpy(times),
        "video_there": torch.tensor(there),
    }


def _text(clips: Sequence[ClipArrays], group: GroupStatistics, encode: Encode) -> dict[str, Tensor]:
    import torch

    most = load_statements().text.most
    sentences = [text_of(clip, group) for clip in clips]
    vectors = encode([sentence for several in sentences for sentence in several])
    values = np.zeros((len(clips), most, vectors.shape[1]), np.float32)
    mask = np.zeros((len(clips), most), np.bool_)
    start = 0
    for case, several in enumerate(sentences):
        values[case, : len(several)] = vectors[start : start + len(several)]
        mask[case, : len(several)] = True
        start += len(several)
    return {"text": torch.from_numpy(values), "text_mask": torch.from_numpy(mask)}


@lru_cache(maxsize=1)
def _encoder() -> Any:
    from gaitviewer.nets.scoliosis.text import TextEncoder

    return TextEncoder()


def encode_sentences(sentences: Sequence[str]) -> NDArray[np.float32]:
    """[N, 384] by the program's text encoder; every sentence is encoded once in a process."""
    vectors: NDArray[np.float32] = _encoder().encode(sentences)
    return vectors


def network_settings(table: Mapping[str, Any], **changes: Any) -> ScoliosisNetSettings:
    """The network's settings from a protocol's table or a model card.

    Raises:
        SettingsError: an entry is unknown or wrong.
    """
    from gaitviewer.nets.scoliosis.fusion import ScoliosisNetSettings

    video = video_settings()
    values: dict[str, Any] = {
        "clip": (video.frames, video.size_px),
        "statements": len(load_statements().statement),
        **table,
        **changes,
    }
    return from_settings(values, ScoliosisNetSettings, "The table of the network")


def probabilities(
    net: MapFusionNet,
    clips: Sequence[ClipArrays],
    *,
    encode: Encode = encode_sentences,
    device: str | torch.device = "cpu",
    at_once: int = 32,
) -> NDArray[np.float64]:
    """[N] probability of an asymmetry for each clip: the mean over the clip and its mirror image."""
    import torch

    group = group_of(net)
    both = _mirrors()
    out = np.zeros(len(clips))
    net.eval()
    with torch.no_grad():
        for start in range(0, len(clips), at_once):
            part = list(clips[start : start + at_once])
            views: list[list[ClipArrays]] = [part]
            if both:
                views.append([mirror_clip(clip) for clip in part])
            for seen in views:
                batch = make_batch(seen, net.settings, group=group, encode=encode)
                logits = net({key: value.to(device) for key, value in batch.items()})
                out[start : start + len(part)] += torch.sigmoid(logits.float()).cpu().numpy() / len(views)
    return out


def importance_of(
    net: MapFusionNet,
    clips: Sequence[ClipArrays],
    *,
    method: str = "",
    sign: float = 1.0,
    encode: Encode = encode_sentences,
    device: str | torch.device = "cpu",
) -> NDArray[np.float64]:
    """[N, 238, 96] what the answers of :func:`probabilities` rest on: where they are means over a clip and its
    mirror image, so is this, each row of the mirror image counted for the row that it shows.

    Args:
        net: in evaluation mode, with the modality "map".
        clips: to explain.
        method: of :data:`gaitviewer.nets.scoliosis.importance.METHODS`; "" = the one in use.
        sign: +1 for evidence for asymmetry, -1 for evidence against it.
        encode: sentences to vectors.
        device: of the network.
    """
    from gaitviewer.nets.scoliosis.importance import explain_map

    used = method or str(scoliosis_tables()["checks"]["method"])

    def one(seen: Sequence[ClipArrays]) -> NDArray[np.float64]:
        batch = make_batch(seen, net.settings, group=group_of(net), encode=encode)
        return explain_map(net, {key: value.to(device) for key, value in batch.items()}, method=used, sign=sign)

    found = one(clips)
    if not _mirrors():
        return found
    rows, _ = load_map_features().mirror
    return 0.5 * (found + one([mirror_clip(clip) for clip in clips])[:, rows])


def _mirrors() -> bool:
    """Whether an answer is the mean over a clip and its mirror image."""
    return bool(scoliosis_tables()["answer"]["mirror_average"]) and input_view() is View.CORONAL
