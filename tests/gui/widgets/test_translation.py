"""Everything that the window shows passes through Qt's translation, words of data files included."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, Qt, QTranslator
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDockWidget,
    QGroupBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTableWidget,
    QWidget,
)

from gaitviewer import messages
from gaitviewer.core import wording
from gaitviewer.core.gait import Side, View
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.gui.widgets import translation
from gaitviewer.messages import Catalogue, english, message, named

ROOT = Path(__file__).parents[3]


def _collector() -> Any:
    spec = importlib.util.spec_from_file_location("collect_words", ROOT / "installer" / "collect_words.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


collect = _collector()


class Wide(QTranslator):
    """A language of wide letters: a usual letter on the screen is a word that was not translated."""

    letters = str.maketrans(
        {chr(code): chr(code + 0xFEE0) for code in range(ord("A"), ord("z") + 1) if chr(code).isalpha()}
    )

    def isEmpty(self) -> bool:  # noqa: N802  Qt's name
        return False

    def translate(self, context: str, source: str, disambiguation: str = "", n: int = -1) -> str:
        parts = re.split(r"(\{[^{}]*\}|<[^>]*>)", source.replace("%n", str(n)))
        return "".join(
            part if number % 2 else part.translate(self.letters) for number, part in enumerate(parts)
        )


def _widened(said: Any) -> Any:
    if isinstance(said, str):
        return Wide().translate("", said)
    return {form: _widened(template) for form, template in said.items()}


@pytest.fixture
def wide(qapp: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    translator = Wide()
    catalogue = Catalogue("wide", {code: _widened(said) for code, said in english().sentences.items()})
    monkeypatch.setattr(translation, "_catalogue", lambda: catalogue)
    QCoreApplication.installTranslator(translator)
    yield
    QCoreApplication.removeTranslator(translator)


# --- every word is found ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found() -> set[tuple[str, str]]:
    result: set[tuple[str, str]] = collect.all_words()
    return result


def test_data_files_are_collected_whole(found: set[tuple[str, str]]) -> None:
    from gaitviewer.core.content import PARTS
    from gaitviewer.core.report_options import SECTIONS
    from gaitviewer.core.session import SYNC_SOURCES
    from gaitviewer.gui.widgets.keys import load_keys
    from gaitviewer.workflow.app.tables import angle_kinds, evgs_items

    data: set[str] = set()
    for item in evgs_items():
        data |= {item.name, item.phase, item.quantity, *(band.label for band in item.bands)}
        data.add(item.unit_means)
    data |= {*SYNC_SOURCES, *PARTS}
    for kind in angle_kinds():
        data |= {kind.title, kind.positive, kind.note}
    assert {("Data", text) for text in data - {""}} <= found
    for binding in load_keys().values():
        assert {("Keys", binding.title), ("Keys", binding.group)} <= found
    assert {("Sections", title) for title in SECTIONS.values()} <= found


def test_what_the_window_says_itself_is_collected(found: set[tuple[str, str]]) -> None:
    assert ("EvgsPanel", "Hide until graded") in found
    assert ("Wording", "{low} to {high}") in found
    assert ("Panel", "No session is open. Choose one in the library.") in found
    assert ("Overlays", "Front or back") in found
    assert ("Menus", "Playback") in found


# --- every word passes ------------------------------------------------------------------------------------

# What needs no translation: the program, its papers, names of subjects and recordings, codes of items, keys,
# units, colours, citations, devices.
_PLAIN = re.compile(
    r"GaitViewer|gaitviewer|^Letter$|\bA4\b|\bP00\d\b|\bwalk\d\b|\bt\d\b|\bMB\b|\bSI\b"
    r"|\b(s|ms|mm|m|px|Hz|x|n|z|SD|S\d+|F\d+)\b|#[0-9a-f]{6}"
    r"|\b(Ctrl|Shift|Alt|Del|Ins|Esc|Space|Return|Enter|Tab|Home|End|PgUp|PgDown|Left|Right|Up|Down|Backspace)\b"
    r"|\b[A-Z]\b|\bF\d{1,2}\b|\b[A-Z]{2,3}\b"
    r"|BlazePose (full|heavy)|@mediapipe/pose [\d.]+ \(npm\)|Apache-2\.0|`[^`]*`"
    r"|\S+\.(mp4|pdf|tflite)\b|(/[\w.-]+)+/?|<[^>]*>|\b(cpu|mps|cuda:\d)\b"
)


def texts_of(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, (QLabel, QAbstractButton)):
        yield widget.text()
    if isinstance(widget, QGroupBox):
        yield widget.title()
    if isinstance(widget, QDockWidget):
        yield widget.windowTitle()
    if isinstance(widget, (QLineEdit, QPlainTextEdit)):
        yield widget.placeholderText()
    if isinstance(widget, QComboBox):
        yield from (widget.itemText(row) for row in range(widget.count()))
    if isinstance(widget, QMenu):
        yield from (action.text() for action in widget.actions())
    if isinstance(widget, QTableWidget):
        for row in range(widget.rowCount()):
            for column in range(widget.columnCount()):
                item = widget.item(row, column)
                yield item.text() if item is not None else ""
        for column in range(widget.columnCount()):
            header = widget.horizontalHeaderItem(column)
            yield header.text() if header is not None else ""
    yield widget.toolTip()
    yield widget.accessibleName()


def untranslated(top: QWidget) -> set[str]:
    left = set()
    for widget in (top, *top.findChildren(QWidget)):
        if widget.objectName().startswith("qt_"):  # Qt's own parts bring their own words
            continue
        for text in texts_of(widget):
            if re.search(r"[A-Za-z]", _PLAIN.sub("", text)):
                left.add(f"{type(widget).__name__} {widget.objectName()}: {text}")
    return left


def test_no_word_of_the_window_stays_as_it_is(wide: None, reviewed: MainWindow, qtbot: Any) -> None:
    from gaitviewer.core.gait import Side

    desk, state = reviewed.desk, reviewed.state
    for dock in desk.docks.values():
        dock.show()
        dock.raise_()
        qtbot.wait(10)
    reviewed.actions_by_name["session.library"].trigger()
    qtbot.wait(50)
    left = untranslated(reviewed.library_page)
    reviewed.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: state.measures is not None and reviewed.reviewing, timeout=60_000)
    for item, side in ((11, Side.RIGHT), (4, Side.LEFT), (1, Side.LEFT)):
        state.select(item, side)
        left |= untranslated(reviewed)
    assert left == set()
    header = desk.evgs.table.sheet
    for row in range(header.rowCount()):
        for column in range(header.columnCount()):
            for role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
                words_there = header.index(row, column).data(role) or ""
                assert not re.search(r"[A-Za-z]", _PLAIN.sub("", words_there)), words_there


@pytest.mark.parametrize(
    "command",
    ["window.help", "window.settings", "window.about", "session.new", "session.report", "session.sign"],
)
def test_no_word_of_a_dialog_stays_as_it_is(command: str, wide: None, reviewed: MainWindow, qtbot: Any) -> None:
    reviewed.actions_by_name[command].trigger()
    dialog = reviewed.dialog
    assert dialog is not None
    qtbot.wait(50)
    left = untranslated(dialog)
    dialog.reject()
    assert left == set()


def test_the_catalogue_of_a_language_speaks_and_english_helps_out(
    qapp: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second language is a file: nothing else is told of it."""
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages" / "fi.toml").write_text(
        '[side]\nleft = "vasen"\n[item]\nnot_assessable_because = "ei arvioitavissa: {reason}"\n'
        '[finding.strides.few]\none = "{count} askel ({side})"\nother = "{count} askelta ({side})"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(messages, "resources", lambda: tmp_path)
    before = QLocale()
    QLocale.setDefault(QLocale("fi_FI"))
    messages.load_catalogue.cache_clear()
    try:
        few = message("finding.strides.few", count=2, side=named(Side.LEFT), view=named(View.SAGITTAL))
        assert translation.say_sentence(few) == "2 askelta (vasen)."
        hidden = wording.not_assessable(message("reason.knee_hidden"))
        assert translation.say(hidden) == "ei arvioitavissa: the knee is hidden just before initial contact"
        assert translation.say(message("finding.size.is", leg_px=210.4, view=named(View.CORONAL))) == (
            "the subject's leg is 210 pixels long in the front or back view"
        )
        assert str(few) == "2 strides of the left limb count in the side view"  # report and command line
    finally:
        QLocale.setDefault(before)
        messages.load_catalogue.cache_clear()


