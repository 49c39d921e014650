"""A new session: videos, and a short form that says at once what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.core.gait import Side
from gaitviewer.core.progress import Tick
from gaitviewer.core.session import Footwear, Session, WalkingAid
from gaitviewer.errors import SettingsError
from gaitviewer.gui import theme
from gaitviewer.gui.dialogs.recordings_table import VIDEO_ENDINGS, RecordingsTable
from gaitviewer.gui.jobs import Jobs
from gaitviewer.workflow.request import AnalyzeRequest, make_session, parse_date, parse_length_m

T = TypeVar("T")


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
        self._lines: list[QLineEdit] = []
        self.problems: dict[str, str] = {}
        self.table = RecordingsTable()
        self._build()
        self.table.edited.connect(self.check)
        self.table.added.connect(self._look_at)
        for line in self._lines:
            line.textChanged.connect(self.check)
        self.table.add(files)
        self.check()
        self.subject.setFocus()

    def _build(self) -> None:
        add = QPushButton(self.tr("Add videos…"))
        add.setObjectName("new_session_add")
        add.clicked.connect(self._choose_files)
        remove = QPushButton(self.tr("Remove"))
        remove.clicked.connect(self.table.remove_selected)
        above = QHBoxLayout()
        words = QLabel(self.tr("Drop videos here. Two views of one walk are one recording."))
        words.setProperty("quiet", "true")
        above.addWidget(words, 1)
        above.addWidget(add)
        above.addWidget(remove)
        self.problem = QLabel()
        self.problem.setObjectName("new_session_problem")
        self.problem.setWordWrap(True)
        self.problem.setMinimumHeight(36)
        self.analyse = QCheckBox(self.tr("Analyse at once"))
        self.analyse.setChecked(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.create_button = QPushButton(self.tr("Create session"))
        self.create_button.setObjectName("new_session_create")
        self.create_button.setProperty("primary", "true")
        self.create_button.setDefault(True)
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
        layout.addLayout(self._build_form())
        layout.addWidget(self.problem)
        layout.addLayout(below)

    def _build_form(self) -> QGridLayout:
        self.subject = self._line("subject", self.tr("for example P001"))
        self.when = self._line("when", self.tr("2026-03-09"))
        self.when.setText(date.today().isoformat())
        self.birth = self._line("birth", self.tr("2017-05-21"))
        self.age = self._line("age", self.tr("years, if no birth date"))
        self.sex = self._choice(
            "sex", ((self.tr("not stated"), ""), (self.tr("female"), "F"), (self.tr("male"), "M"))
        )
        self.tall = self._line("height", self.tr("1.35 m or 135 cm"))
        self.leg = self._line("leg_length", self.tr("0.68 m or 68 cm"))
        self.footwear = self._choice(
            "footwear",
            (
                (self.tr("not stated"), Footwear.UNKNOWN),
                (self.tr("barefoot"), Footwear.BAREFOOT),
                (self.tr("shoes"), Footwear.SHOES),
                (self.tr("AFO"), Footwear.AFO),
            ),
        )
        self.aid = self._choice(
            "aid",
            (
                (self.tr("not stated"), WalkingAid.UNKNOWN),
                (self.tr("none"), WalkingAid.NONE),
                (self.tr("crutches or canes"), WalkingAid.CRUTCHES),
                (self.tr("walker"), WalkingAid.WALKER),
                (self.tr("hand held"), WalkingAid.HELD),
            ),
        )
        self.affected = self._choice(
            "affected",
            (
                (self.tr("both, neither, not stated"), None),
                (self.tr("left"), Side.LEFT),
                (self.tr("right"), Side.RIGHT),
            ),
        )
        self.diagnosis = self._line("diagnosis", "")
        self.surgery = self._line("surgery", self.tr("dates, with commas between"))
        self.botulinum = self._line("botulinum", self.tr("dates, with commas between"))
        self.rate = self._line("recorded_at", self.tr("only for slow motion: 240"))
        self.mirrored = QCheckBox(self.tr("The videos are mirrored"))
        fields: tuple[tuple[str, QWidget], ...] = (
            (self.tr("Subject (pseudonym)"), self.subject),
            (self.tr("Date of the visit"), self.when),
            (self.tr("Birth date"), self.birth),
            (self.tr("Age"), self.age),
            (self.tr("Sex"), self.sex),
            (self.tr("Diagnosis"), self.diagnosis),
            (self.tr("Height"), self.tall),
            (self.tr("Leg length"), self.leg),
            (self.tr("Feet"), self.footwear),
            (self.tr("Walking aid"), self.aid),
            (self.tr("Affected side"), self.affected),
            (self.tr("Recorded at (Hz)"), self.rate),
            (self.tr("Surgery"), self.surgery),
            (self.tr("Botulinum"), self.botulinum),
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        for number, (words, field) in enumerate(fields):
            row, column = divmod(number, 2)
            label = QLabel(words)
            label.setBuddy(field)
            grid.addWidget(label, row, 2 * column)
            grid.addWidget(field, row, 2 * column + 1)
        grid.addWidget(self.mirrored, (len(fields) + 1) // 2, 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        return grid

    def _line(self, name: str, hint: str) -> QLineEdit:
        line = QLineEdit()
        line.setObjectName(f"new_session_{name}")
        line.setPlaceholderText(hint)
        self._lines.append(line)
        return line

    def _choice(self, name: str, choices: tuple[tuple[str, object], ...]) -> QComboBox:
        box = QComboBox()
        box.setObjectName(f"new_session_{name}")
        for words, value in choices:
            box.addItem(words, value)
        return box

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
        """Add what was dropped."""
        self.table.add(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
        event.acceptProposedAction()

    def _look_at(self, files: list[Path]) -> None:
        """Find out in the background what each video is good for."""
        for path in files:

            def work(tick: Tick, path: Path = path) -> tuple[Path, str, bool]:
                from gaitviewer.workflow.recordings import describe_recording

                return (path, *describe_recording(path))

            self._jobs.start(
                f"look at {path}", work, title=self.tr("Looking at {n}").format(n=path.name), done=self._seen
            )

    def _seen(self, found: tuple[Path, str, bool]) -> None:
        if not self._closed:
            self.table.set_note(found[0], found[1], usable=found[2])

    # --- checking ------------------------------------------------------------------------------------

    def check(self) -> None:
        """Say what is missing or wrong, and mark the fields."""
        self.problems = {}
        self._read_session()
        self._read_recordings()
        for line in self._lines:
            wrong = line.objectName().removeprefix("new_session_") in self.problems
            # An empty field is not yet a mistake: only what was typed is marked.
            colour = theme.palette().error
            line.setStyleSheet(f"QLineEdit {{ border: 1px solid {colour}; }}" if wrong and line.text() else "")
        first = next(iter(self.problems.values()), "")
        colour = "muted" if not self.subject.text() else "warning"
        self.problem.setStyleSheet(f"color: {getattr(theme.palette(), colour)};")
        self.problem.setText(first)
        self.create_button.setEnabled(not self.problems)

    def _note(self, field: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except (SettingsError, ValueError) as error:
            self.problems[field] = str(error)
            return None

    def _date(self, field: str, line: QLineEdit, what: str) -> date | None:
        text = line.text().strip()
        return self._note(field, lambda: parse_date(text, what=what)) if text else None

    def _length(self, field: str, line: QLineEdit, what: str) -> float | None:
        text = line.text().strip()
        return self._note(field, lambda: parse_length_m(text, what=what)) if text else None

    def _dates(self, field: str, line: QLineEdit, what: str) -> tuple[date, ...]:
        words = [word.strip() for word in line.text().split(",") if word.strip()]
        return self._note(field, lambda: tuple(parse_date(word, what=what) for word in words)) or ()

    def _number(self, field: str, line: QLineEdit, what: str, low: float, high: float) -> float | None:
        text = line.text().strip().replace(",", ".")
        if not text:
            return None

        def read() -> float:
            value = float(text) if text.replace(".", "", 1).isdigit() else float("nan")
            if not low <= value <= high:
                raise ValueError(
                    self.tr("{what} must be a number from {low} to {high}.").format(
                        what=what, low=f"{low:g}", high=f"{high:g}"
                    )
                )
            return value

        return self._note(field, read)

    def _read_session(self) -> Session | None:
        if not self.subject.text().strip():
            self.problems["subject"] = self.tr("The subject needs a pseudonym (no real name).")
        when = self._date("when", self.when, self.tr("The date of the visit"))
        birth = self._date("birth", self.birth, self.tr("The birth date"))
        age = self._number("age", self.age, self.tr("The age"), 0.5, 119)
        height = self._length("height", self.tall, self.tr("The height"))
        leg = self._length("leg_length", self.leg, self.tr("The leg length"))
        surgery = self._dates("surgery", self.surgery, self.tr("A date of surgery"))
        botulinum = self._dates("botulinum", self.botulinum, self.tr("A date of botulinum"))
        if self.problems:
            return None
        from dataclasses import replace

        session = self._note(
            "age" if birth else "leg_length",
            lambda: make_session(
                self.subject.text(),
                when=when,
                birth=birth,
                age_years=age,
                sex=self.sex.currentData(),
                diagnosis=self.diagnosis.text().strip(),
                affected=self.affected.currentData(),
                height_m=height,
                leg_length_m=leg,
                footwear=self.footwear.currentData(),
                walking_aid=self.aid.currentData(),
                mirrored=self.mirrored.isChecked(),
            ),
        )
        return None if session is None else replace(session, surgery=surgery, botulinum=botulinum)

    def _read_recordings(self) -> AnalyzeRequest | None:
        rate = self._number("recorded_at", self.rate, self.tr("The rate"), 10, 2000)
        if not self.table.rowCount():
            self.problems["videos"] = self.tr("Add at least one video.")
        recordings = self._note("videos", self.table.recordings) or ()
        bad = [path for path in self.table.paths() if self.table.usable.get(path) is False]
        if bad:
            self.problems["videos"] = self.tr("{name} cannot be used: remove it.").format(name=bad[0].name)
        session = self._read_session() if not self.problems else None
        if self.problems or session is None:
            return None
        return self._note(
            "videos",
            lambda: AnalyzeRequest(recordings=recordings, session=session, out=Path(), recorded_at_hz=rate),
        )

    def request(self) -> AnalyzeRequest | None:
        """What was asked for; None while something is wrong."""
        self.problems = {}
        return self._read_recordings()

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
