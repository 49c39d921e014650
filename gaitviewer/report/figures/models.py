"""Explanations of learned models on paper: the body chart, key frames with marked joints, the knowledge map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import Circle, Drawing, Image, Line, Rect
from reportlab.lib.colors import Color
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.platypus import Flowable, KeepTogether, Spacer, Table

from gaitviewer.core.construction import crop_box
from gaitviewer.core.gait import Side
from gaitviewer.core.maps import FeatureFinding, KnowledgeMap, MapRow, SaliencyMap
from gaitviewer.core.measures import Measures
from gaitviewer.core.numerals import significant
from gaitviewer.core.output import Answer, ModelOutput
from gaitviewer.core.saliency import (
    BODY_BONES,
    BODY_PLACES,
    has_evidence,
    joint_means,
    joint_xy,
    peaks,
    scale_top,
)
from gaitviewer.core.wording import with_unit
from gaitviewer.report.content.evidence import KEY_ASPECT, EvidencePicture, body_height_px, motion_of
from gaitviewer.report.content.models import NOT_ASKED, origin_lines, reason_words, title_of
from gaitviewer.report.content.sections import PageFrame, Story, section
from gaitviewer.report.content.wording import VIEW_WORDS, many, recording_words
from gaitviewer.report.figures.axes import Axes, frame, label, nice_step, y_range
from gaitviewer.report.figures.sections import grid
from gaitviewer.report.figures.style import (
    AGAINST,
    BAND,
    BOLD,
    FAINT,
    INK,
    PALE,
    RULE,
    SALIENCY,
    SANS,
    SOFT,
    register_fonts,
    text,
)
from gaitviewer.report.figures.tiles import LEAST_MARK, JpegCrop, Tile, caption_lines, mark_radius

_KEY_FRAMES = 4
_JOINTS_SHOWN = 14


def joint_words(name: str) -> str:
    """A joint for people: "right knee"."""
    return name.replace("_", " ")


# --- saliency -------------------------------------------------------------------------------------------------


def saliency_shots(measures: Measures, answer: Answer | None) -> tuple[EvidencePicture, ...]:
    """The frames at which the maps have most evidence, their joints marked on the model's absolute scale."""
    output = None if answer is None else answer.output
    top = scale_top(output) if output is not None else 0.0
    if output is None or top <= 0:
        return ()
    shots = (_shot(measures, one.map, one.cell, top) for one in peaks(output.saliency, _KEY_FRAMES))
    return tuple(shot for shot in shots if shot is not None)


def _shot(measures: Measures, drawn: SaliencyMap, cell: int, top: float) -> EvidencePicture | None:
    motion = motion_of(measures, drawn.trial, drawn.view)
    if motion is None or not len(motion.pose):
        return None
    pose = motion.pose
    number = int(np.argmin(np.abs(pose.times - drawn.times_s[cell])))
    xy = np.asarray(pose.xy[number], np.float64)
    values = drawn.values[cell]
    marks = []
    for name, value in zip(drawn.keypoints, values, strict=True):
        at = joint_xy(xy, pose.skeleton, name)
        if math.isfinite(value) and np.isfinite(at).all():
            marks.append((float(at[0]), float(at[1]), float(value) / top))
    most = np.argsort(-np.nan_to_num(np.abs(values)))[:3]
    words = ", ".join(
        f"{joint_words(drawn.keypoints[k])} {significant(float(values[k]))}" for k in most if values[k]
    )
    box = crop_box(
        xy, aspect=KEY_ASPECT, least_px=body_height_px(xy), size=(pose.width, pose.height), margin=1.0
    )
    side = Side.LEFT if drawn.keypoints[int(most[0])].startswith("left") else Side.RIGHT
    return EvidencePicture(
        anchor="", trial=drawn.trial, view=drawn.view, frame=number, time_s=float(pose.times[number]),
        side=side, xy=xy, skeleton=pose.skeleton, box=box, construction=None, label="",
        caption=f"{VIEW_WORDS[drawn.view]}, {drawn.times_s[cell]:.2f} s",
        detail=f"{words}; frame {number}", marks=tuple(marks),
    )  # fmt: skip


