"""A child's impairment, drawn: patterns of both limbs, the axes that go with them, and their sum."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gaitviewer.core.gait import BySide, Side
from gaitviewer.synthesis.body.bodies import SAGITTAL
from gaitviewer.synthesis.curves import CycleCurve
from gaitviewer.synthesis.gait.model import LimbCurves, Variability, WalkerGait
from gaitviewer.synthesis.gait.patterns import add_pattern
from gaitviewer.synthesis.tables import bounded, choose, read_table, stretched

_PHASES = np.arange(100) / 100.0
_FLAT_BAND_DEG = 2.5


@dataclass(frozen=True, slots=True)
class LimbPattern:
    """Main pattern of a limb with its severity, and (pattern, severity) added to it."""

    main: str
    severity: float
    added: tuple[tuple[str, float], ...] = ()

    @property
    def words(self) -> str:
        """Such as ``jump + stiff_knee``."""
        return " + ".join([self.main, *(name for name, _ in self.added)])


@dataclass(frozen=True, slots=True)
class Impairment:
    """What was drawn.

    Attributes:
        distribution: "hemiplegia" or "diplegia".
        limbs: pattern of each limb.
        axes: the drawn value of each axis in ``patterns.toml`` (degrees or fractions).
    """

    distribution: str
    limbs: BySide[LimbPattern]
    axes: dict[str, float]


def draw_impairment(random: np.random.Generator, *, unseen: bool = False) -> Impairment:
    """An impairment of any severity.

    Args:
        random: source of chance.
        unseen: draw from the mixtures that only the shifted cohort holds.
    """
    table = read_table("patterns")
    severity = float(random.uniform(*table["severity"]["draw"]))
    distribution = "hemiplegia" if random.random() < table["hemiplegia"]["share"] else "diplegia"
    worse = Side.LEFT if random.random() < 0.5 else Side.RIGHT
    first, second = _patterns(random, distribution, severity, table, unseen=unseen)
    limbs = BySide(first, second) if worse is Side.LEFT else BySide(second, first)
    axes = {name: _axis(random, row, severity) for name, row in table["axes"].items()}
    for name in ("knee_progression_deg", "foot_to_knee_deg", "hindfoot_valgus_deg"):
        row = table["axes"][name]
        for side in Side:
            axes[f"{name}_{side.value}"] = _axis(random, row, limbs[side].severity)
        del axes[name]
    if distribution == "hemiplegia":
        # The affected side of the pelvis is carried behind.
        back = table["axes"]["pelvic_rotation_deg"]["retraction"] * min(severity, 1.2)
        axes["pelvic_rotation_deg"] += -back if worse is Side.LEFT else back
    return Impairment(distribution, limbs, axes)


def _patterns(
    random: np.random.Generator, distribution: str, severity: float, table: dict[str, Any], *, unseen: bool
) -> tuple[LimbPattern, LimbPattern]:
    """Pattern of the worse and of the other limb."""
    kind = table[distribution]
    main = choose(random, kind["main"])
    other_severity = severity * float(random.uniform(*kind["other_limb"]))
    other = main if distribution == "diplegia" else "none"
    if distribution == "diplegia" and random.random() < kind["differing_limbs"]:
        other = _allowed_pair(random, main, kind["main"], table)
    if unseen:
        pairs = table["unseen"]["pairs"]
        main, other = pairs[int(random.integers(len(pairs)))]
        other_severity = severity * float(random.uniform(0.5, 1.0))
    added = tuple(table["unseen"]["secondary"]) if unseen else ()
    return (
        LimbPattern(main, severity, _secondary(random, main, severity, table, always=added)),
        LimbPattern(other, other_severity, _secondary(random, other, other_severity, table)),
    )


def _allowed_pair(
    random: np.random.Generator, main: str, shares: dict[str, float], table: dict[str, Any]
) -> str:
    """Another pattern for the second limb; never a mixture that is kept for the shifted cohort."""
    kept = {frozenset(pair) for pair in table["unseen"]["pairs"]}
    left = {n: s for n, s in shares.items() if n != main and frozenset((main, n)) not in kept}
    return choose(random, left)


def _secondary(
    random: np.random.Generator,
    main: str,
    severity: float,
    table: dict[str, Any],
    *,
    always: tuple[str, ...] = (),
) -> tuple[tuple[str, float], ...]:
    found: list[tuple[str, float]] = []
    for name, row in table["secondary"].items():
        happens = random.random() < row["chance"] * min(1.0, severity) or name in always
        size = severity * float(random.uniform(*row["part"]))
        # Two that are kept apart in the trained cohort: a limb has the first of them only.
        clash = not always and found and name in table["unseen"]["secondary"]
        if happens and main not in (name, "none") and not clash:
            found.append((name, size))
    return tuple(found)


def _axis(random: np.random.Generator, row: dict[str, float], severity: float) -> float:
    value = bounded(random, mean=row["mean"], spread=row["spread"])
    return value * (1 - row["grow"] + row["grow"] * min(severity, 1.3))


def impair(gait: WalkerGait, impairment: Impairment) -> WalkerGait:
    """The child's gait with the impairment: patterns, then axes."""
    axes = impairment.axes
    longer = 1 + max(-0.35, axes["amplitude"])
    for side in Side:
        limb = gait.limbs[side]
        limb = replace(
            limb,
            hip_flexion=stretched(limb.hip_flexion, longer),
            knee_progression_deg=axes[f"knee_progression_deg_{side.value}"],
            foot_progression_deg=_foot_progression(axes, side),
            hindfoot_valgus_deg=limb.hindfoot_valgus_deg + axes[f"hindfoot_valgus_deg_{side.value}"],
        )
        gait = gait.with_limb(side, limb)
    for side in Side:
        pattern = impairment.limbs[side]
        for name, severity in ((pattern.main, pattern.severity), *pattern.added):
            gait = add_pattern(gait, side, name, severity)
    return _with_axes(gait, axes)


