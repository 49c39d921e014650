"""A planted asymmetry of the trunk: does the importance point at the trunk?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.knowledge_clips import find_clips
from gaitviewer.analysis.knowledge_table import load_features
from gaitviewer.analysis.motion import read_view
from gaitviewer.core.gait import View
from gaitviewer.core.measures import ViewMotion
from gaitviewer.errors import AnalysisError
from gaitviewer.nets.map_fusion import MapFusionNet
from gaitviewer.nets.map_importance import map_importance
from gaitviewer.synthesis.children import draw_child
from gaitviewer.synthesis.curves import CycleCurve
from gaitviewer.synthesis.filming import film_trial
from gaitviewer.synthesis.pose_errors import observe_with_errors
from gaitviewer.workflow.scoliosis_clips import read_clip
from gaitviewer.workflow.scoliosis_inputs import (
    ClipArrays,
    Encode,
    arrays_of,
    group_of,
    make_batch,
    scoliosis_tables,
)

F8 = NDArray[np.float64]


def plant_trunk(number: int, *, seed: int, shoulders_deg: float, lean_deg: float) -> ViewMotion:
    """The end view of a typically developing child whose shoulder line and trunk lean to one side.

    Even numbers lean to the right, odd ones to the left; 0 degrees plants nothing.

    Raises:
        AnalysisError: the camera happened to see no whole pass.
    """
    random = np.random.default_rng([seed, number, 91])
    child = draw_child(random)
    sign = -1.0 if number % 2 == 0 else 1.0
    trunk = child.gait.trunk
    moved = {"shoulder_obliquity": sign * shoulders_deg, "trunk_lean": sign * lean_deg}
    curves = {name: getattr(trunk, name).plus(CycleCurve.constant(v)) for name, v in moved.items()}
    scene = film_trial(replace(child.gait, trunk=replace(trunk, **curves)), random)
    pose = observe_with_errors(scene.views.coronal, random)
    return read_view(pose, View.CORONAL, trial_id=f"planted{number}")


def planted_clips(count: int, *, seed: int, shoulders_deg: float, lean_deg: float) -> list[ClipArrays]:
    """One clip each of ``count`` children."""
    found: list[ClipArrays] = []
    for number in range(3 * count):
        if len(found) == count:
            break
        try:
            motion = plant_trunk(number, seed=seed, shoulders_deg=shoulders_deg, lean_deg=lean_deg)
            clips = find_clips(motion).clips
            if clips:
                found.append(arrays_of(read_clip(motion, clips[0], {}, None)))
        except AnalysisError:
            continue
    return found


def check_planted(net: MapFusionNet, *, seed: int, encode: Encode) -> dict[str, Any]:
    """Where the importance lies on clips with a planted trunk asymmetry.

    Returns:
        "clips"; "detected": share with a probability over one half; "top_is_trunk": share of clips whose most
        important row is about the trunk; "trunk_in_top_12": mean share of such rows among the first twelve;
        "chance": their share among all rows; "names": the rows that came first.
    """
    table = scoliosis_tables()["checks"]
    clips = planted_clips(
        int(table["planted"]),
        seed=seed,
        shoulders_deg=float(table["planted_shoulders_deg"]),
        lean_deg=float(table["planted_lean_deg"]),
    )
    if not clips:
        return {"clips": 0}
    device = next(net.parameters()).device
    batch = make_batch(clips, net.settings, group=group_of(net), encode=encode)
    batch = {key: value.to(device) for key, value in batch.items()}
    net.eval()
    rows = map_importance(net, batch, layer=str(table["layer"])).mean(axis=2)
    trunk = np.array(["trunk" in one.region for one in load_features().features])
    order = np.argsort(-rows, axis=1, kind="stable")
    return {
        "clips": len(clips),
        "detected": round(float((net(batch) > 0).float().mean()), 3),
        "top_is_trunk": round(float(trunk[order[:, 0]].mean()), 3),
        "trunk_in_top_12": round(float(trunk[order[:, :12]].mean()), 3),
        "chance": round(float(trunk.mean()), 3),
        "names": _names(order[:, 0]),
    }


def _names(rows: Sequence[int] | NDArray[np.int64]) -> list[str]:
    return [load_features().names[int(row)] for row in rows]
