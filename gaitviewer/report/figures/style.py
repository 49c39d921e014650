"""Fonts, colours and paragraph styles of the report."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import STATE_DEFAULTS
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

from gaitviewer.core.gait import Side
from gaitviewer.errors import OutputError
from gaitviewer.messages import message

SANS, BOLD, ITALIC = "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique"

INK = HexColor("#1c2429")
SOFT = HexColor("#5b666d")  # captions; 5.9:1 on white
FAINT = HexColor("#9aa4aa")
RULE = HexColor("#d4dade")
PALE = HexColor("#f3f5f6")
BAND = HexColor("#dfe3e6")  # the normal band
ACCENT = HexColor("#1d4e5f")
LEFT_COLOUR = HexColor("#d62728")
RIGHT_COLOUR = HexColor("#1f77b4")
WHITE = HexColor("#ffffff")

SALIENCY = HexColor("#c2570c")  # evidence of a model; signed maps show what speaks against in the other one
AGAINST = HexColor("#3b5b92")

# The second cue beside colour: the left limb is dashed everywhere, the right one solid.
LEFT_DASH: tuple[float, ...] = (3.2, 1.6)

SCORE_FILL = {0: WHITE, 1: HexColor("#b9c4ca"), 2: HexColor("#33424a")}
SCORE_INK = {0: INK, 1: INK, 2: WHITE}


def colour_of(side: Side) -> Color:
    """Left is red, right is blue."""
    return LEFT_COLOUR if side is Side.LEFT else RIGHT_COLOUR


def dash_of(side: Side) -> tuple[float, ...] | None:
    """Left is dashed, right is solid."""
    return LEFT_DASH if side is Side.LEFT else None


def letter_of(side: Side) -> str:
    """The letter that goes with every colour."""
    return "L" if side is Side.LEFT else "R"


def font_file(name: str) -> Path:
    """The file of one of :data:`SANS`, :data:`BOLD` and :data:`ITALIC`.

    Raises:
        OutputError: matplotlib, which brings them, is not installed.
    """
    package = find_spec("matplotlib")  # found, not imported: that would cost a third of a second
    if package is None or package.origin is None:
        raise OutputError(message("error.report.fonts_missing"))
    return Path(package.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"


@cache
def register_fonts() -> None:
    """Make DejaVu Sans known to reportlab; it embeds the glyphs used (Vera lacks Greek and Cyrillic)."""
    for name in (SANS, BOLD, ITALIC):
        pdfmetrics.registerFont(TTFont(name, str(font_file(name))))
    STATE_DEFAULTS["fontName"] = SANS  # every drawing sets it first; Helvetica would not be embedded
    pdfmetrics.registerFontFamily(SANS, normal=SANS, bold=BOLD, italic=ITALIC, boldItalic=BOLD)


def _style(name: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    settings = {"fontName": SANS, "textColor": INK, **more}
    return ParagraphStyle(name, fontSize=size, leading=leading, **settings)


@cache
def styles() -> dict[str, ParagraphStyle]:
    """All paragraph styles by name."""
    register_fonts()
    made = (
        _style("title", 20, 25, fontName=BOLD, textColor=ACCENT),
        _style("subtitle", 9, 13, textColor=SOFT),
        _style("section", 12.5, 16, fontName=BOLD, textColor=ACCENT,
               spaceBefore=15, spaceAfter=5, keepWithNext=1),
        _style("sub", 8.6, 12, fontName=BOLD, spaceBefore=8, spaceAfter=3, keepWithNext=1),
        _style("body", 8.4, 12.6, spaceAfter=4),
        _style("bullet", 8.4, 12.4, spaceAfter=2.6, leftIndent=10, bulletIndent=0,
               bulletFontName=SANS, bulletFontSize=7),
        _style("reason", 7.6, 10.6, spaceAfter=1.8, leftIndent=10, bulletIndent=0,
               bulletFontName=SANS, bulletFontSize=6.4),
        _style("label", 7, 9.6, textColor=SOFT),
        _style("value", 8.4, 11.4),
        _style("figure", 17, 21, fontName=BOLD),
        _style("cell", 7.5, 9.8),
        _style("cell_bold", 7.5, 9.8, fontName=BOLD),
        _style("cell_right", 7.5, 9.8, alignment=TA_RIGHT),
        _style("cell_centre", 7.5, 9.8, alignment=TA_CENTER),
        _style("head", 7, 9.2, textColor=SOFT, fontName=BOLD),
        _style("head_right", 7, 9.2, textColor=SOFT, fontName=BOLD, alignment=TA_RIGHT),
        _style("small", 6.8, 9.3, textColor=SOFT),
        _style("note", 7, 9.8, textColor=SOFT, spaceAfter=2.4),
        _style("caption", 6.6, 8.6),
        _style("caption_soft", 6.2, 8.2, textColor=SOFT),
        _style("mono", 5.5, 7.6, textColor=SOFT),
    )  # fmt: skip
    return {style.name: style for style in made}


def text(words: str, style: str = "body", *, markup: bool = False, bullet: str | None = None) -> Paragraph:
    """A paragraph; ``words`` are taken literally unless ``markup`` is set."""
    return Paragraph(words if markup else escape(words), styles()[style], bulletText=bullet)
