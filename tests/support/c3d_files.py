"""Writes C3D files byte by byte, as the processors of three makers stored them (layout: https://www.c3d.org)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

INTEL, DEC, MIPS = 84, 85, 86
_BLOCK = 512
_SCALE = 0.1  # millimetres in one step of whole numbers

Groups = Mapping[str, Mapping[str, Any]]


def c3d_bytes(
    points: ArrayLike,
    *,
    processor: int = INTEL,
    real: bool = True,
    groups: Groups | None = None,
    rate_hz: float = 100.0,
    first: int = 1,
    analogue: int = 0,
) -> bytes:
    """A whole file.

    Args:
        points: [T, N, 3] in the file's unit, NaN where a marker was not seen.
        processor: INTEL, DEC or MIPS.
        real: floating-point numbers, else 16-bit whole ones.
        groups: parameters by group and name; texts may be bytes, POINT:LABELS are P0, P1, ... if not given.
        rate_hz, first: sampling rate and number of the first frame.
        analogue: channels, one sample a frame.
    """
    places = np.asarray(points, np.float64)
    frames, count = places.shape[:2]
    made = {name: dict(values) for name, values in (groups or {}).items()}
    point = {"LABELS": [f"P{i}" for i in range(count)], "UNITS": "mm", **made.pop("POINT", {})}
    point |= {"USED": count, "FRAMES": frames, "SCALE": -_SCALE if real else _SCALE, "RATE": rate_hz}
    channels: dict[str, Any] = {"USED": analogue, "RATE": rate_hz}
    if analogue:
        channels |= {
            "LABELS": [f"A{i}" for i in range(analogue)],
            "GEN_SCALE": 1.0, "SCALE": [1.0] * analogue, "OFFSET": [0] * analogue,
        }  # fmt: skip
    made = {"POINT": point, "ANALOG": channels, **made}
    point["DATA_START"] = 0
    blocks = -(-(len(_section(made, processor)) + 4) // _BLOCK)
    point["DATA_START"] = 2 + blocks
    section = bytes([1, 0x50, blocks, processor]) + _section(made, processor)
    header = bytes([2, 0x50]) + _words([count, analogue, first, first + frames - 1, 10], processor)
    header += _reals([-_SCALE if real else _SCALE], processor)
    header += _words([2 + blocks, int(analogue > 0)], processor) + _reals([rate_hz], processor)
    return _filled(header) + _filled(section) + _filled(_data(places, analogue, processor, real))


def _data(places: np.ndarray[Any, Any], analogue: int, processor: int, real: bool) -> bytes:
    unseen = ~np.isfinite(places).all(axis=2)
    clean = np.where(unseen[..., None], 0.0, places)
    if not real:
        clean = np.rint(clean / _SCALE)
    quality = np.where(unseen, -1.0, 0.0)[..., None]
    frames = np.concatenate([clean, quality], axis=2).reshape(len(places), -1)
    samples = np.tile(np.arange(analogue) * 3.0, (len(places), 1))
    values = np.concatenate([frames, samples], axis=1).ravel()
    return _reals(values, processor) if real else _words(values, processor)


def _section(groups: Groups, processor: int) -> bytes:
    out = b""
    for number, (group, parameters) in enumerate(groups.items(), start=1):
        out += struct.pack("bb", len(group), -number) + group.encode() + _words([3], processor) + b"\0"
        for name, value in parameters.items():
            body = _value(value, processor) + b"\0"  # no description
            link = _words([2 + len(body)], processor)
            out += struct.pack("bb", len(name), number) + name.encode() + link + body
    return out + b"\0\0"


def _value(value: Any, processor: int) -> bytes:
    if isinstance(value, (str, bytes)) or (isinstance(value, list) and isinstance(value[0], (str, bytes))):
        texts = value if isinstance(value, list) else [value]
        raw = [text if isinstance(text, bytes) else text.encode() for text in texts]
        width = max(map(len, raw))
        sizes = [width, len(raw)] if isinstance(value, list) else [width]
        code, data = -1, b"".join(text.ljust(width) for text in raw)
    else:
        array = np.asarray(value)
        sizes = list(array.shape)
        code = 4 if array.dtype.kind == "f" else 2
        data = (_reals if code == 4 else _words)(array.ravel(order="F"), processor)
    return struct.pack("bB", code, len(sizes)) + bytes(sizes) + data


def _words(values: ArrayLike, processor: int) -> bytes:
    return np.asarray(values).astype(">i2" if processor == MIPS else "<i2").tobytes()


def _reals(values: ArrayLike, processor: int) -> bytes:
    numbers = np.asarray(values, "<f4")
    if processor == MIPS:
        return numbers.astype(">f4").tobytes()
    if processor == INTEL:
        return numbers.tobytes()
    # DEC: the exponent is two higher, and the two words of each number are exchanged.
    bits = np.ascontiguousarray(numbers).view("<u4")
    bits = np.where(numbers == 0, np.uint32(0), bits + np.uint32(1 << 24)).astype("<u4")
    return np.ascontiguousarray(bits.view("<u2").reshape(-1, 2)[:, ::-1]).tobytes()


def _filled(data: bytes) -> bytes:
    return data.ljust(-(-len(data) // _BLOCK) * _BLOCK, b"\0")
