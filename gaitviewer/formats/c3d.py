"""Reads C3D motion capture files (https://www.c3d.org), with ezc3d in a child process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from gaitviewer.core.serialise import quote
from gaitviewer.errors import FormatError
from gaitviewer.formats._c3d_layout import BLOCK, MAGIC, find_processor, read_header
from gaitviewer.formats._child import run_reader
from gaitviewer.formats._text import printable, reading
from gaitviewer.formats.markers import BodyMeasures, MarkerEvent, MarkerTrial, hide_unseen, name_subjects
from gaitviewer.formats.vocabulary import metres_per_unit, read_event, split_owners
from gaitviewer.messages import Message, message
from gaitviewer.util.temporary import TemporaryFolder

_FURTHEST_M = 1e5  # of a marker; lengths in millimetres that are announced as metres still pass
_PLAUSIBLE_M = {"height": (0.4, 2.5), "left_leg": (0.2, 1.3), "right_leg": (0.2, 1.3)}


def read_c3d(path: Path, *, timeout_s: float = 60.0, memory_mb: int = 2048) -> MarkerTrial:
    """Markers, model outputs, events and body measures of a C3D file.

    Times of events count from the start of the capture in the file and from the first sample of the
    data in the result.

    Args:
        path: the file.
        timeout_s: how long reading may take.
        memory_mb: how much memory reading may take.

    Raises:
        FormatError: the file is missing, not a C3D file, damaged, or beyond the limits.
    """
    path = Path(path)
    _check_header(path)
    with TemporaryFolder() as folder:
        target = folder / "trial.npz"
        run_reader(
            "gaitviewer.formats._c3d_child", path.resolve(), target, timeout_s=timeout_s, memory_mb=memory_mb
        )
        with np.load(target) as stored:
            rest = json.loads(str(stored["rest"]))
            points = stored["points"]
    return _assemble(path, rest, points)


def _check_header(path: Path) -> None:
    with reading(path), path.open("rb") as file:
        start = file.read(256 * BLOCK)  # the parameters begin somewhere in here
        size = path.stat().st_size
    if not start:
        raise FormatError(message("error.format.empty", file=path.name))
    if len(start) < BLOCK or start[1] != MAGIC:
        raise FormatError(message("error.format.c3d.wrong_kind", file=path.name))
    processor = find_processor(start)
    # The library reads what is left of a cut file without a word.
    if processor is not None and size < read_header(start, processor).announced_bytes:
        raise FormatError(message("error.format.c3d.cut_off", file=path.name))


def _assemble(path: Path, rest: dict[str, Any], points: np.ndarray[Any, Any]) -> MarkerTrial:
    notes: list[Message] = []
    scale = _scale(path, rest["units"], notes)
    labels: list[str] = rest["labels"]
    if (unnamed := points.shape[1] - len(labels)) > 0:
        notes.append(message("note.markers.unnamed", unnamed=unnamed, found=points.shape[1]))
        points = points[:, : len(labels)]
    owners = split_owners(labels)
    outputs = set(rest["outputs"])
    is_output = np.array([n in outputs or own[1] in outputs for n, own in zip(labels, owners, strict=True)])
    subjects, labels = name_subjects(owners)
    rate, first = float(rest["rate_hz"]), int(rest["first_frame"])
    metres = points[:, ~is_output] * scale
    hide_unseen(metres)
    if not np.isfinite(metres).any():
        raise FormatError(message("error.format.c3d.nothing_seen", file=path.name))
    if float(np.nanmax(np.abs(metres))) > _FURTHEST_M:
        raise FormatError(message("error.format.c3d.too_far", file=path.name))
    return MarkerTrial(
        name=printable(path.stem),
        labels=tuple(n for n, out in zip(labels, is_output, strict=True) if not out),
        points=metres,
        rate_hz=rate,
        first_frame=first,
        up_axis=_up_axis(rest["up"]),
        events=tuple(
            MarkerEvent(label, *read_event(label, context), time_s - first / rate, subject)
            for context, label, time_s, subject in rest["events"]
        ),
        output_labels=tuple(n for n, out in zip(labels, is_output, strict=True) if out),
        outputs=points[:, is_output],
        body=BodyMeasures(
            _body_length(rest, "height", scale),
            _body_length(rest, "left_leg", scale),
            _body_length(rest, "right_leg", scale),
            rest["mass"],
        ),
        subjects=subjects,
        notes=tuple(notes),
    )


def _scale(path: Path, units: str, notes: list[Message]) -> float:
    """Metres in the file's unit; millimetres, as nearly all such files have, where it names none."""
    if not units.strip():
        notes.append(message("note.markers.no_unit"))
        return 1e-3
    scale = metres_per_unit(units)
    if scale is None:
        raise FormatError(message("error.format.units", file=path.name, units=quote(units)))
    return scale


def _up_axis(screen: str) -> int:
    """The axis that the file shows upwards on a screen ("+Z"); Z where it says nothing."""
    return "XYZ".find(screen[-1:].upper()) if screen[-1:].upper() in tuple("XYZ") else 2


def _body_length(rest: dict[str, Any], name: str, scale: float) -> float | None:
    """Metres of a length that the laboratory typed in, usually in the file's unit; None where none fits."""
    value, (low, high) = rest[name], _PLAUSIBLE_M[name]
    if value is None:
        return None
    return next((value * unit for unit in (scale, 1e-3, 1e-2, 1.0) if low <= value * unit <= high), None)
