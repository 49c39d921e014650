"""Everything that is measured in a session, from the motion of its trials."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gaitviewer.analysis.evgs import score as evgs_score
from gaitviewer.analysis.kinematics.angles import choose_flat_foot_zero, flat_foot_pitch
from gaitviewer.analysis.kinematics.definitions import load_angles
from gaitviewer.analysis.kinematics.floor import Array
from gaitviewer.analysis.kinematics.pelvis import without_hip_parallax, without_rotation
from gaitviewer.analysis.kinematics.smoothed import SmoothedView, smooth_view
from gaitviewer.analysis.kinematics.stride_curves import (
    StrideMeasures,
    stack,
    stride_measures_of_view,
    with_adjacent_from,
)
from gaitviewer.analysis.outcomes import indices, norms, patterns, quality, spatiotemporal
from gaitviewer.analysis.settings import motion_settings
from gaitviewer.analysis.walking.possible import impossible_angle, refuse_mixed_passes
from gaitviewer.analysis.walking.trial import alike_trials, impossible_findings
from gaitviewer.core.gait import BySide, ByView, Side, Stride, View
from gaitviewer.core.measures import (
    Curve,
    MeanCurve,
    Measures,
    NormalBand,
    SagittalPattern,
    Stat,
    TrialMotion,
    ViewMotion,
)
from gaitviewer.core.session import Session
from gaitviewer.messages import as_written, message

_LEAST_STRIDES_SEEN = 0.5  # a point of a mean curve needs at least this part of the strides

Zeros = BySide[float | None]


def measure_session(
    session: Session,
    motions: Sequence[TrialMotion],
    *,
    flat_foot_zero_deg: Zeros | None = None,
) -> Measures:
    """Measure a session: strides of all its trials are pooled, but for passes that play at another speed.

    Strides of excluded trials are left out of everything; they are listed, marked with the reason.

    Args:
        session: facts that gate items and give the scale.
        motions: what was found in each trial.
        flat_foot_zero_deg: pitch of each foot when flat, set by a person; None (as a whole or for a side)
            takes it from the flat-foot frames.
    """
    alike = iter(alike_trials([motion for motion in motions if not motion.trial.excluded]))
    motions = [motion if motion.trial.excluded else next(alike) for motion in motions]
    included = [motion for motion in motions if not motion.trial.excluded]
    smoothed = [
        (motion, motion.views.map(lambda seen: None if seen is None else smooth_view(seen)))
        for motion in included
    ]
    side_views = [views.sagittal for _, views in smoothed if views.sagittal is not None]
    zero = _flat_foot_zero(side_views, flat_foot_zero_deg)
    cycles = tuple(_without_doubtful_trunk(one) for one in without_hip_parallax(_all_strides(smoothed, zero)))
    refused = _impossible(cycles)
    cycles = tuple(replace(one, stride=refused.get(one.stride.key, one.stride)) for one in cycles)
    motions, included = ([_with_strides(one, refused) for one in some] for some in (motions, included))
    group = norms.choose_speed_group(spatiotemporal.dimensionless_speed(cycles, session))
    bands = norms.normal_bands(group.name)
    means = _means(cycles)
    scores = indices.variable_scores(means, bands)
    findings = quality.assess_recordings(included, cycles, leg_px=_leg_px(cycles), flat_foot_zero_deg=zero)
    return Measures(
        session=session,
        motions=tuple(_marked(motion) for motion in motions),
        curves=_curves(cycles),
        means=means,
        bands=bands,
        speed_group=group.name,
        speed_note=group.note,
        parameters=spatiotemporal.parameters(cycles, session),
        variable_scores=scores,
        profile_scores=indices.profile_scores(scores),
        patterns=_patterns(cycles, bands),
        evgs=evgs_score.score(
            cycles, session=session, blocked=lambda code, c: quality.blocked(findings, code, c)
        ),
        quality=findings,
        flat_foot_zero_deg=zero,
        foot_progression_deg=BySide(*(_foot_progression(cycles, side) for side in Side)),
    )


def _without_doubtful_trunk(cycle: StrideMeasures) -> StrideMeasures:
    """The same; where another person is beside the subject, without the angles taken from the trunk."""
    doubtful = motion_settings().company.trunk_angles
    if not cycle.stride.beside or not any(name in cycle.curves for name in doubtful):
        return cycle
    why = message("reason.two_persons.trunk")
    return replace(
        cycle,
        curves={name: curve for name, curve in cycle.curves.items() if name not in doubtful},
        dropped={**cycle.dropped, **{name: why for name in doubtful if name in cycle.curves}},
    )


def _impossible(cycles: Sequence[StrideMeasures]) -> dict[str, Stride]:
    """By key, the strides whose angles no joint can have, and the others of passes that hold mostly such."""
    found: dict[str, Stride] = {}
    for trial, view in {(one.stride.trial, one.stride.view) for one in cycles}:
        mine = [one for one in cycles if (one.stride.trial, one.stride.view) == (trial, view)]
        judged = [
            replace(one.stride, excluded=one.stride.excluded or impossible_angle(one.curves)) for one in mine
        ]
        found |= {
            new.key: new
            for new, one in zip(refuse_mixed_passes(judged), mine, strict=True)
            if new != one.stride
        }
    return found


def _with_strides(motion: TrialMotion, changed: Mapping[str, Stride]) -> TrialMotion:
    """The motion with these strides in the place of theirs, and what is to be said of impossible ones."""

    def change(seen: ViewMotion | None) -> ViewMotion | None:
        if seen is None:
            return None
        strides = tuple(changed.get(one.key, one) for one in seen.strides)
        view = seen.passes[0].view if seen.passes else View.SAGITTAL
        told = impossible_findings(strides, motion.trial.id, view)
        return replace(seen, strides=strides, quality=(*seen.quality, *told))

    return replace(motion, views=motion.views.map(change))


def _marked(motion: TrialMotion) -> TrialMotion:
    """The same motion; in a recording that is left out, no stride counts."""
    if not motion.trial.excluded:
        return motion
    why = message("reason.recording_left_out", why=as_written(motion.trial.excluded))

    def mark(seen: ViewMotion | None) -> ViewMotion | None:
        if seen is None:
            return None
        return replace(seen, strides=tuple(replace(s, excluded=s.excluded or why) for s in seen.strides))

    return replace(motion, views=ByView(*(mark(motion.views[view]) for view in View)))


def _flat_foot_zero(side_views: Sequence[SmoothedView], given: Zeros | None) -> Zeros:
    """The zero of each foot: given, else from the passes in which it is near, else from the others."""
    found: dict[tuple[Side, bool], list[Array]] = {}
    for one in (one for view in side_views for one in view.passes):
        if one.floor is None:
            continue
        for side in Side:
            pitches = flat_foot_pitch(one.frame, side, one.floor)
            found.setdefault((side, one.frame.walking_pass.near is side), []).append(pitches)

    def pooled(side: Side) -> Array:
        near = np.concatenate([*found.get((side, True), []), np.empty(0)])
        return near if near.size else np.concatenate([*found.get((side, False), []), np.empty(0)])

    taken = choose_flat_foot_zero(BySide(pooled(Side.LEFT), pooled(Side.RIGHT)))
    if given is None:
        return taken
    return BySide(*(taken[side] if given[side] is None else given[side] for side in Side))


def _all_strides(
    smoothed: Sequence[tuple[TrialMotion, ByView[SmoothedView | None]]], zero: Zeros
) -> tuple[StrideMeasures, ...]:
    """Strides of all trials, side views first; those of an end view know mid-stance from its side view."""
    side: dict[str, tuple[StrideMeasures, ...]] = {}
    for motion, views in smoothed:
        if views.sagittal is not None:
            own = stride_measures_of_view(views.sagittal, flat_foot_zero_deg=zero)
            side[motion.trial.id] = without_rotation(own) if views.sagittal.motion.legs_put_right else own
    end: list[StrideMeasures] = []
    for motion, views in smoothed:
        if views.coronal is not None:
            sync = motion.sync or motion.trial.sync
            own = stride_measures_of_view(views.coronal, flat_foot_zero_deg=zero)
            offset = None if sync is None else sync.offset_s
            end += with_adjacent_from(own, side.get(motion.trial.id, ()), offset_s=offset)
    return (*(one for strides in side.values() for one in strides), *end)


def _curves(cycles: Sequence[StrideMeasures]) -> tuple[Curve, ...]:
    return tuple(
        Curve(angle, cycle.stride, values) for cycle in cycles for angle, values in cycle.curves.items()
    )


def _means(cycles: Sequence[StrideMeasures]) -> tuple[MeanCurve, ...]:
    """Mean curve of each angle and side that has counting strides."""
    found = []
    for kind in load_angles():
        for side in Side:
            own = [c for c in cycles if c.stride.side is side and c.stride.counts and kind.name in c.curves]
            near = [c for c in own if not c.stride.far]
            used = near or own
            if used and (mean := mean_curve(used, kind.name, side)) is not None:
                found.append(mean)
    return tuple(found)


def mean_curve(cycles: list[StrideMeasures], angle: str, side: Side) -> MeanCurve | None:
    """Mean and SD over strides, point by point; None if nothing at all was seen."""
    values = stack(cycles, angle)
    seen = np.isfinite(values)
    count = seen.sum(axis=0)
    total = np.where(seen, values, 0.0).sum(axis=0)
    enough = count >= max(1.0, _LEAST_STRIDES_SEEN * len(values))
    if not enough.any():
        return None
    mean = np.where(enough, total / np.maximum(count, 1), np.nan)
    squares = np.where(seen, (values - mean) ** 2, 0.0).sum(axis=0)
    sd = np.where(enough & (count > 1), np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)
    return MeanCurve(
        angle=angle,
        side=side,
        mean=mean,
        sd=sd,
        count=len(values),
        toe_off_percent=_mean([c.toe_off_percent for c in cycles]),
        opposite_toe_off_percent=_mean([c.opposite_toe_off_percent for c in cycles]),
        opposite_contact_percent=_mean([c.opposite_contact_percent for c in cycles]),
        far=all(c.stride.far for c in cycles),
    )


def _mean(values: list[float]) -> float:
    good = [v for v in values if math.isfinite(v)]
    return sum(good) / len(good) if good else math.nan


def _patterns(cycles: Sequence[StrideMeasures], bands: Sequence[NormalBand]) -> BySide[SagittalPattern]:
    by_angle = {band.angle: band for band in bands}
    knee, ankle = by_angle["knee_flexion"], by_angle["ankle_dorsiflexion"]
    return BySide(*(patterns.pattern_of(cycles, side, knee=knee, ankle=ankle) for side in Side))


def _leg_px(cycles: Sequence[StrideMeasures]) -> dict[tuple[str, View], float]:
    """Median leg length in pixels of each trial and view."""
    found: dict[tuple[str, View], list[float]] = {}
    for cycle in cycles:
        found.setdefault((cycle.stride.trial, cycle.stride.view), []).append(cycle.leg_px)
    return {key: float(np.median(values)) for key, values in found.items()}


def _foot_progression(cycles: Sequence[StrideMeasures], side: Side) -> Stat | None:
    """Mean over single support of the counting coronal strides: the foot is flat then."""
    values = []
    for cycle in cycles:
        if cycle.stride.side is not side or not cycle.stride.counts or "foot_progression" not in cycle.curves:
            continue
        start, stop = cycle.opposite_toe_off_percent, cycle.opposite_contact_percent
        if not (math.isfinite(start) and math.isfinite(stop)):
            start, stop = 0.2 * cycle.toe_off_percent, 0.6 * cycle.toe_off_percent
        # The heel rises before the other foot lands: the first half of single support shows a flat foot.
        rows = slice(math.ceil(start), math.floor(0.5 * (start + stop)) + 1)
        curve = np.asarray(cycle.curves["foot_progression"])[rows]
        if curve.size and np.isfinite(curve).mean() >= 0.5:
            values.append(float(np.nanmean(curve)))
    return spatiotemporal.stat(values)
