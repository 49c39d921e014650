"""Plain CSV tables: UTF-8, one header line, comma, decimal point, empty = no value.

What a spreadsheet of a country with decimal commas makes of such a table is read as well: columns parted by
semicolons, and in those tables decimal commas.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gaitviewer.core.numbers import column_mark, parse_decimal
from gaitviewer.core.serialise import quote
from gaitviewer.errors import FormatError, reason_of
from gaitviewer.formats._text import reading
from gaitviewer.messages import message
from gaitviewer.util import atomic, file_set


def number(value: float | None) -> str:
    """A number with nine significant digits; empty for None and NaN."""
    return "" if value is None or math.isnan(value) else f"{value:.9g}"


def truth(value: bool) -> str:
    """``yes`` or ``no``."""
    return "yes" if value else "no"


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a table; all of it or nothing.

    Raises:
        OutputError: the file cannot be written.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    atomic.write_output(path, text.getvalue())


def read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a table that has at least these columns.

    Raises:
        FormatError: the file is missing, is no such table, or is cut off within a row.
    """
    file_set.settle(path)
    try:
        with reading(path):
            text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(message("error.format.table.not_text", file=path.name)) from error
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True, delimiter=column_mark(text)))
    except csv.Error as error:
        raise FormatError(
            message("error.format.table.not_csv", file=path.name, reason=reason_of(error))
        ) from error
    if not rows or (missing := [name for name in columns if name not in rows[0]]):
        lacking = tuple(missing) if rows else message("error.format.table.every_column")
        raise FormatError(message("error.format.table.lacks", file=path.name, columns=lacking))
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]):
            raise FormatError(
                message("error.format.table.row_length", file=path.name, count=len(row), line=line)
            )
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def parse_number(row: Mapping[str, str], column: str, path: Path) -> float:
    """The number in a column; NaN where it is empty.

    Raises:
        FormatError: it is not a number.
    """
    text = row[column]
    try:
        return parse_decimal(text) if text else math.nan
    except ValueError as error:
        raise FormatError(
            message("error.format.table.not_number", file=path.name, found=quote(text), column=column)
        ) from error


def parse_count(row: Mapping[str, str], column: str, path: Path) -> int:
    """The whole number in a column.

    Raises:
        FormatError: it is not a whole number from 0 to a million.
    """
    text = row[column]
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise FormatError(
            message("error.format.table.not_count", file=path.name, found=quote(text), column=column)
        )
    return int(text)
