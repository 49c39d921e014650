"""Patterns of gait in cerebral palsy as deviations from a child's own gait, each with a continuous severity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from gaitviewer.core.gait import Side
from gaitviewer.synthesis.curves import CycleCurve
from gaitviewer.synthesis.gait.model import LimbCurves, TrunkCurves, WalkerGait
from gaitviewer.synthesis.tables import delayed, read_table, scaled

_LIMB_CURVES = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")
_LIMB_NUMBERS = (
    "toe_off_percent", "foot_progression_deg", "hindfoot_valgus_deg", "circumduction", "clearance"
)  # fmt: skip
_TRUNK_CURVES = ("pelvic_tilt", "trunk_tilt", "pelvic_obliquity")
# Curves of the trunk whose sign belongs to a side: "that side up".
_SIDED = ("pelvic_obliquity",)
_LATEST_TOE_OFF = 74.0
_LEAST_CLEARANCE = 0.0010


@dataclass(frozen=True, slots=True)
class GaitPattern:
    """What one limb adds to a gait at severity 1.

    Attributes:
        name: as in ``resources/synthesis/patterns.toml``.
        curves: degrees added to curves of the limb, over its own cycle.
        numbers: added to numbers of the limb.
        trunk: degrees added to pelvis and trunk, over the limb's own cycle, that side up +.
    """

    name: str
    curves: Mapping[str, CycleCurve]
    numbers: Mapping[str, float]
    trunk: Mapping[str, CycleCurve]


@cache
def load_patterns() -> Mapping[str, GaitPattern]:
    """All patterns by name; ``none`` adds nothing."""
    found = {}
    for name, table in read_table("patterns")["patterns"].items():
        unknown = set(table) - {*_LIMB_CURVES, *_LIMB_NUMBERS, *_TRUNK_CURVES}
        if unknown:
            raise ValueError(f"pattern {name}: what is {', '.join(sorted(unknown))}?")
        found[name] = GaitPattern(
            name,
            {key: CycleCurve.of_table(table[key]) for key in _LIMB_CURVES if key in table},
            {key: float(table[key]) for key in _LIMB_NUMBERS if key in table},
            {key: CycleCurve.of_table(table[key]) for key in _TRUNK_CURVES if key in table},
        )
    return found


def add_pattern(gait: WalkerGait, side: Side, name: str, severity: float) -> WalkerGait:
    """The gait with one limb's pattern added, scaled by its severity (0 = not at all).

    What a limb adds to pelvis and trunk is halved: both limbs have their say.

    Raises:
        KeyError: there is no such pattern.
    """
    pattern = load_patterns()[name]
    if severity <= 0:
        return gait
    limb = _deviated(gait.limbs[side], pattern, severity)
    trunk = _moved(gait.trunk, pattern, side=side, severity=severity, lag=gait.right_lag)
    return replace(gait.with_limb(side, limb), trunk=trunk)


def _deviated(limb: LimbCurves, pattern: GaitPattern, severity: float) -> LimbCurves:
    curves = {key: getattr(limb, key).plus(scaled(curve, severity)) for key, curve in pattern.curves.items()}
    numbers = {key: getattr(limb, key) + severity * value for key, value in pattern.numbers.items()}
    if "toe_off_percent" in numbers:
        numbers["toe_off_percent"] = min(numbers["toe_off_percent"], _LATEST_TOE_OFF)
    if "clearance" in numbers:
        numbers["clearance"] = max(numbers["clearance"], _LEAST_CLEARANCE)
    return replace(limb, **curves, **numbers)


def _moved(trunk: TrunkCurves, pattern: GaitPattern, *, side: Side, severity: float, lag: float) -> TrunkCurves:
    changes = {}
    for key, curve in pattern.trunk.items():
        sign = -1.0 if key in _SIDED and side is Side.RIGHT else 1.0
        share = sign * severity * (1.0 if key in _SIDED else 0.5)
        own = delayed(curve, lag) if side is Side.RIGHT else curve
        changes[key] = getattr(trunk, key).plus(scaled(own, share))
    return replace(trunk, **changes)
