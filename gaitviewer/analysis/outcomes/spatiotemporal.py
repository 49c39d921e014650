"""Times, lengths and speeds of the strides of each side, with norms and symmetry.

Lengths are in leg lengths (hip to ankle along thigh and shank, as the picture shows it) until a body measure
gives the scale; then they are in metres. Dimensionless numbers after Hof 1996, Gait Posture 4:222.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import mean, stdev

from gaitviewer.analysis.kinematics.definitions import load_definitions
from gaitviewer.analysis.kinematics.stride_curves import StrideMeasures
from gaitviewer.core.gait import BySide, Side, View
from gaitviewer.core.measures import Parameter, Stat
from gaitviewer.core.serialise import read_resource
from gaitviewer.core.session import Session
from gaitviewer.messages import NOTHING, Message, message, named


@dataclass(frozen=True, slots=True)
class BodyScale:
    """Metres per leg length of the picture, and the clinical leg length for dimensionless numbers.

    Attributes:
        metres_per_leg: hip-to-ankle length in metres.   clinical_leg_m: clinical leg length in metres.
    """

    metres_per_leg: float
    clinical_leg_m: float


MeanAndSd = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _RelativeNorms:
    """Independent of body size."""

    source: str
    stance_percent: MeanAndSd
    swing_percent: MeanAndSd
    first_double_support_percent: MeanAndSd
    second_double_support_percent: MeanAndSd
    single_support_percent: MeanAndSd


@dataclass(frozen=True, slots=True)
class _AgeNorms:
    """Middle and half width of the usual range, for whole years ``ages`` (first and last)."""

    ages: tuple[int, int]
    speed: MeanAndSd
    stride_time: MeanAndSd
    step_length: MeanAndSd
    cadence: MeanAndSd | None = None
    stance: MeanAndSd | None = None


@dataclass(frozen=True, slots=True)
class _ByAge:
    source: str
    rows: tuple[_AgeNorms, ...]


@dataclass(frozen=True, slots=True)
class _Hof:
    gravity: float


@dataclass(frozen=True, slots=True)
class _Norms:
    """``resources/normative/spatiotemporal.toml``."""

    relative: _RelativeNorms
    by_age: _ByAge
    hof: _Hof


@cache
def _norms() -> _Norms:
    return read_resource("normative/spatiotemporal.toml", _Norms)


def body_scale(session: Session) -> BodyScale | None:
    """The scale from a leg length (preferred) or the body height; None without either."""
    rules = load_definitions()
    if session.leg_length_m is not None:
        leg = session.leg_length_m
        return BodyScale(leg * rules.leg_per_clinical, leg)
    if session.height_m is not None:
        own = session.height_m * rules.leg_per_height
        return BodyScale(own, own / rules.leg_per_clinical)
    return None


def stat(values: Sequence[float]) -> Stat | None:
    """Mean, SD and count of the finite values; None without any."""
    good = [v for v in values if math.isfinite(v)]
    if not good:
        return None
    return Stat(mean(good), stdev(good) if len(good) > 1 else None, len(good))


def robinson_index(left: float, right: float) -> float | None:
    """Symmetry index in %, 0 = symmetric, positive = left larger (Robinson 1987); None if both cancel."""
    middle = 0.5 * (left + right)
    return None if middle == 0 else 100.0 * (left - right) / middle


def strides_for_times(cycles: Sequence[StrideMeasures]) -> list[StrideMeasures]:
    """Counting strides that times and lengths are taken from: the side view's, else the coronal view's."""
    counting = [c for c in cycles if c.stride.counts]
    sagittal = [c for c in counting if c.stride.view is View.SAGITTAL]
    return sagittal or counting


def dimensionless_speed(cycles: Sequence[StrideMeasures], session: Session) -> float | None:
    """v* = v / sqrt(g L), mean of both sides; None without a body measure or a stride length."""
    scale = body_scale(session)
    speeds = [c.stride_leg / c.stride.duration_s for c in strides_for_times(cycles)]
    found = stat(speeds)
    if scale is None or found is None:
        return None
    gravity = _norms().hof.gravity
    return found.mean * scale.metres_per_leg / math.sqrt(gravity * scale.clinical_leg_m)


Reader = Callable[[StrideMeasures], float]


def _difference(later: float | None, earlier: float | None) -> float:
    return float("nan") if later is None or earlier is None else later - earlier


def _share(part: float, cycle: StrideMeasures) -> float:
    return 100.0 * part / cycle.stride.duration_s


def _readers() -> tuple[tuple[str, str, Reader], ...]:
    """Name, unit ("leg" stands for the unit of length) and how each is read from one stride."""
    return (
        ("stride_time", "s", lambda c: c.stride.duration_s),
        ("step_time", "s", lambda c: _difference(c.stride.stop_s, c.stride.opposite_contact_s)),
        ("cadence", "steps/min", lambda c: 120.0 / c.stride.duration_s),
        ("stride_length", "leg", lambda c: c.stride_leg),
        ("step_length", "leg", lambda c: c.step_leg),
        ("speed", "leg/s", lambda c: c.stride_leg / c.stride.duration_s),
        ("stance_percent", "% of cycle", lambda c: 100.0 * c.stride.stance_fraction),
        ("swing_percent", "% of cycle", lambda c: 100.0 - 100.0 * c.stride.stance_fraction),
        (
            "first_double_support_percent",
            "% of cycle",
            lambda c: _share(_difference(c.stride.opposite_toe_off_s, c.stride.start_s), c),
        ),
        (
            "second_double_support_percent",
            "% of cycle",
            lambda c: _share(_difference(c.stride.toe_off_s, c.stride.opposite_contact_s), c),
        ),
        (
            "single_support_percent",
            "% of cycle",
            lambda c: _share(_difference(c.stride.opposite_contact_s, c.stride.opposite_toe_off_s), c),
        ),
    )


def parameters(cycles: Sequence[StrideMeasures], session: Session) -> tuple[Parameter, ...]:
    """The spatio-temporal table."""
    used, scale = strides_for_times(cycles), body_scale(session)
    rows = [_parameter(name, unit, read, used, session) for name, unit, read in _readers()]
    rows += _dimensionless(used, session, scale)
    return tuple(rows)


def _parameter(name: str, unit: str, read: Reader, used: list[StrideMeasures], session: Session) -> Parameter:
    factor, unit = _unit(unit, body_scale(session))
    values = BySide(
        *(stat([factor * read(c) for c in used if c.stride.side is side]) for side in (Side.LEFT, Side.RIGHT))
    )
    norm, source = _norm(name, session, calibrated=body_scale(session) is not None)
    return Parameter(
        name=name,
        title=_title(name),
        unit=unit,
        values=values,
        norm=norm,
        norm_source=source,
        symmetry_index=_symmetry(values),
        reason=_reason(name, values, used),
    )


def _title(name: str) -> Message:
    return message(f"parameter.{name}")


def _symmetry(values: BySide[Stat | None]) -> float | None:
    if values.left is None or values.right is None:
        return None
    return robinson_index(values.left.mean, values.right.mean)


def _unit(unit: str, scale: BodyScale | None) -> tuple[float, str]:
    if not unit.startswith("leg"):
        return 1.0, unit
    if scale is None:
        return 1.0, unit.replace("leg", "leg lengths")
    return scale.metres_per_leg, unit.replace("leg", "m")


def _reason(name: str, values: BySide[Stat | None], used: list[StrideMeasures]) -> Message:
    """Why a side has no value, NOTHING if both have one."""
    missing = [side for side in Side if values[side] is None]
    if not missing:
        return NOTHING
    sides = tuple(named(side) for side in missing)
    if not any(c.stride.side in missing for c in used):
        return message("reason.no_complete_stride", sides=sides)
    if name in ("stride_length", "step_length", "speed", "dimensionless_speed"):
        if any(c.walking_pass is not None and c.walking_pass.on_treadmill for c in used):
            return message("reason.on_treadmill")
        return message("reason.foot_place_hidden", sides=sides)
    return message("reason.no_events_of_other_foot", sides=sides)


def _norm(name: str, session: Session, *, calibrated: bool) -> tuple[tuple[float, float] | None, str]:
    """Published mean and SD for a parameter, and the source."""
    age, table = session.age_years, _norms()
    relative: MeanAndSd | None = getattr(table.relative, name, None)
    if relative is not None and (age is None or age >= 4.0):
        return relative, table.relative.source
    lengths = name in ("step_length", "speed")
    if age is None or (lengths and not calibrated):
        return None, ""
    for row in table.by_age.rows:
        usual: MeanAndSd | None = getattr(row, name, None)
        if usual is not None and row.ages[0] <= math.floor(age) <= row.ages[1]:
            return usual, table.by_age.source
    return None, ""


def _dimensionless(used: list[StrideMeasures], session: Session, scale: BodyScale | None) -> list[Parameter]:
    """Speed and cadence without the effect of body size; only with a body measure."""
    if scale is None:
        nothing: BySide[Stat | None] = BySide(None, None)
        why = message("reason.no_body_measure")
        return [
            Parameter("dimensionless_speed", _title("dimensionless_speed"), "", nothing, reason=why),
            Parameter("dimensionless_cadence", _title("dimensionless_cadence"), "", nothing, reason=why),
        ]
    gravity = _norms().hof.gravity
    speed = scale.metres_per_leg / math.sqrt(gravity * scale.clinical_leg_m)
    rhythm = math.sqrt(scale.clinical_leg_m / gravity)
    return [
        _parameter(
            "dimensionless_speed",
            "",
            lambda c: speed * c.stride_leg / c.stride.duration_s,
            used,
            session,
        ),
        _parameter(
            "dimensionless_cadence",
            "",
            lambda c: rhythm * 2.0 / c.stride.duration_s,
            used,
            session,
        ),
    ]
