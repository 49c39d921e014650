"""Colours and icons."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPalette
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from gaitviewer import paths
from gaitviewer.gui.widgets import theme


@pytest.fixture(autouse=True)
def light_again(qapp: Any) -> Any:
    yield
    theme.apply(qapp, "light")


def _luminance(colour: QColor) -> float:
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _contrast(a: QColor, b: QColor) -> float:
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_words_are_readable(name: str) -> None:
    colours = theme.load_palette(name)
    for text, back in (
        ("text", "window"),
        ("text", "base"),
        ("text", "raised"),
        ("muted", "base"),
        ("muted", "window"),
        ("selection_text", "selection"),
        ("accent_text", "accent"),
        ("score_text", "score_0"),
        ("score_text", "score_1"),
        ("score_text", "score_2"),
        ("score_text", "not_assessable"),
        ("error", "base"),
        ("warning", "base"),
        ("good", "base"),
        ("note", "base"),
    ):
        assert _contrast(colours.colour(text), colours.colour(back)) >= 4.5, (text, back)


def test_forced_themes_reach_the_application(qapp: Any) -> None:
    for name in ("dark", "light"):
        assert theme.apply(qapp, name).name == name
        assert theme.palette().dark is (name == "dark")
        window = qapp.palette().color(QPalette.ColorRole.Window)
        assert window.name() == theme.load_palette(name).window


def test_the_system_is_followed(qapp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    theme.apply(qapp, theme.Choice.SYSTEM)
    hints = qapp.styleHints()
    monkeypatch.setattr(type(hints), "colorScheme", lambda self: Qt.ColorScheme.Dark)
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)  # the offscreen platform has no setting of its own
    assert theme.palette().name == "dark"


def test_a_forced_theme_does_not_follow_the_system(qapp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    theme.apply(qapp, theme.Choice.LIGHT)
    hints = qapp.styleHints()
    monkeypatch.setattr(type(hints), "colorScheme", lambda self: Qt.ColorScheme.Dark)
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.palette().name == "light"


def test_own_colours_of_the_sides(qapp: Any) -> None:
    theme.apply(qapp, "light", sides=("#aa00aa", "#00aa00"))
    assert theme.palette().left == "#aa00aa"
    assert theme.palette().colour("right").name() == "#00aa00"


def test_an_unknown_colour_is_an_error() -> None:
    with pytest.raises(KeyError):
        theme.palette().colour("purple")


@pytest.mark.parametrize("name", sorted(path.stem for path in (paths.resources() / "icons").glob("*.svg")))
def test_every_icon_draws_something_in_the_palettes_colour(qapp: Any, name: str) -> None:
    theme.apply(qapp, "light")
    image = theme.icon(name).pixmap(QSize(48, 48)).toImage()
    inked = [
        image.pixelColor(x, y)
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() > 250
    ]
    assert len(inked) > 20
    want = theme.palette().colour("text")
    assert max(abs(ink.red() - want.red()) + abs(ink.blue() - want.blue()) for ink in inked) <= 3


def test_icons_are_crisp_at_every_scaling(qapp: Any) -> None:
    icon = theme.icon("play")
    for size in (14, 16, 18, 23):
        for ratio in (1.0, 1.5, 2.0, 3.0):
            pixmap = icon.pixmap(QSize(size, size), ratio)
            assert abs(pixmap.width() - size * ratio) <= 0.5
            assert pixmap.devicePixelRatio() == ratio


def test_an_icon_is_drawn_from_its_lines_not_scaled_up(qapp: Any) -> None:
    """At twice the size as many pixels lie between ink and paper along an edge, not twice as many."""
    from PySide6.QtGui import QPixmap

    def soft(pixmap: QPixmap) -> float:
        image = pixmap.toImage()
        alphas = [image.pixelColor(x, y).alpha() for x in range(image.width()) for y in range(image.height())]
        return sum(10 < alpha < 245 for alpha in alphas) / image.width()

    drawn = theme.icon("stop").pixmap(QSize(20, 20), 4.0)
    scaled = (
        theme.icon("stop").pixmap(QSize(20, 20)).scaled(80, 80, mode=Qt.TransformationMode.SmoothTransformation)
    )
    assert soft(drawn) < 0.6 * soft(scaled)


def test_fields_have_edges_that_are_seen(qapp: Any) -> None:
    """At least 2:1 against what is around them, in both themes."""

    for name in ("light", "dark"):
        palette = theme.load_palette(name)
        assert _contrast(palette.colour("edge"), palette.colour("window")) >= 2.0


def test_icons_follow_the_theme(qapp: Any) -> None:
    action = QAction("play")
    theme.apply(qapp, "light")
    theme.set_icon(action, "play")
    light = action.icon().pixmap(24, 24).toImage()
    theme.apply(qapp, "dark")
    assert action.icon().pixmap(24, 24).toImage() != light
    with pytest.raises(FileNotFoundError):
        theme.set_icon(action, "no such icon")


def test_disabled_icons_are_paler(qapp: Any) -> None:
    icon = theme.icon("stop")
    full = icon.pixmap(QSize(24, 24), QIcon.Mode.Normal).toImage().pixelColor(12, 12).alpha()
    pale = icon.pixmap(QSize(24, 24), QIcon.Mode.Disabled).toImage().pixelColor(12, 12).alpha()
    assert pale < 0.7 * full


def test_fonts(qapp: Any) -> None:
    assert theme.font("title").pointSizeF() > theme.font("body").pointSizeF() > theme.font("small").pointSizeF()
    with pytest.raises(KeyError):
        theme.font("comic")


def test_an_empty_box_of_a_list_is_seen_in_the_dark_theme(qapp: Any) -> None:
    theme.apply(qapp, "dark")
    boxes = QListWidget()
    box = QListWidgetItem("box", boxes)
    box.setCheckState(Qt.CheckState.Unchecked)
    boxes.resize(120, 40)
    image = boxes.grab().toImage()
    place = boxes.visualItemRect(box)
    colours = {image.pixelColor(x, place.center().y() + 1).name() for x in range(2, 20)}
    assert any(_contrast(QColor(colour), theme.palette().colour("base")) >= 3.0 for colour in colours)


def test_a_home_that_cannot_be_written_stops_nothing(
    qapp: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GAITVIEWER_HOME", str(tmp_path / "file" / "home"))
    theme.apply(qapp, "dark")
    files = re.findall(r'url\("([^"]+)"\)', qapp.styleSheet())
    assert files
    assert all(Path(file).is_file() for file in files)
    theme.apply(qapp, "light")


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_icons_of_the_style_sheet_are_the_others_in_the_colours_of_the_theme(name: str) -> None:
    colours = theme.load_palette(name)
    for icon, colour in theme.STYLE_SHEET_ICONS.items():
        drawn = (paths.resources() / "themes" / name / f"{icon}.svg").read_text()
        lines = (paths.resources() / "icons" / f"{icon}.svg").read_text()
        assert drawn == lines.replace("currentColor", colours.colour(colour).name())
