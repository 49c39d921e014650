from __future__ import annotations

import ast
import inspect
import tomllib
from functools import partial
from pathlib import Path
from typing import get_type_hints

import pytest
from PySide6.QtGui import QKeySequence, QShortcutEvent
from PySide6.QtWidgets import QApplication, QWidget

from gaitviewer import gui, paths
from gaitviewer.gui.shell import commands
from gaitviewer.gui.shell.actions import Actions
from gaitviewer.gui.shell.commands import COMMANDS, command
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.keys import load_keys, save_keys


def test_each_row_of_the_keys_has_one_command_and_each_command_one_row(window: MainWindow) -> None:
    rows = [
        row["action"] for row in tomllib.loads((paths.resources() / "keys.toml").read_text("utf-8"))["keys"]
    ]
    assert sorted(rows) == sorted(COMMANDS)
    with pytest.raises(ValueError, match="two commands are called grade"):
        command("grade.0")(print)
    bindings = load_keys()
    del bindings["grade.0"]
    with pytest.raises(ValueError, match=r"without a key row.*grade\.0"):
        Actions(window, bindings)


def test_each_command_is_a_short_function_of_the_window_and_typed_values() -> None:
    names = {**vars(commands), "Window": MainWindow}
    for one in COMMANDS.values():
        assert isinstance(one.run, partial)
        inspect.signature(one.run).bind(None)  # the window, and nothing else is left to be given
        source = inspect.getsource(one.run.func)
        assert len(source[source.index("def ") :].splitlines()) <= 10, one.name
        hints = get_type_hints(one.run.func, names)
        assert hints["window"] is MainWindow
        for name, value in one.run.keywords.items():
            assert isinstance(value, hints[name]), f"{one.name}: {name}"


def test_no_command_goes_through_a_second_table_of_strings() -> None:
    found = []
    for path in Path(gui.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                values = [one.value for one in node.args if isinstance(one, ast.Constant)]
                if node.func.attr in ("run", "act") and any(isinstance(value, str) for value in values):
                    found.append(f"{path.name}:{node.lineno}")
            if isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                found += [
                    f"{path.name}:{key.lineno}"
                    for key, value in pairs
                    if isinstance(key, ast.Constant)
                    and key.value in COMMANDS
                    and not isinstance(value, ast.Constant)
                ]
    assert found == []


def test_no_key_has_two_meanings_and_all_are_keys() -> None:
    bindings = load_keys()
    keys = [key for binding in bindings.values() for key in binding.keys]
    assert len(keys) == len(set(keys))
    for binding in bindings.values():
        for key in binding.keys:
            assert not QKeySequence(key).isEmpty(), f"{binding.action}: {key}"


def test_every_icon_of_a_command_is_there() -> None:
    for one in COMMANDS.values():
        if one.icon:
            theme.icon(one.icon)  # an error if there is none


def test_in_the_library_only_what_makes_sense_can_be_done(window: MainWindow) -> None:
    enabled = {name for name, action in window.actions_by_name.items() if action.isEnabled()}
    assert "session.new" in enabled
    assert "window.help" in enabled
    assert not enabled & {"player.play", "grade.0", "session.report", "tool.goniometer", "edit.undo"}


def test_every_action_is_in_a_menu(window: MainWindow) -> None:
    in_menus = {a.objectName() for menu in window.menus.values() for a in menu.actions() if a.objectName()}
    assert set(COMMANDS) <= in_menus


def test_a_users_key_counts(window: MainWindow) -> None:
    save_keys({"player.play": ("Ctrl+Space",)})
    window._use_keys()
    action = window.actions_by_name["player.play"]
    assert [k.toString() for k in action.shortcuts()] == ["Ctrl+Space"]
    assert "Ctrl+Space" in action.toolTip()


def test_one_press_that_is_two_keys_of_an_action_runs_it_and_keys_shared_by_two_run_none(
    window: MainWindow,
) -> None:
    one, other = window.actions_by_name["window.help"], window.actions_by_name["session.find"]
    one.setShortcuts(["Shift+5", "%"])
    other.setShortcuts(["Ctrl+F"])
    ran: list[str] = []
    for action in (one, other):
        action.triggered.disconnect()
        action.triggered.connect(lambda checked=False, action=action: ran.append(action.objectName()))
    # What the keyboard of the most common layout sends for Shift and the 5.
    press = QShortcutEvent(QKeySequence("%"), 1, True)
    QApplication.sendEvent(one, press)
    assert ran == ["window.help"]
    other.setShortcuts(["%"])
    QApplication.sendEvent(one, press)
    assert ran == ["window.help"]


def test_every_control_has_a_name_for_screen_readers(reviewed: MainWindow) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit

    assert QApplication.instance() is not None
    nameless = []
    for kind in (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox):
        for widget in reviewed.findChildren(kind):
            words = widget.accessibleName() or widget.toolTip() or getattr(widget, "text", lambda: "")()
            if not words and not _internal(widget) and widget.objectName() != "banner_button":
                nameless.append(f"{type(widget).__name__} {widget.objectName()} in {_owner(widget)}")
    assert nameless == []


def _internal(widget: QWidget) -> bool:
    """Qt's own parts of a control."""
    own = widget.objectName().startswith("qt_") or type(widget).__name__ in ("QDockWidgetTitleButton",)
    owner = widget.parent()
    return (
        own
        or widget.metaObject().className()
        in (
            "QDockWidgetTitleButton",
            "QTableCornerButton",
            "QToolBarExtension",
            "ScrollLeftButton",
        )
        or (
            owner is not None
            and owner.metaObject().className()
            in ("QTabBar", "QComboBox", "QDoubleSpinBox", "QSpinBox", "QLineEdit")
        )
    )


def _owner(widget: QWidget) -> str:
    owner = widget.parent()
    return owner.objectName() if owner is not None else ""
