"""How the window looks: the theme and the colours that a user chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from gaitviewer.gui.widgets import theme

if TYPE_CHECKING:
    from gaitviewer.workflow.app.settings import Settings

_CHOICES = (theme.Choice.SYSTEM, theme.Choice.LIGHT, theme.Choice.DARK)


def next_theme(settings: Settings) -> str:
    """As the system, light, dark, in turn."""
    return _CHOICES[(_CHOICES.index(theme.Choice(settings.theme)) + 1) % len(_CHOICES)].value


def apply_theme(settings: Settings) -> None:
    """Dress the program in the theme of the settings, with the user's own colours for left and right."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return
    usual = type(settings)()
    sides = (settings.left_colour, settings.right_colour)
    # The theme's own colours differ between light and dark: only a person's choice replaces them.
    own = sides != (usual.left_colour, usual.right_colour)
    manager, wanted = theme.notifier(), (theme.Choice(settings.theme), sides if own else None)
    if not manager.follows or (manager.choice, manager.sides) != wanted:  # dressing takes a moment
        theme.apply(app, wanted[0], sides=wanted[1])
