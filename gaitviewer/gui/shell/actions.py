"""Every action of the window in one table: what it runs, when it can be run, whether it is on.

Keys and titles are data (``resources/keys.toml``); a name that is in only one of the two is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcutEvent
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from gaitviewer.gui.model.manual_tools import ToolKind
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.keys import KeyBinding
from gaitviewer.gui.widgets.plain import plain_tip

if TYPE_CHECKING:
    from gaitviewer.gui.shell.desk import Desk


class Window(Protocol):
    """What actions ask of the window."""

    state: AppState

    @property
    def desk(self) -> Desk:
        """The review page."""

    @property
    def reviewing(self) -> bool:
        """Whether a session is on the screen (else the library)."""

    def run(self, command: str) -> None:
        """Do what only the window can do ("library", "new", "report", ...)."""


Run = Callable[[Window], Any]
Asks = Callable[[Window], bool]


def _always(window: Window) -> bool:
    return True


def _reviewing(window: Window) -> bool:
    return window.reviewing


def _with_video(window: Window) -> bool:
    return window.reviewing and bool(window.desk.player.views)


def _measured(window: Window) -> bool:
    return window.reviewing and window.state.measures is not None


def _complete(window: Window) -> bool:
    return _measured(window) and not window.state.is_partial


def _with_events(window: Window) -> bool:
    return _with_video(window) and window.state.motion is not None


def _selected(window: Window) -> bool:
    return window.reviewing and window.state.item is not None and window.state.side is not None


def _two_trials(window: Window) -> bool:
    document = window.state.document
    return window.reviewing and document is not None and len(document.trials) > 1


def _two_views(window: Window) -> bool:
    return window.reviewing and len(window.desk.player.views) == 2


def _video_gone(window: Window) -> bool:
    return window.reviewing and bool(window.desk.views.gone_views)


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action.

    Attributes:
        name: as in the table of keys.   icon: name of its icon, "" for none.
        run: what it does.   enabled: when it can be done.   checked: whether it is on (None: not a switch).
        repeats: whether a key held down repeats it.
    """

    name: str
    icon: str
    run: Run
    enabled: Asks = _always
    checked: Asks | None = None
    repeats: bool = False


def _window(command: str) -> Run:
    return lambda window: window.run(command)


def _overlay(name: str, icon: str) -> ActionRow:
    return ActionRow(
        f"overlay.{name}",
        icon,
        lambda window: window.desk.toggle_overlay(name),
        _reviewing,
        checked=lambda window: window.reviewing and name in window.desk.overlays,
    )


def _tool(kind: ToolKind) -> ActionRow:
    return ActionRow(
        f"tool.{kind.value}",
        kind.value,
        lambda window: window.desk.hand.toggle(kind),
        _with_video,
        checked=lambda window: window.reviewing and window.desk.hand.tool is kind,
    )


def _grade(name: str, icon: str = "", enabled: Asks = _selected) -> ActionRow:
    return ActionRow(f"grade.{name}", icon, lambda window: window.desk.evgs.act(f"grade.{name}"), enabled)


