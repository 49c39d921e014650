"""What the window says without being asked: a banner above the work, and the progress of jobs below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QToolButton, QWidget

from gaitviewer.gui.services.jobs import Job, Jobs
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel
from gaitviewer.gui.widgets.translation import say

# Jobs that are over before a word about them could be read, or that nobody waits for.
_TELLS_TIME_LEFT = frozenset({"progress.pose_time_left"})
_QUIET = frozenset(
    ("list", "thumbnails", "warm up", "masks", "save", "preview", "key images", "list deleted", "answers",
     "judge answers")
)  # fmt: skip


# Of several messages the first of these is shown: what answers a key just pressed, what is to be mended,
# what can wait.
_ORDER = ("save", "sync", "tool", "points", "read only", "missing", "problems", "partly", "analyse")

# Of the parent's edge around the banner.
_BESIDE_PX = 4


@dataclass(frozen=True, slots=True)
class _Message:
    """One thing to say."""

    words: str
    button: str
    command: Callable[[], object] | None
    icon: str
    level: str


class Banner(QFrame):
    """One sentence and one button; stays until it is closed or out of date.

    Of several things to say the most urgent one is shown; the next one comes when that is over. It lies over
    the upper edge of its parent, so that nothing below changes its size.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("card", "true")
        self._icon = PlainLabel()
        self.words = PlainLabel(name="banner_words", wraps=True)
        self.button = QPushButton()
        self.button.setObjectName("banner_button")
        self.button.setAccessibleName(self.tr("Nothing to do"))
        self.button.clicked.connect(self._press)
        self.button.hide()
        close = QToolButton()
        close.setAutoRaise(True)
        theme.set_icon(close, "close")
        close.setAccessibleName(self.tr("Close this message"))
        close.clicked.connect(self._close)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 6, 5)
        row.setSpacing(10)
        row.addWidget(self._icon)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        row.addWidget(close)
        self._messages: dict[str, _Message] = {}
        self._closed: set[str] = set()
        self.topic = ""
        if parent is not None:
            parent.installEventFilter(self)
        self.hide()

    def say(
        self,
        topic: str,
        words: str,
        *,
        button: str = "",
        command: Callable[[], object] | None = None,
        level: str = "note",
    ) -> None:
        """Show a sentence, unless a more urgent one is there; ``level`` is "note", "warning" or "error"."""
        name = {"note": "info", "warning": "warning", "error": "error"}[level]
        self._messages[topic] = _Message(words, button, command, name, level)
        self._closed.discard(topic)
        self._show_first()

    def forget(self, topic: str) -> None:
        """Take the sentence about this away."""
        self._messages.pop(topic, None)
        self._closed.discard(topic)
        self._show_first()

    def clear(self) -> None:
        """Nothing is to be said any more."""
        self._messages.clear()
        self._closed.clear()
        self._show_first()

    def knows(self, topic: str) -> bool:
        """Whether this is being said, or was closed by the user."""
        return topic in self._messages or topic in self._closed

    def _show_first(self) -> None:
        self.topic = min(self._messages, key=_ORDER.index, default="")
        message = self._messages.get(self.topic)
        self.setVisible(message is not None)
        if message is None:
            return
        self._icon.setPixmap(theme.icon(message.icon, message.level).pixmap(20, 20))
        self.words.setText(message.words)
        self.button.setText(message.button)
        self.button.setAccessibleName(message.button or self.tr("Nothing to do"))
        self.button.setVisible(bool(message.button))

        self._reposition()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """As wide as the parent."""
        if event.type() == QEvent.Type.Resize:
            self._reposition()
        return super().eventFilter(watched, event)

    def _reposition(self) -> None:
        over = self.parentWidget()
        if over is not None:
            width = max(1, over.width() - 2 * _BESIDE_PX)
            high = self._row.totalHeightForWidth(width)
            self.setGeometry(_BESIDE_PX, _BESIDE_PX, width, high)
            self.raise_()

    def _close(self) -> None:
        topic = self.topic
        self.forget(topic)
        self._closed.add(topic)

    def _press(self) -> None:
        message = self._messages.get(self.topic)
        if message is not None and message.command is not None:
            message.command()


class JobBar(QWidget):
    """The job that was started last: what it does, how far it is, how long it will take, a way to stop it."""

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("job_bar")
        self._jobs = jobs
        self.words = PlainLabel(name="job_words")
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
        words = f"{job.title}: {say(job.note)}" if job.note else job.title
        left = job.remaining_s
        if left is not None and job.note.code not in _TELLS_TIME_LEFT:
            words = self.tr("{words}, about {n} s left").format(words=words, n=max(1, round(left)))
        self.words.setText(words)
        self.bar.setRange(0, 1000 if job.fraction > 0 else 0)
        self.bar.setValue(round(1000 * job.fraction))

    def _cancel(self) -> None:
        if self._shown is not None:
            self._jobs.cancel(self._shown.key)
            self._changed(self._shown)
