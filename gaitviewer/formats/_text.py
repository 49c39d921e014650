"""What the readers of text tables share."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.numbers import parse_decimal
from gaitviewer.core.serialise import quote
from gaitviewer.errors import FormatError

_LARGEST_MB = 512
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# How programs write that there is no number: nothing, "NaN", "-", and what C libraries print.
_NO_NUMBER = re.compile(r"[+-]?nan(\(.*\))?|[+-]?1[.,]#[a-z0-9]+|-+|n/?a|null", re.IGNORECASE)


def printable(name: str) -> str:
    """A file name without the lone surrogates that stand for bytes which are no UTF-8."""
    return name.encode("utf-8", errors="replace").decode("utf-8")


def read_lines(path: Path, kind: str) -> list[str]:
    """Lines of a text file without their ends.

    UTF-8 and UTF-16 are told by themselves; anything else is taken for Windows' western letters, in which
    names may be odd, but numbers are not.

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
    if data.startswith(_UTF16):
        text = data.decode("utf-16", errors="replace")
    elif b"\0" in data:
        raise FormatError(f"{path.name} is not a {kind} file.")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
    # Not splitlines(): it also cuts at characters that may stand in a name.
    lines = re.split(r"\r\n|\n|\r", text)
    return lines[:-1] if not lines[-1] else lines


def parse_rows(path: Path, rows: list[list[str]], columns: int, *, first_line: int) -> NDArray[np.float64]:
    """[rows, columns] numbers, all with decimal points or all with decimal commas; empty cells are NaN.

    Raises:
        FormatError: a row has another number of cells, or a cell is not a number.
    """
    table = np.full((len(rows), columns), np.nan)
    points = commas = ""
    for i, cells in enumerate(rows):
        if len(cells) != columns:
            raise FormatError(
                f"{path.name} is damaged: line {first_line + i} has {len(cells)} of {columns} columns."
            )
        for j, cell in enumerate(cells):
            if not cell or _NO_NUMBER.fullmatch(cell):
                continue
            try:
                table[i, j] = parse_decimal(cell)
            except ValueError as error:
                raise FormatError(
                    f"{path.name} is damaged: {quote(cell)} in line {first_line + i} is not a number."
                ) from error
            if "." in cell:
                points = points or cell
            elif "," in cell:
                commas = commas or cell
    if points and commas:
        raise FormatError(
            f"{path.name} has numbers with decimal points ({points}) and with commas ({commas}), so that "
            "neither is sure; export it again with one of them."
        )
    return table


def check_times(path: Path, times: NDArray[np.float64]) -> None:
    """Refuses a time column that does not increase."""
    if not np.isfinite(times).all() or (times.size > 1 and not bool(np.all(np.diff(times) > 0))):
        raise FormatError(f"{path.name} is damaged: its time column does not increase.")
