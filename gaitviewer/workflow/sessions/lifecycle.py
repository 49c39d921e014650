"""A session from the library to the report: made, listed, opened, analysed, saved, printed."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.content import content_digests
from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.edits import change_trial
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.journal import Entry
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import Answer, Signature
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.core.report_options import WHOLE_REPORT, ReportOptions
from gaitviewer.core.session import VideoStream
from gaitviewer.errors import SettingsError, StoreError, VideoError
from gaitviewer.messages import message
from gaitviewer.util.names import real_path
from gaitviewer.workflow.analysis.inputs import video_digests
from gaitviewer.workflow.analysis.measure import core_provenance
from gaitviewer.workflow.sessions.signing import check_signature

if TYPE_CHECKING:
    from gaitviewer.store import Library
    from gaitviewer.workflow.analysis.request import AnalyzeRequest

REPORT_NAME = "report.pdf"


def signature_of(library: Library, session_id: str) -> tuple[Signature | None, bool]:
    """Who signed a session last, if anybody did, and whether it stands as it was signed then.

    Raises:
        StoreError: there is no such session, or it cannot be read.
    """
    signature = check_signature(library, session_id)
    return signature, signature is not None and signature.stands


def save_copy(library: Library, document: Document) -> tuple[Document, str]:
    """Save a session as one of its own beside the one that is there; returns it and its revision.

    Raises:
        StoreError: the library is as it was.
    """
    rows = (*library.list_sessions(), *library.list_sessions(deleted=True))
    taken = {row.id for row in rows}
    number = next(n for n in range(2, len(taken) + 3) if f"{document.session.id}-{n}" not in taken)
    note = f"{document.session.note}\n" if document.session.note else ""
    session = replace(
        document.session,
        id=f"{document.session.id}-{number}",
        note=f"{note}Copy: the session was changed in two programs at the same time.",
    )
    copy = replace(document, session=session)
    return copy, library.save_session(copy)


def sign_session(
    library: Library,
    document: Document,
    measures: Measures,
    *,
    who: str,
    opened: str | None = None,
    entries: Sequence[Entry] = (),
) -> tuple[str, Signature]:
    """Save a session and sign it as it is: grades, measures and their origin, for ever.

    Returns the revision that is in the library now, and the signature; ``opened`` and ``entries`` are as in
    :meth:`~gaitviewer.store.library.Library.save_session`.

    Raises:
        SettingsError: nobody signs.
        StoreError: nothing was signed.
    """
    from gaitviewer import formats

    if not who.strip():
        raise SettingsError(message("error.session.signature_without_name"))
    revision = library.save_session(document, opened=opened, entries=entries)
    text = formats.assessment_text(measures, document, core=core_provenance(document, seconds=0.0))
    made = library.add_snapshot(
        document.session.id, text, who=who.strip(), content=content_digests(document), revision=revision
    )
    return revision, Signature(made.who, made.when)


def create_session(request: AnalyzeRequest, library: Library, *, tick: Tick = no_progress) -> Document:
    """Check the recordings of a request and keep them as a new session, not analysed yet.

    Raises:
        VideoError: a video cannot be used.
        StoreError: the session exists already, or the library cannot be written.
    """
    from gaitviewer.workflow.analysis.open_trials import open_trials
    from gaitviewer.workflow.analysis.request import session_id

    trials = open_trials(request, subprogress(tick, 0.0, 0.95))
    session = replace(request.session, id=session_id(request.session, video_digests(trials)))
    known = {row.id for row in library.list_sessions()}
    if session.id in known:
        raise StoreError(message("error.session.there_already", subject=session.subject.pseudonym))
    if session.id in {row.id for row in library.list_sessions(deleted=True)}:
        raise StoreError(message("error.session.was_deleted", subject=session.subject.pseudonym))
    document = Document(session, tuple(TrialData(trial, ByView(None, None)) for trial in trials))
    library.save_session(document)
    tick(1.0, message("progress.done"))
    return document


def missing_videos(document: Document) -> tuple[tuple[str, View, VideoStream], ...]:
    """(trial, view, stream) of every video whose file is not where it was."""
    return tuple(
        (data.trial.id, view, stream)
        for data in document.trials
        for view in View
        if (stream := data.trial.videos[view]) is not None and not stream.path.is_file()
    )


def found_video(document: Document, trial: str, view: View, path: Path) -> Document:
    """The same document with a video at its new place.

    Raises:
        VideoError: the file cannot be read, or is another one than the session was made from.
    """
    from gaitviewer.video import identity_of

    path = real_path(path)
    data = next(data for data in document.trials if data.trial.id == trial)
    stream = data.trial.videos[view]
    if stream is None:
        raise VideoError(
            message("error.session.no_such_view", trial=trial, view=message(f"error.view.{view.value}"))
        )
    if identity_of(path) != stream.sha256:
        raise VideoError(message("error.session.other_file", file=path.name))
    videos = replace(data.trial.videos, **{view.value: replace(stream, path=path)})
    return change_trial(document, trial, lambda data: replace(data, trial=replace(data.trial, videos=videos)))


def found_in_folder(document: Document, folder: Path) -> Document:
    """The same document with all missing videos that lie in a folder under their old names."""
    for trial, view, stream in missing_videos(document):
        path = folder / stream.path.name
        if path.is_file():
            try:
                document = found_video(document, trial, view, path)
            except VideoError:
                continue
    return document


def export_report(
    document: Document,
    measures: Measures,
    folder: Path,
    *,
    options: ReportOptions = WHOLE_REPORT,
    name: str = REPORT_NAME,
    library: Library | None = None,
    signed: Signature | None = None,
    answers: Sequence[Answer] = (),
    tick: Tick = no_progress,
) -> Path:
    """Write the printed report into a folder, whole or not at all; noted in the library if one is given.

    ``signed`` says who signed the session as it stands, ``answers`` what learned models said of it.

    Raises:
        OutputError: the folder is as it was.
    """
    from gaitviewer.util.file_set import write_all
    from gaitviewer.video import digest_file
    from gaitviewer.workflow.results.export import write_pdf

    def write(path: Path) -> None:
        write_pdf(path, _pdf(document, measures, options, signed, answers, subprogress(tick, 0.0, 0.98)))

    (path,) = write_all(folder, {name: write})
    if library is not None and not library.read_only:
        library.add_output(document.session.id, path, kind=REPORT_NAME, sha256=digest_file(path))
    tick(1.0, message("progress.done"))
    return path


def _pdf(
    document: Document,
    measures: Measures,
    options: ReportOptions,
    signed: Signature | None,
    answers: Sequence[Answer],
    tick: Tick,
) -> bytes:
    from gaitviewer.workflow.results.export import render_pdf

    return render_pdf(
        document,
        measures,
        core=core_provenance(document),
        options=options,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        signed=signed,
        answers=answers,
        tick=tick,
    )


def export_and_note(
    document: Document, measures: Measures, folder: Path, *, library: Path | None = None, **how: Any
) -> Path:
    """Write the report and note it in the library file (None: in none); see :func:`export_report`."""
    from gaitviewer.store import open_library

    with contextlib.ExitStack() as stack:
        known = None
        if library is not None and library.is_file():
            known = stack.enter_context(open_library(library))
        return export_report(document, measures, folder, library=known, **how)


def preview_report(
    document: Document,
    measures: Measures,
    *,
    options: ReportOptions = WHOLE_REPORT,
    signed: Signature | None = None,
    answers: Sequence[Answer] = (),
    tick: Tick = no_progress,
) -> tuple[NDArray[np.uint8], ...]:
    """The real pages of the report as pictures u8 [H, W, 4] (blue first); no file is written."""
    from gaitviewer.report.preview import page_pictures

    data = _pdf(document, measures, options, signed, answers, subprogress(tick, 0.0, 0.7))
    pages = []
    for number, count, picture in page_pictures(data, height_px=1400):
        tick(0.7 + 0.3 * number / count, message("progress.page", page=number + 1, total=count))
        pages.append(picture)
    return tuple(pages)


def demo_in(library: Library) -> Document | None:
    """The demo session of a library, if it is there."""
    from gaitviewer.workflow.sessions.demo import is_demo

    found = next((row.id for row in library.list_sessions() if is_demo(row.subject)), None)
    return None if found is None else library.load_session(found)
