"""The 238 rows of the knowledge map, made from the rules in ``resources/knowledge_map/features.toml``.

Structure after Chen et al. (arXiv 2602.06743): motion space, self-skeleton space and signal cross-correlation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.serialise import read_resource
from gaitviewer.core.skeleton import Keypoint


class Space(Enum):
    """The three kinds of rows."""

    MOTION = "motion"
    SHAPE = "self-skeleton"
    COUPLING = "cross-correlation"


@dataclass(frozen=True, slots=True)
class Feature:
    """One row of the map.

    Attributes:
        name: unique, e.g. "left_wrist_speed", "shoulder_tilt", "shoulder_tilt__pelvis_tilt".
        space: which kind of row.
        region: "trunk", "pelvis", "arms", "legs", or two of them joined by " and " (cross-correlation).
        unit: "BH", "BH/s", "BH/s2", "BH/s3", "deg" or "r".
        title, wording: for people; ``wording`` says what a clinician would see.
        points: points it is made from.
        mirror: name of the row that it becomes in the mirrored child.
        odd: whether its sign turns there (end view).
    """

    name: str
    space: Space
    region: str
    unit: str
    title: str
    wording: str
    points: tuple[str, ...]
    mirror: str
    odd: bool


@dataclass(frozen=True, slots=True)
class ShapeRule:
    """How a row of the body's own shape is made, and its words: see the comment in the data file."""

    name: str
    kind: str
    of: tuple[str, ...]
    region: str
    title: str
    wording: str


@dataclass(frozen=True, slots=True)
class MapClipSettings:
    """What a clip is; see the data file."""

    frames: int
    rate_hz: float
    cutoff_hz: float
    least_cycles: int
    uneven: float
    break_s: float
    step_share: float
    most_per_pass: int
    least_seen: float
    longest_gap_s: float
    needed: tuple[str, ...]
    neutral: float

    @property
    def span_s(self) -> float:
        """From the first to the last frame, seconds."""
        return (self.frames - 1) / self.rate_hz


@dataclass(frozen=True, slots=True)
class CouplingSettings:
    """How signals are correlated; see the data file."""

    window_strides: float
    lag_strides: float
    still: float


@dataclass(frozen=True)
class FeatureTable:
    """All rows, in the order of the map.

    Attributes:
        features: 238 rows.
        points: the 14 points of the motion space: name -> keypoints whose mean they are.
        helpers: further points: name -> sets of keypoints, the first one seen well enough counts.
        motion: (point, quantity) of the first 140 rows.
        shape: rules of the next 32 rows.
        signals: rows of the shape that are correlated; ``pairs``: the 66 pairs.
        clip, coupling: settings.
    """

    features: tuple[Feature, ...]
    points: Mapping[str, tuple[Keypoint, ...]]
    helpers: Mapping[str, tuple[tuple[Keypoint, ...], ...]]
    motion: tuple[tuple[str, str], ...]
    shape: tuple[ShapeRule, ...]
    signals: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    clip: MapClipSettings
    coupling: CouplingSettings

    @cached_property
    def names(self) -> tuple[str, ...]:
        """[238] names."""
        return tuple(one.name for one in self.features)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Row of each name."""
        return {name: row for row, name in enumerate(self.names)}

    @cached_property
    def mirror(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """``(rows, signs)``: row i of the mirrored child's map is ``signs[i] * map[rows[i]]`` (end view)."""
        rows = np.array([self.index[one.mirror] for one in self.features], np.int64)
        return rows, np.array([-1.0 if one.odd else 1.0 for one in self.features])

    def rows(self, space: Space) -> NDArray[np.int64]:
        """Rows of one space."""
        return np.array([i for i, one in enumerate(self.features) if one.space is space], np.int64)


def mirror_values(values: NDArray[Any]) -> NDArray[Any]:
    """The map ``[..., 238, T]`` of the same child seen in a mirror (end view)."""
    rows, signs = load_map_features().mirror
    return np.asarray(values[..., rows, :] * signs[:, None].astype(values.dtype))


_GROUPS = ("trunk", "arms", "legs")


@dataclass(frozen=True, slots=True)
class _Point:
    title: str
    region: str
    keypoints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Quantity:
    title: str
    unit: str
    wording: str
    odd: bool = False


@dataclass(frozen=True, slots=True)
class _MotionRules:
    pairs: tuple[tuple[str, ...], ...]
    by_pair: tuple[str, ...]
    by_half: tuple[tuple[str, str], ...]
    upper: tuple[str, ...]
    lower: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Signals:
    trunk: tuple[str, ...]
    arms: tuple[str, ...]
    legs: tuple[str, ...]
    order: tuple[tuple[str, str], ...]
    wording: str

    def group(self, name: str) -> tuple[str, ...]:
        return {"trunk": self.trunk, "arms": self.arms, "legs": self.legs}[name]


