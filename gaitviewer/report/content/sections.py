"""The sections of the report as flowables, in the order of printing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.platypus import CondPageBreak, KeepTogether, PageBreak, Spacer, Table, TableStyle

from gaitviewer.core.measures import FindingSeverity, Measures
from gaitviewer.core.output import Provenance, Signature, SignatureState
from gaitviewer.report.content import facts as content_facts
from gaitviewer.report.content import method, recording
from gaitviewer.report.content.limits import load_limits, reliability_lines
from gaitviewer.report.content.sheet import footnotes
from gaitviewer.report.content.tables import (
    facts_table,
    figures_table,
    missing_table,
    parameters_table,
    sheet_table,
    views_table,
)
from gaitviewer.report.content.wording import VIEW_WORDS, many, moment, recording_words, sentence, unique
from gaitviewer.report.figures.style import SANS, SOFT, text

_LEVEL_MARK = {
    FindingSeverity.GOOD: "✓",
    FindingSeverity.NOTE: "○",
    FindingSeverity.WARNING: "▲",
    FindingSeverity.REFUSED: "✕",
}

Story = list[Any]
_FLAT = (("FONTNAME", (0, 0), (-1, -1), SANS), ("LEFTPADDING", (0, 0), (-1, -1), 0))


@dataclass(frozen=True, slots=True)
class PageFrame:
    """The space that a page leaves for the story, points."""

    width: float
    height: float


def section(words: str) -> Any:
    """A section heading that also appears in the outline of the PDF."""
    heading = text(words, "section")
    heading.outline = words
    return heading


def front(
    measures: Measures, frame: PageFrame, *, program: str, anonymous: bool, left_out: Sequence[str] = ()
) -> Story:
    """Title, header, large numbers, summary in plain words, and the titles of sections that were left out."""
    who = measures.session.subject.pseudonym
    story: Story = [
        text("Gait assessment from video", "title"),
        text(f"{who}: joint angles, gait events and Edinburgh Visual Gait Score", "subtitle"),
        Spacer(0, 8),
        facts_table(content_facts.header_facts(measures, program=program, anonymous=anonymous), frame.width),
        Spacer(0, 12),
        figures_table(content_facts.key_figures(measures), frame.width),
        section("Summary"),
    ]
    story += [text(line) for line in content_facts.summary(measures)]
    findings = content_facts.scored_findings(measures)
    if findings:
        story.append(text("Outside the normal bands, most marked first", "sub"))
        story += [text(line, "bullet", bullet="–") for line in findings]
    if left_out:
        story.append(text(f"Sections left out of this report: {'; '.join(left_out)}.", "note"))
    return story


def quality(measures: Measures, frame: PageFrame) -> Story:
    """What was recorded, how good it is, what it does not show."""
    story: Story = [PageBreak(), section("Quality of the recording"), views_table(measures, frame.width)]
    story.append(Spacer(0, 4))
    story.append(
        text(
            method.VIEWS_NOTE,
            "note",
        )
    )
    if measures.quality:
        story.append(text("Findings and advice", "sub"))
    for finding in measures.quality:
        seen = VIEW_WORDS[finding.view] if finding.view else ""
        where = recording_words(finding.trial, finding.view) if finding.trial else seen
        topic = sentence(finding.topic).rstrip(".") + (f" ({where})" if where else "")
        line = f"{topic}: {sentence(finding.text)} {sentence(finding.advice)}".strip()
        if finding.items:
            line += f" Items: {', '.join(finding.items)}."
        story.append(text(line, "bullet", bullet=_LEVEL_MARK[finding.level]))
    strides = (*recording.left_out_strides(measures), *recording.flagged_strides(measures))
    for heading, lines in (
        ("Strides left out or unusual", strides),
        ("Parts of the recording that were not used", recording.left_out_frames(measures)),
        ("Time between the views", recording.sync_lines(measures)),
    ):
        if lines:
            story.append(text(heading, "sub"))
            story += [text(line, "bullet", bullet="–") for line in lines]
    if recording.not_assessed(measures):
        story += [text("Not assessed, and why", "sub"), missing_table(measures, frame.width)]
    return story


def parameters(measures: Measures, frame: PageFrame) -> Story:
    """The spatio-temporal table with its sources."""
    if not measures.parameters:
        return []
    story: Story = [
        CondPageBreak(frame.height * 0.8),  # after a few lines that went over to a new page there is room
        section("Time and distance"),
        parameters_table(measures.parameters, frame.width),
    ]
    sources = unique(p.norm_source for p in measures.parameters if p.norm_source)
    sourced = f" Normal values: {'; '.join(sources)}." if sources else ""
    story += [
        Spacer(0, 4),
        text(method.TABLE_NOTE.format(usual=load_limits().symmetry_usual_percent) + sourced, "note"),
    ]
    story += [text(line, "note") for line in content_facts.progression_lines(measures)]
    return story


def scores(measures: Measures, frame: PageFrame, *, linked: frozenset[str]) -> Story:
    """The EVGS sheet with footnotes and what the totals mean."""
    note = f"{method.SHEET_NOTE} {method.SHEET_LINK_NOTE}" if linked else method.SHEET_NOTE
    story: Story = [
        PageBreak(), section("Edinburgh Visual Gait Score"),
        text(note, "note", markup=True), Spacer(0, 3),
        sheet_table(measures, frame.width, linked=linked), Spacer(0, 6),
    ]  # fmt: skip
    story += [text(f"{index}  {words}", "small") for index, words in footnotes(measures.evgs)]
    story.append(text("How to read the totals", "sub"))
    story += [text(line, "note") for line in reliability_lines()]
    return story


def method_and_limits(measures: Measures) -> Story:
    """How it was measured, what that cannot do, where the figures come from."""
    story: Story = [CondPageBreak(250), section("Method")]
    story += [text(line) for line in method.METHOD]
    story.append(section("Limits"))
    story += [text(line, "bullet", bullet="–") for line in method.LIMITS]
    bands = unique(b.source for b in measures.bands if b.source)
    story.append(section("References"))
    story += [text(line, "note") for line in method.REFERENCES]
    if bands:
        story.append(text(f"Normal curves of this report: {'; '.join(bands)}.", "note"))
    return story


def _provenance_rows(items: Sequence[tuple[str, Provenance]], measures: Measures) -> Iterator[list[Any]]:
    """(what, made by with digests, when and where) of every result and video."""
    for what, made in items:
        by = [text(f"{made.model}, gaitviewer {made.program}", "cell")]
        if made.inputs_digest:
            by.append(text(f"inputs {made.inputs_digest}", "mono"))
        if made.weights_digest:
            by.append(text(f"weights {made.weights_digest}", "mono"))
        where = f"{moment(made.when)}, {made.device}"
        if math.isfinite(made.seconds):
            where += f", {made.seconds:.0f} s"
        yield [text(what, "cell"), by, text(where, "cell")]
    for motion in measures.motions:
        for view in motion.trial.views:
            video = motion.trial.videos[view]
            if video is not None:
                of = [text(f"{video.info.codec}, {many(video.info.frame_count, 'frame')}", "cell")]
                if video.sha256:
                    of.append(text(f"SHA-256 {video.sha256}", "mono"))
                what = f"video of {recording_words(motion.trial.id, view)}"
                yield [text(what, "cell"), of, text(f"{video.info.duration_s:.2f} s", "cell")]


def provenance(
    items: Sequence[tuple[str, Provenance]], measures: Measures, frame: PageFrame, created: str,
    signed: Signature | None = None, refusals: Sequence[str] = (), by_hand: str = "",
) -> Story:  # fmt: skip
    """What this report was made from, what was set by hand, what has no pictures; a line to sign on."""
    rows: list[list[Any]] = [[text(head, "head") for head in ("Result", "Made by", "When, where, how long")]]
    rows += _provenance_rows(items, measures)
    style = [
        *_FLAT,
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ]
    widths = [frame.width * share for share in (0.2, 0.52, 0.28)]
    # The last row goes with the line to sign on, which says nothing on a page of its own.
    first, last = (rows[:-1], rows[-1:]) if len(rows) > 2 else ([], rows)
    made = [
        Table(part, colWidths=widths, repeatRows=int(len(part) > 1), style=TableStyle(style), hAlign="LEFT")
        for part in (first, last)
        if part
    ]
    written = f"Written {moment(created)}. File names and picture metadata are not part of this report."
    notes = [*filter(None, (by_hand, written)), *(f"Pictures are left out: {why}" for why in refusals)]
    lines = [text(line, "note") for line in notes]
    foot = KeepTogether([made[-1], Spacer(0, 4), *lines, *_line_to_sign_on(frame, signed)])
    return [CondPageBreak(150), section("Provenance"), *made[:-1], foot]


def _line_to_sign_on(frame: PageFrame, signed: Signature | None) -> Story:
    """Room for a signature by hand; above it who signed in the program."""
    line = Table(
        [[text(label, "label") for label in ("Reviewed by", "Role", "Date", "Signature")]],
        colWidths=[frame.width * share for share in (0.3, 0.2, 0.15, 0.35)],
        style=TableStyle([*_FLAT, ("LINEABOVE", (0, 0), (-1, 0), 0.5, SOFT)]),
        hAlign="LEFT",
    )
    if signed is None:
        return [Spacer(0, 32), line]
    return [Spacer(0, 8), text(signed_words(signed)), Spacer(0, 28), line]


def signed_words(signed: Signature) -> str:
    """What the report says of a signature: who signed, and whether this is what was signed."""
    whose = f"{signed.who} on {moment(signed.when)}"
    parts = f" ({', '.join(signed.changed)})" if signed.changed else ""
    return {
        SignatureState.VALID: f"Signed in the program by {whose}.",
        SignatureState.PARTLY: f"Grades and measures are as signed in the program by {whose}; an earlier "
        "version kept no more, so texts, key images and measurements by hand may have been changed since.",
        SignatureState.CHANGED: f"Not signed: changed{parts} since {whose} signed in the program.",
        SignatureState.UNKNOWN: f"Not signed: whether this was changed since {whose} signed with an earlier "
        "version of the program cannot be known.",
        SignatureState.ALTERED: f"Not signed: the record of a signature by {whose} was altered in the library.",
    }[signed.state]