def _foot_progression(axes: dict[str, float], side: Side) -> float:
    """The foot is turned against the knee; nobody walks on feet turned farther than this."""
    turned = axes[f"knee_progression_deg_{side.value}"] + axes[f"foot_to_knee_deg_{side.value}"]
    return float(np.clip(turned, -30.0, 40.0))


def _with_axes(gait: WalkerGait, axes: dict[str, float]) -> WalkerGait:
    """Pelvis, trunk, arms and rhythm."""
    trunk = gait.trunk
    drop, sway = axes["pelvic_drop_deg"], max(0.0, axes["trunk_sway_deg"])
    obliquity = CycleCurve((15.0, 40.0, 65.0, 90.0), (-drop, 0.0, drop, 0.0)).plus(
        CycleCurve.constant(axes["pelvic_obliquity_deg"])
    )
    lean = CycleCurve((5.0, 28.0, 55.0, 78.0), (0.0, sway, 0.0, -sway)).plus(
        CycleCurve.constant(axes["trunk_lean_deg"])
    )
    usual, factor = gait.variability, 1 + max(0.0, axes["variability"])
    return replace(
        gait,
        trunk=replace(
            trunk,
            pelvic_obliquity=trunk.pelvic_obliquity.plus(obliquity),
            pelvic_rotation=trunk.pelvic_rotation.plus(CycleCurve.constant(axes["pelvic_rotation_deg"])),
            trunk_tilt=trunk.trunk_tilt.plus(CycleCurve.constant(axes["trunk_tilt_deg"])),
            trunk_lean=trunk.trunk_lean.plus(lean),
        ),
        variability=Variability(
            usual.stride_time * factor, usual.step_length * factor,
            usual.swing_deg, usual.trunk_deg * min(factor, 2.0),
        ),
        stride_time_s=gait.stride_time_s * (1 + max(0.0, axes["stride_time"])),
        right_lag=float(np.clip(gait.right_lag + axes["lag"], 0.44, 0.56)),
        arm_swing_deg=gait.arm_swing_deg * max(0.25, 1 + axes["arm_swing"]),
        arm_swing_asymmetry=float(np.clip(gait.arm_swing_asymmetry + axes["arm_asymmetry"], -0.8, 0.8)),
        proportions=replace(
            gait.proportions, step_width=gait.proportions.step_width * (1 + max(0.0, axes["step_width"]))
        ),
        flat_band_deg=max(gait.flat_band_deg, _FLAT_BAND_DEG),
    )  # fmt: skip


def sum_deviation(gait: WalkerGait, normal: WalkerGait) -> float:
    """How far a gait lies from the child's own normal one: about 0.3 when mild, 2 when severe.

    Limbs: root mean square over hip, knee and ankle, in units of ten degrees, both limbs added. Trunk: mean
    and excursion of pelvis and trunk, transverse turn of knees and feet, same unit. Rhythm: slower and less
    steady strides.
    """
    weights = read_table("patterns")["severity"]["weights"]
    limbs = sum(_limb_deviation(gait.limbs[side], normal.limbs[side]) for side in Side)
    names = ("pelvic_tilt", "pelvic_obliquity", "pelvic_rotation", "trunk_tilt", "trunk_lean")
    trunk = sum(_rms(getattr(gait.trunk, name), getattr(normal.trunk, name)) for name in names) / 10.0
    for side in Side:
        turned = abs(gait.limbs[side].knee_progression_deg - normal.limbs[side].knee_progression_deg)
        trunk += turned / 40.0
    leg = (gait.height_m / normal.height_m) ** 0.5
    rhythm = gait.stride_time_s / (normal.stride_time_s * leg) - 1
    unsteady = gait.variability.stride_time / normal.variability.stride_time - 1
    return float(
        weights["limbs"] * limbs / 2 + weights["trunk"] * trunk + weights["rhythm"] * (rhythm + 0.1 * unsteady)
    )


def _rms(one: CycleCurve, other: CycleCurve) -> float:
    return float(np.sqrt(np.mean((one.at(_PHASES) - other.at(_PHASES)) ** 2)))


def _limb_deviation(limb: LimbCurves, normal: LimbCurves) -> float:
    parts = [_rms(getattr(limb, name), getattr(normal, name)) for name in SAGITTAL]
    return float(np.sqrt(np.mean(np.square(parts)))) / 10.0


def severity_level(deviation: float, random: np.random.Generator) -> int:
    """Level 1..4 of a summed deviation; the limits are jittered, so that neighbouring levels overlap."""
    table = read_table("patterns")["severity"]
    limits = [limit * bounded(random, mean=1.0, spread=table["jitter"]) for limit in table["limits"]]
    return 1 + int(np.searchsorted(np.sort(limits), deviation))
