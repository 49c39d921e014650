"""From importance over features and frames to words: the top feature of each domain with its time window."""

from __future__ import annotations

import numpy as np

from gaitviewer.analysis.knowledge_map.features import Space, load_map_features
from gaitviewer.core.arrays import F8
from gaitviewer.core.maps import FeatureFinding, KnowledgeMap

_SHARE = 0.5  # the window reaches to where the importance falls below this share of its highest value


def find_features(importance: KnowledgeMap) -> tuple[FeatureFinding, ...]:
    """The top feature of each domain (motion, self-skeleton, cross-correlation), most important first.

    Args:
        importance: raw importance in the shape of a knowledge map, not negative.

    Returns:
        Nothing for a domain without any importance.
    """
    table = load_map_features()
    found = []
    for space in Space:
        rows = table.rows(space)
        total = importance.values[rows].mean(axis=1)
        if not (total > 0).any():
            continue
        row = int(rows[int(np.argmax(total))])
        start, stop = _window(importance.values[row], importance.times_s)
        feature = table.features[row]
        words = (
            f"{feature.title} ({feature.wording}), {start - importance.times_s[0]:.1f} to "
            f"{stop - importance.times_s[0]:.1f} s of the clip"
        )
        weight = float(total.max())
        found.append(FeatureFinding(feature.name, space.value, start, stop, weight, words))
    return tuple(sorted(found, key=lambda one: -one.weight))


def _window(values: F8, times: F8) -> tuple[float, float]:
    """The stretch around the highest value in which it stays above a share of it, seconds."""
    peak = int(np.argmax(values))
    low = high = peak
    limit = _SHARE * float(values[peak])
    while low > 0 and values[low - 1] >= limit:
        low -= 1
    while high < len(values) - 1 and values[high + 1] >= limit:
        high += 1
    return float(times[low]), float(times[high])
