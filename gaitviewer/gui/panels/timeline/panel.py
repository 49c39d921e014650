"""The timeline: what was found when, and the way to move in time."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from gaitviewer.core.gait import Side, View
from gaitviewer.gui.model.blinding import hides_answers, is_any_hidden, is_hidden
from gaitviewer.gui.model.explanations import SaliencyTrack, saliency_track
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.base import Panel, nothing_measured, nothing_open
from gaitviewer.gui.panels.timeline import painting as paint
from gaitviewer.gui.panels.timeline.layout import (
    Kind,
    Mark,
    Scale,
    TimelineRow,
    evidence_marks,
    key_image_marks,
    mark_at,
    marks_of,
    row_tops,
    rows_for,
    saliency_marks,
    scale_over,
)
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.widgets.plain import plain_tip

_MARGIN_PX, _RIGHT_PX, _RULER_PX = 74, 8, 20
_ZOOM_STEP = 1.25


class TimelinePanel(Panel):
    """Passes, strides, events, pose quality, evidence and key images of the trial that is shown."""

    def __init__(self, state: AppState, player: Player, parent: QWidget | None = None) -> None:
        title = QCoreApplication.translate("TimelinePanel", "Timeline")
        super().__init__(state, player, name="panel_timeline", title=title, parent=parent)
        self.line = TimelineView(state, player)
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line)
        for signal in (state.session_changed, state.measures_changed, state.trial_changed):
            signal.connect(self._reload)
        state.answers.changed.connect(self.line.reload)
        for signal in (state.selection_changed, state.document_changed, state.settings_changed):
            signal.connect(self.line.reload_marks)
        for signal in (player.opened, player.offset_changed):
            signal.connect(self._reload)
        self._reload()

    def _reload(self) -> None:
        if self.state.document is None:
            self.show_empty(nothing_open())
        elif self.state.motion is None and not self.player.views:
            self.show_empty(nothing_measured())
        else:
            self.show_content()
        self.line.reload()

    def retheme(self) -> None:
        """Colours of the theme."""
        self.line.forget_picture()


class TimelineView(QWidget):
    """The painted timeline.

    What does not move is kept as a picture, so that the moving line costs next to nothing.
    """

    def __init__(self, state: AppState, player: Player, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("timeline_view")
        self.setAccessibleName(self.tr("Timeline of the recording"))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._state = state
        self._player = player
        self._rows: tuple[TimelineRow, ...] = ()
        self._tops: tuple[float, ...] = ()
        self._motion_marks: tuple[Mark, ...] = ()
        self._values_hidden = self._looked = False
        self._marks: tuple[Mark, ...] = ()
        self._picture: QPixmap | None = None
        self._cursor_x = -1
        self._dragging = False
        self._pan_from: float | None = None
        self.scale = scale_over(0.0, 1.0, _MARGIN_PX, 1.0)
        player.time_changed.connect(self._follow)
        player.loop_changed.connect(self.update)

    # --- what is shown -------------------------------------------------------------------------------

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Everything on the timeline."""
        return self._marks

    def reload(self) -> None:
        """Show the trial of the state, all of it."""
        motion, player = self._state.motion, self._player
        views = player.views or tuple(v for v in (motion.trial.views if motion is not None else ()))
        tracks = self._tracks(views)
        self._looked = bool(tracks)
        self._rows = rows_for(views, tracks)
        self._tops = row_tops(self._rows, _RULER_PX + 3)
        self._values_hidden = self._hides_values()
        self._motion_marks = (
            marks_of(motion, self._rows, clock=player.clock, hide_values=self._values_hidden)
            if motion is not None
            else ()
        )
        for view, track in tracks.items():
            self._motion_marks += saliency_marks(track, self._rows, view, clock=player.clock)
        whole = (self.scale.least_s, self.scale.most_s)
        fresh = scale_over(player.start_s, player.stop_s, _MARGIN_PX, self.width() - _MARGIN_PX - _RIGHT_PX)
        if (fresh.least_s, fresh.most_s) != whole:
            self.scale = fresh
        self.reload_marks()
        self.updateGeometry()

    def _tracks(self, views: Iterable[View]) -> dict[View, SaliencyTrack]:
        """The views that the severity model looked at, while its answers may be seen."""
        state = self._state
        answer = state.answers.get("severity")
        if answer is None or hides_answers(state.document, state.settings, state.measures):
            return {}
        found = {view: saliency_track(answer, state.trial_id, view) for view in views}
        return {view: track for view, track in found.items() if track is not None}

    def _hides_values(self) -> bool:
        state = self._state
        return state.measures is not None and is_any_hidden(state.document, state.settings, state.measures)

    def reload_marks(self) -> None:
        """Evidence and key images are new, or a grade set values free."""
        if self._hides_values() != self._values_hidden or self._looked != bool(
            self._tracks(row.view for row in self._rows if row.kind is Kind.PASS and row.view is not None)
        ):
            self.reload()
            return
        state, clock = self._state, self._player.clock
        marks = list(self._motion_marks)
        if state.measures is not None:
            chosen = (state.item, state.side) if state.item is not None and state.side is not None else None
            sheet = state.measures.evgs
            hidden = frozenset(
                (m.item.number, side)
                for side in Side
                for m in sheet.measures[side]
                if is_hidden(state.document, state.settings, m.item.number, side)
            )
            marks += evidence_marks(sheet, state.trial_id, clock=clock, chosen=chosen, hidden=hidden)
        if state.document is not None:
            marks += key_image_marks(state.document.key_images, state.trial_id, clock=clock)
        if tuple(marks) != self._marks or self._picture is None:
            self._marks = tuple(marks)
            self.forget_picture()

    def forget_picture(self) -> None:
        """Paint everything anew."""
        self._picture = None
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """All rows."""
        return QSize(600, self._bottom() + 6)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """All rows, a narrow piece of time."""
        return QSize(240, self._bottom() + 2)

    def _bottom(self) -> int:
        return int(self._tops[-1] + self._rows[-1].height) if self._rows else 60

    def set_scale(self, scale: Scale) -> None:
        """Show another piece of the recording."""
        if scale != self.scale:
            self.scale = scale
            self.forget_picture()

    def fit(self) -> None:
        """Show the whole recording."""
        self.set_scale(self.scale.fitted())

    # --- painting ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """The kept picture, the repeated range, and the line of now."""
        if self._picture is None:
            self._picture = self._painted()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        inside = QRect(_MARGIN_PX, 0, self.width() - _MARGIN_PX, self.height())
        painter.setClipRect(inside)
        paint.paint_loop(painter, self.scale, self._player.loop, self.height())
        self._cursor_x = round(self.scale.x(self._player.time_s))
        paint.paint_cursor(painter, self._cursor_x, self.height())

    def _painted(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        painter = QPainter(picture)
        paint.paint_ground(painter, self.scale, self._rows, self._tops, self.size(), _RULER_PX)
        painter.setClipRect(QRect(_MARGIN_PX, 0, self.width() - _MARGIN_PX - _RIGHT_PX + 4, self.height()))
        paint.paint_marks(painter, self._marks, self.scale, self._rows, self._tops)
        painter.end()
        return picture

    def _follow(self, time_s: float) -> None:
        following = self.scale.showing(time_s) if not self._dragging else self.scale
        if following is not self.scale:
            self.set_scale(following)
            return
        x = round(self.scale.x(time_s))
        if x != self._cursor_x:
            for column in (self._cursor_x, x):
                self.update(column - 6, 0, 13, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """The same piece of time on another width."""
        super().resizeEvent(event)
        width = max(1.0, float(self.width() - _MARGIN_PX - _RIGHT_PX))
        s = self.scale
        self.scale = Scale(s.start_s, s.stop_s, _MARGIN_PX, width, s.least_s, s.most_s)
        self.forget_picture()

    # --- hands ---------------------------------------------------------------------------------------

    def mark_under(self, at: QPoint) -> Mark | None:
        """What lies there."""
        if at.x() < _MARGIN_PX:
            return None
        return mark_at(self._marks, self.scale, self._rows, self._tops, x_px=at.x(), y_px=at.y())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Go there; on evidence, select its item; with the middle button, move the piece of time."""
        at = event.position().toPoint()
        if event.button() is Qt.MouseButton.MiddleButton:
            self._pan_from = self.scale.time(at.x())
        elif event.button() is Qt.MouseButton.LeftButton:
            mark = self.mark_under(at)
            if mark is not None and mark.kind is Kind.EVIDENCE:
                self._state.select(mark.item, mark.side, evidence=mark.evidence)
                return
            self._dragging = True
            exact = mark is not None and mark.is_moment
            self._player.go_to(mark.start_s if exact and mark is not None else self.scale.time(at.x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Drag through time."""
        x = event.position().x()
        if self._dragging:
            self._player.go_to(self.scale.time(x))
        elif self._pan_from is not None:
            self.set_scale(self.scale.moved(self._pan_from - self.scale.time(x)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Let go."""
        self._dragging = False
        self._pan_from = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """A stride or a pass over the whole width; again, or elsewhere, the whole recording."""
        mark = self.mark_under(event.position().toPoint())
        wanted = self.scale.fitted()
        if mark is not None and mark.kind in (Kind.STRIDE, Kind.PASS):
            margin = 0.1 * (mark.stop_s - mark.start_s)
            start, stop = max(mark.start_s - margin, wanted.start_s), min(mark.stop_s + margin, wanted.stop_s)
            close = Scale(start, stop, wanted.left_px, wanted.width_px, wanted.least_s, wanted.most_s)
            wanted = wanted if self.scale == close else close
        self.set_scale(wanted)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  Qt's name
        """Zoom about the pointer; sideways or with Shift, move."""
        turn = event.angleDelta()
        sideways = turn.x() if turn.x() else 0
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not sideways:
            sideways = turn.y()
        if sideways:
            self.set_scale(self.scale.moved(-sideways / 1200 * (self.scale.stop_s - self.scale.start_s)))
        elif turn.y():
            factor = _ZOOM_STEP ** (-turn.y() / 120)
            self.set_scale(self.scale.zoomed(factor, max(event.position().x(), _MARGIN_PX)))
        event.accept()

    def event(self, event: QEvent) -> bool:
        """What is under the pointer, in words."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            mark = self.mark_under(event.pos())
            QToolTip.showText(event.globalPos(), plain_tip(mark.tip if mark is not None else ""), self)
            return True
        return super().event(event)
