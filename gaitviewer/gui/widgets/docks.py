"""Docks that lie behind one another say their titles once: in their tabs."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QTabBar, QWidget

from gaitviewer.gui.widgets.one_shot import one_shot


class _NoTitle(QWidget):
    """A title bar that takes no room."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("no_title")
        self.setFixedHeight(0)


class DockTitles(QObject):
    """Hides the title bars of docks that have tabs; the tabs then float and hide them.

    A double click on a tab makes the panel a window of its own, its menu hides it. A dock that stands alone or
    floats has its usual title bar.
    """

    def __init__(self, window: QMainWindow, docks: Iterable[QDockWidget]) -> None:
        super().__init__(window)
        self._window = window
        self._docks = tuple(docks)
        self._known: set[int] = set()
        self._timer = one_shot(self, 0, self.refresh)
        for dock in self._docks:
            for signal in (dock.topLevelChanged, dock.dockLocationChanged, dock.visibilityChanged):
                signal.connect(lambda *_: self._timer.start())
        window.tabifiedDockWidgetActivated.connect(lambda _: self._timer.start())
        self._timer.start()

    def has_tab(self, dock: QDockWidget) -> bool:
        """Whether a dock shares its place with another one that can be seen."""
        if dock.isFloating() or dock.isHidden():
            return False
        return any(not other.isHidden() for other in self._window.tabifiedDockWidgets(dock))

    def refresh(self) -> None:
        """Titles as the docks lie now."""
        for dock in self._docks:
            tabbed = self.has_tab(dock)
            bare = isinstance(dock.titleBarWidget(), _NoTitle)
            if tabbed and not bare:
                dock.setTitleBarWidget(_NoTitle())
            elif bare and not tabbed:
                old = dock.titleBarWidget()
                dock.setTitleBarWidget(None)  # type: ignore[arg-type]  # the usual one again
                if old is not None:
                    old.deleteLater()
        for bar in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            self._adopt(bar)
            if bar.count():  # of an earlier arrangement Qt leaves bars where they were, over what is there now
                bar.setVisible(self._is_used(bar))

    def _is_used(self, bar: QTabBar) -> bool:
        """Whether the tabs of a bar are the docks that share a place now."""
        first = self.dock_of(bar, 0)
        if first is None:
            return False
        there = {first.windowTitle(), *(d.windowTitle() for d in self._window.tabifiedDockWidgets(first))}
        gone = {dock.windowTitle() for dock in self._docks if dock.isHidden() or dock.isFloating()}
        return bar.count() > 1 and {bar.tabText(index) for index in range(bar.count())} == there - gone

    def _adopt(self, bar: QTabBar) -> None:
        if bar.objectName() != "dock_tabs":
            bar.setObjectName("dock_tabs")
            bar.setAccessibleName(self.tr("Panels"))
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(True)
            bar.tabBarDoubleClicked.connect(lambda index: self._float(bar, index))
            bar.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            bar.customContextMenuRequested.connect(lambda at: self._ask(bar, at))

    def dock_of(self, bar: QTabBar, index: int) -> QDockWidget | None:
        """The dock of a tab."""
        title = bar.tabText(index)
        return next((dock for dock in self._docks if dock.windowTitle() == title), None)

    def _float(self, bar: QTabBar, index: int) -> None:
        dock = self.dock_of(bar, index)
        if dock is not None:
            dock.setFloating(True)

    def _ask(self, bar: QTabBar, at: QPoint) -> None:
        dock = self.dock_of(bar, bar.tabAt(at))
        if dock is None:
            return
        menu = QMenu(bar)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("As a window of its own")).triggered.connect(lambda: dock.setFloating(True))
        menu.addAction(self.tr("Hide")).triggered.connect(dock.hide)
        menu.popup(bar.mapToGlobal(at))
