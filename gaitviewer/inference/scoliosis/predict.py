"""System 3 in use: screening for a scoliosis-like asymmetry of gait from the end view."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.knowledge_map.findings import find_features
from gaitviewer.analysis.knowledge_map.statements import joined_text
from gaitviewer.core.document import Document
from gaitviewer.core.maps import FeatureFinding, KnowledgeMap
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import FAMILIARITY, UNTOLD, MeasuredBasis, ModelOutput, Opinion
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.inference.memory import with_smaller_batches
from gaitviewer.inference.scoliosis.clips import PicturesByView, ScoliosisClip, read_clips
from gaitviewer.inference.scoliosis.inputs import (
    ClipArrays,
    arrays_of,
    group_of,
    importance_of,
    input_view,
    network_settings,
    probabilities,
    scoliosis_tables,
    text_of,
    video_settings,
)
from gaitviewer.messages import Message, message
from gaitviewer.nets.card import card_entry

if TYPE_CHECKING:
    from gaitviewer.nets.card import LoadedModel
    from gaitviewer.nets.scoliosis.fusion import MapFusionNet


def predict(
    document: Document,
    measures: Measures,
    *,
    model: LoadedModel,
    pictures: PicturesByView,
    device: str = "cpu",
    precision: str = "fp32",
    tick: Tick = no_progress,
) -> ModelOutput:
    """The probability of a scoliosis-like asymmetry, or why there is no opinion.

    Args:
        document: the session.
        measures: of the same document.
        model: weights of the task "scoliosis".
        pictures: by (trial id, view); without those of the end view a model that also looks at the video goes
            by map and text alone, one that looks at nothing else has no opinion.
        device: "cpu" or "cuda:0".
        precision: "fp32" or "bf16".
        tick: told of each stage.

    Returns:
        Opinion, knowledge map and importance of the clip that says most, findings and generated text.
    """
    tables = scoliosis_tables()
    net = build_network(model.settings, model.state).to(device).eval()
    tick(0.0, message("progress.model_reads"))
    wanted = video_settings() if "video" in net.settings.modalities else None
    clips, reasons = read_clips(
        measures, pictures, view=input_view(), video=wanted, most=int(tables["input"]["clips_per_session"])
    )
    if net.settings.modalities == ("video",):
        if clips and all(clip.video is None for clip in clips):
            return _silent(model, message("reason.no_end_view_pictures"))
        clips = tuple(clip for clip in clips if clip.video is not None)
    if len(clips) < int(tables["input"]["fewest_clips"]):
        return _silent(model, message("reason.no_regular_clip", reasons=reasons))
    arrays = [arrays_of(clip) for clip in clips]
    familiarity = _familiarity(net, arrays, device)
    if familiarity.value > familiarity.limit:
        unlike = message("reason.unlike_children", distance=familiarity.value, limit=familiarity.limit)
        return replace(_silent(model, unlike), basis=(familiarity,))
    tick(0.5, message("progress.model_asks"))
    with _cast(device, precision):
        each = with_smaller_batches(
            lambda size: probabilities(net, arrays, device=device, at_once=size), len(arrays)
        )
    tick(0.7, message("progress.model_explains"))
    return replace(_answer(model, net, clips, arrays, each, device), basis=(familiarity,))


def build_network(settings: Any, state: Any) -> MapFusionNet:
    """The network of a card's settings with its weights."""
    from gaitviewer.nets.scoliosis.fusion import MapFusionNet

    net = MapFusionNet(network_settings(card_entry(settings, "network", dict[str, Any])))
    net.load_state_dict(dict(state))
    return net


def importance_map(
    net: MapFusionNet, clip: ClipArrays, like: KnowledgeMap, *, device: str = "cpu", sign: float = 1.0
) -> KnowledgeMap:
    """Importance of each feature and frame of a clip, in the shape of its map."""
    values = importance_of(net, [clip], sign=sign, device=device)[0]
    target = scoliosis_tables()["answer"]["classes"][1 if sign > 0 else 0]
    return replace(like, values=values, kind="importance", target=target)


def _answer(
    model: LoadedModel,
    net: MapFusionNet,
    clips: Sequence[ScoliosisClip],
    arrays: Sequence[ClipArrays],
    each: NDArray[np.float64],
    device: str,
) -> ModelOutput:
    answer = scoliosis_tables()["answer"]
    probability = float(each.mean())
    positive = probability >= 0.5
    classes = tuple(answer["classes"])
    opinion = Opinion(
        answer["output"],
        classes,
        (1.0 - probability, probability),
        label=classes[1] if positive else classes[0],
    )
    # explained on the clip that speaks loudest for the answer
    shown = int(np.argmax(each) if positive else np.argmin(each))
    maps: tuple[KnowledgeMap, ...] = (clips[shown].reading.map,)
    findings: tuple[FeatureFinding, ...] = ()
    if "map" in net.settings.modalities:
        sign = 1.0 if positive else -1.0
        importance = importance_map(net, arrays[shown], maps[0], device=device, sign=sign)
        maps = (*maps, importance)
        findings = find_features(importance)
    return ModelOutput(
        model=model.id,
        opinions=(opinion,),
        provenance=UNTOLD,
        synthetic=model.synthetic,
        maps=maps,
        findings=findings,
        texts=(joined_text(text_of(arrays[shown], group_of(net))),),
    )


def _silent(model: LoadedModel, reason: Message) -> ModelOutput:
    answer = scoliosis_tables()["answer"]
    opinion = Opinion(answer["output"], tuple(answer["classes"]), None, reason)
    return ModelOutput(model.id, (opinion,), UNTOLD, model.synthetic)


def _familiarity(net: MapFusionNet, arrays: Sequence[ClipArrays], device: str) -> MeasuredBasis:
    """How far the maps lie from those learned from."""
    import torch

    batch = {
        key: torch.from_numpy(np.stack([clip[key] for clip in arrays])).to(device) for key in ("map", "unknown")
    }
    away = float(net.distance(batch).median())
    title = str(message("basis.familiarity_of_map"))
    return MeasuredBasis(f"{FAMILIARITY}_of_map", title, away, "", math.nan, float(net.unfamiliar_limit))


def _cast(device: str, precision: str) -> Any:
    import torch

    kind = torch.device(device).type
    return torch.autocast(kind, torch.bfloat16, enabled=precision == "bf16")
