from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gaitviewer.core.document import Document
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import SYNTHETIC_STATEMENT
from gaitviewer.core.report_options import MODEL_SECTIONS, SECTIONS, USUAL_SECTIONS
from gaitviewer.gui.dialogs.report import ReportChoices, ReportDialog
from gaitviewer.gui.services.jobs import Jobs
from gaitviewer.workflow.analysis.measure import measure_document
from tests.support import made_up_answers, pdf


@pytest.fixture(scope="module")
def measures(walker_document: Document) -> Measures:
    return measure_document(walker_document)


@pytest.fixture
def dialog(
    qtbot: QtBot, walker_document: Document, measures: Measures, tmp_path: Path
) -> Iterator[ReportDialog]:
    jobs = Jobs()
    made = ReportDialog(walker_document, measures, jobs, library=None, folder=tmp_path / "out")
    made.show()
    qtbot.waitUntil(lambda: bool(made.pages.pages), timeout=60_000)
    yield made
    jobs.shutdown()
    if not made._closed:
        made.reject()


def pages_of(path: Path) -> tuple[int, float, str]:
    with pdf.opened(path) as document:
        return len(document), document[0].get_width(), "".join(pdf.texts_of(document))


def test_the_real_pages_are_shown_and_then_written(dialog: ReportDialog, qtbot: QtBot, tmp_path: Path) -> None:
    assert not (tmp_path / "out").exists()
    shown = len(dialog.pages.pages)
    assert dialog.name.text() == "P001-gait.pdf"
    with qtbot.waitSignal(dialog.written, timeout=60_000):
        dialog.export_button.click()
    path = tmp_path / "out" / "P001-gait.pdf"
    count, width, text = pages_of(path)
    assert count == shown
    assert width == pytest.approx(595, abs=1)
    assert "P001" in text
    assert dialog.show_button.isEnabled()


def test_the_progress_bar_is_there_only_while_something_is_drawn(dialog: ReportDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(dialog.progress.isHidden, timeout=60_000)
    seen: list[bool] = []
    dialog._jobs.changed.connect(lambda job: seen.append(dialog.progress.isVisible()))
    with qtbot.waitSignal(dialog.written, timeout=60_000):
        dialog.export_button.click()
    qtbot.waitUntil(dialog.progress.isHidden, timeout=60_000)
    assert any(seen)


def test_paper_and_anonymity_count(dialog: ReportDialog, qtbot: QtBot, tmp_path: Path) -> None:
    dialog.paper.setCurrentText("Letter")
    dialog.anonymous.setChecked(True)
    dialog.name.setText("letter")
    with qtbot.waitSignal(dialog.written, timeout=60_000):
        dialog.export()
    _, width, text = pages_of(tmp_path / "out" / "letter.pdf")
    assert width == pytest.approx(612, abs=1)
    assert "P001" not in text


def test_an_anonymous_report_has_an_anonymous_name(dialog: ReportDialog, qtbot: QtBot, tmp_path: Path) -> None:
    dialog.anonymous.setChecked(True)
    assert dialog.name.text() == "anonymous-gait.pdf"
    dialog.anonymous.setChecked(False)
    assert dialog.name.text() == "P001-gait.pdf"
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "anonymous-gait.pdf").write_bytes(b"of somebody else")
    dialog.anonymous.setChecked(True)
    assert dialog.name.text() == "anonymous-gait-2.pdf"
    dialog.name.setText("own.pdf")
    dialog.anonymous.setChecked(False)
    assert dialog.name.text() == "own.pdf"


def test_sections_that_are_unticked_leave_the_pages(dialog: ReportDialog, qtbot: QtBot, tmp_path: Path) -> None:
    before = len(dialog.pages.pages)
    assert dialog.sections.chosen() == USUAL_SECTIONS
    for row, name in enumerate(SECTIONS):
        if name not in ("quality", "method"):
            dialog.sections.item(row).setCheckState(Qt.CheckState.Unchecked)
    assert dialog.sections.chosen() == {"quality", "method"}
    qtbot.waitUntil(lambda: 0 < len(dialog.pages.pages) < before, timeout=60_000)
    shown = len(dialog.pages.pages)
    with qtbot.waitSignal(dialog.written, timeout=60_000):
        dialog.export()
    count, _, text = pages_of(tmp_path / "out" / "P001-gait.pdf")
    assert count == shown
    assert "Sections left out of this report" in text
    assert "How to read the totals" not in text


