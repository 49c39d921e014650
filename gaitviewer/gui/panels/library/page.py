"""The start page: all sessions with picture and state, found by typing, opened by Enter."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.gui.panels.library.cards import CARD_ROLE, CardFilter, CardModel, CardPainter, state_words
from gaitviewer.gui.services.jobs import Job, Jobs
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel
from gaitviewer.gui.widgets.translation import say_sentence
from gaitviewer.workflow.sessions.listing import SessionCard, SessionState


class LibraryPage(QWidget):
    """All sessions, or what to do where there are none.

    Signals:
        open_asked: open this session (id).
        new_asked, demo_asked: make a new session; make the demo session.
        folder_asked: choose another library file.
    """

    open_asked = Signal(str)
    new_asked = Signal()
    demo_asked = Signal()

    def __init__(self, jobs: Jobs | None = None, parent: QWidget | None = None) -> None:
        """Say of ``jobs`` when a session is being made."""
        super().__init__(parent)
        self.setObjectName("library_page")
        self.setAccessibleName(self.tr("Sessions"))
        self.model = CardModel(self)
        self.filter = CardFilter(self)
        self.filter.setSourceModel(self.model)
        self._painter = CardPainter(self)
        self._build()
        theme.notifier().changed.connect(self.update)
        if jobs is not None:
            jobs.changed.connect(self._follow)

    def _follow(self, job: Job[Any]) -> None:
        """While a session is being made: what is done and how far it is, and no second one is begun."""
        if job.key != "create":
            return
        making = not job.state.ended and not job.cancelled
        for button in (self.new_button, self.demo_button, *self.empty_buttons):
            button.setEnabled(not making)
        for button in self.empty_buttons:
            button.setVisible(not making)
        self.making.setVisible(making)
        self.making.setRange(0, 1000 if job.fraction > 0 else 0)
        self.making.setValue(round(1000 * job.fraction))
        self.empty_head.setText(job.title if making else self.tr("No sessions yet"))
        self.empty_words.setText((say_sentence(job.note) or "…") if making else self._welcome())

    def _welcome(self) -> str:
        return self.tr(
            "Drop the videos of a walk on this window: one from the side, one from the front or the back, "
            "or only one of them.\nThe program finds the person, the steps and the joint angles, and lays "
            "the evidence for the gait score before you.\n\nTo look around first, open the demo session: "
            "a walker that the program draws and films itself."
        )

    def _build(self) -> None:
        middle = QWidget()
        middle.setMaximumWidth(1040)
        column = QVBoxLayout(middle)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(10)
        column.addLayout(self._build_head())
        self.notice = PlainLabel(name="library_notice", wraps=True, selectable=True)
        self.notice.setProperty("warning", "true")
        self.notice.hide()
        column.addWidget(self.notice)
        column.addLayout(self._build_search())
        self.pages = QStackedWidget()
        self.pages.addWidget(self._build_list())
        self.pages.addWidget(self._build_empty())
        self.pages.addWidget(self._build_nothing_found())
        column.addWidget(self.pages, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(middle, 20)
        row.addStretch(1)

    def _build_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        title = PlainLabel(self.tr("Sessions"))
        title.setFont(theme.font("title"))
        self.count = PlainLabel(quiet=True)
        self.new_button = QPushButton(self.tr("New session…"))
        self.new_button.setObjectName("library_new")
        self.new_button.setProperty("primary", "true")
        self.new_button.clicked.connect(self.new_asked)
        self.demo_button = QPushButton(self.tr("Demo session"))
        self.demo_button.setObjectName("library_demo")
        self.demo_button.setToolTip(self.tr("Film and analyse the program's own walker"))
        self.demo_button.clicked.connect(self.demo_asked)
        row.addWidget(title)
        row.addSpacing(10)
        row.addWidget(self.count)
        row.addStretch(1)
        row.addWidget(self.demo_button)
        row.addWidget(self.new_button)
        return row

    def _build_search(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.search = QLineEdit()
        self.search.setObjectName("library_search")
        self.search.setAccessibleName(self.tr("Search the sessions"))
        self.search.setPlaceholderText(self.tr("Search: pseudonym, date, state"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._narrow)
        self.search.returnPressed.connect(self.open_current)
        row.addWidget(self.search, 1)
        self.chips: dict[SessionState, QToolButton] = {}
        for state in SessionState:
            chip = QToolButton()
            chip.setText(state_words(state))
            chip.setCheckable(True)
            chip.setObjectName(f"library_chip_{state.value}")
            chip.setAccessibleName(self.tr("Only sessions that are {state}").format(state=chip.text()))
            chip.toggled.connect(self._narrow)
            row.addWidget(chip)
            self.chips[state] = chip
        return row

    def _build_list(self) -> QListView:
        self.list = QListView()
        self.list.setObjectName("library_list")
        self.list.setAccessibleName(self.tr("Sessions"))
        self.list.setModel(self.filter)
        self.list.setItemDelegate(self._painter)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setStyleSheet("QListView { border: none; background: transparent; }")
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.activated.connect(lambda index: self._open(index))
        return self.list

    def _build_empty(self) -> QWidget:
        page = QWidget()
        page.setObjectName("library_empty")
        column = QVBoxLayout(page)
        column.addStretch(2)
        head = self.empty_head = PlainLabel(self.tr("No sessions yet"))
        head.setFont(theme.font("title"))
        words = self.empty_words = PlainLabel(self._welcome())
        self.making = QProgressBar()
        self.making.setObjectName("library_making")
        self.making.setAccessibleName(self.tr("How far the new session is"))
        self.making.setTextVisible(False)
        self.making.setMaximumHeight(12)
        self.making.hide()
        words.setWordWrap(True)
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        buttons = QHBoxLayout()
        new = QPushButton(self.tr("New session…"))
        new.setProperty("primary", "true")
        new.setObjectName("library_empty_new")
        new.clicked.connect(self.new_asked)
        demo = QPushButton(self.tr("Open the demo session"))
        demo.setObjectName("library_empty_demo")
        demo.clicked.connect(self.demo_asked)
        self.empty_buttons = (new, demo)
        buttons.addStretch(1)
        buttons.addWidget(demo)
        buttons.addWidget(new)
        buttons.addStretch(1)
        # A box of fixed width: the height of wrapped words follows from it.
        box = QWidget()
        box.setFixedWidth(580)
        inner = QVBoxLayout(box)
        inner.setSpacing(16)
        head.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inner.addWidget(head)
        inner.addWidget(words)
        inner.addWidget(self.making)
        inner.addLayout(buttons)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(box)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(3)
        return page

    def _build_nothing_found(self) -> QLabel:
        label = PlainLabel(self.tr("No session matches. Clear the search or the states chosen."), quiet=True)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return label

    # --- sessions ------------------------------------------------------------------------------------

    def say(self, words: str) -> None:
        """Say above the list what does not work here; "" if everything does."""
        self.notice.setText(words)
        self.notice.setVisible(bool(words))

    def set_cards(self, cards: tuple[SessionCard, ...]) -> None:
        """Show these sessions; the one chosen stays chosen."""
        chosen = self.current_id()
        self.model.set_cards(cards)
        if not self._any_damaged():
            self.chips[SessionState.DAMAGED].setChecked(False)
        self._narrow()
        self.choose(chosen)

    def refresh_picture(self, session_id: str, cards: tuple[SessionCard, ...]) -> None:
        """A thumbnail is there now."""
        self._painter.forget(session_id)
        self.set_cards(cards)

    def _narrow(self) -> None:
        chosen = self.current_id()
        states = {state for state, chip in self.chips.items() if chip.isChecked()}
        self.filter.narrow(self.search.text(), states)
        total, shown = self.model.rowCount(), self.filter.rowCount()
        self.pages.setCurrentIndex(1 if total == 0 else 2 if shown == 0 else 0)
        for widget in (self.search, *self.chips.values()):
            widget.setVisible(total > 0)
        self.chips[SessionState.DAMAGED].setVisible(self._any_damaged())
        for button in (self.new_button, self.demo_button):
            button.setVisible(total > 0)
        self.count.setText("" if total == 0 else f"{shown} / {total}" if shown != total else str(total))
        self.choose(chosen)

    def _any_damaged(self) -> bool:
        return any(card.state is SessionState.DAMAGED for card in self.model.cards)

    def ids(self) -> tuple[str, ...]:
        """The sessions that are shown, in order."""
        return tuple(self.filter.index(n, 0).data(CARD_ROLE).id for n in range(self.filter.rowCount()))

    def current_id(self) -> str:
        """The session chosen, "" if none."""
        index = self.list.currentIndex()
        return index.data(CARD_ROLE).id if index.isValid() else ""

    def choose(self, session_id: str) -> None:
        """Choose a session; the first one where it is not shown."""
        names = self.ids()
        if names:
            row = names.index(session_id) if session_id in names else 0
            self.list.setCurrentIndex(self.filter.index(row, 0))

    def neighbour(self, session_id: str, step: int) -> str:
        """The session ``step`` places after another one, "" beyond the ends."""
        names = self.ids()
        if session_id not in names:
            return names[0] if names else ""
        row = names.index(session_id) + step
        return names[row] if 0 <= row < len(names) else ""

    def open_current(self) -> None:
        """Open the session chosen."""
        if self.current_id():
            self.open_asked.emit(self.current_id())

    def _open(self, index: QModelIndex) -> None:
        self.open_asked.emit(index.data(CARD_ROLE).id)

    def focus_list(self) -> None:
        """Put the keyboard on the list, or on the way in."""
        (self.list if self.model.rowCount() else self.new_button).setFocus()
