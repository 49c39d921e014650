"""Which packets hold the second half picture of a frame (ITU-T H.264, 7.3.2.1 and 7.3.3).

Camcorders code interlaced pictures as two fields, each in a packet of its own; a decoder gives one frame for
both. Whether a packet opens a frame or completes one stands in the head of its slices only.
"""

from __future__ import annotations

from collections.abc import Iterator

from av.packet import Packet
from av.video.stream import VideoStream

from gaitviewer.video._slices import SLICE_TYPES, units

_SPS = 7
_HEAD_BYTES = 24  # more than the part of a slice's head that is read here
_CHROMA_PROFILES = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))


class _Bits:
    """A reader of bits, most significant first; past the end come zeros."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """The next ``count`` bits as a number."""
        self._left -= count
        shifted = self._value >> self._left if self._left >= 0 else self._value << -self._left
        return shifted & ((1 << count) - 1)

    def golomb(self) -> int:
        """An unsigned number in the code of clause 9.1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                return 0
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        """A signed number in the code of clause 9.1.1."""
        code = self.golomb()
        return (code + 1) // 2 if code % 2 else -(code // 2)


class FieldPairs:
    """Follows the packets of one stream in the order of the file."""

    def __init__(self, stream: VideoStream) -> None:
        """Whether frames may be coded as fields stands in the stream's head, or comes with the pictures."""
        self._stream = stream
        self._h264 = stream.codec_context.name == "h264"
        self._frames_only: bool | None = None  # not known yet
        self._number_bits = 4
        self._colour_planes = False
        self._open: tuple[int, int] | None = None  # number and parity of the field that waits for the other one
        head = stream.codec_context.extradata or b""
        if self._h264 and len(head) > 8:
            for unit in _head_units(head):
                self._learn(unit)

    def completes(self, packet: Packet[VideoStream]) -> bool:
        """Whether a packet holds only the second field of the frame that the packet before began."""
        if not self._h264 or self._frames_only:
            return False
        fields: list[tuple[int, int]] = []
        for unit in units(packet, self._stream):
            kind = unit[0] & 31
            if kind == _SPS:
                self._learn(unit)
            elif kind in SLICE_TYPES and self._frames_only is False:
                field = self._field(unit)
                if field is None:
                    self._open = None
                    return False
                fields.append(field)
        if not fields:
            return False
        first, last = fields[0], fields[-1]
        if self._open is not None and first == (self._open[0], 1 - self._open[1]):
            self._open = None
            return True
        self._open = first if last[1] == first[1] else None  # both fields in one packet are a whole frame
        return False

    def _learn(self, unit: bytes) -> None:
        if unit[0] & 31 != _SPS:
            return
        bits = _Bits(_plain(unit[1:]))
        profile = bits.take(8)
        bits.take(16)
        bits.golomb()
        if profile in _CHROMA_PROFILES:
            chroma = bits.golomb()
            self._colour_planes = chroma == 3 and bool(bits.take(1))
            bits.golomb()
            bits.golomb()
            bits.take(1)
            if bits.take(1):
                for number in range(12 if chroma == 3 else 8):
                    if bits.take(1):
                        _skip_scaling(bits, 16 if number < 6 else 64)
        self._number_bits = bits.golomb() + 4
        order = bits.golomb()
        if order == 0:
            bits.golomb()
        elif order == 1:
            bits.take(1)
            bits.signed()
            bits.signed()
            for _ in range(min(255, bits.golomb())):
                bits.signed()
        bits.golomb()
        bits.take(1)
        bits.golomb()
        bits.golomb()
        self._frames_only = bool(bits.take(1))

    def _field(self, unit: bytes) -> tuple[int, int] | None:
        """Number of the frame and parity (0 top, 1 bottom) of a field; None for a slice of a whole frame."""
        bits = _Bits(_plain(unit[1 : 1 + _HEAD_BYTES]))
        for _ in range(3):
            bits.golomb()
        if self._colour_planes:
            bits.take(2)
        number = bits.take(self._number_bits)
        return (number, bits.take(1)) if bits.take(1) else None


def _skip_scaling(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _plain(data: bytes) -> bytes:
    """Without the bytes that keep a unit from looking like a start mark (7.4.1)."""
    return data.replace(b"\x00\x00\x03", b"\x00\x00")


def _head_units(head: bytes) -> Iterator[bytes]:
    """Parameter sets in a stream's head: of an MP4 file (ISO/IEC 14496-15, 5.3.3), or with start marks."""
    if head[0] == 1:
        place = 6
        for _ in range(head[5] & 31):
            length = int.from_bytes(head[place : place + 2], "big")
            if length:
                yield head[place + 2 : place + 2 + length]
            place += 2 + length
        return
    for part in head.split(b"\x00\x00\x01")[1:]:
        if part:
            yield part
