"""Examples, batches, loss and scores of the scoliosis system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  the usual name
from numpy.typing import NDArray
from torch import Tensor, nn

from gaitviewer.analysis.knowledge_map.features import load_map_features
from gaitviewer.analysis.knowledge_map.statements import GroupStatistics, group_statistics
from gaitviewer.inference.scoliosis.inputs import (
    OPTIONAL,
    ClipArrays,
    Encode,
    encode_sentences,
    make_batch,
    mirror_clip,
    probabilities,
    scoliosis_tables,
)
from gaitviewer.nets.scoliosis.fusion import MapFusionNet, ScoliosisNetSettings
from gaitviewer.research.training.task import Example, Predictions

_LEAST_SD = 1e-6
_ARRAYS = ("map", "unknown", "map_times", "statements", "video_times", OPTIONAL)


@dataclass(frozen=True, slots=True, eq=False)
class SessionClips:
    """All clips of a session: one case of training, which sees another clip of it each time."""

    session: str
    subject: str
    target: int
    clips: tuple[ClipArrays, ...]

    def as_example(self) -> Example:
        """For the training loop."""
        return {"session": self.session, "subject": self.subject, "case": self}


def by_session(examples: Sequence[Example], *, video: bool = True) -> tuple[SessionClips, ...]:
    """Examples (one a clip) gathered by session, in memory; ``video``: with their pictures."""
    keys = [key for key in _ARRAYS if video or key != OPTIONAL]
    found: dict[str, list[Example]] = {}
    for example in examples:
        found.setdefault(str(example["session"]), []).append(example)
    return tuple(
        SessionClips(
            name,
            str(several[0]["subject"]),
            int(several[0]["asymmetry"]),
            tuple({key: one[key] for key in keys if key in one} for one in several),
        )
        for name, several in found.items()
    )


def all_clips(cases: Sequence[SessionClips]) -> list[ClipArrays]:
    """Every clip of every session."""
    return [clip for case in cases for clip in case.clips]


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How training clips are changed: share mirrored, noise of the map in its SD."""

    mirror: float
    noise: float


@dataclass(frozen=True, slots=True, eq=False)
class CollateMaps:
    """Makes batches; with a generator one drawn clip of each session, mirrored by chance, with noise."""

    settings: ScoliosisNetSettings
    group: GroupStatistics
    map_sd: NDArray[np.float32]
    augment: Augmentation
    encode: Encode = encode_sentences

    def __call__(self, examples: list[Example], generator: np.random.Generator | None) -> dict[str, Tensor]:
        """A batch with "target" [B]."""
        cases: list[SessionClips] = [example["case"] for example in examples]
        clips = [self._draw(case, generator) for case in cases]
        batch = make_batch(clips, self.settings, group=self.group, encode=self.encode)
        batch["target"] = torch.tensor([float(case.target) for case in cases])
        return batch

    def _draw(self, case: SessionClips, generator: np.random.Generator | None) -> ClipArrays:
        if generator is None:
            return case.clips[0]
        clip: ClipArrays = case.clips[int(generator.integers(len(case.clips)))]
        if generator.random() < self.augment.mirror:
            clip = mirror_clip(clip)
        if self.augment.noise > 0:
            # one level for each row, and independent noise in each frame
            values = np.asarray(clip["map"])
            level = generator.standard_normal((len(values), 1)) + generator.standard_normal(values.shape)
            noisy = values + self.augment.noise * self.map_sd[:, None] * level
            clip = dict(clip) | {"map": noisy.astype(np.float32)}
        return clip


@dataclass(frozen=True, slots=True)
class ScoliosisLoss:
    """Binary cross-entropy, the rarer answer weighted up."""

    positive_weight: float

    def __call__(self, net: nn.Module, batch: Mapping[str, Tensor]) -> Tensor:
        """Mean over the batch."""
        inputs = {key: value for key, value in batch.items() if key != "target"}
        target = batch["target"]
        weight = torch.tensor(self.positive_weight, device=target.device)
        return F.binary_cross_entropy_with_logits(net(inputs), target, pos_weight=weight)


