"""What a session says, as digests: equal digests are equal content, whatever file or clock it comes from.

The digests are made of canonical bytes: fields by name, numbers as the shortest text of a 64-bit float,
arrays as little-endian C-order bytes. A field that holds its default is left out, so that a field that a
later version adds does not change what was said before. Where a video lies is no part of what is said.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import date
from enum import Enum
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from gaitviewer.core.document import Document
from gaitviewer.core.skeleton import Skeleton
from gaitviewer.messages import AS_WRITTEN, Message

PARTS = SESSION, RECORDINGS, CORRECTIONS, GRADES, MEASUREMENTS, KEY_IMAGES, TEXTS, KEYPOINTS = (
    "facts of the session", "recordings", "corrections", "grades", "measurements by hand", "key images",
    "texts", "keypoints",
)  # fmt: skip
"""What a session is made of, as a person is told; :func:`content_digests` can leave out the last."""


def content_digests(document: Document, *, keypoints: bool = True) -> dict[str, str]:
    """SHA-256 (hexadecimal) of each part of a session, by the name that a person is told.

    Args:
        document: the session.
        keypoints: with the digest of the keypoints; without, the poses are not looked at.
    """
    trials = document.trials
    parts: dict[str, Any] = {
        SESSION: document.session,
        RECORDINGS: [[d.trial.id, d.trial.notes, d.trial.videos, d.provenance] for d in trials],
        CORRECTIONS: [
            [
                # what persons say of events only where anybody did: signatures of before stay what they were
                [d.trial.id, d.trial.sync, d.trial.excluded, d.events, d.excluded_strides]
                + [d.hand_events] * any(d.hand_events)
                for d in trials
            ],
            document.foot_zero_deg,
        ],
        GRADES: document.grades,
        MEASUREMENTS: document.hand_measures,
        KEY_IMAGES: document.key_images,
        TEXTS: document.texts,
    }
    if keypoints:
        parts[KEYPOINTS] = [[d.trial.id, d.poses] for d in trials]
    return {name: _digest(part) for name, part in parts.items()}


def _digest(part: Any) -> str:
    text = json.dumps(_plain(part), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.ndarray):
        data = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
        return [data.dtype.str, list(data.shape), hashlib.sha256(data.tobytes()).hexdigest()]
    if isinstance(value, Real):
        return float(value) + 0.0  # no negative zero: a database does not keep it
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Skeleton):
        return value.name
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Message) and value.code in ("", AS_WRITTEN):
        return str(value)  # where there are messages now, there were texts once
    if dataclasses.is_dataclass(value):
        return {
            field.name: _plain(part)
            for field in dataclasses.fields(value)
            # What has no words is not stored either; see Sync.
            if field.repr and not isinstance(part := getattr(value, field.name), Path)
            if not _is_default(field, part)
        }
    raise TypeError(f"{type(value).__name__} has no place in a session")


def _is_default(field: dataclasses.Field[Any], value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return False
    return field.default is not dataclasses.MISSING and bool(value == field.default)
