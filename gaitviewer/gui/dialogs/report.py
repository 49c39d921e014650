"""The report: its real pages before it is written, then written in one go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.core.document import Document
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import Answer, Signature
from gaitviewer.core.progress import Tick
from gaitviewer.core.report_options import PAPERS, USUAL_SECTIONS, ReportOptions
from gaitviewer.gui.dialogs.section_list import SectionList
from gaitviewer.gui.model.documents import report_name
from gaitviewer.gui.services.jobs import Job, JobFailure, Jobs
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.one_shot import one_shot
from gaitviewer.gui.widgets.plain import PlainLabel
from gaitviewer.gui.widgets.translation import say_sentence

Pages = tuple[NDArray[np.uint8], ...]


@dataclass(frozen=True, slots=True)
class ReportChoices:
    """What was chosen for the last report: sections by name that are left out, so that new ones are in.

    Attributes:
        paper: "A4", "Letter", or "" for that of the settings.   anonymous: without names and pictures.
        left_out: sections that are not printed.
    """

    paper: str = ""
    anonymous: bool = False
    left_out: frozenset[str] = frozenset()


class PageView(QScrollArea):
    """Pages below one another, as wide as there is room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("report_pages")
        self.setAccessibleName(self.tr("Pages of the report"))
        self.setWidgetResizable(True)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.pages: tuple[QPixmap, ...] = ()
        self._inner = QWidget()
        self._column = QVBoxLayout(self._inner)
        self._column.setSpacing(14)
        self._column.setContentsMargins(14, 14, 14, 14)
        self.setWidget(self._inner)
        self._labels: list[QLabel] = []
        self._extra: QLabel | None = None

    def show_pages(self, pages: Pages) -> None:
        """Show these pictures u8 [H, W, 4], blue first."""
        for label in (*self._labels, *([self._extra] if self._extra is not None else [])):
            label.deleteLater()
        self._extra = None
        self._labels = []
        self.pages = tuple(_pixmap(page) for page in pages)
        for number, _ in enumerate(self.pages, start=1):
            label = PlainLabel()
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setAccessibleName(self.tr("Page {n}").format(n=number))
            self._column.addWidget(label)
            self._labels.append(label)
        self._scale()

    def say(self, words: str) -> None:
        """Words in place of the pages."""
        self.show_pages(())
        label = PlainLabel(words, name="report_no_pages", wraps=True, quiet=True)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._column.addWidget(label)
        self._extra = label

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Pages fit the width."""
        super().resizeEvent(event)
        self._scale()

    def _scale(self) -> None:
        ratio = self.devicePixelRatioF()
        width = int(max(120, self.viewport().width() - 32) * ratio)
        for label, page in zip(self._labels, self.pages, strict=True):
            shown = page.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
            shown.setDevicePixelRatio(ratio)
            label.setPixmap(shown)


def _pixmap(page: NDArray[np.uint8]) -> QPixmap:
    rows, columns = page.shape[:2]
    solid = np.ascontiguousarray(page)
    return QPixmap.fromImage(QImage(solid.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32).copy())


class ReportDialog(QDialog):
    """Paper, sections, names or none, folder, and the pages as they will be.

    Signals:
        written: the report is on disk (path).
    """

    written = Signal(object)

    def __init__(
        self,
        document: Document,
        measures: Measures,
        jobs: Jobs,
        *,
        library: Path | None,
        signed: Signature | None = None,
        paper: str = "A4",
        folder: Path | None = None,
        choices: ReportChoices | None = None,
        hidden: bool = False,
        answers: tuple[Answer, ...] = (),
        parent: QWidget | None = None,
    ) -> None:
        """Ask what the report is to hold.

        Args:
            document: what is printed.
            measures: what was measured in it.
            jobs: where pages are drawn.
            library: where the report is noted.
            signed: who signed it as it stands.
            paper: proposed.
            folder: proposed.
            choices: as they were the last time, None for the usual ones.
            hidden: measured values are still kept from the rater: no preview, for it would show them.
            answers: what learned models said of it.
            parent: the window.
        """
        super().__init__(parent)
        self.setObjectName("report_dialog")
        self.setWindowTitle(self.tr("Report"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(980, 700)
        self._document, self._measures, self._jobs, self._library = document, measures, jobs, library
        self._signed, self._answers = signed, answers
        self._closed = False
        self._hidden = hidden
        self.path: Path | None = None
        self._timer = one_shot(self, 200, self.preview)
        self._build(paper, folder or Path.home(), choices or ReportChoices())
        jobs.changed.connect(self._progress)
        self.preview()

    def _build(self, paper: str, folder: Path, choices: ReportChoices) -> None:
        self.paper = QComboBox()
        self.paper.setObjectName("report_paper")
        self.paper.setAccessibleName(self.tr("Paper"))
        self.paper.addItems(PAPERS)
        self.paper.setCurrentText(choices.paper or paper)
        self.paper.currentIndexChanged.connect(lambda: self._timer.start())
        self.anonymous = QCheckBox(self.tr("Anonymous"))
        self.anonymous.setObjectName("report_anonymous")
        self.anonymous.setToolTip(
            self.tr("Skeletons instead of pictures; no pseudonym, dates, diagnosis, notes")
        )
        self.anonymous.setChecked(choices.anonymous)
        self.anonymous.toggled.connect(lambda: self._timer.start())
        self.anonymous.toggled.connect(self._propose_name)
        self.sections = SectionList(left_out=choices.left_out, asked=bool(self._answers))
        self.sections.itemChanged.connect(lambda: self._timer.start())
        self._build_target(folder)
        self._lay_out()
        self.export_button.setDefault(True)
        self._proposed = ""
        self._propose_name()

    def _build_target(self, folder: Path) -> None:
        self.folder = QLineEdit(str(folder))
        self.folder.setObjectName("report_folder")
        self.folder.setAccessibleName(self.tr("Folder"))
        self.folder.editingFinished.connect(self._propose_name)
        self.name = QLineEdit()
        self.name.setObjectName("report_name")
        self.name.setAccessibleName(self.tr("File name"))
        self.progress = QProgressBar()
        self.progress.setRange(0, 100)
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(8)
        policy = self.progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing moves when it comes and goes
        self.progress.setSizePolicy(policy)
        self.progress.hide()
        self.status = PlainLabel(name="report_status", wraps=True, selectable=True)
        self.export_button = QPushButton(self.tr("Write the PDF"))
        self.export_button.setObjectName("report_export")
        self.export_button.setProperty("primary", "true")
        self.export_button.clicked.connect(self.export)
        self.show_button = QPushButton(self.tr("Open the folder"))
        self.show_button.setObjectName("report_open_folder")
        self.show_button.setEnabled(False)
        self.show_button.clicked.connect(self.open_folder)

    def _lay_out(self) -> None:
        choose = QToolButton()
        choose.setText("…")
        choose.setAccessibleName(self.tr("Choose a folder"))
        choose.clicked.connect(self._choose_folder)
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(self.reject)
        side = QVBoxLayout()
        side.setSpacing(8)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(choose)
        rows = ((self.tr("Paper"), self.paper), ("", self.anonymous), (self.tr("Sections"), self.sections))
        for words, widget in rows:
            if words:
                side.addWidget(PlainLabel(words))
            side.addWidget(widget)
        side.addSpacing(8)
        side.addWidget(PlainLabel(self.tr("Folder")))
        side.addLayout(row)
        side.addWidget(PlainLabel(self.tr("File name")))
        side.addWidget(self.name)
        side.addSpacing(8)
        side.addWidget(self.export_button)
        side.addWidget(self.show_button)
        side.addWidget(self.progress)
        side.addWidget(self.status)
        side.addStretch(1)
        side.addWidget(close)
        options = QWidget()
        options.setLayout(side)
        options.setFixedWidth(260)
        self.pages = PageView()
        layout = QHBoxLayout(self)
        layout.addWidget(options)
        layout.addWidget(self.pages, 1)

    @property
    def options(self) -> ReportOptions:
        """What is chosen now."""
        return ReportOptions(self.paper.currentText(), self.anonymous.isChecked(), self.sections.chosen())

    @property
    def choices(self) -> ReportChoices:
        """What is chosen now, to be offered the next time."""
        now = self.options
        return ReportChoices(now.paper, now.anonymous, USUAL_SECTIONS - now.sections)

    def _propose_name(self) -> None:
        """An anonymous report has an anonymous name; what a person typed stays."""
        if self.name.text() == self._proposed:
            folder = Path(self.folder.text()).expanduser()
            self._proposed = report_name(self._document, folder, anonymous=self.anonymous.isChecked())
            self.name.setText(self._proposed)

    def _choose_folder(self) -> None:
        found = QFileDialog.getExistingDirectory(self, self.tr("Folder for the report"), self.folder.text())
        if found:
            self.folder.setText(found)

    # --- pages ---------------------------------------------------------------------------------------

    def preview(self) -> None:
        """Draw the pages anew in the background; not while values are kept from the rater."""
        if self._hidden:
            self.pages.say(
                self.tr("The pages hold measured values. They are hidden until you have graded all items.")
            )
            self._say("")
            return
        document, measures, options = self._document, self._measures, self.options

        def work(tick: Tick) -> Pages:
            from gaitviewer.workflow.sessions.lifecycle import preview_report

            return preview_report(
                document, measures, options=options, signed=self._signed, answers=self._answers, tick=tick
            )

        self._say(self.tr("Drawing the pages…"))
        self._start("preview", work, self._show_pages)

    def _show_pages(self, pages: Pages) -> None:
        if not self._closed:
            self.pages.show_pages(pages)
            self._say(self.tr("{n} pages").format(n=len(pages)))

    # --- writing -------------------------------------------------------------------------------------

    def export(self) -> None:
        """Write the report; a file of that name is replaced when the new one is whole."""
        folder, name = Path(self.folder.text()).expanduser(), self.name.text().strip()
        if not name or Path(name).name != name:
            self._say(self.tr("Give a file name without a folder."), problem=True)
            return
        name = name if name.lower().endswith(".pdf") else f"{name}.pdf"
        document, measures, library = self._document, self._measures, self._library
        options = self.options

        def work(tick: Tick) -> Path:
            from gaitviewer.workflow.sessions.lifecycle import export_and_note

            return export_and_note(
                document,
                measures,
                folder,
                name=name,
                options=options,
                library=library,
                signed=self._signed,
                answers=self._answers,
                tick=tick,
            )

        self.export_button.setEnabled(False)
        self._say(self.tr("Writing…"))
        self._start("export", work, self._show_written)

    def _show_written(self, path: Path) -> None:
        self.written.emit(path)
        if not self._closed:
            self.path = path
            self.show_button.setEnabled(True)
            self._say(self.tr("Written: {path}").format(path=path))

    def open_folder(self) -> None:
        """Show the folder in the system's file manager."""
        if self.path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.path.parent)))

    # --- work ----------------------------------------------------------------------------------------

    def _start(self, key: str, work: Callable[[Tick], object], done: Callable[..., None]) -> None:
        def ended() -> None:
            if not self._closed:
                self.export_button.setEnabled(True)
                self.progress.hide()

        self._jobs.start(key, work, title=self.tr("Report"), done=done, failed=self._failed, ended=ended)

    def _failed(self, failure: JobFailure) -> None:
        if not self._closed:
            self._say(say_sentence(failure.message), problem=True)

    def _progress(self, job: Job) -> None:
        if not self._closed and job.key in ("preview", "export") and not job.state.ended:
            self.progress.setValue(round(100 * job.fraction))
            self.progress.show()

    def _say(self, words: str, *, problem: bool = False) -> None:
        colour = theme.palette().error if problem else theme.palette().muted
        self.status.setStyleSheet(f"color: {colour};")
        self.status.setText(words)

    def done(self, result: int) -> None:
        """Stop drawing; what is being written goes on."""
        self._closed = True
        self._timer.stop()
        self._jobs.cancel("preview")
        self._jobs.changed.disconnect(self._progress)
        super().done(result)
