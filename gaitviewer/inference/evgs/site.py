"""What a hospital's own grades made of the answers: chances of each item calibrated, and sets of answers.

A model that was adapted carries in its card, for each item with enough grades, a line (slope and intercept on
the log odds) and the limit of its sets: an answer belongs to the set if the chance against it is not above the
limit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gaitviewer.core.gait import Side
from gaitviewer.core.output import Opinion
from gaitviewer.nets.card import card_entry

SITE = "site"  # entry in the settings of a card
_NEAR = 1e-4  # chances nearer to 0 or 1 are taken as this


@dataclass(frozen=True, slots=True)
class SiteItem:
    """What one item learned.

    Attributes:
        item: number.   slope, intercept: on the log odds of "atypical".
        limit: of the chance against an answer of the set.
        limbs, people: graded limbs that it was learned from, and whose.
    """

    item: int
    slope: float
    intercept: float
    limit: float
    limbs: int
    people: int

    def chance(self, atypical: float) -> float:
        """The calibrated chance of "atypical"."""
        return 1.0 / (1.0 + math.exp(-(self.slope * log_odds(atypical) + self.intercept)))

    def answers(self, atypical: float) -> tuple[int, ...]:
        """Numbers of the answers in the set of a calibrated chance; never empty."""
        against = atypical, 1.0 - atypical
        return tuple(k for k in (0, 1) if against[k] <= max(self.limit, min(against)))


@dataclass(frozen=True, slots=True)
class Site:
    """Of all items.

    Attributes:
        coverage: that was aimed at.   sessions, people: learned from.   items: those with enough grades.
    """

    coverage: float
    sessions: int
    people: int
    items: tuple[SiteItem, ...]


def log_odds(chance: float) -> float:
    """Of a chance, kept away from 0 and 1."""
    kept = min(max(chance, _NEAR), 1.0 - _NEAR)
    return math.log(kept / (1.0 - kept))


def adapted(
    opinions: Sequence[Opinion], settings: Mapping[str, Any], names: Mapping[str, tuple[int, Side]]
) -> tuple[Opinion, ...]:
    """The answers after what a hospital's grades said; as they were from a model that was not adapted.

    Args:
        opinions: chances of "normal" and "atypical".
        settings: of the model's card.
        names: item and limb of each question.

    Raises:
        SettingsError: the card's entry is damaged.
    """
    if SITE not in settings:
        return tuple(opinions)
    items = {one.item: one for one in card_entry(settings, SITE, Site).items}
    found = []
    for opinion in opinions:
        known = items.get(names[opinion.name][0])
        if opinion.probabilities is None or known is None:
            found.append(opinion)
            continue
        chance = known.chance(opinion.probabilities[1])
        label = " or ".join(opinion.classes[k] for k in known.answers(chance))
        found.append(replace(opinion, probabilities=(1.0 - chance, chance), label=label))
    return tuple(found)
