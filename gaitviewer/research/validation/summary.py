"""Pools comparisons over trials and draws of the noise into one report."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import EventKind
from gaitviewer.research.validation.certainty import CertaintyRow, certainty_rows
from gaitviewer.research.validation.compare import (
    ANGLE_ROWS,
    AngleErrors,
    Comparison,
    reference_of_item,
)
from gaitviewer.research.validation.items import CORONAL_ITEMS, FILE_ITEMS, MARKER_ITEMS
from gaitviewer.research.validation.projection import ValidationOptions

LIMB_ANGLES = ("knee_flexion", "hip_flexion", "ankle_dorsiflexion")  # in the order of their table


@dataclass(frozen=True, slots=True)
class AngleRow:
    """Error of one angle, in its unit.

    Attributes:
        mae, rmse, bias: over all points of all strides.
        mae_no_offset, rmse_no_offset: after taking each trial's mean difference of each side away.
        worst_trial: MAE of the trial in which it is largest, and ``worst_name``.
        trials, points: what it rests on.
        mae_near, mae_far: of the limbs near the camera (and all of the end view), and of those behind them.
    """

    angle: str
    reference: str
    mae: float
    rmse: float
    bias: float
    mae_no_offset: float
    rmse_no_offset: float
    worst_trial: float
    worst_name: str
    trials: int
    points: int
    mae_near: float = float("nan")
    mae_far: float = float("nan")


@dataclass(frozen=True, slots=True)
class LimbRow:
    """Error of one joint angle of the near or the far limb, where the legs overlap in the side view or not.

    Attributes:
        angle, reference: as in the table of angles.
        limb: "near" or "far".   legs: "all", "overlap" or "apart".
        points: of all strides.   mae: over them, degrees (NaN without any).
        tenths: MAE in each tenth of the gait cycle, degrees.
        worst: number of the tenth in which it is largest, from 0; None without any.
    """

    angle: str
    reference: str
    limb: str
    legs: str
    points: int
    mae: float
    tenths: tuple[float, ...]
    worst: int | None


@dataclass(frozen=True, slots=True)
class BodyRow:
    """One filmed body: MAE of the joint angles over both limbs, degrees, and what it looks like."""

    trial: str
    number: int
    failure: str
    mae: Mapping[str, float]
    facts: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class EventRow:
    """Error of one kind of event, milliseconds; NaN where none was found."""

    kind: str
    median_abs_ms: float
    p90_abs_ms: float
    median_signed_ms: float
    found: int
    missed: int
    extra: int


@dataclass(frozen=True, slots=True)
class ItemRow:
    """Agreement on one EVGS item, over limbs, trials and draws.

    Attributes:
        number, reference: the item, and what its truth is read from.
        pairs: limbs with a truth.   assessed: of these, measured.   agreed: of these, with the true score.
        clear, clear_agreed: the same where the true value is clear of a band edge.
        mean_error: mean absolute difference of the values, in the item's unit.
        nonzero_true, nonzero_measured: shares of scores above 0 (NaN without any).
    """

    number: int
    reference: str
    pairs: int
    assessed: int
    agreed: int
    clear: int
    clear_agreed: int
    mean_error: float
    nonzero_true: float
    nonzero_measured: float

    @property
    def agreement(self) -> float:
        """Share of the assessed limbs with the true score."""
        return self.agreed / self.assessed if self.assessed else float("nan")

    @property
    def clear_agreement(self) -> float:
        """The same where the true value is clear of a band edge."""
        return self.clear_agreed / self.clear if self.clear else float("nan")


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """What ``gaitviewer validate`` found.

    Attributes:
        options: how the cameras saw the markers.
        names: of the trials.   runs: trials times draws.
        angles, events, items: the tables.
        comparisons: every single one.
        left_out: why files could not be used, a sentence each.
        limbs, certainty, bodies: more tables; certainty beside films also of exact and noisy points.
    """

    options: ValidationOptions
    names: tuple[str, ...]
    runs: int
    angles: tuple[AngleRow, ...]
    events: tuple[EventRow, ...]
    items: tuple[ItemRow, ...]
    comparisons: tuple[Comparison, ...]
    left_out: tuple[str, ...] = ()
    limbs: tuple[LimbRow, ...] = ()
    certainty: tuple[CertaintyRow, ...] = ()
    bodies: tuple[BodyRow, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every file could be used and something could be measured in each."""
        return not self.left_out and not any(one.failure for one in self.comparisons)

    def angle(self, name: str, reference: str) -> AngleRow:
        """One row of the angle table.

        Raises:
            KeyError: it was not compared.
        """
        for row in self.angles:
            if (row.angle, row.reference) == (name, reference):
                return row
        raise KeyError(name, reference)

    def pooled(self, numbers: Iterable[int]) -> ItemRow:
        """Several items of one reference as one row, numbered 0."""
        rows = [row for row in self.items if row.number in set(numbers)]
        return ItemRow(
            number=0,
            reference=" and ".join(sorted({row.reference for row in rows})),
            pairs=sum(row.pairs for row in rows),
            assessed=sum(row.assessed for row in rows),
            agreed=sum(row.agreed for row in rows),
            clear=sum(row.clear for row in rows),
            clear_agreed=sum(row.clear_agreed for row in rows),
            mean_error=float("nan"),
            nonzero_true=float("nan"),
            nonzero_measured=float("nan"),
        )


