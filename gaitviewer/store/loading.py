"""From the rows of the library to a document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import BySide, ByView, GaitEvents, View
from gaitviewer.core.output import Provenance
from gaitviewer.core.pose import PoseSequence
from gaitviewer.errors import StoreError
from gaitviewer.messages import message
from gaitviewer.store import additions, rows

T = TypeVar("T")
Select = Callable[..., list[rows.Row]]


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
    grades, images, measures = (
        select(f"SELECT * FROM {table} WHERE session = ? ORDER BY position", session_id)
        for table in ("grades", "key_images", "hand_measures")
    )
    texts = select("SELECT * FROM texts WHERE session = ?", session_id)
    return Document(
        session=rows.session_of(found[0], subject),
        trials=tuple(_load_trial(select, row, keypoints) for row in trials),
        grades=tuple(rows.grade_of(row) for row in grades),
        key_images=tuple(additions.key_image_of(row) for row in images),
        hand_measures=tuple(additions.hand_measure_of(row) for row in measures),
        texts=additions.texts_of(texts[0] if texts else None),
        foot_zero_deg=BySide(found[0]["foot_zero_left_deg"], found[0]["foot_zero_right_deg"]),
    )


def _load_trial(select: Select, row: rows.Row, keypoints: bool) -> TrialData:
    key = (row["session"], row["id"])
    where = "WHERE session = ? AND trial = ?"
    recordings = select(f"SELECT * FROM recordings JOIN videos USING (sha256) {where}", *key)
    streams = {View(r["view"]): rows.stream_of(r) for r in recordings}
    poses = {r["view"]: r for r in select(f"SELECT * FROM poses {where}", *key)} if keypoints else {}
    origins = {r["view"]: r for r in select(f"SELECT * FROM provenance {where}", *key)}
    events = select(f"SELECT * FROM events {where} ORDER BY view, pass, position", *key)
    excluded = select(f"SELECT * FROM excluded_strides {where} ORDER BY position", *key)

    def corrected(view: View) -> tuple[GaitEvents, ...] | None:
        of_view = [r for r in events if r["view"] == view.value]
        return rows.events_of(of_view, row[f"{view.value}_event_passes"])

    def pose(view: View) -> PoseSequence | None:
        return rows.pose_of(poses[view.value]) if view.value in poses else None

    def made(view: View) -> Provenance | None:
        return rows.provenance_of(origins[view.value]) if view.value in origins else None

    return TrialData(
        trial=rows.trial_of(row, streams),
        poses=_by_view(pose),
        events=_by_view(corrected),
        excluded_strides=tuple((r["stride"], r["reason"]) for r in excluded),
        provenance=_by_view(made),
    )


def _by_view(make: Callable[[View], T]) -> ByView[T]:
    return ByView(make(View.SAGITTAL), make(View.CORONAL))
