"""In how many slices a picture is coded (ITU-T H.264, annexes and 7.3.1; ISO/IEC 14496-15)."""

from __future__ import annotations

from collections.abc import Iterator

from av.packet import Packet
from av.video.stream import VideoStream

SLICE_TYPES = (1, 5)  # of a picture that is no key picture, and of one that is
_START = b"\x00\x00\x01"
_MOST_BYTES = 1024  # of a unit: parameter sets and the heads of slices are far shorter


def slices_in(packet: Packet[VideoStream], stream: VideoStream) -> int:
    """Slices of the picture in a packet; 0 = not known (another coding than H.264)."""
    if stream.codec_context.name != "h264":
        return 0
    return sum(unit[0] & 31 in SLICE_TYPES for unit in units(packet, stream))


def units(packet: Packet[VideoStream], stream: VideoStream) -> Iterator[bytes]:
    """The units of a packet of H.264, each from its first byte on (the end may lack or be followed by more)."""
    data, head = bytes(packet), stream.codec_context.extradata or b""
    # A head that begins with its version (1) belongs to units that begin with their length, else with a mark.
    places = _by_length(data, (head[4] & 3) + 1) if len(head) > 4 and head[0] == 1 else _by_mark(data)
    return (data[place : place + _MOST_BYTES] for place in places)


def _by_length(data: bytes, size: int) -> Iterator[int]:
    """Places of the first bytes of units that begin with their length."""
    place = 0
    while place + size < len(data):
        length = int.from_bytes(data[place : place + size], "big")
        yield place + size
        place += size + max(1, length)


def _by_mark(data: bytes) -> Iterator[int]:
    """Places of the first bytes of units that begin with a mark."""
    place = data.find(_START)
    while 0 <= place < len(data) - len(_START):
        yield place + len(_START)
        place = data.find(_START, place + len(_START))
