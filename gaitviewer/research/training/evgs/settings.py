"""What a run of the video system is made of: the protocol's tables with what a variant changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from gaitviewer.core.serialise import read_resource
from gaitviewer.nets.evgs.inputs import EvgsSettings
from gaitviewer.research.training.protocols import Tables, change_tables, choose_protocol
from gaitviewer.research.training.task import Variant

VARIANTS: tuple[Variant, ...] = (
    Variant("video", "skeleton drawn, 16 frames, 25 % of the tokens"),
    Variant("logistic", "logistic regression on the keypoints of the same clips", {"kind": "logistic"}),
    Variant("majority", "always the more frequent answer of each item", {"kind": "majority"}),
    Variant("T=8", "8 frames (0.27 s)", {"network.frames": 8}, "frames"),
    Variant("T=32", "32 frames (1.07 s)", {"network.frames": 32}, "frames"),
    Variant("no-prompt", "no skeleton drawn", {"network.prompt": False}, "prompting"),
    Variant("tokens=100%", "every token", {"network.keep": 1.0}, "pruning"),
    Variant("tokens=50%", "half of the tokens", {"network.keep": 0.5}, "pruning"),
    Variant("tokens=10%", "a tenth of the tokens", {"network.keep": 0.1}, "pruning"),
    Variant("tokens-by-threshold", "tokens with 10 % of foreground", {"network.keep": 0.0}, "pruning"),
    Variant("ordinal", "heads for 0 / 1 / 2", {"network.ordinal": True}, "heads"),
    Variant("separate-limbs", "heads of each limb's own", {"network.shared_limbs": False}, "heads"),
    Variant("mean-of-tokens", "mean of all tokens, as published", {"network.values": 0}, "pooling"),
    Variant("background", "background left as it is", {"network.blank": False}, "background"),
    Variant("places-not-told", "not told where keypoints are", {"loss.keypoints": 0.0}, "pooling"),
)


@dataclass(frozen=True, slots=True)
class _VideoFile:
    protocols: dict[str, Any]


@cache
def _protocols() -> dict[str, Any]:
    return read_resource("models/evgs.toml", _VideoFile).protocols


@dataclass(frozen=True, slots=True)
class _VisibleItem:
    number: int
    code: str
    visible: bool
    reason: str


@dataclass(frozen=True, slots=True)
class _VisibleFile:
    written: str
    source: str
    items: tuple[_VisibleItem, ...]


@cache
def visible_items() -> tuple[int, ...]:
    """Items that can be seen in the walker's pictures, as written down before the first training."""
    return tuple(
        item.number
        for item in read_resource("models/evgs_visible_items.toml", _VisibleFile).items
        if item.visible
    )


def read_protocol(name: str, changes: Mapping[str, Any] | None = None) -> Tables:
    """The tables of a protocol, changed by "table.key" or "key".

    Raises:
        SettingsError: there is no such protocol, or a change of something unknown.
    """
    tables = choose_protocol(_protocols(), name, system="the video model")
    return change_tables(tables, changes, system="video")


def network_settings(tables: Tables) -> EvgsSettings:
    """The network of a run."""
    return EvgsSettings.read(tables["network"])
