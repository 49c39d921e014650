"""Both views side by side, with their clock and their pictures."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QWidget

from gaitviewer.core.evgs import EvgsMeasure
from gaitviewer.core.gait import ByView, View
from gaitviewer.gui.canvas.missing_video_notice import MissingVideoNotice
from gaitviewer.gui.canvas.scene import NOWHERE, EvidenceMark, Looked, MaskSource, content_of
from gaitviewer.gui.canvas.video_canvas import VideoCanvas
from gaitviewer.gui.model.blinding import hides_answers, is_any_hidden, is_hidden
from gaitviewer.gui.model.explanations import attention_track, saliency_track
from gaitviewer.gui.model.manual_tools import DrawnMeasurement, ToolKind
from gaitviewer.gui.playback.frame_store import DEFAULT_LIMIT_BYTES, FrameStore
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.playback.timebase import PlayedFrames, SyncMeter
from gaitviewer.gui.widgets.translation import say_sentence, translate_data
from gaitviewer.messages import NOTHING, Message

if TYPE_CHECKING:
    from gaitviewer.gui.model.state import AppState

_NO_MASKS: ByView[MaskSource | None] = ByView(None, None)


class TwoViews(QWidget):
    """The player's picture: both canvases follow one clock and the state of the session.

    Attributes:
        player: the clock.   frames: the pictures.   canvases: one for each view.

    Signals:
        active_view_changed: the user works in this view (:class:`View`).
        measured: a hand measurement was made or changed (:class:`DrawnMeasurement`).
        point_clicked: view and index of a keypoint (-1 beside all).
        failed: view and why it shows no pictures, NOTHING when it does so again.
        find_asked: the user wants to say where the video of this view is.
    """

    active_view_changed = Signal(object)
    measured = Signal(object)
    point_clicked = Signal(object, int)
    failed = Signal(object, object)
    find_asked = Signal(object)

    def __init__(
        self,
        state: AppState,
        parent: QWidget | None = None,
        *,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Follow ``state``; pictures take at most ``limit_bytes``; ``clock`` counts seconds."""
        super().__init__(parent)
        self.setObjectName("two_views")
        self.setAccessibleName(self.tr("Videos"))
        self._state = state
        self._masks = _NO_MASKS
        self._active: View | None = None
        self._pointed: EvidenceMark | None = None
        self._only: View | None = None
        self._closed = False
        self.player = Player(self, clock=clock)
        self.frames = FrameStore(self, limit_bytes=limit_bytes)
        self.canvases = ByView(VideoCanvas(View.SAGITTAL), VideoCanvas(View.CORONAL))
        self.gone = ByView(*(MissingVideoNotice(self.canvases[view]) for view in View))
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setObjectName("two_views_splitter")
        self._splitter.setChildrenCollapsible(False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._splitter)
        for view in View:
            self._splitter.addWidget(self.canvases[view])
            self._splitter.setStretchFactor(self._splitter.count() - 1, 1)
            self._connect_canvas(view)
        self.player.time_changed.connect(self._show_time)
        self.frames.arrived.connect(self._arrived)
        self.frames.failed.connect(self._note_failure)
        state.trial_changed.connect(self.reload)
        state.document_changed.connect(self.refresh_content)
        state.measures_changed.connect(self.refresh_content)
        state.settings_changed.connect(self.refresh_content)
        state.selection_changed.connect(self.show_selection)
        state.selection_changed.connect(self._refresh_looked)
        state.answers.changed.connect(self.refresh_content)
        state.answers.pointed_changed.connect(self._refresh_looked)
        self.reload()

    def _connect_canvas(self, view: View) -> None:
        canvas = self.canvases[view]
        canvas.activated.connect(lambda: self.set_active_view(view))
        canvas.stepped.connect(self.player.step)
        canvas.measured.connect(self.measured)
        canvas.point_clicked.connect(lambda index: self.point_clicked.emit(view, index))
        self.gone[view].find_asked.connect(lambda: self.find_asked.emit(view))

    # --- the trial -----------------------------------------------------------------------------------

    def reload(self) -> None:
        """Show the trial of the state from its start."""
        if self._closed:
            return
        data = self._state.trial
        self._masks = _NO_MASKS
        sources = self.frames.open(data.trial if data is not None else None)
        for view in View:
            self.canvases[view].set_frames(sources[view], self._empty_text(view))
            self._look_for_file(view)
        self._arrange()
        self._active = None
        self.refresh_content()
        both: ByView[PlayedFrames | None] = ByView(sources.sagittal, sources.coronal)
        self.player.open(both, offset_s=self._offset_s())

    def reopen(self, view: View) -> None:
        """Try the video of a view again (after the file was found); the time shown stays."""
        now = self.player.time_s
        self.reload()
        self.player.go_to(now)

    def _look_for_file(self, view: View) -> bool:
        """Say on the view that its file is not where it was, or cannot be shown; whether that is so."""
        data = self._state.trial
        stream = data.trial.videos[view] if data is not None else None
        there = stream is not None and stream.path.is_file()
        why = say_sentence(self.unreadable(view)) if there else ""
        path = stream.path if stream is not None and (why or not there) else None
        self.gone[view].tell(path, why=why, on_stage=data is not None and data.poses[view] is not None)
        return path is not None

    def unreadable(self, view: View) -> Message:
        """Why the video of a view shows no picture at all; NOTHING if it does, or is not there yet."""
        frames = self.frames.views[view]
        return frames.failure if frames is not None else NOTHING

    @property
    def gone_views(self) -> tuple[View, ...]:
        """Views of the trial that say that their file is missing or unreadable; the disk is not asked again."""
        return tuple(view for view in View if not self.gone[view].isHidden())

    def _offset_s(self) -> float:
        data, motion = self._state.trial, self._state.motion
        if data is not None and data.trial.sync is not None:
            return data.trial.sync.offset_s
        return motion.sync.offset_s if motion is not None and motion.sync is not None else 0.0

    def _empty_text(self, view: View) -> str:
        tr = QCoreApplication.translate
        data = self._state.trial
        if data is None:
            return tr("TwoViews", "No session is open.")
        if data.trial.videos[view] is not None:
            return ""
        if view is View.SAGITTAL:
            return tr("TwoViews", "This recording has no side view.")
        return tr("TwoViews", "This recording has no view from the front or the back.")

    def set_awaited(self, done: ByView[float | None]) -> None:
        """Say on a picture how far the analysis of its view is (0..1); None: it is there, or none runs."""
        tr = QCoreApplication.translate
        for view in View:
            fraction = done[view]
            if fraction is None:
                words = ""
            elif fraction <= 0.0:
                words = tr("TwoViews", "This view is still to be analysed")
            else:
                # Never 100 %: what is done has no such words any more.
                words = tr("TwoViews", "This view is being analysed: {n} %").format(
                    n=min(99, round(100 * fraction))
                )
            self.canvases[view].set_badge(words)

    def set_masks(self, masks: ByView[MaskSource | None]) -> None:
        """Outlines of the person for the trial that is shown."""
        self._masks = masks
        self.refresh_content()

    def refresh_content(self) -> None:
        """Draw over the pictures what the document and the measures say now."""
        state = self._state
        data, motion, measures = state.trial, state.motion, state.measures
        hide = measures is not None and is_any_hidden(state.document, state.settings, measures)
        for view in View:
            self.canvases[view].set_content(
                content_of(
                    view,
                    raw=data.poses[view] if data is not None else None,
                    motion=motion.views[view] if motion is not None and data is not None else None,
                    measures=measures,
                    trial=self._state.trial_id,
                    masks=self._masks[view],
                    hide_values=hide,
                    looked=self._looked(view),
                    corrections=data.corrections[view] if data is not None else None,
                )
            )
        self._refresh_label()

    def _refresh_looked(self) -> None:
        """Another item is selected, or another feature pointed at: only what a model said of it is new."""
        if self._state.answers.all:
            for view in View:
                self.canvases[view].set_looked(self._looked(view))

    def _looked(self, view: View) -> Looked:
        state = self._state
        answers = state.answers
        if not answers.all:
            return NOWHERE
        asked = (state.item, state.side) if state.item is not None and state.side is not None else None
        if asked is not None and is_hidden(state.document, state.settings, *asked):
            asked = None
        evgs, pointed = answers.get("evgs"), answers.pointed
        if hides_answers(state.document, state.settings, state.measures):
            return Looked(
                attention=attention_track(evgs, state.trial_id, view, asked, "attention"),
                occlusion=attention_track(evgs, state.trial_id, view, asked, "occlusion"),
            )
        here = pointed is not None and (pointed.trial, pointed.view) == (state.trial_id, view)
        return Looked(
            saliency=saliency_track(answers.get("severity"), state.trial_id, view),
            attention=attention_track(evgs, state.trial_id, view, asked, "attention"),
            occlusion=attention_track(evgs, state.trial_id, view, asked, "occlusion"),
            pointed=pointed if here else None,
        )

    def _refresh_label(self) -> None:
        """Write the value at the evidence that is pointed at anew: a grade may have set it free."""
        mark = self.mark()
        if mark is not None and self._pointed is not None and mark.evidence is self._pointed.evidence:
            self._pointed = mark
            self.canvases[mark.evidence.view].set_evidence(mark, zoom=False)

    # --- evidence ------------------------------------------------------------------------------------

    def show_selection(self) -> None:
        """Go to the evidence of the selected item, point at it and close in on it; else show all again."""
        mark = self._pointed = self.mark()
        for view in View:
            canvas = self.canvases[view]
            if mark is None or mark.evidence.view is not view:
                if mark is not None:
                    canvas.fit()
                canvas.set_evidence(None)
        if mark is None:
            self._show_all_again()
            return
        self.player.pause()
        view = mark.evidence.view
        if view in self.player.views:
            self.player.go_to_frame(view, mark.evidence.frame)
        self.canvases[view].set_evidence(mark)
        self.set_active_view(view)

    def _show_all_again(self) -> None:
        """No close-up of an earlier item stays; what a person must judge is looked for."""
        if self._state.item is None:
            self._end_close_ups()
            return
        for canvas in self.canvases_there:
            canvas.fit()
        self._go_to_mid_stance()

    def _go_to_mid_stance(self) -> None:
        """To the nearest moment at which the limb stands, in the view that its item is judged in."""
        state, motion = self._state, self._state.motion
        if state.item is None or state.side is None or state.measures is None or motion is None:
            return
        view = state.measures.evgs.get(state.item, state.side).item.view
        seen = motion.views[view]
        if seen is None or view not in self.player.views:
            return
        clock = self.player.clock
        moments = [
            clock.from_view(s.mid_stance_s, view) for s in seen.strides if s.side is state.side and s.counts
        ]
        if moments:
            self.player.pause()
            self.player.go_to(min(moments, key=lambda t: abs(t - self.player.time_s)), anchor=view)
            self.set_active_view(view)

    def _end_close_ups(self) -> None:
        """A close-up that the program made ends where its evidence is no longer shown; a person's stays."""
        evidence = self._pointed.evidence if self._pointed is not None else None
        for view in self.player.views:
            canvas = self.canvases[view]
            there = evidence is not None and evidence.view is view and self.player.shown(view) == evidence.frame
            if canvas.placement.automatic and not there:
                canvas.fit()

    def mark(self) -> EvidenceMark | None:
        """What the selection points at."""
        state = self._state
        if state.evidence is None or state.side is None or state.evidence.trial != state.trial_id:
            return None
        label = ""
        if state.item is not None and state.measures is not None:
            measure = state.measures.evgs.get(state.item, state.side)
            hidden = is_hidden(state.document, state.settings, state.item, state.side)
            label = measure.item.code if hidden else evidence_label(measure, state.evidence.value)
        return EvidenceMark(state.evidence, state.side, label)

    # --- views ---------------------------------------------------------------------------------------

    @property
    def active_view(self) -> View | None:
        """The view that the user worked in last."""
        return self._active

    def set_active_view(self, view: View) -> None:
        """Step through this view's frames from now on; where only one view is shown, it is this one."""
        if view in self.player.views:
            self.player.active_view = view
            if self._only not in (None, view):
                self.show_only(view)
        if view is not self._active:
            self._active = view
            self.active_view_changed.emit(view)

    def show_only(self, view: View | None) -> None:
        """One view large, or both with None."""
        worked_in = any(canvas.hasFocus() for canvas in self.canvases_there)
        self._only = view
        self._arrange()
        if worked_in and view is not None:
            self.canvases[view].setFocus()

    def toggle_only(self) -> None:
        """The active view large, or both again."""
        self.show_only(None if self._only is not None else self._active or View.SAGITTAL)

    def _arrange(self) -> None:
        """A view that was not recorded takes no room, unless none was."""
        data = self._state.trial
        there = data.trial.views if data is not None else ()
        for view in View:
            wanted = self._only in (None, view) if self._only in (None, *there) else True
            self.canvases[view].setVisible((view in there and wanted) or not there)

    def set_overlay(self, name: str, on: bool) -> None:
        """Switch an overlay in both views."""
        for canvas in self.canvases_there:
            canvas.set_overlay(name, on)

    def set_bare(self, bare: bool) -> None:
        """The bare pictures, or with their overlays again."""
        for canvas in self.canvases_there:
            canvas.set_bare(bare)

    def set_tool(self, kind: ToolKind | None) -> None:
        """Take a hand tool in both views."""
        for canvas in self.canvases_there:
            canvas.set_tool(kind)

    def hand_measures(self) -> tuple[DrawnMeasurement, ...]:
        """Everything measured by hand in this trial."""
        return tuple(done for canvas in self.canvases_there for done in canvas.toolbox.measures)

    def clear_measures(self) -> None:
        """Remove the hand measurements of the frames that are shown."""
        for canvas in self.canvases_there:
            canvas.toolbox.clear_frame(canvas.frame)
            canvas.update()

    @property
    def canvases_there(self) -> tuple[VideoCanvas, VideoCanvas]:
        """Both canvases."""
        return self.canvases.sagittal, self.canvases.coronal

    # --- the clock -----------------------------------------------------------------------------------

    def _show_time(self, time_s: float) -> None:
        """Both views in the same beat: their paint events leave the queue together."""
        self._end_close_ups()
        for view in self.player.views:
            index = self.player.shown(view)
            if index is not None:
                own = self.player.track(view).own_time(index)
                self.canvases[view].show_frame(index, own, covered=self.player.covers(view))

    def _arrived(self) -> None:
        if self.player.waiting:
            self.player.tick()
        for canvas in self.canvases_there:
            canvas.refresh()

    def meter(self) -> SyncMeter:
        """How far apart the pictures are that are really on the screen."""
        seen = [view for view in self.player.views if self._only in (None, view)]
        painted = {view: self.canvases[view].painted_frame for view in seen}
        return self.player.meter_of(painted)

    def _note_failure(self, view: View, why: Message) -> None:
        self.canvases[view].set_message("" if self._look_for_file(view) else say_sentence(why))
        self.failed.emit(view, why)

    def close_videos(self) -> None:
        """End the decoder threads; nothing is shown any more."""
        if not self._closed:
            self._closed = True
            self.player.close()
            for canvas in self.canvases_there:
                canvas.set_frames(None)
            self.frames.close()


def evidence_label(measure: EvgsMeasure, value: float) -> str:
    """Value of the evidence with its standard error, e.g. "KFX 32 ± 5°"."""
    item = measure.item
    if math.isnan(value):
        return f"{item.code}: {translate_data(measure.category)}" if measure.category else item.code
    unit = "°" if item.unit == "deg" else f" {item.unit}"
    return f"{item.code}  {round(value)} ± {item.sigma:.0f}{unit}"
