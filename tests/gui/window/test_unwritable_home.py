"""A home that cannot be written: the window comes up, says so, and does what can be done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gaitviewer import paths
from gaitviewer.core import edits
from gaitviewer.core.document import Document
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import Side
from gaitviewer.gui.dialogs.failure import FailureDialog
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.gui.widgets import theme
from gaitviewer.store import open_library
from gaitviewer.util import private

ComeUp = Callable[[Path | None], MainWindow]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place where nothing can be made, whoever runs the tests: below a file."""
    (tmp_path / "file").write_text("in the way")
    there = tmp_path / "file" / "home"
    monkeypatch.setenv("GAITVIEWER_HOME", str(there))
    return there


@pytest.fixture
def come_up(home: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[ComeUp]:
    made: list[MainWindow] = []

    def run(library: Path | None) -> MainWindow:
        window = MainWindow(library=library)
        made.append(window)
        window.crashed.connect(lambda words: pytest.fail(words))
        with qtbot.waitSignal(window.services.listing.listed, timeout=30_000):
            window.show()
        return window

    yield run
    for window in made:
        window.dialogs.close()
        window.close()
        assert not window.isVisible()
        window.deleteLater()
    qtbot.wait(10)


def test_without_a_library_the_window_says_that_none_can_be_made(
    come_up: ComeUp, home: Path, qtbot: QtBot
) -> None:
    window = come_up(None)
    notice = window.library_page.notice
    assert notice.isVisible()
    assert "No session can be made here" in notice.text()
    assert str(home / "data") in notice.text()
    window.services.sessions.make_demo()
    qtbot.waitUntil(lambda: isinstance(window.dialogs.current, FailureDialog), timeout=60_000)
    words = window.dialogs.current.text()
    assert "cannot be" in words
    assert str(home) in words
    assert "fault" not in words


def test_a_library_elsewhere_is_read_graded_and_saved(
    come_up: ComeUp, home: Path, walker_document: Document, tmp_path: Path, qtbot: QtBot
) -> None:
    file = tmp_path / "elsewhere" / "library.db"
    with open_library(file) as library:
        library.save_session(walker_document)
    window = come_up(file)
    notice = window.library_page.notice
    assert notice.isVisible()
    assert "not kept" in notice.text()
    assert str(home / "config") in notice.text()
    window.state.set_settings(replace(window.state.settings, rater="AB"))
    window.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: window.reviewing and window.state.measures is not None, timeout=120_000)
    grade = Grade(11, Side.LEFT, 2, "AB", "2024-03-01T10:00:00+00:00")
    window.state.edit(edits.set_grade(window.state.document, grade), "Grade")
    qtbot.waitUntil(lambda: window.state.is_saved, timeout=60_000)
    canvas = window.desk.views.canvases.sagittal
    qtbot.waitUntil(lambda: canvas.painted_frame >= 0, timeout=60_000)
    with open_library(file) as library:
        assert library.load_session("walk1").grades == window.state.document.grades
    assert window.dialogs.current is None


def test_a_home_that_can_be_written_needs_no_words(window: MainWindow) -> None:
    assert window.library_page.notice.isHidden()


def test_whether_a_folder_can_be_written_is_seen_without_making_it(tmp_path: Path, home: Path) -> None:
    assert private.can_be_written(tmp_path)
    assert private.can_be_written(tmp_path / "a" / "b")
    assert not (tmp_path / "a").exists()
    assert not private.can_be_written(home)
    assert not private.can_be_written(tmp_path / "file")


def test_the_style_writes_nothing(own_home: Path, qapp: object) -> None:
    for name in ("dark", "light"):
        theme.apply(qapp, name)
    assert not paths.cache_dir().exists()
