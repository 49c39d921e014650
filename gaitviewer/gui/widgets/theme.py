"""Colours, fonts and icons of the window, light and dark.

The colours are data (``resources/themes/*.toml``), the icons are drawn in one colour
(``resources/icons/*.svg``) and take the palette's. Nothing here knows the rest of the program.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPalette
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from gaitviewer import paths
from gaitviewer.core.serialise import read_resource
from gaitviewer.gui.widgets.icons import IconDrawing


class Choice(Enum):
    """What the user asked for."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a theme as ``#rrggbb`` or ``#rrggbbaa``; use :meth:`colour` for drawing.

    Attributes:
        name, dark: which theme.
        window .. focus: the furniture (``edge`` is that of a field to fill in).
        left, right: the sides of the subject (left is also dashed, right solid).
        score_0 .. not_assessable: background of grades, ``score_text`` on top of them.
        model: what a model says.   good .. error: findings.
        salient: where a model looked, on a picture.   evidence: what a grade rests on.
        band, grid, cursor: plots.
        canvas: around a picture.   stage: behind a picture.
        overlay_text, overlay_back: words on top of a picture.   tool: hand tools.
    """

    name: str
    dark: bool
    window: str
    base: str
    alternate: str
    raised: str
    text: str
    muted: str
    border: str
    edge: str
    hover: str
    accent: str
    accent_text: str
    selection: str
    selection_text: str
    focus: str
    left: str
    right: str
    score_0: str
    score_1: str
    score_2: str
    score_text: str
    not_assessable: str
    model: str
    good: str
    note: str
    warning: str
    error: str
    salient: str
    evidence: str
    band: str
    grid: str
    cursor: str
    canvas: str
    stage: str
    overlay_text: str
    overlay_back: str
    tool: str

    def colour(self, name: str, alpha: float | None = None) -> QColor:
        """The colour called ``name``, with another opacity (0..1) if given.

        Raises:
            KeyError: there is no such colour.
        """
        if name not in _COLOURS:
            raise KeyError(name)
        text = cast(str, getattr(self, name))
        colour = QColor(text[:7])
        if len(text) == 9:
            colour.setAlpha(int(text[7:], 16))
        if alpha is not None:
            colour.setAlphaF(min(1.0, max(0.0, alpha)))
        return colour


# Icons of the style sheet, each with the colour that it is drawn in: ``resources/themes/<theme>/<icon>.svg``.
STYLE_SHEET_ICONS = {"up": "muted", "down": "muted", "check": "accent_text"}

_COLOURS = frozenset(field.name for field in fields(Palette)) - {"name", "dark"}


@dataclass(frozen=True, slots=True)
class _PaletteFile:
    name: str
    dark: bool
    colours: dict[str, str]


@lru_cache(maxsize=4)
def load_palette(name: str) -> Palette:
    """The palette in ``resources/themes/<name>.toml``.

    Raises:
        ValueError: a colour is missing, unknown or not a colour.
    """
    file = read_resource(f"themes/{name}.toml", _PaletteFile)
    colours = file.colours
    if colours.keys() != _COLOURS:
        odd = ", ".join(sorted(colours.keys() ^ _COLOURS))
        raise ValueError(f"theme {name}: these colours are missing or unknown: {odd}")
    wrong = [key for key, text in colours.items() if not QColor(text[:7]).isValid()]
    if wrong:
        raise ValueError(f"theme {name}: not a colour: {', '.join(wrong)}")
    return Palette(name=file.name, dark=file.dark, **colours)


class _Manager(QObject):
    """Holds the palette in use and follows the system's light or dark setting."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice = Choice.SYSTEM
        self.palette = load_palette("light")
        self.sides: tuple[str, str] | None = None
        self.dressed: dict[int, tuple[weakref.ref[Any], str]] = {}
        self.follows = False

    def refresh(self) -> None:
        """Choose the palette and give it to the application."""
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            return
        palette = load_palette(_scheme_name(app, self.choice))
        if self.sides is not None:
            palette = replace(palette, left=self.sides[0], right=self.sides[1])
        app.setPalette(_qt_palette(palette))
        app.setStyleSheet(_stylesheet(palette))
        self.palette = palette
        for target, name in self._alive():
            target.setIcon(icon(name))
        self.changed.emit()

    def _alive(self) -> Iterator[tuple[Any, str]]:
        for key, (reference, name) in list(self.dressed.items()):
            target = reference()
            if target is None or not isValid(target):
                del self.dressed[key]
            else:
                yield target, name


@lru_cache(maxsize=1)
def _manager() -> _Manager:
    return _Manager()


