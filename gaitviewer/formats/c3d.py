"""Reads C3D motion capture files (https://www.c3d.org), with ezc3d in a child process."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from gaitviewer.core.gait import EventKind, Side
from gaitviewer.errors import FormatError
from gaitviewer.formats._child import run_reader
from gaitviewer.formats.markers import BodyMeasures, MarkerEvent, MarkerTrial
from gaitviewer.util.temporary import TemporaryFolder

_BLOCK = 512  # bytes of the header
_MAGIC = 0x50  # second byte of every C3D file
_METRES = {"mm": 1e-3, "cm": 1e-2, "dm": 1e-1, "m": 1.0, "in": 0.0254}
_SIDES = {"left": Side.LEFT, "right": Side.RIGHT}
_KINDS = {"foot strike": EventKind.INITIAL_CONTACT, "foot off": EventKind.TOE_OFF}


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
    try:
        with path.open("rb") as file:
            header = file.read(_BLOCK)
            size = path.stat().st_size
    except FileNotFoundError as error:
        raise FormatError(f"{path} does not exist; check the path.") from error
    except OSError as error:
        raise FormatError(f"{path} cannot be opened: {error.strerror}.") from error
    if not header:
        raise FormatError(f"{path.name} is empty; export it again from its source.")
    if len(header) < _BLOCK or header[1] != _MAGIC:
        raise FormatError(f"{path.name} is not a C3D file.")
    if size < _announced_bytes(header):
        raise FormatError(f"{path.name} is cut off: its header announces more data; copy it again.")


def _announced_bytes(header: bytes) -> int:
    """Size that the header announces, or 0; the library reads what is left of a cut file without a word.

    Header words (16 bit, from 1): 2 points, 3 analogue values a frame, 4 and 5 first and last frame, 7-8 the
    scale (negative: 4-byte numbers), 9 first block of the data. Files of big-endian machines are left alone.
    """
    points, analogue, first, last = struct.unpack("<4H", header[2:10])
    (scale,) = struct.unpack("<f", header[12:16])
    (block,) = struct.unpack("<H", header[16:18])
    little_endian = 0 < header[0] < 128 and 0 < block < 1024 and 0 < first <= last
    if not little_endian or points > 4096:
        return 0
    width = 4 if scale < 0 else 2
    return int((block - 1) * _BLOCK + (last - first + 1) * (4 * points + analogue) * width)


def _assemble(path: Path, rest: dict[str, Any], points: np.ndarray[Any, Any]) -> MarkerTrial:
    scale = _METRES.get(rest["units"])
    if scale is None:
        raise FormatError(f"{path.name} gives its markers in {rest['units']!r}; export it in mm or m.")
    labels: list[str] = rest["labels"]
    outputs = set(rest["outputs"])
    is_output = np.array([label in outputs for label in labels])
    rate, first = float(rest["rate_hz"]), int(rest["first_frame"])
    metres = points[:, ~is_output] * scale
    # Some writers leave an unseen marker at the origin instead of marking it as invalid.
    metres[(metres == 0).all(axis=2)] = np.nan
    seen = np.isfinite(metres).all(axis=2)
    metres[~seen] = np.nan
    if not seen.any():
        raise FormatError(f"{path.name} holds no marker that was seen.")
    if float(np.nanmax(np.abs(metres))) > 1000.0:
        raise FormatError(f"{path.name} has markers more than a kilometre away: it is damaged.")
    lengths = {k: None if rest[k] is None else rest[k] * scale for k in ("height", "left_leg", "right_leg")}
    return MarkerTrial(
        name=path.stem,
        labels=tuple(n for n, out in zip(labels, is_output, strict=True) if not out),
        points=metres,
        rate_hz=rate,
        first_frame=first,
        up_axis=2,
        events=tuple(_event(c, n, t - first / rate) for c, n, t in rest["events"]),
        output_labels=tuple(n for n, out in zip(labels, is_output, strict=True) if out),
        outputs=points[:, is_output],
        body=BodyMeasures(lengths["height"], lengths["left_leg"], lengths["right_leg"], rest["mass"]),
    )


def _event(context: str, label: str, time_s: float) -> MarkerEvent:
    return MarkerEvent(label, _SIDES.get(context.lower()), _KINDS.get(label.lower()), time_s)
