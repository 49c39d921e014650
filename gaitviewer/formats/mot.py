"""Reads OpenSim motion files (.mot, .sto): a table of joint coordinates over time.

Two headers are in use: OpenSim's (``nRows=``, ``nColumns=``, ``inDegrees=``) and the older one of SIMM
(``datarows``, ``datacolumns``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import readonly_array
from gaitviewer.errors import FormatError
from gaitviewer.formats._text import check_times, parse_rows, read_lines
from gaitviewer.messages import message

_HEADER_LINES = 200  # a header longer than this is none


@dataclass(frozen=True, slots=True, eq=False)
class MotionTable:
    """Joint coordinates over time.

    Attributes:
        name: file name without its ending.
        labels: name of each coordinate.
        times: [T] f64 seconds as the file gives them.
        values: [T, C] f64 as the file gives them.
        in_degrees: whether rotations are degrees (else radians).
    """

    name: str
    labels: tuple[str, ...]
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    in_degrees: bool

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "times", readonly_array(self.times, np.float64, (None,), "times"))
        put(
            self,
            "values",
            readonly_array(self.values, np.float64, (len(self.times), len(self.labels)), "values"),
        )

    def column(self, name: str) -> NDArray[np.float64]:
        """[T] one coordinate.

        Raises:
            KeyError: there is none of that name.
        """
        if name not in self.labels:
            raise KeyError(name)
        found: NDArray[np.float64] = self.values[:, self.labels.index(name)]
        return found


def read_mot(path: Path) -> MotionTable:
    """The table of a .mot or .sto file.

    Raises:
        FormatError: the file is missing, not such a file, or damaged.
    """
    path = Path(path)
    lines = read_lines(path, ".mot")
    end = next((i for i, line in enumerate(lines[:_HEADER_LINES]) if line.strip() == "endheader"), None)
    if end is None:
        raise FormatError(message("error.format.mot.wrong_kind", file=path.name))
    header = _header(lines[:end])
    start = next((i for i in range(end + 1, len(lines)) if lines[i].strip()), None)
    if start is None:
        raise FormatError(message("error.format.mot.no_table", file=path.name))
    labels = tuple(lines[start].split())
    if len(labels) < 2 or labels[0].lower() != "time":
        raise FormatError(message("error.format.mot.no_time", file=path.name))
    rows = [line.split() for line in lines[start + 1 :] if line.strip()]
    for name, found in (("rows", len(rows)), ("columns", len(labels))):
        if name in header and header[name] != str(found):
            what = message(f"error.format.counted.{name}")
            raise FormatError(
                message(
                    "error.format.mot.announced",
                    file=path.name,
                    announced=header[name],
                    what=what,
                    found=found,
                )
            )
    if not rows:
        raise FormatError(message("error.format.mot.no_rows", file=path.name))
    table = parse_rows(path, rows, len(labels), first_line=start + 2)
    check_times(path, table[:, 0])
    return MotionTable(
        path.stem, labels[1:], table[:, 0], table[:, 1:], header.get("indegrees", "yes").lower() == "yes"
    )


def _header(lines: list[str]) -> dict[str, str]:
    """Settings of either header, with one set of names."""
    same = {"nrows": "rows", "datarows": "rows", "ncolumns": "columns", "datacolumns": "columns"}
    found: dict[str, str] = {}
    for line in lines:
        key, sign, value = line.partition("=")
        if not sign:
            key, _, value = line.strip().partition(" ")
        key = key.strip().lower()
        found[same.get(key, key)] = value.strip()
    return found
