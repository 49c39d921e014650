"""The rows of the knowledge map for people: clinical groups, sides, what is filtered, where they are read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.knowledge_map.features import Feature, FeatureTable, Space, load_map_features
from gaitviewer.core.gait import Side, View
from gaitviewer.gui.model.explanations import PointedFeature


@dataclass(frozen=True, slots=True)
class MapFeature:
    """A row that the map of a model has.

    Attributes:
        row: its place in the map.   known: what the table says of it, or None.
        group: "trunk", ..., "trunk and legs together"; "other" where the table does not know it.
        side: the limb, or None for the middle or both.
    """

    row: int
    name: str
    group: str
    side: Side | None
    known: Feature | None

    @property
    def title(self) -> str:
        """Clinical words."""
        return self.known.title if self.known is not None else self.name

    @property
    def unit(self) -> str:
        """Of its values, "" for a correlation."""
        return self.known.unit if self.known is not None and self.known.unit != "r" else ""

    @property
    def scale(self) -> str:
        """Rows with the same one share a scale of colours."""
        return self.known.unit if self.known is not None else self.name


@lru_cache(maxsize=8)
def map_features(names: tuple[str, ...]) -> tuple[MapFeature, ...]:
    """What the rows of a map are, in clinical groups: regions of the body, then what moves together."""
    table = load_map_features()
    found = [_feature(table, row, name) for row, name in enumerate(names)]
    order = {group: n for n, group in enumerate(dict.fromkeys(_group(one) for one in _ordered(table)))}
    return tuple(sorted(found, key=lambda one: (order.get(one.group, len(order)), one.row)))


def _ordered(table: FeatureTable) -> list[Feature]:
    """Regions in the order of their first shape row, then couplings."""
    first = [one for one in table.features if one.space is Space.SHAPE]
    return [*first, *table.features]


def _group(feature: Feature) -> str:
    return f"{feature.region} together" if feature.space is Space.COUPLING else feature.region


def _feature(table: FeatureTable, row: int, name: str) -> MapFeature:
    known = table.features[table.index[name]] if name in table.index else None
    sides = {side for side in Side for part in name.split("_") if part == side.value}
    side = next(iter(sides)) if len(sides) == 1 else None
    return MapFeature(row, name, _group(known) if known is not None else "other", side, known)


def kept(
    features: Iterable[MapFeature],
    *,
    word: str = "",
    group: str = "",
    side: str = "",
    strongest: NDArray[np.float64] | None = None,
    least: float = 0.0,
) -> tuple[MapFeature, ...]:
    """The features that pass the filters.

    Args:
        features: to choose from.
        word: in name, title or wording, in any case.
        group: its group, "" for all.
        side: "left", "right", "middle" or "" for all.
        strongest: by row of the map, the largest importance; None = unknown.
        least: of it; more is asked for only where this is positive.
    """
    wanted = word.strip().lower()

    def passes(one: MapFeature) -> bool:
        words = f"{one.name} {one.title} {one.known.wording if one.known else ''}".lower()
        own = one.side.value if one.side is not None else "middle"
        strong = least <= 0 or (strongest is not None and bool(strongest[one.row] >= least))
        return wanted in words and group in ("", one.group) and side in ("", own) and strong

    return tuple(one for one in features if passes(one))


@dataclass(frozen=True, slots=True)
class MapLine:
    """A line of the drawn map: the heading of a group (no feature), or a feature.

    Attributes:
        group: its group.   feature: None for a heading.   rows: of the map that it stands for.
    """

    group: str
    feature: MapFeature | None
    rows: tuple[int, ...]


def lines_of(features: Sequence[MapFeature], collapsed: Collection[str] = ()) -> tuple[MapLine, ...]:
    """A heading for each group and its features below, unless it is collapsed."""
    lines: list[MapLine] = []
    for group in dict.fromkeys(one.group for one in features):
        own = [one for one in features if one.group == group]
        lines.append(MapLine(group, None, tuple(one.row for one in own)))
        if group not in collapsed:
            lines += [MapLine(group, one, (one.row,)) for one in own]
    return tuple(lines)


def point_at(feature: MapFeature, trial: str, view: View) -> PointedFeature:
    """What the picture marks of a feature."""
    return PointedFeature(feature.name, feature.title, trial, view, figures_of(feature.name))


@lru_cache(maxsize=256)
def figures_of(name: str) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """The points (one figure), segments, or several of them, that a feature is read from; () if unknown."""
    table = load_map_features()
    if name not in table.index:
        return ()
    rules = {rule.name: rule for rule in table.shape}
    if name in rules:
        rule = rules[name]
        if rule.kind == "minus":
            return tuple(figure for part in rule.of for figure in figures_of(part))
        return (tuple(_keypoints(table, point) for point in rule.of),)
    feature = table.features[table.index[name]]
    if feature.space is Space.COUPLING:
        return tuple(figure for part in name.split("__") for figure in figures_of(part))
    return (tuple(_keypoints(table, point) for point in feature.points),)


def _keypoints(table: FeatureTable, point: str) -> tuple[int, ...]:
    found = table.points[point] if point in table.points else table.helpers[point][0]
    return tuple(int(keypoint) for keypoint in found)
