"""Interlaced H.264 as camcorders code it, a field or a frame a packet, written bit by bit (no encoder does).

Every macroblock is stored as it is (I_PCM), so that a decoder gives back the very pixels.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

_NUMBER_BITS = 8


class _Writer:
    def __init__(self) -> None:
        self._bits: list[str] = []

    def put(self, value: int, count: int) -> None:
        self._bits.append(format(value, f"0{count}b"))

    def golomb(self, value: int) -> None:
        code = format(value + 1, "b")
        self._bits.append("0" * (len(code) - 1) + code)

    def aligned(self) -> bytes:
        text = "".join(self._bits)
        text += "0" * (-len(text) % 8)
        return int("1" + text, 2).to_bytes(len(text) // 8 + 1, "big")[1:]

    def ended(self) -> bytes:
        self.put(1, 1)
        return self.aligned()


def _unit(head: int, body: bytes) -> bytes:
    out, zeros = bytearray(), 0
    for byte in body:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return b"\0\0\0\1" + bytes([head]) + bytes(out)


def _parameter_sets(width: int, height: int) -> bytes:
    sps, pps = _Writer(), _Writer()
    for value, count in ((77, 8), (0, 8), (40, 8)):  # Main
        sps.put(value, count)
    for value in (0, _NUMBER_BITS - 4, 2, 1):
        sps.golomb(value)
    sps.put(0, 1)
    sps.golomb(width // 16 - 1)
    sps.golomb(height // 32 - 1)
    for value in (0, 0, 1, 0, 0):  # fields or frames, no mixture within a picture
        sps.put(value, 1)
    for value in (0, 0):
        pps.golomb(value)
    pps.put(0, 2)
    for value in (0, 0, 0):
        pps.golomb(value)
    pps.put(0, 3)
    for value in (0, 0, 0):
        pps.golomb(value)
    pps.put(0b100, 3)
    return _unit(0x67, sps.ended()) + _unit(0x68, pps.ended())


def _slice(planes: Sequence[NDArray[np.uint8]], number: int, *, key: bool, parity: int | None) -> bytes:
    head = _Writer()
    for value in (0, 7, 0):
        head.golomb(value)
    head.put(number, _NUMBER_BITS)
    head.put(int(parity is not None), 1)
    if parity is not None:
        head.put(parity, 1)
    if key:
        head.golomb(number % 2)
    head.put(0, 2 if key else 1)
    head.golomb(0)
    head.golomb(1)  # no smoothing of edges
    luma, *chroma = planes
    body = bytearray()
    writer = head
    for row in range(luma.shape[0] // 16):
        for column in range(luma.shape[1] // 16):
            writer.golomb(25)  # the samples follow as they are
            body += writer.aligned()
            body += luma[16 * row : 16 * row + 16, 16 * column : 16 * column + 16].tobytes()
            for plane in chroma:
                body += plane[8 * row : 8 * row + 8, 8 * column : 8 * column + 8].tobytes()
            writer = _Writer()
    return _unit(0x65 if key else 0x61, bytes(body) + b"\x80")


def _planes(picture: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    height, width = picture.shape[:2]
    flat = av.VideoFrame.from_ndarray(picture, format="rgb24").to_ndarray(format="yuv420p")
    chroma = flat[height:].reshape(2, height // 2, width // 2)
    return [flat[:height], chroma[0], chroma[1]]


def write_in_fields(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    *,
    rate_hz: int,
    gop: int = 12,
    whole: Sequence[int] = (),
) -> None:
    """Write a file in which frames are two packets with a field each, but the numbers in ``whole``."""
    packets: list[tuple[bytes, Fraction, bool]] = []
    for count, picture in enumerate(pictures):
        planes, key, number = _planes(picture), count % gop == 0, count % gop
        head = _parameter_sets(picture.shape[1], picture.shape[0]) if key else b""
        if count in whole:
            packets.append((head + _slice(planes, number, key=key, parity=None), Fraction(count), key))
            continue
        first, second = ([plane[parity::2] for plane in planes] for parity in (0, 1))
        packets.append((head + _slice(first, number, key=key, parity=0), Fraction(count), key))
        packets.append((_slice(second, number, key=False, parity=1), count + Fraction(1, 2), False))
    raw = b"".join(data for data, _, _ in packets)
    with av.open(io.BytesIO(raw), format="h264") as source, av.open(str(path), "w") as target:
        stream: Any = target.add_stream_from_template(source.streams.video[0])
        for data, when, key in packets:
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 2 * rate_hz)
            packet.pts = packet.dts = int(2 * when)
            packet.is_keyframe = key
            target.mux(packet)
