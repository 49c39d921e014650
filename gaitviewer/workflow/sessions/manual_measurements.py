"""What a value that a person measured in a picture says about an item of the score.

A suggestion is never a grade: a person takes it over, or does not.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from gaitviewer.core.document import ManualMeasurement
from gaitviewer.core.evgs import Band, EvgsItem
from gaitviewer.core.gait import Direction, Side
from gaitviewer.core.measures import TrialMotion
from gaitviewer.core.serialise import read_resource


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One way of reading a measurement.

    Attributes:
        value: in the item's unit; None for a category that only a person sees.
        band: the band it meets, with the score.
    """

    value: float | None
    band: Band


def suggestions(
    item: EvgsItem,
    side: Side,
    measured: ManualMeasurement,
    *,
    direction: Direction | None = None,
    mirrored: bool = False,
) -> tuple[Suggestion, ...]:
    """What a measurement may mean for an item of a limb.

    Args:
        item: whose bands.
        side: the limb.
        measured: the value, with its tool and points.
        direction: where the subject walks in that picture, None if that is not known.
        mirrored: whether the video is a mirror image.

    Returns:
        One suggestion; two, positive first, where the picture does not say which direction it is; all
        categories of an item that has nothing else; none where this tool cannot tell.
    """
    from gaitviewer.analysis.evgs.bands import band_of, is_numeric

    if not any(is_numeric(band) for band in item.bands):
        return tuple(Suggestion(None, band) for band in item.bands)
    rule = _rules().get((item.code, measured.tool))
    if rule is None or measured.unit != item.unit or not math.isfinite(measured.value):
        return ()
    size, sign = _READ[rule](measured, _Seen(direction, side, mirrored))
    values = (size * sign,) if sign else (abs(size), -abs(size))
    found = []
    for value in values:
        with contextlib.suppress(ValueError):  # a laboratory's own bands may leave a value out
            found.append(Suggestion(value, band_of(item, value)))
    return tuple(dict.fromkeys(found))


def direction_of(motion: TrialMotion | None, measured: ManualMeasurement) -> Direction | None:
    """Where the subject walks in the picture that was measured; None outside the passes found."""
    seen = motion.views[measured.view] if motion is not None else None
    passes = seen.passes if seen is not None else ()
    return next((p.direction for p in passes if p.start <= measured.frame < p.stop), None)


@dataclass(frozen=True, slots=True)
class _ReadingRow:
    """How the value of a tool is read as one of some items (by code)."""

    items: tuple[str, ...]
    tool: str
    rule: str


@dataclass(frozen=True, slots=True)
class _ReadingTable:
    readings: tuple[_ReadingRow, ...]


@cache
def _rules() -> dict[tuple[str, str], str]:
    """Rule by (code of the item, tool)."""
    table = read_resource("evgs/by_hand.toml", _ReadingTable)
    rules = {(code, row.tool): row.rule for row in table.readings for code in row.items}
    unknown = sorted(set(rules.values()) - _READ.keys())
    if unknown:
        raise ValueError(f"by_hand.toml: no such rule: {', '.join(unknown)}")
    return rules


@dataclass(frozen=True, slots=True)
class _Seen:
    """How the limb is seen: what forward and lateral are in the picture (+1 right, -1 left, 0 unknown)."""

    direction: Direction | None
    side: Side
    mirrored: bool

    @property
    def forward(self) -> int:
        return self.direction.forward_sign if self.direction is not None else 0

    @property
    def lateral(self) -> int:
        """Who walks away has the left limb at the left of the picture; a mirror turns that round."""
        if self.direction not in (Direction.TOWARDS, Direction.AWAY):
            return 0
        sign = 1 if self.side is Side.RIGHT else -1
        sign *= 1 if self.direction is Direction.AWAY else -1
        return -sign if self.mirrored else sign

    @property
    def away(self) -> bool:
        return self.direction is Direction.AWAY


# Size in the item's unit and its sign in the picture (0: the picture does not say).
_Reading = Callable[[ManualMeasurement, _Seen], tuple[float, int]]


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _vertex_side(measured: ManualMeasurement) -> int:
    """Whether the vertex lies right (+1) or left of the line through the ends, at its own height."""
    (x0, y0), (x, y), (x1, y1) = measured.points
    if y0 == y1:
        return 0
    return _sign(x - (x0 + (x1 - x0) * (y - y0) / (y1 - y0)))


def _bend(measured: ManualMeasurement, towards: int) -> tuple[float, int]:
    """What a straight line lacks, positive where the vertex points ``towards`` (+1 right, -1 left)."""
    size = 180.0 - measured.value
    bent = _vertex_side(measured)
    return size, bent * towards if bent else 1


def _upper_right(measured: ManualMeasurement) -> float:
    """Degrees that the upper end stands right of the lower one."""
    low, high = sorted(measured.points, key=lambda point: -point[1])
    return math.degrees(math.atan2(high[0] - low[0], low[1] - high[1]))


def _tilt(measured: ManualMeasurement, up_end: int) -> tuple[float, int]:
    """Angle against the horizontal; positive where the end at that side (+1 right) is up."""
    left, right = sorted(measured.points)
    size = math.degrees(math.atan2(left[1] - right[1], right[0] - left[0]))  # right end up
    return size, up_end


_READ: dict[str, _Reading] = {
    "flexion_front": lambda m, seen: _bend(m, seen.forward),
    "flexion_back": lambda m, seen: _bend(m, -seen.forward),
    "right_angle": lambda m, seen: (90.0 - m.value, 1),
    "vertex_medial": lambda m, seen: _bend(m, -seen.lateral),
    "either": lambda m, seen: (m.value, 0),
    "lean": lambda m, seen: (_upper_right(m), seen.forward),
    "thigh": lambda m, seen: (_upper_right(m), -seen.forward),
    "front_up": lambda m, seen: _tilt(m, seen.forward),
    "low_lateral": lambda m, seen: (_upper_right(m), -seen.lateral),
    "toe_lateral": lambda m, seen: (_upper_right(m), seen.lateral * (1 if seen.away else -1)),
    "side_up": lambda m, seen: _tilt(m, seen.lateral),
}
