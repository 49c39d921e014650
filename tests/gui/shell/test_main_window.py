from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, Side, View
from gaitviewer.errors import PoseError
from gaitviewer.gui.panels.library.cards import facts_of
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.messages import message
from gaitviewer.store import open_library
from gaitviewer.workflow.sessions import listing
from gaitviewer.workflow.sessions.listing import SessionState
from tests.support.libraries import stored

OpenSession = Callable[[str], MainWindow]


def press(
    qtbot: QtBot, window: MainWindow, key: Qt.Key, modifier: Any = Qt.KeyboardModifier.NoModifier
) -> None:
    qtbot.keyClick(window, key, modifier)


def test_an_empty_library_explains_and_offers_the_demo(window: MainWindow) -> None:
    page = window.library_page
    assert page.pages.currentWidget().objectName() == "library_empty"
    assert page.findChild(type(page.new_button), "library_empty_demo").isVisible()
    assert not page.search.isVisible()
    assert not window.services.library.file.exists()


def test_the_list_shows_states_and_is_narrowed_by_words_and_chips(
    filled: Path, window: MainWindow, qtbot: QtBot
) -> None:
    page = window.library_page
    qtbot.waitUntil(lambda: len(page.ids()) == 2)
    qtbot.keyClicks(page.search, "p002")
    assert page.ids() == ("walk2",)
    page.search.clear()
    page.chips[SessionState.ANALYSED].click()
    assert page.ids() == ("walk1",)
    qtbot.keyClicks(page.search, "nobody")
    assert page.ids() == ()
    assert page.pages.currentIndex() == 2


def test_thumbnails_come_by_themselves(filled: Path, window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: any(card.thumbnail for card in window.cards), timeout=30_000)


def test_enter_opens_and_the_videos_show_a_walking_person(
    filled: Path, window: MainWindow, qtbot: QtBot
) -> None:
    page = window.library_page
    qtbot.waitUntil(lambda: len(page.ids()) == 2)
    page.choose("walk1")
    qtbot.keyClick(page.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.reviewing, timeout=30_000)
    qtbot.waitUntil(lambda: window.state.measures is not None, timeout=60_000)
    assert window.desk.player.views == (View.SAGITTAL, View.CORONAL)
    # The clock stands at the first stride, and uses the offset that the gait tells.
    motion = window.state.motion
    assert window.desk.player.time_s >= min(s.start_s for s in motion.views.sagittal.strides) - 0.05
    assert window.desk.player.offset_s == motion.sync.offset_s


def test_play_step_and_events_by_keyboard(reviewed: MainWindow, qtbot: QtBot) -> None:
    player = reviewed.desk.player
    before = player.shown(View.SAGITTAL)
    press(qtbot, reviewed, Qt.Key.Key_Right)
    assert player.shown(View.SAGITTAL) == before + 1
    press(qtbot, reviewed, Qt.Key.Key_Left)
    assert player.shown(View.SAGITTAL) == before
    press(qtbot, reviewed, Qt.Key.Key_Space)
    assert player.playing
    qtbot.waitUntil(lambda: player.shown(View.SAGITTAL) > before + 3, timeout=20_000)
    press(qtbot, reviewed, Qt.Key.Key_Space)
    assert not player.playing
    press(qtbot, reviewed, Qt.Key.Key_Home)
    press(qtbot, reviewed, Qt.Key.Key_Period)
    events = sorted(e.time_s for g in reviewed.state.motion.views.sagittal.events for e in g.events)
    assert player.time_s == pytest.approx(events[0], abs=0.04)
    press(qtbot, reviewed, Qt.Key.Key_R)
    assert player.loop is not None
    assert reviewed.actions_by_name["player.loop"].isChecked()


def test_an_item_leads_to_its_frames_in_both_views(
    reviewed: MainWindow, qtbot: QtBot, number: Callable[..., int]
) -> None:
    state, desk = reviewed.state, reviewed.desk
    measure = next(m for m in state.measures.evgs.measures.right if m.evidence and m.item.view is View.SAGITTAL)
    state.select(measure.item.number, Side.RIGHT)
    frame = measure.evidence[0].frame
    other = desk.player.shown(View.CORONAL)
    for view, wanted in ((View.SAGITTAL, frame), (View.CORONAL, other)):
        frames = desk.views.frames.views[view]
        qtbot.waitUntil(lambda frames=frames, wanted=wanted: frames.shot(wanted) is not None, timeout=20_000)
        assert number(frames, wanted) == wanted
    times = [desk.player.track(view).own_time(desk.player.shown(view)) for view in View]
    assert times[1] - times[0] == pytest.approx(desk.player.offset_s, abs=0.021)
    assert desk.views.canvases[View.SAGITTAL].scene().evidence.evidence.frame == frame


