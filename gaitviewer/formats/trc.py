"""Reads OpenSim marker files (.trc): a table of marker positions over time.

Layout: OpenSim documentation, "Marker (.trc) Files". Programs write dialects of it, which are understood:
columns parted by tabs, semicolons or blanks; decimal commas; header lines left out; markers without a name;
the name of a subject before each marker's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.numbers import parse_decimal
from gaitviewer.core.serialise import quote
from gaitviewer.errors import FormatError
from gaitviewer.formats._text import check_times, parse_rows, printable, read_lines
from gaitviewer.formats.markers import MarkerTrial, hide_unseen, name_subjects
from gaitviewer.formats.vocabulary import metres_per_unit, split_owners
from gaitviewer.messages import Message, message

_HEADER_LINES = 50  # the names of the markers stand among the first ones
_HIGHEST_RATE_HZ = 1e5


@dataclass(slots=True)
class _Head:
    """What stands above the numbers.

    Attributes:
        facts: values of the header by their names.
        names: marker of each column group, by its number from 0.
        mark: what parts the columns, "" for blanks.
        start: index of the first line that may hold numbers.
        notes: see :attr:`gaitviewer.formats.markers.MarkerTrial.notes`.
    """

    facts: dict[str, str]
    names: dict[int, str]
    mark: str
    start: int
    notes: list[Message] = field(default_factory=list)


def read_trc(path: Path) -> MarkerTrial:
    """Markers of a .trc file; the up axis is Y, as everywhere in OpenSim.

    Raises:
        FormatError: the file is missing, not a .trc file, or damaged.
    """
    path = Path(path)
    lines = read_lines(path, ".trc")
    head = _read_head(path, lines)
    columns = 2 + 3 * _markers(path, head, lines)
    start = next((i for i in range(head.start, len(lines)) if lines[i].strip()), len(lines))
    rows = [_cells(line, columns, head.mark) for line in lines[start:] if line.strip()]
    _check_announced(path, head, "NumFrames", len(rows), "frames")
    if not rows or columns == 2:
        raise FormatError(message("error.format.trc.no_markers", file=path.name))
    _refuse_blanks(path, head, rows, columns, start + 1)
    table = parse_rows(path, rows, columns, first_line=start + 1)
    check_times(path, table[:, 1])
    rate = _rate(path, head, table[:, 1])
    scale = _scale(path, head)
    points = table[:, 2:].reshape(len(rows), -1, 3)[:, sorted(head.names)] * scale
    hide_unseen(points)
    subjects, labels = name_subjects(split_owners([head.names[k] for k in sorted(head.names)]))
    return MarkerTrial(
        printable(path.stem),
        tuple(labels),
        points,
        rate,
        round(float(table[0, 1]) * rate),
        up_axis=1,
        subjects=subjects,
        notes=tuple(head.notes),
    )


def _read_head(path: Path, lines: list[str]) -> _Head:
    """The header, whichever of its lines are there; the line of the names must be."""
    titles = next((i for i, line in enumerate(lines[:_HEADER_LINES]) if _begins(line, "Frame")), None)
    if titles is None:
        known = any(_begins(line, "PathFileType", "DataRate") for line in lines[:_HEADER_LINES])
        if known and len(lines) > 3:
            raise FormatError(message("error.format.trc.no_names_line", file=path.name))
        raise FormatError(message("error.format.trc.wrong_kind", file=path.name))
    numbers = next((line for line in lines[titles + 1 :] if re.match(r"\s*[-+\d]", line)), "")
    mark = next((mark for mark in "\t;" if mark in numbers), "")
    facts: dict[str, str] = {}
    for i in range(titles - 1):
        if _begins(lines[i], "DataRate", "CameraRate", "NumFrames", "NumMarkers", "Units"):
            keys, values = _split(lines[i], mark), _split(lines[i + 1], mark)
            facts = dict(zip(keys, values, strict=False))
    start = titles + 1
    if start < len(lines) and re.match(r"\s*;*\s*X\s*1\b", lines[start], re.IGNORECASE):
        start += 1
    return _Head(facts, _names(lines[titles], mark, facts), mark, start)


def _begins(line: str, *words: str) -> bool:
    return line.strip().lower().startswith(tuple(word.lower() for word in words))


def _split(line: str, mark: str) -> list[str]:
    return [cell.strip() for cell in line.split(mark)] if mark and mark in line else line.split()


def _names(line: str, mark: str, facts: dict[str, str]) -> dict[int, str]:
    """Marker of each group of three columns; a group without a name is left out."""
    if not mark or mark not in line:
        # Names may hold single blanks where there are wider gaps between them.
        wide = [cell for cell in re.split(r"\t|\s{2,}", line.strip()) if cell]
        announced = facts.get("NumMarkers", "")
        cells = wide if str(len(wide) - 2) == announced else line.split()
        return dict(enumerate(cells[2:]))
    named = {i: cell.strip() for i, cell in enumerate(line.split(mark)) if i > 1 and cell.strip()}
    if all((i - 2) % 3 == 0 for i in named):
        return {(i - 2) // 3: name for i, name in named.items()}
    return dict(enumerate(named.values()))


def _markers(path: Path, head: _Head, lines: list[str]) -> int:
    """How many markers the columns of the first row hold; unnamed ones are noted."""
    if not head.names:
        raise FormatError(message("error.format.trc.no_names", file=path.name))
    named = max(head.names) + 1
    first = next((line for line in lines[head.start :] if line.strip()), "")
    cells = _cells(first, 2 + 3 * named, head.mark)
    announced = _announced(head, "NumMarkers")
    # A first row shorter than the names is told as such by the check of the rows.
    found = max(named, (len(cells) - 2) // 3 if (len(cells) - 2) % 3 == 0 else named)
    if announced is not None and named < announced <= found:
        found = announced
    _check_announced(path, head, "NumMarkers", found, "markers")
    if unnamed := found - len(head.names):
        head.notes.append(message("note.markers.unnamed", unnamed=unnamed, found=found))
    return found


def _cells(line: str, columns: int, mark: str) -> list[str]:
    """Cells of a row; empty ones past the last column are the trailing tabs that many programs write."""
    cells = _split(line, mark)
    while len(cells) > columns and not cells[-1]:
        cells.pop()
    return cells


def _refuse_blanks(path: Path, head: _Head, rows: list[list[str]], columns: int, first_line: int) -> None:
    """In a table parted by blanks nobody can tell which cells are empty."""
    if head.mark:
        return
    short = next((i for i, cells in enumerate(rows) if len(cells) != columns), None)
    if short is not None and len(rows[short]) < columns and short + 1 < len(rows):
        raise FormatError(
            message(
                "error.format.trc.blanks",
                file=path.name,
                line=first_line + short,
                found=len(rows[short]),
                columns=columns,
            )
        )


def _rate(path: Path, head: _Head, times: NDArray[np.float64]) -> float:
    """Sampling rate by the header, which the times must bear out; by the times where there is none."""
    spacing = np.diff(times)
    if "DataRate" not in head.facts:
        if not spacing.size:
            raise FormatError(message("error.format.trc.no_rate", file=path.name))
        if not np.allclose(spacing, np.median(spacing), rtol=0.05, atol=1e-3):
            raise FormatError(message("error.format.trc.uneven", file=path.name))
        rate = float(round((times.size - 1) / (times[-1] - times[0]), 3))
        head.notes.append(message("note.markers.rate_by_times", rate_hz=rate))
        return rate
    try:
        rate = parse_decimal(head.facts["DataRate"])
    except ValueError as error:
        raise FormatError(message("error.format.trc.no_rate", file=path.name)) from error
    if not 0 < rate < _HIGHEST_RATE_HZ:
        raise FormatError(message("error.format.trc.rate", file=path.name, rate_hz=rate))
    # Times may be rounded to whole milliseconds.
    if spacing.size and not np.allclose(spacing, 1.0 / rate, rtol=0.05, atol=min(1.1e-3, 0.25 / rate)):
        raise FormatError(message("error.format.trc.rate_disagrees", file=path.name, rate_hz=rate))
    return rate


def _scale(path: Path, head: _Head) -> float:
    """Metres in the file's unit; millimetres, as most such files have, where it names none."""
    units = head.facts.get("Units", "")
    if not units:
        head.notes.append(message("note.markers.no_unit"))
        return 1e-3
    scale = metres_per_unit(units)
    if scale is None:
        raise FormatError(message("error.format.units", file=path.name, units=quote(units)))
    return scale


def _announced(head: _Head, name: str) -> int | None:
    text = head.facts.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _check_announced(path: Path, head: _Head, name: str, found: int, what: str) -> None:
    """Refuses a file that holds less than its header announces: the rest is lost."""
    announced = _announced(head, name)
    if announced is None or announced == found:
        return
    counted = message(f"error.format.counted.{what}")
    if announced > found:
        raise FormatError(
            message(
                "error.format.trc.announced",
                file=path.name,
                announced=announced,
                what=counted,
                found=found,
            )
        )
    head.notes.append(message("note.markers.announced", announced=announced, what=counted, found=found))
