"""Collect every word that the window shows, for translators.

    .venv/bin/python installer/collect_words.py de [FOLDER]

writes ``gaitviewer_de.ts`` (open it with ``pyside6-linguist``; ``pyside6-lrelease`` makes the ``.qm`` that the
program loads) and ``templates.txt`` into ``resources/translations``, or into FOLDER. What was translated before
is kept. Words of the window's code come from its calls of ``tr`` and ``translate``; words of data files and the
sentences that the measuring writes have the context "Data".
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
FIELDS = frozenset(
    ("title", "name", "phase", "quantity", "label", "reason", "remark", "note", "source", "positive")
)
DATA_FILES = ("evgs/evgs.toml", "evgs/reliability.toml", "angles.toml", "normative/*.toml", "quality.toml")
# Modules that write sentences which the window shows: reasons, remarks, findings.
SPEAKING = ("core", "analysis", "video", "pose", "report", "synthesis", "workflow", "inference")
# Several words, or one that is not a name of the program's own.
_WORDS = re.compile(r"[A-Za-z]{2}.* |^[A-Za-z][a-z]+([- ][a-z]+)*$|^\{0\}[ (:;,.]+\{1\}[).]*$")
Words = set[tuple[str, str]]  # (context, text)


def data_words() -> Words:
    """Words of the data files."""
    from gaitviewer.core.report_options import SECTIONS
    from gaitviewer.gui.shell.actions import _MENUS

    found: Words = {
        ("Data", text) for path in _data_files() for text in _strings(tomllib.loads(path.read_text()))
    }
    keys = tomllib.loads((RESOURCES / "keys.toml").read_text())["keys"]
    found |= {("Keys", row[field]) for row in keys for field in ("title", "group")}
    found |= {("Menus", title) for title, _ in _MENUS}
    found |= {("Sections", title) for title in SECTIONS.values()}
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


def spoken_words() -> Words:
    """Sentences in the code of the measuring, values as holes; and the values of its enumerations."""
    found: Words = set()
    for package in SPEAKING:
        for path in sorted((PACKAGE / package).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            skipped = {id(node) for node in _docstrings(tree)} | _inside_fstrings(tree)
            for node in ast.walk(tree):
                text = _text_of(node) if id(node) not in skipped else None
                if text and _WORDS.search(text) and "\n" not in text:
                    found.add(("Data", text))
    return found


def _docstrings(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _inside_fstrings(tree: ast.AST) -> set[int]:
    joined = (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))
    return {id(part) for node in joined for part in node.values if isinstance(part, ast.Constant)}


def _text_of(node: ast.AST) -> str | None:
    """A text, or a text with holes {0}, {1}, ... where an f-string has values."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    holes, parts = 0, []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            parts.append(f"{{{holes}}}")
            holes += 1
    return "".join(parts)


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
    return {(context, text) for context, text in data_words() | spoken_words() | window_words() if text.strip()}


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


def write_templates(path: Path, words: Iterable[tuple[str, str]]) -> None:
    """The texts with holes, one in each line."""
    from gaitviewer.gui.widgets.translation import CONTEXT, has_holes

    lines = sorted(
        {text for context, text in words if context == CONTEXT and has_holes(text) and "\n" not in text}
    )
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def main() -> None:
    """Write both files for a language."""
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else RESOURCES / "translations"
    words = all_words()
    write_ts(folder / f"gaitviewer_{sys.argv[1]}.ts", words, sys.argv[1])
    write_templates(folder / "templates.txt", words)
    print(f"{len(words)} texts in {folder}")


if __name__ == "__main__":
    main()
