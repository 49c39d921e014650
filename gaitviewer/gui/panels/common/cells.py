"""What a cell of the score table shows: pure values made from measures and grades."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gaitviewer.analysis.outcomes.doubts import disagrees
from gaitviewer.core.evgs import EvgsMeasure, Grade
from gaitviewer.core.numerals import number
from gaitviewer.core.output import SYNTHETIC_STATEMENT, Opinion
from gaitviewer.gui.panels.common.wording import on_hover, sentence, side_name, tr


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
        chance: that a model calls it atypical; NaN where this is no model's cell, or it has no opinion.
        apart: the model says another thing than the measured score or the grade.
        text: for the tool tip and for screen readers.
    """

    score: int | None = None
    hatched: bool = False
    borderline: bool = False
    hidden: bool = False
    own: bool = False
    noted: bool = False
    chance: float = math.nan
    apart: bool = False
    text: str = ""

    @property
    def empty(self) -> bool:
        """Nothing to paint but a place for it."""
        return self.score is None and not self.hatched and not self.hidden and math.isnan(self.chance)


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


def model_cell(
    opinion: Opinion | None,
    measured: int | None,
    graded: int | None,
    *,
    hidden: bool,
    out_of_date: bool = False,
) -> Cell:
    """The cell of the video model: how likely it calls the item atypical.

    Args:
        opinion: of the item and limb; None where it was not asked.
        measured: score of the program, None where there is none.
        graded: score of the rater, None where there is none.
        hidden: kept from the rater until there is a grade.
        out_of_date: the session is another by now.
    """
    if hidden:
        return Cell(hidden=True, text=tr("Hidden until you have graded this item."))
    if opinion is None:
        return Cell(text=tr("The model was not asked."))
    if opinion.probabilities is None:
        return Cell(
            hatched=True, text=tr("The model has no opinion. {why}").format(why=sentence(opinion.reason))
        )
    chance = opinion.probabilities[-1]
    words = [tr("Model: atypical with a probability of {n} %.").format(n=number(100 * chance))]
    apart = False
    for score, whose in ((measured, tr("measured score {n}")), (graded, tr("your grade {n}"))):
        if score is not None and disagrees(chance, score):
            apart = True
            words.append(tr("Other than the {what}.").format(what=whose.format(n=score)))
    if out_of_date:
        words.append(tr("Out of date."))
    words.append(sentence(SYNTHETIC_STATEMENT))
    return Cell(chance=chance, apart=apart, text="\n".join(words))


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
