"""Keys that work the control with the focus, whatever else they do in the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QListWidget,
    QPushButton,
    QTabBar,
    QTableWidget,
    QToolButton,
    QWidget,
)

from gaitviewer.gui.widgets.field_keys import is_field, is_inside

_K = Qt.Key
_RETURNS = frozenset((_K.Key_Return, _K.Key_Enter))
_UP_DOWN = frozenset((_K.Key_Up, _K.Key_Down))
_WAYS = _UP_DOWN | {_K.Key_Left, _K.Key_Right, _K.Key_PageUp, _K.Key_PageDown, _K.Key_Home, _K.Key_End}
# The keys of each kind of control. The score table is none of these: it shares the keys of the window.
_KEYS: tuple[tuple[type[QWidget], frozenset[Qt.Key]], ...] = (
    (QAbstractButton, _RETURNS | {_K.Key_Space}),
    (QComboBox, _RETURNS | _WAYS | {_K.Key_Space}),
    (QAbstractSlider, _WAYS),
    (QTabBar, frozenset((_K.Key_Left, _K.Key_Right))),
    (QListWidget, _RETURNS | _UP_DOWN),
    (QTableWidget, _RETURNS | _UP_DOWN),
)


def keys_of(widget: QWidget) -> frozenset[Qt.Key]:
    """The keys that a control needs itself; none for what is not worked by keys."""
    if is_field(widget):
        return frozenset()
    return next((keys for kind, keys in _KEYS if isinstance(widget, kind)), frozenset())


class ControlKeys(QObject):
    """Whoever comes to a control by keyboard works it by keyboard; a click leaves the keys to the window.

    Qt asks the widget with the focus before it runs an action by its key, but buttons, boxes and lists claim
    none: Space on a button would play. A shortcut context cannot leave out single widgets: it is the widget of
    the action, with all that is in it, or nothing in it.
    """

    def __init__(self, window: QWidget) -> None:
        """Watch the controls of a window."""
        super().__init__(window)
        self._window = window
        self._control: QWidget | None = None
        self._clicked: QWidget | None = None
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow)

    def _follow(self, before: QWidget | None, now: QWidget | None) -> None:
        if self._control is not None and self._control is before:
            self._control.removeEventFilter(self)
        self._control = None
        if now is None:  # another window; what was clicked before it stays so
            return
        by_mouse = QApplication.mouseButtons() != Qt.MouseButton.NoButton
        if not by_mouse and not (before is None and now is self._clicked):
            self._clicked = None
        if not keys_of(now) or not is_inside(self._window, now):
            return
        if by_mouse and isinstance(now, QAbstractButton):
            self._give_back(now, before)
        elif by_mouse:
            self._clicked = now
        elif self._clicked is None:
            self._control = now
            now.installEventFilter(self)

    def _give_back(self, button: QWidget, before: QWidget | None) -> None:
        """A button that is clicked has no focus: the next Space plays.

        It had it for a moment, so that a field that was typed in has taken over its text.
        """
        if before is not None and is_inside(self._window, before) and not is_field(before):
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            button.clearFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Claim the keys of the control; Return presses a button, which Qt leaves to dialogs."""
        if not isinstance(event, QKeyEvent) or not isinstance(watched, QWidget):
            return False
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier
        if not plain or event.key() not in keys_of(watched):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and event.key() in _RETURNS:
            return _press(watched, again=event.isAutoRepeat())
        return False


def _press(control: QWidget, *, again: bool) -> bool:
    """What Return does; True if nobody else is to get it."""
    if isinstance(control, QComboBox):
        control.showPopup()
    elif isinstance(control, QToolButton) and control.menu() is not None:
        control.showMenu()
    elif isinstance(control, QPushButton | QToolButton):
        if not again:
            control.click()
    elif not isinstance(control, QAbstractButton):  # lists and tables know Return themselves
        return False
    return True
