"""Values as rows of the tables, and back.

A column has the name of its field. Enumerations, dates and messages are text, true is 1, arrays are packed,
tuples and inner dataclasses are JSON; NaN is NULL. Where a table is otherwise, a function here says how.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache, lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from gaitviewer.core.corrections import set_points
from gaitviewer.core.document import Document, KeyImage, ManualMeasurement, TrialData
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import ByView, GaitEvent, GaitEvents, View
from gaitviewer.core.journal import Change, Entry
from gaitviewer.core.pose import Corrections, Origin, PoseSequence
from gaitviewer.core.serialise import (
    from_plain,
    from_stored,
    pack,
    parse_json,
    seal,
    to_plain,
    to_stored,
    unpack,
    unseal,
)
from gaitviewer.core.session import Session, Subject, Sync, Trial, VideoStream
from gaitviewer.core.skeleton import BODY_FEET_23, Skeleton
from gaitviewer.core.timing import VideoInfo
from gaitviewer.errors import StoreError
from gaitviewer.messages import Message, message
from gaitviewer.store import arrays

T = TypeVar("T")
Row = Mapping[str, Any]
SKELETONS: dict[str, Skeleton] = {BODY_FEET_23.name: BODY_FEET_23}
LISTS: Mapping[str, type[Any]] = MappingProxyType(
    {"grades": Grade, "key_images": KeyImage, "hand_measures": ManualMeasurement}
)
"""Tables of a session whose rows are numbered by their position, by the field of the document."""

_SYNC = ("offset_s", "sigma_s", "source", "note")


def to_row(value: Any, *without: str, **more: Any) -> dict[str, Any]:
    """The row of a dataclass.

    Args:
        value: any dataclass of the core.
        without: fields that the table does not have.
        more: other columns, or other values of some.
    """
    names = (field.name for field in fields(value) if field.name not in without and field.name not in more)
    return more | {name: _written(getattr(value, name)) for name in names}


def from_row(row: Row, kind: type[T], **known: Any) -> T:
    """The dataclass of a row.

    Args:
        row: with a column for each field, and perhaps others.
        kind: which dataclass.
        known: fields that no column holds.

    Raises:
        KeyError, ValueError, DamagedLibraryError: the row is damaged.
    """
    any_kind: Any = kind
    read = {name: read(row[name]) for name, read in _readers(any_kind) if name not in known}
    return from_plain({**row, **read, **known}, kind, unknown="ignore")


@cache
def _readers(kind: Any) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """How the columns are read that cannot be taken as they stand."""
    hints = get_type_hints(kind)
    readers = ((field.name, _reader(hints[field.name])) for field in fields(kind))
    return tuple((name, read) for name, read in readers if read is not None)


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    if get_origin(hint) is np.ndarray:
        return arrays.unpack
    if hint is bool:
        return bool
    if get_origin(hint) is frozenset:  # of members of an enumeration: few different texts
        return lru_cache(parse_json)
    if get_origin(hint) is tuple or any(is_dataclass(kind) for kind in get_args(hint)):
        return lambda value: _restored(parse_json(value) if isinstance(value, str) else value, hint)
    return partial(_restored, hint=hint) if hint in (float, Message) else None


def _written(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.ndarray):
        return arrays.pack(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Message):
        return to_stored(value)
    if isinstance(value, tuple):
        return json.dumps([to_stored(one) if isinstance(one, Message) else to_plain(one) for one in value])
    if is_dataclass(value):
        return json.dumps(to_plain(value))
    return int(value) if isinstance(value, bool) else value


def _restored(value: Any, hint: Any) -> Any:
    """NaN in place of nothing wherever only a number may be, and messages of their texts."""
    if value is None and hint is float:
        return math.nan
    if hint is Message and isinstance(value, str):
        return from_stored(value)
    if isinstance(value, list) and get_origin(hint) is tuple:
        kinds = get_args(hint)
        return [_restored(one, kinds[0 if kinds[-1] is ... else n]) for n, one in enumerate(value)]
    return value


def path_text(path: Path) -> str:
    """A path as the tables hold it.

    File names that are no valid UTF-8 cannot be stored as text; the digest still identifies the video.
    """
    return os.fsencode(path.absolute()).decode("utf-8", "replace")


# --- tables that are not a type -----------------------------------------------------------------------------


def session_row(document: Document, **more: Any) -> dict[str, Any]:
    """The row of ``sessions``."""
    session, zero = document.session, document.foot_zero_deg
    row = to_row(session, "when", subject=session.subject.pseudonym, date=_written(session.when), **more)
    return row | {"foot_zero_left_deg": zero.left, "foot_zero_right_deg": zero.right}


def session_of(row: Row, subject: Row) -> Session:
    """The session of a row of ``sessions`` and its row of ``subjects``."""
    return from_row({**row, "when": row["date"]}, Session, subject=from_row(subject, Subject))


def list_rows(document: Document, table: str) -> list[dict[str, Any]]:
    """The rows of one of :data:`LISTS`."""
    values = enumerate(getattr(document, table))
    return [to_row(value, session=document.session.id, position=position) for position, value in values]


def trial_rows(document: Document) -> Iterator[dict[str, Any]]:
    """Rows of ``trials``."""
    for position, data in enumerate(document.trials):
        row = to_row(data.trial, "videos", "sync", session=document.session.id, position=position)
        row |= {f"sync_{name}": _written(getattr(data.trial.sync, name, None)) for name in _SYNC}
        # NULL = the detected events count; 0 = a person decided that there are no passes.
        for view, events in zip(("sagittal", "coronal"), data.events, strict=True):
            row[f"{view}_event_passes"] = None if events is None else len(events)
        yield row


def trial_of(row: Row, videos: ByView[VideoStream | None]) -> Trial:
    """The trial of a row of ``trials``."""
    facts = {name: row[f"sync_{name}"] for name in _SYNC}
    sync = None if row["sync_source"] is None else from_row(facts, Sync, exchanged_s=None)
    return from_row(row, Trial, videos=videos, sync=sync)


def recording_row(stream: VideoStream, **key: Any) -> dict[str, Any]:
    """The row of ``recordings``."""
    return to_row(stream.info, **key, sha256=stream.sha256, recorded_at_hz=stream.recorded_at_hz)


def stream_of(row: Row) -> VideoStream:
    """The video stream of a row of ``recordings`` joined with the path of ``videos``."""
    return from_row(row, VideoStream, info=from_row(row, VideoInfo))


def pose_row(pose: PoseSequence, **key: Any) -> dict[str, Any]:
    """The row of ``poses``."""
    if pose.skeleton.name not in SKELETONS:
        raise ValueError(f"keypoint layout {pose.skeleton.name} is not known to the store")
    corrected = int(bool((pose.origin == Origin.CORRECTED).any()))
    return to_row(pose, **key, skeleton=pose.skeleton.name, corrected=corrected)


def pose_of(row: Row) -> PoseSequence:
    """The keypoints of a row of ``poses``."""
    if row["skeleton"] not in SKELETONS:
        raise StoreError(message("error.store.keypoint_layout", skeleton=row["skeleton"]))
    return from_row(row, PoseSequence, skeleton=SKELETONS[row["skeleton"]])


def correction_rows(corrections: Corrections | None) -> dict[int, bytes]:
    """What persons set in each frame, f32 [N, 4]: point, origin, x, y."""
    if corrections is None:
        return {}
    frames, points = np.divmod(corrections.cells, len(BODY_FEET_23))
    values = np.column_stack([points, corrections.origin, corrections.xy]).astype(np.float32)
    starts = np.flatnonzero(np.diff(frames, prepend=-1))
    return {
        int(frames[start]): arrays.pack(rows)
        for start, rows in zip(starts, np.split(values, starts[1:]), strict=True)
    }


def with_corrections(data: TrialData, view: View, rows: Sequence[Row]) -> TrialData:
    """The trial with the rows of ``corrections`` of a view, in order of frame, over its estimate."""
    if not rows:
        return data
    found = [(row["frame"], arrays.unpack(row["points"])) for row in rows]
    cells = np.concatenate(
        [frame * len(BODY_FEET_23) + values[:, 0].astype(np.int32) for frame, values in found]
    )
    values = np.concatenate([values for _, values in found])
    return set_points(data, view, cells, values[:, 2:], values[:, 1].astype(np.uint8))


def journal_row(entry: Entry, session: str) -> dict[str, Any]:
    """The row of ``journal``."""
    return to_row(entry, session=session, changes=zlib.compress(seal(pack(entry.changes))))


def entry_of(row: Row) -> Entry:
    """The entry of a row of ``journal``.

    Raises:
        ValueError, zlib.error: it is damaged.
    """
    changes = unpack(unseal(zlib.decompress(row["changes"])), tuple[Change, ...])
    return from_row({**row, "changes": []}, Entry, changes=changes)


def event_rows(passes: Sequence[GaitEvents], **key: Any) -> Iterator[dict[str, Any]]:
    """Rows of ``events``: one for each event of each pass."""
    for number, events in enumerate(passes):
        for position, event in enumerate(events.events):
            yield to_row(event, **key, **{"pass": number}, position=position)


def events_of(rows: Sequence[Row], passes: int | None) -> tuple[GaitEvents, ...] | None:
    """The corrected events of a view; None where nobody corrected any."""
    if passes is None:
        return None
    found: list[list[GaitEvent]] = [[] for _ in range(passes)]
    for row in rows:
        found[row["pass"]].append(from_row(row, GaitEvent))
    return tuple(GaitEvents(tuple(events)) for events in found)


def excluded_rows(data: TrialData, **key: Any) -> Iterator[dict[str, Any]]:
    """Rows of ``excluded_strides``."""
    for position, (stride, reason) in enumerate(data.excluded_strides):
        yield {**key, "trial": data.trial.id, "position": position, "stride": stride, "reason": reason}
