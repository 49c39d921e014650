"""The start page: all sessions with picture and state, found by typing, opened by Enter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QModelIndex,
    QRect,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.gui import theme
from gaitviewer.workflow.session import SessionState

if TYPE_CHECKING:
    from gaitviewer.workflow.session import SessionCard

CARD_ROLE = Qt.ItemDataRole.UserRole + 1
_ROW_PX = 92
_PICTURE = QSize(116, 72)

_CHIP_COLOURS = {
    SessionState.NEW: "muted",
    SessionState.ANALYSED: "note",
    SessionState.CORRECTED: "model",
    SessionState.GRADED: "warning",
    SessionState.REVIEWED: "good",
    SessionState.SIGNED: "accent",
}


def state_words(state: SessionState) -> str:
    """A state in the user's language."""
    tr = QCoreApplication.translate
    return {
        SessionState.NEW: tr("Library", "new"),
        SessionState.ANALYSED: tr("Library", "analysed"),
        SessionState.CORRECTED: tr("Library", "corrected"),
        SessionState.GRADED: tr("Library", "graded"),
        SessionState.REVIEWED: tr("Library", "reviewed"),
        SessionState.SIGNED: tr("Library", "signed"),
    }[state]


class CardModel(QAbstractListModel):
    """The sessions of the library."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: tuple[SessionCard, ...] = ()

    def set_cards(self, cards: tuple[SessionCard, ...]) -> None:
        """Show these sessions."""
        self.beginResetModel()
        self.cards = cards
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802  Qt's name
        """Number of sessions."""
        return len(self.cards)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for people and screen readers; the card itself for the painter."""
        card = self.cards[index.row()]
        if role == CARD_ROLE:
            return card
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{card.subject}, {facts_of(card)}, {state_words(card.state)}"
        return None


def facts_of(card: SessionCard) -> str:
    """Visit, recordings and grades in one line."""
    tr = QCoreApplication.translate
    when = card.when.isoformat() if card.when else tr("Library", "no date")
    recordings = tr("Library", "{n} recording") if card.trials == 1 else tr("Library", "{n} recordings")
    words = [when, recordings.format(n=card.trials)]
    if card.grades:
        words.append(tr("Library", "{n} grades").format(n=card.grades))
    return "  ·  ".join(words)