def notifier() -> _Manager:
    """The object whose signal ``changed`` says that colours and icons are new."""
    return _manager()


def palette() -> Palette:
    """The palette in use."""
    return _manager().palette


def apply(
    app: QApplication, choice: Choice | str = Choice.SYSTEM, *, sides: tuple[str, str] | None = None
) -> Palette:
    """Dress the application; with ``SYSTEM`` it follows the system from now on.

    Args:
        app: the application.
        choice: follow the system, or force light or dark.
        sides: colours of the left and the right side instead of the theme's.
    """
    manager = _manager()
    manager.choice = Choice(choice)
    manager.sides = sides
    app.setStyle("Fusion")
    hints = app.styleHints()
    if not manager.follows:
        hints.colorSchemeChanged.connect(manager.refresh)
        manager.follows = True
    if manager.choice is Choice.SYSTEM:
        hints.unsetColorScheme()
    else:  # the frame and the title of the window as well
        dark = manager.choice is Choice.DARK
        hints.setColorScheme(Qt.ColorScheme.Dark if dark else Qt.ColorScheme.Light)
    manager.refresh()
    return manager.palette


def _scheme_name(app: QApplication, choice: Choice) -> str:
    if choice is not Choice.SYSTEM:
        return str(choice.value)
    return "dark" if app.styleHints().colorScheme() == Qt.ColorScheme.Dark else "light"


_ROLES = {
    QPalette.ColorRole.Window: "window",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "base",
    QPalette.ColorRole.AlternateBase: "alternate",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.PlaceholderText: "muted",
    QPalette.ColorRole.Button: "raised",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.BrightText: "error",
    QPalette.ColorRole.ToolTipBase: "raised",
    QPalette.ColorRole.ToolTipText: "text",
    QPalette.ColorRole.Highlight: "selection",
    QPalette.ColorRole.HighlightedText: "selection_text",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.LinkVisited: "accent",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.Light: "raised",
    QPalette.ColorRole.Midlight: "hover",
    QPalette.ColorRole.Mid: "border",
    QPalette.ColorRole.Dark: "border",
    QPalette.ColorRole.Shadow: "border",
}


def _qt_palette(colours: Palette) -> QPalette:
    result = QPalette()
    for role, name in _ROLES.items():
        result.setColor(role, colours.colour(name))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, colours.colour("muted", 0.6))
    return result


