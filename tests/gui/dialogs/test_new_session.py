from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.session import Affected, Footwear, Rating, WalkingAid
from gaitviewer.gui.dialogs.facts_form import FactsForm
from gaitviewer.gui.dialogs.new_session import FactsDialog, NewSessionDialog
from gaitviewer.gui.services.jobs import Jobs
from gaitviewer.gui.widgets import theme
from gaitviewer.workflow.analysis.request import AnalyzeRequest


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.shutdown()


@pytest.fixture
def files(walker_document: Document) -> list[Path]:
    videos = walker_document.trials[0].trial.videos
    return [videos.coronal.path, videos.sagittal.path]


@pytest.fixture
def dialog(qtbot: QtBot, jobs: Jobs, files: list[Path]) -> NewSessionDialog:
    made = NewSessionDialog(jobs, files)
    made.show()
    qtbot.waitUntil(lambda: len(made.table.usable) == 2, timeout=20_000)
    return made


def choose(box, value: object) -> None:
    box.setCurrentIndex(next(n for n in range(box.count()) if box.itemData(n) == value))


def test_pairs_are_proposed_and_each_video_is_looked_at(dialog: NewSessionDialog, files: list[Path]) -> None:
    assert dialog.table.recordings() == (ByView(files[1], files[0]),)
    notes = {dialog.table.item(row, 3).text() for row in range(2)}
    assert all("960 × 480" in note and "Hz" in note for note in notes)
    dialog.reject()


def test_a_request_of_all_facts(dialog: NewSessionDialog, qtbot: QtBot, files: list[Path]) -> None:
    form, asked = dialog.form, []
    dialog.chosen.connect(lambda request, analyse: asked.append((request, analyse)))
    assert not dialog.create_button.isEnabled()
    form.subject.setText("P007")
    form.when.setText("2026-03-09")
    form.birth.setText("2017-03-09")
    form.tall.setText("131 cm")
    form.leg.setText("0,66 m")
    form.surgery.setText("2020-01-02, 2021-03-04")
    form.botulinum.setText("2025-05-06")
    choose(form.footwear, Footwear.AFO)
    choose(form.aid, WalkingAid.WALKER)
    choose(form.affected, Affected.BOTH)
    choose(form.sex, "F")
    dialog.rate.setText("240")
    assert dialog.create_button.isEnabled(), dialog.problem.text()
    dialog.accept()
    ((request, analyse),) = asked
    assert isinstance(request, AnalyzeRequest)
    session = request.session
    assert analyse
    assert request.recorded_at_hz == 240
    assert request.recordings == (ByView(files[1], files[0]),)
    assert (session.subject.pseudonym, session.subject.affected, session.subject.sex) == (
        "P007",
        Affected.BOTH,
        "F",
    )
    assert session.age_years == pytest.approx(9.0, abs=0.01)
    assert (session.height_m, session.leg_length_m) == (1.31, 0.66)
    assert (session.footwear, session.walking_aid) == (Footwear.AFO, WalkingAid.WALKER)
    assert session.surgery == (date(2020, 1, 2), date(2021, 3, 4))
    assert session.botulinum == (date(2025, 5, 6),)


@pytest.mark.parametrize("affected", list(Affected))
def test_sides_affected_are_told_apart(qtbot: QtBot, walker_document: Document, affected: Affected) -> None:
    session = walker_document.session
    told = replace(session, subject=replace(session.subject, affected=affected))
    form = FactsForm(told)
    qtbot.addWidget(form)
    assert form.affected.currentText() == affected.value
    read = form.session()
    assert read is not None
    assert read.subject.affected is affected


def test_fields_take_decimal_commas(qtbot: QtBot, dialog: NewSessionDialog) -> None:
    dialog.form.subject.setText("P007")
    for line, text in ((dialog.form.age, "7,5"), (dialog.form.tall, "1,31"), (dialog.form.leg, "66,5 cm")):
        line.setText(text)
    dialog.rate.setText("239,76")
    request = dialog.request()
    assert request is not None
    session = request.session
    assert (session.age_years, session.height_m, session.leg_length_m) == (7.5, 1.31, 0.665)
    assert request.recorded_at_hz == 239.76
    dialog.form.age.setText("1.007,5")
    assert "age" in dialog.problem.text().lower()
    dialog.reject()


def test_mistakes_are_said_at_once(dialog: NewSessionDialog) -> None:
    dialog.form.subject.setText("P007")
    for field, text, words in (
        ("tall", "9 m", "height"),
        ("leg", "tall", "leg length"),
        ("when", "9.3.2026", "date of the visit"),
        ("age", "-3", "age"),
        ("age", "nan", "age"),
        ("surgery", "2020-01-02; 2021", "surgery"),
        ("subject", "", "pseudonym"),
    ):
        line = getattr(dialog.form, field)
        before = line.text()
        assert dialog.create_button.isEnabled(), field
        assert not line.styleSheet(), field
        line.setText(text)
        assert not dialog.create_button.isEnabled(), field
        assert words in dialog.problem.text().lower()
        assert bool(line.styleSheet()) == bool(text), field
        line.setText(before)
    dialog.reject()


