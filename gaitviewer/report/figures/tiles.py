"""A frame of the video on paper: a JPEG crop with skeleton, angle and value drawn over it as vectors."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.platypus import Flowable

from gaitviewer.core.gait import Side
from gaitviewer.report.content.evidence import Box, EvidencePicture
from gaitviewer.report.figures.style import (
    AGAINST,
    BOLD,
    FAINT,
    INK,
    PALE,
    RULE,
    SALIENCY,
    SANS,
    SOFT,
    WHITE,
    colour_of,
    dash_of,
)

_CAPTION, _DETAIL = 6.4, 5.8


@dataclass(frozen=True, slots=True)
class JpegCrop:
    """A JPEG and the box of the picture that it shows."""

    jpeg: bytes
    box: Box


class Tile(Flowable):  # type: ignore[misc]  # reportlab ships no types
    """A shot with its crop, or the skeleton alone on a pale ground."""

    def __init__(
        self, shot: EvidencePicture, crop: JpegCrop | None, *, width: float, height: float, lines: int = 4
    ) -> None:
        super().__init__()
        self.shot, self.crop = shot, crop
        self.width, self.picture_height = width, height
        self.lines = lines
        self.height = height + 3 + lines * 7.3

    def wrap(self, *_available: float) -> tuple[float, float]:
        """The size is fixed: tiles sit on a grid."""
        return self.width, self.height

    def draw(self) -> None:
        """Picture, lines, caption."""
        canvas, shot = self.canv, self.shot
        if shot.anchor:
            canvas.bookmarkHorizontal(shot.anchor, 0, self.height + 12)
        base = self.height - self.picture_height
        box = self.crop.box if self.crop is not None else shot.box
        scale = min(self.width / (box[2] - box[0]), self.picture_height / (box[3] - box[1]))
        drawn = ((box[2] - box[0]) * scale, (box[3] - box[1]) * scale)
        left, top = (self.width - drawn[0]) / 2, self.height - (self.picture_height - drawn[1]) / 2
        canvas.saveState()
        path = canvas.beginPath()
        path.rect(0, base, self.width, self.picture_height)
        canvas.clipPath(path, stroke=0, fill=0)
        canvas.setFillColor(PALE)
        canvas.rect(0, base, self.width, self.picture_height, stroke=0, fill=1)
        if self.crop is not None:
            canvas.drawImage(ImageReader(io.BytesIO(self.crop.jpeg)), left, top - drawn[1], drawn[0], drawn[1])
        pen = _Pen(canvas, box, scale, left, top)
        _draw_skeleton(pen, shot)
        _draw_construction(pen, shot)
        _draw_marks(pen, shot)
        canvas.restoreState()
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.4)
        canvas.rect(0, base, self.width, self.picture_height, stroke=1, fill=0)
        if shot.label:
            _draw_label(canvas, shot.label, left=0, top=self.height)
        self._draw_caption(base)

    def _draw_caption(self, base: float) -> None:
        canvas, y = self.canv, base - 8.4
        caption, detail = _split(self.shot, self.width)
        lines = [(line, BOLD, _CAPTION, INK) for line in caption]
        lines += [(line, SANS, _DETAIL, SOFT) for line in detail]
        for words, font, size, colour in lines[: self.lines]:
            canvas.setFont(font, size)
            canvas.setFillColor(colour)
            canvas.drawString(0, y, words)
            y -= 7.3


def _split(shot: EvidencePicture, width: float) -> tuple[list[str], list[str]]:
    caption = simpleSplit(shot.caption, BOLD, _CAPTION, width)
    return caption, simpleSplit(shot.detail, SANS, _DETAIL, width)


def caption_lines(shot: EvidencePicture, width: float) -> int:
    """How many lines the words below a tile of this width take, at most four."""
    return min(4, sum(len(lines) for lines in _split(shot, width)))


class _Pen:
    """Draws lines given in picture pixels, each over a white halo so that it shows on any ground."""

    def __init__(self, canvas: Any, box: Box, scale: float, left: float, top: float) -> None:
        self.canvas, self.box, self.scale, self.left, self.top = canvas, box, scale, left, top

    def at(self, point: Any) -> tuple[float, float]:
        """Points on paper of a pixel; a pixel's number is its centre."""
        x = self.left + (float(point[0]) + 0.5 - self.box[0]) * self.scale
        return x, self.top - (float(point[1]) + 0.5 - self.box[1]) * self.scale

    def line(
        self, start: Any, stop: Any, *, colour: Any, width: float, dash: tuple[float, ...] | None = None
    ) -> None:
        """A line with its halo."""
        ends = (*self.at(start), *self.at(stop))
        self.canvas.setLineCap(1)
        for ink, wide, pattern in ((WHITE, width + 1.2, None), (colour, width, dash)):
            self.canvas.setStrokeColor(ink)
            self.canvas.setLineWidth(wide)
            self.canvas.setDash(*([list(pattern)] if pattern else [[]]))
            self.canvas.line(*ends)
        self.canvas.setDash([])

    def arc(self, centre: Any, radius: float, start: float, extent: float) -> None:
        """An arc with its halo; degrees counter-clockwise from +x."""
        if abs(extent) < 0.5:  # nothing to see, and reportlab divides by its sine
            return
        x, y = self.at(centre)
        r = radius * self.scale
        for ink, wide in ((WHITE, 2.6), (INK, 1.2)):
            self.canvas.setStrokeColor(ink)
            self.canvas.setLineWidth(wide)
            self.canvas.arc(x - r, y - r, x + r, y + r, start, extent)

    def dot(self, point: Any, *, colour: Any, radius: float) -> None:
        """A keypoint."""
        self.canvas.setFillColor(colour)
        self.canvas.setStrokeColor(WHITE)
        self.canvas.setLineWidth(0.5)
        self.canvas.circle(*self.at(point), radius, stroke=1, fill=1)


