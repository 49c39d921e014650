"""The printed assessment (PDF). Only this package uses reportlab, and only when a report is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.measures import AngleKind, Measures
from gaitviewer.core.output import Provenance, Signature
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.core.sections import choose_sections
from gaitviewer.report.pictures import PictureSource

__all__ = ["PictureSource", "frames_needed", "write_report"]


def frames_needed(
    measures: Measures, *, sections: frozenset[str] | None = None
) -> tuple[tuple[str, View, int], ...]:
    """(trial, view, frame) of every picture of the report, sorted: the order in which they are asked for.

    Raises:
        SettingsError: there is no section of that name.
    """
    from gaitviewer.report.content.evidence import frames_needed as needed

    return needed(measures, shown=choose_sections(sections))


def write_report(
    path: Path,
    measures: Measures,
    *,
    pictures: PictureSource,
    provenance: Sequence[tuple[str, Provenance]],
    created: str,
    paper: str = "A4",
    kinds: Sequence[AngleKind] = (),
    anonymous: bool = False,
    document: Document | None = None,
    sections: frozenset[str] | None = None,
    signed: Signature | None = None,
    tick: Tick = no_progress,
) -> None:
    """Write the assessment of a session as a PDF, whole or not at all.

    Args:
        path: the PDF file; an older one there is replaced.
        measures: what was measured.
        pictures: gives the frames for evidence pictures and key frames, see :class:`PictureSource`.
        provenance: (what, where it comes from), e.g. ("recording 1, side view", ...).
        created: ISO 8601 UTC time printed as the time of writing.
        paper: "A4" or "Letter".
        kinds: the angles with their titles and units, in the order of printing.
        anonymous: skeletons instead of pictures; diagnosis, days and months, notes left out.
        document: gives what a person adds: texts, grades, measurements, key images (texts, key images and
            names of raters are left out of an anonymous report).
        sections: names of :data:`gaitviewer.core.sections.SECTIONS` to print; None prints all. The front page
            says what was left out.
        signed: who signed the session as it stands, printed at the line to sign on (not if anonymous).
        tick: carries progress out.

    Raises:
        OutputError: the file cannot be written.
        SettingsError: the paper size or a section is not known.
    """
    from gaitviewer.report.pdf import write

    if anonymous:  # a session is often analysed on the day of the visit
        created = created[:4]
        provenance = [(what, replace(made, when=made.when[:4])) for what, made in provenance]
    write(
        Path(path), measures, pictures=pictures, provenance=tuple(provenance), created=created,
        paper=paper, kinds=tuple(kinds), anonymous=anonymous, document=document,
        shown=choose_sections(sections),
        signed=None if anonymous else signed, tick=tick,
    )  # fmt: skip
