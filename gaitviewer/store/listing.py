"""The list of sessions: one line for each, from counts rather than from what is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from gaitviewer.core.gait import View
from gaitviewer.errors import DamagedLibraryError, StoreError
from gaitviewer.store import rows
from gaitviewer.store.entries import SessionRow

Select = Callable[..., list[rows.Row]]

_SQL = """
SELECT s.id, s.subject, s.date, s.saved_utc, n."when" AS signed_utc, n.who AS signed_by,
    (SELECT COUNT(*) FROM trials t WHERE t.session = s.id) AS trials,
    (SELECT COUNT(*) FROM outputs o WHERE o.session = s.id) AS outputs,
    (SELECT COUNT(*) FROM poses p WHERE p.session = s.id) AS poses,
    (SELECT COUNT(*) FROM grades g WHERE g.session = s.id) AS grades,
    (SELECT MAX(cells) FROM (SELECT COUNT(DISTINCT g.item || g.side) AS cells FROM grades g
        WHERE g.session = s.id GROUP BY g.rater)) AS graded,
    (SELECT GROUP_CONCAT(DISTINCT r.view) FROM recordings r WHERE r.session = s.id) AS views,
    EXISTS (SELECT 1 FROM texts x WHERE x.session = s.id) AS texts,
    (EXISTS (SELECT 1 FROM excluded_strides e WHERE e.session = s.id)
        OR EXISTS (SELECT 1 FROM poses p WHERE p.session = s.id AND p.corrected)
        OR EXISTS (SELECT 1 FROM trials t WHERE t.session = s.id AND (t.excluded != ''
            OR t.sagittal_event_passes IS NOT NULL OR t.coronal_event_passes IS NOT NULL))
    ) AS corrected
FROM sessions s LEFT JOIN snapshots n
    ON n.id = (SELECT MAX(id) FROM snapshots WHERE session = s.id)
WHERE (s.deleted_utc IS NOT NULL) = ?{which}
ORDER BY s.date IS NULL, s.date DESC, s.saved_utc DESC, s.id
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
        return tuple(_row(row) for row in select(_SQL.format(which=""), int(deleted)))
    except DamagedLibraryError as error:
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
        return _row(found[0]) if found else None
    except DamagedLibraryError:
        bare = SessionRow(name, "", None, 0, 0, "", "", "", damaged=True)
    try:
        found = select("SELECT subject, date, deleted_utc FROM sessions WHERE id = ?", name)
    except DamagedLibraryError:
        return None if deleted else bare  # in which list it is cannot be read
    if not found or (found[0]["deleted_utc"] is not None) is not deleted:
        return None
    return replace(bare, subject=found[0]["subject"], when=_day(found[0]["date"]))


def _row(row: rows.Row) -> SessionRow:
    return SessionRow(
        row["id"],
        row["subject"],
        _day(row["date"]),
        row["trials"],
        row["outputs"],
        row["saved_utc"],
        row["signed_utc"] or "",
        row["signed_by"] or "",
        poses=row["poses"],
        grades=row["grades"],
        graded=row["graded"] or 0,
        views=frozenset(View(view) for view in (row["views"] or "").split(",") if view),
        texts=bool(row["texts"]),
        corrected=bool(row["corrected"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
