"""System 1 in use: from a measured session to a level of severity with its evidence, or a reason for none."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.outcomes.gait_features import feature_indices, features_of, load_features
from gaitviewer.core.document import Document
from gaitviewer.core.maps import FeatureFinding, SaliencyMap
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import UNTOLD, MeasuredBasis, ModelOutput, Opinion
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.inference.severity.clips import JOINTS, SkeletonClip, SkeletonClipSettings, skeleton_clips
from gaitviewer.inference.severity.normal_gate import NORMAL, Verdict, judge_normal, severity_tables
from gaitviewer.messages import message
from gaitviewer.nets.card import card_entry

if TYPE_CHECKING:
    from torch import Tensor

    from gaitviewer.nets.card import LoadedModel
    from gaitviewer.nets.severity.fusion import FusionNet

QUESTION = "severity"


def predict(
    document: Document,
    measures: Measures,
    *,
    model: LoadedModel,
    pictures: Mapping[Any, Any] | None = None,
    device: str = "cpu",
    precision: str = "fp32",
    tick: Tick = no_progress,
) -> ModelOutput:
    """What the model says of the severity.

    A gait that was measured as normal gets no level; one that lies near the limit, or of which too little was
    seen, gets no opinion. What was measured comes with every answer.

    Args:
        document: the session.
        measures: of the same document.
        model: weights of this system.
        pictures: not looked at.
        device: where to compute.
        precision: "fp32" or "bf16".
        tick: told of each stage.
    """
    ranking = card_entry(model.settings, "ranking", tuple[tuple[str, float, float, float], ...])
    classes = tuple(model.card.classes) or severity_tables().levels.titles

    judged = judge_normal(measures)

    def said(opinion: Opinion, **more: Any) -> ModelOutput:
        return ModelOutput(
            model.id, (opinion,), UNTOLD, model.synthetic, ranking=ranking, basis=judged.basis, **more
        )

    if judged.verdict is Verdict.NORMAL:
        return said(Opinion(QUESTION, classes, None, label=NORMAL))
    if judged.verdict is Verdict.UNSURE:
        return said(Opinion(QUESTION, classes, None, judged.reason))
    clips, reasons = skeleton_clips(measures, card_entry(model.settings, "clips", SkeletonClipSettings))
    if not clips:
        why = reasons[0] if reasons else message("reason.no_walk_in_view")
        return said(Opinion(QUESTION, classes, None, message("reason.no_clip", why=why)))
    net = build_network(model.settings, model.state).to(device)
    features = model_features(measures, model.settings)
    tick(0.2, message("progress.model_asks"))
    with _half(device, precision):
        probability, maps = _look(net, clips, features, model.settings, device)
        findings = _missed_features(net, clips, features, model.settings, probability, device)
    best = int(np.argmax(probability))
    total = float(probability.sum())
    opinion = Opinion(QUESTION, classes, tuple(float(p) / total for p in probability), label=classes[best])
    return said(opinion, saliency=maps, findings=findings)


def basis(measures: Measures) -> tuple[MeasuredBasis, ...]:
    """What any answer to this session rests on, one that another gate gave included."""
    return judge_normal(measures).basis


def build_network(settings: Mapping[str, Any], state: Mapping[str, Tensor]) -> FusionNet:
    """The network of a weights file, ready to answer."""
    from gaitviewer.nets.severity.fusion import FusionNet, SeverityNetSettings

    net = FusionNet(card_entry(settings, "network", SeverityNetSettings))
    net.load_state_dict(dict(state))
    return net.eval()


def model_features(measures: Measures, settings: Mapping[str, Any]) -> NDArray[np.float32]:
    """[F] the features that a model was trained with, in its own order."""
    names = card_entry(settings, "features", tuple[str, ...])
    return np.asarray(features_of(measures)[list(feature_indices(names))], np.float32)


def as_batch(clips: Sequence[SkeletonClip]) -> NDArray[np.float32]:
    """[N, 3, T, V, 1] of clips."""
    return np.stack([clip.values.transpose(2, 0, 1)[..., None] for clip in clips])


def _half(device: str, precision: str) -> contextlib.AbstractContextManager[Any]:
    import torch

    if precision != "bf16":
        return contextlib.nullcontext()
    return torch.autocast(torch.device(device).type, torch.bfloat16)


def _look(
    net: FusionNet,
    clips: Sequence[SkeletonClip],
    features: NDArray[np.float32],
    settings: Mapping[str, Any],
    device: str,
) -> tuple[NDArray[np.float64], tuple[SaliencyMap, ...]]:
    """Probability of each level (mean over clips) and a raw map for each clip."""
    import torch

    from gaitviewer.nets.gradcam import of_class, of_order
    from gaitviewer.nets.severity.evidence import evidence
    from gaitviewer.nets.severity.fusion import INPUT

    x = torch.from_numpy(as_batch(clips)).to(device)
    clinical = torch.from_numpy(features).to(device).expand(len(clips), -1)
    with torch.no_grad():
        probability = net(x, clinical).float().softmax(dim=1).mean(dim=0).cpu().numpy().astype(np.float64)
    if net.settings.kind == "features":
        return probability, ()
    layer, best = net.settings.map_layer, int(np.argmax(probability))
    count, classes = len(clips), net.settings.classes
    higher = card_entry(settings, "target", str) == "higher"
    weights = of_order(count, classes) if higher else of_class(torch.full((count,), best), classes)
    raw = evidence(net, x, clinical, layer=layer, weights=weights.to(device), reference=net.reference)
    values = raw.float().cpu().numpy().astype(np.float64)
    name = "input" if layer == INPUT else f"block {layer + 1} of {len(net.blocks)}"
    return probability, tuple(
        _saliency(clip, value, name, "a higher level" if higher else f"level {best + 1}")
        for clip, value in zip(clips, values, strict=True)
    )


def _saliency(clip: SkeletonClip, values: NDArray[np.float64], layer: str, target: str) -> SaliencyMap:
    """The map over the walk itself: cells of a repeated walk are laid over the first time round."""
    cells = len(values)
    frames = len(clip.source_s)
    step = frames // cells
    middle = clip.source_s[np.minimum(np.arange(cells) * step + step // 2, frames - 1)]
    first = max(1, min(cells, -(-clip.repeats_after // step)))
    times, folded = middle[:first], values[:first].copy()
    counts = np.ones(first)
    for cell in range(first, cells):
        place = int(np.argmin(np.abs(times - middle[cell])))
        folded[place] += values[cell]
        counts[place] += 1
    order = np.argsort(times)
    return SaliencyMap(
        values=(folded / counts[:, None])[order],
        times_s=times[order],
        keypoints=JOINTS,
        trial=clip.trial,
        view=clip.view,
        layer=layer,
        target=target,
    )


def _missed_features(
    net: FusionNet,
    clips: Sequence[SkeletonClip],
    features: NDArray[np.float32],
    settings: Mapping[str, Any],
    probability: NDArray[np.float64],
    device: str,
) -> tuple[FeatureFinding, ...]:
    """Features whose absence lowers the probability of the answer most (leave one out)."""
    import torch

    if net.settings.kind == "skeleton":
        return ()
    table = {feature.name: feature for feature in load_features()}
    seen = [k for k in net.settings.chosen if np.isfinite(features[k])]
    if not seen:
        return ()
    best, limits = int(np.argmax(probability)), severity_tables().explain
    without = np.repeat(features[None], len(seen), axis=0)
    without[np.arange(len(seen)), seen] = np.nan
    clip = clips[0]
    x = torch.from_numpy(as_batch([clip])).to(device)
    given = torch.from_numpy(np.concatenate([features[None], without])).to(device)
    with torch.no_grad():
        answers = net(x.expand(len(given), -1, -1, -1, -1), given).float().softmax(dim=1)[:, best].cpu().numpy()
    lost = answers[0] - answers[1:]
    order = [k for k in np.argsort(-lost)[: limits.most_features] if lost[k] >= limits.smallest_change]
    names = card_entry(settings, "features", tuple[str, ...])
    start, stop = float(clip.source_s.min()), float(clip.source_s.max())
    norms = card_entry({"norms": {}, **settings}, "norms", dict[str, tuple[float, float]])
    found = []
    for k in order:
        feature = table[names[seen[k]]]
        value = float(features[seen[k]])
        words = f"{feature.title}: {value:.1f} {feature.unit}".rstrip()
        norm, norm_sd = norms.get(feature.name, (math.nan, math.nan))
        found.append(
            FeatureFinding(
                feature.name,
                feature.parts[0],
                start,
                stop,
                float(lost[k]),
                words,
                value=value,
                unit=feature.unit,
                norm=norm,
                norm_sd=norm_sd,
            )
        )
    return tuple(found)
