"""The pages of a written report as pictures, for looking at them before they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def page_pictures(path: Path, *, height_px: int = 1400) -> Iterator[tuple[int, int, NDArray[np.uint8]]]:
    """Page number from 0, number of pages, and the page as u8 [H, W, 4], blue first, ``height_px`` high."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    try:
        count = len(document)
        for number in range(count):
            page = document[number]
            bitmap = page.render(scale=height_px / page.get_height(), rev_byteorder=False, prefer_bgrx=True)
            yield number, count, np.array(bitmap.to_numpy(), np.uint8)
            page.close()
    finally:
        document.close()
