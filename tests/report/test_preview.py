"""PDFium is entered by one caller at a time, however many want pages."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from reportlab.pdfgen.canvas import Canvas

from gaitviewer.report import preview


def a_pdf(pages: int) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(200, 100))
    for number in range(pages):
        canvas.drawString(20, 50, f"page {number}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def test_the_pages_as_pictures() -> None:
    made = list(preview.page_pictures(a_pdf(3), height_px=50))
    assert [(number, count) for number, count, _ in made] == [(0, 3), (1, 3), (2, 3)]
    assert all(picture.shape == (50, 100, 4) for _, _, picture in made)
    assert all(picture.min() < 128 < picture.max() for _, _, picture in made)


def test_many_threads_draw_and_one_at_a_time_is_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    data, inside, worst = a_pdf(4), 0, 0
    count = threading.Lock()
    draw = preview._draw

    def counted(*arguments: object) -> object:
        nonlocal inside, worst
        with count:
            inside += 1
            worst = max(worst, inside)
        try:
            return draw(*arguments)
        finally:
            with count:
                inside -= 1

    monkeypatch.setattr(preview, "_draw", counted)
    with ThreadPoolExecutor(6) as pool:
        drawn = list(pool.map(lambda _: list(preview.page_pictures(data, height_px=300)), range(60)))
    assert worst == 1
    first = drawn[0]
    assert all(np.array_equal(a[2], b[2]) for other in drawn for a, b in zip(first, other, strict=True))


def test_a_document_that_fails_lets_the_next_one_in() -> None:
    with pytest.raises(Exception, match="Failed to load"):
        list(preview.page_pictures(b"not a PDF"))
    assert len(list(preview.page_pictures(a_pdf(1)))) == 1


def test_a_program_may_end_while_a_page_is_drawn() -> None:
    """A thread of a job still draws when the interpreter ends: nobody dies of a signal."""
    code = """
import io, sys, threading
from reportlab.pdfgen.canvas import Canvas
from gaitviewer.report.preview import page_pictures
out = io.BytesIO()
canvas = Canvas(out, pagesize=(2000, 2000))
for _ in range(50):
    canvas.drawString(20, 50, "page"); canvas.showPage()
canvas.save()
began = threading.Event()
def draw():
    while True:
        for number, _, _ in page_pictures(out.getvalue(), height_px=2000):
            began.set()
for _ in range(3):
    threading.Thread(target=draw, daemon=True).start()
began.wait()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
