"""The child process that reads one C3D file: ``python -m gaitviewer.formats._c3d_child IN OUT MEMORY_MB``.

Writes an .npz with the arrays of :class:`gaitviewer.formats.markers.MarkerTrial` and, as JSON, the rest.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from gaitviewer.formats._c3d_layout import BLOCK, Processor, as_intel, find_processor
from gaitviewer.formats._child import UNDERSTOOD
from gaitviewer.messages import Message, message

_OUTPUT_GROUPS = ("ANGLES", "POWERS", "FORCES", "MOMENTS", "SCALARS")


class _RefusedError(Exception):
    """What is wrong with the file.

    Attributes:
        message: the same, for the program that asked.
    """

    def __init__(self, what: Message) -> None:
        super().__init__(what)
        self.message = what


def _limit_memory(megabytes: int) -> None:
    """Caps the address space where the system can; elsewhere the parent watches alone."""
    try:
        import resource
    except ImportError:
        return
    # Address space counts libraries and reservations as well: leave room beside the limit itself.
    cap = (megabytes + 1024) * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (cap, cap))


def _texts(group: Any, name: str) -> list[str]:
    """A text parameter with its continuations: more than 255 values go on in NAME2, NAME3, ..."""
    values: list[str] = []
    suffix = ""
    while name + suffix in group:
        part = group[name + suffix]["value"]
        values += [_readable(str(text)).strip(" \0") for text in part]
        suffix = str(int(suffix or "1") + 1)
    return values


def _readable(text: str) -> str:
    """A text whose bytes are not UTF-8, which the library hands on as lone surrogates, in Windows' letters."""
    raw = text.encode("utf-8", errors="surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _number(parameters: Any, group: str, name: str) -> float | None:
    """The first value of a numeric parameter, None if it is absent or not positive."""
    try:
        value = float(np.ravel(parameters[group][name]["value"])[0])
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return value if np.isfinite(value) and value > 0 else None


def _events(parameters: Any) -> list[tuple[str, str, float, str]]:
    """(context, label, seconds from the start of the capture, subject) of each event, "" where unknown."""
    group = parameters.get("EVENT", {})
    if "TIMES" not in group:
        return []
    times = np.asarray(group["TIMES"]["value"], dtype=np.float64)
    if times.ndim != 2 or times.shape[0] != 2:
        return []
    seconds = times[0] * 60.0 + times[1]
    used = _number(parameters, "EVENT", "USED")
    count = len(seconds) if used is None else min(len(seconds), int(used))
    texts = []
    for name in ("CONTEXTS", "LABELS", "SUBJECTS"):
        found = _texts(group, name)[:count]
        texts.append(found + [""] * (count - len(found)))
    contexts, labels, subjects = texts
    return [
        (context, label, float(time_s), subject)
        for context, label, time_s, subject in zip(contexts, labels, seconds[:count], subjects, strict=True)
        if np.isfinite(time_s)
    ]


def _open(path: Path, folder: Path) -> Any:
    """The file as ezc3d gives it.

    What the library cannot open goes through a copy in ``folder``: files of SGI/MIPS processors, turned into
    what Intel ones write, and names with other letters than ASCII, which it knows on some systems only.
    """
    import ezc3d

    try:
        with path.open("rb") as file:
            start = file.read(256 * BLOCK)
        turn = find_processor(start) is Processor.MIPS
        if turn or not str(path).isascii():
            data, path = path.read_bytes(), folder / "copy.c3d"
            path.write_bytes(as_intel(data) if turn else data)
        return ezc3d.c3d(str(path))
    except (OSError, RuntimeError, ValueError, IndexError, MemoryError) as error:
        raise _RefusedError(message("error.format.c3d.damaged")) from error


def _read(path: Path, folder: Path) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    file = _open(path, folder)
    parameters, header = file["parameters"], file["header"]["points"]
    points = np.asarray(file["data"]["points"], dtype=np.float64)
    group = parameters["POINT"]
    labels = _texts(group, "LABELS")[: points.shape[1]]
    if points.shape[2] == 0 or points.shape[1] == 0:
        raise _RefusedError(message("error.format.c3d.no_markers"))
    if not labels:
        raise _RefusedError(message("error.format.c3d.no_names", count=points.shape[1]))
    rate = float(header["frame_rate"])
    if not (np.isfinite(rate) and 0 < rate < 1e5):
        raise _RefusedError(message("error.format.c3d.rate", rate_hz=rate))
    names = set()
    for outputs in _OUTPUT_GROUPS:
        names.update(_texts(group, outputs))
    units = _texts(group, "UNITS")
    screen = _texts(group, "Y_SCREEN")
    rest = {
        "labels": labels,
        "outputs": sorted(names),
        "rate_hz": rate,
        "first_frame": int(header["first_frame"]),
        "units": units[0] if units else "",
        "up": screen[0] if screen else "",
        "events": _events(parameters),
        "height": _number(parameters, "PROCESSING", "Height"),
        "mass": _number(parameters, "PROCESSING", "Bodymass"),
        "left_leg": _number(parameters, "PROCESSING", "LLegLength"),
        "right_leg": _number(parameters, "PROCESSING", "RLegLength"),
    }
    return rest, np.moveaxis(points[:3], 0, 2).transpose(1, 0, 2)


def main(arguments: list[str]) -> int:
    """Reads one file; 0 when the result is written, ``UNDERSTOOD`` with a message on standard output."""
    source, target, memory_mb = Path(arguments[0]), Path(arguments[1]), int(arguments[2])
    _limit_memory(memory_mb)
    try:
        rest, points = _read(source, target.parent)
    except _RefusedError as refusal:
        sys.stdout.write(json.dumps(asdict(refusal.message)))
        return UNDERSTOOD
    np.savez(target, rest=np.array(json.dumps(rest)), points=points)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
