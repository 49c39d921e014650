"""A planted asymmetry of the trunk: does the importance point at the trunk?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.knowledge_map.clips import find_clips
from gaitviewer.analysis.knowledge_map.features import load_map_features
from gaitviewer.analysis.walking.trial import read_view
from gaitviewer.core.gait import View
from gaitviewer.core.measures import ViewMotion
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.errors import AnalysisError
from gaitviewer.inference.scoliosis.clips import read_clip
from gaitviewer.inference.scoliosis.inputs import (
    ClipArrays,
    Encode,
    arrays_of,
    importance_of,
    probabilities,
    scoliosis_tables,
)
from gaitviewer.nets.scoliosis.fusion import MapFusionNet
from gaitviewer.nets.scoliosis.importance import METHODS
from gaitviewer.research.training.scoliosis.batches import SessionClips
from gaitviewer.synthesis.body.bodies import draw_child
from gaitviewer.synthesis.filming.film import film_trial
from gaitviewer.synthesis.filming.pose_errors import observe_with_errors

_HELD_OUT_FROM = 100_000  # numbers of children below it may be learned from
_HEAD = (Keypoint.NOSE, Keypoint.LEFT_EYE, Keypoint.RIGHT_EYE, Keypoint.LEFT_EAR, Keypoint.RIGHT_EAR)


def plant_trunk(number: int, *, seed: int, shoulders_deg: float, lean_deg: float) -> ViewMotion:
    """The end view of a typically developing child whose shoulder line and trunk lean to one side.

    Even numbers lean to the right, odd ones to the left; 0 degrees plants nothing.

    Raises:
        AnalysisError: the camera happened to see no whole pass.
    """
    random = np.random.default_rng([seed, number, 91])
    scene = film_trial(draw_child(random).gait, random)
    pose = observe_with_errors(scene.views.coronal, random)
    sign = -1.0 if number % 2 == 0 else 1.0
    bent = replace(pose, xy=bend_trunk(pose.xy, shoulders_deg=sign * shoulders_deg, lean_deg=sign * lean_deg))
    return read_view(bent, View.CORONAL, trial_id=f"planted{number}")


def bend_trunk(xy: NDArray[np.floating[Any]], *, shoulders_deg: float, lean_deg: float) -> NDArray[np.float32]:
    """Keypoints of a trunk that is bent, and nothing else: arms, pelvis and legs stay where they are.

    Were the walker himself bent, his arms would go with the shoulders, and a network would rightly go by them.

    Args:
        xy: [T, K, 2] px, y downwards; the end view.
        shoulders_deg: the left end of the shoulder line comes up so far.
        lean_deg: shoulders and head move towards the subject's own left, as the trunk leans by so much.

    Returns:
        [T, K, 2] px; unknown points stay unknown.
    """
    left, right = Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER
    out = np.array(xy, np.float64)
    shoulders = 0.5 * (out[:, left] + out[:, right])
    hips = 0.5 * (out[:, Keypoint.LEFT_HIP] + out[:, Keypoint.RIGHT_HIP])
    across = out[:, left, 0] - out[:, right, 0]
    aside = np.sign(across) * np.tan(np.radians(lean_deg)) * np.hypot(*(shoulders - hips).T)
    rise = 0.5 * np.abs(across) * np.tan(np.radians(shoulders_deg))
    for point in (*_HEAD, left, right):
        out[:, point, 0] += aside
    out[:, left, 1] -= rise
    out[:, right, 1] += rise
    return out.astype(np.float32)


def planted_clip(number: int, *, seed: int, shoulders_deg: float, lean_deg: float) -> ClipArrays | None:
    """The first clip of a child, or None where the camera saw none."""
    try:
        motion = plant_trunk(number, seed=seed, shoulders_deg=shoulders_deg, lean_deg=lean_deg)
        clips = find_clips(motion).clips
        return arrays_of(read_clip(motion, clips[0], {}, None)) if clips else None
    except AnalysisError:
        return None


def planted_cases(start: int, count: int, *, seed: int) -> tuple[SessionClips, ...]:
    """Children number ``start`` on, each once with the planted asymmetry and once without.

    Both walk, are filmed and seen alike, so that nothing but the trunk tells them apart.
    """
    table = scoliosis_tables()["checks"]
    found: list[SessionClips] = []
    for number in range(start, start + count):
        for target in (1, 0):
            clip = planted_clip(
                number,
                seed=seed,
                shoulders_deg=target * float(table["planted_shoulders_deg"]),
                lean_deg=target * float(table["planted_lean_deg"]),
            )
            if clip is not None:
                child = f"planted{number}"
                found.append(SessionClips(f"{child}-{target}", child, target, (clip,)))
    return tuple(found)


@lru_cache(maxsize=2)
def held_out_cases(seed: int, count: int) -> tuple[SessionClips, ...]:
    """Children that no network learns from, with and without the planted asymmetry."""
    return planted_cases(_HELD_OUT_FROM, count, seed=seed)


def learning_cases(
    seed: int, planted: Mapping[str, Any]
) -> tuple[tuple[SessionClips, ...], tuple[SessionClips, ...]]:
    """Children to learn the planted asymmetry from, and others to stop by, as many as a protocol says."""
    train, valid = int(planted["train"]), int(planted["valid"])
    if train + valid > _HELD_OUT_FROM:
        raise ValueError("children of the check would be learned from")
    return planted_cases(0, train, seed=seed), planted_cases(train, valid, seed=seed)


def check_injected_fault(net: MapFusionNet, *, seed: int, count: int, encode: Encode) -> dict[str, Any]:
    """Where the importance lies on clips of ``count`` held-out children with a planted trunk asymmetry.

    Returns:
        "clips": with the asymmetry; "detected": share of them with a probability over one half, "false_alarms":
        the same without it; "chance": share of rows about the trunk; by method of
        :data:`gaitviewer.nets.scoliosis.importance.METHODS` "top_is_trunk": share of clips whose most important
        row is about the trunk, and "trunk_in_top_12": mean share of such rows among the first twelve; "method":
        the one in use, and "names": the rows that came first by it.
    """
    cases = held_out_cases(seed, count)
    clips = {answer: [case.clips[0] for case in cases if case.target == answer] for answer in (0, 1)}
    if not clips[1]:
        return {"clips": 0}
    net.eval()
    device = next(net.parameters()).device
    named = {
        answer: round(float((probabilities(net, held, encode=encode, device=device) > 0.5).mean()), 3)
        for answer, held in clips.items()
        if held
    }
    trunk = np.array(["trunk" in one.region for one in load_map_features().features])
    used = str(scoliosis_tables()["checks"]["method"])
    found: dict[str, dict[str, float]] = {}
    names: list[str] = []
    for method in METHODS:
        if method == "rows" and net.settings.modalities != ("map",):
            continue  # the other modalities would be encoded anew for every row
        found_by = importance_of(net, clips[1], method=method, encode=encode, device=device)
        rows = found_by.mean(axis=2)
        order = np.argsort(-rows, axis=1, kind="stable")
        # a clip without any evidence points at nothing
        silent = rows.max(axis=1) <= 0
        found[method] = {
            "top_is_trunk": round(float((trunk[order[:, 0]] & ~silent).mean()), 3),
            "trunk_in_top_12": round(float(trunk[order[:, :12]].mean()), 3),
        }
        if method == used:
            names = [load_map_features().names[int(row)] for row in order[:, 0]]
    return {
        "clips": len(clips[1]),
        "detected": named[1],
        "false_alarms": named.get(0),
        "chance": round(float(trunk.mean()), 3),
        "method": used,
        "methods": found,
        "names": dict(Counter(names).most_common(6)),
    }