def saliency(
    answer: Answer | None, shots: Sequence[EvidencePicture], crops: Mapping[int, JpegCrop], frame_: PageFrame
) -> Story:
    """Body chart beside the population, key frames with marked joints, the scale; or why there is nothing."""
    story: Story = [section("Where the severity model looked")]
    if answer is None:
        return [*story, text("The severity model was not asked about this session.")]
    story += origin_lines(answer)
    output = answer.output
    if any(one.probabilities is None for one in output.opinions) or not output.opinions:
        return [*story, text(f"Nothing is drawn. {reason_words(output.opinions)}")]
    if not has_evidence(output.saliency):
        return [*story, text("Nothing is drawn: the maps of this clip hold no evidence of any joint.")]
    top = scale_top(output)
    walks = ", ".join(
        f"{recording_words(one.trial, one.view)}, {one.times_s[0]:.1f} to {one.times_s[-1]:.1f} s"
        for one in output.saliency
    )
    first = output.saliency[0]
    story.append(
        text(
            f"Evidence for {first.target} of each joint (Grad-CAM, {first.layer}), raw values. "
            f"{many(len(output.saliency), 'clip')}: {walks}. It tells where the model looked, not what is ill.",
            "note",
        )
    )
    wide = frame_.width - 150
    charts = [body_chart(output, height=250.0), joint_bars(output, width=wide, height=250.0)]
    chart = Table([charts], colWidths=[150, wide], hAlign="LEFT", style=_TIGHT)
    signed = any(bool((one.values < 0).any()) for one in output.saliency)
    story += [chart, text(_bars_note(output), "note"), saliency_scale(top, signed=signed), Spacer(0, 6)]
    if not shots:
        return [*story, text("The view that the model looked at is not there: no frame can be shown.")]
    width = (frame_.width - 3 * 12.0) / 4
    lines = max(caption_lines(shot, width) for shot in shots)
    tiles = [
        Tile(shot, crops.get(id(shot)), width=width, height=width / KEY_ASPECT, lines=lines) for shot in shots
    ]
    head = [text("The moments with the most evidence", "sub"), *grid(tiles, 4, frame_.width)]
    return [*story, KeepTogether(head)]


_TIGHT = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("FONTNAME", (0, 0), (-1, -1), SANS),
]


def _bars_note(output: ModelOutput) -> str:
    words = "Bars and dots: mean over the clips of this session. "
    if output.ranking:
        return words + "Black: mean of the population that the model was ranked on, with its interval."
    return words + "The model gives no ranking of a population to compare with."


def saliency_scale(top: float, *, signed: bool) -> Drawing:
    """The legend of the dots: three sizes with their values, and where the scale ends."""
    register_fonts()
    drawing, at, y = Drawing(400, 18), 8.0, 9.0
    for share in (0.1, 0.4, 1.0):
        _dot(drawing, at, y, share)
        words = significant(share * top) + (" or more" if share == 1.0 else "")
        label(drawing, at + 11, y - 2.2, words, size=6.6)
        at += 60 if share < 1.0 else 88
    if signed:
        _dot(drawing, at, y, -0.4)
        label(drawing, at + 11, y - 2.2, "speaks against it", size=6.6)
        at += 88
    label(drawing, at, y - 2.2, "area = evidence, one scale for every clip", size=6.6)
    return drawing


def _dot(drawing: Drawing, x: float, y: float, share: float) -> None:
    if not abs(share) >= LEAST_MARK:
        return
    colour = SALIENCY if share > 0 else AGAINST
    fill = Color(colour.red, colour.green, colour.blue, alpha=0.55) if share > 0 else None
    drawing.add(Circle(x, y, mark_radius(share), fillColor=fill, strokeColor=colour, strokeWidth=0.9))


