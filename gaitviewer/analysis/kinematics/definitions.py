"""The table of angles: what is measured, from which points, with which sign (``resources/angles.toml``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from gaitviewer.core.gait import Side
from gaitviewer.core.measures import AngleKind
from gaitviewer.core.serialise import read_resource
from gaitviewer.core.skeleton import Keypoint


@dataclass(frozen=True, slots=True)
class Definitions:
    """Constants that the definitions of the angles use; each is explained in the data file."""

    neutral_pelvic_tilt_deg: float
    toes_up_limit_deg: float
    toe_down_believed_deg: float
    toe_down_limit_deg: float
    flat_foot_seconds: float
    flat_foot_difference_deg: float
    still_speed: float
    floor_tolerance_leg: float
    floor_span_leg: float
    steady_size: float
    bridge_seconds: float
    leg_per_height: float
    leg_per_clinical: float
    hips_per_leg: float
    foot_per_leg: float
    pelvic_turn_limit_deg: float
    peak_half_width: float
    speed_leg_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _AngleRow(AngleKind):
    """An :class:`AngleKind`, with the points that it is computed from."""

    points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _AngleTable:
    angles: tuple[_AngleRow, ...]
    definitions: Definitions


@cache
def _table() -> _AngleTable:
    return read_resource("angles.toml", _AngleTable)


@cache
def load_angles() -> tuple[AngleKind, ...]:
    """All angles, in the order of the report."""
    return tuple(
        AngleKind(row.name, row.title, row.view, row.positive, row.negative, row.unit, row.sigma, row.note)
        for row in _table().angles
    )


def load_definitions() -> Definitions:
    """The constants of the definitions."""
    return _table().definitions


def angle_kind(name: str) -> AngleKind:
    """The angle called ``name``.

    Raises:
        KeyError: there is none.
    """
    for kind in load_angles():
        if kind.name == name:
            return kind
    raise KeyError(name)


def expand_points(points: tuple[str, ...], side: Side) -> tuple[str, ...]:
    """Keypoint names for a limb: ``side_knee`` becomes ``left_knee``, ``both_hip`` both hips."""
    names: list[str] = []
    for point in points:
        head, _, rest = point.partition("_")
        if head == "side":
            names.append(f"{side.value}_{rest}")
        elif head == "both":
            names += [f"left_{rest}", f"right_{rest}"]
        else:
            names.append(point)
    return tuple(dict.fromkeys(names))


def keypoint(side: Side, part: str) -> int:
    """Index of a keypoint of one side, e.g. ``keypoint(Side.LEFT, "knee")``."""
    return int(Keypoint[f"{side.name}_{part.upper()}"])
