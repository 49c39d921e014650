"""Measuring by hand: which tool is taken, and what was measured kept in the document."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from gaitviewer.core import edits
from gaitviewer.core.gait import View
from gaitviewer.gui.canvas.two_views import TwoViews
from gaitviewer.gui.model import manual_tools
from gaitviewer.gui.model.manual_tools import ToolKind
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.services.job_bar import Banner
from gaitviewer.gui.shell.tool_hint import ToolHint


class HandTools(QObject):
    """Goniometer, vertical, distance, in both views.

    Attributes:
        tool: the one in hand, or None.   hint: what to do with it.

    Signals:
        changed: another tool is in hand.
    """

    changed = Signal()

    def __init__(self, state: AppState, views: TwoViews, banner: Banner, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._views, self._banner = state, views, banner
        self.tool: ToolKind | None = None
        self.hint = ToolHint(views)
        state.selection_changed.connect(self._explain)
        views.measured.connect(lambda _: self._keep())
        state.document_changed.connect(self._show)
        state.trial_changed.connect(self._show)
        self._show()

    def toggle(self, kind: ToolKind) -> None:
        """Take a tool, or put it away if it is in hand."""
        self._take(None if self.tool is kind else kind)

    def _take(self, kind: ToolKind | None) -> None:
        self.tool = kind
        self._views.set_tool(kind)
        self._explain()
        self.changed.emit()

    def _explain(self) -> None:
        self.hint.show_tool(self.tool, self._state.item, self._state.side)

    def put_away(self) -> None:
        """Put the tool away; without one, select nothing and show the whole pictures."""
        if self.tool is not None:
            self._take(None)
            return
        self._state.clear_selection()
        for canvas in self._views.canvases_there:
            canvas.fit()

    def clear(self) -> None:
        """Remove the measurements of the frames that are shown."""
        self._views.clear_measures()
        self._keep()

    def take_over(self) -> None:
        """Keep the latest measurement of this trial as a person's value of the selected item."""
        state = self._state
        document, item, side = state.document, state.item, state.side
        if document is None or item is None or side is None:
            return
        mine = [n for n, m in enumerate(document.hand_measures) if m.trial == state.trial_id]
        if not mine:
            words = self.tr("Nothing was measured by hand yet: take the goniometer (G) and click three points.")
            self._banner.say("tool", words)
            return
        self._banner.forget("tool")
        state.edit(
            edits.assign_measurement(document, mine[-1], item, side),
            self.tr("Keep a measurement for an item"),
        )

    def _keep(self) -> None:
        """Put into the document what is drawn."""
        state = self._state
        if state.document is not None:
            drawn = [
                manual_tools.as_measurement(one, state.trial_id, rater=state.settings.rater)
                for one in self._views.hand_measures()
            ]
            after = edits.set_measurements(state.document, state.trial_id, drawn, views=tuple(View))
            state.edit(after, self.tr("Measure by hand"))

    def _show(self) -> None:
        """Draw what the document holds, after undo or in another trial."""
        data, document = self._state.trial, self._state.document
        if data is None or document is None:
            return
        videos = data.trial.videos
        wanted = manual_tools.drawn_in(document, data.trial.id, (videos.sagittal, videos.coronal))
        for canvas in self._views.canvases_there:
            own = tuple(one for one in wanted if one.view is canvas.view)
            if own != canvas.toolbox.measures:
                canvas.toolbox.set_measures(own)
                canvas.update()
