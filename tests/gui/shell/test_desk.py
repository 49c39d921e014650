"""Pictures and curves keep their sizes whatever is said or selected."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabBar
from pytestqt.qtbot import QtBot

from gaitviewer.gui.panels.curves.panel import CurvesPanel
from gaitviewer.gui.shell.main_window import MainWindow


def test_a_banner_does_not_resize_the_pictures(reviewed: MainWindow, qtbot: QtBot) -> None:
    desk = reviewed.desk
    qtbot.wait(50)
    before = [canvas.size() for canvas in desk.views.canvases_there]
    desk.banner.say("problems", "Something is wrong. " * 30, button="Do it", level="warning")
    qtbot.wait(50)
    assert desk.banner.isVisible()
    assert [canvas.size() for canvas in desk.views.canvases_there] == before
    assert desk.views.rect().contains(desk.banner.geometry())
    desk.resize(desk.width() - 150, desk.height())
    assert desk.banner.width() <= desk.views.width()
    desk.banner.clear()
    assert not desk.banner.isVisible()


def test_selecting_and_leaving_out_a_stride_keeps_all_sizes(reviewed: MainWindow, qtbot: QtBot) -> None:
    reviewed.resize(1366, 768)
    qtbot.wait(50)
    desk = reviewed.desk
    desk.arrange("review")
    qtbot.wait(100)
    panel = desk.panels["curves"]
    assert isinstance(panel, CurvesPanel)
    before = [canvas.size() for canvas in desk.views.canvases_there]
    room = panel.scroller.height()
    stride = reviewed.state.motion.views.sagittal.strides[1]
    panel.select_stride(stride.key)
    qtbot.wait(50)
    assert panel.stride_bar.isVisible()
    assert room - panel.scroller.height() <= 2
    assert not panel.scroller.verticalScrollBar().isVisible()
    panel.leave_out("stumbles")
    qtbot.waitUntil(lambda: not panel.hint.isVisible(), timeout=60_000)
    panel.select_stride("")
    qtbot.wait(50)
    assert [canvas.size() for canvas in desk.views.canvases_there] == before
    assert panel.scroller.height() == room


def test_another_arrangement_leaves_no_tabs_of_the_last_one(reviewed: MainWindow, qtbot: QtBot) -> None:
    desk = reviewed.desk

    def tabs() -> list[str]:
        bars = desk.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        seen = [bar for bar in bars if bar.count() and bar.isVisible()]
        return sorted(bar.tabText(index) for bar in seen for index in range(bar.count()))

    def wanted() -> list[str]:
        there = [dock for dock in desk.docks.values() if not dock.isHidden() and desk.titles.has_tab(dock)]
        return sorted(dock.windowTitle() for dock in there)

    for name in ("models", "grade", "review", "models"):
        desk.arrange(name)
        qtbot.waitUntil(lambda: tabs() == wanted(), timeout=10_000)
    assert {name for name, dock in desk.docks.items() if not dock.isHidden()} >= {"severity", "knowledge_map"}
