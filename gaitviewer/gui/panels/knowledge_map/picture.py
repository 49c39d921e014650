"""The knowledge map as colours: layers, their absolute scales, and the blend of them. Pure arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.maps import KnowledgeMap
from gaitviewer.gui.model.map_features import MapFeature, MapLine

Rgb = tuple[int, int, int]
_SURE = 98.0  # per cent of the values of a unit lie within its scale; beyond it colours are at their end


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One kind of values over features and time, in parts of its scale.

    Attributes:
        kind: "values", "importance" or "attention".
        shares: [F, T] -1..1, NaN = unknown.   ends: where the scale of each unit ends, in that unit.
    """

    kind: str
    shares: NDArray[np.float64]
    ends: Mapping[str, float]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw: no known value, all zero, or all the same."""
        known = self.shares[np.isfinite(self.shares)]
        if not known.size or not known.any():
            return True
        return self.kind != "values" and known.size > 1 and bool((known == known[0]).all())

    @property
    def is_signed(self) -> bool:
        """Whether some values are below zero."""
        return bool((self.shares < 0).any())


def layer_of(drawn: KnowledgeMap, features: Sequence[MapFeature]) -> Layer:
    """A map in parts of its scale: values of each unit by themselves, all others by one scale."""
    shares = np.full(drawn.values.shape, np.nan)
    ends: dict[str, float] = {}
    if drawn.kind != "values":
        known = np.abs(drawn.values[np.isfinite(drawn.values)])
        end = float(known.max()) if known.size else 0.0
        if end > 0:
            shares = np.clip(drawn.values / end, -1.0, 1.0)
        return Layer(drawn.kind, shares, {"": end})
    for unit in dict.fromkeys(one.scale for one in features):
        rows = [one.row for one in features if one.scale == unit]
        known = np.abs(drawn.values[rows][np.isfinite(drawn.values[rows])])
        end = 1.0 if unit == "r" else float(np.percentile(known, _SURE)) if known.size else 0.0
        ends[unit] = end
        shares[rows] = np.clip(drawn.values[rows] / end, -1.0, 1.0) if end > 0 else 0.0 * drawn.values[rows]
    return Layer(drawn.kind, shares, ends)


def line_shares(layer: Layer, lines: Sequence[MapLine]) -> NDArray[np.float64]:
    """[L, T] of each line; the heading of a group has the strongest of its rows where that means something."""
    found = np.full((len(lines), layer.shares.shape[1]), np.nan)
    for number, line in enumerate(lines):
        rows = layer.shares[list(line.rows)]
        if line.feature is not None:
            found[number] = rows[0]
        elif layer.kind != "values":
            known = np.where(np.isfinite(rows), rows, 0.0)
            found[number] = np.take_along_axis(known, np.abs(known).argmax(axis=0)[None], axis=0)[0]
    return found


def blend(
    lines: Sequence[MapLine],
    ground: Layer | None,
    above: Layer | None,
    *,
    share_above: float,
    colours: Mapping[str, Rgb],
) -> NDArray[np.uint8]:
    """[L, T, 3] colours of the lines.

    Args:
        lines: what is drawn, from the top.
        ground: shown in two colours around the base, or None.
        above: laid over it, or None; what has no evidence lets the ground through.
        share_above: 0..1 how much of ``above`` is seen; the ground gives way as much.
        colours: "base", "low", "high", "above", "against", "unknown", "heading".
    """
    frames = next((one.shares.shape[1] for one in (ground, above) if one is not None), 1)
    base = np.array(colours["base"], np.float64)
    picture = np.tile(base, (len(lines), frames, 1))
    headings = np.array([line.feature is None for line in lines], np.bool_)
    picture[headings] = colours["heading"]
    for layer, weight, names in (
        (ground, 1.0 if above is None else 1.0 - share_above, ("high", "low")),
        (above, 1.0 if ground is None else share_above, ("above", "against")),
    ):
        if layer is None or layer.is_empty:
            continue
        shares = line_shares(layer, lines)
        for name, part in zip(names, (shares, -shares), strict=True):
            alpha = np.asarray(np.where(part > 0, part, 0.0)[..., None] * weight, np.float64)
            picture = picture * (1.0 - alpha) + np.array(colours[name], np.float64) * alpha
        picture[np.isnan(shares) & ~headings[:, None]] = colours["unknown"]
    return np.asarray(np.clip(np.rint(picture), 0, 255), np.uint8)