def summarise(
    options: ValidationOptions, comparisons: tuple[Comparison, ...], beside: tuple[Comparison, ...] = ()
) -> ValidationReport:
    """The tables over all comparisons.

    Args:
        options: of the run.
        comparisons: what it is about.
        beside: other kinds of points, which count for the certainty alone.
    """
    events = [_event_row("all", list(EventKind), comparisons)]
    events += [_event_row(kind.value, [kind], comparisons) for kind in EventKind]
    return ValidationReport(
        options=options,
        names=tuple(dict.fromkeys(c.name for c in comparisons)),
        runs=len(comparisons),
        angles=_angle_rows(comparisons),
        events=tuple(events),
        items=_item_rows(comparisons),
        comparisons=comparisons,
        limbs=tuple(_limb_rows(comparisons)),
        certainty=certainty_rows((*beside, *comparisons)),
        bodies=tuple(_body_row(one) for one in comparisons if one.facts),
    )


def _joint_rows(comparisons: Iterable[Comparison]) -> list[tuple[str, str]]:
    """Joint angles with what each is held against: the first of its rows that there is."""
    there = {(e.angle, e.reference) for c in comparisons for e in c.angles}
    rows = [
        next((row for row in ANGLE_ROWS if row[0] == angle and row in there), None) for angle in LIMB_ANGLES
    ]
    return [row for row in rows if row is not None]


def _limb_rows(comparisons: tuple[Comparison, ...]) -> Iterator[LimbRow]:
    for row in _joint_rows(comparisons):
        for limb in ("near", "far"):
            every = [e for c in comparisons for e in c.angles if (e.angle, e.reference) == row]
            found = [e for e in every if e.far == (limb == "far")]
            if not found:
                continue
            errors = np.abs(np.concatenate([e.errors for e in found]))
            tenths = np.concatenate([e.tenths for e in found])
            overlap = np.concatenate([e.overlap for e in found])
            for legs, here in (("all", overlap | True), ("overlap", overlap), ("apart", ~overlap)):
                means = tuple(_mean(errors[here & (tenths == tenth)]) for tenth in range(10))
                worst = None if np.isnan(means).all() else int(np.nanargmax(means))
                yield LimbRow(*row, limb, legs, int(here.sum()), _mean(errors[here]), means, worst)


def _body_row(comparison: Comparison) -> BodyRow:
    errors = {
        angle: np.concatenate([e.errors for e in comparison.angles if (e.angle, e.reference) == (angle, held)])
        for angle, held in _joint_rows([comparison])
    }
    mae = {angle: _mean(np.abs(errors[angle])) if angle in errors else math.nan for angle in LIMB_ANGLES}
    return BodyRow(comparison.name, comparison.seed, comparison.failure, mae, comparison.facts)


