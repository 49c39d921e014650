from __future__ import annotations

from PySide6.QtGui import QKeySequence, QShortcutEvent
from PySide6.QtWidgets import QApplication, QWidget

from gaitviewer.gui.shell.actions import ROWS
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.keys import conflicts, load_keys, save_keys


def test_the_table_of_actions_and_the_table_of_keys_name_the_same() -> None:
    assert {row.name for row in ROWS} == set(load_keys())
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_no_key_has_two_meanings_and_all_are_keys() -> None:
    bindings = load_keys()
    assert conflicts(bindings) == {}
    for binding in bindings.values():
        for key in binding.keys:
            assert not QKeySequence(key).isEmpty(), f"{binding.action}: {key}"


def test_every_icon_of_the_table_is_there() -> None:
    assert {row.icon for row in ROWS if row.icon} <= set(theme.icon_names())


def test_in_the_library_only_what_makes_sense_can_be_done(window: MainWindow) -> None:
    enabled = {name for name, action in window.actions_by_name.items() if action.isEnabled()}
    assert "session.new" in enabled
    assert "window.help" in enabled
    assert not enabled & {"player.play", "grade.0", "session.report", "tool.goniometer", "edit.undo"}


def test_every_action_is_in_a_menu(window: MainWindow) -> None:
    in_menus = {a.objectName() for menu in window.menus.values() for a in menu.actions() if a.objectName()}
    assert {row.name for row in ROWS} <= in_menus


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
