"""Numbers, sides and lists in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import AngleKind, Measures
from gaitviewer.core.numerals import DASH
from gaitviewer.core.wording import listed
from gaitviewer.messages import Message, as_written, english, named

VIEW_WORDS = {view: str(named(view)) for view in View}

# Sagittal first, from the hip down, then the trunk, then what the front view shows.
_ORDER = (
    "hip_flexion", "knee_flexion", "ankle_dorsiflexion", "foot_pitch", "trunk_tilt", "pelvic_rotation",
    "pelvic_obliquity", "trunk_lateral_lean", "trunk_lateral_shift", "shoulder_obliquity", "foot_progression",
)  # fmt: skip
_POSITIVE = {"tilt": "forward", "rotation": "forward", "obliquity": "up", "lean": "to that side",
             "shift": "to that side", "progression": "external", "pitch": "toes up"}  # fmt: skip


def moment(when: str) -> str:
    """An ISO 8601 moment as people write it, in universal time: "2026-03-01 14:05 UTC"."""
    try:
        found = datetime.fromisoformat(when)
    except ValueError:
        return when
    return f"{found.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if found.tzinfo else f"{found:%Y-%m-%d %H:%M}"


def recording_number(trial: str) -> str:
    """The number of a recording, which the program knows as "t1"; any other name as it is."""
    return trial[1:] if trial[:1] == "t" and trial[1:].isdecimal() else trial


def recording_words(trial: str, view: View | None = None) -> str:
    """A recording as the window calls it, with one of its views: "recording 1, side view"."""
    number = recording_number(trial)
    name = f"recording {number}" if number != trial else trial
    return name if view is None else f"{name}, {VIEW_WORDS[view]}"


def many(count: int, one: str, more: str = "") -> str:
    """A count with its noun: "1 stride", "3 strides"."""
    return f"{count} {one if count == 1 else more or one + 's'}"


def joined(words: Iterable[str]) -> str:
    """A list in words: "a, b and c"."""
    return str(listed(words))


def sentence(words: str | Message) -> str:
    """A message, or a person's words, with a capital letter and a full stop."""
    return english().sentence(as_written(words.strip()) if isinstance(words, str) else words)


def unique(words: Iterable[str]) -> tuple[str, ...]:
    """Each word once, in the order in which it came."""
    return tuple(dict.fromkeys(words))


def side_words(sides: Iterable[Side]) -> str:
    """Sides in words: "left", "right" or "left and right"."""
    return joined([side.value for side in Side if side in set(sides)])


def hertz(rate_hz: float) -> str:
    """A frame rate: "30 fps", "29.97 fps"."""
    if not math.isfinite(rate_hz):
        return DASH
    whole = abs(rate_hz - round(rate_hz)) < 0.005
    return f"{rate_hz:.0f} fps" if whole else f"{rate_hz:.2f} fps"


@dataclass(frozen=True, slots=True)
class AngleWords:
    """How an angle is called: title, unit and what its positive direction means."""

    name: str
    title: str
    unit: str
    positive: str
    note: str = ""

    @property
    def axis(self) -> str:
        """Words for the y axis."""
        unit = "degrees" if self.unit == "deg" else self.unit
        return f"{unit}, {self.positive} +" if self.positive else unit


def angle_words(name: str, kinds: Sequence[AngleKind] = ()) -> AngleWords:
    """The words for an angle: from the measuring core's table, else made from its name."""
    for kind in kinds:
        if kind.name == name:
            return AngleWords(name, kind.title, kind.unit, kind.positive, kind.note)
    last = name.rsplit("_", 1)[-1]
    unit = "% leg" if last == "shift" else "deg"
    return AngleWords(name, name.replace("_", " ").capitalize(), unit, _POSITIVE.get(last, last))


def angles_present(measures: Measures, kinds: Sequence[AngleKind] = ()) -> tuple[AngleWords, ...]:
    """Every angle that has a mean curve, in the order of printing."""
    there = {mean.angle for mean in measures.means} | {curve.angle for curve in measures.curves}
    order = [name for name in _ORDER if name in there]
    order += sorted(there - set(order))
    return tuple(angle_words(name, kinds) for name in order)
