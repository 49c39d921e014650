"""What the readers of text tables share."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.numbers import parse_decimal
from gaitviewer.core.serialise import quote
from gaitviewer.errors import FormatError, reason_of
from gaitviewer.messages import message

_LARGEST_MB = 512
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# How programs write that there is no number: nothing, "NaN", "-", and what C libraries print.
_NO_NUMBER = re.compile(r"[+-]?nan(\(.*\))?|[+-]?1[.,]#[a-z0-9]+|-+|n/?a|null", re.IGNORECASE)


def printable(name: str) -> str:
    """A file name without the lone surrogates that stand for bytes which are no UTF-8."""
    return name.encode("utf-8", errors="replace").decode("utf-8")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """What the system says of a file becomes a sentence on it.

    Raises:
        FormatError: the file is missing or cannot be opened.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise FormatError(message("error.format.missing", path=path)) from error
    except OSError as error:
        raise FormatError(message("error.format.not_opened", path=path, reason=reason_of(error))) from error


def read_lines(path: Path, kind: str) -> list[str]:
    """Lines of a text file without their ends.

    UTF-8 and UTF-16 are told by themselves; anything else is taken for Windows' western letters, in which
    names may be odd, but numbers are not.

    Raises:
        FormatError: the file is missing, empty, too large or not text.
    """
    with reading(path):
        size = path.stat().st_size
        if size > _LARGEST_MB * 2**20:
            raise FormatError(message("error.format.text.too_large", file=path.name, largest_mb=_LARGEST_MB))
        data = path.read_bytes()
    if not data.strip():
        raise FormatError(message("error.format.empty", file=path.name))
    if data.startswith(_UTF16):
        text = data.decode("utf-16", errors="replace")
    elif b"\0" in data:
        raise FormatError(message("error.format.text.wrong_kind", file=path.name, kind=kind))
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
                message(
                    "error.format.text.row_length",
                    file=path.name,
                    line=first_line + i,
                    found=len(cells),
                    columns=columns,
                )
            )
        for j, cell in enumerate(cells):
            if not cell or _NO_NUMBER.fullmatch(cell):
                continue
            try:
                table[i, j] = parse_decimal(cell)
            except ValueError as error:
                raise FormatError(
                    message(
                        "error.format.text.not_number", file=path.name, found=quote(cell), line=first_line + i
                    )
                ) from error
            if "." in cell:
                points = points or cell
            elif "," in cell:
                commas = commas or cell
    if points and commas:
        raise FormatError(
            message("error.format.text.decimal_marks", file=path.name, points=points, commas=commas)
        )
    return table


def check_times(path: Path, times: NDArray[np.float64]) -> None:
    """Refuses a time column that does not increase."""
    if not np.isfinite(times).all() or (times.size > 1 and not bool(np.all(np.diff(times) > 0))):
        raise FormatError(message("error.format.text.times", file=path.name))
