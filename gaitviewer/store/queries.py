"""What the library answers: lists from counts rather than from what is counted, and whole sessions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TypeVar

from gaitviewer.core.document import Document, Texts, TrialData
from gaitviewer.core.gait import BySide, ByView, GaitEvents, HandEvent, View
from gaitviewer.core.output import Provenance
from gaitviewer.core.remarks import ViewRemarks
from gaitviewer.errors import DamagedLibraryError, StoreError
from gaitviewer.messages import message
from gaitviewer.store import mapping
from gaitviewer.store.mapping import Row, from_row

T = TypeVar("T")
Select = Callable[..., list[Row]]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One line of the list of sessions.

    Attributes:
        id, subject: identifier and pseudonym.   when: date of the visit, if known.
        trials: number of recordings.   outputs: number of files written.
        saved_utc: last saved, ISO 8601 UTC.   signed_utc, signed_by: latest signed snapshot, "" if none.
        poses: views with keypoints.   grades: grades by persons, all raters together.
        graded: items of limbs that the rater with most of them graded ("not assessable" counts).
        views: views that were recorded.   texts: whether a person wrote any.
        corrected: whether a person corrected points or events, or left something out.
        damaged: whether it lies in a damaged part of the library; the rest of the line is empty then, but for
            what could be read.
    """

    id: str
    subject: str
    when: date | None
    trials: int
    outputs: int
    saved_utc: str
    signed_utc: str
    signed_by: str
    poses: int = 0
    grades: int = 0
    graded: int = 0
    views: frozenset[View] = frozenset()
    texts: bool = False
    corrected: bool = False
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """Where a video is used."""

    session: str
    trial: str
    view: View
    path: Path


@dataclass(frozen=True, slots=True)
class OutputRow:
    """A file that was written for a session; ``kind`` is e.g. "report.pdf"."""

    kind: str
    path: Path
    sha256: str
    when: str


_SQL = """
SELECT s.id, s.subject, s.date AS "when", MAX(s.saved_utc, COALESCE((SELECT j."when" FROM journal j
        WHERE j.session = s.id ORDER BY j.number DESC LIMIT 1), '')) AS saved_utc,
    COALESCE(n."when", '') AS signed_utc, COALESCE(n.who, '') AS signed_by,
    (SELECT COUNT(*) FROM trials t WHERE t.session = s.id) AS trials,
    (SELECT COUNT(*) FROM outputs o WHERE o.session = s.id) AS outputs,
    (SELECT COUNT(*) FROM (SELECT trial, view FROM poses WHERE session = s.id
        UNION SELECT trial, view FROM corrections WHERE session = s.id)) AS poses,
    (SELECT COUNT(*) FROM grades g WHERE g.session = s.id) AS grades,
    (SELECT COALESCE(MAX(cells), 0) FROM (SELECT COUNT(DISTINCT g.item || g.side) AS cells FROM grades g
        WHERE g.session = s.id GROUP BY g.rater)) AS graded,
    (SELECT JSON_GROUP_ARRAY(DISTINCT r.view) FROM recordings r WHERE r.session = s.id) AS views,
    EXISTS (SELECT 1 FROM texts x WHERE x.session = s.id) AS texts,
    (EXISTS (SELECT 1 FROM excluded_strides e WHERE e.session = s.id)
        OR EXISTS (SELECT 1 FROM poses p WHERE p.session = s.id AND p.corrected)
        OR EXISTS (SELECT 1 FROM corrections c WHERE c.session = s.id)
        OR EXISTS (SELECT 1 FROM hand_events h WHERE h.session = s.id)
        OR EXISTS (SELECT 1 FROM trials t WHERE t.session = s.id AND (t.excluded != ''
            OR t.sagittal_event_passes IS NOT NULL OR t.coronal_event_passes IS NOT NULL))
    ) AS corrected, FALSE AS damaged
FROM sessions s LEFT JOIN snapshots n
    ON n.id = (SELECT MAX(id) FROM snapshots WHERE session = s.id)
WHERE (s.deleted_utc IS NOT NULL) = ?{which}
ORDER BY s.date IS NULL, s.date DESC, saved_utc DESC, s.id
"""


def list_sessions(select: Select, *, deleted: bool) -> tuple[SessionRow, ...]:
    """All sessions (or all deleted ones), the latest visit first; undated ones last.

    Args:
        select: answers an SQL query with values.
        deleted: which of the two lists.

    Where a part of the library is damaged, the sessions in other parts are listed as usual.

    Raises:
        DamagedLibraryError: not even the identifiers can be read.
        StoreError: the library cannot be read.
    """
    try:
        return tuple(from_row(row, SessionRow) for row in select(_SQL.format(which=""), int(deleted)))
    except (DamagedLibraryError, ValueError) as error:
        try:
            names = [row["id"] for row in select("SELECT id FROM sessions ORDER BY id")]
        except StoreError:
            raise error from None
    found = (_row_alone(select, name, deleted=deleted) for name in names)
    return tuple(row for row in found if row is not None)


