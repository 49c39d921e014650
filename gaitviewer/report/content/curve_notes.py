"""Which angles are plotted for which view, and what has to be said below the plots."""

from __future__ import annotations

from collections.abc import Sequence

from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import AngleKind, Measures
from gaitviewer.core.numerals import number
from gaitviewer.messages import message
from gaitviewer.report.content.wording import AngleWords, angles_present, sentence, side_words

ANKLE = "ankle_dorsiflexion"


def _view_of(measures: Measures, angle: str, kinds: Sequence[AngleKind]) -> View:
    seen = next((curve.stride.view for curve in measures.curves if curve.angle == angle), View.SAGITTAL)
    return next((kind.view for kind in kinds if kind.name == angle), seen)


def drawn_angles(measures: Measures, view: View, kinds: Sequence[AngleKind]) -> tuple[AngleWords, ...]:
    """The angles of a view that have a mean curve, in the order of printing."""
    return tuple(
        words
        for words in angles_present(measures, kinds)
        if any(measures.mean(words.name, side) for side in Side)
        and _view_of(measures, words.name, kinds) is view
    )


def _counts(measures: Measures, angles: Sequence[AngleWords]) -> str:
    names = {words.name for words in angles}
    parts = []
    for side in Side:
        made = [mean for mean in measures.means if mean.side is side and mean.angle in names]
        if made:
            low, high = min(mean.count for mean in made), max(mean.count for mean in made)
            span = f"{low}" if low == high else f"{low} to {high}"
            far = " of the far limb" if all(mean.far for mean in made) else ""
            far = far or (" (in part of the far limb)" if any(mean.far for mean in made) else "")
            parts.append(f"{side.value} {span}{far}")
    return ", ".join(parts)


def _ankle_zero(measures: Measures) -> str:
    zeros = {side: zero for side in Side if (zero := measures.flat_foot_zero_deg[side]) is not None}
    taken = ", ".join(f"{side.value} {number(zero, 1)}°" for side, zero in zeros.items())
    missing = [side for side in Side if side not in zeros]
    words = f"Zero of the ankle angle from a flat foot: {taken}." if taken else ""
    if missing:
        words += f" Not taken ({side_words(missing)}): the line from heel to toe as seen."
    return words.strip()


def notes(measures: Measures, angles: Sequence[AngleWords]) -> tuple[str, ...]:
    """How to read the plots, and what differs from the textbook in each angle."""
    lines = [
        "Horizontal: % of the gait cycle, 0 = contact of that foot. Line: mean, ribbon: ± 1 SD over strides; "
        f"strides: {_counts(measures, angles)}. Normal band: group “{measures.speed_group}”."
    ]
    for words in angles:
        band = measures.band(words.name)
        said = [sentence(words.note)]
        if band is not None and not band.comparable:
            said.append(f"Dotted band: {sentence(band.note or message('note.norm.otherwise'))}")
        if any(said):
            lines.append(f"{words.title}: {' '.join(part for part in said if part)}")
    if any(words.name == ANKLE for words in angles):
        lines.append(_ankle_zero(measures))
    return tuple(lines)