def _mean(values: F8) -> float:
    return float(values.mean()) if values.size else math.nan


def _angle_rows(comparisons: tuple[Comparison, ...]) -> tuple[AngleRow, ...]:
    rows = []
    for angle, reference in ANGLE_ROWS:
        parts: dict[tuple[str, int], list[AngleErrors]] = defaultdict(list)
        for comparison in comparisons:
            for errors in comparison.angles:
                if (errors.angle, errors.reference) == (angle, reference):
                    parts[comparison.name, comparison.seed].append(errors)
        if parts:
            rows.append(_angle_row(angle, reference, parts))
    return tuple(rows)


def _angle_row(angle: str, reference: str, parts: dict[tuple[str, int], list[AngleErrors]]) -> AngleRow:
    every = np.concatenate([e.errors for group in parts.values() for e in group])
    free = np.concatenate([e.errors - e.errors.mean() for group in parts.values() for e in group])
    by_name: dict[str, list[float]] = defaultdict(list)
    for (name, _), group in parts.items():
        by_name[name].append(float(np.abs(np.concatenate([e.errors for e in group])).mean()))
    by_limb: dict[bool, list[F8]] = defaultdict(list)
    for group in parts.values():
        for e in group:
            by_limb[e.far].append(e.errors)
    near, far = (
        float(np.abs(np.concatenate(by_limb[which])).mean()) if by_limb[which] else float("nan")
        for which in (False, True)
    )
    worst = max(by_name, key=lambda name: float(np.mean(by_name[name])))
    return AngleRow(
        angle=angle,
        reference=reference,
        mae=float(np.abs(every).mean()),
        rmse=float(np.sqrt(np.mean(every**2))),
        bias=float(every.mean()),
        mae_no_offset=float(np.abs(free).mean()),
        rmse_no_offset=float(np.sqrt(np.mean(free**2))),
        worst_trial=float(np.mean(by_name[worst])),
        worst_name=worst,
        trials=len(by_name),
        points=int(every.size),
        mae_near=near,
        mae_far=far,
    )


def _event_row(name: str, kinds: list[EventKind], comparisons: tuple[Comparison, ...]) -> EventRow:
    events = [e for c in comparisons for e in c.events if e.kind in kinds]
    errors = np.array([e.error_ms for e in events if e.error_ms is not None], np.float64)
    extra = sum(e.kind in kinds for c in comparisons for e in c.extra)
    known = errors.size > 0
    return EventRow(
        kind=name,
        median_abs_ms=float(np.median(np.abs(errors))) if known else float("nan"),
        p90_abs_ms=float(np.percentile(np.abs(errors), 90)) if known else float("nan"),
        median_signed_ms=float(np.median(errors)) if known else float("nan"),
        found=int(errors.size),
        missed=len(events) - int(errors.size),
        extra=extra,
    )


def _item_rows(comparisons: tuple[Comparison, ...]) -> tuple[ItemRow, ...]:
    rows = []
    for number in range(1, 18):
        pairs = [p for c in comparisons for p in c.items if p.number == number]
        assessed = [p for p in pairs if p.score is not None]
        clear = [p for p in assessed if p.clear]
        scores = [score for c in comparisons for item, score in c.scores if item == number]
        errors = [
            abs(p.value - p.true_value) for p in assessed if p.value is not None and p.true_value is not None
        ]
        rows.append(
            ItemRow(
                number=number,
                reference=reference_of_item(number)
                if number in FILE_ITEMS + MARKER_ITEMS + CORONAL_ITEMS
                else "",
                pairs=len(pairs),
                assessed=len(assessed),
                agreed=sum(p.score == p.true_score for p in assessed),
                clear=len(clear),
                clear_agreed=sum(p.score == p.true_score for p in clear),
                mean_error=float(np.mean(errors)) if errors else float("nan"),
                nonzero_true=_share([p.true_score for p in pairs]),
                nonzero_measured=_share(scores),
            )
        )
    return tuple(rows)


def _share(scores: list[int]) -> float:
    return sum(score > 0 for score in scores) / len(scores) if scores else float("nan")
