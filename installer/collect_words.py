"""Collect every word that the window shows, for translators.

    .venv/bin/python installer/collect_words.py de [FOLDER]

writes ``gaitviewer_de.ts`` (open it with ``pyside6-linguist``; ``pyside6-lrelease`` makes the ``.qm`` that the
program loads) into ``resources/translations``, or into FOLDER. What was translated before is kept. Words of the
window's code come from its calls of ``tr`` and ``translate``; names and labels of data files have the context
"Data". What the program has to say of a recording is translated elsewhere: copy ``resources/messages/en.toml``
to ``de.toml`` there and put the sentences into the other language; those left out are said in English.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
PACKAGE, RESOURCES = ROOT / "gaitviewer", ROOT / "resources"
# What may reach the window as words. Everything else in these files is names, numbers, files.
FIELDS = frozenset(("title", "name", "phase", "quantity", "label", "unit_means", "note", "source", "positive"))
DATA_FILES = ("evgs/evgs.toml", "evgs/reliability.toml", "angles.toml", "normative/*.toml")
Words = set[tuple[str, str]]  # (context, text)


def data_words() -> Words:
    """Words of the data files."""
    from gaitviewer.core.content import PARTS
    from gaitviewer.core.report_options import SECTIONS
    from gaitviewer.core.session import SYNC_SOURCES
    from gaitviewer.gui.shell.actions import _MENUS

    found: Words = {
        ("Data", text) for path in _data_files() for text in _strings(tomllib.loads(path.read_text()))
    }
    keys = tomllib.loads((RESOURCES / "keys.toml").read_text())["keys"]
    found |= {("Keys", row[field]) for row in keys for field in ("title", "group")}
    found |= {("Menus", title) for title, _ in _MENUS}
    found |= {("Sections", title) for title in SECTIONS.values()}
    found |= {("Data", words) for words in (*SYNC_SOURCES, *PARTS)}
    return found


def _data_files() -> Iterator[Path]:
    for pattern in DATA_FILES:
        yield from sorted(RESOURCES.glob(pattern))


def _strings(value: Any, field: str = "", *, all_of: bool = False) -> Iterator[str]:
    """Texts of the fields that hold words; below "words" every text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(inner, key, all_of=all_of or key == "words")
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, field, all_of=all_of)
    elif (
        isinstance(value, str)
        and (all_of or field in FIELDS)
        and not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", value)
    ):
        yield value


def window_words() -> Words:
    """What the window's own code hands to ``tr`` and ``translate``."""
    found: Words = set()
    for path in sorted((PACKAGE / "gui").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= set(_calls(tree, "", _own_tr(path, tree)))
    return found


def _own_tr(path: Path, tree: ast.Module) -> str:
    """The context of a function ``tr(text)`` of this module, or of the one it is imported from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "tr":
            calls = [n for n in ast.walk(node) if isinstance(n, ast.Call) and n.args]
            return next(str(c.args[0].value) for c in calls if isinstance(c.args[0], ast.Constant))
        if isinstance(node, ast.ImportFrom) and any(name.name == "tr" for name in node.names):
            other = ROOT / Path(*str(node.module).split(".")).with_suffix(".py")
            return _own_tr(other, ast.parse(other.read_text(encoding="utf-8")))
    return ""


def _calls(node: ast.AST, owner: str, own_tr: str) -> Iterator[tuple[str, str]]:
    for inner in ast.iter_child_nodes(node):
        name = inner.name if isinstance(inner, ast.ClassDef) else owner
        if isinstance(inner, ast.Call):
            texts = [_constants(argument) for argument in inner.args[:2]]
            called = ast.unparse(inner.func)
            if called == "self.tr" and texts:
                yield from ((owner, text) for text in texts[0])
            elif called.split(".")[-1] in ("translate", "tr", "QT_TRANSLATE_NOOP") and len(texts) == 2:
                yield from ((context, text) for context in texts[0] for text in texts[1])
            elif called == "tr" and texts:
                yield from ((own_tr, text) for text in texts[0])
        yield from _calls(inner, name, own_tr)


def _constants(node: ast.AST) -> list[str]:
    """The texts that an argument may be: a text, or one of two."""
    if isinstance(node, ast.IfExp):
        return _constants(node.body) + _constants(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def all_words() -> Words:
    """Everything that can be translated."""
    return {(context, text) for context, text in data_words() | window_words() if text.strip()}


def write_ts(path: Path, words: Iterable[tuple[str, str]], language: str) -> None:
    """A file for Qt Linguist; translations that are there already stay."""
    known = _translated(path)
    top = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en")
    contexts: dict[str, ElementTree.Element] = {}
    for context, text in sorted(set(words)):
        if context not in contexts:
            contexts[context] = ElementTree.SubElement(top, "context")
            ElementTree.SubElement(contexts[context], "name").text = context
        message = ElementTree.SubElement(contexts[context], "message")
        ElementTree.SubElement(message, "source").text = text
        done = known.get((context, text))
        translation = ElementTree.SubElement(message, "translation", {} if done else {"type": "unfinished"})
        translation.text = done
    ElementTree.indent(top, " ")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = ElementTree.tostring(top, encoding="unicode")
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{text}\n', encoding="utf-8")


def _translated(path: Path) -> dict[tuple[str, str], str]:
    if not path.is_file():
        return {}
    found = {}
    for context in ElementTree.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            done = message.find("translation")
            if done is not None and done.text and done.get("type") != "unfinished":
                found[context.findtext("name", ""), message.findtext("source", "")] = done.text
    return found


def main() -> None:
    """Write the file for a language."""
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else RESOURCES / "translations"
    words = all_words()
    write_ts(folder / f"gaitviewer_{sys.argv[1]}.ts", words, sys.argv[1])
    print(f"{len(words)} texts in {folder}")


if __name__ == "__main__":
    main()
