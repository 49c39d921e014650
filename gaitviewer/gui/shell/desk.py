"""The review page: both videos with their clock and timeline, and the panels around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QSplitter, QTabWidget, QVBoxLayout, QWidget

from gaitviewer.core import edits
from gaitviewer.core.gait import Stride, View
from gaitviewer.gui.canvas.overlays import OVERLAYS
from gaitviewer.gui.canvas.two_views import TwoViews
from gaitviewer.gui.canvas.video_canvas import VideoCanvas
from gaitviewer.gui.model import strides
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.base import Panel
from gaitviewer.gui.panels.curves.panel import CurvesPanel
from gaitviewer.gui.panels.details import DetailsPanel
from gaitviewer.gui.panels.doubts import DoubtsPanel
from gaitviewer.gui.panels.key_frames.panel import KeyImagesPanel
from gaitviewer.gui.panels.knowledge_map.panel import KnowledgeMapPanel
from gaitviewer.gui.panels.parameters import ParametersPanel
from gaitviewer.gui.panels.pattern import PatternPanel
from gaitviewer.gui.panels.quality import QualityPanel
from gaitviewer.gui.panels.score.panel import EvgsPanel
from gaitviewer.gui.panels.severity import SeverityPanel
from gaitviewer.gui.panels.texts import TextsPanel
from gaitviewer.gui.panels.timeline.panel import TimelinePanel
from gaitviewer.gui.panels.timeline.transport import TransportBar
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.services.job_bar import Banner
from gaitviewer.gui.shell.hand_tools import HandTools
from gaitviewer.gui.shell.point_corrections import PointCorrections
from gaitviewer.gui.widgets.docks import DockTitles

STATE_VERSION = 1
_RIGHT, _BOTTOM = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea

# name, panel, where it is in the arrangement "review"; the first of an area is on top.
_PANELS: tuple[tuple[str, Callable[[AppState, Player], Panel], Qt.DockWidgetArea], ...] = (
    ("evgs", EvgsPanel, _RIGHT),
    ("parameters", ParametersPanel, _RIGHT),
    ("quality", QualityPanel, _RIGHT),
    ("doubts", DoubtsPanel, _RIGHT),
    ("texts", TextsPanel, _RIGHT),
    ("curves", CurvesPanel, _BOTTOM),
    ("pattern", PatternPanel, _BOTTOM),
    ("severity", SeverityPanel, _BOTTOM),
    ("knowledge_map", KnowledgeMapPanel, _BOTTOM),
    ("key_images", KeyImagesPanel, _BOTTOM),
    ("details", DetailsPanel, _BOTTOM),
)
_GRADE = ("evgs",)
_MODELS = {"severity": _RIGHT, "evgs": _RIGHT, "doubts": _RIGHT, "knowledge_map": _BOTTOM, "curves": _BOTTOM}


class Desk(QMainWindow):
    """Two views, transport, timeline, docks.

    Attributes:
        views, player: pictures and clock.   docks: the panels by name.   banner: what needs attention.
        hand: measuring by hand.   points: putting keypoints right.

    Signals:
        changed: something that actions show is different (tool, overlay, loop, ...).
        facts_asked: the user wants to change the facts of the session.
    """

    changed = Signal()
    facts_asked = Signal()

    def __init__(self, state: AppState, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("desk")
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setDockNestingEnabled(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setCorner(Qt.Corner.BottomRightCorner, _RIGHT)
        self.state = state
        self.bare = False
        self.overlays = {overlay.name for overlay in OVERLAYS if overlay.shown}
        self.views = TwoViews(state, limit_bytes=state.settings.memory_mb << 20)
        self.player: Player = self.views.player
        self.banner = Banner(self.views)
        self.hand = HandTools(state, self.views, self.banner, self)
        self.points = PointCorrections(state, self.views, self.banner, self)
        self.transport = TransportBar(
            state, self.player, actions, stride_at=self.stride_at, meter=self.views.meter
        )
        self.timeline = TimelinePanel(state, self.player)
        self._build_middle()
        self.docks: dict[str, QDockWidget] = {}
        self.panels: dict[str, Panel] = {}
        for name, make, area in _PANELS:
            self._add_dock(name, make(state, self.player), area)
        self.titles = DockTitles(self, self.docks.values())
        self._gone_to_s: float | None = None
        self.arrange("review")
        self._connect(actions)

    def _build_middle(self) -> None:
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.transport)
        column.addWidget(self.timeline, 1)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setObjectName("desk_splitter")
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.views)
        self.splitter.addWidget(below)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        self.setCentralWidget(self.splitter)

    def _add_dock(self, name: str, panel: Panel, area: Qt.DockWidgetArea) -> None:
        dock = QDockWidget(panel.windowTitle())
        dock.setObjectName(f"dock_{name}")
        dock.setAccessibleName(panel.windowTitle())
        dock.setWidget(panel)
        self.addDockWidget(area, dock)
        self.docks[name] = dock
        self.panels[name] = panel

    def _connect(self, actions: Mapping[str, QAction]) -> None:
        state = self.state
        for canvas in self.views.canvases_there:
            canvas.addAction(actions["view.other"])
        details = self.panels["details"]
        assert isinstance(details, DetailsPanel)
        details.edit_asked.connect(self.facts_asked)
        self.hand.changed.connect(self.changed)
        self.transport.offset_asked.connect(self._set_offset)
        self.transport.offset.returnPressed.connect(lambda: self.canvas.setFocus())
        state.document_changed.connect(self._follow_offset)
        state.settings_changed.connect(lambda: self.views.frames.set_limit(state.settings.memory_mb << 20))
        state.measures_changed.connect(self._follow_measures)
        self.views.frames.arrived.connect(self.transport.soon)
        for signal in (
            *(self.player.playing_changed, self.player.loop_changed, self.player.opened),
            *(self.player.speed_changed, self.views.active_view_changed),
        ):
            signal.connect(self.changed)

    @property
    def evgs(self) -> EvgsPanel:
        """The score panel."""
        panel = self.panels["evgs"]
        assert isinstance(panel, EvgsPanel)
        return panel

    # --- arrangements --------------------------------------------------------------------------------

    def arrange(self, name: str) -> None:
        """A built-in arrangement: "review" (everything), "grade" (videos, scores), "models" (their answers)."""
        areas = {own: area for own, _, area in _PANELS} | (_MODELS if name == "models" else {})
        for own, dock in self.docks.items():
            dock.setFloating(False)
            self.removeDockWidget(dock)
            self.addDockWidget(areas[own], dock)
        for area in (_RIGHT, _BOTTOM):
            names = [own for own, where in areas.items() if where == area]
            for other in names[1:]:
                self.tabifyDockWidget(self.docks[names[0]], self.docks[other])
        shown = {"review": tuple(areas), "grade": _GRADE, "models": tuple(_MODELS)}[name]
        for own, dock in self.docks.items():
            dock.setVisible(own in shown)
        wide = max(self.width(), 1100)
        self.resizeDocks(
            [self.docks["evgs"]], [int(wide * (0.42 if name == "grade" else 0.33))], Qt.Orientation.Horizontal
        )
        if name == "review":
            self.resizeDocks(
                [self.docks["curves"]], [int(0.3 * max(self.height(), 560))], Qt.Orientation.Vertical
            )
            self.docks["curves"].raise_()
        self.docks["evgs"].raise_()
        high = max(self.height(), 560)
        if name == "models":
            self.resizeDocks([self.docks["knowledge_map"]], [int(0.38 * high)], Qt.Orientation.Vertical)
            for own in ("knowledge_map", "severity"):
                self.docks[own].raise_()
        self.splitter.setSizes([high, 150])

    def layout_state(self) -> tuple[QByteArray, QByteArray]:
        """Places of docks and splitters, to be kept."""
        return self.saveState(STATE_VERSION), self.splitter.saveState()

    def restore_layout(self, docks: QByteArray, splitter: QByteArray) -> bool:
        """Put everything where it was; False if that was another version of the window."""
        if not self.restoreState(docks, STATE_VERSION):
            return False
        self.splitter.restoreState(splitter)
        self._grow_docks()
        return True

    def _grow_docks(self) -> None:
        """Panels placed on a small screen would be slivers on a large one: they take their share again."""
        for name, part, direction in (
            ("evgs", 0.33, Qt.Orientation.Horizontal),
            ("curves", 0.3, Qt.Orientation.Vertical),
        ):
            dock = self.docks[name]
            wide = direction is Qt.Orientation.Horizontal
            whole, own = (self.width(), dock.width()) if wide else (self.height(), dock.height())
            alone = dock.isFloating() or dock.isHidden()
            if (
                not alone
                and self.dockWidgetArea(dock) == (_RIGHT if wide else _BOTTOM)
                and own < 0.6 * part * whole
            ):
                self.resizeDocks([dock], [int(part * whole)], direction)

    # --- moving --------------------------------------------------------------------------------------

    def stride_at(self, time_s: float) -> Stride | None:
        """The stride at a moment: of the selected side if it is in one, else any."""
        motion, clock = self.state.motion, self.player.clock
        own = None
        if self.state.side is not None:
            own = strides.stride_at(motion, time_s, clock, side=self.state.side)
        return own or strides.stride_at(motion, time_s, clock)

    # --- views ---------------------------------------------------------------------------------------

    @property
    def active_view(self) -> View | None:
        """The view worked in last, else the first that is there."""
        there = self.player.views
        if self.views.active_view in there:
            return self.views.active_view
        return there[0] if there else None

    @property
    def canvas(self) -> VideoCanvas:
        """The canvas worked in last."""
        return self.views.canvases[self.active_view or View.SAGITTAL]

    def leave_field(self, field: QWidget) -> None:
        """Escape in a field: the keys work in the score table or in the pictures again."""
        if self.evgs.isAncestorOf(field):
            self.evgs.leave_field(field)
        elif self.isAncestorOf(field):
            self.canvas.setFocus()

    def toggle_overlay(self, name: str) -> None:
        """Switch an overlay."""
        on = name not in self.overlays
        (self.overlays.add if on else self.overlays.discard)(name)
        self.views.set_overlay(name, on)
        self.changed.emit()

    def toggle_bare(self) -> None:
        """The bare pictures, or everything again."""
        self.bare = not self.bare
        self.views.set_bare(self.bare)
        self.changed.emit()

    # --- key images ----------------------------------------------------------------------------------

    def add_key_image(self) -> None:
        """Keep the frame that is shown in the view at hand for the report."""
        panel = self.panels["key_images"]
        assert isinstance(panel, KeyImagesPanel)
        panel.add_shown()

    # --- the offset between the views ----------------------------------------------------------------

    def set_sync_point(self) -> None:
        """What the view at hand shows now is one end of the sync; with both, the offset is known."""
        view = self.active_view
        if view is None:
            return
        offset = self.player.set_sync_point(view)
        if offset is None:
            words = self.tr("Now go to the same moment in the other view and press F8 there as well.")
            self.banner.say("sync", words)
        else:
            self.banner.forget("sync")
            self._set_offset(offset)

    def _set_offset(self, offset_s: float) -> None:
        document = self.state.document
        if document is None or len(self.player.views) < 2:
            return
        sigma = max(self.player.track(view).interval_s for view in self.player.views) / 2
        after = edits.set_offset(document, self.state.trial_id, offset_s, sigma)
        self.state.edit(after, self.tr("Set the offset of the views"), merge=f"offset {self.state.trial_id}")

    def use_estimate(self) -> None:
        """The offset estimated from the gait instead of the one that a person set."""
        if self.state.document is not None:
            after = edits.clear_offset(self.state.document, self.state.trial_id)
            self.state.edit(after, self.tr("Use the estimated offset"))

    def _follow_measures(self) -> None:
        player = self.player
        moved = player.time_s > max(0.0, player.start_s) and player.time_s != self._gone_to_s
        self._follow_offset()
        if player.views and not player.playing and not moved:
            # Nobody moved yet: show a walking person instead of an empty room.
            starts = strides.stride_starts(self.state.motion, player.clock)
            if starts:
                player.go_to(starts[0])
            # The side view may come after the other one: then there is a better moment.
            self._gone_to_s = player.time_s if self.state.is_partial else None

    def _follow_offset(self) -> None:
        """The clock uses the offset of the document, or the estimated one."""
        data, motion = self.state.trial, self.state.motion
        if data is not None and data.trial.sync is not None:
            self.player.set_offset(data.trial.sync.offset_s)
        elif motion is not None and motion.sync is not None:
            self.player.set_offset(motion.sync.offset_s)

    def close_videos(self) -> None:
        """End the decoder threads."""
        self.views.close_videos()
