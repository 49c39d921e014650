"""A new session: videos, and a short form; and the same form for the facts of one that is there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.core.progress import Tick
from gaitviewer.core.session import Session
from gaitviewer.gui.dialogs.facts_form import FactsForm
from gaitviewer.gui.dialogs.recordings_table import VIDEO_ENDINGS, RecordingsTable, videos_in
from gaitviewer.gui.services.jobs import Jobs
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel
from gaitviewer.gui.widgets.translation import say
from gaitviewer.messages import Message
from gaitviewer.workflow.analysis.request import AnalyzeRequest


class NewSessionDialog(QDialog):
    """Asks for videos and facts.

    Signals:
        chosen: a checked :class:`AnalyzeRequest`, and whether to analyse at once.
    """

    chosen = Signal(object, bool)

    def __init__(self, jobs: Jobs, files: Iterable[Path] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("new_session_dialog")
        self.setWindowTitle(self.tr("New session"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self.resize(860, 620)
        self._jobs = jobs
        self._closed = False
        self.table = RecordingsTable()
        self.form = FactsForm()
        self._build()
        self.table.edited.connect(self.check)
        self.table.added.connect(self._look_at)
        self.form.edited.connect(self.check)
        self.rate.textChanged.connect(self.check)
        self.table.add(files)
        self.check()
        self.form.subject.setFocus()

    def _build(self) -> None:
        add = QPushButton(self.tr("Add videos…"))
        add.setObjectName("new_session_add")
        add.clicked.connect(self._choose_files)
        remove = QPushButton(self.tr("Remove"))
        remove.clicked.connect(self.table.remove_selected)
        above = QHBoxLayout()
        words = PlainLabel(self.tr("Drop videos here. Two views of one walk are one recording."), quiet=True)
        above.addWidget(words, 1)
        above.addWidget(add)
        above.addWidget(remove)
        self.rate = QLineEdit()
        self.rate.setObjectName("new_session_recorded_at")
        self.rate.setPlaceholderText(self.tr("only for slow motion: 240"))
        self.rate.setFixedWidth(200)
        rate_row = QHBoxLayout()
        rate_words = PlainLabel(self.tr("Recorded at (Hz)"))
        rate_words.setBuddy(self.rate)
        rate_row.addWidget(rate_words)
        rate_row.addWidget(self.rate)
        rate_row.addStretch(1)
        self.problem = _problem_label()
        self.analyse = QCheckBox(self.tr("Analyse at once"))
        self.analyse.setChecked(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.create_button = QPushButton(self.tr("Create session"))
        self.create_button.setObjectName("new_session_create")
        self.create_button.setProperty("primary", "true")
        buttons.addButton(self.create_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        below = QHBoxLayout()
        below.addWidget(self.analyse)
        below.addStretch(1)
        below.addWidget(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.setSpacing(8)
        layout.addLayout(above)
        layout.addWidget(self.table, 1)
        layout.addLayout(rate_row)
        layout.addWidget(self.form)
        layout.addWidget(self.problem)
        layout.addLayout(below)
        self.create_button.setDefault(True)  # once it is in the dialog: else a button clicked stays it

    # --- videos --------------------------------------------------------------------------------------

    def _choose_files(self) -> None:
        pattern = " ".join(f"*{ending}" for ending in sorted(VIDEO_ENDINGS))
        names, _ = QFileDialog.getOpenFileNames(
            self, self.tr("Videos of the walk"), "", self.tr("Videos ({pattern})").format(pattern=pattern)
        )
        self.table.add(Path(name) for name in names)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Files may be dropped."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Add what was dropped, the videos of a folder included."""
        event.acceptProposedAction()
        videos = videos_in(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
        self.table.add(videos)
        if not videos:
            self.problem.setText(self.tr("There is no video in what was dropped."))

    def _look_at(self, files: list[Path]) -> None:
        """Find out in the background what each video is good for."""
        for path in files:

            def work(tick: Tick, path: Path = path) -> tuple[Path, Message, bool]:
                from gaitviewer.workflow.analysis.open_trials import describe_recording

                return (path, *describe_recording(path))

            self._jobs.start(
                f"look at {path}", work, title=self.tr("Looking at {n}").format(n=path.name), done=self._seen
            )

    def _seen(self, found: tuple[Path, Message, bool]) -> None:
        if not self._closed:
            self.table.set_note(found[0], say(found[1]), usable=found[2])

    # --- checking ------------------------------------------------------------------------------------

    def check(self) -> None:
        """Say what is missing or wrong, and mark the fields."""
        request = self.request()
        _show_problem(self.problem, self.form)
        self.create_button.setEnabled(request is not None)

    def request(self) -> AnalyzeRequest | None:
        """What was asked for; None while something is wrong."""
        session, form = self.form.session(), self.form
        rate = form.number("recorded_at", self.rate, self.tr("The rate"), 10, 2000)
        if not self.table.rowCount():
            form.problems["videos"] = self.tr("Add at least one video.")
        recordings = form.attempt("videos", self.table.recordings) or ()
        bad = [path for path in self.table.paths() if self.table.usable.get(path) is False]
        if bad:
            form.problems["videos"] = self.tr("{name} cannot be used: remove it.").format(name=bad[0].name)
        if form.problems or session is None:
            return None
        return form.attempt(
            "videos",
            lambda: AnalyzeRequest(recordings=recordings, session=session, out=Path(), recorded_at_hz=rate),
        )

    def done(self, result: int) -> None:
        """Nothing more is shown."""
        self._closed = True
        super().done(result)

    def accept(self) -> None:
        """Hand the request on if nothing is wrong."""
        request = self.request()
        if request is None:
            self.check()
            return
        self.chosen.emit(request, self.analyse.isChecked())
        super().accept()


class FactsDialog(QDialog):
    """The facts of a session that is there.

    Signals:
        chosen: the :class:`Session` with its new facts.
    """

    chosen = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("facts_dialog")
        self.setWindowTitle(self.tr("Facts of the session"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(760, 360)
        self.form = FactsForm(session)
        self.form.edited.connect(self.check)
        self.problem = _problem_label()
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.addWidget(self.form)
        layout.addWidget(self.problem)
        layout.addWidget(self.buttons)
        self.check()

    def check(self) -> None:
        """Say what is wrong."""
        good = self.form.session() is not None
        _show_problem(self.problem, self.form)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(good)

    def accept(self) -> None:
        """Hand the facts on if nothing is wrong."""
        session = self.form.session()
        if session is not None:
            self.chosen.emit(session)
            super().accept()


def _problem_label() -> QLabel:
    label = PlainLabel(name="problem", wraps=True)
    label.setMinimumHeight(36)
    return label


def _show_problem(label: QLabel, form: FactsForm) -> None:
    """The first problem in words; before anything was typed it is only a hint."""
    form.mark()
    colour = "warning" if form.subject.text() else "muted"
    label.setStyleSheet(f"color: {getattr(theme.palette(), colour)};")
    label.setText(next(iter(form.problems.values()), ""))
