"""Where a picture lies in a widget: zoom, pan and the way between their coordinates. Pure functions.

Picture coordinates are upright source pixels, widget coordinates logical pixels; x to the right, y down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Size = tuple[float, float]
Xy = tuple[float, float]

# A source pixel is never drawn larger than this.
MAX_SCALE = 12.0
# A picture can be made this much smaller than "fit".
_LEAST_OF_FIT = 0.5
# A close-up shows at least this part of the picture's height.
_CLOSE_UP = 0.35


@dataclass(frozen=True, slots=True)
class Placement:
    """A picture in a widget.

    Attributes:
        scale: widget pixels per picture pixel.
        x, y: where the picture's top left corner is, widget pixels.
        fitted: follows the size of the widget.
        automatic: a close-up that the program made, not a person.
    """

    scale: float
    x: float
    y: float
    fitted: bool = False
    automatic: bool = False

    def to_widget(self, x: float, y: float) -> Xy:
        """Picture to widget."""
        return self.x + x * self.scale, self.y + y * self.scale

    def to_picture(self, x: float, y: float) -> Xy:
        """Widget to picture."""
        return (x - self.x) / self.scale, (y - self.y) / self.scale


def fit(picture: Size, widget: Size, *, pixel_ratio: float = 1.0) -> Placement:
    """The whole picture, as large as possible, in the middle.

    Rows and columns come out as whole device pixels, so that a picture made for this size is copied to the
    screen as it is.
    """
    width, height = picture
    rows = int(min(widget[1] * pixel_ratio, widget[0] * pixel_ratio * height / width))
    scale = max(1, rows) / (height * pixel_ratio)
    return replace(_centred(picture, widget, scale, pixel_ratio), fitted=True)


def _centred(picture: Size, widget: Size, scale: float, pixel_ratio: float) -> Placement:
    x, y = ((widget[i] - picture[i] * scale) / 2 for i in (0, 1))
    return Placement(scale, round(x * pixel_ratio) / pixel_ratio, round(y * pixel_ratio) / pixel_ratio)


def full_size(picture: Size, widget: Size, centre: Xy, *, pixel_ratio: float = 1.0) -> Placement:
    """One picture pixel on one device pixel, with the picture point ``centre`` in the middle."""
    return kept_in(look_at(centre, 1.0 / pixel_ratio, widget), picture, widget)


def needed_height(now: Placement, *, picture: Size, widget: Size, pixel_ratio: float) -> int:
    """Rows to decode: exactly the screen's at "fit" or smaller, the source's own when zoomed in."""
    fitted = fit(picture, widget, pixel_ratio=pixel_ratio).scale
    whole = int(picture[1])
    return max(1, round(whole * fitted * pixel_ratio)) if now.scale <= fitted * 1.02 else whole


def look_at(centre: Xy, scale: float, widget: Size) -> Placement:
    """The picture point ``centre`` in the middle of the widget."""
    return Placement(scale, widget[0] / 2 - centre[0] * scale, widget[1] / 2 - centre[1] * scale)


def zoom_at(now: Placement, cursor: Xy, factor: float, *, picture: Size, widget: Size) -> Placement:
    """Zoom so that the picture point below the cursor stays there; near "fit" it becomes "fit"."""
    smallest = fit(picture, widget).scale
    scale = min(max(now.scale * factor, smallest * _LEAST_OF_FIT), max(MAX_SCALE, smallest))
    x, y = now.to_picture(*cursor)
    zoomed = Placement(scale, cursor[0] - x * scale, cursor[1] - y * scale)
    return kept_in(zoomed, picture, widget)


def pan(now: Placement, dx: float, dy: float, *, picture: Size, widget: Size) -> Placement:
    """Move the picture by widget pixels; it does not leave the widget."""
    return kept_in(replace(now, x=now.x + dx, y=now.y + dy, fitted=False, automatic=False), picture, widget)


def kept_in(now: Placement, picture: Size, widget: Size) -> Placement:
    """Moved so that a picture smaller than the widget is in the middle and a larger one fills it."""
    moved = []
    for at, length, room in ((now.x, picture[0], widget[0]), (now.y, picture[1], widget[1])):
        size = length * now.scale
        moved.append((room - size) / 2 if size <= room else min(0.0, max(room - size, at)))
    return replace(now, x=moved[0], y=moved[1])


def show_box(box: tuple[float, float, float, float], *, picture: Size, widget: Size) -> Placement:
    """A box (x0, y0, x1, y1) of the picture, as large as possible."""
    x0, y0, x1, y1 = box
    scale = min(widget[0] / max(1.0, x1 - x0), widget[1] / max(1.0, y1 - y0), MAX_SCALE)
    scale = max(scale, fit(picture, widget).scale)
    return kept_in(look_at(((x0 + x1) / 2, (y0 + y1) / 2), scale, widget), picture, widget)


def close_up(points: NDArray[np.float64], *, picture: Size, widget: Size) -> Placement:
    """These points [N, 2] of the picture with what is around them."""
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = (low + high) / 2
    half = max(_CLOSE_UP * picture[1], 1.5 * float((high - low).max())) / 2
    box = (x - half, y - half, x + half, y + half)
    return replace(show_box(box, picture=picture, widget=widget), automatic=True)


def resized(now: Placement, *, picture: Size, before: Size, after: Size, pixel_ratio: float) -> Placement:
    """The placement after the widget got another size: still fitted, or the same middle."""
    if now.fitted or min(before) <= 0:
        return fit(picture, after, pixel_ratio=pixel_ratio)
    middle = now.to_picture(before[0] / 2, before[1] / 2)
    moved = kept_in(look_at(middle, now.scale, after), picture, after)
    return replace(moved, automatic=now.automatic)
