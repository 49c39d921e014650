"""Words that do not stand in the window's own code: from data files, and sentences that the measuring writes.

They pass through :func:`translate_data` on their way to the screen. A sentence with values in it is recognised
by its template ("only {0} strides count"), which a translation holds; ``installer/collect_words.py`` finds all
of them for translators and writes the list of templates beside the translations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLocale, QObject, QTranslator

from gaitviewer import paths
from gaitviewer.messages import Catalogue, Message, load_catalogue

CONTEXT = "Data"
_LETTERS = re.compile(r"[^\W\d_]")
_HOLE = re.compile(r"\{(\w*)[^{}]*\}")


def say(what: Message) -> str:
    """A message in the user's language."""
    return _catalogue().text(what)


def say_sentence(what: Message) -> str:
    """A message in the user's language, with a capital letter and a full stop."""
    return _catalogue().sentence(what)


def _catalogue() -> Catalogue:
    return load_catalogue(QLocale().name().partition("_")[0])


def translate_data(text: str) -> str:
    """The text in the user's language; as it is where there is no translation."""
    if not text:
        return text
    bare = _bare(text)
    for look, form in ((_whole, text), (_whole, bare), (_by_template, bare), (_by_template, text)):
        found = look(form)
        if found is not None:
            return found if form == text else _dressed(found, text)
    return text


def _bare(text: str) -> str:
    """A sentence as it stands in the code: without its capital letter and its full stop."""
    small = text if text[1:2].isupper() else text[:1].lower() + text[1:]
    return small.removesuffix(".")


def _dressed(translated: str, text: str) -> str:
    """A capital letter and a full stop where the text had them."""
    first = translated[:1].upper() if text[:1].isupper() else translated[:1]
    end = "." if text.endswith(".") and not translated.endswith(".") else ""
    return first + translated[1:] + end


def _whole(text: str) -> str | None:
    found = QCoreApplication.translate(CONTEXT, text)
    return None if found == text else found


def _by_template(text: str) -> str | None:
    for template, pattern in _patterns():
        match = pattern.fullmatch(text)
        if match is None:
            continue
        translated = QCoreApplication.translate(CONTEXT, template)
        values = [translate_data(value) for value in match.groups()]
        if translated != template:
            return _filled(translated, template, values)
        # Two sentences side by side: only where the parts are known, else any text would fit.
        wordy = not _LETTERS.search(_HOLE.sub("", template))
        if wordy and all(a != b for a, b in zip(match.groups(), values, strict=True) if _LETTERS.search(a)):
            return _filled(template, template, values)
    return None


def pattern_of(template: str) -> re.Pattern[str]:
    """What sentences made from a template look like; each hole is a group."""
    parts, end = [], 0
    for hole in _HOLE.finditer(template):
        parts += [re.escape(template[end : hole.start()]), "(.+?)"]
        end = hole.end()
    parts.append(re.escape(template[end:]))
    return re.compile("".join(parts), re.DOTALL)


def has_holes(text: str) -> bool:
    """Whether this is a template."""
    return _HOLE.search(text) is not None


def _filled(translated: str, template: str, values: list[str]) -> str:
    names = [hole.group(1) or str(number) for number, hole in enumerate(_HOLE.finditer(template))]
    table = dict(zip(names, values, strict=True))
    return _HOLE.sub(lambda hole: table.get(hole.group(1), hole.group(0)), translated)


def use_templates(templates: Iterable[str]) -> None:
    """Recognise sentences made from these."""
    _TEMPLATES[:] = sorted({text for text in templates if has_holes(text)}, key=_weight)
    _patterns.cache_clear()


def _weight(template: str) -> tuple[int, str]:
    """Templates that say more come first: they are the ones that are meant."""
    return -len(_HOLE.sub("", template)), template


_TEMPLATES: list[str] = []


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((template, pattern_of(template)) for template in _TEMPLATES)


def folder() -> Path:
    """Where translations lie: ``gaitviewer_<language>.qm``, and ``templates.txt``, a template a line."""
    return paths.resources() / "translations"


def install(app: QObject, locale: QLocale | None = None, *, where: Path | None = None) -> QTranslator | None:
    """Use the translation for the user's language, if there is one."""
    where = where or folder()
    translator = QTranslator(app)
    if not translator.load(locale or QLocale(), "gaitviewer", "_", str(where)):
        return None
    QCoreApplication.installTranslator(translator)
    listed = where / "templates.txt"
    if listed.is_file():
        use_templates(listed.read_text(encoding="utf-8").splitlines())
    return translator
