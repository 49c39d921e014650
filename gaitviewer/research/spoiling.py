"""What a cheap camera does to pictures: light, blur, noise of the sensor, compression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.pose._cv import load


@dataclass(frozen=True, slots=True)
class Spoiling:
    """What is done to all pictures of one recording.

    Attributes:
        jpeg_quality: of the compression, 1 to 100.
        noise: SD of each colour of each pixel, 0..255.
        blur_px: SD of the blur, pixels of the picture that is spoiled.
        gain: of the light, 1 for none.
    """

    jpeg_quality: int
    noise: float
    blur_px: float
    gain: float

    @classmethod
    def draw(cls, random: np.random.Generator) -> Spoiling:
        """Any cheap camera."""
        return cls(
            int(random.integers(35, 95)), float(random.choice([0, 0, 3, 6])),
            float(random.choice([0, 0, 0.6, 1.0])), float(random.uniform(0.6, 1.1)),
        )  # fmt: skip

    def apply(self, rgb: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
        """A picture [H, W, 3] as that camera gives it; the noise is drawn anew for each."""
        cv2 = load("cv2")

        picture = rgb.astype(np.float32) * self.gain
        if self.blur_px > 0:
            picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), self.blur_px), np.float32)
        if self.noise > 0:
            picture = picture + random.normal(0, self.noise, picture.shape)
        whole = np.clip(picture, 0, 255).astype(np.uint8)
        packed = cv2.imencode(".jpg", whole[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, self.jpeg_quality])[1]
        return np.ascontiguousarray(np.asarray(cv2.imdecode(packed, 1), np.uint8)[..., ::-1])
