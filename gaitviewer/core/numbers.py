"""Numbers and tables as people and their spreadsheets write them: with decimal points or decimal commas."""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def parse_decimal(text: str) -> float:
    """The number that a text is, with a decimal point or a decimal comma ("7.5", "7,5", "-,25", "1e-3").

    Marks between thousands are not understood, so that "1,234.5" is refused; "1,234" is 1.234.

    Raises:
        ValueError: it is not one finite number.
    """
    text = text.strip()
    value = float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a number")
    return value


def column_mark(text: str) -> str:
    """What parts the columns of a table, by its first line: a semicolon where that has no comma."""
    head = text.partition("\n")[0]
    return ";" if ";" in head and "," not in head else ","
