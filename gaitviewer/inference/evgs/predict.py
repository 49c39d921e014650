"""The Edinburgh score from video: clips of a session through the network, answers with raw explanations out.

Clips are placed on the phases that an item is judged in (``resources/models/evgs_clips.toml``), and the answers
are averaged over them and over strides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.evgs.sheet import load_items
from gaitviewer.core.document import Document
from gaitviewer.core.gait import Side, View
from gaitviewer.core.learning import ITEMS, MaskedPictures
from gaitviewer.core.maps import AttentionMap
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import ModelOutput, Opinion, Provenance
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.core.skeleton import BODY_FEET_23
from gaitviewer.errors import SettingsError
from gaitviewer.inference.evgs.site import adapted
from gaitviewer.inference.evgs.strips import Strip, choose_strides, clip_table, read_strips
from gaitviewer.inference.memory import in_batches, with_smaller_batches
from gaitviewer.messages import Message, message, named
from gaitviewer.nets.card import card_entry
from gaitviewer.nets.evgs.inputs import ClipPixels, EvgsSettings, PatchTokens, cut_tokens

if TYPE_CHECKING:
    from gaitviewer.nets.card import LoadedModel
    from gaitviewer.nets.evgs.network import EvgsNet

CLASSES = ("normal", "atypical")
Asked = tuple[int, Side]


@dataclass(frozen=True, slots=True, eq=False)
class VideoClip:
    """A clip as the network takes it.

    Attributes:
        strip: where it was cut.   kind: number of the kind.   tokens: its patches.
    """

    strip: Strip
    kind: int
    tokens: PatchTokens


def question(item: int, side: Side) -> str:
    """Name of an answer: "3 SAD left"."""
    code = next(one.code for one in load_items() if one.number == item)
    return f"{item} {code} {side.value}"


def questions() -> tuple[str, ...]:
    """All 34, the left limb's first."""
    return tuple(question(item, side) for side in Side for item in range(1, ITEMS + 1))


def clip_crop(strip: Strip, kind: int, settings: EvgsSettings, *, later: int = 0) -> ClipPixels:
    """One clip of a strip, or one that begins some frames later as far as the strip goes.

    With shared heads the limb that is asked about is drawn as the right one; with heads of each limb's own,
    sides are the subject's, and a front view is as it was recorded.
    """
    rows = strip.rows(kind, settings.frames)
    later = max(-rows.start, min(later, len(strip.frames) - rows.stop))
    rows = slice(rows.start + later, rows.stop + later)
    frames, mask, points = strip.frames[rows], strip.mask[rows], strip.keypoints[rows]
    flips = list(BODY_FEET_23.flips)
    if settings.shared_limbs:
        return ClipPixels(frames, mask, points[:, flips] if strip.side is Side.LEFT else points)
    if strip.view is View.CORONAL and strip.flipped:
        mirror = ClipPixels(frames, mask, points).mirrored()
        return ClipPixels(mirror.frames, mirror.mask, mirror.keypoints[:, flips])
    return ClipPixels(frames, mask, points)


def clips_of(strips: Sequence[Strip], settings: EvgsSettings) -> tuple[VideoClip, ...]:
    """Every clip that the strips serve."""
    return tuple(
        VideoClip(strip, kind, cut_tokens(clip_crop(strip, kind, settings), settings))
        for strip in strips
        for kind in range(len(clip_table().kinds))
        if not strip.serves(kind, settings.frames)
    )


