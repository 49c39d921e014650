"""What the words in motion capture files mean: units, gait events, names of subjects before marker names.

Every laboratory system writes them its own way; nothing here depends on the kind of file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gaitviewer.core.gait import EventKind, Side

_UNITS = {"mm": 1e-3, "cm": 1e-2, "dm": 1e-1, "m": 1.0, "in": 0.0254, "ft": 0.3048, "foot": 0.3048}
# Written in full; some writers keep only the first characters ("mete").
_LONG_UNITS = {
    "millimeters": 1e-3, "millimetres": 1e-3, "centimeters": 1e-2, "centimetres": 1e-2,
    "decimeters": 1e-1, "decimetres": 1e-1, "meters": 1.0, "metres": 1.0, "inches": 0.0254, "feet": 0.3048,
}  # fmt: skip
_SHORTEST_CUT = 3  # letters that are left of a long unit at least

_SIDES = {
    **dict.fromkeys(("left", "l", "lt"), Side.LEFT),
    **dict.fromkeys(("right", "r", "rt"), Side.RIGHT),
}
_KINDS = {
    **dict.fromkeys(
        ("foot strike", "footstrike", "heel strike", "heelstrike", "initial contact", "initialcontact",
         "foot contact", "heel contact", "foot on", "foot down", "touch down", "touchdown",
         "hs", "fs", "ic", "fc", "td"),
        EventKind.INITIAL_CONTACT,
    ),
    **dict.fromkeys(
        ("foot off", "footoff", "toe off", "toeoff", "foot up", "lift off", "liftoff", "to", "fo"),
        EventKind.TOE_OFF,
    ),
}  # fmt: skip
_SIDED_KINDS = {"on": EventKind.INITIAL_CONTACT, "off": EventKind.TOE_OFF}  # "LON", "ROFF": of a foot only
_SHORT = "hs|fs|ic|fc|td|to|fo|on|off"
_ABBREVIATION = re.compile(rf"(?P<before>[lr])?(?P<kind>{_SHORT})(?P<after>[lr])?")

_OWNED_SHARE = 0.9  # of the markers that share one beginning, before it is taken for a subject's name


def metres_per_unit(text: str) -> float | None:
    """Metres in a unit of length; None for what is none.

    Case, blanks and brackets do not matter; units written in full may be cut off after three letters.
    """
    word = re.sub(r"[^a-z]", "", text.lower())
    if word in _UNITS:
        return _UNITS[word]
    if len(word) < _SHORTEST_CUT:
        return None
    return next((metres for unit, metres in _LONG_UNITS.items() if unit.startswith(word)), None)


def read_event(label: str, context: str = "") -> tuple[Side | None, EventKind | None]:
    """Side and kind of an event from its label ("Left Foot Strike", "RTO", "HS_L") and context ("Left").

    The side is None where neither tells it or they contradict each other.
    """
    side_by_context = next((_SIDES[word] for word in _words(context) if word in _SIDES), None)
    words = _words(label)
    sides = {_SIDES[word] for word in words if word in _SIDES}
    rest = [word for word in words if word not in _SIDES]
    if len(rest) == 1 and (short := _ABBREVIATION.fullmatch(rest[0])):
        sides |= {_SIDES[letter] for letter in (short["before"], short["after"]) if letter}
        rest = [short["kind"]]
    told = sides if side_by_context is None else sides | {side_by_context}
    side = told.pop() if len(told) == 1 else None
    phrase = " ".join(rest)
    kind = _KINDS.get(phrase) or (_SIDED_KINDS.get(phrase) if side is not None else None)
    return side, kind


def _words(text: str) -> list[str]:
    """Words in lower case; "LeftFootStrike" has three, numbers are left out."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return re.findall(r"[a-z]+", parted.lower())


def split_owners(labels: Sequence[str]) -> list[tuple[str, str]]:
    """(subject, marker) of every label; the subject is "" where a label names none.

    "Patient3:LTIO" always names a subject; "Patient3_LTIO" and "Patient3.LTIO" do where nearly all labels
    begin alike, for such marks are also used inside the names of markers ("r_ankle", "L.ASIS").
    """
    if any(":" in label for label in labels):
        parts = [label.rpartition(":") for label in labels]
        return [(owner.strip(), name.strip()) for owner, _, name in parts]
    for mark in "_.":
        prefix = _common_beginning(labels, mark)
        if prefix:
            whole = prefix + mark
            return [(prefix, n.removeprefix(whole)) if n.startswith(whole) else ("", n) for n in labels]
    return [("", label) for label in labels]


def _common_beginning(labels: Sequence[str], mark: str) -> str:
    named = [label for label in labels if re.match(r"[^\W\d_]", label)]  # not "*12" and other numbers
    beginnings = [label.partition(mark)[0] for label in named if label.partition(mark)[2]]
    if len(beginnings) < max(4, _OWNED_SHARE * len(named)):
        return ""
    prefix = max(set(beginnings), key=beginnings.count)
    enough = beginnings.count(prefix) >= _OWNED_SHARE * len(named)
    return prefix if enough and len(prefix) > 1 and prefix.lower() not in _SIDES else ""
