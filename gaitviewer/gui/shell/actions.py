"""The actions of the window: one for each command, with its keys, in the menus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcutEvent
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from gaitviewer.gui.shell.commands import COMMANDS, Command
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.keys import KeyBinding
from gaitviewer.gui.widgets.plain import plain_tip

if TYPE_CHECKING:
    from gaitviewer.gui.shell.main_window import MainWindow


class _Action(QAction):
    """An action that runs as well where one press of the keyboard is two of its keys ("Shift+." and ">")."""

    def event(self, event: QEvent) -> bool:
        """Qt calls such a press ambiguous and would do nothing; so it is where two actions share a key."""
        own = isinstance(event, QShortcutEvent) and event.isAmbiguous() and not self._shares(event.key())
        if own:
            self.activate(QAction.ActionEvent.Trigger)
        return own or super().event(event)

    def _shares(self, key: QKeySequence) -> bool:
        parent = self.parent()
        others = parent.actions() if isinstance(parent, QWidget) else []
        return any(other is not self and key in other.shortcuts() for other in others)


class Actions(dict[str, QAction]):
    """All actions by name, made from the commands and the user's keys."""

    def __init__(self, window: MainWindow, bindings: Mapping[str, KeyBinding]) -> None:
        """Make them; each belongs to ``window``, whose keys they are.

        Raises:
            ValueError: the two tables do not name the same actions.
        """
        super().__init__()
        odd = set(COMMANDS) ^ set(bindings)
        if odd:
            raise ValueError(f"commands without a key row, or the other way: {', '.join(sorted(odd))}")
        self._window = window
        self._titles: dict[str, str] = {}
        for command in COMMANDS.values():
            action = _Action(window)
            action.setObjectName(command.name)
            action.setCheckable(command.on is not None)
            action.setAutoRepeat(command.repeats)
            if command.icon:
                theme.set_icon(action, command.icon)
            action.triggered.connect(lambda checked=False, command=command: self._run(command))
            window.addAction(action)
            self[command.name] = action
        self["view.other"].setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.set_keys(bindings)

    def set_keys(self, bindings: Mapping[str, KeyBinding]) -> None:
        """Use these keys and titles."""
        for name, action in self.items():
            binding = bindings[name]
            title = self._titles[name] = QCoreApplication.translate("Keys", binding.title)
            action.setText(title)
            action.setShortcuts([QKeySequence(key) for key in binding.keys])
            first = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(plain_tip(f"{title} ({first})" if first else title))

    def _run(self, command: Command) -> None:
        if command.enters:
            self._window.fields.finish()
        command.run(self._window)
        self.refresh()

    def refresh(self) -> None:
        """Enable what can be done now, tick what is on."""
        for name, command in COMMANDS.items():
            action = self[name]
            enabled = command.when(self._window)
            self._name_step(command)
            if enabled != action.isEnabled():
                action.setEnabled(enabled)
            if command.on is not None:
                checked = self._window.reviewing and command.on(self._window)
                if checked != action.isChecked():
                    action.setChecked(checked)
        self._show_playing()

    def _name_step(self, command: Command) -> None:
        """Undo and redo say what they undo and redo."""
        if command.titles is not None:
            titles = command.titles(self._window)
            text = self._titles[command.name] + (f": {titles[0]}" if titles else "")
            if text != self[command.name].text():
                self[command.name].setText(text)

    def _show_playing(self) -> None:
        play = self["player.play"]
        wanted = "pause" if play.isChecked() else "play"
        if play.property("icon_name") != wanted:
            play.setProperty("icon_name", wanted)
            theme.set_icon(play, wanted)


# Menu -> groups of the table of keys, a line between two groups.
_MENUS = (
    ("Session", ("Session",)),
    ("Edit", ("Edit",)),
    ("Playback", ("Playback", "Jump")),
    ("View", ("Two views", "Drawn over the picture")),
    ("Tools", ("Tools",)),
    ("Grade", ("Grading",)),
    ("Models", ("Models",)),
    ("Window", ("Window",)),
    ("Help", ("Help",)),
)
# What has a key of the group "Window" but belongs into another menu.
_ELSEWHERE = {
    "edit.undo": "Edit",
    "edit.redo": "Edit",
    "window.help": "Help",
    "window.about": "Help",
    "window.quit": "Session",
    "window.close": "Session",
}


def fill_menus(bar: QMenuBar, actions: Actions, bindings: Mapping[str, KeyBinding]) -> dict[str, QMenu]:
    """Put every action into a menu; returns the menus by their English names."""
    menus: dict[str, QMenu] = {}
    for title, groups in _MENUS:
        menu = bar.addMenu(QCoreApplication.translate("Menus", title))
        menu.setObjectName(f"menu_{title.lower()}")
        menus[title] = menu
        for number, group in enumerate(groups):
            if number:
                menu.addSeparator()
            for name, binding in bindings.items():
                if _ELSEWHERE.get(name, "") == title or (binding.group == group and name not in _ELSEWHERE):
                    menu.addAction(actions[name])
    return menus
