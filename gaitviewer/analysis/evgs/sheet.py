"""The Edinburgh Visual Gait Score as data: items, bands, operational rules, gates, reliability."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from gaitviewer.core.evgs import Band, EvgsItem
from gaitviewer.core.gait import View
from gaitviewer.core.session import Session
from gaitviewer.paths import resources


@dataclass(frozen=True, slots=True)
class ItemRule:
    """How an item is read from keypoints.

    Attributes:
        kind: "maximum", "minimum", "farthest", "last_frame", "mid_stance", "initial_contact", "heel_lift",
            "clearance" or "by_person".
        angle: the curve it is read from, "" if none.   points: keypoints, as in the table of angles.
        window: ("stance" or "swing", from, to) in per cent of that phase, or None.
        read_in: the view whose strides it is read in.
        scale: from the curve's unit to the item's.
        reason: why keypoints cannot give it ("by_person").   remark: a limit of every value.
    """

    kind: str
    angle: str
    points: tuple[str, ...]
    window: tuple[str, float, float] | None
    read_in: View
    scale: float
    reason: str
    remark: str


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Numbers of the verbal items; each is explained in the data file."""

    heel_rise_leg: float
    heel_down_deg: float
    forefoot_down_deg: float
    contact_part: float
    toe_floor_leg: float
    mid_swing: tuple[float, float]
    push_off: tuple[float, float]
    dragging_part: float
    dragging_sigma: float
    clearance_noise_ratio: float
    event_sigma_floor_s: float
    heel_rest_percentile: float
    coverage: float
    last_percent: float


@cache
def _table() -> dict[str, Any]:
    with (resources() / "evgs" / "evgs.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def load_items() -> tuple[EvgsItem, ...]:
    """The 17 items in order."""
    return tuple(
        EvgsItem(
            number=row["number"],
            code=row["code"],
            name=row["name"],
            view=View(row["view"]),
            phase=row["phase"],
            quantity=row["quantity"],
            unit=row["unit"],
            bands=tuple(Band(b["score"], b.get("low"), b.get("high"), b["label"]) for b in row["bands"]),
            sigma=float(row["sigma"]),
            unit_means=row.get("unit_means", ""),
        )
        for row in _table()["items"]
    )


@cache
def load_rules() -> dict[str, ItemRule]:
    """How each item is read, by its code."""
    rules: dict[str, ItemRule] = {}
    for row in _table()["items"]:
        window = row.get("window")
        rules[row["code"]] = ItemRule(
            kind=row["rule"],
            angle=row.get("angle", ""),
            points=tuple(row["points"]),
            window=None if window is None else (window["of"], float(window["from"]), float(window["to"])),
            read_in=View(row.get("read_in", row["view"])),
            scale=float(row.get("scale", 1.0)),
            reason=row.get("reason", ""),
            remark=row.get("remark", ""),
        )
    return rules


@cache
def load_thresholds() -> Thresholds:
    """Numbers of the verbal items."""
    row: dict[str, Any] = dict(_table()["rules"])
    for name in ("mid_swing", "push_off"):
        row[name] = (float(row[name][0]), float(row[name][1]))
    return Thresholds(**row)


def session_gate(session: Session, code: str) -> str:
    """Why a fact of the session makes an item not assessable; "" if none does."""
    gates = _table()["gates"]
    age, footwear = gates["age"], gates["footwear"]
    if session.age_years is not None and session.age_years < age["below_years"]:
        return str(age["reason"]).format(value=session.age_years)
    if session.footwear.value in footwear["values"] and code in footwear["items"]:
        return str(footwear["reason"]).format(value=session.footwear.value)
    return ""


def session_remark(session: Session, code: str) -> str:
    """A limit that a fact of the session puts on an item; "" if none."""
    gate = _table()["gates"]["walking_aid"]
    if session.walking_aid.value in gate["values"] and code in gate["items"]:
        return str(gate["remark"]).format(value=session.walking_aid.value)
    return ""
