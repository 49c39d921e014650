"""Published joint angles of healthy children, in our signs, on 101 points of the gait cycle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.measures import CYCLE_POINTS, NormalBand
from gaitviewer.core.serialise import read_resource
from gaitviewer.messages import NOTHING, Message, message

# The one table of signs. Each of our angles: the column of the published tables and the factor that turns
# its sign into ours (the tables count internal foot progression positive, we count external).
SIGNS: dict[str, tuple[str, int]] = {
    "hip_flexion": ("hip_flexion", +1),
    "knee_flexion": ("knee_flexion", +1),
    "ankle_dorsiflexion": ("ankle_dorsiflexion", +1),
    "pelvic_obliquity": ("pelvic_obliquity_up", +1),
    "pelvic_rotation": ("pelvic_rotation_int", +1),
    "foot_progression": ("foot_progression_internal", -1),
}

# Angles that a picture gives by another definition than the published tables.
_OTHERWISE = {
    "hip_flexion": message("note.norm.hip_flexion"),
    "pelvic_rotation": message("note.norm.pelvic_rotation"),
    "foot_progression": message("note.norm.foot_progression"),
}

GROUPS = ("very_slow", "slow", "free", "fast", "very_fast")


@dataclass(frozen=True, slots=True)
class SpeedGroup:
    """A speed group and how it was chosen."""

    name: str
    note: Message


@dataclass(frozen=True, slots=True)
class _Percent:
    first: float
    step: float
    count: int


@dataclass(frozen=True, slots=True)
class _NormRows:
    mean: tuple[float, ...]
    sd: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _NormTable:
    """A published table: rows by group and angle, in degrees."""

    source: str
    citation: str
    percent: _Percent
    groups: dict[str, dict[str, _NormRows]]
    speed_from: dict[str, float] = field(default_factory=dict)


@cache
def _load(name: str) -> _NormTable:
    return read_resource(f"normative/{name}.toml", _NormTable)


def _to_cycle(values: Sequence[float]) -> NDArray[np.float64]:
    percent = np.linspace(0.0, 100.0, len(values))
    return np.interp(np.linspace(0.0, 100.0, CYCLE_POINTS), percent, np.asarray(values, np.float64))


@cache
def normal_band(angle: str, group: str = "free", *, source: str = "schwartz2008") -> NormalBand | None:
    """Mean and SD of an angle of healthy children, or None where none is published.

    Args:
        angle: name as in the table of angles.
        group: speed group of Schwartz 2008 ("very_slow" ... "very_fast"), or a centre of Pinzone 2014
            ("centre_one", "centre_two").
        source: "schwartz2008" or "pinzone2014".

    Raises:
        KeyError: no such group in the source.
    """
    if angle not in SIGNS:
        return None
    column, sign = SIGNS[angle]
    table = _load(source)
    rows = table.groups[group][column]
    return NormalBand(
        angle=angle,
        group=group,
        mean=sign * _to_cycle(rows.mean),
        sd=_to_cycle(rows.sd),
        source=table.source,
        comparable=angle not in _OTHERWISE,
        note=_OTHERWISE.get(angle, NOTHING),
    )


def normal_bands(group: str = "free") -> tuple[NormalBand, ...]:
    """All bands of a speed group."""
    bands = (normal_band(angle, group) for angle in SIGNS)
    return tuple(band for band in bands if band is not None)


def choose_speed_group(speed: float | None) -> SpeedGroup:
    """The speed group for a dimensionless walking speed v* = v / sqrt(g L); None = unknown."""
    if speed is None or not math.isfinite(speed):
        return SpeedGroup("free", message("note.speed.assumed"))
    bounds = _load("schwartz2008").speed_from
    name = max((n for n in GROUPS if bounds[n] <= speed), key=bounds.__getitem__, default=GROUPS[0])
    return SpeedGroup(name, message("note.speed.chosen", group=message(f"speed_group.{name}"), speed=speed))
