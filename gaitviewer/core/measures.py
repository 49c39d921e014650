"""Everything that the measuring core says about a session.

Produced by :func:`gaitviewer.analysis.measure.measure_session`; consumed by the report, the exports,
the store and the window. Angles are degrees; flexion, dorsiflexion, forward, up, external are positive.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import readonly_array
from gaitviewer.core.evgs import EvgsSheet
from gaitviewer.core.gait import BySide, ByView, GaitEvents, LeftOut, Side, Stride, View, WalkingPass
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Session, Sync, Trial
from gaitviewer.messages import NOTHING, Message

CYCLE_POINTS = 101  # 0..100 % of the gait cycle


@dataclass(frozen=True, slots=True)
class AngleKind:
    """An angle that is measured, as the data file lists it.

    Attributes:
        name: e.g. "knee_flexion".   title: for people.   view: the camera it is read from.
        positive, negative: what either sign means ("flexion", "extension").
        unit: "deg" (or "% leg" for normalised shifts).
        sigma: standard error of one value, in the unit.
        note: what differs from the textbook definition, "" if nothing.
    """

    name: str
    title: str
    view: View
    positive: str
    negative: str
    unit: str
    sigma: float
    note: str = ""


def value_at(values: NDArray[np.float64], percent: float) -> float:
    """A curve [101] at any per cent of the cycle; NaN outside 0..100 and beside a gap."""
    if not 0.0 <= percent <= 100.0:
        return float("nan")
    before = int(percent)
    low, share = float(values[before]), float(percent) - before
    return low + share * (float(values[before + 1]) - low) if share else low


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One angle over one stride: ``values`` [101], NaN where it could not be measured."""

    angle: str
    stride: Stride
    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", readonly_array(self.values, np.float64, (CYCLE_POINTS,), self.angle))

    def at(self, percent: float) -> float:
        """The angle at any per cent of the cycle; NaN outside 0..100 and beside a gap."""
        return value_at(self.values, percent)


@dataclass(frozen=True, slots=True, eq=False)
class MeanCurve:
    """Mean and SD of an angle over the counting strides of one side.

    Attributes:
        mean, sd: [101] degrees; sd is NaN for a single stride.
        count: strides it is made of.
        toe_off_percent: mean toe-off, % of the cycle.
        opposite_toe_off_percent, opposite_contact_percent: of the other limb; NaN if unknown.
        far: made from strides of the far limb.
    """

    angle: str
    side: Side
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    count: int
    toe_off_percent: float
    opposite_toe_off_percent: float = float("nan")
    opposite_contact_percent: float = float("nan")
    far: bool = False

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "mean", readonly_array(self.mean, np.float64, (CYCLE_POINTS,), "mean"))
        put(self, "sd", readonly_array(self.sd, np.float64, (CYCLE_POINTS,), "sd"))


@dataclass(frozen=True, slots=True, eq=False)
class NormalBand:
    """Published mean and SD of an angle of healthy children over the cycle, [101] each.

    Attributes:
        angle: as in :class:`AngleKind`.   group: e.g. "free".   source: citation.
        comparable: False where our 2D quantity is defined otherwise (``note`` says how).
    """

    angle: str
    group: str
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    source: str
    comparable: bool = True
    note: Message = NOTHING

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "mean", readonly_array(self.mean, np.float64, (CYCLE_POINTS,), "mean"))
        put(self, "sd", readonly_array(self.sd, np.float64, (CYCLE_POINTS,), "sd"))


