"""What is done while the user looks at the list, so that the first session opens at once."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QTimer

from gaitviewer.core.progress import Tick
from gaitviewer.gui.widgets.translation import say
from gaitviewer.messages import NOTHING

if TYPE_CHECKING:
    from gaitviewer.gui.services.jobs import Jobs
    from gaitviewer.gui.shell.desk import Desk

# The measuring core takes most of a second to load: not while a session is being opened.
_PAUSE_MS = 800
_LIST_MS = 30
_OPENING = frozenset(("open", "measure", "list"))
_WITH_QT = (
    "pyqtgraph",
    "gaitviewer.gui.canvas.two_views",
    "gaitviewer.gui.panels.curves.panel",
    "gaitviewer.gui.panels.score.panel",
    "gaitviewer.gui.panels.key_frames.pictures",
    "gaitviewer.gui.panels.timeline.panel",
    "gaitviewer.gui.panels.severity",
    "gaitviewer.gui.panels.knowledge_map.panel",
    "gaitviewer.gui.dialogs.missing_video",
    "gaitviewer.gui.shell.analysis_note",
    "gaitviewer.gui.shell.desk",
)


class PreparedWindow(Protocol):
    """What has to be made ready."""

    jobs: Jobs

    @property
    def has_desk(self) -> bool:
        """Whether the review page was made."""

    @property
    def desk(self) -> Desk:
        """The review page, made when it is asked for."""

    def use_settings(self) -> None:
        """Theme and colours as the user chose them."""


def prepare(window: PreparedWindow) -> None:
    """Settings, then what the review page needs, then that page, then the measuring core.

    Modules without Qt are loaded in a thread, once the list of sessions is there: both at a time would delay
    the list. Those with Qt are loaded one by one between events: PySide makes its types when they are first
    asked for, and two threads that ask at the same time take the program down. The measuring core comes last:
    a session that was measured before is opened without it.
    """
    if window.jobs.closing:
        return
    window.use_settings()
    if window.jobs.get("list") is not None:
        QTimer.singleShot(_LIST_MS, lambda: prepare(window))
    else:
        window.jobs.start(
            "warm up", _load_without_qt, failed=lambda failure: None, ended=lambda: _build(window, _WITH_QT)
        )


def _load_without_qt(tick: Tick) -> None:
    import gaitviewer.video

    tick(0.4, NOTHING)
    import gaitviewer.analysis.evgs.bands
    import gaitviewer.nets.card
    import gaitviewer.workflow.analysis.measures_cache
    import gaitviewer.workflow.app.privacy
    import gaitviewer.workflow.sessions.manual_measurements
    import gaitviewer.workflow.sessions.masks  # noqa: F401
    from gaitviewer.workflow.analysis.results_cache import code_stamp

    code_stamp()  # kept measures are found by it


def _build(window: PreparedWindow, to_load: Sequence[str]) -> None:
    if window.jobs.closing:
        return
    if to_load and not window.has_desk:
        importlib.import_module(to_load[0])
        QTimer.singleShot(0, lambda: _build(window, to_load[1:]))
        return
    say(NOTHING)  # reads the catalogue
    _ = window.desk
    QTimer.singleShot(_PAUSE_MS, lambda: _warm_up_when_quiet(window))


def _warm_up_when_quiet(window: PreparedWindow) -> None:
    if window.jobs.closing:
        return
    if any(job.key in _OPENING for job in window.jobs.active):
        QTimer.singleShot(_PAUSE_MS, lambda: _warm_up_when_quiet(window))
    else:
        window.jobs.start("warm up", _load_core, failed=lambda failure: None)


def _load_core(tick: Tick) -> None:
    import scipy.signal  # noqa: F401

    tick(0.6, NOTHING)
    import gaitviewer.analysis.measure
    import gaitviewer.analysis.walking.trial  # noqa: F401
