"""What window, report and command line say alike, as messages: values with units, counts, lists, totals.

Each says them by its own catalogue: the window by the user's language, report and command line in English.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from gaitviewer.core.evgs import EvgsTotal
from gaitviewer.core.numerals import DASH, number
from gaitviewer.messages import NOTHING, Message, as_written, english, message


def unit_after(unit: str) -> Message:
    """A unit as it follows a number: "°", " mm", " leg lengths"; NOTHING for none."""
    if not unit:
        return NOTHING
    return message(f"unit.{unit}") if english().knows(f"unit.{unit}") else as_written(f" {unit}")


def with_unit(value: float, unit: str, digits: int = 0) -> Message:
    """A value with its unit: "58°", "25 mm", "0.86 leg lengths"; a dash where there is none."""
    if not math.isfinite(value):
        return as_written(DASH)
    return message("value.with_unit", value=number(value, digits), unit=unit_after(unit))


def with_spread(mean: float, sd: float | None, digits: int = 0) -> Message:
    """Mean and standard deviation, if there is one: "0.61 ± 0.03"."""
    if sd is None or not math.isfinite(sd):
        return as_written(number(mean, digits))
    return message("value.with_spread", mean=number(mean, digits), sd=number(sd, digits))


def strides(count: int) -> Message:
    """A number of strides: "1 stride", "3 strides"."""
    return message("count.strides", count=count)


def listed(words: Iterable[Message | str]) -> Message:
    """A list in words: "a, b and c"."""
    parts = tuple(as_written(one) if isinstance(one, str) else one for one in words)
    return message("list.all", words=parts) if parts else NOTHING


def not_assessable(reason: Message = NOTHING) -> Message:
    """That there is no value, and why: "not assessable: heel or toe is hidden"."""
    return message("item.not_assessable_because", reason=reason) if reason else message("item.not_assessable")


def total_words(total: EvgsTotal, *, graded: bool = False) -> Message:
    """A partial total that says what it is made of: items that the program saw, or that a person graded."""
    values = {"score": total.score, "maximum": total.maximum}
    items = message("count.items", count=total.items_seen)
    if graded:
        return message("item.total_graded", **values, items=items)
    return message("item.total_seen", **values, items=items)


def answer_title(task: str) -> Message:
    """What the answer of a system is called where it is shown; that on asymmetry says what it is not."""
    return message("answer.asymmetry") if task == "scoliosis" else message(f"system.{task}")
