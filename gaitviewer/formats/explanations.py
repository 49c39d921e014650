"""``explanations.npz``: raw explanations of learned models as plain arrays, which numpy opens without pickle.

Every map has arrays of its own, named ``<system>.<kind>.<number>.<part>`` ("severity.saliency.0.values"):

======================  ====================================================================================
kind                    parts
======================  ====================================================================================
saliency                ``values`` [T', V] evidence, ``times_s`` [T'], ``keypoints`` [V] names
attention, occlusion    ``values`` [T', Y, X], NaN = not looked at, ``times_s`` [T'], ``box_px`` [4]: left,
                        top, right and bottom of the grid in pixels of the video
importance, values      ``values`` [238, T], ``times_s`` [T], ``cycle`` [T] place in the gait cycle, 0 to 1
                        or NaN, ``features`` [238] names
======================  ====================================================================================

Values are as the model gave them, never scaled; times are seconds on the clock of the view. Of which trial,
view and answer a map is stands in ``assessment.json`` (``models``, ``maps``).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.maps import AttentionMap, KnowledgeMap, SaliencyMap
from gaitviewer.core.output import Answer, ModelOutput
from gaitviewer.core.serialise import MalformedError, load_arrays
from gaitviewer.errors import FormatError, reason_of
from gaitviewer.messages import message
from gaitviewer.util import atomic

NAME = "explanations.npz"
_LARGEST_BYTES = 2 << 30
Arrays = dict[str, NDArray[Any]]


def maps_of(output: ModelOutput) -> Iterator[tuple[str, SaliencyMap | AttentionMap | KnowledgeMap, Arrays]]:
    """(kind.number, map, its arrays by part) of every map, in the order in which the model gave them."""
    counts: dict[str, int] = {}
    every: tuple[SaliencyMap | AttentionMap | KnowledgeMap, ...] = (
        *output.saliency,
        *output.attention,
        *output.maps,
    )
    for one in every:
        kind = "saliency" if isinstance(one, SaliencyMap) else one.kind
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        parts: Arrays = {"values": one.values, "times_s": one.times_s}
        if isinstance(one, SaliencyMap):
            parts["keypoints"] = np.array(one.keypoints)
        elif isinstance(one, AttentionMap):
            parts["box_px"] = np.array(one.box_px, np.float64)
        else:
            parts |= {"cycle": one.cycle, "features": np.array(one.features)}
        yield f"{kind}.{number}", one, parts


def explanation_arrays(answers: Sequence[Answer]) -> Arrays:
    """Every array by its name; nothing where no model gave a map."""
    return {
        f"{answer.task}.{name}.{part}": values
        for answer in answers
        for name, _, parts in maps_of(answer.output)
        for part, values in parts.items()
    }


def explanation_bytes(answers: Sequence[Answer]) -> bytes:
    """The file; the same answers give the same bytes."""
    out = io.BytesIO()
    np.savez_compressed(out, **explanation_arrays(answers))
    return out.getvalue()


def write_explanations(path: Path, answers: Sequence[Answer]) -> None:
    """Writes the arrays.

    Raises:
        OutputError: the file cannot be written; nothing was changed.
    """
    atomic.write_output(path, explanation_bytes(answers))


def read_explanations(path: Path) -> Arrays:
    """Every array by its name; nothing is unpickled.

    Raises:
        FormatError: the file is missing, damaged or far too large.
    """
    try:
        return load_arrays(path, largest_bytes=_LARGEST_BYTES)
    except (OSError, MalformedError) as error:
        raise FormatError(
            message("error.format.explanations.not_read", file=path.name, reason=reason_of(error))
        ) from error
