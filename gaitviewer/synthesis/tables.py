"""The generator's tables under ``resources/synthesis``, and how numbers are drawn from them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from gaitviewer.core.serialise import read_resource
from gaitviewer.synthesis.curves import CycleCurve

_WAVE_POINTS = 12


@cache
def read_table(name: str) -> dict[str, Any]:
    """A table, e.g. ``children``."""
    return read_resource(f"synthesis/{name}.toml", dict[str, Any])


def bounded(random: np.random.Generator, *, spread: float = 1.0, mean: float = 0.0) -> float:
    """A normal number, cut at two standard deviations: nobody is impossible."""
    return mean + spread * float(np.clip(random.standard_normal(), -2.0, 2.0))


def choose(random: np.random.Generator, shares: dict[str, float]) -> str:
    """One of the names, each as often as its share says."""
    names = list(shares)
    weights = np.asarray([shares[name] for name in names], np.float64)
    return names[int(random.choice(len(names), p=weights / weights.sum()))]


def draw_wave(random: np.random.Generator, spread_deg: list[float]) -> CycleCurve:
    """A smooth random curve: a constant and the first waves over the cycle, each with its spread."""
    percent = np.arange(_WAVE_POINTS) * 100.0 / _WAVE_POINTS
    degrees = np.full(_WAVE_POINTS, bounded(random, spread=spread_deg[0]))
    for order, spread in enumerate(spread_deg[1:], start=1):
        turn = 2 * np.pi * order * percent / 100.0
        size = bounded(random, spread=spread)
        degrees = degrees + size * np.cos(turn - random.uniform(0, 2 * np.pi))
    return CycleCurve(tuple(percent.tolist()), tuple(degrees.tolist()))


def scaled(curve: CycleCurve, factor: float) -> CycleCurve:
    """Every value times ``factor``."""
    return CycleCurve(curve.percent, tuple(factor * value for value in curve.degrees))


def stretched(curve: CycleCurve, factor: float) -> CycleCurve:
    """The excursion about the curve's mean times ``factor``."""
    middle = float(np.mean(curve.at(np.arange(100) / 100.0)))
    return CycleCurve(curve.percent, tuple(middle + factor * (value - middle) for value in curve.degrees))


def delayed(curve: CycleCurve, lag: float) -> CycleCurve:
    """The same curve, ``lag`` (a fraction of the cycle) later."""
    pairs = sorted(
        (round((percent + 100.0 * lag) % 100.0, 6), value)
        for percent, value in zip(curve.percent, curve.degrees, strict=True)
    )
    return CycleCurve(tuple(p for p, _ in pairs), tuple(v for _, v in pairs))
