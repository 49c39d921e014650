"""What the readers of text tables share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.serialise import quote
from gaitviewer.errors import FormatError

_LARGEST_MB = 512


def read_lines(path: Path, kind: str) -> list[str]:
    """Lines of a text file without their ends.

    Raises:
        FormatError: the file is missing, empty, too large or not text.
    """
    try:
        size = path.stat().st_size
        if size > _LARGEST_MB * 2**20:
            raise FormatError(f"{path.name} is larger than {_LARGEST_MB} MB; cut it into shorter trials.")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise FormatError(f"{path} does not exist; check the path.") from error
    except OSError as error:
        raise FormatError(f"{path} cannot be opened: {error.strerror}.") from error
    if not data.strip():
        raise FormatError(f"{path.name} is empty; export it again from its source.")
    if b"\0" in data:
        raise FormatError(f"{path.name} is not a {kind} file.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # every byte is a character: names may be odd, numbers are not
    return text.splitlines()


def parse_rows(path: Path, rows: list[list[str]], columns: int, *, first_line: int) -> NDArray[np.float64]:
    """[rows, columns] numbers; empty cells are NaN.

    Raises:
        FormatError: a row has another number of cells, or a cell is not a number.
    """
    table = np.full((len(rows), columns), np.nan)
    for i, cells in enumerate(rows):
        if len(cells) != columns:
            raise FormatError(
                f"{path.name} is damaged: line {first_line + i} has {len(cells)} of {columns} columns."
            )
        for j, cell in enumerate(cells):
            if not cell:
                continue
            try:
                table[i, j] = float(cell)
            except ValueError as error:
                raise FormatError(
                    f"{path.name} is damaged: {quote(cell)} in line {first_line + i} is not a number."
                ) from error
    return table


def check_times(path: Path, times: NDArray[np.float64]) -> None:
    """Refuses a time column that does not increase."""
    if not np.isfinite(times).all() or (times.size > 1 and not bool(np.all(np.diff(times) > 0))):
        raise FormatError(f"{path.name} is damaged: its time column does not increase.")
