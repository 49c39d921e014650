"""Pelvic rotation from the side view, freed of what the near and the far hip alone make of it.

An estimator puts the hidden hip too far ahead or back, and so does a camera that is not quite square to the
walkway. That error belongs to the hip that is near, not to a side of the body: it has the same sign in passes
of either direction, while a true mean rotation of the left side is the opposite of that of the right side.
Passes in both directions therefore tell the two apart; passes in one direction do not. Where the hips seem to
turn farther than a pelvis does, their points follow the thighs and show no rotation at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gaitviewer.analysis.kinematics.definitions import load_definitions
from gaitviewer.analysis.kinematics.stride_curves import StrideMeasures, smooth_curve
from gaitviewer.core.gait import Side, View
from gaitviewer.messages import Message, message

ANGLE = "pelvic_rotation"
_SEEN = 0.9  # part of a cycle that its mean needs


def without_hip_parallax(cycles: Sequence[StrideMeasures]) -> tuple[StrideMeasures, ...]:
    """Cycles with the near hip's constant error taken out of pelvic rotation, or without that curve.

    Args:
        cycles: strides of all trials and views.
    """
    believed = [_believed(cycle) for cycle in cycles]
    error = hip_parallax(believed)
    return tuple(_corrected(cycle, error) for cycle in believed)


def without_rotation(cycles: Sequence[StrideMeasures]) -> tuple[StrideMeasures, ...]:
    """Cycles of a view whose hips a network put right: its idea of a pelvis is no measurement of one."""
    return tuple(_dropped(cycle, message("reason.hips_put_right")) for cycle in cycles)


def hip_parallax(cycles: Sequence[StrideMeasures]) -> float | None:
    """Mean over both directions of the near side's mean rotation, degrees; None without both directions."""
    by_side: dict[Side, list[float]] = {side: [] for side in Side}
    for cycle in cycles:
        curve = cycle.curves.get(ANGLE)
        if curve is None or cycle.stride.far or not cycle.stride.counts:
            continue
        if np.isfinite(curve).mean() >= _SEEN:
            by_side[cycle.stride.side].append(float(np.nanmean(curve)))
    if not all(by_side.values()):
        return None
    return float(np.mean([np.mean(values) for values in by_side.values()]))


def _believed(cycle: StrideMeasures) -> StrideMeasures:
    """The cycle without a rotation that is wider than a pelvis can turn."""
    curve = cycle.curves.get(ANGLE)
    if curve is None or not np.isfinite(curve).any():
        return cycle
    turn = float(np.nanmax(smooth_curve(curve)) - np.nanmin(smooth_curve(curve)))
    if turn <= load_definitions().pelvic_turn_limit_deg:
        return cycle
    return _dropped(cycle, message("reason.hips_turn_too_far", degrees=turn))


def _corrected(cycle: StrideMeasures, error: float | None) -> StrideMeasures:
    if cycle.stride.view is not View.SAGITTAL or ANGLE not in cycle.curves:
        return cycle
    if error is None:
        return _dropped(cycle, message("reason.one_direction_only"))
    curve = cycle.curves[ANGLE]
    return replace(cycle, curves={**cycle.curves, ANGLE: curve + error if cycle.stride.far else curve - error})


def _dropped(cycle: StrideMeasures, reason: Message) -> StrideMeasures:
    curves = {name: curve for name, curve in cycle.curves.items() if name != ANGLE}
    return replace(cycle, curves=curves, dropped={**cycle.dropped, ANGLE: reason})