def body_chart(output: ModelOutput, *, height: float) -> Drawing:
    """A standing body whose joints carry the mean of each over all clips, on the scale of the model."""
    register_fonts()
    width = 140.0
    drawing = Drawing(width, height)
    scale = (height - 34) / 1.02

    def place(name: str) -> tuple[float, float]:
        x, y = BODY_PLACES[name]
        return width / 2 + x * scale, 20 + y * scale

    for a, b in BODY_BONES:
        drawing.add(Line(*place(a), *place(b), strokeColor=FAINT, strokeWidth=1.6, strokeLineCap=1))
    top = scale_top(output)
    for name, value in joint_means(output.saliency).items():
        if name in BODY_PLACES and top > 0:
            _dot(drawing, *place(name), value / top)
    label(drawing, 12, height - 10, "right", size=6.6, font=BOLD)
    label(drawing, width - 12, height - 10, "left", size=6.6, font=BOLD, anchor="end")
    return drawing


def joint_bars(output: ModelOutput, *, width: float, height: float) -> Drawing:
    """The joints of this session, most evidence first, each beside the population's mean and interval."""
    register_fonts()
    means = joint_means(output.saliency)
    population = {name: (mean, low, high) for name, mean, low, high in output.ranking}
    order = sorted(means, key=lambda name: -abs(means[name]))[:_JOINTS_SHOWN]
    values = [means[name] for name in order] + [high for name in order for high in population.get(name, ())]
    top = max([*values, 1e-12])
    step = nice_step(top - min(0.0, *values))
    limits = (math.floor(min(0.0, *values) / step) * step, math.ceil(top / step) * step)
    drawing, names = Drawing(width, height), 78.0
    axes = Axes(drawing, names, 16, width - names - 44, height - 20, limits, (0.0, float(len(order))))
    tick = limits[0]
    while tick <= limits[1] + step / 2:
        axes.vertical(tick, strokeColor=FAINT if abs(tick) < step / 2 else RULE, strokeWidth=0.4)
        label(drawing, axes.x(tick), 6, significant(round(tick, 12)), anchor="middle")
        tick += step
    for row, name in enumerate(order):
        y = axes.y(len(order) - row - 0.5)
        label(drawing, names - 6, y - 2.4, joint_words(name), size=7, anchor="end", colour=INK)
        zero, end = axes.x(0.0), axes.x(means[name])
        colour = SALIENCY if means[name] >= 0 else AGAINST
        drawing.add(Rect(min(zero, end), y - 4, abs(end - zero), 8, fillColor=colour, strokeColor=None))
        if name in population:
            mean, low, high = (axes.x(value) for value in population[name])
            drawing.add(Line(low, y, high, y, strokeColor=INK, strokeWidth=0.9))
            drawing.add(Line(mean, y - 3.4, mean, y + 3.4, strokeColor=INK, strokeWidth=1.3))
        label(drawing, width - 2, y - 2.4, significant(means[name]), size=7, anchor="end", colour=INK)
    return drawing


# --- the knowledge map ----------------------------------------------------------------------------------------

_RAMP = np.array([(255, 255, 255), (253, 219, 175), (240, 140, 50), (178, 70, 8), (92, 32, 4)], np.float64)
_AGAINST_RAMP = np.array([(255, 255, 255), (170, 190, 220), (59, 91, 146)], np.float64)
_UNKNOWN = (229, 232, 234)
LEAST_TOP = 0.005  # the scale of importance ends here at least: a map with hardly any looks empty
_GROUP_WORDS = {
    "motion": "how each point moves", "self-skeleton": "shape of the body",
    "cross-correlation": "what moves together",
}  # fmt: skip
_UNIT_WORDS = {
    "deg": "degrees", "BH": "body heights", "BH/s": "body heights/s", "BH/s2": "body heights/s²",
    "BH/s3": "body heights/s³", "r": "correlation, −1 to 1",
}  # fmt: skip
_PIXELS = 4  # of the picture for each cell, so that no viewer blurs it into its neighbours


