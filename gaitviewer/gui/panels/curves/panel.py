"""Joint angles over the gait cycle, tied to the video both ways."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.core import edits
from gaitviewer.core.gait import Side, Stride, View
from gaitviewer.core.measures import AngleKind, Measures, value_at
from gaitviewer.gui.model import strides
from gaitviewer.gui.model.blinding import waiting_for
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.base import Panel, nothing_measured, nothing_open
from gaitviewer.gui.panels.common.wording import hidden_words
from gaitviewer.gui.panels.common.wording import strides as stride_words
from gaitviewer.gui.panels.curves.cursor import CursorOverlay, CurveCursor
from gaitviewer.gui.panels.curves.grid import LEAST_HEIGHT_PX, PlotField, columns_for
from gaitviewer.gui.panels.curves.legend import CurveLegend
from gaitviewer.gui.panels.curves.plot import CurvePlot, PlotContent
from gaitviewer.gui.panels.curves.stride_bar import StrideBar
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.widgets.one_shot import one_shot
from gaitviewer.gui.widgets.plain import PlainLabel, TallArea
from gaitviewer.gui.widgets.translation import translate_data
from gaitviewer.workflow.app.tables import angle_kinds, items_behind

# Shown at first: hip, knee, ankle, foot, trunk, pelvis; the others are one click away.
_FIRST = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion", "foot_pitch", "trunk_tilt", "pelvic_obliquity")
_ONE_LINE_PX = 640  # from this width on, the legend stands beside the buttons
_CURSOR_MS = 50  # the lines of now move at 20 Hz: they must not cost the video its frames


class CurvesPanel(Panel):
    """Plots of the angles, a switch between means and strides, and the selected stride."""

    def __init__(self, state: AppState, player: Player, parent: QWidget | None = None) -> None:
        title = QCoreApplication.translate("CurvesPanel", "Curves")
        super().__init__(state, player, name="panel_curves", title=title, parent=parent)
        self._kinds: tuple[AngleKind, ...] = ()
        self._chosen: tuple[str, ...] = _FIRST
        self._selected = ""
        self._measures: Measures | None = None
        self._strides: tuple[Stride, ...] = ()
        self._curves: dict[str, dict[str, NDArray[np.float64]]] = {}
        self._reasons: dict[str, str] = {}
        self._waiting: dict[tuple[str, Side], tuple[str, ...]] = {}
        self.plots: dict[str, CurvePlot] = {}
        self._build()
        self._timer = one_shot(self, _CURSOR_MS, self._move_lines)
        state.session_changed.connect(self._reload)
        state.measures_changed.connect(self._reload)
        state.document_changed.connect(self._refresh_edited)
        state.settings_changed.connect(self._refresh_edited)
        state.trial_changed.connect(self._move_lines)
        player.time_changed.connect(self._follow)
        player.offset_changed.connect(self._follow)
        self._reload()

    def _build(self) -> None:
        self.mean_button = QPushButton(self.tr("Mean ± SD"))
        self.each_button = QPushButton(self.tr("Each stride"))
        group = QButtonGroup(self)
        head = QHBoxLayout()
        head.setContentsMargins(8, 6, 8, 2)
        head.setSpacing(4)
        for button, name in ((self.mean_button, "curves_mean"), (self.each_button, "curves_each")):
            button.setObjectName(name)
            button.setCheckable(True)
            group.addButton(button)
            head.addWidget(button)
        self.mean_button.setChecked(True)
        group.buttonClicked.connect(self._redraw)
        self.legend_beside = CurveLegend()
        self._build_stride_bar()
        head.addWidget(self.legend_beside, 1)
        head.addWidget(self.stride_bar, 4)
        head.addStretch()
        self.chooser = QToolButton()
        self.chooser.setObjectName("curves_angles")
        self.chooser.setText(self.tr("Angles"))
        self.chooser.setToolTip(self.tr("Choose the angles that are shown"))
        self.chooser.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.chooser.setMenu(QMenu(self.chooser))
        head.addWidget(self.chooser)
        self.legend = CurveLegend()
        self.hint = PlainLabel(name="curves_hint", wraps=True, quiet=True)
        self.hint.setContentsMargins(10, 0, 10, 0)
        self._build_field()
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.legend)
        layout.addWidget(self.hint)
        layout.addWidget(self.scroller, 1)

    def _build_field(self) -> None:
        self.scroller = TallArea("curves_scroll", self.tr("Joint angles over the gait cycle"))
        self.field = PlotField(self._arrange)
        self.overlay = CursorOverlay(self.field)
        self.scroller.setWidget(self.field)

    def _build_stride_bar(self) -> None:
        self.stride_bar = StrideBar()
        self.stride_bar.left_out.connect(self.leave_out)
        self.stride_bar.taken_back.connect(self.take_back)
        self.stride_bar.went_to.connect(self._go_to_selected)
        self.stride_bar.looped.connect(self._loop_selected)
        self.stride_bar.closed.connect(lambda: self.select_stride(""))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """The legend is where there is room for it."""
        super().resizeEvent(event)
        self._place_legend()

    def _place_legend(self) -> None:
        """Beside the buttons, unless a stride is selected; below them where it is narrow."""
        beside = self.width() >= _ONE_LINE_PX
        self.legend_beside.setVisible(beside and self.selected is None)
        self.legend.setVisible(not beside)

    # --- what is shown -------------------------------------------------------------------------------

    @property
    def each_stride(self) -> bool:
        """Whether strides are shown rather than means."""
        return self.each_button.isChecked()

    @property
    def selected(self) -> Stride | None:
        """The selected stride."""
        return next((s for s in self._strides if s.key == self._selected), None)

    def _reload(self) -> None:
        measures = self.state.measures
        self._measures = measures
        self._curves = {}
        for curve in measures.curves if measures is not None else ():
            self._curves.setdefault(curve.stride.key, {})[curve.angle] = curve.values
        self._strides = measures.strides if measures is not None else ()
        self._reasons = strides.excluded_by_hand(self.state.document).reasons
        if measures is None or not measures.curves:
            self.show_empty(
                nothing_open() if self.state.document is None else self._why_nothing(measures is not None)
            )
            return
        self.show_content()
        there = {c.angle for c in measures.curves}
        kinds = tuple(kind for kind in angle_kinds() if kind.name in there)
        if kinds != self._kinds:
            self._kinds = kinds
            self._fill_menu()
            self._make_plots()
        if self.selected is None:
            self._selected = ""
        self._redraw()

    def _why_nothing(self, measured: bool) -> str:
        if not measured:
            return nothing_measured()
        return self.tr("No complete stride was found, so there is no curve. See the recording's quality.")

    def _refresh_edited(self) -> None:
        reasons, waiting = strides.excluded_by_hand(self.state.document).reasons, self._find_waiting()
        if (reasons, waiting) != (self._reasons, self._waiting):
            self._reasons = reasons
            self._redraw()

    def _find_waiting(self) -> dict[tuple[str, Side], tuple[str, ...]]:
        """By angle and limb: items to grade before it is shown; only what is hidden."""
        document, settings = self.state.document, self.state.settings
        found = {
            (name, side): waiting_for(document, settings, items_behind(name), side)
            for name in self.plots
            for side in Side
            if settings.hide_until_graded
        }
        return {key: codes for key, codes in found.items() if codes}

    def _fill_menu(self) -> None:
        menu = self.chooser.menu()
        menu.clear()
        for kind in self._kinds:
            action = QAction(translate_data(kind.title), menu)
            action.setCheckable(True)
            action.setChecked(kind.name in self._chosen)
            action.toggled.connect(lambda on, name=kind.name: self.show_angle(name, on))
            menu.addAction(action)

    def show_angle(self, name: str, on: bool = True) -> None:
        """Show or hide an angle."""
        order = [kind.name for kind in angle_kinds()]
        chosen = {*self._chosen, name} if on else set(self._chosen) - {name}
        self._chosen = tuple(sorted(chosen, key=order.index))
        self._make_plots()
        self._redraw()

    def _make_plots(self) -> None:
        for plot in self.plots.values():
            plot.setParent(None)
            plot.deleteLater()
        self.plots = {}
        for kind in self._kinds:
            if kind.name in self._chosen:
                plot = CurvePlot(kind)
                plot.clicked.connect(lambda at, key, view=kind.view: self._click(at, key, view))
                plot.dragged.connect(lambda at, view=kind.view: self._drag(at, view))
                self.plots[kind.name] = plot
        self._arrange()

    def _arrange(self) -> None:
        """As many columns as fit; the height is shared, down to a least one that scrolls."""
        columns = columns_for(len(self.plots), self.field.width(), self.scroller.viewport().height())
        rows = max(1, -(-len(self.plots) // columns))
        self.field.place(list(self.plots.values()), columns)
        self.field.setMinimumHeight(rows * LEAST_HEIGHT_PX)
        self.overlay.set_plots(list(self.plots.values()))
        self.overlay.setGeometry(self.field.rect())
        self.overlay.raise_()

    def _redraw(self) -> None:
        measures = self._measures
        if measures is None:
            return
        excluded = strides.ExcludedStrides(self._reasons)
        waiting = self._waiting = self._find_waiting()
        for name, plot in self.plots.items():
            content = PlotContent(
                kind=plot.kind,
                means=tuple(m for m in measures.means if m.angle == name and (name, m.side) not in waiting),
                curves=tuple(
                    c for c in measures.curves if c.angle == name and (name, c.stride.side) not in waiting
                ),
                band=measures.band(name),
                excluded=excluded,
                each_stride=self.each_stride,
                selected=self._selected,
                hidden=hidden_words({side: waiting[name, side] for side in Side if (name, side) in waiting}),
            )
            plot.show_content(content)
        self.overlay.forget_picture()
        self._show_hint(measures, excluded)
        stride = self.selected
        keys = self._same_step(stride) if stride is not None else ()
        by_hand = self._reasons.get(self._selected, "")
        self.stride_bar.show_stride(stride, by_hand=by_hand, views=len(keys), clock=self.player.clock)
        self._place_legend()
        self._move_lines()

    def _show_hint(self, measures: Measures, excluded: strides.ExcludedStrides) -> None:
        count = excluded.still_counted(measures)
        self.hint.setVisible(count > 0)
        if count:
            words = self.tr("{strides} left out by you; means and scores follow with the next measuring.")
            self.hint.setText(words.format(strides=stride_words(count)))

    def retheme(self) -> None:
        """Colours of the theme."""
        self._redraw()
        self.legend.update()
        self.legend_beside.update()

    # --- the clock -----------------------------------------------------------------------------------

    def _follow(self) -> None:
        if not self.player.playing:
            self._move_lines()
        elif not self._timer.isActive():
            self._timer.start()

    def _current(self, side: Side, view: View) -> Stride | None:
        """The stride that is walked now; the selected one wins where strides overlap."""
        selected, now, clock = self.selected, self.player.time_s, self.player.clock
        if selected is not None and (selected.side, selected.view) == (side, view):
            inside = -0.01 <= clock.percent(selected, now) <= 100.01
            if inside and selected.trial == self.state.trial_id:
                return selected
        return strides.stride_of_limb(
            self._strides, now, clock, trial=self.state.trial_id, side=side, view=view
        )

    def _move_lines(self) -> None:
        if not self.isVisible() and self.parent() is not None:
            return
        self.overlay.set_now(tuple(self._now()))

    def _now(self) -> list[CurveCursor]:
        found = []
        for side in Side:
            percents: list[float] = []
            values: dict[str, float] = {}
            for view in View:
                stride = self._current(side, view)
                if stride is None:
                    continue
                percent = min(100.0, max(0.0, self.player.clock.percent(stride, self.player.time_s)))
                percents.append(percent)
                for angle, curve in self._curves.get(stride.key, {}).items():
                    if angle in self.plots and (angle, side) not in self._waiting:
                        values[angle] = value_at(curve, percent)
            if percents:
                found.append(CurveCursor(side, percents[0], values))
        return found

    # --- hands ---------------------------------------------------------------------------------------

    def _click(self, percent: float, key: str, view: View) -> None:
        if key:
            self.select_stride(key)
        self._drag(percent, view)

    def _drag(self, percent: float, view: View) -> None:
        """To this per cent of the stride at hand."""
        stride = self.selected or self._nearest(view)
        if stride is not None:
            if stride.trial != self.state.trial_id:
                self.state.set_trial(stride.trial)
            self.player.go_to(self.player.clock.time_at(stride, percent))

    def _nearest(self, view: View) -> Stride | None:
        side = self.state.side
        here = [s for s in self._strides if s.trial == self.state.trial_id and s.view is view]
        here = [s for s in here if side is None or s.side is side] or here
        return strides.nearest_stride(here, self.player.time_s, self.player.clock)

    def select_stride(self, key: str) -> None:
        """Select a stride by its key; "" selects none."""
        if key != self._selected:
            self._selected = key
            self._redraw()

    def _go_to_selected(self) -> None:
        if self.selected is not None:
            self._drag(0.0, self.selected.view)

    def _loop_selected(self) -> None:
        stride = self.selected
        if stride is not None:
            self._drag(0.0, stride.view)
            ends = [self.player.clock.time_at(stride, percent) for percent in (0.0, 100.0)]
            self.player.set_loop(ends[0], ends[1])

    def _same_step(self, stride: Stride) -> tuple[str, ...]:
        return strides.same_step(stride, self._strides, self.player.clock)

    def leave_out(self, reason: str) -> None:
        """Leave the selected stride out, in both views, for a reason."""
        stride, document = self.selected, self.state.document
        if stride is not None and document is not None and reason.strip():
            after = edits.exclude_strides(document, stride.trial, self._same_step(stride), reason)
            self.state.edit(after, self.tr("Leave a stride out"))

    def take_back(self) -> None:
        """Let the selected stride count again."""
        stride, document = self.selected, self.state.document
        if stride is not None and document is not None:
            after = edits.include_strides(document, stride.trial, self._same_step(stride))
            self.state.edit(after, self.tr("Let a stride count again"))
