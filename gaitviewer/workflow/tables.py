"""The data files that the window shows: score items and angles, and how a report calls them."""

from __future__ import annotations

from gaitviewer.core.evgs import EvgsItem
from gaitviewer.core.measures import AngleKind


def evgs_items() -> tuple[EvgsItem, ...]:
    """The 17 items of the visual gait score, in order."""
    from gaitviewer.analysis.evgs_table import load_items

    return load_items()


def angle_kinds() -> tuple[AngleKind, ...]:
    """All measured angles, in the order of the report."""
    from gaitviewer.analysis.angles import load_angles

    return load_angles()