@dataclass(frozen=True, slots=True)
class _MapFile:
    """``resources/knowledge_map/features.toml``."""

    clip: MapClipSettings
    coupling: CouplingSettings
    points: dict[str, _Point]
    helpers: dict[str, tuple[tuple[str, ...], ...]]
    quantities: dict[str, _Quantity]
    motion: _MotionRules
    shape: tuple[ShapeRule, ...]
    signals: _Signals


@lru_cache(maxsize=1)
def load_map_features() -> FeatureTable:
    """The table of the data file."""
    data = read_resource("knowledge_map/features.toml", _MapFile)
    motion = tuple(_motion_rows(data.motion))
    pairs = tuple(_pairs(data.signals))
    shapes = {row.name: row for row in data.shape}
    return FeatureTable(
        features=(
            *(_motion_feature(data, point, quantity) for point, quantity in motion),
            *(_shape_feature(rule, shapes) for rule in data.shape),
            *(_coupling_feature(data, one, other, pairs, shapes) for one, other in pairs),
        ),
        points={name: _keypoints(point.keypoints or (name,)) for name, point in data.points.items()},
        helpers={name: tuple(_keypoints(one) for one in sets) for name, sets in data.helpers.items()},
        motion=motion,
        shape=data.shape,
        signals=tuple(name for group in _GROUPS for name in data.signals.group(group)),
        pairs=pairs,
        clip=data.clip,
        coupling=data.coupling,
    )


def mirrored_name(name: str) -> str:
    """Left for right and right for left."""
    swap = {"left": "right", "right": "left"}
    return "_".join(swap.get(part, part) for part in name.split("_"))


def _keypoints(names: Sequence[str]) -> tuple[Keypoint, ...]:
    return tuple(Keypoint[name.upper()] for name in names)


def _motion_rows(rules: _MotionRules) -> Iterator[tuple[str, str]]:
    for pair in rules.pairs:
        yield from product(pair, rules.by_pair)
    for half, quantity in rules.by_half:
        yield from ((point, quantity) for point in (rules.upper if half == "upper" else rules.lower))


def _pairs(signals: _Signals) -> Iterator[tuple[str, str]]:
    for first, second in signals.order:
        if first == second:
            yield from combinations(signals.group(first), 2)
        else:
            yield from product(signals.group(first), signals.group(second))


def _motion_feature(data: _MapFile, point: str, quantity: str) -> Feature:
    where, what = data.points[point], data.quantities[quantity]
    return Feature(
        name=f"{point}_{quantity}",
        space=Space.MOTION,
        region=where.region,
        unit=what.unit,
        title=f"{where.title}, {what.title}",
        wording=what.wording.format(point=where.title),
        points=(point,),
        mirror=f"{mirrored_name(point)}_{quantity}",
        odd=what.odd,
    )


def _shape_odd(rule: ShapeRule) -> bool:
    return rule.kind in ("tilt", "lean", "minus")


def _shape_points(rule: ShapeRule, shapes: Mapping[str, ShapeRule]) -> tuple[str, ...]:
    if rule.kind != "minus":
        return rule.of
    return tuple(point for name in rule.of for point in _shape_points(shapes[name], shapes))


def _shape_feature(rule: ShapeRule, shapes: Mapping[str, ShapeRule]) -> Feature:
    return Feature(
        name=rule.name,
        space=Space.SHAPE,
        region=rule.region,
        unit="BH" if rule.kind in ("distance", "rise") else "deg",
        title=rule.title,
        wording=rule.wording,
        points=_shape_points(rule, shapes),
        mirror=mirrored_name(rule.name),
        odd=_shape_odd(rule),
    )


def _coupling_feature(
    data: _MapFile, one: str, other: str, pairs: tuple[tuple[str, str], ...], shapes: Mapping[str, ShapeRule]
) -> Feature:
    first, second = shapes[one], shapes[other]
    turned = (mirrored_name(one), mirrored_name(other))
    if turned not in pairs:
        turned = (turned[1], turned[0])
    regions = dict.fromkeys(_group_of(data.signals, name) for name in (one, other))
    return Feature(
        name=f"{one}__{other}",
        space=Space.COUPLING,
        region=" and ".join(regions),
        unit="r",
        title=f"{first.title} with {second.title}",
        wording=data.signals.wording.format(first=first.title, second=second.title),
        points=(*_shape_points(first, shapes), *_shape_points(second, shapes)),
        mirror=f"{turned[0]}__{turned[1]}",
        odd=_shape_odd(first) != _shape_odd(second),
    )


def _group_of(signals: _Signals, name: str) -> str:
    return next(group for group in _GROUPS if name in signals.group(group))