class CardFilter(QSortFilterProxyModel):
    """Sessions that match the words typed and the states chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words: list[str] = []
        self.states: set[SessionState] = set()

    def narrow(self, text: str, states: set[SessionState]) -> None:
        """Show what contains every word, in one of the states (all where none is chosen)."""
        self.words = text.lower().split()
        self.states = states
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:  # noqa: N802
        """Whether a session is shown."""
        model = self.sourceModel()
        card = model.data(model.index(row, 0), CARD_ROLE)
        text = f"{card.subject} {facts_of(card)} {card.id} {state_words(card.state)}".lower()
        return all(word in text for word in self.words) and (not self.states or card.state in self.states)


class CardPainter(QStyledItemDelegate):
    """Paints a session: picture, name, facts, state."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: dict[str, QPixmap] = {}

    def forget(self, session_id: str) -> None:
        """Read a picture anew."""
        self._pictures.pop(session_id, None)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802
        """One row."""
        return QSize(320, _ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """One session."""
        card: SessionCard = index.data(CARD_ROLE)
        colours = theme.palette()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect).adjusted(4, 4, -4, -4)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        fill = "selection" if selected else "hover" if hovered else "raised"
        painter.setPen(QPen(colours.colour("accent" if selected else "border"), 1))
        painter.setBrush(colours.colour(fill))
        painter.drawRoundedRect(box, 6, 6)
        picture = QRect(int(box.left()) + 6, int(box.top()) + 6, _PICTURE.width(), _PICTURE.height())
        self._paint_picture(painter, picture, card)
        chip_left = self._paint_chip(painter, box, card)
        left = picture.right() + 16
        room = QRect(left, int(box.top()) + 14, chip_left - left - 12, 26)
        painter.setPen(colours.colour("selection_text" if selected else "text"))
        self._paint_words(painter, room, card.subject, "heading")
        painter.setPen(colours.colour("selection_text" if selected else "muted"))
        self._paint_words(painter, room.translated(0, 28), facts_of(card), "body")
        painter.restore()

    def _paint_words(self, painter: QPainter, room: QRect, words: str, kind: str) -> None:
        painter.setFont(theme.font(kind))
        short = QFontMetrics(painter.font()).elidedText(words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), short)

    def _paint_picture(self, painter: QPainter, where: QRect, card: SessionCard) -> None:
        colours = theme.palette()
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(where), 4, 4)
        painter.save()
        painter.setClipPath(outline)
        painter.fillRect(where, colours.colour("canvas"))
        pixmap = self._picture(card)
        if pixmap.isNull():
            theme.icon("person", "muted").paint(painter, where.adjusted(36, 16, -36, -16))
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(where, pixmap)
        painter.restore()

    def _picture(self, card: SessionCard) -> QPixmap:
        known = self._pictures.get(card.id)
        if known is None:
            known = QPixmap(str(card.thumbnail)) if card.thumbnail is not None else QPixmap()
            self._pictures[card.id] = known
        return known

    def _paint_chip(self, painter: QPainter, box: QRectF, card: SessionCard) -> int:
        """The state as a coloured pill; returns its left edge."""
        colours = theme.palette()
        words = state_words(card.state)
        painter.setFont(theme.font("small"))
        width = QFontMetrics(painter.font()).horizontalAdvance(words) + 22
        chip = QRectF(box.right() - width - 16, box.center().y() - 11, width, 22)
        colour = colours.colour(_CHIP_COLOURS[card.state])
        painter.setPen(QPen(colour, 1))
        painter.setBrush(colours.colour(_CHIP_COLOURS[card.state], 0.12))
        painter.drawRoundedRect(chip, 11, 11)
        painter.setPen(colour)
        painter.drawText(chip, int(Qt.AlignmentFlag.AlignCenter), words)
        return int(chip.left())


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

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("library_page")
        self.setAccessibleName(self.tr("Sessions"))
        self.model = CardModel(self)
        self.filter = CardFilter(self)
        self.filter.setSourceModel(self.model)
        self._painter = CardPainter(self)
        self._build()
        theme.notifier().changed.connect(self.update)

    def _build(self) -> None:
        middle = QWidget()
        middle.setMaximumWidth(1040)
        column = QVBoxLayout(middle)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(10)
        column.addLayout(self._build_head())
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
        title = QLabel(self.tr("Sessions"))
        title.setFont(theme.font("title"))
        self.count = QLabel()
        self.count.setProperty("quiet", "true")
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
        head = QLabel(self.tr("No sessions yet"))
        head.setFont(theme.font("title"))
        words = QLabel(
            self.tr(
                "Drop the videos of a walk on this window: one from the side, one from the front or the back, "
                "or only one of them.\nThe program finds the person, the steps and the joint angles, and lays "
                "the evidence for the gait score before you.\n\nTo look around first, open the demo session: "
                "a walker that the program draws and films itself."
            )
        )
        words.setWordWrap(True)
        words.setMaximumWidth(620)
        words.setMinimumWidth(420)
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        buttons = QHBoxLayout()
        new = QPushButton(self.tr("New session…"))
        new.setProperty("primary", "true")
        new.setObjectName("library_empty_new")
        new.clicked.connect(self.new_asked)
        demo = QPushButton(self.tr("Open the demo session"))
        demo.setObjectName("library_empty_demo")
        demo.clicked.connect(self.demo_asked)
        buttons.addStretch(1)
        buttons.addWidget(demo)
        buttons.addWidget(new)
        buttons.addStretch(1)
        for widget in (head, words):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
            column.addSpacing(8)
        column.addLayout(buttons)
        column.addStretch(3)
        return page

    def _build_nothing_found(self) -> QLabel:
        label = QLabel(self.tr("No session matches. Clear the search or the states chosen."))
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setProperty("quiet", "true")
        return label

    # --- sessions ------------------------------------------------------------------------------------

    def set_cards(self, cards: tuple[SessionCard, ...]) -> None:
        """Show these sessions; the one chosen stays chosen."""
        chosen = self.current_id()
        self.model.set_cards(cards)
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
        for button in (self.new_button, self.demo_button):
            button.setVisible(total > 0)
        self.count.setText("" if total == 0 else f"{shown} / {total}" if shown != total else str(total))
        self.choose(chosen)

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
