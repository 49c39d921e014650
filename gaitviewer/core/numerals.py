"""Numbers as people write them."""

from __future__ import annotations

import math

MINUS = "\u2212"
DASH = "\u2013"


def number(value: float, digits: int = 0) -> str:
    """A number with a real minus sign and never "-0"; a dash where there is none."""
    if not math.isfinite(value):
        return DASH
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)
