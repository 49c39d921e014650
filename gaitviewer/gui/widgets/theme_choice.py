"""How the window looks: the theme and the colours that a user chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from gaitviewer.gui.widgets import theme

if TYPE_CHECKING:
    from gaitviewer.workflow.app.settings import Settings

_KEY = "window/theme"
_CHOICES = (theme.Choice.SYSTEM, theme.Choice.LIGHT, theme.Choice.DARK)


def _chosen(kept: QSettings) -> theme.Choice:
    return theme.Choice(kept.value(_KEY, theme.Choice.SYSTEM.value))


def choose_next(kept: QSettings) -> None:
    """As the system, light, dark, in turn."""
    kept.setValue(_KEY, _CHOICES[(_CHOICES.index(_chosen(kept)) + 1) % len(_CHOICES)].value)


def apply_theme(kept: QSettings, settings: Settings) -> None:
    """Dress the program in the theme that is kept, with the user's own colours for left and right."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return
    usual = type(settings)()
    sides = (settings.left_colour, settings.right_colour)
    # The theme's own colours differ between light and dark: only a person's choice replaces them.
    own = sides != (usual.left_colour, usual.right_colour)
    manager, wanted = theme.notifier(), (_chosen(kept), sides if own else None)
    if not manager.follows or (manager.choice, manager.sides) != wanted:  # dressing takes a moment
        theme.apply(app, wanted[0], sides=wanted[1])
