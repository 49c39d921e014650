"""One view: the picture, what is drawn over it, zoom and pan, and the hand tools."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gaitviewer.core.gait import View
from gaitviewer.gui.canvas import placement as places
from gaitviewer.gui.canvas.angles import evidence_points, paint_tools
from gaitviewer.gui.canvas.overlays import OVERLAYS, paint_overlays
from gaitviewer.gui.canvas.picture import draw_image, paint_around, paint_badge, paint_focus, paint_message
from gaitviewer.gui.canvas.placement import Placement
from gaitviewer.gui.canvas.scene import Content, EvidenceMark, Looked, Scene
from gaitviewer.gui.canvas.toolbox import Toolbox
from gaitviewer.gui.model.hit_testing import Xy, nearest_point
from gaitviewer.gui.model.manual_tools import ToolKind
from gaitviewer.gui.playback.frame_store import ViewFrames
from gaitviewer.gui.widgets import theme

_ZOOM_STEP = 1.2
_GRAB_PX = 10.0


class VideoCanvas(QWidget):
    """Paints one view.

    Attributes:
        view: which.   toolbox: hand tool and hand measurements.
        painted_frame: number of the picture that was painted last, -1 for none.

    Signals:
        activated: the user works in this view.
        stepped: the wheel was turned, in frames.
        measured: a hand measurement was made or changed (:class:`DrawnMeasurement`).
        point_clicked: a keypoint was clicked (index), -1 beside all of them.
        placement_changed: zoomed or panned.
    """

    activated = Signal()
    stepped = Signal(int)
    measured = Signal(object)
    point_clicked = Signal(int)
    placement_changed = Signal()

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view
        self.setObjectName(f"canvas_{view.value}")
        name = self.tr("Side view") if view is View.SAGITTAL else self.tr("Front or back view")
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.toolbox = Toolbox(view)
        self._frames: ViewFrames | None = None
        self._content = Content(view)
        self._placement = Placement(1.0, 0.0, 0.0, fitted=True)
        self._frame = 0
        self._time_s = 0.0
        self._covered = True
        self._evidence: EvidenceMark | None = None
        self._shown = frozenset(overlay.name for overlay in OVERLAYS if overlay.shown)
        self._bare = False
        self._message = ""
        self._badge = ""
        self._pan_from: QPointF | None = None
        self._moved = False
        self.painted_frame = -1
        self._painted_how = (0, False)  # height and roughness
        theme.notifier().changed.connect(self.update)

    # --- what is shown -------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """Half a small screen."""
        return QSize(560, 360)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Still readable."""
        return QSize(200, 140)

    def set_frames(self, frames: ViewFrames | None, message: str = "") -> None:
        """Take pictures from here; without, ``message`` says why there are none."""
        self._frames = frames
        self._message = message
        self._frame = 0
        self.toolbox.forget()
        self.fit()

    def set_message(self, message: str) -> None:
        """What to say in place of a picture ("" = nothing)."""
        self._message = message
        self.update()

    def set_badge(self, words: str) -> None:
        """What to say on the picture while it is there ("" = nothing)."""
        if words != self._badge:
            self._badge = words
            self.setAccessibleDescription(words)
            self.update()

    @property
    def badge(self) -> str:
        """What is said on the picture."""
        return self._badge

    def set_content(self, content: Content) -> None:
        """Draw this over the pictures."""
        self._content = content
        self.update()

    def set_looked(self, looked: Looked) -> None:
        """Draw where models looked over the pictures; all else stays."""
        self.set_content(replace(self._content, looked=looked))

    def set_evidence(self, mark: EvidenceMark | None, *, zoom: bool = True) -> None:
        """Point at the evidence of a grade; with ``zoom`` the view closes in on it."""
        self._evidence = mark
        if mark is None or not zoom:
            self.update()
            return
        points = evidence_points(self.scene())
        if len(points):
            self._place(places.close_up(points, picture=self.picture_size, widget=self._room))
        self.update()

    def set_overlays(self, names: Iterable[str]) -> None:
        """Draw exactly these overlays."""
        self._shown = frozenset(names)
        self.update()

    def set_overlay(self, name: str, on: bool) -> None:
        """Switch one overlay."""
        self.set_overlays(self._shown | {name} if on else self._shown - {name})

    @property
    def overlays(self) -> frozenset[str]:
        """The overlays that are on."""
        return self._shown

    def set_bare(self, bare: bool) -> None:
        """Show the picture without anything over it, whatever is switched on."""
        self._bare = bare
        self.update()

    def show_frame(self, frame: int, time_s: float, *, covered: bool = True) -> None:
        """Show a frame; what is there already is not painted again.

        Args:
            frame: number.
            time_s: its time in its own video.
            covered: whether the camera was recording at the player's time.
        """
        if (frame, covered) != (self._frame, self._covered) or self.painted_frame != frame:
            self._frame, self._time_s, self._covered = frame, time_s, covered
            self.update()

    def refresh(self) -> None:
        """Paint again if a better picture of the frame has come."""
        shot = self._frames.nearest(self._frame) if self._frames is not None else None
        best = (shot.index, shot.height, shot.rough) if shot is not None else (-1, *self._painted_how)
        if best != (self.painted_frame, *self._painted_how):
            self.update()

    def shown_image(self) -> QImage | None:
        """The decoded picture that is shown, at the size that it has; None if there is none."""
        shot = self._frames.nearest(self._frame) if self._frames is not None else None
        return None if shot is None else shot.image

    @property
    def frame(self) -> int:
        """The frame asked for."""
        return self._frame

    def scene(self) -> Scene:
        """What is drawn now: what belongs to the picture that is there, not to the one still being decoded."""
        exact = self._frames is None or self._frames.shot(self._frame) is not None
        frame, time_s = self._frame, self._time_s
        if self._frames is not None and not exact and self.painted_frame >= 0:
            times = self._frames.times
            time_s += float(times[self.painted_frame] - times[frame])
            frame = self.painted_frame
        return Scene(
            content=self._content,
            frame=frame,
            time_s=time_s,
            placement=self._placement,
            size=self._room,
            palette=theme.palette(),
            evidence=self._evidence,
            tools=self.toolbox.of_frame(frame),
            draft=self.toolbox.draft,
            exact=exact,
            covered=self._covered,
        )

    # --- zoom and pan --------------------------------------------------------------------------------

    @property
    def picture_size(self) -> tuple[int, int]:
        """Upright size of the source, pixels (of the pose where there is no video)."""
        if self._frames is not None:
            return self._frames.info.width, self._frames.info.height
        pose = self._content.pose
        return (pose.width, pose.height) if pose is not None else (16, 9)

    @property
    def _room(self) -> tuple[float, float]:
        return float(max(1, self.width())), float(max(1, self.height()))

    @property
    def placement(self) -> Placement:
        """Where the picture lies."""
        return self._placement

    def fit(self) -> None:
        """The whole picture."""
        self._place(places.fit(self.picture_size, self._room, pixel_ratio=self.devicePixelRatioF()))

    def full_size(self) -> None:
        """One source pixel on one screen pixel, the middle of the view stays."""
        middle = self._placement.to_picture(self._room[0] / 2, self._room[1] / 2)
        self._place(
            places.full_size(self.picture_size, self._room, middle, pixel_ratio=self.devicePixelRatioF())
        )

    def zoom(self, steps: float, at: Xy | None = None) -> None:
        """Zoom in (+) or out (-), around a widget position or the middle."""
        at = at or (self._room[0] / 2, self._room[1] / 2)
        self._place(
            places.zoom_at(self._placement, at, _ZOOM_STEP**steps, picture=self.picture_size, widget=self._room)
        )

    def _place(self, new: Placement) -> None:
        self._placement = new
        if self._frames is not None:
            ratio = self.devicePixelRatioF()
            self._frames.set_height(
                places.needed_height(new, picture=self.picture_size, widget=self._room, pixel_ratio=ratio)
            )
        self.placement_changed.emit()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Keep the picture fitted, or its middle."""
        old = event.oldSize()
        before = (float(old.width()), float(old.height()))
        self._place(
            places.resized(
                self._placement,
                picture=self.picture_size,
                before=before,
                after=self._room,
                pixel_ratio=self.devicePixelRatioF(),
            )
        )

    # --- painting ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Picture, overlays, tools, focus."""
        painter = QPainter(self)
        palette = theme.palette()
        painter.setFont(theme.font("small"))
        shown = self._paint_picture(painter, palette.colour("canvas"), palette.colour("stage"))
        if not self._bare and (shown or self._content.pose is not None):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            scene = self.scene()
            paint_overlays(painter, scene, self._shown)
            paint_tools(painter, scene)
        if not shown and self._message:
            on_stage = self._content.pose is not None
            paint_message(painter, self.rect(), self._message, palette, on_stage=on_stage)
        if self._badge and not self._bare:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_badge(painter, self.rect(), self._badge, palette)
        if self.hasFocus():
            paint_focus(painter, self.rect(), palette)
        painter.end()

    def _paint_picture(self, painter: QPainter, around: QColor, behind: QColor) -> bool:
        shot = self._frames.nearest(self._frame) if self._frames is not None else None
        width, height = self.picture_size
        place = self._placement
        target = QRectF(place.x, place.y, width * place.scale, height * place.scale)
        if shot is None:
            painter.fillRect(self.rect(), around)
            if self._frames is not None or self._content.pose is not None:
                painter.fillRect(target, behind)
            self.painted_frame = -1
            return False
        paint_around(painter, self.rect(), target, around)
        self._draw_image(painter, target, shot.image)
        self.painted_frame, self._painted_how = shot.index, (shot.height, shot.rough)
        return True

    def _draw_image(self, painter: QPainter, target: QRectF, image: QImage) -> None:
        draw_image(painter, target, image, bounds=self.rect(), pixel_ratio=self.devicePixelRatioF())

    # --- mouse and keys ------------------------------------------------------------------------------

    def set_tool(self, kind: ToolKind | None) -> None:
        """Take a hand tool, or None to put it away."""
        self.toolbox.take(kind)
        self.setCursor(Qt.CursorShape.CrossCursor if kind is not None else Qt.CursorShape.ArrowCursor)
        self.update()

    def picture_at(self, position: QPointF) -> Xy:
        """Upright source pixels of a widget position."""
        return self._placement.to_picture(position.x(), position.y())

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Ctrl and the wheel zoom at the cursor; the wheel alone steps."""
        steps = event.angleDelta().y() / 120.0
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            position = event.position()
            self.zoom(steps, (position.x(), position.y()))
        elif steps:
            self.activated.emit()
            self.stepped.emit(-1 if steps > 0 else 1)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Start to draw, to move a corner, or to pan."""
        self.activated.emit()
        self._moved = False
        left = event.button() == Qt.MouseButton.LeftButton
        radius = _GRAB_PX / self._placement.scale
        if left and self.toolbox.press(self.picture_at(event.position()), self._frame, self._time_s, radius):
            self._tell_measured()
        elif left or event.button() == Qt.MouseButton.MiddleButton:
            self._pan_from = event.position()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Draw on, move a corner, or pan."""
        if self._pan_from is not None:
            step = event.position() - self._pan_from
            if self._moved or step.manhattanLength() > 3:
                self._moved = True
                self._pan_from = event.position()
                self._place(
                    places.pan(
                        self._placement, step.x(), step.y(), picture=self.picture_size, widget=self._room
                    )
                )
        elif self.toolbox.move(self.picture_at(event.position())):
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Finish."""
        if self._pan_from is not None:
            self._pan_from = None
            if not self._moved and event.button() == Qt.MouseButton.LeftButton:
                self._click(event.position())
        elif self.toolbox.release(self.picture_at(event.position()), _GRAB_PX / self._placement.scale):
            self._tell_measured()
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Without a tool: fit, or close in on the spot."""
        if self.toolbox.kind is not None:
            self.mousePressEvent(event)
        elif self._placement.fitted:
            self.zoom(5.0, (event.position().x(), event.position().y()))
        else:
            self.fit()

    def _click(self, position: QPointF) -> None:
        points = self.scene().points
        index = None
        if points is not None:
            index = nearest_point(points, (position.x(), position.y()), _GRAB_PX)
        self.point_clicked.emit(-1 if index is None else index)

    def _tell_measured(self) -> None:
        latest = self.toolbox.latest
        if latest is not None:
            self.measured.emit(latest)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Escape gives up a drawing that is not finished."""
        if event.key() == Qt.Key.Key_Escape and self.toolbox.draft:
            self.toolbox.give_up()
            self.update()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Another language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.update()
        super().changeEvent(event)
