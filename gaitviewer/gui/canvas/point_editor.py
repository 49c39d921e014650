"""Putting keypoints right in one view: a point is chosen by a click, then dragged, or nudged by arrow keys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gaitviewer.gui.model.hit_testing import Xy, nearest_point
from gaitviewer.gui.widgets import theme

if TYPE_CHECKING:
    from gaitviewer.gui.canvas.video_canvas import VideoCanvas

_GRAB_PX = 10.0
_STARTS_PX = 2.0  # a drag that is shorter is a click
_LENS_PX, _LENS_SCALE = 132.0, 4.0
_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}


class Reach(Enum):
    """What moves with a point."""

    POINT = "point"
    LIMB = "limb"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class PointMove:
    """A point was moved.

    Attributes:
        frame, point: which.   to: where it is put, upright source pixels.   by: how far it was moved, pixels.
        reach: what moves with it.   nudged: by a key, as one of several.
    """

    frame: int
    point: int
    to: Xy
    by: Xy
    reach: Reach
    nudged: bool


class PointEditor(QWidget):
    """Lies over a canvas and takes its mouse and keys where they mean a point; all else goes through.

    A point is chosen first, so that none is moved by accident. With Control its limb moves with it, with
    Control and Shift the whole skeleton.

    Attributes:
        point: the chosen one, or None.

    Signals:
        chosen: another point is chosen, or none.
        moved: a point was moved (:class:`PointMove`).
        menu_asked: what can be done at a place (QPoint of the screen, place in source pixels).
    """

    chosen = Signal()
    moved = Signal(object)
    menu_asked = Signal(object, object)

    def __init__(self, canvas: VideoCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.point: int | None = None
        self._from: QPointF | None = None  # where the mouse took the point
        self._by = QPointF(0.0, 0.0)  # how far it is dragged, widget pixels
        self._reach = Reach.POINT
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.resize(canvas.size())
        canvas.installEventFilter(self)
        canvas.point_clicked.connect(self._clicked)
        canvas.placement_changed.connect(self.update)

    def choose(self, point: int | None) -> None:
        """Choose a point, or none."""
        self._from, self._by = None, QPointF(0.0, 0.0)
        if point != self.point:
            self.point = point
            self.chosen.emit()
        self.update()

    def _clicked(self, index: int) -> None:
        self.choose(index if index >= 0 and self._is_open else None)

    @property
    def _is_open(self) -> bool:
        """Whether points can be put right: they are shown, and no hand tool is taken."""
        canvas = self._canvas
        return canvas.toolbox.kind is None and "skeleton" in canvas.overlays and canvas.scene().exact

    def _place_of(self, point: int) -> Xy | None:
        """Where a point is drawn, widget pixels; None where it is not."""
        points = self._canvas.scene().points
        if points is None or not np.isfinite(points[point]).all():
            return None
        return float(points[point, 0]), float(points[point, 1])

    # --- mouse and keys of the canvas ----------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Take what means a point."""
        kind = event.type()
        if kind == QEvent.Type.Resize:
            self.resize(self._canvas.size())
        elif kind == QEvent.Type.ShortcutOverride:
            if self._takes(event):
                event.accept()
                return True
        elif kind == QEvent.Type.KeyPress:
            return self._key(event)
        elif kind == QEvent.Type.MouseButtonPress:
            return self._press(event)
        elif kind == QEvent.Type.MouseMove and self._from is not None:
            self._drag(event)
            return True
        elif kind == QEvent.Type.MouseButtonRelease and self._from is not None:
            self._drop(event)
            return True
        elif kind == QEvent.Type.ContextMenu:
            return self._menu(event)
        return False

    def _takes(self, event: QEvent) -> bool:
        assert isinstance(event, QKeyEvent)
        if self.point is None or not self._is_open:
            return False
        plain = not event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        )
        return plain and (event.key() in _ARROWS or event.key() == Qt.Key.Key_Escape)

    def _key(self, event: QEvent) -> bool:
        assert isinstance(event, QKeyEvent)
        if not self._takes(event) or self.point is None:
            return False
        if event.key() == Qt.Key.Key_Escape:
            self.choose(None)
            return True
        far = 10.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        dx, dy = _ARROWS[Qt.Key(event.key())]
        self._tell((far * dx, far * dy), Reach.POINT, nudged=True)
        return True

    def _press(self, event: QEvent) -> bool:
        assert isinstance(event, QMouseEvent)
        if event.button() != Qt.MouseButton.LeftButton or self.point is None or not self._is_open:
            return False
        points = self._canvas.scene().points
        at = event.position()
        if points is None or nearest_point(points, (at.x(), at.y()), _GRAB_PX) != self.point:
            return False
        self._canvas.activated.emit()
        self._canvas.setFocus()
        self._from = at
        self._note(event)
        return True

    def _note(self, event: QMouseEvent) -> None:
        held = event.modifiers()
        self._reach = Reach.POINT
        if held & Qt.KeyboardModifier.ControlModifier:
            self._reach = Reach.BODY if held & Qt.KeyboardModifier.ShiftModifier else Reach.LIMB
        assert self._from is not None
        self._by = event.position() - self._from
        self.update()

    def _drag(self, event: QEvent) -> None:
        assert isinstance(event, QMouseEvent)
        self._note(event)

    def _drop(self, event: QEvent) -> None:
        assert isinstance(event, QMouseEvent)
        self._note(event)
        by, scale = self._by, self._canvas.placement.scale
        self._from, self._by = None, QPointF(0.0, 0.0)
        if by.manhattanLength() > _STARTS_PX:
            self._tell((by.x() / scale, by.y() / scale), self._reach, nudged=False)
        self.update()

    def _tell(self, by: Xy, reach: Reach, *, nudged: bool) -> None:
        pose, frame = self._canvas.scene().content.pose, self._canvas.frame
        if self.point is None or pose is None or not np.isfinite(pose.xy[frame, self.point]).all():
            return
        x, y = (float(value) for value in pose.xy[frame, self.point])
        self.moved.emit(PointMove(frame, self.point, (x + by[0], y + by[1]), by, reach, nudged))

    def _menu(self, event: QEvent) -> bool:
        assert isinstance(event, QContextMenuEvent)
        if not self._is_open:
            return False
        at = QPointF(event.pos())
        points = self._canvas.scene().points
        near = None if points is None else nearest_point(points, (at.x(), at.y()), _GRAB_PX)
        if near is not None:
            self.choose(near)
        self.menu_asked.emit(event.globalPos(), self._canvas.picture_at(at))
        return True

    # --- what is painted over the canvas -------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """A ring around the chosen point; while it is dragged its way, and the picture below it enlarged."""
        place = self._place_of(self.point) if self.point is not None and self._is_open else None
        if place is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        start = QPointF(*place)
        here = start + self._by
        if self._from is not None:
            self._paint_lens(painter, here)
        for pen in _two_pens():  # light on dark: seen on every ground
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if self._from is not None:
                painter.drawLine(start, here)
            painter.drawEllipse(here, 9.0, 9.0)
        painter.end()

    def _paint_lens(self, painter: QPainter, at: QPointF) -> None:
        """What is below the point, enlarged, in the corner that is farther from it."""
        image = self._canvas.shown_image()
        if image is None:
            return
        right = at.x() < self.width() / 2
        lens = QRectF(self.width() - _LENS_PX - 12 if right else 12.0, 12.0, _LENS_PX, _LENS_PX)
        placement, (_, height) = self._canvas.placement, self._canvas.picture_size
        per_widget_px = image.height() / (height * placement.scale)
        x, y = (at.x() - placement.x) * per_widget_px, (at.y() - placement.y) * per_widget_px
        side = _LENS_PX / _LENS_SCALE * per_widget_px
        palette = theme.palette()
        painter.fillRect(lens, palette.colour("canvas"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(lens, image, QRectF(x - side / 2, y - side / 2, side, side))
        middle = lens.center()
        for pen in _two_pens():
            painter.setPen(pen)
            painter.drawRect(lens)
            for dx, dy in ((1.0, 0.0), (0.0, 1.0)):
                step = QPointF(dx, dy)
                painter.drawLine(middle - step * 12, middle - step * 3)
                painter.drawLine(middle + step * 3, middle + step * 12)


def _two_pens() -> tuple[QPen, QPen]:
    """A dark line below a light one."""
    palette = theme.palette()
    return QPen(palette.colour("stage"), 3.6), QPen(palette.colour("overlay_text"), 1.6)
