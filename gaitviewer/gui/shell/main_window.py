"""The window: library and review desk, menus, what opens and closes, what is kept for the next start."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QToolBar,
    QWidget,
)

from gaitviewer import paths
from gaitviewer.errors import DamagedLibraryError
from gaitviewer.gui.dialogs.opener import Dialogs
from gaitviewer.gui.model.documents import title_of
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.model.window_file import open_window_file
from gaitviewer.gui.panels.common.trial_box import TrialBox
from gaitviewer.gui.panels.library.page import LibraryPage
from gaitviewer.gui.services.job_bar import JobBar
from gaitviewer.gui.services.jobs import JobFailure, Jobs
from gaitviewer.gui.services.services import Services
from gaitviewer.gui.shell.actions import Actions, fill_menus
from gaitviewer.gui.shell.prepare import prepare
from gaitviewer.gui.shell.signature_note import SignatureNote
from gaitviewer.gui.widgets import theme_choice
from gaitviewer.gui.widgets.field_keys import FieldKeys
from gaitviewer.gui.widgets.focus_keys import ControlKeys
from gaitviewer.gui.widgets.keys import load_keys
from gaitviewer.gui.widgets.plain import PlainLabel
from gaitviewer.gui.widgets.translation import say_sentence
from gaitviewer.util import private
from gaitviewer.workflow.sessions.listing import SessionState

if TYPE_CHECKING:
    from gaitviewer.core.document import Document
    from gaitviewer.core.gait import View
    from gaitviewer.core.progress import Tick
    from gaitviewer.gui.shell.desk import Desk


class MainWindow(QMainWindow):
    """Library page, review page, actions, jobs.

    Attributes:
        state, jobs: the open session, background work.   services: what takes time.
        library_page: the start page.   actions_by_name: all actions.   dialogs: what is asked.

    Signals:
        crashed: a fault of the program was written down (sentence); may come from any thread.
    """

    crashed = Signal(str)

    def __init__(self, *, library: Path | None = None) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setAcceptDrops(True)
        self.setMinimumSize(900, 560)
        self.resize(1280, 720)
        self.state: AppState = AppState()
        self.jobs = Jobs(self)
        self.services: Services = Services(self.state, self.jobs, library=library, parent=self)
        self.cards: tuple[Any, ...] = ()
        self._told_damaged: set[str] = set()
        self._desk: Desk | None = None
        self._ready = False
        self._placed = False
        self._settings = open_window_file()
        self.dialogs = Dialogs(self, self.services, self._settings)
        self.dialogs.keys_changed.connect(self._use_keys)
        self.bindings = load_keys()
        self.fields = FieldKeys(self)
        self.controls = ControlKeys(self)
        self.pages = QStackedWidget()
        self.setCentralWidget(self.pages)
        self.library_page: LibraryPage = LibraryPage(self.jobs)
        self.pages.addWidget(self.library_page)
        self.actions_by_name = Actions(self, self.bindings)
        self.menus = fill_menus(self.menuBar(), self.actions_by_name, self.bindings)
        self._build_bars()
        self._connect()
        self._restore()
        self._show_page(self.library_page)

    def _build_bars(self) -> None:
        bar = QToolBar(self.tr("Session"))
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        names = (
            *("session.library", "", "session.analyse", "models.ask", "session.report", ""),
            *("edit.undo", "edit.redo", ""),
            *("overlay.skeleton", "overlay.angles", "overlay.trails", "overlay.posture", "overlay.events"),
            *("overlay.mask", "overlay.saliency", "", "tool.goniometer", "tool.vertical", "tool.distance"),
            *("player.add_key_image", "", "view.superpose", "view.fit", "view.full_screen", ""),
            *("window.review", "window.grade", "window.models"),
        )
        for name in names:
            if name:
                bar.addAction(self.actions_by_name[name])
            else:
                bar.addSeparator()
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(gap)
        self.trials = TrialBox(self.state)
        self._trials_action = bar.addWidget(self.trials)
        self.addToolBar(bar)
        self.toolbar = bar
        self.saved_words = PlainLabel(name="saved_words", quiet=True)
        self.statusBar().setObjectName("status_bar")
        self.statusBar().addWidget(self.saved_words)
        self.job_bar = JobBar(self.jobs)
        self.statusBar().addPermanentWidget(self.job_bar)
        self.statusBar().addPermanentWidget(SignatureNote(self.state, self.services.saving))

    def _connect(self) -> None:
        page, services, state = self.library_page, self.services, self.state
        page.open_asked.connect(services.sessions.open)
        page.new_asked.connect(self.dialogs.new_session)
        page.demo_asked.connect(services.sessions.make_demo)
        services.listing.listed.connect(self._show_cards)
        services.listing.pictured.connect(self._show_picture)
        services.sessions.opened.connect(self._show_session)
        services.analysis.analysed.connect(lambda _: self._after_analysis())
        services.inference.changed.connect(self._refresh)
        services.saving.conflicted.connect(self.dialogs.ask_conflict)
        services.saving.unsaved.connect(self.dialogs.ask_unsaved)
        services.saving.troubled.connect(self._show_trouble)
        services.told.connect(self.dialogs.show_failure)
        self.jobs.failed.connect(self._job_failed)
        self.crashed.connect(
            lambda words: self.dialogs.show_failure(self.tr("A fault of the program"), words),
            Qt.ConnectionType.QueuedConnection,
        )
        for signal in (
            *(state.session_changed, state.document_changed, state.measures_changed, state.trial_changed),
            *(state.selection_changed, state.saved_changed),
        ):
            signal.connect(self._refresh)
        state.settings_changed.connect(self.use_settings)

    # --- starting ------------------------------------------------------------------------------------

    def showEvent(self, event: Any) -> None:  # noqa: N802  Qt's name
        """The library is read when the window is there, not before."""
        super().showEvent(event)
        if not self._ready:
            self._ready = True
            QTimer.singleShot(0, self.services.listing.list_sessions)
            QTimer.singleShot(30, lambda: prepare(self))

    @property
    def has_desk(self) -> bool:
        """Whether the review page was made."""
        return self._desk is not None

    @property
    def desk(self) -> Desk:
        """The review page, made when it is first needed."""
        if self._desk is None:
            from gaitviewer.gui.dialogs.missing_video import MissingVideos
            from gaitviewer.gui.panels.key_frames.panel import KeyImagesPanel
            from gaitviewer.gui.panels.key_frames.pictures import KeyPictures
            from gaitviewer.gui.shell.analysis_note import AnalysisNote
            from gaitviewer.gui.shell.desk import Desk  # pyqtgraph and the panels: not before they are needed

            desk = self._desk = Desk(self.state, self.actions_by_name)
            self.pages.addWidget(desk)
            desk.changed.connect(self._refresh)
            self.analysis_note = AnalysisNote(self.services, desk.banner, desk.views)
            desk.facts_asked.connect(self.dialogs.change_facts)
            desk.points.follow_asked.connect(self._follow_point)
            self.fields.given_up.connect(desk.leave_field)
            key_images = desk.panels["key_images"]
            assert isinstance(key_images, KeyImagesPanel)
            self.key_pictures = KeyPictures(self.state, self.jobs, key_images)
            self.missing = MissingVideos(self, self.services, desk.banner, desk.views)
            self.state.trial_changed.connect(self.services.measuring.load_masks)
            self.services.measuring.masked.connect(self._show_masks)
            self.menus["Window"].addActions([dock.toggleViewAction() for dock in desk.docks.values()])
        return self._desk

    def _follow_point(self, view: View, frame: int, point: int) -> None:
        """Follow a point on through the video, in the background."""
        document, trial = self.state.document, self.state.trial_id
        if document is None:
            return

        def work(tick: Tick) -> Document:
            from gaitviewer.workflow.sessions.following import track_on

            return track_on(document, trial, view, frame, [point], tick=tick)

        title = self.tr("Following a point")
        done = partial(self.desk.points.take_followed, document)
        self.jobs.start("follow", work, title=title, done=done)

    def _place_desk(self) -> None:
        """Put the panels where they were, once the page has its size."""
        if not self._placed:
            self._placed = True
            docks, splitter = self._settings.value("desk/docks"), self._settings.value("desk/splitter")
            kept = docks is not None and splitter is not None and self.desk.restore_layout(docks, splitter)
            if not kept:
                QTimer.singleShot(0, lambda: self.desk.arrange("review"))

    @property
    def reviewing(self) -> bool:
        """Whether a session is on the screen."""
        return self._desk is not None and self.pages.currentWidget() is self._desk

    def _restore(self) -> None:
        geometry = self._settings.value("window/geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)

    def use_settings(self) -> None:
        """Theme and colours as the user chose them."""
        theme_choice.apply_theme(self.state.settings)

    # --- pages ---------------------------------------------------------------------------------------

    def _show_page(self, page: QWidget) -> None:
        self.pages.setCurrentWidget(page)
        self.toolbar.setVisible(page is not self.library_page)
        self._refresh()

    def _show_cards(self, cards: tuple[Any, ...]) -> None:
        self.cards = cards
        self.library_page.say(self._home_words())
        self.library_page.set_cards(cards)
        if not self.reviewing and not self.library_page.search.hasFocus():
            self.library_page.focus_list()
        self._tell_damage(cards)
        whole = (card for card in cards if card.state is not SessionState.DAMAGED)
        self.services.listing.draw_thumbnails(tuple(card.id for card in whole if card.thumbnail is None))

    def _tell_damage(self, cards: tuple[Any, ...]) -> None:
        """Which sessions cannot be read, once for each; the others can be opened all the same."""
        lost = {card.id: card.subject or card.id for card in cards if card.state is SessionState.DAMAGED}
        if set(lost) <= self._told_damaged:
            return
        self._told_damaged |= set(lost)
        words = self.tr(
            "{n} of {all} sessions cannot be read, because a part of the library is damaged: {names}. The "
            "others can be opened."
        )
        names = ", ".join(lost.values())
        self.dialogs.offer_copy(words.format(n=len(lost), all=len(cards), names=names))

    def _show_picture(self, session_id: str) -> None:
        from dataclasses import replace

        from gaitviewer.workflow.sessions.thumbnails import thumbnail_file

        self.cards = tuple(
            replace(card, thumbnail=thumbnail_file(card.id)) if card.id == session_id else card
            for card in self.cards
        )
        self.library_page.refresh_picture(session_id, self.cards)

    def show_library(self) -> None:
        """Close the session once it is saved, show the list."""
        self.services.saving.when_saved(self._show_library)

    def _show_library(self) -> None:
        before = self.state.document
        self.services.sessions.close()
        self._show_page(self.library_page)
        self.services.listing.list_sessions()
        if before is not None:
            self.library_page.choose(before.session.id)
        self.library_page.focus_list()

    def _home_words(self) -> str:
        """What cannot be written here, and what that means; "" if everything can."""
        if self.services.library.read_only:
            return self._read_only_words()
        folder = self.services.library.file.parent
        if not private.can_be_written(folder):
            words = self.tr(
                "No session can be made here: {folder} cannot be written. Make it writable, or start the "
                "program with another library (--library) or another home (GAITVIEWER_HOME)."
            )
            return words.format(folder=folder)
        own = (paths.config_dir(), paths.cache_dir())
        lost = [folder for folder in own if not private.can_be_written(folder)]
        words = self.tr(
            "Sessions are saved, but settings and intermediate results are not kept, because this cannot be "
            "written: {folders}."
        )
        return words.format(folders=", ".join(map(str, lost))) if lost else ""

    def _read_only_words(self) -> str:
        return self.tr("The library is read-only: look, measure and export, but nothing will be saved.")

    def _show_session(self) -> None:
        document = self.state.document
        if document is None:
            return
        desk = self.desk
        desk.banner.clear()
        if self.services.library.read_only:
            desk.banner.say("read only", self._read_only_words(), level="warning")
        self._show_page(desk)
        self._place_desk()
        self.services.measuring.load_masks()
        desk.canvas.setFocus()
        self.missing.look()
        self.analysis_note.offer()

    def _show_trouble(self, sentence: str) -> None:
        """What was edited cannot be saved for the moment, or can be again."""
        self._refresh()
        if self._desk is None:
            return
        if sentence:
            words = self.tr("{trouble} Your edits are kept in this window and tried again by themselves.")
            self._desk.banner.say("save", words.format(trouble=sentence), level="warning")
        else:
            self._desk.banner.forget("save")

    # --- one session ---------------------------------------------------------------------------------

    def _after_analysis(self) -> None:
        if self.reviewing:
            self.services.measuring.load_masks()
        else:
            self.services.listing.list_sessions()

    def _show_masks(self, trial: str, masks: Any) -> None:
        if self._desk is not None and self.state.trial_id == trial:
            self._desk.views.set_masks(masks)

    @property
    def dialog(self) -> QDialog | None:
        """The dialog that is open."""
        return self.dialogs.current

    def _use_keys(self) -> None:
        self.bindings = load_keys()
        self.actions_by_name.set_keys(self.bindings)

    def _job_failed(self, failure: JobFailure) -> None:
        if issubclass(failure.kind, DamagedLibraryError):
            from gaitviewer.workflow.sessions.queries import without_offer

            self.dialogs.offer_copy(say_sentence(without_offer(failure.message)))
        else:
            self.dialogs.show_failure(failure.title, say_sentence(failure.message), failure.details)

    def ask_about(self, sessions: Iterable[str]) -> None:
        """Ask all models about sessions of the list."""
        names = {card.id: card.subject for card in self.cards if card.state is not SessionState.DAMAGED}
        asked = [(one, names[one]) for one in sessions if one in names]
        self.services.inference.ask_sessions(asked)
        if not asked:
            self.statusBar().showMessage(self.tr("There is no session to ask about."), 4000)

    # --- showing what is ------------------------------------------------------------------------------

    def _refresh(self) -> None:
        if self.jobs.closing:  # what is taken down tells so, too
            return
        self.actions_by_name.refresh()
        document = self.state.document
        if document is None:
            self.setWindowTitle("GaitViewer")
            self.saved_words.setText("")
        else:
            self.setWindowTitle(title_of(document))
            self.saved_words.setText(self._saved_words())
        self.setWindowModified(document is not None and not self.state.is_saved)
        self._trials_action.setVisible(document is not None and len(document.trials) > 1)

    def _saved_words(self) -> str:
        if self.state.is_saved:
            return self.tr("saved")
        if self.services.library.read_only:
            return self.tr("not saved: read-only")
        return self.tr("not saved: trying again") if self.services.saving.trouble else self.tr("not saved yet")

    # --- drops, closing ------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Videos and folders of videos may be dropped."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """A new session of what was dropped."""
        from gaitviewer.gui.dialogs.recordings_table import videos_in

        videos = videos_in(Path(url.toLocalFile()) for url in event.mimeData().urls())
        event.acceptProposedAction()
        if videos:
            self.dialogs.new_session(videos)
        else:
            self.statusBar().showMessage(self.tr("There is no video in what was dropped."), 4000)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Save, keep the places, end all work."""
        self.fields.finish()
        if not self.services.saving.save_now():
            event.ignore()
            self.services.saving.when_saved(self.close)
            return
        self._settings.setValue("window/geometry", self.saveGeometry())
        if self._desk is not None:
            if self._placed:
                docks, splitter = self._desk.layout_state()
                self._settings.setValue("desk/docks", docks)
                self._settings.setValue("desk/splitter", splitter)
            self._desk.close_videos()
        self._settings.sync()
        self.jobs.shutdown()
        self.services.inference.close()
        super().closeEvent(event)
