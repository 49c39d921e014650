"""The pages of a report as pictures, and the one door to PDFium.

PDFium is not safe in two threads at once: two of them inside it end the whole program. Everything that it does
happens between the doors of :func:`open_pdf`, one caller at a time; nobody else imports ``pypdfium2``.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_owner = threading.Lock()
_LEAVE_S = 5.0  # the longest that the end of the program waits for a page that is being drawn


@contextlib.contextmanager
def open_pdf(data: bytes) -> Iterator[Any]:
    """An open ``pypdfium2.PdfDocument``; the caller is alone in PDFium until it is closed again.

    Nothing of the document (page, bitmap, text) may be kept or used after the block; whatever is made of it is
    closed within.

    Args:
        data: the PDF file's bytes: a file that is replaced or removed meanwhile does not matter.
    """
    import pypdfium2

    with _owner:
        document = pypdfium2.PdfDocument(data)
        _register_end()
        try:
            yield document
        finally:
            document.close()


@functools.cache
def _register_end() -> None:
    """Jobs may be drawing when a program quits: its end waits for them.

    What is registered last runs first: before PDFium's own end, and before Python closes the documents that are
    still open, which it prepares with the first one.
    """
    atexit.register(_owner.acquire, timeout=_LEAVE_S)


def page_pictures(data: bytes, *, height_px: int = 1400) -> Iterator[tuple[int, int, NDArray[np.uint8]]]:
    """Page number from 0, number of pages, and the page as u8 [H, W, 4], blue first, ``height_px`` high.

    Others may use PDFium between two pages.

    Args:
        data: the PDF file's bytes.
        height_px: height of each picture.
    """
    with open_pdf(data) as document:
        count = len(document)
    for number in range(count):
        with open_pdf(data) as document:
            picture = _draw(document, number, height_px)
        yield number, count, picture


def _draw(document: Any, number: int, height_px: int) -> NDArray[np.uint8]:
    page = document[number]
    try:
        bitmap = page.render(scale=height_px / page.get_height(), rev_byteorder=False, prefer_bgrx=True)
        try:
            return np.array(bitmap.to_numpy(), np.uint8)
        finally:
            bitmap.close()
    finally:
        page.close()