def learn_statistics(net: MapFusionNet, cases: Sequence[SessionClips], *, mirrored: bool) -> None:
    """Fill the buffers of the training set; no label enters.

    Args:
        net: filled in place.
        cases: of the training set.
        mirrored: whether mirrored clips belong to it, which makes it symmetrical.
    """
    clips = all_clips(cases)
    if mirrored:
        clips = [*clips, *(mirror_clip({k: v for k, v in c.items() if k != OPTIONAL}) for c in clips)]
    values = np.stack([np.asarray(clip["map"], np.float64) for clip in clips])
    known = ~np.stack([np.asarray(clip["unknown"]) for clip in clips])
    means = values.mean(axis=2)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, means, 0.0).sum(axis=0) / count
    centred = np.where(known[..., None], values - mean[:, None], 0.0)
    sd = np.sqrt((centred**2).sum(axis=(0, 2)) / (count * values.shape[2]))
    row_sd = np.sqrt((np.where(known, means - mean, 0.0) ** 2).sum(axis=0) / count)
    if net.levels is not None:
        _learn_levels(net, values, known, mean, _safe(sd))
    group = group_statistics([np.asarray(clip["statements"], np.float64) for clip in clips])
    _put(net, map_mean=mean, map_sd=_safe(sd), row_sd=_safe(row_sd))
    _put(net, statement_mean=group.mean, statement_sd=group.sd)
    answer = scoliosis_tables()["answer"]
    away = net.distance({"map": torch.from_numpy(values).float(), "unknown": torch.from_numpy(~known)}).numpy()
    limit = answer["unfamiliar_margin"] * np.quantile(away, answer["unfamiliar_quantile"])
    _put(net, unfamiliar_limit=np.asarray(limit))


def _learn_levels(
    net: MapFusionNet,
    values: NDArray[np.float64],
    known: NDArray[np.bool_],
    mean: NDArray[np.float64],
    sd: NDArray[np.float64],
) -> None:
    """Fill the buffers of what holds for whole clips, from the training clips [N, 238, 96]."""
    assert net.levels is not None
    _put(net, map_mean=mean, map_sd=sd)
    unknown = torch.from_numpy(~known)
    rows, signs = load_map_features().mirror
    net.levels.learn(
        net.standardise({"map": torch.from_numpy(values).float(), "unknown": unknown}),
        unknown,
        rows=torch.from_numpy(np.array(rows)),
        signs=torch.from_numpy(np.array(signs, np.float32)),
    )


def _safe(sd: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(sd > _LEAST_SD, sd, 1.0)


def _put(net: MapFusionNet, **values: NDArray[np.float64]) -> None:
    for name, value in values.items():
        getattr(net, name).copy_(torch.as_tensor(value, dtype=torch.float32))


def session_probabilities(net: MapFusionNet, cases: Sequence[SessionClips], device: str) -> NDArray[np.float64]:
    """[N] mean probability over the clips of each session."""
    each = probabilities(net, all_clips(cases), device=device)
    return mean_by_session(each, cases)


def mean_by_session(each: NDArray[np.float64], cases: Sequence[SessionClips]) -> NDArray[np.float64]:
    """[N] means of values given for every clip."""
    ends = np.cumsum([len(case.clips) for case in cases])
    return np.array([float(part.mean()) for part in np.split(each, ends[:-1])]) if cases else np.zeros(0)


def predictions_of(cases: Sequence[SessionClips], probability: NDArray[np.float64]) -> Predictions:
    """Answers in the harness's form."""
    answer = scoliosis_tables()["answer"]
    return Predictions(
        cases=tuple(case.session for case in cases),
        subjects=tuple(case.subject for case in cases),
        outputs=(answer["output"],),
        classes=tuple(answer["classes"]),
        probability=np.stack([1.0 - probability, probability], axis=1)[:, None, :].reshape(len(cases), 1, 2),
        target=np.array([[case.target] for case in cases], np.int64).reshape(len(cases), 1),
    )


def log_score(cases: Sequence[SessionClips], probability: NDArray[np.float64]) -> float:
    """Mean log-likelihood with both answers weighing the same, higher is better."""
    target = np.array([case.target for case in cases])
    safe = np.clip(probability, 1e-6, 1 - 1e-6)
    each = np.where(target == 1, np.log(safe), np.log(1 - safe))
    parts = [each[target == answer].mean() for answer in (0, 1) if (target == answer).any()]
    return float(np.mean(parts)) if parts else 0.0


def group_effects(cases: Sequence[SessionClips]) -> dict[str, float]:
    """Effect size (Cohen's d) of the difference between both groups, for each statement's size.

    Of the absolute deviation from the group's mean, since curves go to either side. For the reader of the
    results only: no text and no network ever sees it.
    """
    from gaitviewer.analysis.knowledge_map.statements import load_statements

    clips = [(np.asarray(clip["statements"], np.float64), case.target) for case in cases for clip in case.clips]
    values, target = np.stack([v for v, _ in clips]), np.array([t for _, t in clips])
    away = np.abs(values - np.nanmean(values, axis=0))
    found: dict[str, float] = {}
    for place, one in enumerate(load_statements().statement):
        groups = [away[(target == answer) & np.isfinite(away[:, place]), place] for answer in (0, 1)]
        if min(len(group) for group in groups) < 2:
            continue
        pooled = np.sqrt(0.5 * sum(group.var(ddof=1) for group in groups))
        found[one.name] = round(float((groups[1].mean() - groups[0].mean()) / max(pooled, 1e-12)), 3)
    return found


def values_for(settings: ScoliosisNetSettings) -> dict[str, Any]:
    """Settings as TOML values."""
    from dataclasses import asdict

    return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(settings).items()}