def _row_alone(select: Select, name: str, *, deleted: bool) -> SessionRow | None:
    """One session of a library that is damaged; None if it is in the other list."""
    try:
        found = select(_SQL.format(which=" AND s.id = ?"), int(deleted), name)
        return from_row(found[0], SessionRow) if found else None
    except (DamagedLibraryError, ValueError):
        bare = SessionRow(name, "", None, 0, 0, "", "", "", damaged=True)
    try:
        found = select("SELECT subject, date, deleted_utc FROM sessions WHERE id = ?", name)
    except DamagedLibraryError:
        return None if deleted else bare  # in which list it is cannot be read
    if not found or (found[0]["deleted_utc"] is not None) is not deleted:
        return None
    with contextlib.suppress(ValueError, TypeError):
        bare = replace(bare, when=date.fromisoformat(found[0]["date"]))
    return replace(bare, subject=str(found[0]["subject"]))


def load_document(select: Select, session_id: str, path: Path, *, keypoints: bool = True) -> Document:
    """A session from its rows.

    Args:
        select: answers an SQL query with values, within one transaction.
        session_id: which.
        path: the library, for messages.
        keypoints: with the poses; without, there are none in the document.

    Raises:
        StoreError: there is no such session.
        ValueError, KeyError, TypeError: its rows are damaged.
    """
    found = select("SELECT * FROM sessions WHERE id = ?", session_id)
    if not found:
        raise StoreError(message("error.store.no_session", session=session_id, path=path))
    subject = select("SELECT * FROM subjects WHERE pseudonym = ?", found[0]["subject"])[0]
    trials = select("SELECT * FROM trials WHERE session = ? ORDER BY position", session_id)
    lists = {
        table: tuple(
            from_row(row, kind)
            for row in select(f"SELECT * FROM {table} WHERE session = ? ORDER BY position", session_id)
        )
        for table, kind in mapping.LISTS.items()
    }
    texts = select("SELECT * FROM texts WHERE session = ?", session_id)
    return Document(
        session=mapping.session_of(found[0], subject),
        trials=tuple(_load_trial(select, row, keypoints) for row in trials),
        texts=from_row(texts[0], Texts) if texts else Texts(),
        foot_zero_deg=BySide(found[0]["foot_zero_left_deg"], found[0]["foot_zero_right_deg"]),
        **lists,
    )


def _load_trial(select: Select, row: Row, keypoints: bool) -> TrialData:
    def of_trial(sql: str) -> list[Row]:
        return select(sql.format("session = ? AND trial = ?"), row["session"], row["id"])

    def of_views(table: str, make: Callable[[Row], T]) -> ByView[T | None]:
        there = {View(one["view"]): make(one) for one in of_trial(f"SELECT * FROM {table} WHERE {{}}")}
        return ByView(there.get(View.SAGITTAL), there.get(View.CORONAL))

    def corrected(view: View) -> tuple[GaitEvents, ...] | None:
        of_view = [one for one in events if one["view"] == view.value]
        return mapping.events_of(of_view, row[f"{view.value}_event_passes"])

    def said(view: View) -> tuple[HandEvent, ...]:
        return tuple(from_row(one, HandEvent) for one in spoken if one["view"] == view.value)

    spoken = of_trial("SELECT * FROM hand_events WHERE {} ORDER BY view, time_s, kind, side, denied")
    events = of_trial("SELECT * FROM events WHERE {} ORDER BY view, pass, position")
    excluded = of_trial("SELECT * FROM excluded_strides WHERE {} ORDER BY position")
    data = TrialData(
        trial=mapping.trial_of(row, of_views("recordings JOIN videos USING (sha256)", mapping.stream_of)),
        poses=of_views("poses", mapping.pose_of) if keypoints else ByView(None, None),
        events=ByView(corrected(View.SAGITTAL), corrected(View.CORONAL)),
        excluded_strides=tuple((one["stride"], one["reason"]) for one in excluded),
        provenance=of_views("provenance", lambda one: from_row(one, Provenance)),
        remarks=of_views("remarks", lambda one: from_row(one, ViewRemarks)),
        hand_events=ByView(said(View.SAGITTAL), said(View.CORONAL)),
    )
    if keypoints:
        placed = of_trial("SELECT * FROM corrections WHERE {} ORDER BY view, frame")
        for view in View:
            data = mapping.with_corrections(data, view, [one for one in placed if one["view"] == view.value])
    return data