def test_contradicting_facts_are_said(dialog: NewSessionDialog) -> None:
    form = dialog.form
    form.subject.setText("P007")
    form.tall.setText("1.30 m")
    form.leg.setText("1.20 m")
    assert "does not go with" in dialog.problem.text()
    form.leg.setText("0.66 m")
    form.birth.setText("2017-03-09")
    form.when.setText("2026-03-09")
    form.age.setText("4")
    assert "contradict" in dialog.problem.text()
    dialog.reject()


def test_two_videos_for_one_view_are_refused(dialog: NewSessionDialog) -> None:
    dialog.form.subject.setText("P007")
    dialog.table.cellWidget(1, 2).setCurrentIndex(0)
    dialog.table.cellWidget(0, 2).setCurrentIndex(0)
    assert "same view" in dialog.problem.text()
    dialog.table.cellWidget(1, 1).setValue(2)
    assert dialog.create_button.isEnabled()
    dialog.reject()


def test_a_video_that_cannot_be_read_is_marked_and_in_the_way(
    qtbot: QtBot, jobs: Jobs, files: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken-side.mp4"
    broken.write_bytes(b"no video")
    (tmp_path / "notes.txt").write_text("x")
    dialog = NewSessionDialog(jobs, [broken, files[0], tmp_path / "notes.txt"])
    dialog.show()
    qtbot.waitUntil(lambda: len(dialog.table.usable) == 2, timeout=20_000)
    dialog.form.subject.setText("P007")
    assert "broken-side.mp4 cannot be used" in dialog.problem.text()
    dialog.table.selectRow(dialog.table.paths().index(broken))
    dialog.table.remove_selected()
    assert dialog.create_button.isEnabled()
    assert dialog.table.choices() == [(dialog.table.choices()[0][0], View.CORONAL, files[0])]
    dialog.reject()


def test_facts_of_a_session_are_shown_and_changed_without_loss(qtbot: QtBot, walker_document: Document) -> None:
    before = replace(
        walker_document.session,
        gmfcs=Rating("II", "Dr. N"),
        surgery=(date(2020, 1, 2),),
        age_years=9.5,
        note="tired",
        mirrored=True,
    )
    dialog = FactsDialog(before)
    qtbot.addWidget(dialog)
    assert dialog.form.session() == before
    asked = []
    dialog.chosen.connect(asked.append)
    dialog.form.leg.setText("70 cm")
    dialog.accept()
    assert asked == [replace(before, leg_length_m=0.7)]


def test_what_a_person_chose_stays_when_another_video_is_added(
    dialog: NewSessionDialog, files: list[Path], tmp_path: Path
) -> None:
    dialog.table.cellWidget(1, 1).setValue(4)
    dialog.table.cellWidget(1, 2).setCurrentIndex(0)
    chosen = dialog.table.choices()
    dialog.table.add([tmp_path / "walk-side.mp4"])
    assert dialog.table.choices() == [*chosen, (5, View.SAGITTAL, tmp_path / "walk-side.mp4")]
    dialog.reject()


def test_what_cannot_be_used_stays_marked_when_another_video_is_added(
    qtbot: QtBot, jobs: Jobs, files: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken-side.mp4"
    broken.write_bytes(b"no video")
    dialog = NewSessionDialog(jobs, [broken])
    dialog.show()
    qtbot.waitUntil(lambda: len(dialog.table.usable) == 1, timeout=20_000)
    dialog.table.add([files[0]])
    item = dialog.table.item(dialog.table.paths().index(broken), 3)
    assert item.foreground().color().name() == theme.palette().error
    assert item.toolTip()
    dialog.reject()


def test_folders_are_dropped_and_other_files_are_named_as_no_video(
    qtbot: QtBot, jobs: Jobs, files: list[Path], tmp_path: Path
) -> None:
    dialog = NewSessionDialog(jobs)
    dialog.show()
    (tmp_path / "notes.txt").write_text("x")
    drop(dialog, [tmp_path / "notes.txt"])
    assert "no video" in dialog.problem.text()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "walk-side.mp4").write_bytes(b"x")
    drop(dialog, [folder])
    assert dialog.table.paths() == [folder / "walk-side.mp4"]
    dialog.reject()


def drop(dialog: NewSessionDialog, places: list[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(place)) for place in places])
    none, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    dialog.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, left, none))


def test_return_creates_the_session_whatever_button_was_clicked_before(
    dialog: NewSessionDialog, qtbot: QtBot
) -> None:
    dialog.form.subject.setText("P007")
    remove = next(button for button in dialog.findChildren(QPushButton) if button.text() == "Remove")
    with qtbot.waitActive(dialog):
        dialog.activateWindow()
    remove.setFocus()
    dialog.form.diagnosis.setFocus()
    asked = []
    dialog.chosen.connect(lambda request, analyse: asked.append(request))
    QTest.keyClick(dialog.form.diagnosis, Qt.Key.Key_Return)
    assert len(asked) == 1


def test_a_birth_date_after_the_visit_is_said_and_marked(dialog: NewSessionDialog) -> None:
    form = dialog.form
    form.subject.setText("P007")
    form.when.setText("2026-03-09")
    form.birth.setText("2030-01-01")
    assert "not before the date of the visit" in dialog.problem.text()
    assert form.birth.styleSheet()
    form.birth.setText("2017-03-09")
    form.tall.setText("1.30 m")
    form.leg.setText("1.20 m")
    assert form.leg.styleSheet()
    assert not form.birth.styleSheet()
    dialog.reject()