def test_grades_by_keyboard_are_undone_saved_and_shown_in_the_list(reviewed: MainWindow, qtbot: QtBot) -> None:
    state = reviewed.state
    state.select(3, Side.LEFT)
    press(qtbot, reviewed, Qt.Key.Key_1)
    assert [(g.item, g.side, g.score) for g in state.document.grades] == [(3, Side.LEFT, 1)]
    before = state.measures
    press(qtbot, reviewed, Qt.Key.Key_Return)
    press(qtbot, reviewed, Qt.Key.Key_N)
    assert [g.score for g in state.document.grades] == [1, None]
    press(qtbot, reviewed, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [g.score for g in state.document.grades] == [1]
    # A grade is no reason to measure again.
    assert reviewed.jobs.get("measure") is None
    assert state.measures is before
    qtbot.waitUntil(lambda: state.is_saved, timeout=20_000)
    press(qtbot, reviewed, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert not reviewed.reviewing
    qtbot.waitUntil(lambda: any(card.state is SessionState.GRADING for card in reviewed.cards), timeout=20_000)
    (card,) = (card for card in reviewed.cards if card.state is SessionState.GRADING)
    assert "1 of 34 grades" in facts_of(card)


def test_the_next_session_is_a_key_away(reviewed: MainWindow, qtbot: QtBot) -> None:
    order = reviewed.library_page.ids()
    step = Qt.Key.Key_PageDown if order[0] == "walk1" else Qt.Key.Key_PageUp
    press(qtbot, reviewed, step, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: reviewed.state.document.session.id == "walk2", timeout=20_000)
    assert "not analysed" in reviewed.desk.banner.words.text()
    assert not reviewed.actions_by_name["session.report"].isEnabled()


def test_a_graded_session_is_signed_and_a_change_takes_the_signature_away(
    reviewed: MainWindow, qtbot: QtBot
) -> None:
    state = reviewed.state
    state.select(3, Side.LEFT)
    press(qtbot, reviewed, Qt.Key.Key_2)
    reviewed.actions_by_name["session.sign"].trigger()
    dialog = reviewed.dialog
    dialog.name.clear()
    assert not dialog.sign_button.isEnabled()
    dialog.name.setText("AB")
    assert "left 1 / 17" in dialog.words.text()
    with qtbot.waitSignal(reviewed.services.saving.signed, timeout=30_000):
        dialog.sign_button.click()
    with open_library() as library:
        assert [snapshot.who for snapshot in library.snapshots("walk1")] == ["AB"]
        assert {c.id: c.state for c in listing.list_cards(library)}["walk1"] is SessionState.SIGNED
    reviewed.desk.evgs.grade(0)
    assert reviewed.services.saving.save_now()
    with open_library() as library:
        assert {c.id: c.state for c in listing.list_cards(library)}["walk1"] is SessionState.GRADING


def test_the_recordings_of_a_session_are_a_key_apart(
    window: MainWindow, qtbot: QtBot, walker_document: Document
) -> None:
    data = walker_document.trials[0]
    front = replace(data.trial, id="t2", videos=ByView(None, data.trial.videos.coronal))
    two = replace(walker_document, trials=(data, TrialData(front, ByView(None, data.poses.coronal))))
    with open_library() as library:
        library.save_session(two)
    window.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: window.reviewing and window.state.measures is not None, timeout=60_000)
    press(qtbot, window, Qt.Key.Key_T)
    assert window.state.trial_id == "t2"
    assert window.desk.player.views == (View.CORONAL,)
    assert window.trials.currentIndex() == 1
    assert not window.desk.transport.offset.isVisible()
    press(qtbot, window, Qt.Key.Key_T)
    assert window.desk.player.views == (View.SAGITTAL, View.CORONAL)


def test_an_offset_set_by_a_person_is_kept_measured_with_and_taken_back(
    reviewed: MainWindow, qtbot: QtBot
) -> None:
    desk, state = reviewed.desk, reviewed.state
    estimated = desk.player.offset_s
    desk.transport.offset.setValue(estimated + 0.1)
    assert state.document.trials[0].trial.sync.offset_s == pytest.approx(estimated + 0.1, abs=1e-3)
    assert desk.player.offset_s == pytest.approx(estimated + 0.1, abs=1e-3)
    qtbot.waitUntil(lambda: state.motion.sync.source == "given", timeout=60_000)
    shown = desk.player.shown(View.CORONAL)
    qtbot.waitUntil(lambda: desk.views.canvases.coronal.painted_frame == shown, timeout=20_000)
    assert "Δ" in desk.transport.sync.text()
    desk.transport.estimate.trigger()
    qtbot.waitUntil(lambda: state.motion.sync.source != "given", timeout=60_000)
    assert desk.player.offset_s == pytest.approx(estimated, abs=1e-6)


def test_f8_in_both_views_sets_the_offset(reviewed: MainWindow, qtbot: QtBot) -> None:
    desk = reviewed.desk
    desk.views.set_active_view(View.SAGITTAL)
    desk.player.go_to_frame(View.SAGITTAL, 60)
    press(qtbot, reviewed, Qt.Key.Key_F8)
    desk.views.set_active_view(View.CORONAL)
    desk.player.go_to_frame(View.CORONAL, 70)
    press(qtbot, reviewed, Qt.Key.Key_F8)
    times = [desk.player.track(view).own_time(n) for view, n in ((View.SAGITTAL, 60), (View.CORONAL, 70))]
    assert reviewed.state.document.trials[0].trial.sync.offset_s == pytest.approx(times[1] - times[0], abs=1e-6)


def test_overlays_arrangements_and_key_images(reviewed: MainWindow, qtbot: QtBot) -> None:
    desk, alt = reviewed.desk, Qt.KeyboardModifier.AltModifier
    press(qtbot, reviewed, Qt.Key.Key_1, alt)
    assert "skeleton" not in desk.views.canvases.sagittal.overlays
    press(qtbot, reviewed, Qt.Key.Key_1, alt)
    assert "skeleton" in desk.views.canvases.coronal.overlays
    press(qtbot, reviewed, Qt.Key.Key_F6)
    assert [name for name, dock in desk.docks.items() if not dock.isHidden()] == ["evgs"]
    press(qtbot, reviewed, Qt.Key.Key_F5)
    assert not any(dock.isHidden() for dock in desk.docks.values())
    press(qtbot, reviewed, Qt.Key.Key_Insert)
    (image,) = reviewed.state.document.key_images
    assert image.frame == desk.player.shown(image.view)


def test_docks_remember_their_place(reviewed: MainWindow, qtbot: QtBot) -> None:
    reviewed.desk.docks["curves"].hide()
    reviewed.close()
    again = MainWindow()
    try:
        again.show()
        again.services.sessions.open("walk1")
        qtbot.waitUntil(lambda: again.reviewing, timeout=30_000)
        assert again.desk.docks["curves"].isHidden()
        assert not again.desk.docks["evgs"].isHidden()
    finally:
        again.close()
        again.deleteLater()


def test_the_report_is_offered_as_it_was_chosen_before(reviewed: MainWindow, qtbot: QtBot) -> None:
    from gaitviewer.gui.dialogs.report import ReportDialog

    reviewed.actions_by_name["session.report"].trigger()
    dialog = reviewed.dialog
    assert isinstance(dialog, ReportDialog)
    dialog.anonymous.setChecked(True)
    dialog.sections.item(4).setCheckState(Qt.CheckState.Unchecked)
    dialog.paper.setCurrentText("Letter")
    chosen = dialog.choices
    dialog.reject()
    reviewed.actions_by_name["session.report"].trigger()
    again = reviewed.dialog
    assert isinstance(again, ReportDialog)
    assert again is not dialog
    assert again.choices == chosen
    assert chosen.anonymous
    assert len(chosen.left_out) == 1
    again.reject()


def test_a_goniometer_by_mouse_becomes_a_value_of_the_item(reviewed: MainWindow, qtbot: QtBot) -> None:
    desk, state = reviewed.desk, reviewed.state
    state.select(8, Side.RIGHT)
    press(qtbot, reviewed, Qt.Key.Key_G)
    canvas = desk.views.canvases.sagittal
    for x, y in ((60, 60), (60, 120), (120, 120)):
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPointF(x, y).toPoint())
    (measure,) = state.document.hand_measures
    assert measure.value == pytest.approx(90, abs=1.5)
    assert (measure.tool, measure.item) == ("goniometer", None)
    press(qtbot, reviewed, Qt.Key.Key_A)
    assert (state.document.hand_measures[0].item, state.document.hand_measures[0].side) == (8, Side.RIGHT)
    press(qtbot, reviewed, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    press(qtbot, reviewed, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert state.document.hand_measures == ()
    assert canvas.toolbox.measures == ()


def test_dropped_videos_open_the_form(window: MainWindow, qtbot: QtBot, walker_document: Document) -> None:
    videos = walker_document.trials[0].trial.videos
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(v.path)) for v in (videos.sagittal, videos.coronal)])
    drop = QDropEvent(
        QPointF(10, 10),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(drop)
    assert window.dialog.objectName() == "new_session_dialog"
    assert len(window.dialog.table.paths()) == 2


def estimate_from(walker: Document) -> Callable[..., Document]:
    def estimate(document: Document, **how: Any) -> Document:
        how["tick"](0.5, "half way")
        trials = [replace(data, poses=walker.trials[0].poses) for data in document.trials]
        return replace(document, trials=tuple(trials))

    return estimate


def test_analysis_runs_behind_and_its_result_is_shown_and_kept(
    open_session: OpenSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, walker_document: Document
) -> None:
    from gaitviewer.workflow.analysis import run as analysis_run

    monkeypatch.setattr(analysis_run, "estimate_poses", estimate_from(walker_document))
    window = open_session("walk2")
    window.desk.banner.button.click()
    assert not window.desk.banner.isVisible()
    qtbot.waitUntil(lambda: window.state.measures is not None, timeout=30_000)
    assert stored("walk2").trials[0].poses.sagittal is not None


def test_a_failing_analysis_says_so_and_leaves_the_session(
    open_session: OpenSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(document: Document, **how: Any) -> Document:
        raise PoseError(message("error.pose.nobody", file="walk-side.mp4"))

    from gaitviewer.workflow.analysis import run as analysis_run

    monkeypatch.setattr(analysis_run, "estimate_poses", fail)
    window = open_session("walk2")
    before = window.state.document
    window.actions_by_name["session.analyse"].trigger()
    qtbot.waitUntil(lambda: window.dialog is not None, timeout=30_000)
    assert "No person was found in walk-side.mp4" in window.dialog.text()
    assert "NothingFoundError" in window.dialog.detailedText()
    assert window.state.document is before
    window.dialog.copy()


def test_a_cancelled_analysis_leaves_the_session_and_can_be_started_again(
    open_session: OpenSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    from gaitviewer.workflow.analysis import run as analysis_run

    def endless(document: Document, **how: Any) -> Document:
        for beat in range(2000):
            how["tick"](
                min(0.9, beat / 100), message("progress.pose", video="walk-side.mp4", frames=0, total=100)
            )
            time.sleep(0.01)
        raise AssertionError("never cancelled")

    monkeypatch.setattr(analysis_run, "estimate_poses", endless)
    window = open_session("walk2")
    before = window.state.document
    window.desk.banner.button.click()
    qtbot.waitUntil(lambda: "walk-side.mp4" in window.job_bar.words.text(), timeout=20_000)
    # Time estimate, and the window is alive meanwhile: a frame can be stepped to.
    qtbot.waitUntil(lambda: "left" in window.job_bar.words.text(), timeout=20_000)
    window.desk.player.step(1)
    assert window.desk.player.shown(View.SAGITTAL) == 1
    window.job_bar.stop.click()
    qtbot.waitUntil(lambda: not window.services.analysis.analysing and not window.jobs._threads, timeout=20_000)
    qtbot.waitUntil(window.desk.banner.isVisible, timeout=20_000)
    assert window.state.document is before
    assert window.dialog is None


def test_a_missing_video_is_said_searched_and_checked(
    window: MainWindow, qtbot: QtBot, walker_document: Document, tmp_path: Path
) -> None:
    data = walker_document.trials[0]
    videos = data.trial.videos
    gone = ByView(replace(videos.sagittal, path=tmp_path / "moved.mp4"), videos.coronal)
    lost = replace(walker_document, trials=(replace(data, trial=replace(data.trial, videos=gone)),))
    with open_library() as library:
        library.save_session(lost)
    window.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: window.reviewing and window.state.measures is not None, timeout=60_000)
    assert "moved.mp4" in window.desk.banner.words.text()
    # The other view can be used.
    coronal = window.desk.views.frames.views.coronal
    window.desk.player.go_to_frame(View.CORONAL, 5)
    qtbot.waitUntil(lambda: coronal.shot(5) is not None, timeout=20_000)
    window.missing.take("t1", View.SAGITTAL, videos.coronal.path)
    qtbot.waitUntil(lambda: window.dialog is not None, timeout=20_000)
    assert "digest differs" in window.dialog.text()
    window.missing.take("t1", View.SAGITTAL, videos.sagittal.path)
    qtbot.waitUntil(lambda: not window.desk.banner.isVisible(), timeout=20_000)
    sagittal = window.desk.views.frames.views.sagittal
    window.desk.player.go_to_frame(View.SAGITTAL, 7)
    qtbot.waitUntil(lambda: sagittal.shot(7) is not None, timeout=20_000)


def test_a_session_that_cannot_be_measured_opens_all_the_same(
    window: MainWindow, qtbot: QtBot, walker_document: Document
) -> None:
    data = walker_document.trials[0]
    pose = data.poses.sagittal
    still = replace(pose, xy=pose.xy[:1].repeat(len(pose), axis=0))
    stood = replace(walker_document, trials=(TrialData(data.trial, ByView(still, None)),))
    with open_library() as library:
        library.save_session(stood)
    window.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: window.dialog is not None, timeout=60_000)
    assert window.reviewing
    assert window.state.measures is None