def test_a_made_translation_is_used_and_kept_when_collected_again(
    qapp: Any, tmp_path: Path, found: set[tuple[str, str]]
) -> None:
    import subprocess

    from PySide6.QtCore import QLocale

    path = tmp_path / "gaitviewer_de.ts"
    collect.write_ts(path, found, "de")
    text = path.read_text(encoding="utf-8").replace(
        '<source>Hide until graded</source>\n   <translation type="unfinished" />',
        "<source>Hide until graded</source>\n   <translation>Verdeckt bis zur Bewertung</translation>",
    )
    path.write_text(text, encoding="utf-8")
    collect.write_ts(path, found, "de")
    assert "Verdeckt bis zur Bewertung" in path.read_text(encoding="utf-8")
    release = Path(sys.executable).with_name("pyside6-lrelease")
    if not release.is_file():
        pytest.skip("pyside6-lrelease is not here")
    subprocess.run([release, path, "-qm", path.with_suffix(".qm")], check=True, capture_output=True, timeout=60)
    translator = translation.install(qapp, QLocale("de"), where=tmp_path)
    try:
        assert translator is not None
        shown = QCoreApplication.translate("EvgsPanel", "Hide until graded")
        assert shown == "Verdeckt bis zur Bewertung"
        assert QCoreApplication.translate("QMessageBox", "Show Details...") == "Details einblenden..."
    finally:
        if translator is not None:
            for one in (*translator.findChildren(QTranslator), translator):
                QCoreApplication.removeTranslator(one)
    assert translation.install(qapp, QLocale("fi"), where=tmp_path) is None
