"""Weak, noisy asymmetries that go with a lateral curvature of the spine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from gaitviewer.core.serialise import read_resource
from gaitviewer.synthesis.curves import CycleCurve
from gaitviewer.synthesis.gait.model import WalkerGait
from gaitviewer.synthesis.tables import bounded, choose


@dataclass(frozen=True, slots=True)
class _Effect:
    size: float
    noise: float


@dataclass(frozen=True, slots=True)
class _CurveType:
    share: float
    against: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Curves:
    positive_from_deg: float
    none_spread_deg: float
    none_most_deg: float
    curve_deg: tuple[float, float]
    curve_mean_deg: float
    full_deg: float
    effects: dict[str, _Effect]
    types: dict[str, _CurveType]


@cache
def _curves() -> _Curves:
    return read_resource("synthesis/scoliosis.toml", _Curves)


@dataclass(frozen=True, slots=True)
class Curvature:
    """A spine, straight or not.

    Attributes:
        cobb_deg: Cobb angle, degrees.
        kind: "none", "thoracic", "thoracolumbar" or "lumbar".
        to_right: whether it is convex to the right.
        effects: what it does to the gait (degrees, or fractions), everybody's own asymmetry included.
    """

    cobb_deg: float
    kind: str
    to_right: bool
    effects: dict[str, float]

    @property
    def positive(self) -> bool:
        """Whether the Cobb angle reaches the limit of a scoliosis (10 degrees)."""
        return self.cobb_deg >= _curves().positive_from_deg


def draw_curvature(random: np.random.Generator, *, positive: bool) -> Curvature:
    """A curvature of 10 degrees or more, or one below that."""
    table = _curves()
    if positive:
        low, high = table.curve_deg
        cobb = min(high, low + float(random.exponential(table.curve_mean_deg - low)))
        kind = choose(random, {name: row.share for name, row in table.types.items()})
    else:
        cobb = min(table.none_most_deg, abs(float(random.normal(0.0, table.none_spread_deg))))
        kind = "none"
    to_right = bool(random.random() < 0.8) if positive else bool(random.random() < 0.5)
    strength = float(np.sqrt(cobb / table.full_deg)) if positive else cobb / table.full_deg
    against = table.types[kind].against if positive else ()
    effects = {}
    for name, row in table.effects.items():
        sign = (1 if to_right else -1) * (-1 if name in against else 1)
        own = bounded(random, mean=1.0, spread=0.35)
        effects[name] = sign * strength * row.size * own + bounded(random, spread=row.noise)
    return Curvature(cobb, kind, to_right, effects)


def bend(gait: WalkerGait, curvature: Curvature) -> WalkerGait:
    """The gait with the curvature's asymmetries."""
    effects, trunk = curvature.effects, gait.trunk
    # Convex to the right: the right shoulder stands higher and forward, the trunk leans to the right.
    moved = {
        "shoulder_obliquity": -effects["shoulder_obliquity"],
        "trunk_lean": -effects["trunk_lean"],
        "pelvic_obliquity": effects["pelvic_obliquity"],
        "shoulder_rotation": -effects["shoulder_rotation"],
        "pelvic_rotation": effects["pelvic_rotation"],
    }
    curves = {name: getattr(trunk, name).plus(CycleCurve.constant(value)) for name, value in moved.items()}
    return replace(
        gait,
        trunk=replace(trunk, **curves),
        right_lag=gait.right_lag + effects["lag"],
        arm_swing_asymmetry=float(np.clip(gait.arm_swing_asymmetry + effects["arm_asymmetry"], -0.8, 0.8)),
    )