class Figure(Flowable):  # type: ignore[misc]  # reportlab ships no types
    """A drawing with its pictures, compressed, below the rest: reportlab writes those of a drawing inline."""

    def __init__(self, drawing: Drawing) -> None:
        super().__init__()
        self.width, self.height = drawing.width, drawing.height
        self._pictures = [shape for shape in drawing.contents if isinstance(shape, Image)]
        self._rest = Drawing(self.width, self.height)
        self._rest.contents = [shape for shape in drawing.contents if not isinstance(shape, Image)]

    def draw(self) -> None:
        """Pictures, then lines and words."""
        for shape in self._pictures:
            self.canv.drawImage(ImageReader(shape.path), shape.x, shape.y, shape.width, shape.height)
        renderPDF.draw(self._rest, self.canv, 0, 0)


def knowledge_map(answer: Answer | None, rows: Sequence[MapRow], frame_: PageFrame) -> Story:
    """The map, its top features with their curves, and the description; or why there is nothing."""
    story: Story = [section("Knowledge map of asymmetry features")]
    if answer is None:
        return [*story, text("The model of asymmetry features was not asked about this session.")]
    output = answer.output
    story += [text(title_of(answer.task), "sub"), *origin_lines(answer)]
    if not output.maps:
        return [*story, text(f"Nothing is drawn. {reason_words(output.opinions) or NOT_ASKED}")]
    drawn = next((one for one in output.maps if one.kind == "importance"), None)
    measured = next((one for one in output.maps if one.kind == "values"), None)
    if drawn is None or not has_importance(drawn):
        story.append(text("No map is drawn: no feature of this clip carried the answer."))
    else:
        words = (
            f"{recording_words(drawn.trial, drawn.view)}, {drawn.times_s[0]:.2f} to {drawn.times_s[-1]:.2f} s"
        )
        note = (
            f"Importance of {len(drawn.features)} features for “{drawn.target}” over the clip ({words}), raw "
            "values. Outlined: the features below, with their time windows."
        )
        drawing = map_drawing(drawn, rows, output.findings, width=frame_.width, height=300.0)
        story += [text(note, "note"), Figure(drawing), Spacer(0, 6)]
    units = {row.name: _UNIT_WORDS.get(row.unit, row.unit) for row in rows}
    for number, finding in enumerate(output.findings, start=1):
        unit = units.get(finding.feature, "")
        story.append(KeepTogether(_feature(number, finding, measured, unit, frame_)))
    if output.texts:
        story += [
            text("Description, made from the subject's own measures", "sub"),
            *(text(t) for t in output.texts),
        ]
    return story


def has_importance(drawn: KnowledgeMap) -> bool:
    """Whether there is anything to draw: a known value other than zero."""
    return bool((np.isfinite(drawn.values) & (drawn.values != 0)).any())


def importance_top(drawn: KnowledgeMap) -> float:
    """Where the scale of a map ends: at its largest value, and never below what counts as importance at all."""
    known = np.abs(drawn.values[np.isfinite(drawn.values)])
    return max(LEAST_TOP, float(known.max()) if known.size else 0.0)


