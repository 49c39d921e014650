"""Which leg refiner goes with the keypoints of a side view: that of the very estimator, if there is one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from gaitviewer import paths
from gaitviewer.core.output import Provenance
from gaitviewer.errors import SettingsError
from gaitviewer.workflow.app import settings

if TYPE_CHECKING:
    from gaitviewer.analysis.signal.leg_refiner import LegRefiner
    from gaitviewer.nets.card import Card

TASK = "legs"
_log = logging.getLogger(__name__)


def find_leg_refiner(made: Provenance | None) -> LegRefiner | None:
    """The refiner for keypoints of this origin; None if there is none, or the user does without.

    Raises:
        SettingsError: its weights are damaged.
    """
    return None if leg_refiner_digest(made) is None or made is None else _load(made.weights_digest)


def leg_refiner_digest(made: Provenance | None) -> str | None:
    """The digest of the weights of :func:`find_leg_refiner`, without loading them."""
    if made is None or not made.weights_digest or not settings.load().refine_legs:
        return None
    card = _cards().get(made.weights_digest)
    return None if card is None else card.sha256


def describe_leg_refiner(made: Provenance | None) -> str:
    """Which one was used and what it learned from, for the provenance; "" for none."""
    if made is None or leg_refiner_digest(made) is None:
        return ""
    card = _cards()[made.weights_digest]
    return f"legs put right by {card.id} ({card.statement})"


@lru_cache(maxsize=1)
def _cards() -> Mapping[str, Card]:
    """The shipped refiners by the digest of their estimator."""
    from gaitviewer.nets.card import CARD, read_card  # the window starts without it

    found = {}
    for file in sorted(paths.models().glob(f"{TASK}-*/{CARD}")):
        try:
            card = read_card(file.parent)
        except SettingsError as problem:
            _log.warning("a leg refiner is left out: %s", problem)
            continue
        found[str(card.settings.get("pose_digest", ""))] = card
    return found


@lru_cache(maxsize=4)
def _load(pose_digest: str) -> LegRefiner:
    from gaitviewer.analysis.signal.leg_refiner import LegRefiner
    from gaitviewer.nets.card import load_arrays

    card = _cards()[pose_digest]
    weights = load_arrays(paths.models() / card.id, task=TASK)[1]
    return LegRefiner(weights, card.sha256)
