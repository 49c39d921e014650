"""Results that do not say whose they are: no names, no days, no notes.

Nothing exact stays that leads back to a person for somebody who knows a part of it. An age to the day tells,
with a date of birth, the day of the visit: it is given in whole years, as people say it, and below three
years, where a year is too coarse for how a child walks, in whole months. A digest of a video tells whoever
has the video that it is this one: digests of videos and of inputs are left empty. Digests of the weights of
a model stay, they say nothing of a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from gaitviewer.core.document import Document, Texts, TrialData
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import Answer, Provenance
from gaitviewer.core.session import Rating, Subject, Trial, VideoStream, coarse_age


def year_of(when: str) -> str:
    """The year of an ISO 8601 time: a session is often analysed and graded on the day of the visit."""
    return when[:4]


def untraceable(made: Provenance) -> Provenance:
    """The same origin, with no more of its time than the year, and nothing of its inputs."""
    return replace(made, when=year_of(made.when), inputs_digest="")


def untraceable_answers(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """What models said, without when they were asked and of which inputs."""
    return tuple(
        replace(answer, output=replace(answer.output, provenance=untraceable(answer.output.provenance)))
        for answer in answers
    )


def without_names(document: Document, measures: Measures) -> tuple[Document, Measures]:
    """The same results without pseudonym, raters, days, exact age, digests, diagnosis, notes, file names.

    The videos can no longer be found from them, so an anonymous report shows skeletons alone.
    """
    session = document.session
    blank = replace(
        session,
        id="",
        subject=Subject("anonymous", sex=session.subject.sex, affected=session.subject.affected),
        when=None,
        age_years=coarse_age(session.age_years),
        surgery=(),
        botulinum=(),
        gmfcs=_nobodys(session.gmfcs),
        cobb=_nobodys(session.cobb),
        note="",
    )
    named = tuple(dict.fromkeys(grade.rater for grade in document.grades))
    unnamed = replace(
        document,
        session=blank,
        trials=tuple(_unnamed_data(data) for data in document.trials),
        grades=tuple(_unnamed_grade(grade, named) for grade in document.grades),
        hand_measures=tuple(
            replace(done, rater="", when=year_of(done.when), note="") for done in document.hand_measures
        ),
        key_images=tuple(replace(image, caption="") for image in document.key_images),
        texts=Texts(),
    )
    motions = tuple(replace(motion, trial=_unnamed(motion.trial)) for motion in measures.motions)
    return unnamed, replace(measures, session=blank, motions=motions)


def _nobodys(rating: Rating | None) -> Rating | None:
    return rating and replace(rating, rater="", when=None)


def _unnamed_grade(grade: Grade, raters: tuple[str, ...]) -> Grade:
    return replace(grade, rater=f"rater {raters.index(grade.rater) + 1}", when=year_of(grade.when), note="")


def _unnamed_data(data: TrialData) -> TrialData:
    def origin(view: View) -> Provenance | None:
        made = data.provenance[view]
        return made and untraceable(made)

    return replace(
        data,
        trial=_unnamed(data.trial),
        provenance=ByView(origin(View.SAGITTAL), origin(View.CORONAL)),
        remarks=ByView(None, None),  # they hold digests and names of files
    )


def _unnamed(trial: Trial) -> Trial:
    def hidden(view: View) -> VideoStream | None:
        stream = trial.videos[view]
        return stream and replace(stream, path=Path(f"{trial.id}-{view.value}"), sha256="")

    return replace(trial, videos=ByView(hidden(View.SAGITTAL), hidden(View.CORONAL)))