def map_colours(values: NDArray[np.float64], top: float) -> NDArray[np.uint8]:
    """u8 [..., 3]: white for nothing, darker for more; blue speaks against, grey is not known."""
    share = np.clip(np.nan_to_num(values / top, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)
    return np.where(
        ~np.isfinite(values)[..., None], np.array(_UNKNOWN),
        np.where((share < 0)[..., None], _ramp(-share, _AGAINST_RAMP), _ramp(share, _RAMP)),
    ).round().astype(np.uint8)  # fmt: skip


def _ramp(share: NDArray[np.float64], stops: NDArray[np.float64]) -> NDArray[np.float64]:
    at = np.linspace(0.0, 1.0, len(stops))
    return np.stack([np.interp(share, at, stops[:, channel]) for channel in range(3)], axis=-1)


def map_drawing(
    drawn: KnowledgeMap,
    rows: Sequence[MapRow],
    findings: Sequence[FeatureFinding],
    *,
    width: float,
    height: float,
) -> Drawing:
    """The map as a picture in its axes: groups on the left, named features on the right, the scale below."""
    from PIL import Image as Picture

    register_fonts()
    top, count = importance_top(drawn), len(drawn.features)
    left, right, bottom, above = 92.0, 132.0, 42.0, 4.0
    drawing = Drawing(width, height)
    times = drawn.times_s
    half = (times[-1] - times[0]) / max(1, len(times) - 1) / 2 or 0.5
    spans = (float(times[0] - half), float(times[-1] + half))
    axes = Axes(
        drawing, left, bottom, width - left - right, height - bottom - above, spans, (0.0, float(count))
    )
    pixels = map_colours(drawn.values, top).repeat(_PIXELS, axis=0).repeat(_PIXELS, axis=1)
    drawing.add(Image(axes.left, axes.bottom, axes.width, axes.height, Picture.fromarray(pixels)))
    drawing.add(
        Rect(axes.left, axes.bottom, axes.width, axes.height, fillColor=None, strokeColor=SOFT, strokeWidth=0.5)
    )
    _groups(axes, [row.group for row in rows], count)
    _seconds(axes, spans)
    _named(axes, drawn, rows, findings, width)
    _colour_scale(
        drawing, left, top, signed=bool((drawn.values < 0).any()), unknown=not np.isfinite(drawn.values).all()
    )
    return drawing


def _groups(axes: Axes, groups: Sequence[str], count: int) -> None:
    if len(groups) != count:
        return
    starts = [row for row in range(count) if row == 0 or groups[row] != groups[row - 1]]
    for start, stop in zip(starts, [*starts[1:], count], strict=True):
        high, low = axes.y(count - start), axes.y(count - stop)
        if start:
            axes.drawing.add(
                Line(axes.left - 88, high, axes.left + axes.width, high, strokeColor=SOFT, strokeWidth=0.4)
            )
        middle = (high + low) / 2
        lines = (groups[start], _GROUP_WORDS.get(groups[start], ""), f"{stop - start} rows")
        for number, words in enumerate(lines):
            size, colour = (6.0, SOFT) if number else (6.8, INK)
            at = middle + 6 - 8 * number
            label(axes.drawing, axes.left - 6, at, words, size=size, anchor="end", colour=colour)


def _seconds(axes: Axes, spans: tuple[float, float]) -> None:
    step = nice_step(spans[1] - spans[0])
    for number in range(math.ceil(spans[0] / step), math.floor(spans[1] / step) + 1):
        at = axes.x(number * step)
        axes.drawing.add(Line(at, axes.bottom, at, axes.bottom - 2, strokeColor=SOFT, strokeWidth=0.4))
        label(axes.drawing, at, axes.bottom - 8.6, significant(round(number * step, 9)), anchor="middle")
    label(axes.drawing, axes.left + axes.width + 4, axes.bottom - 8.6, "s")


def _named(
    axes: Axes, drawn: KnowledgeMap, rows: Sequence[MapRow], findings: Sequence[FeatureFinding], width: float
) -> None:
    """The window of each named feature, with its number, and a line to its name."""
    titles = {row.name: row.title for row in rows}
    known = [(number, one) for number, one in enumerate(findings, start=1) if one.feature in drawn.features]
    known.sort(key=lambda pair: drawn.features.index(pair[1].feature))
    room = axes.bottom + axes.height - 8
    for number, one in known:
        row = len(drawn.features) - drawn.features.index(one.feature) - 0.5
        y = axes.y(row)
        start, stop = axes.x(one.start_s), axes.x(one.stop_s)
        axes.drawing.add(
            Rect(start - 1, y - 2.6, stop - start + 2, 5.2, fillColor=None, strokeColor=INK, strokeWidth=0.8)
        )
        right = axes.left + axes.width
        at = min(room, y)
        axes.drawing.add(
            Line(stop + 1, y, right, y, strokeColor=INK, strokeWidth=0.35, strokeDashArray=(1, 1.5))
        )
        axes.drawing.add(Line(right, y, right + 6, at, strokeColor=INK, strokeWidth=0.35))
        lines = _broken(f"{number}  {titles.get(one.feature, one.feature)}", width - right - 10)
        for index, words in enumerate(lines):
            label(axes.drawing, right + 8, at - 2.2 - 7.4 * index, words, size=6.4, colour=INK)
        room = at - 7.4 * len(lines) - 5


def _broken(words: str, width: float) -> list[str]:
    return list(simpleSplit(words, SANS, 6.4, width))[:3]


def _colour_scale(drawing: Drawing, left: float, top: float, *, signed: bool, unknown: bool) -> None:
    from PIL import Image as Picture

    low = -top if signed else 0.0
    strip = map_colours(np.linspace(low, top, 256)[None], top).repeat(8, axis=0)
    drawing.add(Image(left, 8, 130, 7, Picture.fromarray(strip)))
    drawing.add(Rect(left, 8, 130, 7, fillColor=None, strokeColor=SOFT, strokeWidth=0.4))
    label(drawing, left, 0.5, significant(low))
    label(drawing, left + 130, 0.5, significant(top), anchor="end")
    label(drawing, left + 136, 9.2, "importance, raw" + (" (blue speaks against)" if signed else ""))
    if unknown:
        drawing.add(
            Rect(
                left + 250,
                8,
                10,
                7,
                fillColor=Color(*(c / 255 for c in _UNKNOWN)),
                strokeColor=SOFT,
                strokeWidth=0.4,
            )
        )
        label(drawing, left + 264, 9.2, "not known")


def _feature(
    number: int, finding: FeatureFinding, measured: KnowledgeMap | None, unit: str, frame_: PageFrame
) -> Story:
    """A feature in words beside its curve over the clip, the window shaded."""
    words = [text(f"{number}  {finding.words[:1].upper()}{finding.words[1:]}.", "cell")]
    facts = [f"{finding.start_s:.2f} to {finding.stop_s:.2f} s", f"importance {significant(finding.weight)}"]
    if math.isfinite(finding.value):
        facts.append(f"measured {with_unit(finding.value, finding.unit, 1)}")
    if math.isfinite(finding.norm):
        norm, spread = (with_unit(value, finding.unit, 1) for value in (finding.norm, finding.norm_sd))
        facts.append(f"healthy children {norm} ± {spread}")
    words.append(text(" · ".join(facts), "small"))
    cells = [words, _trace(finding, measured, unit, width=220.0) if measured is not None else ""]
    return [
        Table(
            [cells],
            colWidths=[frame_.width - 226, 226],
            hAlign="LEFT",
            style=[*_TIGHT, ("VALIGN", (0, 0), (-1, -1), "TOP")],
        )
    ]


def _trace(
    finding: FeatureFinding, measured: KnowledgeMap, unit: str, *, width: float, height: float = 66.0
) -> Any:
    if finding.feature not in measured.features:
        return ""
    values = measured.values[measured.features.index(finding.feature)]
    times = measured.times_s
    if len(times) < 2 or not np.isfinite(values).any():
        return ""
    known = [values]
    if math.isfinite(finding.norm):
        known.append(np.array([finding.norm - finding.norm_sd, finding.norm + finding.norm_sd]))
    spread = float(np.ptp(values[np.isfinite(values)]))
    axes = Axes(Drawing(width, height), 30, 13, width - 42, height - 26, (float(times[0]), float(times[-1])),
                y_range(known, least_span=spread or 1.0))  # fmt: skip
    start, stop = axes.x(finding.start_s), axes.x(finding.stop_s)
    axes.drawing.add(Rect(start, axes.bottom, stop - start, axes.height, fillColor=PALE, strokeColor=None))
    if math.isfinite(finding.norm) and math.isfinite(finding.norm_sd):
        low, high = axes.y(finding.norm - finding.norm_sd), axes.y(finding.norm + finding.norm_sd)
        axes.drawing.add(Rect(axes.left, low, axes.width, high - low, fillColor=BAND, strokeColor=None))
    step = nice_step(float(times[-1] - times[0]))
    ticks = [n * step for n in range(math.ceil(times[0] / step), math.floor(times[-1] / step) + 1)]
    frame(axes, x_ticks=[tick for tick in ticks if abs(tick - round(tick)) < 1e-9])
    axes.curve(times, values, strokeColor=SALIENCY, strokeWidth=1.1)
    label(axes.drawing, axes.left, height - 8, unit)
    label(axes.drawing, axes.left + axes.width + 4, axes.bottom - 8.6, "s")
    return axes.drawing
