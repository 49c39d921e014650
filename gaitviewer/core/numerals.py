"""Numbers as people write them."""

from __future__ import annotations

import math

MINUS = "\u2212"
DASH = "\u2013"


def significant(value: float) -> str:
    """A raw value with three significant digits, never with an exponent: "0.00228", "12.3"."""
    if value == 0 or not math.isfinite(value):
        return number(value)
    return f"{float(f'{value:.3g}'):f}".rstrip("0").rstrip(".").replace("-", MINUS)


def number(value: float, digits: int = 0) -> str:
    """A number with a real minus sign and never "-0"; a dash where there is none."""
    if not math.isfinite(value):
        return DASH
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)
