"""The services of one window: each owns its state and is handed those that it needs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.services.analysis import AnalysisService
from gaitviewer.gui.services.inference import InferenceService
from gaitviewer.gui.services.jobs import Jobs
from gaitviewer.gui.services.library import LibraryService
from gaitviewer.gui.services.library_jobs import LibraryJobs
from gaitviewer.gui.services.measuring import MeasuringService
from gaitviewer.gui.services.saving import SavingService
from gaitviewer.gui.services.sessions import SessionService


class Services(QObject):
    """What takes time, around one :class:`AppState`.

    Attributes:
        state: the open session.   jobs: all background work.   library: the library in use.
        listing: the list of sessions.   sessions: which one is open.   saving: its edits on disk.
        measuring: its measures.   analysis: its keypoints.
        answers: what models said of it.   inference: asks them.

    Signals:
        told: something that a person should know (title, sentence), from any of them.
    """

    told = Signal(str, str)

    def __init__(
        self, state: AppState, jobs: Jobs, *, library: Path | None = None, parent: QObject | None = None
    ) -> None:
        """Work for ``state``; ``library`` is the user's own where it is None."""
        super().__init__(parent)
        self.state = state
        self.jobs = jobs
        self.library = LibraryJobs(jobs, library)
        self.listing = LibraryService(self.library, self)
        self.saving = SavingService(state, self.library, self)
        self.measuring = MeasuringService(state, jobs, self)
        self.analysis = AnalysisService(state, self.library, self.saving, self.measuring, self)
        self.sessions = SessionService(
            state,
            self.library,
            listing=self.listing,
            saving=self.saving,
            measuring=self.measuring,
            analysis=self.analysis,
            parent=self,
        )
        self.answers = state.answers
        self.inference = InferenceService(state, self.library, self.analysis, self)
        self.listing.told.connect(self.told)
        for service in (self.saving, self.measuring, self.analysis, self.sessions, self.inference):
            service.refused.connect(self.told)
