"""Frames for the report: who gives them, and how a crop of one becomes a small JPEG."""

from __future__ import annotations

import io
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import View

PRINT_DPI = 220
_JPEG_QUALITY = 84


class PictureSource(Protocol):
    """Gives a frame of a trial's view as u8 [H, W, 3] upright RGB, or None where there is none."""

    def __call__(self, trial: str, view: View, frame: int) -> NDArray[np.uint8] | None:
        """The picture of frame ``frame``; asked for in ascending order per trial and view."""
        ...


def crop_to_jpeg(
    picture: NDArray[np.uint8], box: tuple[float, float, float, float], *, width_pt: float
) -> tuple[bytes, tuple[float, float, float, float]]:
    """A crop as JPEG, no finer than print needs, and the box that it really shows.

    Args:
        picture: u8 [H, W, 3] upright RGB.
        box: (x0, y0, x1, y1) in pixels.
        width_pt: width on paper, points.

    Returns:
        The JPEG file and the box rounded to whole pixels, so that lines drawn over it fit exactly.
    """
    from PIL import Image

    height, width = picture.shape[:2]
    x0, y0 = max(0, int(np.floor(box[0]))), max(0, int(np.floor(box[1])))
    x1, y1 = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
    image = Image.fromarray(np.ascontiguousarray(picture[y0:y1, x0:x1]))
    most = int(width_pt / 72 * PRINT_DPI)
    if image.width > most:
        image = image.resize((most, max(1, round(image.height * most / image.width))), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_JPEG_QUALITY, subsampling=1)
    return out.getvalue(), (float(x0), float(y0), float(x1), float(y1))
