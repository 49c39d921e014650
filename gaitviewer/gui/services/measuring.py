"""What is computed of the open session in the background: its measures, the outlines of the person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from gaitviewer.core.progress import Tick
from gaitviewer.gui.model.documents import has_poses
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.services.jobs import JobFailure, Jobs
from gaitviewer.gui.widgets.one_shot import one_shot
from gaitviewer.gui.widgets.translation import say_sentence

if TYPE_CHECKING:
    from gaitviewer.core.document import Document
    from gaitviewer.core.gait import ByView
    from gaitviewer.core.measures import Measures

_MASKS_AFTER_MS = 300


class MeasuringService(QObject):
    """Keeps the measures of the open session those of its document.

    Signals:
        masked: outlines of the open trial are there (trial id, ``ByView``).
        refused: something cannot be done (title, sentence).
    """

    masked = Signal(str, object)
    refused = Signal(str, str)

    def __init__(self, state: AppState, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._jobs = jobs
        self._measured: Document | None = None  # what the latest run was started with
        self._masks_soon = one_shot(self, _MASKS_AFTER_MS, self._load_masks)
        state.document_changed.connect(self._document_changed)

    def stop(self) -> None:
        """Give up a run that is under way: another session will be shown, or none."""
        self._jobs.cancel("measure")
        self._measured = None

    def measure_anew(self) -> None:
        """Measure at the next change even if that changes nothing that is measured."""
        self._measured = None

    def _document_changed(self) -> None:
        document = self._state.document
        if document is None:
            return
        from gaitviewer.workflow.analysis.inputs import same_inputs

        if not same_inputs(document, self._measured):
            self.measure()

    def measure(self) -> None:
        """Measure the open session anew; a run that is under way is superseded."""
        document = self._state.document
        if document is None:
            return
        self._measured, partial = document, self._state.is_partial
        if not has_poses(document):
            self._state.set_measures(None)
            return

        def work(tick: Tick) -> Measures:
            from gaitviewer.workflow.analysis.measures_cache import cached_measures
            from gaitviewer.workflow.analysis.run_session import mark_to_come

            measures = cached_measures(document, tick=tick)
            return mark_to_come(measures, document) if partial else measures

        def done(measures: Measures) -> None:
            if self._state.document is not None and self._state.document.session.id == document.session.id:
                self._state.set_measures(measures)

        def failed(failure: JobFailure) -> None:
            if failure.expected and self._state.is_partial:
                self.measure_anew()  # with the views to come
            elif failure.expected:
                self._state.set_measures(None)
                self.refused.emit(self.tr("Nothing could be measured"), say_sentence(failure.message))
            else:
                self._jobs.failed.emit(failure)

        self._jobs.start("measure", work, title=self.tr("Measuring"), done=done, failed=failed)

    def load_masks(self) -> None:
        """Fetch the outlines of the person for the trial that is shown, where they are still cached.

        Soon rather than at once: they matter less than pictures and curves.
        """
        self._masks_soon.start()

    def _load_masks(self) -> None:
        data = self._state.trial
        if data is None or self._jobs.closing:
            return

        def work(tick: Tick) -> ByView[Any]:
            from gaitviewer.workflow.sessions.masks import masks_of

            return masks_of(data)

        name = data.trial.id
        self._jobs.start("masks", work, done=lambda found: self.masked.emit(name, found))
