"""What a person adds to a session, as rows of the tables, and back. NaN is NULL in the tables."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from gaitviewer.core.document import Document, KeyImage, ManualMeasurement, Texts
from gaitviewer.core.gait import Side, View

Row = Mapping[str, Any]


def key_image_rows(document: Document) -> Iterator[dict[str, Any]]:
    """Rows of ``key_images``."""
    for position, image in enumerate(document.key_images):
        yield {
            "session": document.session.id,
            "position": position,
            "trial": image.trial,
            "view": image.view.value,
            "frame": image.frame,
            "time_s": image.time_s,
            "caption": image.caption,
        }


def key_image_of(row: Row) -> KeyImage:
    """The key image of a row."""
    return KeyImage(row["trial"], View(row["view"]), row["frame"], row["time_s"], row["caption"])


def hand_measure_rows(document: Document) -> Iterator[dict[str, Any]]:
    """Rows of ``hand_measures``."""
    for position, done in enumerate(document.hand_measures):
        yield {
            "session": document.session.id,
            "position": position,
            "tool": done.tool,
            "value": None if math.isnan(done.value) else done.value,
            "unit": done.unit,
            "trial": done.trial,
            "view": done.view.value,
            "frame": done.frame,
            "points": json.dumps(done.points),
            "item": done.item,
            "side": done.side.value if done.side else None,
            "rater": done.rater,
            "when": done.when,
            "note": done.note,
        }


def hand_measure_of(row: Row) -> ManualMeasurement:
    """The hand measurement of a row."""
    return ManualMeasurement(
        tool=row["tool"],
        value=math.nan if row["value"] is None else row["value"],
        unit=row["unit"],
        trial=row["trial"],
        view=View(row["view"]),
        frame=row["frame"],
        points=tuple((float(x), float(y)) for x, y in json.loads(row["points"])),
        item=row["item"],
        side=Side(row["side"]) if row["side"] else None,
        rater=row["rater"],
        when=row["when"],
        note=row["note"],
    )


def texts_row(document: Document) -> dict[str, Any]:
    """The row of ``texts``."""
    texts = document.texts
    return {
        "session": document.session.id,
        "findings": texts.findings,
        "impression": texts.impression,
        "plan": texts.plan,
    }


def texts_of(row: Row | None) -> Texts:
    """The texts of a row; empty ones where there is none."""
    return Texts() if row is None else Texts(row["findings"], row["impression"], row["plan"])
