"""Clothes, skin, hair, build and rooms, drawn anew for each subject or trial."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from gaitviewer.core.serialise import read_resource
from gaitviewer.synthesis.body.figure import Look
from gaitviewer.synthesis.filming.room import Room

Colour = tuple[float, float, float]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Colours:
    hue: Range
    saturation: Range
    value: Range


@dataclass(frozen=True, slots=True)
class _Rooms:
    ahead_m: Range
    beside_m: Range
    height_m: Range
    floor: _Colours
    lane: _Colours
    wall: _Colours
    skirting: _Colours
    door: _Colours


@dataclass(frozen=True, slots=True)
class _Looks:
    skin: tuple[Colour, ...]
    hair: tuple[Colour, ...]
    clothes: _Colours
    shorts_length: Range
    girth: Range
    far_shade: Range
    room: _Rooms


@cache
def _looks() -> _Looks:
    return read_resource("synthesis/looks.toml", _Looks)


def draw_look(random: np.random.Generator) -> Look:
    """A body's colours and build; barefoot."""
    table = _looks()
    return Look(
        skin=_mixed(random, table.skin),
        hair=_mixed(random, table.hair),
        shirt=_any(random, table.clothes),
        trim=_any(random, table.clothes),
        shorts=_any(random, table.clothes),
        barefoot=True,
        shorts_length=float(random.uniform(*table.shorts_length)),
        girth=float(random.uniform(*table.girth)),
        far_shade=float(random.uniform(*table.far_shade)),
    )


def draw_room(random: np.random.Generator, *, length_m: float = 6.0) -> Room:
    """A room around a walk of that length along x."""
    table = _looks().room
    door = float(random.uniform(0.0, length_m))
    return Room(
        x=(-float(random.uniform(*table.ahead_m)), length_m + float(random.uniform(*table.ahead_m))),
        y=(-float(random.uniform(*table.beside_m)), float(random.uniform(*table.beside_m))),
        height=float(random.uniform(*table.height_m)),
        floor=_any(random, table.floor),
        lane=_any(random, table.lane),
        wall=_any(random, table.wall),
        skirting=_any(random, table.skirting),
        door=_any(random, table.door),
        door_x=(door, door + 0.9),
        seed=int(random.integers(2**31)),
    )


def _mixed(random: np.random.Generator, colours: Sequence[Colour]) -> Colour:
    """Between two neighbours of a row of colours."""
    at = float(random.uniform(0, len(colours) - 1))
    low = min(int(at), len(colours) - 2)
    share = at - low
    first, second = np.asarray(colours[low]), np.asarray(colours[low + 1])
    red, green, blue = ((1 - share) * first + share * second).tolist()
    return red, green, blue


def _any(random: np.random.Generator, ranges: _Colours) -> Colour:
    """Any hue, with saturation and brightness from a range."""
    hue, saturation, value = (
        float(random.uniform(*ends)) for ends in (ranges.hue, ranges.saturation, ranges.value)
    )
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return 255.0 * red, 255.0 * green, 255.0 * blue
