"""What the program has to say, as data: a code with values. Words are made from it in one place.

A finding, a reason, a remark, a step of progress or an error is a :class:`Message`; the sentence for it stands
in ``resources/messages/<language>.toml`` under its code. Nothing takes a sentence apart again: whoever wants to
know something of a message reads its code and its values, and a test compares those.

    message("progress.pose", video="side.mp4", frames=30, total=351)

A value is a number, a text (a name, what a person wrote), another message (said in its place), or several of
these (said one after the other, with the separator of the language). Error messages are whole sentences; the
others are sentences without capital letter and full stop, or parts of one.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from pathlib import PurePath
from typing import Any, TypeAlias

from gaitviewer.paths import resources

Value: TypeAlias = "str | int | float | bool | Message | tuple[Message | str, ...]"

AS_WRITTEN = "as_written"  # code of a text that stands for itself: what a person wrote, what an old file holds
DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be said.

    Attributes:
        code: dotted name in the catalogue; "" says nothing (and the message is false).
        values: (name, value), sorted by name.
    """

    code: str = ""
    values: tuple[tuple[str, Value], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.code)

    def __getitem__(self, name: str) -> Value:
        """The value of this name.

        Raises:
            KeyError: the message has none.
        """
        for own, value in self.values:
            if own == name:
                return value
        raise KeyError(name)

    def __str__(self) -> str:
        """In English, for logs and errors; a window asks its own :class:`Catalogue`."""
        return english().text(self)


NOTHING = Message()


def message(code: str, /, **values: Value | PurePath) -> Message:
    """A message, paths among its values as text; a code that the catalogue lacks is found when it is said."""
    plain = {name: str(value) if isinstance(value, PurePath) else value for name, value in values.items()}
    return Message(code, tuple(sorted(plain.items())))


def as_written(text: str) -> Message:
    """A text that stands for itself in every language; NOTHING for an empty one."""
    return message(AS_WRITTEN, text=text) if text else NOTHING


@lru_cache(maxsize=None, typed=True)  # some enumerations are numbers, equal to those of others
def named(member: Enum) -> Message:
    """What people call a value of an enumeration: ``walking_aid.crutches`` for ``WalkingAid.CRUTCHES``."""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(member).__name__)
    return message(f"{kind}.{member.name}".lower())


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """Sentences by code, in one language.

    Attributes:
        language: "en", "zh", ...
        sentences: code -> template, or the templates by plural form ("one", "other") of the value ``count``.
        fallback: asked for codes that are not translated.
    """

    language: str
    sentences: Mapping[str, str | Mapping[str, str]]
    fallback: Catalogue | None = None

    def text(self, what: Message) -> str:
        """What a message says, without capital letter and full stop unless the template has them.

        Raises:
            KeyError: the code is in no catalogue, or its template wants a value that the message lacks.
        """
        if not what:
            return ""
        template = self._template(what)
        if "{" not in template and "}" not in template:  # a word or two, of which the window says hundreds
            return template
        return _Filler(self).vformat(template, (), dict(what.values))

    def sentence(self, what: Message) -> str:
        """The same with a full stop, and with a capital letter unless it begins with a name or a number."""
        text = self.text(what)
        if not text:
            return ""
        first = text[:1] if self._begins_with_name(what) else text[:1].upper()
        return first + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")

    def knows(self, code: str) -> bool:
        """Whether there is a sentence of its own for a code, in this language."""
        return code in self.sentences

    def _begins_with_name(self, what: Message) -> bool:
        """Whether the first word is a value; a text that stands for itself is a sentence of its own."""
        before, name, *_ = next(iter(string.Formatter().parse(self._template(what))))
        if what.code == AS_WRITTEN or before or name is None:
            return False
        first = what[name]
        if isinstance(first, tuple) and first:
            first = first[0]
        return self._begins_with_name(first) if isinstance(first, Message) and first else True

    def _template(self, what: Message) -> str:
        found = self.sentences.get(what.code)
        if found is None:
            if self.fallback is not None:
                return self.fallback._template(what)
            raise KeyError(f"no sentence for {what.code!r} in the catalogue of messages")
        if isinstance(found, str):
            return found
        count = dict(what.values).get("count")
        return found["one"] if count == 1 and "one" in found else found["other"]


class _Filler(string.Formatter):
    """Fills a template; messages among the values are said in their place."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        return kwargs[str(key)]

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Message):
            return self._catalogue.text(value)
        if isinstance(value, tuple) and format_spec == "list":
            return self._listed([self._catalogue.text(one) for one in value])
        if isinstance(value, tuple):
            between = self._catalogue.text(message(f"between.{format_spec or 'comma'}"))
            return between.join(one if isinstance(one, str) else self._catalogue.text(one) for one in value)
        return str(super().format_field(value, format_spec))

    def _listed(self, words: list[str]) -> str:
        """One: "a", two: "a and b", more: "a, b and c"."""
        comma, last = (self._catalogue.text(message(f"between.{name}")) for name in ("comma", "and"))
        return last.join([*filter(None, [comma.join(words[:-1])]), *words[-1:]])


def read_catalogue(text: str, language: str, *, fallback: Catalogue | None = None) -> Catalogue:
    """A catalogue from TOML: tables nest, their names joined by dots are the codes.

    Raises:
        ValueError: a sentence is neither a text nor a table with "other" (and "one").
    """
    sentences: dict[str, str | Mapping[str, str]] = {}

    def walk(table: Mapping[str, Any], prefix: str) -> None:
        for key, value in table.items():
            code = f"{prefix}{key}"
            if isinstance(value, str):
                sentences[code] = value
            elif isinstance(value, dict) and set(value) <= {"one", "other"} and "other" in value:
                sentences[code] = {form: str(one) for form, one in value.items()}
            elif isinstance(value, dict):
                walk(value, f"{code}.")
            else:
                raise ValueError(f"the sentence {code} is {value!r}, not a text")

    walk(tomllib.loads(text), "")
    return Catalogue(language, sentences, fallback)


@cache
def english() -> Catalogue:
    """The catalogue that the program is written in; it has every code."""
    return load_catalogue(DEFAULT_LANGUAGE)


@cache
def load_catalogue(language: str) -> Catalogue:
    """The catalogue of a language; the English one speaks where a sentence, or all of it, is missing."""
    path = resources() / "messages" / f"{language}.toml"
    fallback = None if language == DEFAULT_LANGUAGE else english()
    if fallback is not None and not path.is_file():
        return fallback
    return read_catalogue(path.read_text(encoding="utf-8"), language, fallback=fallback)


def holes(template: str | Mapping[str, str]) -> frozenset[str]:
    """Names of the values that a template wants."""
    texts = [template] if isinstance(template, str) else list(template.values())
    return frozenset(
        re.split(r"[.\[]", name)[0] for one in texts for _, name, _, _ in string.Formatter().parse(one) if name
    )


def codes_within(what: Message) -> Iterator[str]:
    """The code of a message and of all messages among its values."""
    if what:
        yield what.code
    for _, value in what.values:
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, Message):
                yield from codes_within(inner)