@dataclass(frozen=True, slots=True)
class Stat:
    """A parameter of one side: mean, SD and count over strides (sd None for one stride)."""

    mean: float
    sd: float | None
    count: int

    @property
    def cv_percent(self) -> float | None:
        """Coefficient of variation, %."""
        return None if self.sd is None or self.mean == 0 else 100.0 * self.sd / abs(self.mean)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the spatio-temporal table.

    Attributes:
        name, title, unit: e.g. "step_length", what people call it, "leg lengths".
        values: per side; None where it cannot be measured (then ``reason`` says why).
        norm: published mean and SD, or None.   norm_source: its citation.
        symmetry_index: Robinson's SI in %, 0 = symmetric; None if a side is missing.
    """

    name: str
    title: Message
    unit: str
    values: BySide[Stat | None]
    norm: tuple[float, float] | None = None
    norm_source: str = ""
    symmetry_index: float | None = None
    reason: Message = NOTHING


@dataclass(frozen=True, slots=True)
class VariableScore:
    """2D gait variable score of one angle and side against the normal mean, degrees.

    ``shape_only`` is the score with the mean offset removed; it hides fixed equinus and crouch.
    """

    angle: str
    side: Side
    raw: float
    shape_only: float


@dataclass(frozen=True, slots=True)
class ProfileScore:
    """2D sagittal profile score: RMS of the variable scores named (never a GPS)."""

    side: Side
    raw: float
    shape_only: float
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SagittalPattern:
    """Sagittal pattern of one limb by plantarflexor-knee extension couple (Sangeux 2015).

    Attributes:
        knee_z, ankle_z: median over strides of the z-scores over 20-45 % of the cycle; NaN if unknown.
        label: ``pattern.normal``, ``pattern.true_equinus``, ...; NOTHING if none is probable enough.
        severity: distance to the nearest boundary of the region that the z-values lie in, in z.
        points: (knee_z, ankle_z) of each stride.
        probabilities: of the classes that are worth listing, most probable first.
        reason: why none is named.
    """

    side: Side
    knee_z: float
    ankle_z: float
    label: Message
    severity: float
    points: tuple[tuple[float, float], ...]
    probabilities: tuple[tuple[Message, float], ...] = ()
    reason: Message = NOTHING


class FindingSeverity(Enum):
    """How much a finding on the recording matters."""

    GOOD = "good"
    NOTE = "note"
    WARNING = "warning"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class QualityFinding:
    """One finding on the recording's quality.

    Attributes:
        level: how much it matters.   topic: ``topic.frame_rate``, ``topic.size``, ...
        text: what was found, with the number.   advice: what to do next time, NOTHING if nothing.
        items: codes of the EVGS items that it makes unassessable.
        trial, view: what it is about ("" / None for the session).
    """

    level: FindingSeverity
    topic: Message
    text: Message
    advice: Message = NOTHING
    items: tuple[str, ...] = ()
    trial: str = ""
    view: View | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ViewMotion:
    """What was found in one view of one trial, ready for measuring.

    Attributes:
        pose: cleaned keypoints, sides right, gaps left as gaps.
        raw: keypoints as the estimator gave them.
        passes, left_out: the walking passes and the rest of the recording with reasons.
        events: one :class:`GaitEvents` for each pass.
        strides: all strides of all passes, counting or not.
        legs_put_right: a network that learned from drawn walkers moved the leg points of ``pose``.
    """

    pose: PoseSequence
    raw: PoseSequence
    passes: tuple[WalkingPass, ...]
    left_out: tuple[LeftOut, ...]
    events: tuple[GaitEvents, ...]
    strides: tuple[Stride, ...]
    quality: tuple[QualityFinding, ...] = ()
    legs_put_right: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class TrialMotion:
    """Both views of one trial and the offset between them.

    Attributes:
        trial, views: the recording and what was found in each view.
        sync: the offset in use.
        estimate: the offset that the gait tells, also where a person set another one; None with one view.
        unusable: why nothing is in a view that was recorded.
    """

    trial: Trial
    views: ByView[ViewMotion | None]
    sync: Sync | None = None
    estimate: Sync | None = None
    unusable: tuple[QualityFinding, ...] = ()

    @property
    def views_present(self) -> tuple[ViewMotion, ...]:
        """The views that were recorded."""
        return tuple(m for m in (self.views.sagittal, self.views.coronal) if m is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """All measured values of a session.

    Attributes:
        session: who, when, how.
        motions: what was found in each trial.
        curves: every angle of every stride (counting or not).
        means: mean curves per angle and side (near-limb strides; far ones only where there are no near ones).
        bands: the normal band for each angle that has one, for the speed group chosen.
        speed_group: "free", ... and ``speed_note`` how it was chosen.
        parameters: the spatio-temporal table.
        variable_scores, profile_scores, patterns: indices.
        evgs: the score sheet.
        quality: findings, most serious first.
        flat_foot_zero_deg: the zero of the ankle angle taken from a flat-foot frame; None = not taken.
        foot_progression_deg: coronal foot progression per side, under its own name.
    """

    session: Session
    motions: tuple[TrialMotion, ...]
    curves: tuple[Curve, ...]
    means: tuple[MeanCurve, ...]
    bands: tuple[NormalBand, ...]
    speed_group: str
    speed_note: Message
    parameters: tuple[Parameter, ...]
    variable_scores: tuple[VariableScore, ...]
    profile_scores: tuple[ProfileScore, ...]
    patterns: BySide[SagittalPattern]
    evgs: EvgsSheet
    quality: tuple[QualityFinding, ...]
    flat_foot_zero_deg: BySide[float | None]
    foot_progression_deg: BySide[Stat | None] = field(default_factory=lambda: BySide(None, None))

    @property
    def strides(self) -> tuple[Stride, ...]:
        """All strides of all trials and views; those that do not count say why."""
        return tuple(
            stride for motion in self.motions for view in motion.views_present for stride in view.strides
        )

    def mean(self, angle: str, side: Side) -> MeanCurve | None:
        """The mean curve of an angle and side, if there is one."""
        return next((m for m in self.means if m.angle == angle and m.side is side), None)

    def band(self, angle: str) -> NormalBand | None:
        """The normal band of an angle, if there is one."""
        return next((b for b in self.bands if b.angle == angle), None)
