"""What the window says without being asked: a banner above the work, and the progress of jobs below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QToolButton, QWidget

from gaitviewer.gui import theme
from gaitviewer.gui.jobs import Job, Jobs
from gaitviewer.gui.words import translate_data

# Jobs that are over before a word about them could be read, or that nobody waits for.
_QUIET = frozenset(("list", "thumbnails", "warm up", "masks", "save", "preview", "key images", "list deleted"))


class Banner(QFrame):
    """One sentence and one button; stays until it is closed or out of date."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("card", "true")
        self._icon = QLabel()
        self.words = QLabel()
        self.words.setObjectName("banner_words")
        self.words.setWordWrap(True)
        self.button = QPushButton()
        self.button.setObjectName("banner_button")
        self.button.setAccessibleName(self.tr("Nothing to do"))
        self.button.clicked.connect(self._press)
        self.button.hide()
        close = QToolButton()
        close.setAutoRaise(True)
        theme.set_icon(close, "close")
        close.setAccessibleName(self.tr("Close this message"))
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 6, 5)
        row.setSpacing(10)
        row.addWidget(self._icon)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        row.addWidget(close)
        self._deed: Callable[[], object] | None = None
        self.topic = ""
        self.hide()

    def say(
        self,
        topic: str,
        words: str,
        *,
        button: str = "",
        deed: Callable[[], object] | None = None,
        level: str = "note",
    ) -> None:
        """Show a sentence; ``level`` is "note", "warning" or "error"."""
        self.topic = topic
        self._deed = deed
        name = {"note": "info", "warning": "warning", "error": "error"}[level]
        self._icon.setPixmap(theme.icon(name, level).pixmap(20, 20))
        self.words.setText(translate_data(words))
        self.button.setText(button)
        self.button.setAccessibleName(button)
        self.button.setVisible(bool(button))
        self.show()

    def forget(self, topic: str) -> None:
        """Take the sentence away if it is about this."""
        if self.topic == topic:
            self.topic = ""
            self.hide()

    def _press(self) -> None:
        if self._deed is not None:
            self._deed()


class JobBar(QWidget):
    """The job that was started last: what it does, how far it is, how long it will take, a way to stop it."""

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("job_bar")
        self._jobs = jobs
        self.words = QLabel()
        self.words.setObjectName("job_words")
        self.bar = QProgressBar()
        self.bar.setObjectName("job_progress")
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(170)
        self.bar.setMaximumHeight(10)
        self.stop = QPushButton(self.tr("Cancel"))
        self.stop.setObjectName("job_cancel")
        self.stop.setFlat(True)
        self.stop.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.stop.clicked.connect(self._cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 6, 0)
        row.addWidget(self.words)
        row.addWidget(self.bar)
        row.addWidget(self.stop)
        self._shown: Job[Any] | None = None
        jobs.changed.connect(self._changed)
        self._show(None)

    def _changed(self, job: Job[Any]) -> None:
        there = [one for one in self._jobs.active if one.key not in _QUIET]
        self._show(there[-1] if there else None)

    def _show(self, job: Job[Any] | None) -> None:
        self._shown = job
        self.setVisible(job is not None)
        if job is None:
            return
        words = f"{job.title}: {translate_data(job.note)}" if job.note else job.title
        left = job.remaining_s
        if left is not None and "left" not in job.note:
            words = self.tr("{words}, about {n} s left").format(words=words, n=max(1, round(left)))
        self.words.setText(words)
        self.bar.setRange(0, 1000 if job.fraction > 0 else 0)
        self.bar.setValue(round(1000 * job.fraction))

    def _cancel(self) -> None:
        if self._shown is not None:
            self._jobs.cancel(self._shown.key)
            self._changed(self._shown)
