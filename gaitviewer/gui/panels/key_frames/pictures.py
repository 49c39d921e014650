"""Small pictures for the list of key images, decoded in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRect, QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPixmap

from gaitviewer.core.document import KeyImage, TrialData
from gaitviewer.core.progress import Tick
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.key_frames.panel import PICTURE, KeyImagesPanel, Spot, spot_of
from gaitviewer.gui.services.jobs import Jobs
from gaitviewer.messages import NOTHING

if TYPE_CHECKING:
    from gaitviewer.workflow.results.trial_frames import TrialPictures

JOB = "key images"


class KeyPictures(QObject):
    """Fetches what the panel lacks: one job at a time, what is there is kept while the session is open."""

    def __init__(self, state: AppState, jobs: Jobs, panel: KeyImagesPanel) -> None:
        super().__init__(panel)
        self._state, self._jobs, self._panel = state, jobs, panel
        self._asked: set[Spot] = set()
        panel.pictures_wanted.connect(self._fetch)
        state.session_changed.connect(self._forget)
        self._fetch(panel.missing)

    def _forget(self) -> None:
        self._jobs.cancel(JOB)
        self._asked.clear()
        self._panel.forget_pictures()

    def _fetch(self, images: tuple[KeyImage, ...]) -> None:
        document = self._state.document
        fresh = {spot_of(image) for image in images} - self._asked
        if document is None or not fresh or self._jobs.closing:
            return
        trials = document.trials
        wanted = tuple(spot_of(image) for image in images)  # a job that still runs is superseded by this one
        self._asked |= fresh
        size = PICTURE * max(1.0, self._panel.devicePixelRatioF())

        def work(tick: Tick) -> dict[Spot, QImage]:
            return decode(trials, wanted, size, tick)

        self._jobs.start(JOB, work, done=self._show, failed=lambda failure: None)

    def _show(self, pictures: dict[Spot, QImage]) -> None:
        ratio = max(1.0, self._panel.devicePixelRatioF())
        icons = {}
        for spot, image in pictures.items():
            pixmap = QPixmap.fromImage(image)
            pixmap.setDevicePixelRatio(ratio)
            icons[spot] = QIcon(pixmap)
        self._panel.set_pictures(icons)


def decode(
    trials: tuple[TrialData, ...], wanted: tuple[Spot, ...], size: QSize, tick: Tick
) -> dict[Spot, QImage]:
    """The person in each of these frames, at a size in pixels; a video that is not there gives none."""
    from gaitviewer.workflow.results.trial_frames import TrialPictures

    made: dict[Spot, QImage] = {}
    with TrialPictures([data.trial for data in trials]) as pictures:
        for number, spot in enumerate(wanted):
            tick(number / len(wanted), NOTHING)
            image = _picture(trials, pictures, spot, size)
            if image is not None:
                made[spot] = image
    return made


def _picture(trials: tuple[TrialData, ...], pictures: TrialPictures, spot: Spot, size: QSize) -> QImage | None:
    from gaitviewer.workflow.sessions.thumbnails import around_person

    trial, view, frame = spot
    data = next((one for one in trials if one.trial.id == trial), None)
    pixels = pictures(trial, view, frame)
    if data is None or pixels is None:
        return None
    high, wide = pixels.shape[:2]
    left, top, right, bottom = around_person(data, view, frame, wide, high)
    whole = QImage(pixels.data, wide, high, pixels.strides[0], QImage.Format.Format_RGB888)
    cut = whole.copy(QRect(left, top, right - left, bottom - top))
    return cut.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
