"""The videos of a new session: which recording each belongs to, which view it shows, what it is good for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QHeaderView, QSpinBox, QTableWidget, QTableWidgetItem, QWidget

from gaitviewer.core.gait import ByView, View
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import plain_tip
from gaitviewer.gui.widgets.translation import say
from gaitviewer.workflow.analysis.pairing import Dropped, propose_pairs

FILE, TRIAL, VIEW, NOTE = range(4)
VIDEO_ENDINGS = frozenset(
    (".mp4", ".mov", ".avi", ".mkv", ".m4v", ".webm", ".mts", ".m2ts", ".wmv", ".3gp", ".mpg", ".mpeg")
)


def is_video(path: Path) -> bool:
    """Whether a name ends like that of a video."""
    return path.suffix.lower() in VIDEO_ENDINGS


def videos_in(places: Iterable[Path]) -> list[Path]:
    """The videos among files, and those that lie in folders that may be read."""
    files: list[Path] = []
    for place in places:
        try:
            files += sorted(place.iterdir()) if place.is_dir() else [place]
        except OSError:
            continue
    return [path for path in files if is_video(path)]


class RecordingsTable(QTableWidget):
    """One line for each video; pairs are proposed, a person has the last word.

    Signals:
        edited: a file came or went, or a line was changed.
        added: these files are new (list of paths): have a look at them.
    """

    edited = Signal()
    added = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 4, parent)
        self.setObjectName("recordings_table")
        self.setAccessibleName(self.tr("Videos of the session"))
        self.setHorizontalHeaderLabels(
            [self.tr("Video"), self.tr("Recording"), self.tr("View"), self.tr("Good for")]
        )
        self.verticalHeader().hide()
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        header = self.horizontalHeader()
        header.setSectionResizeMode(FILE, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(NOTE, QHeaderView.ResizeMode.Stretch)
        self.setColumnWidth(FILE, 190)
        self.setColumnWidth(TRIAL, 84)
        self.setColumnWidth(VIEW, 150)
        self.usable: dict[Path, bool] = {}
        self._decided = False  # whether a person chose recordings or views: proposals leave them alone

    def paths(self) -> list[Path]:
        """All videos, in the order of the lines."""
        return [self._path(row) for row in range(self.rowCount())]

    def _path(self, row: int) -> Path:
        item = self.item(row, FILE)
        assert item is not None
        return Path(item.data(Qt.ItemDataRole.UserRole))

    def add(self, files: Iterable[Path]) -> None:
        """Add videos and propose anew which belong together; what is no video is passed over.

        Once a person chose a recording or a view, the lines that are there stay as they are.
        """
        known = self.paths()
        fresh = [path for path in files if is_video(path) and path not in known]
        if not fresh:
            return
        kept = {path: self._note(row) for row, path in enumerate(known)}
        first = 1
        if self._decided:
            known, first = [], max((number for number, _, _ in self.choices()), default=0) + 1
        else:
            self.setRowCount(0)
        dropped = [Dropped(path, _ended_s(path)) for path in (*known, *fresh)]
        for number, proposal in enumerate(propose_pairs(dropped), start=first):
            for view in View:
                path = proposal.videos[view]
                if path is not None:
                    why = say(proposal.reason)
                    hint = "" if proposal.sure else self.tr("Please check: {why}").format(why=why)
                    self._add_line(path, number, view, kept.get(path, ""), hint)
        self.added.emit(fresh)
        self.edited.emit()

    def _decide(self) -> None:
        self._decided = True
        self.edited.emit()

    def _add_line(self, path: Path, number: int, view: View, note: str, hint: str) -> None:
        row = self.rowCount()
        self.insertRow(row)
        name = QTableWidgetItem(path.name)
        name.setData(Qt.ItemDataRole.UserRole, str(path))
        name.setToolTip(plain_tip(str(path)))
        self.setItem(row, FILE, name)
        trial = QSpinBox()
        trial.setRange(1, 99)
        trial.setValue(number)
        trial.setAccessibleName(self.tr("Recording of {name}").format(name=path.name))
        trial.valueChanged.connect(self._decide)
        self.setCellWidget(row, TRIAL, trial)
        choice = QComboBox()
        choice.addItem(self.tr("side view"), View.SAGITTAL)
        choice.addItem(self.tr("front or back"), View.CORONAL)
        choice.setCurrentIndex(0 if view is View.SAGITTAL else 1)
        choice.setAccessibleName(self.tr("View of {name}").format(name=path.name))
        choice.setToolTip(plain_tip(hint))
        choice.currentIndexChanged.connect(self._decide)
        self.setCellWidget(row, VIEW, choice)
        self._write_note(row, note or self.tr("looking…"), usable=self.usable.get(path, True))
        if hint:
            name.setIcon(theme.icon("warning", "warning"))
            name.setToolTip(plain_tip(f"{path}\n{hint}"))

    def _note(self, row: int) -> str:
        item = self.item(row, NOTE)
        return item.text() if item is not None else ""

    def set_note(self, path: Path, text: str, *, usable: bool) -> None:
        """Say what a video is good for."""
        self.usable[path] = usable
        if path in self.paths():
            self._write_note(self.paths().index(path), text, usable=usable)
            self.edited.emit()

    def _write_note(self, row: int, text: str, *, usable: bool) -> None:
        item = QTableWidgetItem(text)
        item.setToolTip(plain_tip(text))
        if not usable:
            item.setForeground(QColor(theme.palette().error))
        self.setItem(row, NOTE, item)

    def remove_selected(self) -> None:
        """Take the chosen lines out."""
        for row in sorted({index.row() for index in self.selectedIndexes()}, reverse=True):
            self.usable.pop(self._path(row), None)
            self.removeRow(row)
        self._decided = self._decided and self.rowCount() > 0
        self.edited.emit()

    def choices(self) -> list[tuple[int, View, Path]]:
        """(recording, view, file) of each line."""
        found = []
        for row in range(self.rowCount()):
            trial, view = self.cellWidget(row, TRIAL), self.cellWidget(row, VIEW)
            assert isinstance(trial, QSpinBox)
            assert isinstance(view, QComboBox)
            found.append((trial.value(), View(view.currentData()), self._path(row)))
        return found

    def recordings(self) -> tuple[ByView[Path | None], ...]:
        """The videos of each recording, in the order of their numbers.

        Raises:
            ValueError: two videos stand for the same view of a recording (the message names them).
        """
        places: dict[int, dict[View, Path]] = {}
        for number, view, path in self.choices():
            place = places.setdefault(number, {})
            if view in place:
                raise ValueError(
                    self.tr("{one} and {other} stand for the same view of recording {n}.").format(
                        one=place[view].name, other=path.name, n=number
                    )
                )
            place[view] = path
        return tuple(
            ByView(places[number].get(View.SAGITTAL), places[number].get(View.CORONAL))
            for number in sorted(places)
        )


def _ended_s(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None
