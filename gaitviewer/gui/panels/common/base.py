"""What all panels have in common: state, clock, an empty page that explains, the theme."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gaitviewer.core.measures import Measures
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel


class Panel(QWidget):
    """A panel with a page for its content and one that says why there is none.

    Attributes:
        state: the open session.   player: the clock.   content: the page to fill.
    """

    def __init__(
        self, state: AppState, player: Player, *, name: str, title: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.state = state
        self.player = player
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setWindowTitle(title)
        self._empty = PlainLabel(name=f"{name}_empty", wraps=True, quiet=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setMargin(24)
        self.content = QWidget()
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        theme.notifier().changed.connect(self.retheme)

    def show_content(self) -> None:
        """Show the content."""
        self._pages.setCurrentWidget(self.content)

    def show_empty(self, text: str) -> None:
        """Show why there is nothing to show, and what to do about it."""
        self._empty.setText(text)
        self._pages.setCurrentWidget(self._empty)

    def measures_or_why(self, nothing: Callable[[Measures], str]) -> Measures | None:
        """The measures with the page for them shown; else None, and the page that says why.

        Args:
            nothing: why these measures have nothing for this panel, "" if they have.
        """
        measures = self.state.measures
        if self.state.document is None:
            why = nothing_open()
        elif measures is None:
            why = nothing_measured()
        else:
            why = nothing(measures)
        if why:
            self.show_empty(why)
            return None
        self.show_content()
        return measures

    @property
    def is_empty(self) -> bool:
        """Whether the page that explains is shown."""
        return self._pages.currentWidget() is self._empty

    def retheme(self) -> None:
        """Draw anew: the colours changed."""
        self.update()


def nothing_open() -> str:
    """What a panel says while no session is open."""
    return QCoreApplication.translate("Panel", "No session is open. Choose one in the library.")


def nothing_measured() -> str:
    """What a panel says while there are no measures."""
    return QCoreApplication.translate("Panel", "Nothing is measured yet. What the analysis finds appears here.")
