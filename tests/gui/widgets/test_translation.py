"""Everything that the window shows passes through Qt's translation, words of data files included."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from PySide6.QtCore import QCoreApplication, Qt, QTranslator
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

from gaitviewer import paths
from gaitviewer.core.measures import Measures
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.gui.widgets import translation

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


@pytest.fixture
def wide(qapp: Any) -> Iterator[None]:
    translator = Wide()
    QCoreApplication.installTranslator(translator)
    yield
    QCoreApplication.removeTranslator(translator)


# --- every word is found ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found() -> set[tuple[str, str]]:
    result: set[tuple[str, str]] = collect.all_words()
    return result


def test_data_files_are_collected_whole(found: set[tuple[str, str]]) -> None:
    from gaitviewer.analysis.evgs.sheet import load_rules
    from gaitviewer.core.report_options import SECTIONS
    from gaitviewer.gui.widgets.keys import load_keys
    from gaitviewer.workflow.app.tables import angle_kinds, evgs_items

    data: set[str] = set()
    for item in evgs_items():
        data |= {item.name, item.phase, item.quantity, *(band.label for band in item.bands)}
    for rule in load_rules().values():
        data |= {rule.reason, rule.remark}
    gates = tomllib.loads((paths.resources() / "evgs" / "evgs.toml").read_text())["gates"]
    data |= {gate[field] for gate in gates.values() for field in ("reason", "remark") if field in gate}
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


def spoken(measures: Measures) -> Iterator[str]:
    """What the measuring says of a session."""
    for side in measures.evgs.measures:
        for measure in side:
            yield from (measure.reason, measure.category, *measure.remarks)
    for finding in measures.quality:
        yield from (finding.topic, finding.text, finding.advice, finding.level.value)
    for parameter in measures.parameters:
        yield from (parameter.title, parameter.reason, parameter.norm_source)
    for pattern in measures.patterns:
        yield from (pattern.label, pattern.reason)
    for stride in measures.strides:
        yield from (stride.excluded, *stride.flags)
    yield measures.speed_note


def test_sentences_of_the_measuring_are_collected_with_holes(
    reviewed: MainWindow, found: set[tuple[str, str]]
) -> None:
    measures = reviewed.state.measures
    assert measures is not None
    data = {text for context, text in found if context == "Data"}

    class Known(Wide):
        def translate(self, context: str, source: str, disambiguation: str = "", n: int = -1) -> str:
            known = context == "Data" and source in data
            return super().translate(context, source) if known else None  # type: ignore[return-value]

    translator = Known()
    QCoreApplication.installTranslator(translator)
    translation.use_templates(data)
    try:
        left = {text: translation.translate_data(text) for text in spoken(measures)}
    finally:
        translation.use_templates(())
        QCoreApplication.removeTranslator(translator)
    assert {text for text, shown in left.items() if re.search(r"[A-Za-z]", _PLAIN.sub("", shown))} == set()


# --- every word passes ------------------------------------------------------------------------------------

# What needs no translation: the program, its papers, names of subjects and recordings, codes of items, keys,
# units, colours, citations.
_PLAIN = re.compile(
    r"GaitViewer|gaitviewer|^Letter$|\bA4\b|\bP00\d\b|\bwalk\d\b|\bt\d\b|\bMB\b|\bSI\b"
    r"|\b(s|ms|mm|m|px|Hz|x|n|z|SD|S\d+|F\d+)\b|#[0-9a-f]{6}"
    r"|\b(Ctrl|Shift|Alt|Del|Ins|Esc|Space|Return|Enter|Tab|Home|End|PgUp|PgDown|Left|Right|Up|Down|Backspace)\b"
    r"|\b[A-Z]\b|\bF\d{1,2}\b|\b[A-Z]{2,3}\b"
    r"|\S+\.(mp4|pdf)\b|(/[\w.-]+)+/?|<[^>]*>"
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
    reviewed.run("library")
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


@pytest.mark.parametrize("command", ["help", "settings", "about", "new", "report", "sign"])
def test_no_word_of_a_dialog_stays_as_it_is(command: str, wide: None, reviewed: MainWindow, qtbot: Any) -> None:
    reviewed.run(command)
    dialog = reviewed.dialog
    assert dialog is not None
    qtbot.wait(50)
    left = untranslated(dialog)
    dialog.reject()
    assert left == set()


def test_a_sentence_with_values_is_translated_by_its_template(qapp: Any) -> None:
    class German(QTranslator):
        known: ClassVar[dict[str, str]] = {
            "only {0} of {1} strides count": "nur {0} von {1} Schritten zählen",
            "shoes": "Schuhen",
            "the subject wore {value}: items": "mit {value} gegangen: Merkmale",
        }

        def isEmpty(self) -> bool:  # noqa: N802  Qt's name
            return False

        def translate(self, context: str, source: str, disambiguation: str = "", n: int = -1) -> str:
            return self.known.get(source) if context == "Data" else None  # type: ignore[return-value]

    translator = German()
    QCoreApplication.installTranslator(translator)
    translation.use_templates([*German.known, "only {0}"])
    try:
        assert translation.translate_data("only 3 of 12 strides count") == "nur 3 von 12 Schritten zählen"
        assert translation.translate_data("the subject wore shoes: items") == "mit Schuhen gegangen: Merkmale"
        assert translation.translate_data("Only 3 of 12 strides count.") == "Nur 3 von 12 Schritten zählen."
        assert translation.translate_data("something else") == "something else"
        assert translation.translate_data("") == ""
    finally:
        translation.use_templates(())
        QCoreApplication.removeTranslator(translator)


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
    collect.write_templates(tmp_path / "templates.txt", found)
    release = Path(sys.executable).with_name("pyside6-lrelease")
    if not release.is_file():
        pytest.skip("pyside6-lrelease is not here")
    subprocess.run([release, path, "-qm", path.with_suffix(".qm")], check=True, capture_output=True, timeout=60)
    translator = translation.install(qapp, QLocale("de"), where=tmp_path)
    try:
        assert translator is not None
        shown = QCoreApplication.translate("EvgsPanel", "Hide until graded")
        assert shown == "Verdeckt bis zur Bewertung"
    finally:
        translation.use_templates(())
        if translator is not None:
            QCoreApplication.removeTranslator(translator)
    assert translation.install(qapp, QLocale("fi"), where=tmp_path) is None
