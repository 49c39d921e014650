"""Batches, augmentation and answers of the severity system."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from gaitviewer.core.gait import View
from gaitviewer.inference.severity.clips import mirrored
from gaitviewer.inference.severity.normal_gate import severity_tables
from gaitviewer.nets.severity.fusion import FusionNet
from gaitviewer.research.training.task import Example, Predictions

LEVELS = 4
F4 = NDArray[np.float32]
_CHUNK = 64
Batches = Callable[[list[Example], np.random.Generator | None], dict[str, Tensor]]


@dataclass(frozen=True, slots=True)
class CollateSkeletons:
    """Makes batches; with a generator it changes the clips as other cameras and children would."""

    augment: Mapping[str, float]

    def __call__(self, examples: list[Example], generator: np.random.Generator | None) -> dict[str, Tensor]:
        """X [N, 3, T, V, 1], features [N, F], level [N] (0..3; -1 = does not deviate)."""
        clips = [np.asarray(example["x"], np.float32) for example in examples]
        if generator is not None:
            views = [View(str(example["view"])) for example in examples]
            clips = [self._changed(clip, view, generator) for clip, view in zip(clips, views, strict=True)]
        x = np.stack([clip.transpose(2, 0, 1)[..., None] for clip in clips])
        features = np.stack([np.asarray(example["features"], np.float32) for example in examples])
        levels = [int(example["severity"]) - 1 for example in examples]
        return {
            "x": torch.from_numpy(x),
            "features": torch.from_numpy(features),
            "level": torch.tensor(levels, dtype=torch.long),
        }

    def _changed(self, clip: F4, view: View, random: np.random.Generator) -> F4:
        found = mirrored(clip, view) if random.random() < self.augment["flip"] else clip.copy()
        angle = np.radians(random.normal(0.0, self.augment["turn_deg"]))
        size = 1.0 + random.normal(0.0, self.augment["scale"])
        turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        found[..., :2] = found[..., :2] @ turn.T
        found[..., :2] += random.normal(0.0, self.augment["jitter"], found[..., :2].shape)
        gone = random.random(found.shape[1]) < self.augment["drop_joint"]
        found[:, gone, 2] = 0.0
        found[:, gone, :2] = found[:, gone, :2].mean(axis=0)
        # another pose estimator is surer, or less sure, of all that it sees
        seen = found[..., 2] > 0
        surer = found[..., 2] + random.normal(0.0, self.augment["score"])
        found[..., 2] = np.where(seen, np.clip(surer, 0.05, 1.0), 0.0)
        return np.asarray(found, np.float32)


@dataclass(frozen=True, slots=True)
class CollateExplained:
    """Batches of what a frozen skeleton branch made of clips and of their mirror images."""

    flip: float

    def __call__(self, examples: list[Example], generator: np.random.Generator | None) -> dict[str, Tensor]:
        """X [N, C', tokens], features [N, F], level [N] (0..3; -1 = does not deviate)."""
        turned = [generator is not None and generator.random() < self.flip for _ in examples]
        names = ["seen_mirrored" if turn else "seen" for turn in turned]
        return {
            "x": torch.stack([example[name] for example, name in zip(examples, names, strict=True)]),
            "features": torch.from_numpy(np.stack([np.asarray(e["features"], np.float32) for e in examples])),
            "level": torch.tensor([int(e["severity"]) - 1 for e in examples], dtype=torch.long),
        }


def see(net: FusionNet, examples: Sequence[Example], device: str) -> tuple[Example, ...]:
    """The examples with what the skeleton branch makes of each clip and of its mirror image."""
    net.eval()
    found: list[Example] = []
    for start in range(0, len(examples), _CHUNK):
        part = list(examples[start : start + _CHUNK])
        turned = [{**e, "x": mirrored(e["x"], View(str(e["view"])))} for e in part]
        with torch.no_grad():
            plain, other = (
                net.seen_by_skeleton(CollateSkeletons({})(list(clips), None)["x"].to(device)).cpu()
                for clips in (part, turned)
            )
        found += [
            {**e, "seen": one, "seen_mirrored": two} for e, one, two in zip(part, plain, other, strict=True)
        ]
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class SeverityLoss:
    """Cross-entropy over the four levels, which are ordered.

    Attributes:
        weights: [4] of the levels.
        spread: how far a label may be off, in levels: its chance is spread over the levels as a normal
            distribution of this SD, because the limits between levels are not sharp; 0 = not at all.
        healthy: weight of a child who does not deviate and counts as the lowest level.
    """

    weights: Tensor | None
    spread: float
    healthy: float

    @classmethod
    def of(cls, train: Sequence[Example], table: Mapping[str, Any]) -> SeverityLoss:
        """With classes that count alike, if the table says so."""
        counts = np.bincount([int(e["severity"]) - 1 for e in labelled(train)], minlength=LEVELS).astype(float)
        share = counts.sum() / (LEVELS * np.maximum(counts, 1.0))
        weights = torch.tensor(np.clip(share, 0.25, 4.0), dtype=torch.float32) if table["balance"] else None
        return cls(weights, float(table["spread"]), float(table["healthy"]))

    def __call__(self, model: nn.Module, batch: Mapping[str, Tensor]) -> Tensor:
        """Mean loss of a batch."""
        logits = model(batch["x"], batch["features"]).float()
        level = batch["level"].clamp(min=0)
        lost = -(self.targets(level) * logits.log_softmax(dim=1)).sum(dim=1)
        weights = torch.ones_like(lost) if self.weights is None else self.weights.to(lost.device)[level]
        weights = torch.where(batch["level"] < 0, self.healthy * weights, weights)
        mean: Tensor = (weights * lost).sum() / weights.sum().clamp(min=1e-6)
        return mean

    def targets(self, level: Tensor) -> Tensor:
        """[N] levels 0..3 -> [N, 4] chances."""
        if self.spread <= 0:
            return functional.one_hot(level, LEVELS).float()
        away = torch.arange(LEVELS, device=level.device)[None] - level[:, None]
        return torch.softmax(-0.5 * (away / self.spread) ** 2, dim=1)


def with_healthy(train: Sequence[Example], everyone: Sequence[Example]) -> tuple[Example, ...]:
    """The clips to learn from, and the first clip of each child who does not deviate."""
    healthy = {str(e["session"]): e for e in reversed(everyone) if e["severity"] == 0}
    return (*train, *(healthy[name] for name in sorted(healthy)))


def labelled(examples: Sequence[Example]) -> tuple[Example, ...]:
    """Clips of children who deviate: the only ones that have one of the four levels."""
    return tuple(e for e in examples if e["severity"] is not None and int(e["severity"]) >= 1)


def clip_probabilities(
    model: nn.Module, examples: Sequence[Example], device: str, collate: Batches | None = None
) -> NDArray[np.float64]:
    """[N, 4] probabilities of each clip."""
    collate, parts = collate or CollateSkeletons({}), []
    model.eval()
    with torch.no_grad():
        for start in range(0, len(examples), _CHUNK):
            batch = collate(list(examples[start : start + _CHUNK]), None)
            logits = model(batch["x"].to(device), batch["features"].to(device)).float()
            parts.append(logits.softmax(dim=1).cpu().numpy().astype(np.float64))
    return np.concatenate(parts) if parts else np.zeros((0, LEVELS))


def by_session(examples: Sequence[Example], probabilities: NDArray[np.float64]) -> Predictions:
    """Answers a session: the mean over its clips."""
    order = list(dict.fromkeys(str(example["session"]) for example in examples))
    place = {name: number for number, name in enumerate(order)}
    total, count = np.zeros((len(order), LEVELS)), np.zeros(len(order))
    subjects, target = [""] * len(order), np.full((len(order), 1), -1, np.int64)
    for example, probability in zip(examples, probabilities, strict=True):
        k = place[str(example["session"])]
        total[k] += probability
        count[k] += 1
        subjects[k] = str(example["subject"])
        target[k, 0] = int(example["severity"]) - 1
    mean = total / np.maximum(count, 1)[:, None]
    return Predictions(
        cases=tuple(order),
        subjects=tuple(subjects),
        outputs=("severity",),
        classes=severity_tables().levels.titles,
        probability=(mean / np.maximum(mean.sum(axis=1, keepdims=True), 1e-12))[:, None, :],
        target=target,
    )


def score(model: nn.Module, examples: Sequence[Example], device: str, collate: Batches | None = None) -> float:
    """What the loop keeps the best weights by: minus the mean log loss over sessions, higher is better."""
    if not examples:
        return 0.0
    found = by_session(examples, clip_probabilities(model, examples, device, collate))
    probability = found.probability[np.arange(len(found.cases)), 0, found.target[:, 0]]
    return float(np.mean(np.log(np.maximum(probability, 1e-6))))
