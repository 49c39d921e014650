"""Reads OpenSim marker files (.trc): a tab-separated table of marker positions over time.

Layout: OpenSim documentation, "Marker (.trc) Files".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gaitviewer.core.serialise import quote
from gaitviewer.errors import FormatError
from gaitviewer.formats._text import check_times, parse_rows, read_lines
from gaitviewer.formats.markers import MarkerTrial

_METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3}


def read_trc(path: Path) -> MarkerTrial:
    """Markers of a .trc file; the up axis is Y, as everywhere in OpenSim.

    Raises:
        FormatError: the file is missing, not a .trc file, or damaged.
    """
    path = Path(path)
    lines = read_lines(path, ".trc")
    if not lines[0].startswith("PathFileType") or len(lines) < 6:
        raise FormatError(f"{path.name} is not a .trc file.")
    header = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
    labels = tuple(name.strip() for name in lines[3].split("\t")[2:] if name.strip())
    rate, scale = _rate(path, header), _scale(path, header)
    _check_count(path, header, "NumMarkers", len(labels), "markers")
    start = next((i for i in range(5, len(lines)) if lines[i].strip()), len(lines))
    columns = 2 + 3 * len(labels)
    rows = [_cells(line, columns) for line in lines[start:] if line.strip()]
    _check_count(path, header, "NumFrames", len(rows), "frames")
    if not rows or not labels:
        raise FormatError(f"{path.name} holds no marker data.")
    table = parse_rows(path, rows, columns, first_line=start + 1)
    check_times(path, table[:, 1])
    spacing = np.diff(table[:, 1])
    if spacing.size and not np.allclose(spacing, 1.0 / rate, rtol=0.05, atol=1e-4):
        raise FormatError(f"{path.name} announces {rate:g} Hz, but its time column does not agree.")
    points = table[:, 2:].reshape(len(rows), len(labels), 3) * scale
    points[~np.isfinite(points).all(axis=2)] = np.nan
    return MarkerTrial(path.stem, labels, points, rate, round(float(table[0, 1]) * rate), up_axis=1)


def _cells(line: str, columns: int) -> list[str]:
    """Cells of a row; empty ones past the last column are the trailing tabs that many programs write."""
    cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()
    while len(cells) > columns and not cells[-1]:
        cells.pop()
    return cells


def _rate(path: Path, header: dict[str, str]) -> float:
    try:
        rate = float(header["DataRate"])
    except (KeyError, ValueError) as error:
        raise FormatError(f"{path.name} is damaged: its header gives no data rate.") from error
    if not 0 < rate < 1e5:
        raise FormatError(f"{path.name} is damaged: a data rate of {rate:g} Hz is impossible.")
    return rate


def _scale(path: Path, header: dict[str, str]) -> float:
    units = header.get("Units", "").strip().lower()
    if units not in _METRES:
        raise FormatError(f"{path.name} gives its markers in {quote(units)}; export it in mm or m.")
    return _METRES[units]


def _check_count(path: Path, header: dict[str, str], name: str, found: int, what: str) -> None:
    try:
        announced = int(header[name])
    except (KeyError, ValueError) as error:
        raise FormatError(f"{path.name} is damaged: its header gives no {name}.") from error
    if announced != found:
        raise FormatError(f"{path.name} is damaged: it announces {announced} {what} and holds {found}.")
