"""Videos whose every frame carries its own number in blocks of black and white."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]


class Counter:
    """Draws frame numbers so large that compression and scaling cannot change them, and reads them."""

    bits = 10
    block_px = 16
    width_px = 192
    height_px = 96

    def picture(self, number: int) -> Rgb:
        """A moving grey pattern; the top rows hold the number in binary, the least significant bit first."""
        across = np.arange(self.width_px)[None, :] + 3 * number
        down = np.arange(self.height_px)[:, None] + number
        grey = 90 + 40 * np.sin(across / 9.0) * np.cos(down / 7.0)
        picture = np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)
        for bit in range(self.bits):
            left = bit * self.block_px
            picture[:32, left : left + self.block_px] = 255 if number >> bit & 1 else 0
        picture[:32, self.bits * self.block_px :] = (200, 30, 30)
        return picture

    def pictures(self, count: int) -> Iterator[Rgb]:
        return (self.picture(number) for number in range(count))

    def read(self, picture: Rgb) -> int:
        """The number in a picture that may have been scaled."""
        scale = picture.shape[0] / self.height_px
        number = 0
        for bit in range(self.bits):
            value = picture[int(16 * scale), int((bit + 0.5) * self.block_px * scale)].mean()
            number |= int(value > 128) << bit
        return number