def _stylesheet(p: Palette) -> str:
    """Only what a palette cannot say; everything else is left to the style."""
    up, down, tick = ((_drawn(p.name) / f"{name}.svg").as_posix() for name in STYLE_SHEET_ICONS)
    return f"""
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QLineEdit, QPlainTextEdit {{ border: 1px solid {p.edge}; border-radius: 3px; padding: 2px 4px;
    background: {p.base}; }}
QLineEdit:focus, QPlainTextEdit:focus {{ border-color: {p.focus}; }}
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {{ border: none; padding: 0; background: transparent; }}
QAbstractSpinBox, QComboBox {{ border: 1px solid {p.edge}; border-radius: 3px; background: {p.base};
    min-height: 20px; padding: 1px 2px; }}
QComboBox {{ padding: 1px 4px; }}
QAbstractSpinBox:focus, QComboBox:focus {{ border-color: {p.focus}; }}
QAbstractSpinBox:disabled, QComboBox:disabled {{ color: {p.muted}; border-color: {p.border}; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 16px; border: none;
    border-left: 1px solid {p.border}; background: transparent; }}
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover {{ background: {p.hover}; }}
QAbstractSpinBox::up-arrow {{ image: url("{up}"); width: 10px; height: 10px; }}
QAbstractSpinBox::down-arrow, QComboBox::down-arrow {{ image: url("{down}"); width: 10px; height: 10px; }}
QComboBox::drop-down {{ width: 18px; border: none; }}
QCheckBox::indicator:unchecked, QListView::indicator:unchecked {{ width: 13px; height: 13px;
    border: 1px solid {p.muted}; border-radius: 3px; background: {p.base}; }}
QCheckBox::indicator:checked, QListView::indicator:checked {{ width: 13px; height: 13px;
    border: 1px solid {p.accent}; border-radius: 3px; background: {p.accent}; image: url("{tick}"); }}
QToolTip {{ color: {p.text}; background: {p.raised}; border: 1px solid {p.border}; padding: 3px; }}
QToolBar {{ border: none; spacing: 2px; padding: 2px; }}
QToolBar::separator {{ background: {p.border}; width: 1px; margin: 4px 5px; }}
QDockWidget::title {{ background: {p.window}; padding: 5px 8px; }}
QMainWindow::separator {{ background: {p.border}; width: 1px; height: 1px; margin: 2px; }}
QMainWindow::separator:hover {{ background: {p.accent}; }}
QSplitter::handle {{ background: {p.border}; margin: 1px; }}
QSplitter::handle:hover {{ background: {p.accent}; }}
QHeaderView::section {{ background: {p.window}; color: {p.muted}; border: none; padding: 4px 6px;
    border-bottom: 1px solid {p.border}; }}
QTableView, QListView, QTreeView {{ border: 1px solid {p.border}; gridline-color: {p.grid}; }}
QProgressBar {{ border: 1px solid {p.border}; border-radius: 3px; background: {p.base}; text-align: center; }}
QProgressBar::chunk {{ background: {p.accent}; border-radius: 2px; }}
QLabel[quiet="true"] {{ color: {p.muted}; }}
QLabel[warning="true"] {{ color: {p.warning}; }}
QFrame[card="true"] {{ background: {p.raised}; border: 1px solid {p.border}; border-radius: 6px; }}
QPushButton[checkable="true"] {{ background: {p.raised}; color: {p.text}; border: 1px solid {p.edge};
    border-radius: 3px; padding: 3px 8px; }}
QPushButton[checkable="true"]:hover {{ background: {p.hover}; }}
QPushButton[checkable="true"]:checked {{ background: {p.selection}; color: {p.selection_text};
    border-color: {p.accent}; }}
QPushButton[checkable="true"]:focus {{ border-color: {p.focus}; }}
QPushButton[checkable="true"]:disabled {{ color: {p.muted}; border-color: {p.border}; }}
QPushButton[primary="true"] {{ background: {p.accent}; color: {p.accent_text}; border: none;
    border-radius: 4px; padding: 6px 14px; font-weight: 600; }}
QPushButton[primary="true"]:disabled {{ background: {p.border}; color: {p.muted}; }}
QPushButton[primary="true"]:focus {{ border: 2px solid {p.text}; padding: 4px 12px; }}
QPushButton#knowledge_map_finding {{ border: 1px solid {p.border}; border-radius: 6px;
    background: {p.raised}; }}
QPushButton#knowledge_map_finding:hover {{ background: {p.hover}; }}
QPushButton#knowledge_map_finding:focus {{ border-color: {p.focus}; }}
QPushButton#by_hand_take {{ border: 1px solid {p.edge}; border-radius: 4px; padding: 4px 10px;
    background: {p.raised}; text-align: left; }}
QPushButton#by_hand_take:hover {{ background: {p.hover}; }}
QPushButton#by_hand_take:focus {{ border: 2px solid {p.focus}; padding: 3px 9px; }}
QLabel#by_hand_choose {{ color: {p.focus}; font-weight: 600; }}
"""


def _drawn(name: str) -> Path:
    """Where a theme's icons for its style sheet lie: a style sheet takes files only, in their colours."""
    return paths.resources() / "themes" / name


def font(kind: str = "body") -> QFont:
    """A font of the window: "body", "small", "title", "heading" or "digits" (all digits of one width).

    Raises:
        KeyError: there is no such kind.
    """
    scale, bold = _FONTS[kind]
    result = QApplication.font() if kind != "digits" else _digits()
    size = QApplication.font().pointSizeF()
    result.setPointSizeF((size if size > 0 else 10.0) * scale)
    if bold:
        result.setWeight(QFont.Weight.DemiBold)
    return result


_FONTS = {
    "body": (1.0, False),
    "small": (0.88, False),
    "heading": (1.1, True),
    "title": (1.5, True),
    "digits": (1.0, False),
}


def _digits() -> QFont:
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)


def icon(name: str, colour: str = "text") -> QIcon:
    """The icon ``resources/icons/<name>.svg`` in a colour of the palette, crisp at any scaling.

    A ticked button shows it in the accent colour, a disabled one pale. It keeps the colours of the
    moment; :func:`set_icon` follows later changes of the theme.

    Raises:
        FileNotFoundError: there is no such icon.
    """
    now = palette()
    return _icon(name, now.colour(colour).name(), now.accent[:7], now.colour("muted").name())


def set_icon(target: Any, name: str) -> None:
    """Give an action or a button an icon that follows the theme."""
    target.setIcon(icon(name))
    _manager().dressed[id(target)] = (weakref.ref(target), name)


@lru_cache(maxsize=512)
def _icon(name: str, colour: str, ticked: str, pale: str) -> QIcon:
    return QIcon(IconDrawing(_svg(name), colour, ticked, pale))


@lru_cache(maxsize=256)
def _svg(name: str) -> str:
    return (paths.resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
