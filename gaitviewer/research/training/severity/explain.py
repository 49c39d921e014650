"""Which keypoints the skeleton network goes by, and whether its maps can be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gaitviewer.core.arrays import F8
from gaitviewer.inference.severity.clips import JOINTS
from gaitviewer.nets.gradcam import of_class, of_order
from gaitviewer.nets.severity.evidence import evidence
from gaitviewer.nets.severity.fusion import INPUT, FusionNet
from gaitviewer.research.training.severity.batches import LEVELS, CollateSkeletons, clip_probabilities
from gaitviewer.research.training.task import Example

Ranking = list[tuple[str, float, float, float]]
_CHUNK = 32
_KNEES = (JOINTS.index("left_knee"), JOINTS.index("right_knee"))


def maps_by_keypoint(
    net: FusionNet,
    examples: Sequence[Example],
    *,
    layer: int,
    target: str,
    device: str,
    reference: Tensor | None = None,
) -> F8:
    """[N, V] raw evidence of each keypoint, mean over time: for the "answer", or for a "higher" level.

    Layer -1 is the input itself, by integrated gradients from the reference [2, V].
    """
    net.eval()
    parts = []
    for start in range(0, len(examples), _CHUNK):
        batch = CollateSkeletons({})(list(examples[start : start + _CHUNK]), None)
        x, features = batch["x"].to(device), batch["features"].to(device)
        weights = of_order(len(x), LEVELS).to(device)
        if target == "answer":
            with torch.no_grad():
                weights = of_class(net(x, features).argmax(dim=1), LEVELS)
        raw = evidence(net, x, features, layer=layer, weights=weights, reference=reference)
        parts.append(raw.mean(dim=1).cpu().numpy().astype(np.float64))
    return np.concatenate(parts) if parts else np.zeros((0, len(JOINTS)))


def reference_of(net: FusionNet, normal: Sequence[Example], *, layer: int, device: str) -> Tensor:
    """[C', V] what a block gives for healthy children on average ([2, V] their joints); 0 = there are none."""
    if layer == INPUT:
        return _mean_posture(normal).to(device)
    total, count = torch.zeros(1, device=device), 0
    kept: list[Tensor] = []
    hook = net.blocks[layer].register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    net.eval()
    try:
        with torch.no_grad():
            for start in range(0, len(normal), _CHUNK):
                batch = CollateSkeletons({})(list(normal[start : start + _CHUNK]), None)
                net(batch["x"].to(device), batch["features"].to(device))
                found = kept.pop()
                total, count = total + found.mean(dim=2).sum(dim=0), count + len(found)
    finally:
        hook.remove()
    if count:
        return total / count
    return torch.zeros(net.settings.skeleton.widths[layer], len(JOINTS), device=device)


def _mean_posture(normal: Sequence[Example]) -> Tensor:
    """[2, V] where the joints of healthy children are on average."""
    if not normal:
        return torch.zeros(2, len(JOINTS))
    places = np.stack([np.asarray(e["x"], np.float32)[..., :2].mean(axis=0) for e in normal])
    return torch.from_numpy(places.mean(axis=0).T.copy())


def rank_keypoints(
    net: FusionNet,
    examples: Sequence[Example],
    *,
    layer: int,
    target: str,
    draws: int,
    seed: int,
    device: str,
) -> Ranking:
    """The population ranking: mean over correctly classified clips; 95 % bootstrap intervals by subject."""
    probabilities = clip_probabilities(net, examples, device)
    levels = np.array([int(e["severity"]) - 1 for e in examples], np.int64)
    right = probabilities.argmax(axis=1) == levels if len(examples) else np.zeros(0, bool)
    used = [e for e, good in zip(examples, right, strict=True) if good] or list(examples)
    maps = maps_by_keypoint(net, used, layer=layer, target=target, device=device, reference=net.reference)
    people = sorted({str(e["subject"]) for e in used})
    rows = {who: [k for k, e in enumerate(used) if str(e["subject"]) == who] for who in people}
    random = np.random.default_rng([seed, 1])
    drawn = []
    for _ in range(draws):
        chosen = [k for who in random.choice(people, len(people)) for k in rows[str(who)]]
        drawn.append(maps[chosen].mean(axis=0))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    mean = maps.mean(axis=0)
    return [(JOINTS[k], float(mean[k]), float(low[k]), float(high[k])) for k in np.argsort(-mean)]


def check_maps(
    net: FusionNet,
    examples: Sequence[Example],
    normal: Sequence[Example],
    learned_normal: Sequence[Example],
    average: NDArray[np.float32],
    table: Mapping[str, Any],
    *,
    seed: int,
    device: str,
) -> dict[str, Any]:
    """The checks of the maps at every layer asked for.

    Args:
        net: the trained skeleton network.
        examples: clips that it has not learned from.
        normal: clips of children without deviation, in which a fault is planted.
        learned_normal: clips of such children in the training set, that maps are compared with.
        average: [V, 2] where each joint is on average in training clips: what a masked joint shows.
        table: "explain" of the protocol.
        seed: of what is drawn.
        device: where to compute.

    Returns:
        By layer: "randomised" mean rank correlation with the maps of networks with random weights (should be
        near 0), "deletion" and "deletion_random" mean probability of the answer while joints are masked from
        the most important on and in random order (the first should be lower), and what
        :func:`check_injected_fault` says. (Not the expected level: a joint that is masked stands still, which
        itself looks like a stiff leg.)
    """
    used = _some(examples, table)
    if not used:
        return {}
    random = np.random.default_rng([seed, 2])
    answers = clip_probabilities(net, used, device).argmax(axis=1).astype(np.int64)
    blanks = [_blank(net, seed + number, device) for number in range(int(table["random_networks"]))]
    chaotic = [
        _deleted(net, used, answers, _random_orders(len(used), random), average, device)
        for _ in range(int(table["orders"]))
    ]
    planted = check_injected_fault(net, normal, learned_normal, table, seed=seed, device=device)
    found: dict[str, Any] = {}
    for layer in table["layers"]:

        def maps(of: FusionNet, layer: int = layer) -> F8:
            return _compared(of, used, learned_normal, table, layer=layer, device=device)

        own = maps(net)
        curve = _deleted(net, used, answers, np.argsort(-own, axis=1), average, device)
        found[block_name(layer)] = {
            "randomised": float(np.mean([_mean_rank_correlation(own, maps(blank)) for blank in blanks])),
            "deletion": float(curve.mean()),
            "deletion_random": float(np.mean(chaotic)),
        } | planted.get(block_name(layer), {})
    return found


def check_injected_fault(
    net: FusionNet,
    normal: Sequence[Example],
    learned_normal: Sequence[Example],
    table: Mapping[str, Any],
    *,
    seed: int,
    device: str,
) -> dict[str, dict[str, float]]:
    """Whether maps show a knee that was moved on one side in clips of children without deviation.

    Returns:
        By layer: "planted" part of the clips in which that knee is among the three strongest keypoints,
        "answered" part in which the network names a higher level for it (a fault that does not move the answer
        has no evidence), "clips" how many. Nothing where there are no such clips.
    """
    normal = _some(normal, table)
    if not normal:
        return {}
    random = np.random.default_rng([seed, 2])
    clips, joints = plant_knees(normal, forward=float(table["plant_leg"]), random=random)
    heard = float((_mean_level(net, clips, device) > _mean_level(net, normal, device)).mean())
    return {
        block_name(layer): {
            "planted": _among_top(
                _compared(net, clips, learned_normal, table, layer=layer, device=device), joints
            ),
            "answered": heard,
            "clips": float(len(clips)),
        }
        for layer in table["layers"]
    }


def block_name(layer: int) -> str:
    """A block as people count them."""
    return "input" if layer == INPUT else f"block {layer + 1}"


def _some(examples: Sequence[Example], table: Mapping[str, Any]) -> list[Example]:
    """As many clips as a check looks at, spread over all."""
    step = max(1.0, len(examples) / int(table["clips"]))
    return [examples[int(k * step)] for k in range(min(len(examples), int(table["clips"])))]


def _blank(net: FusionNet, seed: int, device: str) -> FusionNet:
    """The same network with random weights."""
    torch.manual_seed(seed)
    return FusionNet(net.settings).to(device).eval()


def _compared(
    net: FusionNet,
    clips: Sequence[Example],
    learned_normal: Sequence[Example],
    table: Mapping[str, Any],
    *,
    layer: int,
    device: str,
) -> F8:
    """[N, V] maps as the protocol wants them: compared with healthy children, or as published."""
    contrast = table["contrast"] or layer == INPUT
    some = _some(learned_normal, table)  # so many are enough for their mean
    usual = reference_of(net, some, layer=layer, device=device) if contrast else None
    target = str(table["target"])
    return maps_by_keypoint(net, clips, layer=layer, target=target, device=device, reference=usual)


def _mean_level(net: FusionNet, examples: Sequence[Example], device: str) -> F8:
    """[N] expected level 0..3 of each clip."""
    return clip_probabilities(net, examples, device) @ np.arange(LEVELS)


def planted_set(examples: Sequence[Example], sizes: Sequence[float], *, seed: int) -> tuple[Example, ...]:
    """Clips of healthy children with a fault of one knee, whose size is the level: nothing else says it.

    Each clip is there twice, with different levels, so that nobody can be told by the rest of the walk.
    """
    random = np.random.default_rng([seed, 4])
    found: list[Example] = []
    ordered = sorted(examples, key=lambda e: str(e["session"]))
    for number, example in enumerate((*ordered, *ordered)):
        level = 1 + (number % len(ordered) + (2 if number >= len(ordered) else 0)) % LEVELS
        size = sizes[level - 1] * float(random.uniform(0.9, 1.1))
        (changed,), _ = plant_knees([example], forward=size, random=random)
        named = f"{example['session']}/{number}"
        found.append({**changed, "severity": level, "session": named})
    return tuple(found)


def plant_knees(
    examples: Sequence[Example], *, forward: float, random: np.random.Generator
) -> tuple[list[Example], NDArray[np.int64]]:
    """Copies in which one knee, drawn at random, is carried forward: a flexed knee on one side only.

    Hip and ankle stay, so that nothing but the knee says so.
    """
    changed: list[Example] = []
    joints = np.array(_KNEES)[random.integers(0, 2, len(examples))]
    for example, joint in zip(examples, joints, strict=True):
        clip = np.array(example["x"], np.float32)
        clip[:, joint, 0] += forward
        changed.append({**example, "x": clip})
    return changed, joints


def _among_top(maps: F8, joints: NDArray[np.int64]) -> float:
    """Part of the clips in which the joint is among the three strongest; an empty map finds nothing."""
    best = np.argsort(-maps, axis=1)[:, :3]
    there = (best == joints[:, None]).any(axis=1) & (maps[np.arange(len(maps)), joints] > 0)
    return float(there.mean())


def _random_orders(count: int, random: np.random.Generator) -> NDArray[np.int64]:
    return np.stack([random.permutation(len(JOINTS)) for _ in range(count)])


def _deleted(
    net: FusionNet,
    examples: Sequence[Example],
    answers: NDArray[np.int64],
    orders: NDArray[np.int64],
    average: NDArray[np.float32],
    device: str,
) -> F8:
    """Mean probability of the answer after each fifth of the joints is masked, in the given order."""
    steps = sorted({round(share * len(JOINTS)) for share in np.linspace(0.1, 0.9, 5)})
    curve = []
    for count in steps:
        masked = []
        for example, order in zip(examples, orders, strict=True):
            clip = np.array(example["x"], np.float32)
            gone = order[:count]
            clip[:, gone, :2] = average[gone]
            clip[:, gone, 2] = 0.0
            masked.append({**example, "x": clip})
        probabilities = clip_probabilities(net, masked, device)
        curve.append(float(probabilities[np.arange(len(answers)), answers].mean()))
    return np.asarray(curve)


def _mean_rank_correlation(one: F8, other: F8) -> float:
    """Mean over clips of Spearman's correlation of two maps; 0 where one of them is flat."""
    from scipy.stats import rankdata

    found = []
    for a, b in zip(one, other, strict=True):
        ranks = np.stack([rankdata(a), rankdata(b)])
        flat = (ranks.std(axis=1) == 0).any()
        found.append(0.0 if flat else float(np.corrcoef(ranks)[0, 1]))
    return float(np.mean(found))