def _side_of(name: str) -> Side | None:
    return next((side for side in Side if name.startswith(f"{side.value}_")), None)


def _draw_skeleton(pen: _Pen, shot: EvidencePicture) -> None:
    """Bones: the limb that matters in its colour, the other one in its own but thinner, the middle grey."""
    names = shot.skeleton.keypoints
    face = {i for i, name in enumerate(names) if name.split("_")[-1] in ("nose", "eye", "ear")}
    bones = []
    for a, b in shot.skeleton.edges:
        if {a, b} & face or not np.isfinite(shot.xy[[a, b]]).all():
            continue
        side = _side_of(names[a])
        side = side if side is _side_of(names[b]) else None
        bones.append((side is shot.side, a, b, side))
    for own, a, b, side in sorted(bones, key=lambda bone: bone[0]):
        colour = FAINT if side is None else colour_of(side)
        dash = None if side is None else dash_of(side)
        dash = None if dash is None else (2.4, 1.6)
        pen.line(shot.xy[a], shot.xy[b], colour=colour, width=1.15 if own else 0.7, dash=dash)
    for index, name in enumerate(names):
        if index not in face and np.isfinite(shot.xy[index]).all() and _side_of(name) is shot.side:
            pen.dot(shot.xy[index], colour=colour_of(shot.side), radius=1.3)


def _draw_construction(pen: _Pen, shot: EvidencePicture) -> None:
    drawn = shot.construction
    if drawn is None:
        return
    for start, stop in drawn.guides:
        pen.line(start, stop, colour=INK, width=0.8, dash=(1.6, 1.6))
    for start, stop in drawn.rays:
        pen.line(start, stop, colour=INK, width=0.9)
    if drawn.arc is not None:
        pen.arc(*drawn.arc)


MARK_PT = 7.0  # radius at the end of the scale; the area tells the value
LEAST_MARK = 0.02  # what is below this share of the scale is no dot


def mark_radius(share: float) -> float:
    """Radius of a dot in points, for a share of the scale."""
    return MARK_PT * math.sqrt(min(1.0, abs(share)))


def _draw_marks(pen: _Pen, shot: EvidencePicture) -> None:
    """Dots whose area tells how much of the scale a joint has."""
    canvas = pen.canvas
    for x, y, share in shot.marks:
        if not abs(share) >= LEAST_MARK:  # NaN, too
            continue
        colour = SALIENCY if share > 0 else AGAINST
        at, radius = pen.at((x, y)), mark_radius(share)
        canvas.setStrokeColor(WHITE)
        canvas.setLineWidth(2.0)
        canvas.circle(*at, radius, stroke=1, fill=0)
        canvas.setFillColor(colour, alpha=0.7)
        canvas.setStrokeColor(colour)
        canvas.setLineWidth(0.9)
        canvas.circle(*at, radius, stroke=1, fill=int(share > 0))


def _draw_label(canvas: Any, words: str, *, left: float, top: float) -> None:
    """The value in the corner, where it hides nothing of the limb."""
    width = canvas.stringWidth(words, BOLD, 8) + 7
    canvas.setFillColor(WHITE)
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.4)
    canvas.rect(left, top - 13, width, 13, stroke=1, fill=1)
    canvas.setFont(BOLD, 8)
    canvas.setFillColor(INK)
    canvas.drawString(left + 3.5, top - 9.6, words)
