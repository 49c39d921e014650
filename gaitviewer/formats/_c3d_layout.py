"""Where things stand in a C3D file, by the kind of processor that wrote it, and files of big-endian ones.

Layout: https://www.c3d.org. Blocks have 512 bytes and are counted from 1. The first byte of the file is the
block where the parameters begin; the fourth byte there tells the processor. Intel and DEC store whole numbers
with the low byte first, SGI/MIPS with the high byte first; DEC has floating-point numbers of its own, the
others those of IEEE 754.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

BLOCK = 512
MAGIC = 0x50  # second byte of every C3D file

_LARGEST_POINTS = 4096  # a header with more is damaged: announce nothing
_LARGEST_BLOCK = 1024
_REALS, _WORDS = 4, 2  # codes of parameters; texts (-1) and bytes (1) are the same everywhere


class Processor(IntEnum):
    """Who wrote the numbers."""

    INTEL = 84
    DEC = 85
    MIPS = 86


@dataclass(frozen=True, slots=True)
class Header:
    """What the first block says.

    Attributes:
        points, analogue: values in each frame.
        first, last: numbers of the first and last frame.
        real: whether the data are floating-point numbers (else 16-bit ones).
        block: where the data begin.
    """

    points: int
    analogue: int
    first: int
    last: int
    real: bool
    block: int

    @property
    def announced_bytes(self) -> int:
        """Size of the file that the header announces; 0 where the header itself makes no sense."""
        if not (0 < self.block < _LARGEST_BLOCK and 0 < self.first <= self.last):
            return 0
        if self.points > _LARGEST_POINTS:
            return 0
        values = (self.last - self.first + 1) * (4 * self.points + self.analogue)
        return (self.block - 1) * BLOCK + values * (4 if self.real else 2)


def find_processor(data: bytes) -> Processor | None:
    """The processor of a file from its bytes up to the first block of the parameters; None if it is unknown."""
    at = BLOCK * (data[0] - 1) + 3 if data and data[0] > 1 else BLOCK + 3
    try:
        return Processor(data[at])
    except (IndexError, ValueError):
        return None


def read_header(data: bytes, processor: Processor) -> Header:
    """The header of a file (at least its first block)."""
    order = ">" if processor is Processor.MIPS else "<"
    points, analogue, first, last = struct.unpack_from(f"{order}4H", data, 2)
    (block,) = struct.unpack_from(f"{order}H", data, 16)
    # The sign of the scale tells how the data are stored. DEC keeps it in the first of the two words.
    sign = data[13] if processor is Processor.DEC else data[12] if processor is Processor.MIPS else data[15]
    return Header(points, analogue, first, last, bool(sign & 0x80), block)


def as_intel(data: bytes) -> bytes:
    """A whole SGI/MIPS file as an Intel processor would have written it.

    Raises:
        ValueError: its header or parameters are damaged.
    """
    header = read_header(data, Processor.MIPS)
    begin, stop = BLOCK * (data[0] - 1), BLOCK * (header.block - 1)
    if not BLOCK <= begin < stop <= len(data):
        raise ValueError("the header points outside the file")
    out = bytearray(data)
    # Words 2-6 and 9-10 are whole numbers, 7-8 the scale, 11-12 the rate; 148-151 and 153-188 are for events.
    for at, count, size in ((2, 5, 2), (12, 1, 4), (16, 2, 2), (20, 1, 4), (294, 4, 2), (304, 18, 4)):
        _swap(out, at, count, size)
    _swap_parameters(out, begin + 4, stop)
    out[begin + 3] = Processor.INTEL
    size = 4 if header.real else 2
    _swap(out, stop, (len(data) - stop) // size, size)
    return bytes(out)


def _swap(data: bytearray, at: int, count: int, size: int) -> None:
    numbers = np.frombuffer(data, f"u{size}", count=count, offset=at)
    numbers.byteswap(inplace=True)


def _swap_parameters(data: bytearray, at: int, stop: int) -> None:
    """Turns the numbers of every group and parameter, which form a chain of records."""
    while at + 2 <= stop and data[at] != 0:
        name_bytes = abs(struct.unpack_from("b", data, at)[0])  # negative: locked
        group = struct.unpack_from("b", data, at + 1)[0]
        link = at + 2 + name_bytes
        if link + 4 > stop:
            raise ValueError("a parameter goes past the end of its section")
        (offset,) = struct.unpack_from(">H", data, link)
        _swap(data, link, 1, 2)
        if group > 0:
            code, dimensions = struct.unpack_from("bB", data, link + 2)
            sizes = data[link + 4 : link + 4 + dimensions]
            count, first = int(np.prod(list(sizes), dtype=np.int64)), link + 4 + dimensions
            if code in (_REALS, _WORDS):
                if dimensions > 7 or first + count * code > stop:
                    raise ValueError("a parameter goes past the end of its section")
                _swap(data, first, count, code)
        if offset == 0:
            return
        at = link + offset
