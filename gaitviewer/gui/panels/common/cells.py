"""What a cell of the score table shows: pure values made from measures and grades."""

from __future__ import annotations

from dataclasses import dataclass

from gaitviewer.core.evgs import EvgsMeasure, Grade
from gaitviewer.gui.panels.common.wording import on_hover, side_name, tr


@dataclass(frozen=True, slots=True)
class Cell:
    """One score as it is painted.

    Attributes:
        score: 0, 1, 2, or None.
        hatched: not assessable, measured or as graded by a person.
        borderline: near the edge of its band.
        hidden: kept from the rater until there is a grade.
        own: a person's grade (else measured).
        noted: a person wrote a note.
        text: for the tool tip and for screen readers.
    """

    score: int | None = None
    hatched: bool = False
    borderline: bool = False
    hidden: bool = False
    own: bool = False
    noted: bool = False
    text: str = ""

    @property
    def empty(self) -> bool:
        """Nothing to paint but a place for it."""
        return self.score is None and not self.hatched and not self.hidden


def measured_cell(measure: EvgsMeasure | None, *, hidden: bool) -> Cell:
    """The cell of a measured score."""
    if measure is None:
        return Cell(text=tr("Nothing is measured yet."))
    if hidden:
        return Cell(hidden=True, text=tr("Hidden until you have graded this item."))
    return Cell(
        measure.score,
        hatched=measure.score is None,
        borderline=measure.borderline and measure.score is not None,
        text=on_hover(measure),
    )


def own_cell(grade: Grade | None, others: tuple[Grade, ...] = ()) -> Cell:
    """The cell of a person's grade."""
    words = [grade_words(g) for g in ((grade,) if grade is not None else ()) + others]
    if grade is None:
        words.insert(0, tr("Not graded by you. Keys 0, 1, 2, or N for not assessable."))
        return Cell(own=True, text="\n".join(words))
    return Cell(
        grade.score, hatched=grade.score is None, own=True, noted=bool(grade.note), text="\n".join(words)
    )


def grade_words(grade: Grade) -> str:
    """A grade with who and when."""
    score = tr("not assessable") if grade.score is None else tr("score {n}").format(n=grade.score)
    who = grade.rater or tr("without a name")
    text = tr("Graded {side}: {score}, {who}, {when}").format(
        side=side_name(grade.side), score=score, who=who, when=grade.when[:10]
    )
    return f"{text}: {grade.note}" if grade.note else text
