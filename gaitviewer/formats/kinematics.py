"""``kinematics.csv``: every angle over the gait cycle, one row for each percent.

Columns: statistic ("value" of one stride, "mean" or "sd" over the counting strides of a side), angle, unit,
side, stride (key; empty for mean and sd), counts (whether that stride enters the mean), strides (number that
the mean is made of), percent (0..100 of the cycle), value (empty = could not be measured).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import readonly_array
from gaitviewer.core.gait import Side
from gaitviewer.core.measures import CYCLE_POINTS, Measures
from gaitviewer.errors import FormatError
from gaitviewer.formats import _tables
from gaitviewer.formats._tables import number, truth
from gaitviewer.messages import message

COLUMNS = ("statistic", "angle", "unit", "side", "stride", "counts", "strides", "percent", "value")
STATISTICS = ("value", "mean", "sd")


@dataclass(frozen=True, slots=True, eq=False)
class CurveRow:
    """One curve of the file.

    Attributes:
        statistic: "value", "mean" or "sd".   angle, unit, side: of what.
        stride: key of the stride, "" for mean and sd.   counts: whether it enters the mean.
        strides: number of strides it is made of.   values: [101], NaN = could not be measured.
    """

    statistic: str
    angle: str
    unit: str
    side: Side
    stride: str
    counts: bool
    strides: int
    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", readonly_array(self.values, np.float64, (CYCLE_POINTS,), "values"))


def write_kinematics(path: Path, measures: Measures, *, units: Mapping[str, str] | None = None) -> None:
    """Writes the curves of all strides, and mean and SD of each angle and side.

    Args:
        path: the file.
        measures: what was measured.
        units: unit of each angle; those that are not named are degrees.

    Raises:
        OutputError: the file cannot be written; nothing was changed.
    """
    rows: list[tuple[object, ...]] = []
    for curve in _curves(measures, units or {}):
        head = (curve.statistic, curve.angle, curve.unit, curve.side.value, curve.stride)
        about = (truth(curve.counts), curve.strides)
        rows.extend((*head, *about, percent, number(float(v))) for percent, v in enumerate(curve.values))
    _tables.write_table(path, COLUMNS, rows)


def _curves(measures: Measures, units: Mapping[str, str]) -> Iterator[CurveRow]:
    for mean in measures.means:
        unit = units.get(mean.angle, "deg")
        for statistic, values in (("mean", mean.mean), ("sd", mean.sd)):
            yield CurveRow(statistic, mean.angle, unit, mean.side, "", True, mean.count, values)
    for curve in measures.curves:
        unit, stride = units.get(curve.angle, "deg"), curve.stride
        yield CurveRow("value", curve.angle, unit, stride.side, stride.key, stride.counts, 1, curve.values)


def read_kinematics(path: Path) -> tuple[CurveRow, ...]:
    """The curves of the file, in its order.

    Raises:
        FormatError: the file is missing, or is not a complete table of curves.
    """
    found: dict[tuple[str, ...], NDArray[np.float64]] = {}
    seen: dict[tuple[str, ...], set[int]] = {}
    for row in _tables.read_table(path, COLUMNS):
        key = tuple(row[name] for name in COLUMNS[:7])
        percent = _tables.parse_count(row, "percent", path)
        if percent >= CYCLE_POINTS:
            raise FormatError(message("error.format.kinematics.percent", file=path.name, percent=percent))
        found.setdefault(key, np.full(CYCLE_POINTS, np.nan))[percent] = _tables.parse_number(row, "value", path)
        seen.setdefault(key, set()).add(percent)
    if any(len(percents) != CYCLE_POINTS for percents in seen.values()):
        raise FormatError(message("error.format.kinematics.cut_off", file=path.name))
    return tuple(_curve_row(key, values, path) for key, values in found.items())


def _curve_row(key: tuple[str, ...], values: NDArray[np.float64], path: Path) -> CurveRow:
    statistic, angle, unit, side, stride, counts, strides = key
    if statistic not in STATISTICS or side not in [s.value for s in Side]:
        raise FormatError(
            message("error.format.kinematics.wrong_kind", file=path.name, statistic=statistic, side=side)
        )
    count = _tables.parse_count({"strides": strides}, "strides", path)
    return CurveRow(statistic, angle, unit, Side(side), stride, counts == "yes", count, values)
