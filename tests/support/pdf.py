"""Reading written reports: always through the program's one door to PDFium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gaitviewer.core.measures import Measures
from gaitviewer.report import render_report
from gaitviewer.report.pdf import put_in_place
from gaitviewer.report.preview import open_pdf


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """An open ``pypdfium2.PdfDocument``; nobody else is in PDFium meanwhile."""
    with open_pdf(path.read_bytes()) as document:
        yield document


def raw() -> Any:
    """PDFium's own functions; to be called between the doors of :func:`opened` only."""
    import pypdfium2.raw

    return pypdfium2.raw


def page_texts(path: Path) -> list[str]:
    """The text of each page as it stands."""
    with opened(path) as document:
        return texts_of(document)


def texts_of(document: Any) -> list[str]:
    """The text of each page of an open document."""
    texts = []
    for page in document:
        words = page.get_textpage()
        texts.append(words.get_text_range())
        words.close()
        page.close()
    return texts


def in_one_line(text: str) -> str:
    """White space as single blanks."""
    return re.sub(r"\s+", " ", text)


def write_report(path: Path, measures: Measures, **content: Any) -> None:
    """The report of measures in a file, as the command line and the window write it."""
    put_in_place(path, render_report(measures, **content))
