"""A page as blocks, written as Markdown with picture files or as one HTML file with pictures inside."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeadingBlock:
    """A heading; ``level`` 1 is the title."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class ParagraphBlock:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table; the first column is words, the others are figures."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class PictureBlock:
    """An SVG picture: its file name, what it shows, and its text."""

    name: str
    caption: str
    svg: str


Block = HeadingBlock | ParagraphBlock | TableBlock | PictureBlock

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem;
  margin: 2rem auto; padding: 0 1rem; color: #1b2430; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid #d5dae0; padding: .3rem .7rem; text-align: right; }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left; }
figure { margin: 1rem 0; } figure svg { max-width: 100%; height: auto; } figcaption { color: #55606d; }
h2 { margin-top: 2.5rem; border-top: 2px solid #d5dae0; padding-top: 1rem; }
"""


def as_markdown(blocks: Sequence[Block], *, pictures: str) -> str:
    """The page as Markdown; pictures are linked in the folder ``pictures``."""
    return "\n\n".join(_markdown(block, pictures) for block in blocks) + "\n"


def _markdown(block: Block, pictures: str) -> str:
    if isinstance(block, HeadingBlock):
        return f"{'#' * block.level} {block.text}"
    if isinstance(block, ParagraphBlock):
        return block.text
    if isinstance(block, PictureBlock):
        return f"![{block.caption}]({pictures}/{block.name}.svg)"
    cells = [block.columns, tuple("---" for _ in block.columns), *block.rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells)


def as_html(blocks: Sequence[Block], *, title: str) -> str:
    """The page as one HTML file that needs nothing else."""
    body = "\n".join(_html(block) for block in blocks)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _html(block: Block) -> str:
    if isinstance(block, HeadingBlock):
        return f"<h{block.level}>{html.escape(block.text)}</h{block.level}>"
    if isinstance(block, ParagraphBlock):
        return f"<p>{html.escape(block.text)}</p>"
    if isinstance(block, PictureBlock):
        return f"<figure>{block.svg}<figcaption>{html.escape(block.caption)}</figcaption></figure>"
    head = "".join(f"<th>{html.escape(name)}</th>" for name in block.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in block.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
