"""The Edinburgh Visual Gait Score as data: items, bands, operational rules, gates, reliability."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from gaitviewer.core.evgs import Band, EvgsItem
from gaitviewer.core.gait import View
from gaitviewer.core.serialise import read_resource
from gaitviewer.core.session import Session
from gaitviewer.messages import NOTHING, Message, message, named


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
        reason: why keypoints cannot give it ("by_person"; else NOTHING).   remark: a limit of every value.
    """

    kind: str
    angle: str
    points: tuple[str, ...]
    window: tuple[str, float, float] | None
    read_in: View
    scale: float
    reason: Message
    remark: Message


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


@dataclass(frozen=True, slots=True)
class _BandRow:
    score: int
    label: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class _ItemRow:
    """What the data file says of an item: :class:`EvgsItem` and :class:`ItemRule` in one."""

    number: int
    code: str
    name: str
    view: View
    phase: str
    quantity: str
    unit: str
    sigma: float
    rule: str
    points: tuple[str, ...]
    bands: tuple[_BandRow, ...]
    unit_means: str = ""
    angle: str = ""
    window: dict[str, str | float] | None = None
    read_in: View | None = None
    scale: float = 1.0
    reason: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class _FactGate:
    values: tuple[str, ...]
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _AgeGate:
    below_years: float


@dataclass(frozen=True, slots=True)
class _Gates:
    footwear: _FactGate
    age: _AgeGate
    walking_aid: _FactGate


@dataclass(frozen=True, slots=True)
class _Sheet:
    """``resources/evgs/evgs.toml``."""

    source: str
    items: tuple[_ItemRow, ...]
    rules: Thresholds
    gates: _Gates


@cache
def _sheet() -> _Sheet:
    return read_resource("evgs/evgs.toml", _Sheet)


@cache
def load_items() -> tuple[EvgsItem, ...]:
    """The 17 items in order."""
    return tuple(
        EvgsItem(
            number=row.number,
            code=row.code,
            name=row.name,
            view=row.view,
            phase=row.phase,
            quantity=row.quantity,
            unit=row.unit,
            bands=tuple(Band(band.score, band.low, band.high, band.label) for band in row.bands),
            sigma=row.sigma,
            unit_means=row.unit_means,
        )
        for row in _sheet().items
    )


@cache
def load_rules() -> dict[str, ItemRule]:
    """How each item is read, by its code."""
    return {
        row.code: ItemRule(
            kind=row.rule,
            angle=row.angle,
            points=row.points,
            window=_window(row),
            read_in=row.read_in or row.view,
            scale=row.scale,
            reason=message(row.reason) if row.reason else NOTHING,
            remark=message(row.remark) if row.remark else NOTHING,
        )
        for row in _sheet().items
    }


def _window(row: _ItemRow) -> tuple[str, float, float] | None:
    window = row.window
    return None if window is None else (str(window["of"]), float(window["from"]), float(window["to"]))


def load_thresholds() -> Thresholds:
    """Numbers of the verbal items."""
    return _sheet().rules


def session_gate(session: Session, code: str) -> Message:
    """Why a fact of the session makes an item not assessable; NOTHING if none does."""
    age, footwear = _sheet().gates.age, _sheet().gates.footwear
    if session.age_years is not None and session.age_years < age.below_years:
        return message("reason.too_young", least_years=age.below_years, age_years=session.age_years)
    if session.footwear.value in footwear.values and code in footwear.items:
        return message("reason.footwear", footwear=named(session.footwear))
    return NOTHING


def session_remark(session: Session, code: str) -> Message:
    """A limit that a fact of the session puts on an item; NOTHING if none."""
    gate = _sheet().gates.walking_aid
    if session.walking_aid.value in gate.values and code in gate.items:
        return message("remark.walking_aid", aid=named(session.walking_aid))
    return NOTHING
