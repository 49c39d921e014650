"""What is done while the user looks at the list, so that the first session opens at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QTimer

if TYPE_CHECKING:
    from gaitviewer.gui.desk import Desk
    from gaitviewer.gui.jobs import Jobs
    from gaitviewer.gui.work import Work

_PAUSE_MS = 60


class Window(Protocol):
    """What has to be made ready."""

    jobs: Jobs
    work: Work

    @property
    def has_desk(self) -> bool:
        """Whether the review page was made."""

    @property
    def desk(self) -> Desk:
        """The review page, made when it is asked for."""

    def use_settings(self) -> None:
        """Theme and colours as the user chose them."""


def prepare(window: Window) -> None:
    """Settings, then the measuring core in the background, then the review page."""
    if not window.jobs.closing:
        window.use_settings()
        window.work.warm_up(lambda: _step(window, 0))


def _step(window: Window, number: int) -> None:
    """The review page in steps that nobody feels."""
    if window.jobs.closing or window.has_desk:
        return
    if number == 0:
        import pyqtgraph  # noqa: F401
    elif number == 1:
        import gaitviewer.gui.desk  # noqa: F401
    else:
        _ = window.desk
        return
    QTimer.singleShot(_PAUSE_MS, lambda: _step(window, number + 1))
