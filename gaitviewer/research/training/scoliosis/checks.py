"""Sanity checks of the importance: it must come from what was learned, and point at what matters.

Parameter randomisation after Adebayo et al. (arXiv 1810.03292), deletion after Petsiuk et al. (arXiv
1806.07421).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gaitviewer.analysis.knowledge_map.features import load_map_features
from gaitviewer.core.arrays import F8
from gaitviewer.inference.scoliosis.inputs import (
    Encode,
    group_of,
    importance_of,
    make_batch,
    scoliosis_tables,
)
from gaitviewer.nets.scoliosis.fusion import MapFusionNet
from gaitviewer.research.training.scoliosis.batches import SessionClips


def check_importance(
    net: MapFusionNet, cases: Sequence[SessionClips], *, seed: int, encode: Encode
) -> dict[str, Any]:
    """The checks on the clips of test sessions with an asymmetry (of all, where there are none).

    Returns:
        "similarity_randomised": mean rank correlation of the importance with that of the same network with its
        head or all its weights drawn anew (near 0 = passed); "deletion_area" and "deletion_area_random": mean
        logit over the deletion curve, by importance and in random order (lower by importance = passed);
        "trunk_share_of_top": share of rows about trunk or pelvis among the 24 most important ("trunk_share":
        among all rows).
    """
    table = scoliosis_tables()["checks"]
    chosen = [case for case in cases if case.target == 1] or list(cases)
    clips = [case.clips[0] for case in chosen][: int(table["clips"])]
    device = next(net.parameters()).device
    batch = {
        key: value.to(device)
        for key, value in make_batch(clips, net.settings, group=group_of(net), encode=encode).items()
    }
    method = str(table["method"])
    net.eval()

    def explain(of: MapFusionNet) -> F8:
        return importance_of(of, clips, encode=encode, device=device)

    found = explain(net)
    curves = _deletion(net, batch, found, seed=seed)
    return {
        "clips": len(clips),
        "method": method,
        "similarity_randomised": {
            part: round(_similarity(found, explain(randomised(net, part, seed))), 3) for part in ("head", "all")
        },
        "deletion_area": round(curves[0], 4),
        "deletion_area_random": round(curves[1], 4),
        "trunk_share_of_top": round(trunk_share(found.mean(axis=(0, 2)), 24), 3),
        "trunk_share": round(trunk_share(np.ones(found.shape[1]), found.shape[1]), 3),
    }


def randomised(net: MapFusionNet, part: str, seed: int) -> MapFusionNet:
    """The same network with the weights of its "head" (and pooling), or "all", drawn anew; statistics stay."""
    torch.manual_seed(seed + 1)
    fresh = MapFusionNet(net.settings)
    out = copy.deepcopy(net)
    drawn = dict(fresh.named_parameters())
    with torch.no_grad():
        for name, value in out.named_parameters():
            if part == "all" or name.startswith(("head", "pool")):
                value.copy_(drawn[name])
    return out.eval()


def trunk_share(importance: F8, most: int) -> float:
    """Share of rows about trunk or pelvis (alone, or with another region) among the most important ones."""
    order = np.argsort(-importance, kind="stable")[:most]
    regions = [load_map_features().features[row].region for row in order]
    return float(np.mean(["trunk" in region or "pelvis" in region for region in regions]))


def _similarity(one: F8, other: F8) -> float:
    """Mean rank correlation over clips, over features."""
    from scipy.stats import spearmanr

    found = []
    for first, second in zip(one.mean(axis=2), other.mean(axis=2), strict=True):
        if first.std() > 0 and second.std() > 0:
            found.append(float(spearmanr(first, second).statistic))
    return float(np.mean(found)) if found else 0.0


def _deletion(net: MapFusionNet, batch: dict[str, Tensor], importance: F8, *, seed: int) -> tuple[float, float]:
    """Mean logit while rows are replaced by the training mean: most important first, and in random order."""
    table = scoliosis_tables()["checks"]
    generator = np.random.default_rng([seed, 7])
    rows = importance.mean(axis=2)
    by_importance = np.argsort(-rows, axis=1, kind="stable")
    probability = [
        np.stack([generator.permutation(rows.shape[1]) for _ in rows])
        for _ in range(int(table["random_orders"]))
    ]
    areas = [_area(net, batch, order, int(table["steps"])) for order in (by_importance, *probability)]
    return areas[0], float(np.mean(areas[1:]))


def _area(net: MapFusionNet, batch: dict[str, Tensor], order: NDArray[np.int64], steps: int) -> float:
    """Mean logit over the curve from nothing to everything deleted."""
    logits = []
    with torch.no_grad():
        whole = net.standardise(batch)
        for step in range(steps + 1):
            gone = order[:, : round(step / steps * order.shape[1])]
            maps = whole.clone()
            for case, rows in enumerate(gone):
                maps[case, torch.from_numpy(rows.copy()).to(maps.device)] = 0.0
            out = net.decide(net.encode(net.patches(batch, map_input=maps), batch))
            logits.append(float(out.mean()))
    return float(np.mean(logits))
