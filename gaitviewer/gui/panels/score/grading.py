"""A person's grades as pure functions of the document; the measurement is never touched."""

from __future__ import annotations

from collections.abc import Sequence

from gaitviewer.core.document import Document
from gaitviewer.core.edits import grade_of
from gaitviewer.core.evgs import EvgsItem, EvgsTotal, Grade
from gaitviewer.core.gait import Side
from gaitviewer.gui.panels.common.wording import side_name


def grades_of_others(document: Document | None, item: int, side: Side, rater: str) -> tuple[Grade, ...]:
    """What other raters gave, oldest first."""
    grades = document.grades if document is not None else ()
    others = [g for g in grades if (g.item, g.side) == (item, side) and g.rater != rater]
    return tuple(sorted(others, key=lambda grade: grade.when))


def human_total(document: Document | None, items: Sequence[EvgsItem], side: Side, rater: str) -> EvgsTotal:
    """Sum over what this rater graded, with its own maximum; measured values never count."""
    graded = [(item, grade_of(document, item.number, side, rater)) for item in items]
    scores = [(item, g.score) for item, g in graded if g is not None and g.score is not None]
    tops = [max(band.score for band in item.bands) for item, _ in scores]
    return EvgsTotal(sum(score for _, score in scores), sum(tops), len(scores), len(items))


def next_cell(numbers: Sequence[int], item: int | None, side: Side | None, step: int) -> tuple[int, Side]:
    """The cell that follows when grading: the other limb of the item, then the next item; the last stays.

    Raises:
        ValueError: there are no items.
    """
    cells = [(number, which) for number in numbers for which in Side]
    if not cells:
        raise ValueError("there are no items")
    if item is None or (item, side) not in cells:
        wanted = (item if item in numbers else numbers[0], side or Side.LEFT)
        return wanted[0] or numbers[0], wanted[1]
    assert side is not None
    return cells[min(max(cells.index((item, side)) + step, 0), len(cells) - 1)]


def ungraded(document: Document | None, items: Sequence[EvgsItem], rater: str) -> tuple[tuple[int, Side], ...]:
    """What this rater has not graded of what the recordings show."""
    trials = document.trials if document is not None else ()
    views = {view for data in trials for view in data.trial.views}
    cells = ((item.number, side) for item in items if item.view in views for side in Side)
    return tuple(cell for cell in cells if grade_of(document, *cell, rater) is None)


def cell_name(items: Sequence[EvgsItem], number: int, side: Side) -> str:
    """An item of a limb in short: "KFX left"."""
    code = next((item.code for item in items if item.number == number), "")
    return f"{code} {side_name(side)}"
