"""Pictures of high dynamic range, as phones record them, in the range that estimators and screens know.

Read as they are stored, they look grey and flat. FFmpeg's scaler maps light levels and colours from one
standard to the other; making its table takes seconds and using it milliseconds, so that one table, for pieces
of one size, serves all pictures of a kind in the process. A fixed map, whatever a file says of its brightest
point, also keeps a recording from flickering.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import ClassVar, Self, cast

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc, VideoReformatter
from numpy.typing import NDArray

_NAMES = {ColorTrc.SMPTE2084: "PQ", ColorTrc.ARIB_STD_B67: "HLG"}
# Pixels are mapped one by one: pieces may have any shape, and in this one few pixels are filled up for nothing.
_PIECE = 16, 4096


@dataclass(frozen=True, slots=True)
class Tones:
    """Light levels (ITU-R BT.2100: PQ or HLG) and primary colours of a picture of high dynamic range.

    Attributes:
        transfer: from light to numbers.
        primaries: the three colours.
    """

    transfer: ColorTrc
    primaries: ColorPrimaries

    # Eight bits of PQ are too coarse for what the map spreads.
    format: ClassVar[str] = "rgb48le"

    @classmethod
    def of(cls, frame: VideoFrame) -> Self | None:
        """Those of a decoded picture; None if it is an ordinary one."""
        for transfer in _NAMES:
            if frame.color_trc == transfer:
                return cls(transfer, _primaries(frame.color_primaries))
        return None

    @property
    def name(self) -> str:
        """The name of the light levels, PQ or HLG."""
        return _NAMES[self.transfer]

    def map(self, pixels: NDArray[np.uint16], *, alpha: bool) -> NDArray[np.uint8]:
        """From [H, W, 3] u16 RGB of high dynamic range to u8 [H, W, 3] RGB, with ``alpha`` [H, W, 4] BGRA."""
        rgb = _mapper(self).run(pixels)
        if not alpha:
            return rgb
        bgra = np.full((*rgb.shape[:2], 4), 255, np.uint8)
        bgra[..., :3] = rgb[..., ::-1]
        return bgra


def _primaries(found: int) -> ColorPrimaries:
    """As the picture says; those of BT.2100 where it says nothing."""
    try:
        primaries = ColorPrimaries(found)
    except ValueError:
        return ColorPrimaries.BT2020
    return ColorPrimaries.BT2020 if primaries is ColorPrimaries.UNSPECIFIED else primaries


class _Mapper:
    """One scaler with its table; several threads take turns."""

    def __init__(self, tones: Tones) -> None:
        self._tones = tones
        self._scaler = VideoReformatter()
        self._lock = Lock()

    def run(self, pixels: NDArray[np.uint16]) -> NDArray[np.uint8]:
        flat = np.ascontiguousarray(pixels).reshape(-1, 3)
        mapped = np.empty(flat.shape, np.uint8)
        size = _PIECE[0] * _PIECE[1]
        for start in range(0, len(flat), size):
            piece = flat[start : start + size]
            count = len(piece)
            if count < size:
                piece = np.concatenate([piece, np.zeros((size - count, 3), np.uint16)])
            mapped[start : start + count] = self._map_piece(piece.reshape(*_PIECE, 3)).reshape(-1, 3)[:count]
        return mapped.reshape(pixels.shape)

    def _map_piece(self, piece: NDArray[np.uint16]) -> NDArray[np.uint8]:
        frame = VideoFrame.from_ndarray(piece, format=Tones.format)
        frame.color_trc, frame.color_primaries = self._tones.transfer, self._tones.primaries
        frame.color_range = ColorRange.JPEG
        with self._lock:
            mapped = self._scaler.reformat(
                frame,
                format="rgb24",
                dst_color_trc=ColorTrc.BT709,
                dst_color_primaries=ColorPrimaries.BT709,
                threads=1,
            )
        return cast(NDArray[np.uint8], mapped.to_ndarray())


@lru_cache(maxsize=4)
def _mapper(tones: Tones) -> _Mapper:
    return _Mapper(tones)
