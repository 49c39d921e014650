"""Typically developing children of 3 to 17 years: body, rhythm, and their own way of walking."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from gaitviewer.core.gait import BySide, Side
from gaitviewer.synthesis.curves import CycleCurve
from gaitviewer.synthesis.gait.model import LimbCurves, TrunkCurves, WalkerGait, normal_gait
from gaitviewer.synthesis.tables import bounded, draw_wave, read_table, stretched

SAGITTAL = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")


@dataclass(frozen=True, slots=True)
class Child:
    """Who walks, and how he would walk without any impairment.

    Attributes:
        age_years: age.
        sex: "F" or "M".
        gait: the child's own normal gait, body height included.
    """

    age_years: float
    sex: str
    gait: WalkerGait


def draw_child(random: np.random.Generator) -> Child:
    """A child of any age in the table."""
    table = read_table("children")
    age = float(random.uniform(table["age"]["low"], table["age"]["high"]))
    sex = "F" if random.random() < 0.5 else "M"
    gait = normal_gait().with_body(height_m=_height(random, age, sex, table["height"]))
    gait = _own_rhythm(random, gait, age, table)
    gait = replace(gait, limbs=_own_limbs(random, gait, table), trunk=_own_trunk(random, gait.trunk, table))
    return Child(age, sex, _own_body(random, gait, age, table))


def _height(random: np.random.Generator, age: float, sex: str, table: dict[str, Any]) -> float:
    middle = float(np.interp(age, table["years"], table["metres"]))
    if age >= table["boys_taller_from_years"]:
        middle += table["boys_taller_m"] * (1 if sex == "M" else -1)
    return middle * bounded(random, mean=1.0, spread=table["spread"])


def _own_rhythm(random: np.random.Generator, gait: WalkerGait, age: float, table: dict[str, Any]) -> WalkerGait:
    """Stride time, steadiness and arms."""
    ends = table["variability"]
    share = (age - table["age"]["low"]) / (table["age"]["high"] - table["age"]["low"])
    factor = ends["young"] + share * (ends["grown"] - ends["young"])
    variability = type(gait.variability)(
        **{field.name: factor * getattr(gait.variability, field.name) for field in fields(gait.variability)}
    )
    return replace(
        gait,
        stride_time_s=gait.stride_time_s * bounded(random, mean=1.0, spread=table["rhythm"]["spread"]),
        right_lag=bounded(random, mean=0.5, spread=table["limbs"]["lag"]),
        variability=variability,
        arm_swing_deg=max(4.0, bounded(random, mean=gait.arm_swing_deg, spread=table["arms"]["swing_deg"])),
        arm_swing_asymmetry=bounded(random, spread=table["arms"]["asymmetry"]),
    )


def _own_limbs(random: np.random.Generator, gait: WalkerGait, table: dict[str, Any]) -> BySide[LimbCurves]:
    """Curves that both limbs share, and a smaller part that each has for itself."""
    longer = bounded(random, mean=1.0, spread=table["rhythm"]["amplitude"])
    apart = float(table["limbs"]["apart"])
    spread = {name: table["spread_deg"][name] for name in SAGITTAL}
    common = {name: draw_wave(random, spread[name]) for name in SAGITTAL}
    off = bounded(random, spread=table["limbs"]["toe_off_percent"])

    def limb(side: Side) -> LimbCurves:
        old = gait.limbs[side]
        curves: dict[str, Any] = {}
        for name in SAGITTAL:
            own = draw_wave(random, [apart * value for value in spread[name]])
            curve: CycleCurve = getattr(old, name)
            usual = curve if name == "ankle_dorsiflexion" else stretched(curve, longer)
            curves[name] = usual.plus(common[name]).plus(own).plus(_shift(table, name))
        numbers = table["limbs"]
        return replace(
            old,
            **curves,
            toe_off_percent=old.toe_off_percent + off,
            foot_progression_deg=bounded(
                random, mean=old.foot_progression_deg, spread=numbers["foot_progression_deg"]
            ),
            knee_progression_deg=bounded(random, spread=numbers["knee_progression_deg"]),
            clearance=bounded(random, mean=numbers["clearance"][0], spread=numbers["clearance"][1]),
            hindfoot_valgus_deg=bounded(
                random, mean=numbers["hindfoot_valgus_deg"][0], spread=numbers["hindfoot_valgus_deg"][1]
            ),
        )

    return BySide(limb(Side.LEFT), limb(Side.RIGHT))


def _shift(table: dict[str, Any], name: str) -> CycleCurve:
    return CycleCurve.of_table(table["shift_deg"].get(name, 0.0))


def _own_trunk(random: np.random.Generator, trunk: TrunkCurves, table: dict[str, Any]) -> TrunkCurves:
    changes = {}
    for field in fields(TrunkCurves):
        curve: CycleCurve = getattr(trunk, field.name)
        wave = draw_wave(random, table["spread_deg"][field.name])
        changes[field.name] = curve.plus(wave).plus(_shift(table, field.name))
    return TrunkCurves(**changes)


def _own_body(random: np.random.Generator, gait: WalkerGait, age: float, table: dict[str, Any]) -> WalkerGait:
    """Proportions: every length a little different, small children with larger heads."""
    spread = float(table["proportions"]["spread"])
    usual = gait.proportions
    lengths = ("thigh", "shank", "trunk", "hip_width", "shoulder_width", "upper_arm", "forearm", "foot")
    changes = {name: getattr(usual, name) * bounded(random, mean=1.0, spread=spread) for name in lengths}
    young = np.clip((10.0 - age) / 7.0, 0.0, 1.0)
    changes["head"] = usual.head + float(table["proportions"]["head_young"] * young)
    return replace(gait, proportions=replace(usual, **changes))
