"""The sections of the printed report that may be left out, by name."""

from __future__ import annotations

from collections.abc import Iterable

from gaitviewer.errors import SettingsError

# In the order of printing. Front page, provenance and the footer of every page are no choice: they say whose
# report it is, what it was made from, and what it must not be used for.
SECTIONS: dict[str, str] = {
    "quality": "Quality of the recording",
    "parameters": "Time and distance",
    "movement": "Movement analysis and pattern",
    "curves": "Joint angles over the gait cycle",
    "strides": "Every stride",
    "scores": "Edinburgh Visual Gait Score",
    "evidence": "The frames behind the scores",
    "key_frames": "Key frames over the gait cycle",
    "review": "Texts and grades by a person",
    "method": "Method, limits and references",
}


def choose_sections(names: Iterable[str] | None) -> frozenset[str]:
    """The sections of these names; all of them for None.

    Raises:
        SettingsError: there is no section of that name.
    """
    if names is None:
        return frozenset(SECTIONS)
    chosen = frozenset(names)
    unknown = sorted(chosen - SECTIONS.keys())
    if unknown:
        raise SettingsError(f"The report has no section “{unknown[0]}”; choose from {', '.join(SECTIONS)}.")
    return chosen


def parse_sections(text: str) -> frozenset[str]:
    """The sections named in a list with commas, e.g. "quality,scores".

    Raises:
        SettingsError: no section is named, or one that there is not.
    """
    names = [name for part in text.split(",") if (name := part.strip())]
    if not names:
        raise SettingsError(f"No section of the report is named; choose from {', '.join(SECTIONS)}.")
    return choose_sections(names)
