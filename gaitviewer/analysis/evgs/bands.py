"""Bands of the score: which one a value meets, how surely, and how far the next edge is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gaitviewer.core.evgs import Band, EvgsItem


@dataclass(frozen=True, slots=True)
class Scored:
    """A value looked up in the bands of an item, with its standard error; a category has none."""

    band: Band
    probabilities: tuple[float, float, float]
    edge_distance: float | None
    borderline: bool
    sigma: float | None = None


def is_numeric(band: Band) -> bool:
    """Whether a band has a value range (a category has none)."""
    return band.low is not None or band.high is not None


def round_half_up(value: float) -> int:
    """The nearest whole number; halves go up, so that each value has one whole number."""
    return math.floor(value + 0.5)


def band_of(item: EvgsItem, value: float) -> Band:
    """The band that holds ``value``, rounded to a whole number.

    Raises:
        ValueError: the item has no band for it.
    """
    whole = round_half_up(value)
    for band in item.bands:
        if is_numeric(band) and _holds(band, whole):
            return band
    raise ValueError(f"{item.code} has no band for {value:g}")


def category_of(item: EvgsItem, label: str) -> Band:
    """The band with this label.

    Raises:
        ValueError: there is none.
    """
    for band in item.bands:
        if band.label == label:
            return band
    raise ValueError(f"{item.code} has no category '{label}'")


def _holds(band: Band, whole: int) -> bool:
    return (band.low is None or whole >= band.low) and (band.high is None or whole <= band.high)


def _edges(band: Band) -> tuple[float, float]:
    """Limits of a band before rounding: 5 to 15 holds everything from 4.5 up to 15.5."""
    low = -math.inf if band.low is None else band.low - 0.5
    high = math.inf if band.high is None else band.high + 0.5
    return low, high


def _normal_cdf(z: float) -> float:
    return 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))


def score_value(
    item: EvgsItem, value: float, *, sigma: float, special: tuple[tuple[str, float], ...] = ()
) -> Scored:
    """Look a value up, with the probability of each score under a normal error.

    Args:
        item: whose bands.
        value: in the item's unit.
        sigma: standard error of the value, event error included.
        special: (label, probability) of categories that are not a matter of the value; they take their part
            of the probability first.
    """
    probabilities = [0.0, 0.0, 0.0]
    rest = max(0.0, 1.0 - sum(p for _, p in special))
    for label, probability in special:
        probabilities[category_of(item, label).score] += min(probability, 1.0)
    for band in item.bands:
        if not is_numeric(band):
            continue
        low, high = _edges(band)
        if sigma > 0:
            part = _normal_cdf((high - value) / sigma) - _normal_cdf((low - value) / sigma)
        else:
            part = 1.0 if band is band_of(item, value) else 0.0
        probabilities[band.score] += rest * part
    total = sum(probabilities)
    met = band_of(item, value)
    distance = edge_distance(item, value)
    return Scored(
        band=met,
        probabilities=(probabilities[0] / total, probabilities[1] / total, probabilities[2] / total),
        edge_distance=distance,
        borderline=distance is not None and distance < sigma,
        sigma=sigma,
    )


def score_category(item: EvgsItem, label: str, probability: float, *, otherwise: Scored | None) -> Scored:
    """A category that a rule names with probability ``chance``; the rest goes to ``otherwise`` or its score."""
    band = category_of(item, label)
    probabilities = [0.0, 0.0, 0.0]
    probabilities[band.score] += probability
    for score in range(3):
        share = (otherwise.probabilities[score] if otherwise else float(score == band.score)) * (
            1.0 - probability
        )
        probabilities[score] += share
    return Scored(band, (probabilities[0], probabilities[1], probabilities[2]), None, probability < 0.84)


def edge_distance(item: EvgsItem, value: float) -> float | None:
    """Distance to the nearest value at which the *score* changes; None for an item of categories only."""
    numeric = [band for band in item.bands if is_numeric(band)]
    if not numeric:
        return None
    own = band_of(item, value).score
    distances = []
    for band in numeric:
        if band.score != own:
            low, high = _edges(band)
            distances.append(max(low - value, value - high, 0.0))
    return min(distances) if distances else None
