"""The sessions as rows of a list: model, filter, painter."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QFontMetrics, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gaitviewer.gui.widgets import theme
from gaitviewer.workflow.sessions.listing import SessionCard, SessionState

Index = QModelIndex | QPersistentModelIndex
CARD_ROLE = Qt.ItemDataRole.UserRole + 1
_ROW_PX = 92
_PICTURE = QSize(116, 72)

_CHIP_COLOURS = {
    SessionState.NEW: "muted",
    SessionState.ANALYSED: "note",
    SessionState.CORRECTED: "model",
    SessionState.GRADING: "warning",
    SessionState.GRADED: "good",
    SessionState.REVIEWED: "good",
    SessionState.SIGNED: "accent",
    SessionState.DAMAGED: "error",
}


def state_words(state: SessionState) -> str:
    """A state in the user's language."""
    tr = QCoreApplication.translate
    return {
        SessionState.NEW: tr("Library", "new"),
        SessionState.ANALYSED: tr("Library", "analysed"),
        SessionState.CORRECTED: tr("Library", "corrected"),
        SessionState.GRADING: tr("Library", "being graded"),
        SessionState.GRADED: tr("Library", "graded"),
        SessionState.REVIEWED: tr("Library", "reviewed"),
        SessionState.SIGNED: tr("Library", "signed"),
        SessionState.DAMAGED: tr("Library", "damaged"),
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

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802  Qt's name
        """Number of sessions."""
        return len(self.cards)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
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
        known = card.graded <= card.gradable
        told = tr("Library", "{n} of {all} grades") if known else tr("Library", "{n} grades")
        words.append(told.format(n=card.graded, all=card.gradable))
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

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802
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

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """One row."""
        return QSize(320, _ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
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
