"""The sections made of plots and pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from reportlab.platypus import CondPageBreak, KeepTogether, PageBreak, Spacer, Table, TableStyle

from gaitviewer.core.gait import BySide, Side, View
from gaitviewer.core.measures import AngleKind, Measures
from gaitviewer.report.content import curve_notes, method
from gaitviewer.report.content import facts as content_facts
from gaitviewer.report.content.evidence import EVIDENCE_ASPECT, KEY_ASPECT, EvidencePicture, KeyStrip
from gaitviewer.report.content.sections import PageFrame, Story, section
from gaitviewer.report.content.wording import VIEW_WORDS, AngleWords, angle_words, angles_present, unique
from gaitviewer.report.figures.plots import (
    curve_legend,
    curve_panel,
    limits_of,
    pattern_plot,
    profile_bars,
    strides_panel,
)
from gaitviewer.report.figures.style import SANS, text
from gaitviewer.report.figures.tiles import JpegCrop, Tile, caption_lines

_GUTTER = 12.0


def _grid(
    cells: Sequence[Any], columns: int, width: float, *, gutter: float = _GUTTER, below: float = 8.0
) -> Story:
    """Cells of equal width in rows; a row never breaks."""
    rows: Story = []
    for start in range(0, len(cells), columns):
        row = [*cells[start : start + columns]]
        row += [""] * (columns - len(row))
        style = TableStyle([
    ("FONTNAME", (0, 0), (-1, -1), SANS),
    ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), below),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )  # fmt: skip
        step = (width + gutter) / columns
        rows.append(
            Table([row], colWidths=[step] * (columns - 1) + [step - gutter], style=style, hAlign="LEFT")
        )
    return rows


def _panel_height(rows: int, frame: PageFrame, least: float, most: float) -> float:
    return min(most, max(least, (frame.height - 92) / max(rows, 1) - 8))


def kinematics(measures: Measures, frame: PageFrame, kinds: Sequence[AngleKind]) -> Story:
    """Mean curves of both sides over the normal band, a page for each view."""
    story: Story = []
    for view in View:
        angles = curve_notes.drawn_angles(measures, view, kinds)
        if angles:
            heading = section(f"Joint angles over the gait cycle, {VIEW_WORDS[view]}")
            story += [PageBreak(), heading, curve_legend(frame.width), Spacer(0, 6)]
            story += _grid(_curve_panels(measures, angles, frame), 2, frame.width, gutter=20)
            story += [text(line, "note") for line in curve_notes.notes(measures, angles)]
    if story:
        return story
    nothing = text("No angle could be measured over a whole stride.")
    return [section("Joint angles over the gait cycle"), nothing]


def _curve_panels(measures: Measures, angles: Sequence[AngleWords], frame: PageFrame) -> list[Any]:
    width = (frame.width - 20) / 2
    height = _panel_height(math.ceil(len(angles) / 2), frame, 112, 158)
    panels = []
    for words in angles:
        means = [mean for side in Side if (mean := measures.mean(words.name, side)) is not None]
        curves = [c for c in measures.curves if c.angle == words.name]
        band = measures.band(words.name)
        limits = limits_of(words, means, curves, band)
        panels.append(curve_panel(words, means, band, width=width, height=height, limits=limits))
    return panels


def consistency(measures: Measures, frame: PageFrame, kinds: Sequence[AngleKind]) -> Story:
    """Every stride of every angle, left beside right."""
    angles = [w for w in angles_present(measures, kinds) if any(c.angle == w.name for c in measures.curves)]
    if not angles:
        return []
    width = (frame.width - 3 * _GUTTER) / 4
    height = _panel_height(math.ceil(len(angles) / 2), frame, 88, 150)
    panels = []
    for words in angles:
        of_angle = [c for c in measures.curves if c.angle == words.name]
        means = [mean for side in Side if (mean := measures.mean(words.name, side)) is not None]
        band = measures.band(words.name)
        limits = limits_of(words, means, of_angle, band)
        for side in Side:
            curves = [c for c in of_angle if c.stride.side is side]
            mean = measures.mean(words.name, side)
            panels.append(
                strides_panel(words, side, curves, mean, band, width=width, height=height, limits=limits)
            )
    return [
        CondPageBreak(frame.height * 0.6), section("Every stride"), curve_legend(frame.width, strides=True),
        Spacer(0, 6), *_grid(panels, 4, frame.width),
    ]  # fmt: skip


def _profile_rows(
    measures: Measures, kinds: Sequence[AngleKind]
) -> list[tuple[str, BySide[tuple[float, float] | None]]]:
    found: dict[tuple[str, Side], tuple[float, float]] = {
        (s.angle, s.side): (s.raw, s.shape_only) for s in measures.variable_scores
    }
    rows = []
    for name in unique(s.angle for s in measures.variable_scores):
        rows.append((angle_words(name, kinds).title, BySide(*(found.get((name, side)) for side in Side))))
    whole = {p.side: (p.raw, p.shape_only) for p in measures.profile_scores}
    if whole:
        rows.append(("2D sagittal profile score", BySide(*(whole.get(side) for side in Side))))
    return rows


def profile(measures: Measures, frame: PageFrame, kinds: Sequence[AngleKind]) -> Story:
    """Movement analysis bars and the sagittal pattern, side by side in meaning."""
    story: Story = []
    rows = _profile_rows(measures, kinds)
    if rows:
        variables = unique(v for p in measures.profile_scores for v in p.variables)
        named = ", ".join(angle_words(v, kinds).title.lower() for v in variables)
        story.append(
            KeepTogether(
                [
                    section("Movement analysis"),
                    text(
                        method.PROFILE_NOTE
                        + (
                            f" The 2D sagittal profile score joins {named}; it is not a Gait Profile Score."
                            if named
                            else ""
                        ),
                        "note",
                    ),
                    Spacer(0, 4),
                    profile_bars(rows, width=frame.width),
                ]
            )
        )
    plot = pattern_plot(measures.patterns, size=126)
    words = [text(line) for line in content_facts.pattern_sentences(measures)]
    words.append(
        text(
            method.PATTERN_NOTE,
            "note",
        )
    )
    pair = Table(
        [[plot, words]],
        colWidths=[208, frame.width - 208],
        hAlign="LEFT",
        style=TableStyle(
            [
                ("FONTNAME", (0, 0), (-1, -1), SANS),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ]
        ),
    )
    story.append(KeepTogether([section("Sagittal pattern"), pair]))
    return story


def evidence(
    pairs: Sequence[tuple[EvidencePicture | None, EvidencePicture | None]],
    crops: Mapping[int, JpegCrop],
    names: Mapping[str, str],
    frame: PageFrame,
) -> Story:
    """The frame behind every score: left and right side by side under the item's name, two items a row."""
    if not pairs:
        return []
    width = (frame.width - 3 * _GUTTER) / 4

    lines = max(caption_lines(shot, width) for pair in pairs for shot in pair if shot is not None)

    def tile(shot: EvidencePicture | None) -> Any:
        if shot is None:
            return ""
        return Tile(shot, crops.get(id(shot)), width=width, height=width / EVIDENCE_ASPECT, lines=lines)

    one_sided = all(left is None for left, _ in pairs) or all(right is None for _, right in pairs)
    columns = 4 if one_sided else 2
    step = (frame.width + _GUTTER) / columns
    cells = []
    for pair in pairs:
        seen = [shot for shot in pair if shot is not None]
        name = text(names.get(seen[0].anchor, ""), "caption_soft")
        shown = [tile(shot) for shot in (seen if one_sided else pair)]
        cells.append([name, Spacer(0, 2), *_grid(shown, len(shown), step - _GUTTER, below=0)])
    heading = [section("The frames behind the scores"), text(method.EVIDENCE_NOTE, "note"), Spacer(0, 4)]
    return [CondPageBreak(250), *heading, *_grid(cells, columns, frame.width, below=6)]


def key_frames(strips: Sequence[KeyStrip], crops: Mapping[int, JpegCrop], frame: PageFrame) -> Story:
    """Eight phases of one stride per side, in a row."""
    if not strips:
        return []
    gutter = 5.0
    width = (frame.width - 7 * gutter) / 8
    lines = max(caption_lines(shot, width) for strip in strips for shot in strip.shots)
    story: Story = [section("Key frames over the gait cycle")]
    for strip in strips:
        tiles = [
            Tile(shot, crops.get(id(shot)), width=width, height=width / KEY_ASPECT, lines=lines)
            for shot in strip.shots
        ]
        story += [text(strip.note, "note"), Spacer(0, 2)]
        story += _grid(tiles, 8, frame.width, gutter=gutter, below=4)
    return [KeepTogether(story)]
