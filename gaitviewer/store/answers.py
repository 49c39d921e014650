"""Answers of learned models as rows: JSON text, and one row for each array.

Maps are kept as 32-bit floats, which is what networks compute in; times stay as they are.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from gaitviewer.core.output import ModelOutput
from gaitviewer.core.serialise import MalformedError, from_parts, parse_json, to_parts
from gaitviewer.errors import DamagedLibraryError
from gaitviewer.store import arrays

Row = Mapping[str, Any]
_LOG = logging.getLogger(__name__)


def answer_rows(session: str, task: str, output: ModelOutput) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row of ``answers`` and those of ``answer_arrays``."""
    plain, parts = to_parts(output)
    key = {"session": session, "task": task}
    packed = (arrays.pack(one.astype(np.float32) if one.ndim > 1 else one) for one in parts)
    text = json.dumps(plain, ensure_ascii=False)
    return key | {"output": text}, [key | {"position": n, "data": data} for n, data in enumerate(packed)]


def answers_of(rows: Iterable[Row], array_rows: Iterable[Row]) -> dict[str, ModelOutput]:
    """Answers by task. One that is damaged is left out: the model can be asked again."""
    return dict(_readable(rows, list(array_rows)))


def _readable(rows: Iterable[Row], array_rows: list[Row]) -> Iterator[tuple[str, ModelOutput]]:
    for row in rows:
        task = str(row["task"])
        try:
            parts = [arrays.unpack(one["data"]).astype(np.float64) for one in array_rows if one["task"] == task]
            output = from_parts(parse_json(row["output"]), parts, ModelOutput)
            for opinion in output.opinions:
                str(opinion.reason)  # a sentence that this version does not know
        except (MalformedError, DamagedLibraryError, KeyError) as error:
            _LOG.warning("an answer of %s cannot be read (%s)", task, type(error).__name__)
            continue
        yield task, output
