"""Two programs on one library, and sessions that are deleted and come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gaitviewer.core.document import Document, Texts
from gaitviewer.core.gait import Side
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.store import open_library
from tests.support.libraries import stored

OpenSession = Callable[[str], MainWindow]


def edit_in_both(window: MainWindow, qtbot: QtBot) -> None:
    """The other program writes findings, this one gives a grade: saving it is asked about."""
    with open_library() as library:
        theirs = library.load_session("walk1")
        library.save_session(replace(theirs, texts=Texts("theirs", "", "")))
    window.state.select(3, Side.LEFT)
    qtbot.keyClick(window, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: window.dialog is not None, timeout=20_000)
    assert window.dialog.objectName() == "question_dialog"
    assert "Another program" in window.dialog.text()
    assert stored("walk1").texts.findings == "theirs"
    assert stored("walk1").grades == ()


def test_mine_can_be_kept_as_a_copy(reviewed: MainWindow, qtbot: QtBot) -> None:
    edit_in_both(reviewed, qtbot)
    reviewed.dialog.answers["copy"].click()
    state = reviewed.state
    qtbot.waitUntil(lambda: state.document.session.id == "walk1-2", timeout=20_000)
    assert [grade.score for grade in stored("walk1-2").grades] == [1]
    assert stored("walk1").texts.findings == "theirs"
    # Work goes on in the copy.
    state.select(4, Side.LEFT)
    reviewed.desk.evgs.grade(2)
    assert not state.is_saved
    qtbot.waitUntil(lambda: state.is_saved, timeout=20_000)
    assert [grade.score for grade in stored("walk1-2").grades] == [1, 2]
    assert reviewed.dialog is None


def test_theirs_can_be_taken(reviewed: MainWindow, qtbot: QtBot) -> None:
    edit_in_both(reviewed, qtbot)
    reviewed.dialog.answers["theirs"].click()
    state = reviewed.state
    qtbot.waitUntil(lambda: state.document.texts.findings == "theirs", timeout=20_000)
    assert state.document.grades == ()
    state.select(3, Side.LEFT)
    reviewed.desk.evgs.grade(1)
    assert not state.is_saved
    qtbot.waitUntil(lambda: state.is_saved, timeout=20_000)
    assert stored("walk1").texts.findings == "theirs"
    assert len(stored("walk1").grades) == 1


def test_nothing_is_lost_while_nobody_has_answered(reviewed: MainWindow, qtbot: QtBot) -> None:
    edit_in_both(reviewed, qtbot)
    reviewed.dialog.answers["cancel"].click()
    # Neither the library nor another session is opened over what is not saved.
    reviewed.show_library()
    assert reviewed.reviewing
    assert reviewed.dialog.objectName() == "question_dialog"
    reviewed.dialog.close()
    reviewed.services.sessions.open("walk2")
    assert reviewed.state.document.session.id == "walk1"
    assert len(reviewed.state.document.grades) == 1
    assert not reviewed.close()
    reviewed.dialog.answers["copy"].click()
    qtbot.waitUntil(lambda: reviewed.state.document.session.id == "walk1-2", timeout=20_000)


def test_a_session_is_deleted_after_asking_and_restored(
    filled: object, window: MainWindow, qtbot: QtBot, walker_document: Document
) -> None:
    page = window.library_page
    qtbot.waitUntil(lambda: len(page.ids()) == 2, timeout=20_000)
    page.choose("walk1")
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(page.list, Qt.Key.Key_Delete, control)
    assert "P001" in window.dialog.text()
    # Tab goes to Cancel, which Return then presses.
    qtbot.keyClick(window.dialog.focusWidget(), Qt.Key.Key_Tab)
    assert window.dialog.focusWidget().text() == "Cancel"
    qtbot.keyClick(window.dialog.focusWidget(), Qt.Key.Key_Return)
    assert len(page.ids()) == 2
    qtbot.waitUntil(lambda: window.dialog is None, timeout=20_000)
    # What can be restored is deleted by Return.
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(page.list, Qt.Key.Key_Delete, control)
    qtbot.keyClick(window.dialog.focusWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.ids() == ("walk2",), timeout=20_000)
    videos = walker_document.trials[0].trial.videos
    assert videos.sagittal.path.is_file()
    window.actions_by_name["session.deleted"].trigger()
    qtbot.waitUntil(lambda: window.dialog is not None, timeout=20_000)
    assert window.dialog.list.count() == 1
    window.dialog.restore.click()
    qtbot.waitUntil(lambda: len(page.ids()) == 2, timeout=20_000)
    assert stored("walk1").trials[0].poses.sagittal is not None


def test_the_bin_is_emptied_after_asking_and_videos_stay(
    filled: object, window: MainWindow, qtbot: QtBot, walker_document: Document
) -> None:
    page = window.library_page
    qtbot.waitUntil(lambda: len(page.ids()) == 2, timeout=20_000)
    window.services.listing.delete("walk1")
    qtbot.waitUntil(lambda: page.ids() == ("walk2",), timeout=20_000)

    def ask() -> None:
        window.actions_by_name["session.deleted"].trigger()
        qtbot.waitUntil(lambda: window.dialog is not None, timeout=20_000)
        window.dialog.empty.click()
        assert "P001" in window.dialog.text()
        assert "videos themselves" in window.dialog.text()
        assert not window.dialog.answers["purge"].isDefault()

    ask()
    qtbot.keyClick(window.dialog, Qt.Key.Key_Return)  # for good: never by Return alone
    assert deleted() == ("walk1",)
    qtbot.waitUntil(lambda: window.dialog is None, timeout=20_000)
    ask()
    window.dialog.answers["purge"].click()
    qtbot.waitUntil(lambda: deleted() == (), timeout=20_000)
    assert page.ids() == ("walk2",)
    assert walker_document.trials[0].trial.videos.sagittal.path.is_file()


def deleted() -> tuple[str, ...]:
    with open_library() as library:
        return tuple(row.id for row in library.list_sessions(deleted=True))
