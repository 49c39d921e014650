"""Writing of a document what differs from what the library holds: one grade writes one grade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gaitviewer.core.corrections import estimate_of
from gaitviewer.core.document import Document, Texts, TrialData
from gaitviewer.core.gait import View
from gaitviewer.core.pose import Corrections
from gaitviewer.store import mapping
from gaitviewer.store.mapping import to_row

if TYPE_CHECKING:
    from sqlite_utils import Database


def write_changes(db: Database, document: Document, before: Document | None, *, now: str) -> None:
    """Make the rows of a session those of ``document``; its row in ``sessions`` is the caller's.

    Args:
        db: the library, within a transaction.
        document: as it is to be.
        before: as the library holds it; None: unknown, everything is written anew.
        now: ISO 8601 UTC time, kept with the place of a video.
    """
    session = document.session.id
    if before is None or not _same_trials(document, before):
        db.execute("DELETE FROM trials WHERE session = ?", (session,))
        db.table("trials").insert_all(mapping.trial_rows(document))
        for data in document.trials:
            _write_trial(db, session, data, None, now)
    else:
        for row, old in zip(mapping.trial_rows(document), mapping.trial_rows(before), strict=True):
            if row != old:
                update_row(db, "trials", row, ("session", "id"))
        for data, known in zip(document.trials, before.trials, strict=True):
            if data is not known:
                _write_trial(db, session, data, known, now)
    for table in mapping.LISTS:
        if before is None:
            db.execute(f"DELETE FROM {table} WHERE session = ?", (session,))
        there = [] if before is None else mapping.list_rows(before, table)
        _write_list(db, table, session, mapping.list_rows(document, table), there)
    if before is None or document.texts != before.texts:
        db.execute("DELETE FROM texts WHERE session = ?", (session,))
        if document.texts != Texts():
            db.table("texts").insert(to_row(document.texts, session=session))


def _same_trials(one: Document, other: Document) -> bool:
    return [data.trial.id for data in one.trials] == [data.trial.id for data in other.trials]


def _write_list(
    db: Database,
    table: str,
    session: str,
    wanted: list[dict[str, Any]],
    there: list[dict[str, Any]],
) -> None:
    for row, old in zip(wanted, there, strict=False):
        if row != old:
            update_row(db, table, row, ("session", "position"))
    if len(wanted) > len(there):
        db.table(table).insert_all(wanted[len(there) :])
    elif len(wanted) < len(there):
        db.execute(f"DELETE FROM {table} WHERE session = ? AND position >= ?", (session, len(wanted)))


def update_row(db: Database, table: str, row: Mapping[str, Any], key: tuple[str, ...]) -> None:
    """Set the columns of ``row`` in the row that has its ``key``; indices of other columns are not touched."""
    columns = [name for name in row if name not in key]
    changes = ", ".join(f'"{name}" = ?' for name in columns)
    where = " AND ".join(f"{name} = ?" for name in key)
    values = [row[name] for name in (*columns, *key)]
    db.execute(f"UPDATE {table} SET {changes} WHERE {where}", values)


def _write_trial(db: Database, session: str, data: TrialData, known: TrialData | None, now: str) -> None:
    """What hangs on one trial: recordings, keypoints, their origin, events and strides left out.

    Args:
        db: the library.
        session: id of the session.
        data: as it is to be.
        known: as the library holds it; None: nothing of it is there.
        now: ISO 8601 UTC time.
    """
    for view in View:
        key = {"session": session, "trial": data.trial.id, "view": view.value}
        stream = data.trial.videos[view]
        if known is None or stream is not known.trial.videos[view]:
            _remove(db, "recordings", key)
            if stream is not None:
                seen = {"sha256": stream.sha256, "path": mapping.path_text(stream.path), "seen_utc": now}
                db.table("videos").upsert(seen, pk="sha256")
                db.table("recordings").insert(mapping.recording_row(stream, **key))
        pose = estimate_of(data, view)
        if known is None or pose is not estimate_of(known, view):
            _remove(db, "poses", key)
            if pose is not None:
                db.table("poses").insert(mapping.pose_row(pose, **key))
        made = data.provenance[view]
        if known is None or made != known.provenance[view]:
            _remove(db, "provenance", key)
            if made is not None:
                db.table("provenance").insert(to_row(made, **key))
        remarks = data.remarks[view]
        if known is None or remarks != known.remarks[view]:
            _remove(db, "remarks", key)
            if remarks is not None:
                db.table("remarks").insert(to_row(remarks, **key))
        _write_corrections(db, key, data.corrections[view], None if known is None else known.corrections[view])
        said, said_before = (set(one.hand_events[view]) if one is not None else set() for one in (data, known))
        for gone in said_before - said:
            _remove(db, "hand_events", to_row(gone, **key))
        db.table("hand_events").insert_all(
            to_row(one, **key) for one in data.hand_events[view] if one not in said_before
        )
        events = data.events[view]
        if known is None or events is not known.events[view]:
            _remove(db, "events", key)
            db.table("events").insert_all(mapping.event_rows(events or (), **key))
    if known is None or data.excluded_strides != known.excluded_strides:
        _remove(db, "excluded_strides", {"session": session, "trial": data.trial.id})
        db.table("excluded_strides").insert_all(mapping.excluded_rows(data, session=session))


def _write_corrections(
    db: Database, key: Mapping[str, str], wanted: Corrections | None, there: Corrections | None
) -> None:
    """What persons set in the frames in which it differs."""
    if wanted is there:
        return
    new, old = mapping.correction_rows(wanted), mapping.correction_rows(there)
    for frame in old.keys() - new.keys():
        _remove(db, "corrections", {**key, "frame": frame})
    rows = (
        {**key, "frame": frame, "points": points} for frame, points in new.items() if old.get(frame) != points
    )
    db.table("corrections").insert_all(rows, replace=True)


def _remove(db: Database, table: str, key: Mapping[str, Any]) -> None:
    where = " AND ".join(f"{name} = ?" for name in key)
    db.execute(f"DELETE FROM {table} WHERE {where}", list(key.values()))