def predict(
    document: Document,
    measures: Measures,
    *,
    model: LoadedModel,
    pictures: Mapping[tuple[str, View], MaskedPictures],
    device: str = "cpu",
    precision: str = "fp32",
    tick: Tick = no_progress,
    explain: Sequence[Asked] | None = None,
) -> ModelOutput:
    """P(atypical) of each item and limb, or why there is no opinion.

    Args:
        document: the session.
        measures: of the same document.
        model: weights of this system.
        pictures: by (trial id, view).
        device: "cpu" or "cuda:0".
        precision: "fp32" or "bf16".
        tick: told of strides read, batches answered and clips explained.
        explain: items and limbs to explain; None = of each limb the one that is most likely atypical.

    Raises:
        SettingsError: the weights do not fit their settings.
        VideoError: a video is gone or damaged.
    """
    net, settings = load_net(model)
    net.to(device)
    strips: list[Strip] = []
    strides = len(choose_strides(measures, most=clip_table().crop.strides))
    for strip in read_strips(measures, pictures, most=clip_table().crop.strides):
        tick(0.3 * len(strips) / strides, message("progress.model_reads"))
        strips.append(strip)
    clips = clips_of(strips, settings)
    share = subprogress(tick, 0.3, 0.7)
    probability, score = _ask(net, clips, settings, device=device, precision=precision, tick=share)
    opinions, texts = [], []
    means: dict[Asked, float] = {}
    for side in Side:
        for item in range(1, ITEMS + 1):
            own = _serving(clips, item, side)
            if not own:
                reason = _why_not(measures, strips, item, side, settings, pictures)
                opinions.append(Opinion(question(item, side), CLASSES, None, reason))
                continue
            mean = float(np.mean(probability[own, item - 1]))
            means[item, side] = mean
            label = CLASSES[int(mean >= 0.5)]
            opinions.append(Opinion(question(item, side), CLASSES, (1.0 - mean, mean), label=label))
        values = [score[k] for k, clip in enumerate(clips) if clip.strip.side is side]
        degrees = _variable_score(model, values)
        if degrees is not None:
            texts.append(
                f"Gait variable score of the {side.value} limb as the model sees it: {degrees:.1f} degrees "
                f"(mean of {len(values)} clips)."
            )
    asked = _most_atypical(means) if explain is None else tuple(explain)
    maps = _explain(net, clips, asked, settings, device=device, tick=subprogress(tick, 0.7, 1.0))
    nothing = Provenance(model.id, model.digest, "", "", device, "", 0.0)
    names = {question(item, side): (item, side) for side in Side for item in range(1, ITEMS + 1)}
    said = adapted(opinions, model.settings, names)
    return ModelOutput(model.id, said, nothing, model.synthetic, attention=maps, texts=tuple(texts))


def load_net(model: LoadedModel) -> tuple[EvgsNet, EvgsSettings]:
    """The network of a model folder, for use.

    Raises:
        SettingsError: the weights do not fit their settings.
    """
    from gaitviewer.nets.evgs.network import EvgsNet

    settings = EvgsSettings.read(model.settings)
    net = EvgsNet(settings, kinds=len(clip_table().kinds))
    try:
        net.load_state_dict(dict(model.state))
    except RuntimeError as error:
        words = str(error).splitlines()[1:2] or [str(error)]
        raise SettingsError(
            message("error.model.other_network", model=model.id, reason=words[0].strip())
        ) from error
    return net.eval(), settings


def _variable_score(model: LoadedModel, values: Sequence[float]) -> float | None:
    """Degrees from what the head said of the clips.

    None without clips, from a model that saw no such label, and where it says what no such score can be:
    a root mean square is not negative.
    """
    if not values or "score_mean" not in model.settings:
        return None
    mean, sd = (card_entry(model.settings, name, float) for name in ("score_mean", "score_sd"))
    degrees = float(np.mean(values)) * sd + mean
    return degrees if degrees >= 0 else None


def _serving(clips: Sequence[VideoClip], item: int, side: Side) -> list[int]:
    """Numbers of the clips that are asked about an item of a limb."""
    kinds = clip_table().kinds
    return [k for k, c in enumerate(clips) if c.strip.side is side and item in kinds[c.kind].items]


def batch_tensors(clips: Sequence[VideoClip]) -> dict[str, Any]:
    """Padded tensors of clips: patches, index, keys, kind."""
    import torch

    from gaitviewer.nets.evgs.pruning import pad_patches

    patches, index, keys = pad_patches([c.tokens.patches for c in clips], [c.tokens.index for c in clips])
    return {
        "patches": torch.from_numpy(patches),
        "index": torch.from_numpy(index),
        "keys": torch.from_numpy(keys),
        "kind": torch.tensor([c.kind for c in clips]),
    }


