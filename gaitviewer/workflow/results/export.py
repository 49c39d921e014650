"""The result files of an analysis, and its entry in the library."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.maps import MapRow
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import Answer, Doubt, Provenance, Signature
from gaitviewer.core.progress import Tick, subprogress
from gaitviewer.core.report_options import ReportOptions
from gaitviewer.messages import message
from gaitviewer.util.file_set import Writer, write_all
from gaitviewer.workflow.results.deidentify import (
    untraceable,
    untraceable_answers,
    without_names,
    year_of,
)

if TYPE_CHECKING:
    from gaitviewer.store import Library


def write_results(
    folder: Path,
    document: Document,
    measures: Measures,
    *,
    core: Provenance,
    options: ReportOptions,
    answers: Sequence[Answer] = (),
    tick: Tick,
) -> tuple[Path, ...]:
    """Write report, assessment, curves, keypoints and events: all of them, or none.

    Where learned models were asked, ``answers`` are in the assessment, and their maps in a file of their own.

    Raises:
        OutputError: nothing was changed in ``folder``.
    """
    from gaitviewer import formats
    from gaitviewer.analysis.kinematics.definitions import load_angles

    kinds = load_angles()
    now = written = datetime.now(UTC).isoformat(timespec="seconds")
    report = partial(
        render_pdf,
        document,
        measures,
        core=core,
        options=options,
        created=now,
        answers=answers,
        tick=subprogress(tick, 0.2, 1.0),
    )
    if options.anonymous:
        document, measures = without_names(document, measures)
        core, written, answers = untraceable(core), year_of(now), untraceable_answers(answers)
    tick(0.0, message("progress.writing_results"))
    writers: dict[str, Writer] = {
        "assessment.json": lambda path: formats.write_assessment(
            path, measures, document, core=core, made_utc=written, answers=answers
        ),
        "kinematics.csv": lambda path: formats.write_kinematics(
            path, measures, units={kind.name: kind.unit for kind in kinds}
        ),
        "events.csv": lambda path: formats.write_events(path, measures),
        "keypoints.parquet": lambda path: formats.write_keypoints(path, measures),
        "report.pdf": lambda path: write_pdf(path, report()),
    }
    if formats.explanation_arrays(answers):
        writers["explanations.npz"] = lambda path: formats.write_explanations(path, answers)
    return write_all(folder, writers)


def render_pdf(
    document: Document,
    measures: Measures,
    *,
    core: Provenance,
    options: ReportOptions,
    created: str,
    signed: Signature | None = None,
    answers: Sequence[Answer] = (),
    tick: Tick,
) -> bytes:
    """The printed report of a session as the bytes of a PDF file, with pictures from its videos.

    ``answers`` are what learned models said of it, for the sections that are theirs.
    """
    from gaitviewer import report
    from gaitviewer.analysis.kinematics.definitions import load_angles
    from gaitviewer.workflow.results.trial_frames import TrialPictures

    if options.anonymous:
        document, measures = without_names(document, measures)
        core, answers = untraceable(core), untraceable_answers(answers)
    with TrialPictures([data.trial for data in document.trials]) as pictures:
        refusals: tuple[str, ...] = ()
        if not options.anonymous:
            refusals = pictures.look()
            pictures.prefetch(report.frames_needed(measures, options, answers))
        return report.render_report(
            measures,
            options=options,
            pictures=pictures,
            provenance=sources(document, core),
            created=created,
            kinds=load_angles(),
            document=document,
            signed=signed,
            refusals=refusals,
            answers=answers,
            doubts=_doubts(document, measures, options, answers),
            map_rows=map_rows() if "knowledge_map" in options else (),
            tick=tick,
        )


def _doubts(
    document: Document, measures: Measures, options: ReportOptions, answers: Sequence[Answer]
) -> tuple[Doubt, ...]:
    from gaitviewer.analysis.outcomes.doubts import find_doubts

    return find_doubts(document, measures, answers) if "doubts" in options else ()


def map_rows() -> tuple[MapRow, ...]:
    """What the rows of a knowledge map are, in their order."""
    from gaitviewer.analysis.knowledge_map.features import load_map_features

    return tuple(MapRow(one.name, one.title, one.space.value, one.unit) for one in load_map_features().features)


def write_pdf(path: Path, data: bytes) -> None:
    """Write a report, whole or not at all.

    Raises:
        OutputError: it cannot be written; the file that was there before is untouched.
    """
    from gaitviewer.report.pdf import put_in_place

    put_in_place(path, data)


def sources(document: Document, core: Provenance) -> list[tuple[str, Provenance]]:
    """What each part of the results comes from, in the words of the report."""
    from gaitviewer.report.content.wording import recording_words

    found = [
        (recording_words(data.trial.id, view), made)
        for data in document.trials
        for view in View
        if (made := data.provenance[view]) is not None and data.poses[view] is not None
    ]
    return [*found, ("measures", core)]


def store_results(library: Library, document: Document, files: Sequence[Path]) -> None:
    """Save the session and note the files that were written for it.

    Raises:
        StoreError: the library is as it was.
    """
    library.save_session(document)
    for path in files:
        library.add_output(document.session.id, path, kind=path.name, sha256=_digest(path))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
