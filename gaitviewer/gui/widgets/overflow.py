"""A bar in a narrow window: what matters least goes into a menu, so that nothing is cut off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from gaitviewer.gui.widgets import theme

SPACING_PX = 2


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Part:
    """Something in a bar that may have to give way.

    Attributes:
        room: pixels that it takes now.   put: show it (True) or take it away.
        actions: what the menu offers in its place.
        wanted: whether it would be there if there were room.   stays: whether it never gives way.
    """

    room: Callable[[], int]
    put: Callable[[bool], object]
    actions: tuple[QAction, ...] = ()
    wanted: Callable[[], bool] = _always
    stays: bool = False


def part(
    *widgets: QWidget,
    actions: tuple[QAction, ...] = (),
    wanted: Callable[[], bool] = _always,
    stays: bool = False,
) -> Part:
    """A part that is made of widgets."""

    def put(shown: bool) -> None:
        for widget in widgets:
            if widget.isHidden() == shown:
                widget.setVisible(shown)

    return Part(lambda: sum(room_for(widget) for widget in widgets), put, actions, wanted, stays)


def room_for(widget: QWidget) -> int:
    """The least width of a widget in a row, hidden or not, with the gap beside it."""
    widget.ensurePolished()
    return SPACING_PX + (widget.minimumWidth() or widget.minimumSizeHint().width())


class Overflow(QToolButton):
    """The button with the menu of what has no room."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("overflow")
        self.setAccessibleName(self.tr("More"))
        self.setToolTip(self.tr("What has no room in the bar"))
        self.setAutoRaise(True)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        theme.set_icon(self, "more")
        self.setMenu(QMenu(self))
        self._parts: tuple[Part, ...] = ()
        self._order: tuple[QAction, ...] = ()

    def set_parts(self, parts: Sequence[Part], order: Sequence[QAction]) -> None:
        """These parts, the first to give way first; the menu has its actions in this order."""
        self._parts, self._order = tuple(parts), tuple(order)

    @property
    def least_px(self) -> int:
        """What is needed where everything that can give way has done so."""
        return room_for(self) + sum(p.room() for p in self._parts if p.stays and p.wanted())

    def fit(self, room: int) -> None:
        """Show what has room in so many pixels."""
        there = [one for one in self._parts if one.wanted()]
        gone = self._giving_way(there, room)
        for one in self._parts:
            one.put(one in there and one not in gone)
        actions = {action for one in gone for action in one.actions}
        self.setVisible(bool(actions))
        wanted = [action for action in self._order if action in actions]
        if self.menu().actions() != wanted:
            self.menu().clear()
            self.menu().addActions(wanted)

    def _giving_way(self, there: Sequence[Part], room: int) -> list[Part]:
        """The parts that have no room: the least important ones, but none that fits after all."""
        rooms = {id(one): one.room() for one in there}
        need, own = sum(rooms.values()), room_for(self)
        if need <= room:
            return []
        gone: list[Part] = []
        for one in there:
            if need + own <= room:
                break
            if not one.stays:
                need -= rooms[id(one)]
                gone.append(one)
        for one in gone[::-1]:
            if need + own + rooms[id(one)] <= room:
                need += rooms[id(one)]
                gone.remove(one)
        return gone
