"""How somebody walks, as data: joint curves of both limbs, body, rhythm, variability."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from gaitviewer.core.gait import BySide, Side
from gaitviewer.synthesis.curves import CycleCurve
from gaitviewer.synthesis.tables import read_table


@dataclass(frozen=True, slots=True)
class LimbCurves:
    """One limb's curves over its own cycle, degrees.

    Attributes:
        hip_flexion: thigh against pelvis, flexion +.
        knee_flexion: flexion +, recurvatum -.
        ankle_dorsiflexion: shank against the sole line, dorsiflexion +, 0 at a right angle.
        foot_progression: sole line against the walking direction seen from above, external +.
        toe_off_percent: end of stance.
        knee_progression_deg: by how much the knee points outward (external +) seen from above.
        hindfoot_valgus_deg: tilt of the heel bone, valgus +.
        circumduction: how much farther outward than usual the foot swings, fraction of body height.
        clearance: how high the lowest point of the foot stays in mid-swing at least, fraction of body height.
    """

    hip_flexion: CycleCurve
    knee_flexion: CycleCurve
    ankle_dorsiflexion: CycleCurve
    foot_progression_deg: float
    toe_off_percent: float
    knee_progression_deg: float = 0.0
    hindfoot_valgus_deg: float = 0.0
    circumduction: float = 0.0
    clearance: float = 0.004

    def __post_init__(self) -> None:
        if not 50 < self.toe_off_percent < 90:
            raise ValueError("a walker has both feet on the floor for a while: toe-off lies in 50..90 %")


@dataclass(frozen=True, slots=True)
class TrunkCurves:
    """Pelvis and trunk over the left limb's cycle, degrees.

    Attributes:
        pelvic_tilt: anterior +.
        pelvic_obliquity: left side up +.
        pelvic_rotation: left side forward +.
        trunk_tilt: forward +.
        trunk_lean: towards the left side +.
        shoulder_rotation: left shoulder forward +.
        shoulder_obliquity: left side up +.
    """

    pelvic_tilt: CycleCurve
    pelvic_obliquity: CycleCurve
    pelvic_rotation: CycleCurve
    trunk_tilt: CycleCurve
    trunk_lean: CycleCurve
    shoulder_rotation: CycleCurve
    shoulder_obliquity: CycleCurve


@dataclass(frozen=True, slots=True)
class Proportions:
    """Lengths as fractions of body height (joint centre to joint centre).

    ``foot`` goes from the heel point to the big toe point along the sole, ``ball`` is where on it the toes
    begin to bend, as a fraction of it.
    """

    thigh: float
    shank: float
    ankle_height: float
    foot: float
    ball: float
    ankle_ahead_of_heel: float
    foot_point_height: float
    hip_width: float
    trunk: float
    shoulder_width: float
    upper_arm: float
    forearm: float
    head: float
    step_width: float


@dataclass(frozen=True, slots=True)
class Variability:
    """How much strides differ, standard deviations.

    Attributes:
        stride_time: fraction of the stride time.
        step_length: fraction of the step length.
        swing_deg: of the foot's pitch in swing, and (in mm of clearance per degree) of its height.
        trunk_deg: of trunk tilt and lean from stride to stride.
    """

    stride_time: float
    step_length: float
    swing_deg: float
    trunk_deg: float


@dataclass(frozen=True, slots=True)
class WalkerGait:
    """Everything that is known of how somebody walks.

    Attributes:
        limbs, trunk, proportions, variability: see there.
        height_m: body height.
        stride_time_s: mean stride time.
        right_lag: when the right foot lands in the left cycle; 0.5 for a symmetric gait.
        sway: side-to-side movement of the pelvis, fraction of body height.
        arm_swing_deg: amplitude of shoulder flexion.
        elbow_deg: mean elbow flexion.
        flat_band_deg: a stance foot pitched less than this lies flat on the floor.
        arm_swing_asymmetry: share by which the left arm swings more and the right one less.
    """

    limbs: BySide[LimbCurves]
    trunk: TrunkCurves
    proportions: Proportions
    variability: Variability
    height_m: float
    stride_time_s: float
    right_lag: float
    sway: float
    arm_swing_deg: float
    elbow_deg: float
    flat_band_deg: float
    arm_swing_asymmetry: float = 0.0

    def with_body(self, *, height_m: float) -> WalkerGait:
        """The same gait of a smaller or taller body, in its own rhythm.

        Stride time follows the square root of leg length (Hof 1996: dimensionless cadence stays).
        """
        return replace(
            self, height_m=height_m, stride_time_s=self.stride_time_s * (height_m / self.height_m) ** 0.5
        )

    def with_limb(self, side: Side, limb: LimbCurves) -> WalkerGait:
        """The same gait with other curves on one side."""
        both = BySide(
            limb if side is Side.LEFT else self.limbs.left, limb if side is Side.RIGHT else self.limbs.right
        )
        return replace(self, limbs=both)


def normal_gait() -> WalkerGait:
    """A typically developing child at free speed, from ``resources/synthesis/walker.toml``."""
    table = read_table("walker")
    curves: dict[str, Any] = {
        name: CycleCurve.of_table(at) if isinstance(at, list) else at for name, at in table["limb"].items()
    }
    limb = LimbCurves(**curves)
    return WalkerGait(
        limbs=BySide(limb, limb),
        trunk=TrunkCurves(**{name: CycleCurve.of_table(at) for name, at in table["trunk"].items()}),
        proportions=Proportions(**table["proportions"]),
        variability=Variability(**table["variability"]),
        **table["walker"],
    )