def _ask(
    net: EvgsNet,
    clips: Sequence[VideoClip],
    settings: EvgsSettings,
    *,
    device: str,
    precision: str,
    tick: Tick,
    size: int = 16,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P(atypical) [N, 17] of the limb of each clip, and its standardised score [N]."""
    import torch

    from gaitviewer.nets.evgs.network import chance_atypical

    probability, score = np.zeros((len(clips), ITEMS)), np.zeros(len(clips))
    kind = torch.device(device).type

    def ask(rows: slice) -> None:
        part = clips[rows]
        tick(rows.start / len(clips), message("progress.model_asks"))
        batch = {name: value.to(device) for name, value in batch_tensors(part).items()}
        with torch.no_grad(), torch.autocast(kind, torch.bfloat16, enabled=precision == "bf16"):
            found = net(batch["patches"], batch["index"], batch["keys"], batch["kind"])
        own = np.arange(len(part)), limb_numbers(part, settings)
        probability[rows] = chance_atypical(found.items.cpu().double()).numpy()[own]
        score[rows] = found.score.cpu().double().numpy()[own]

    in_batches(ask, len(clips), size)
    return probability, score


def limb_numbers(clips: Sequence[VideoClip], settings: EvgsSettings) -> NDArray[np.int64]:
    """Which set of heads answers for each clip."""
    own = [0 if settings.shared_limbs or c.strip.side is Side.LEFT else 1 for c in clips]
    return np.asarray(own, np.int64)


def _why_not(
    measures: Measures,
    strips: Sequence[Strip],
    item: int,
    side: Side,
    settings: EvgsSettings,
    pictures: Mapping[tuple[str, View], MaskedPictures],
) -> Message:
    """Why nothing is said of an item of a limb."""
    kinds = [(k, kind) for k, kind in enumerate(clip_table().kinds) if item in kind.items]
    view = kinds[0][1].view
    plane = message(f"plane.{view.value}")
    if not any(m.views[view] is not None and not m.trial.excluded for m in measures.motions):
        return message("reason.no_view", view=plane)
    if not any(seen is view for _, seen in pictures):
        return message("reason.no_pictures", view=plane)
    own = [strip for strip in strips if strip.side is side and strip.view is view]
    if not own:
        return message("reason.no_stride_in_plane", side=named(side), view=plane)
    reasons = [strip.serves(k, settings.frames) for strip in own for k, _ in kinds]
    return next((reason for reason in reasons if reason), message("reason.no_clip_of_limb", side=named(side)))


def _most_atypical(means: Mapping[Asked, float]) -> tuple[Asked, ...]:
    best = [max((a for a in means if a[1] is side), key=means.__getitem__, default=None) for side in Side]
    return tuple(asked for asked in best if asked is not None)


def _explain(
    net: EvgsNet,
    clips: Sequence[VideoClip],
    asked: Sequence[Asked],
    settings: EvgsSettings,
    *,
    device: str,
    tick: Tick,
) -> tuple[AttentionMap, ...]:
    """Attention and occlusion of the first clip that serves each question, one map for each tubelet."""
    found: list[AttentionMap] = []
    for number, (item, side) in enumerate(asked):
        tick(number / len(asked), message("progress.model_explains"))
        own = _serving(clips, item, side)
        if own:
            found += explain_clip(net, clips[own[0]], item, settings, device=device)
    return tuple(found)


def explain_clip(
    net: EvgsNet, clip: VideoClip, item: int, settings: EvgsSettings, *, device: str = "cpu"
) -> tuple[AttentionMap, ...]:
    """Raw attention and occlusion of one clip, mapped back to where its patches lie in the recording.

    The crop moves with the subject, so each tubelet has a map and a box of its own. Occlusion is by how much
    the logit of "atypical" falls when a place is left out.

    Args:
        net: the network.
        clip: what it looked at.
        item: whose answer.
        settings: of the network.
        device: where it is.
    """
    import torch
    from torch import Tensor

    from gaitviewer.nets.evgs.attention import attention_by_token, occlusion_by_token, to_grid
    from gaitviewer.nets.evgs.pruning import normalise_patches

    limb = int(limb_numbers([clip], settings)[0])
    batch = {name: value.to(device) for name, value in batch_tensors([clip]).items()}

    def answer(patches: Tensor, index: Tensor, keys: Tensor) -> Tensor:
        kind = batch["kind"].expand(len(keys))
        logit: Tensor = net(patches, index, keys, kind).items[:, limb, item - 1, 0]
        return logit

    with torch.no_grad():
        tokens = net.encoder.embed_patches(normalise_patches(batch["patches"]), batch["index"])
        attention = attention_by_token(net.encoder, tokens, layer=-1)[0]
        occlusion = with_smaller_batches(
            lambda size: occlusion_by_token(
                answer, batch["patches"], batch["index"], settings.shape, batch=size
            ),
            32,
        )
    name = question(item, clip.strip.side)
    maps: list[AttentionMap] = []
    for kind, values in (("attention", attention), ("occlusion", occlusion)):
        maps += _maps(clip, to_grid(values, batch["index"][0], settings.shape), kind, name, settings)
    return tuple(maps)


def _maps(
    clip: VideoClip, grid: NDArray[np.float64], kind: str, target: str, settings: EvgsSettings
) -> list[AttentionMap]:
    strip = clip.strip
    rows = np.arange(strip.frames.shape[0])[strip.rows(clip.kind, settings.frames)]
    recorded_mirrored = strip.flipped and not (not settings.shared_limbs and strip.view is View.CORONAL)
    found = []
    for number, values in enumerate(grid):
        own = rows[number * settings.tubelet : (number + 1) * settings.tubelet]
        left, top, right, bottom = (float(v) for v in strip.boxes[own].mean(axis=0))
        turned = values[:, ::-1] if recorded_mirrored else values
        time = np.array([strip.times[own].mean()])
        box = (left, top, right, bottom)
        found.append(AttentionMap(turned[None], time, box, strip.trial, strip.view, kind, target))
    return found
