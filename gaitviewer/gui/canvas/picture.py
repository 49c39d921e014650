"""Painting one decoded picture, what is around it, or why there is none."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from gaitviewer.gui.canvas.strokes import label
from gaitviewer.gui.widgets import theme


def draw_image(painter: QPainter, target: QRectF, image: QImage, *, bounds: QRect, pixel_ratio: float) -> None:
    """An image at its place: copied as it is where it was made for this size, else its seen part scaled."""
    if abs(target.height() * pixel_ratio - image.height()) < 1.0:
        size = QRectF(target.x(), target.y(), image.width() / pixel_ratio, image.height() / pixel_ratio)
        painter.drawImage(size, image, QRectF(image.rect()))
        return
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    seen = target.intersected(QRectF(bounds))
    scale = image.height() / target.height()
    corner = (seen.topLeft() - target.topLeft()) * scale
    painter.drawImage(seen, image, QRectF(corner, seen.size() * scale))


def paint_around(painter: QPainter, full: QRect, target: QRectF, colour: QColor) -> None:
    """Only what the picture does not cover: filling everything twice costs."""
    inner = target.toRect().adjusted(1, 1, -1, -1)
    left, right = max(0, inner.left()), min(full.width(), inner.right() + 1)
    top, bottom = max(0, inner.top()), min(full.height(), inner.bottom() + 1)
    painter.fillRect(QRect(0, 0, full.width(), top), colour)
    painter.fillRect(QRect(0, bottom, full.width(), full.height() - bottom), colour)
    painter.fillRect(QRect(0, top, left, bottom - top), colour)
    painter.fillRect(QRect(right, top, full.width() - right, bottom - top), colour)


def paint_message(painter: QPainter, full: QRect, text: str, palette: theme.Palette, *, on_stage: bool) -> None:
    """Why there is no picture; on a ground of its own, above the skeleton where that is shown alone."""
    painter.save()
    painter.setFont(theme.font("body"))
    painter.setPen(palette.colour("overlay_text"))  # the ground is dark in every theme
    where = Qt.AlignmentFlag.AlignTop if on_stage else Qt.AlignmentFlag.AlignVCenter
    flags = Qt.AlignmentFlag.AlignHCenter | where | Qt.TextFlag.TextWordWrap
    room = full.adjusted(24, 24, -24, -24)
    ground = painter.boundingRect(room, int(flags), text).adjusted(-6, -3, 6, 3)
    if on_stage:
        painter.fillRect(ground, palette.colour("stage"))
    painter.drawText(room, int(flags), text)
    painter.restore()


def paint_badge(painter: QPainter, full: QRect, text: str, palette: theme.Palette) -> None:
    """A word about the whole picture, low in its middle: the upper edge may be under the banner."""
    painter.save()
    painter.setFont(theme.font("body"))
    size = float(full.width()), float(full.height())
    label(
        painter,
        (size[0] / 2, size[1] - 40.0),
        text,
        palette,
        colour=palette.colour("accent"),
        bounds=size,
        centred=True,
    )
    painter.restore()


def paint_focus(painter: QPainter, full: QRect, palette: theme.Palette) -> None:
    """A frame that says where the keys go."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(palette.colour("focus"))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(full.adjusted(0, 0, -1, -1))
