"""The figure of a knowledge map as files of its own: SVG, and PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reportlab.graphics import renderSVG
from reportlab.graphics.shapes import Drawing, Rect
from reportlab.pdfgen.canvas import Canvas

from gaitviewer.core.maps import FeatureFinding, KnowledgeMap, MapRow
from gaitviewer.report.content.wording import recording_words
from gaitviewer.report.figures.axes import label
from gaitviewer.report.figures.models import Figure, map_drawing
from gaitviewer.report.figures.style import BOLD, INK, SALIENCY, SANS, WHITE, register_fonts
from gaitviewer.report.preview import page_pictures

if TYPE_CHECKING:
    from reportlab.graphics.shapes import Shape

_WIDTH, _HEIGHT, _HEAD, _MARGIN = 620.0, 420.0, 34.0, 14.0


def map_figure(
    drawn: KnowledgeMap, rows: Sequence[MapRow], findings: Sequence[FeatureFinding], *, statement: str
) -> Drawing:
    """The figure of the report with what it is, and what it must not be taken for, above it."""
    register_fonts()
    inner = map_drawing(drawn, rows, findings, width=_WIDTH, height=_HEIGHT)
    whole = Drawing(_WIDTH + 2 * _MARGIN, _HEIGHT + _HEAD + 2 * _MARGIN)
    top = whole.height - _MARGIN - 8
    where = f"{recording_words(drawn.trial, drawn.view)}, {drawn.times_s[0]:.2f} to {drawn.times_s[-1]:.2f} s"
    label(
        whole,
        _MARGIN,
        top,
        f"Importance of each feature for “{drawn.target}”; {where}",
        size=8,
        font=BOLD,
        colour=INK,
    )
    label(whole, _MARGIN, top - 12, statement, size=7, font=BOLD, colour=SALIENCY)
    for shape in inner.contents:
        _move(shape, _MARGIN, _MARGIN)
        whole.add(shape)
    return whole


def _move(shape: Shape, right: float, up: float) -> None:
    """Pictures must not lie in a group: those are drawn apart."""
    for x, y in (("x", "y"), ("x1", "y1"), ("x2", "y2")):
        if hasattr(shape, x):
            setattr(shape, x, getattr(shape, x) + right)
            setattr(shape, y, getattr(shape, y) + up)


def map_svg(figure: Drawing) -> str:
    """The figure as SVG on white paper, its picture inside."""
    paper = Drawing(figure.width, figure.height)
    paper.add(Rect(0, 0, figure.width, figure.height, fillColor=WHITE, strokeColor=None))
    for shape in figure.contents:
        paper.add(shape)
    return str(renderSVG.drawToString(paper))


def map_png(figure: Drawing, *, height_px: int = 1200) -> bytes:
    """The figure as PNG."""
    from PIL import Image

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(figure.width, figure.height), initialFontName=SANS)
    Figure(figure).drawOn(canvas, 0, 0)
    canvas.showPage()
    canvas.save()
    ((_, _, picture),) = page_pictures(out.getvalue(), height_px=height_px)
    found = io.BytesIO()
    Image.fromarray(picture[..., 2::-1].copy()).save(found, "PNG")
    return found.getvalue()