def test_a_folder_that_cannot_be_written_is_said(dialog: ReportDialog, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    dialog.folder.setText(str(tmp_path / "file" / "out"))
    dialog.export()
    qtbot.waitUntil(lambda: "cannot be written" in dialog.status.text(), timeout=30_000)
    dialog.name.setText("../x.pdf")
    dialog.export()
    assert "without a folder" in dialog.status.text()


def test_closing_while_pages_are_drawn_is_quiet(
    qtbot: QtBot, walker_document: Document, measures: Measures, tmp_path: Path
) -> None:
    jobs = Jobs()
    dialog = ReportDialog(walker_document, measures, jobs, library=None, folder=tmp_path)
    dialog.show()
    qtbot.wait(30)
    dialog.reject()
    qtbot.waitUntil(lambda: not jobs._threads, timeout=60_000)
    jobs.shutdown()


def test_no_page_is_shown_while_values_are_hidden(
    qtbot: QtBot, walker_document: Document, measures: Measures, tmp_path: Path
) -> None:
    from PySide6.QtWidgets import QLabel

    jobs = Jobs()
    dialog = ReportDialog(walker_document, measures, jobs, library=None, folder=tmp_path, hidden=True)
    dialog.show()
    dialog.paper.setCurrentText("Letter")
    qtbot.wait(300)
    assert not jobs.active
    assert dialog.pages.pages == ()
    words = dialog.findChild(QLabel, "report_no_pages")
    assert words is not None
    assert "hidden until you have graded" in words.text()
    with qtbot.waitSignal(dialog.written, timeout=60_000):  # what a person asks for is written all the same
        dialog.export_button.click()
    jobs.shutdown()
    dialog.reject()


def test_choices_are_offered_again(
    qtbot: QtBot, walker_document: Document, measures: Measures, tmp_path: Path
) -> None:
    from gaitviewer.gui.dialogs.report import ReportChoices

    jobs = Jobs()
    before = ReportChoices("Letter", True, frozenset({"strides", "method"}))
    dialog = ReportDialog(
        walker_document, measures, jobs, library=None, folder=tmp_path, choices=before, hidden=True
    )
    assert dialog.choices == before
    assert dialog.sections.chosen() == USUAL_SECTIONS - {"strides", "method"}
    dialog.anonymous.setChecked(False)
    assert dialog.choices.anonymous is False
    jobs.shutdown()
    dialog.reject()


def flags(dialog: ReportDialog) -> dict[str, tuple[bool, bool]]:
    """Of each section whether it can be switched, and whether it is on."""
    rows = [dialog.sections.item(row) for row in range(dialog.sections.count())]
    enabled, on = Qt.ItemFlag.ItemIsEnabled, Qt.CheckState.Checked
    names = [row.data(Qt.ItemDataRole.UserRole) for row in rows]
    return {
        name: (bool(row.flags() & enabled), row.checkState() is on)
        for name, row in zip(names, rows, strict=True)
    }


def test_sections_of_models_wait_for_answers(dialog: ReportDialog) -> None:
    found = flags(dialog)
    assert {name for name, (can, _) in found.items() if not can} == {"models", "saliency", "knowledge_map"}
    assert not any(found[name][1] for name in MODEL_SECTIONS)
    assert dialog.choices.left_out == frozenset()


def test_what_models_say_is_printed_where_it_is_switched_on(
    qtbot: QtBot, walker_document: Document, measures: Measures, tmp_path: Path
) -> None:
    jobs = Jobs()
    made = ReportDialog(
        walker_document, measures, jobs, library=None, folder=tmp_path / "out",
        choices=ReportChoices(left_out=USUAL_SECTIONS - {"scores"}), answers=made_up_answers.all_three(),
    )  # fmt: skip
    try:
        assert all(flags(made)[name] == (True, False) for name in MODEL_SECTIONS)
        for row, name in enumerate(SECTIONS):
            if name == "models":
                made.sections.item(row).setCheckState(Qt.CheckState.Checked)
        assert made.choices.left_out == USUAL_SECTIONS - {"scores"}  # begins switched off the next time
        with qtbot.waitSignal(made.written, timeout=60_000):
            made.export()
        _, _, text = pages_of(tmp_path / "out" / "P001-gait.pdf")
        assert "Model answers beside measurements" in text
        assert SYNTHETIC_STATEMENT in text
        assert "Where the severity model looked" not in text
    finally:
        jobs.shutdown()
        made.reject()
