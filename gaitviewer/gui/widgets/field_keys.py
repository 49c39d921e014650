"""Keys that belong to the field that is typed in, whatever else they do in the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

_ENDS = frozenset((Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape))
_STEPS = frozenset((Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown))
_CONTROL, _ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
_COMMANDS = _CONTROL | _ALT | Qt.KeyboardModifier.MetaModifier


def is_field(widget: QWidget | None) -> bool:
    """Whether a widget is typed in."""
    if isinstance(widget, QLineEdit | QPlainTextEdit | QTextEdit | QAbstractSpinBox):
        return not widget.isReadOnly()
    return isinstance(widget, QComboBox) and widget.isEditable()


def is_inside(window: QWidget, widget: QWidget) -> bool:
    """Whether a widget is part of a window or of a panel that floats beside it; dialogs are not."""
    above: QWidget | None = widget
    while above is not None and above is not window and not isinstance(above, QDialog):
        above = above.parentWidget()
    return above is window


class FieldKeys(QObject):
    """Return, Escape and letters go to the field with the focus, not to the actions of the window.

    Qt asks the widget with the focus before it runs an action by its key, but a line of text claims neither
    Return nor Escape: "the next item" would run, and what was just typed would be lost. Shortcut contexts do
    not help: the fields lie within the widget whose keys these are.

    Signals:
        given_up: Escape was pressed in this field, and it has no use for it.
    """

    given_up = Signal(QWidget)

    def __init__(self, window: QWidget) -> None:
        """Watch the fields of a window."""
        super().__init__(window)
        self._window = window
        self._field: QWidget | None = None
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow)

    def _follow(self, before: QWidget | None, now: QWidget | None) -> None:
        """Only the field with the focus is listened to: a filter for all widgets would cost time."""
        if self._field is not None and self._field is before:
            self._field.removeEventFilter(self)
        self._field = None
        if now is not None and is_field(now) and is_inside(self._window, now):
            self._field = now
            now.installEventFilter(self)

    def finish(self) -> None:
        """Take over what is typed but not yet entered: before saving, closing, and the like."""
        field = QApplication.focusWidget()
        if field is not None and is_field(field) and is_inside(self._window, field):
            field.clearFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Claim the keys of the field; tell when it is given up."""
        if not isinstance(event, QKeyEvent) or not isinstance(watched, QWidget):
            return False
        if event.type() == QEvent.Type.ShortcutOverride and _is_own(watched, event):
            event.accept()
            return True
        gives_up = event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape
        if gives_up and not _in_a_list(watched):
            if isinstance(watched, QAbstractSpinBox):
                _show_value_again(watched)
            self.given_up.emit(watched)
        return False


def _is_own(field: QWidget, event: QKeyEvent) -> bool:
    plain = event.modifiers() & _COMMANDS
    if plain == Qt.KeyboardModifier.NoModifier:
        steps = isinstance(field, QAbstractSpinBox) and event.key() in _STEPS
        return steps or event.key() in _ENDS or (event.text().isprintable() and bool(event.text()))
    # AltGr, which some systems report as Ctrl and Alt: how "[" is typed on many keyboards.
    return plain == _CONTROL | _ALT and bool(event.text()) and event.text().isprintable()


def _in_a_list(field: QWidget) -> bool:
    """Whether it is the editor of a cell, which ends by itself."""
    viewport = field.parentWidget()
    return viewport is not None and isinstance(viewport.parentWidget(), QAbstractItemView)


def _show_value_again(box: QAbstractSpinBox) -> None:
    """What was typed and not entered is forgotten: leaving the box would take it."""
    value = getattr(box, "value", None)
    if value is not None:
        box.setValue(value())  # type: ignore[attr-defined]
