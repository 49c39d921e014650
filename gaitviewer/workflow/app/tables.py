"""The data files that the window shows: score items and angles, and how a report calls them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gaitviewer.core.serialise import read_resource

if TYPE_CHECKING:
    from gaitviewer.core.evgs import EvgsItem
    from gaitviewer.core.measures import AngleKind


@dataclass(frozen=True, slots=True)
class _HidingTable:
    """``resources/hiding.toml``: codes of the items that a curve gives away besides those read from it."""

    also: dict[str, tuple[str, ...]]


def evgs_items() -> tuple[EvgsItem, ...]:
    """The 17 items of the visual gait score, in order."""
    from gaitviewer.analysis.evgs.sheet import load_items

    return load_items()


def items_behind(angle: str) -> tuple[EvgsItem, ...]:
    """Items whose grade a curve of this angle would give away; all items where the table names none."""
    from gaitviewer.analysis.evgs.sheet import load_rules

    codes = set(read_resource("hiding.toml", _HidingTable).also.get(angle, ()))
    codes |= {code for code, rule in load_rules().items() if rule.angle == angle}
    return tuple(item for item in evgs_items() if item.code in codes) or evgs_items()


def angle_kinds() -> tuple[AngleKind, ...]:
    """All measured angles, in the order of the report."""
    from gaitviewer.analysis.kinematics.definitions import load_angles

    return load_angles()