ROWS: tuple[ActionRow, ...] = (
    ActionRow(
        "player.play",
        "play",
        lambda w: w.desk.player.toggle(),
        _with_video,
        checked=lambda w: w.reviewing and w.desk.player.playing,
    ),
    ActionRow("player.step_back", "step_back", lambda w: w.desk.player.step(-1), _with_video, repeats=True),
    ActionRow(
        "player.step_forward", "step_forward", lambda w: w.desk.player.step(1), _with_video, repeats=True
    ),
    ActionRow("player.page_back", "", lambda w: w.desk.player.page(-1), _with_video, repeats=True),
    ActionRow("player.page_forward", "", lambda w: w.desk.player.page(1), _with_video, repeats=True),
    ActionRow("player.start", "to_start", lambda w: w.desk.player.go_to(w.desk.player.start_s), _with_video),
    ActionRow("player.end", "to_end", lambda w: w.desk.player.go_to(w.desk.player.stop_s), _with_video),
    ActionRow("player.faster", "", lambda w: w.desk.player.change_speed(1), _with_video),
    ActionRow("player.slower", "", lambda w: w.desk.player.change_speed(-1), _with_video),
    ActionRow("player.normal_speed", "speed", lambda w: w.desk.player.set_speed(1.0), _with_video),
    ActionRow("player.rewind", "", lambda w: w.desk.skip(-0.5), _with_video, repeats=True),
    ActionRow("player.skip", "", lambda w: w.desk.skip(0.5), _with_video, repeats=True),
    ActionRow(
        "player.loop",
        "loop",
        lambda w: w.desk.toggle_loop(),
        _with_video,
        checked=lambda w: w.reviewing and w.desk.player.loop is not None,
    ),
    ActionRow("player.loop_start", "", lambda w: w.desk.loop_from_here(), _with_video),
    ActionRow("player.loop_stop", "", lambda w: w.desk.loop_up_to_here(), _with_video),
    ActionRow(
        "player.every_frame",
        "every_frame",
        lambda w: w.desk.toggle_every_frame(),
        _with_video,
        checked=lambda w: w.reviewing and w.desk.player.every_frame,
    ),
    ActionRow(
        "player.previous_event", "previous_event", lambda w: w.desk.jump_event(-1), _with_events, repeats=True
    ),
    ActionRow("player.next_event", "next_event", lambda w: w.desk.jump_event(1), _with_events, repeats=True),
    ActionRow("player.previous_stride", "", lambda w: w.desk.jump_stride(-1), _with_events, repeats=True),
    ActionRow("player.next_stride", "", lambda w: w.desk.jump_stride(1), _with_events, repeats=True),
    ActionRow("player.previous_key_image", "", lambda w: w.desk.jump_key_image(-1), _with_video),
    ActionRow("player.next_key_image", "", lambda w: w.desk.jump_key_image(1), _with_video),
    ActionRow("player.add_key_image", "key_image", lambda w: w.desk.add_key_image(), _with_video),
    ActionRow("player.sync_point", "sync", lambda w: w.desk.set_sync_point(), _two_views),
    ActionRow("view.superpose", "view_one", lambda w: w.desk.views.toggle_only(), _two_views),
    ActionRow("view.other", "", lambda w: w.desk.to_other_view(), _two_views),
    ActionRow("view.fit", "fit", lambda w: w.desk.fit(), _reviewing),
    ActionRow("view.full_size", "full_size", lambda w: w.desk.canvas.full_size(), _reviewing),
    ActionRow("view.zoom_in", "zoom_in", lambda w: w.desk.canvas.zoom(1), _reviewing, repeats=True),
    ActionRow("view.zoom_out", "zoom_out", lambda w: w.desk.canvas.zoom(-1), _reviewing, repeats=True),
    ActionRow("view.full_screen", "full_screen", _window("full screen")),
    _overlay("skeleton", "skeleton"),
    _overlay("angles", "angles"),
    _overlay("trails", "trails"),
    _overlay("posture", "posture"),
    _overlay("events", "event"),
    _overlay("mask", "mask"),
    _overlay("evidence", "evidence"),
    _overlay("caption", "caption"),
    ActionRow(
        "overlay.none",
        "eye_off",
        lambda w: w.desk.toggle_bare(),
        _reviewing,
        checked=lambda w: w.reviewing and w.desk.bare,
    ),
    _tool(ToolKind.GONIOMETER),
    _tool(ToolKind.VERTICAL),
    _tool(ToolKind.DISTANCE),
    ActionRow("tool.take_over", "pin", lambda w: w.desk.hand.take_over(), _selected),
    ActionRow("tool.clear", "clear_tools", lambda w: w.desk.hand.clear(), _with_video),
    ActionRow("tool.none", "", lambda w: w.desk.hand.put_away(), _reviewing),
    _grade("0"),
    _grade("1"),
    _grade("2"),
    _grade("not_assessable"),
    _grade("by_hand"),
    _grade("remove"),
    _grade("next", "down", _reviewing),
    _grade("previous", "up", _reviewing),
    _grade("other_side"),
    ActionRow("session.next", "next", _window("next")),
    ActionRow("session.previous", "previous", _window("previous")),
    ActionRow("session.next_trial", "video", lambda w: w.state.next_trial(1), _two_trials),
    ActionRow("session.previous_trial", "", lambda w: w.state.next_trial(-1), _two_trials),
    ActionRow("session.library", "library", _window("library"), _reviewing),
    ActionRow("session.new", "new_session", _window("new")),
    ActionRow("session.demo", "video", _window("demo")),
    ActionRow("session.analyse", "analyse", _window("analyse"), _reviewing),
    ActionRow("session.find_video", "", _window("find video"), _video_gone),
    ActionRow("session.delete", "", _window("delete"), lambda w: not w.reviewing),
    ActionRow("session.deleted", "", _window("deleted"), lambda w: not w.reviewing),
    ActionRow("session.save", "save", _window("save"), lambda w: w.reviewing and not w.state.is_saved),
    ActionRow("session.report", "report", _window("report"), _complete),
    ActionRow("session.sign", "sign", _window("sign"), _complete),
    ActionRow("session.find", "search", _window("find")),
    ActionRow(
        "edit.undo", "undo", lambda w: w.state.undo.undo(), lambda w: w.reviewing and w.state.undo.canUndo()
    ),
    ActionRow(
        "edit.redo", "redo", lambda w: w.state.undo.redo(), lambda w: w.reviewing and w.state.undo.canRedo()
    ),
    ActionRow("window.review", "arrange_review", lambda w: w.desk.arrange("review"), _reviewing),
    ActionRow("window.grade", "arrange_grade", lambda w: w.desk.arrange("grade"), _reviewing),
    ActionRow("window.settings", "settings", _window("settings")),
    ActionRow("window.theme", "theme", _window("theme")),
    ActionRow("window.help", "help", _window("help")),
    ActionRow("window.about", "info", _window("about")),
    ActionRow("window.close", "close", _window("library"), _reviewing),
    ActionRow("window.quit", "", _window("quit")),
)


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
    """All actions by name, made from the table and the user's keys."""

    def __init__(self, window: Window, parent: QWidget, bindings: Mapping[str, KeyBinding]) -> None:
        """Make them; each belongs to ``parent``, whose keys they are.

        Raises:
            ValueError: the two tables do not name the same actions.
        """
        super().__init__()
        odd = {row.name for row in ROWS} ^ set(bindings)
        if odd:
            raise ValueError(f"actions without a key row, or the other way: {', '.join(sorted(odd))}")
        self._window = window
        for row in ROWS:
            action = _Action(parent)
            action.setObjectName(row.name)
            action.setCheckable(row.checked is not None)
            action.setAutoRepeat(row.repeats)
            if row.icon:
                theme.set_icon(action, row.icon)
            action.triggered.connect(lambda checked=False, row=row: self._run(row))
            parent.addAction(action)
            self[row.name] = action
        self["view.other"].setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.set_keys(bindings)

    def set_keys(self, bindings: Mapping[str, KeyBinding]) -> None:
        """Use these keys and titles."""
        for name, action in self.items():
            binding = bindings[name]
            title = QCoreApplication.translate("Keys", binding.title)
            action.setText(title)
            action.setShortcuts([QKeySequence(key) for key in binding.keys])
            first = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(plain_tip(f"{title} ({first})" if first else title))

    def _run(self, row: ActionRow) -> None:
        row.run(self._window)
        self.refresh()

    def refresh(self) -> None:
        """Enable what can be done now, tick what is on."""
        for row in ROWS:
            action = self[row.name]
            enabled = row.enabled(self._window)
            if enabled != action.isEnabled():
                action.setEnabled(enabled)
            if row.checked is not None:
                checked = row.checked(self._window)
                if checked != action.isChecked():
                    action.setChecked(checked)
        self._show_playing()

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
