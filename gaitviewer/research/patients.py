"""``gaitviewer patients``: drawn patients, measured from pixels, against their own scores.

Each walks across and back in front of a drawn side camera; the pose estimator sees the pictures, legs are put
right and everything is measured as in any session. The truth comes from the walker's own angles through the
rules of the score (:mod:`gaitviewer.research.cohort.labels`); no camera is involved in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from gaitviewer import __version__
from gaitviewer.analysis.evgs.sheet import load_items
from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.walking.trial import read_trial
from gaitviewer.core.gait import ByView, Side, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import Provenance
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.core.serialise import read_resource
from gaitviewer.core.session import (
    Footwear,
    Session,
    Subject,
    Trial,
    WalkingAid,
)
from gaitviewer.errors import AnalysisError
from gaitviewer.messages import Message, message
from gaitviewer.pose.estimator import PoseEstimator
from gaitviewer.research.cohort.labels import score_items, true_walk
from gaitviewer.research.legs.walks import read_walk, see_gait, walk_file, write_walk
from gaitviewer.research.validation.items import find_true_items
from gaitviewer.research.validation.projection import virtual_stream
from gaitviewer.synthesis.body.bodies import Child, draw_child
from gaitviewer.synthesis.gait.model import WalkerGait
from gaitviewer.synthesis.gait.patterns import add_pattern
from gaitviewer.synthesis.gait.subjects import random_for
from gaitviewer.util import private
from gaitviewer.workflow.analysis.leg_refiners import find_leg_refiner

_DRAWN, _TRUE = 50, 51  # parts of a patient's chance
HEALTHY = "healthy"


@dataclass(frozen=True, slots=True)
class PatientGroup:
    """Patients of one kind; ``items`` are the codes that define it, in the affected limbs."""

    pattern: str
    both_limbs: bool
    severity: tuple[float, float]
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PatientsTable:
    """``resources/synthesis/patients.toml``."""

    clear_deg: float
    groups: Mapping[str, PatientGroup]


@cache
def patients_table() -> PatientsTable:
    """The groups."""
    return read_resource("synthesis/patients.toml", PatientsTable)


@dataclass(frozen=True, slots=True)
class Patient:
    """One patient: how he walks, and which limbs have the pattern."""

    group: str
    number: int
    child: Child
    gait: WalkerGait
    affected: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """One item of one limb: its true score, and the measured one (None where it was refused).

    ``clear``: the true value is clear of the edges of its band.
    """

    group: str
    patient: int
    code: str
    side: Side
    affected: bool
    true: int
    measured: int | None
    clear: bool


@dataclass(frozen=True, slots=True)
class NamedLimb:
    """What pattern a limb was given: a code such as ``pattern.crouch``, "" where none was named."""

    group: str
    patient: int
    side: Side
    affected: bool
    named: str


@dataclass(frozen=True, slots=True)
class PatientsReport:
    """Everything that was compared, and why a patient could not be measured."""

    items: tuple[ScoredItem, ...]
    limbs: tuple[NamedLimb, ...]
    failed: tuple[tuple[str, int, Message], ...]


def draw_patient(group: str, number: int, *, seed: int) -> Patient:
    """The patient with that number of a group."""
    kind = patients_table().groups[group]
    random = random_for(_seed_of(group, seed), number, _DRAWN)
    child = draw_child(random)
    one = Side.LEFT if random.random() < 0.5 else Side.RIGHT
    affected = tuple(Side) if kind.both_limbs else (one,)
    severity = float(random.uniform(*kind.severity))
    gait = child.gait
    for side in affected:
        gait = add_pattern(gait, side, kind.pattern, severity)
    return Patient(group, number, child, gait, affected if kind.pattern != "none" else ())


def _seed_of(group: str, seed: int) -> int:
    """Groups share no bodies, looks and cameras."""
    return 100 * seed + sorted(patients_table().groups).index(group)


def try_patients(
    folder: Path,
    estimator: PoseEstimator,
    *,
    each: int,
    seed: int,
    groups: Sequence[str] = (),
    tick: Tick = no_progress,
) -> PatientsReport:
    """Film patients (or take up those that were seen before), measure them, and hold them against the truth.

    Args:
        folder: where the keypoints of each are kept.
        estimator: a started one.
        each: patients of a group.
        seed: another one than anything was learned from.
        groups: all if empty.
        tick: progress.

    Raises:
        FormatError: a kept file is damaged.
        OutputError: a file cannot be written.
    """
    items: list[ScoredItem] = []
    limbs: list[NamedLimb] = []
    failed: list[tuple[str, int, Message]] = []
    everybody = [(group, n) for group in groups or patients_table().groups for n in range(each)]
    for done, (group, number) in enumerate(everybody):
        tick(done / len(everybody), message("progress.subject", number=done + 1, total=len(everybody)))
        patient = draw_patient(group, number, seed=seed)
        pose = _seen(folder / group, estimator, patient, seed=_seed_of(group, seed))
        try:
            measures = _measure(pose, estimator, patient)
        except AnalysisError as error:
            failed.append((group, number, error.message))
            continue
        items += _scored(patient, measures, seed=_seed_of(group, seed))
        limbs += [
            NamedLimb(group, number, side, side in patient.affected, measures.patterns[side].label.code)
            for side in Side
        ]
    return PatientsReport(tuple(items), tuple(limbs), tuple(failed))


def _seen(folder: Path, estimator: PoseEstimator, patient: Patient, *, seed: int) -> PoseSequence:
    file = walk_file(folder, seed, patient.number)
    if not file.exists():
        private.make_folder(folder)
        write_walk(file, see_gait(patient.gait, estimator, seed=seed, number=patient.number))
    return read_walk(file).pose


def _measure(pose: PoseSequence, estimator: PoseEstimator, patient: Patient) -> Measures:
    name = f"{patient.group} {patient.number}"
    trial = Trial(name, ByView(virtual_stream(View.SAGITTAL, pose, Path(name)), None))
    made = Provenance(estimator.name, estimator.weights_digest, "", __version__, "cpu", "", np.nan)
    motion = read_trial(trial, ByView(pose, None), leg_refiner=find_leg_refiner(made))
    session = Session(
        name, Subject(name, sex=patient.child.sex), height_m=patient.child.gait.height_m,
        footwear=Footwear.BAREFOOT, walking_aid=WalkingAid.NONE,
    )  # fmt: skip
    return measure_session(session, (motion,))


def _scored(patient: Patient, measures: Measures, *, seed: int) -> list[ScoredItem]:
    truth = true_walk(patient.gait, seed=int(random_for(seed, patient.number, _TRUE).integers(2**31)))
    scores = score_items(truth, patient.gait)
    distances = {(one.number, one.side): one.edge_distance for one in find_true_items(truth)}
    found = []
    for item in load_items():
        for side in Side:
            true = scores[side][item.number - 1]
            edge = distances.get((item.number, side))
            if true is None or edge is None:
                continue
            found.append(
                ScoredItem(
                    patient.group, patient.number, item.code, side, side in patient.affected, true,
                    measures.evgs.get(item.number, side).score, edge >= patients_table().clear_deg,
                )
            )  # fmt: skip
    return found


def sensitivity_and_specificity(items: Iterable[ScoredItem]) -> tuple[float, float]:
    """Of a score above 0, where the item was assessed; NaN where there is no such limb."""
    known = [(one.true > 0, one.measured > 0) for one in items if one.measured is not None]

    def share(of: bool) -> float:
        said = [measured == of for true, measured in known if true == of]
        return float(np.mean(said)) if said else float("nan")

    return share(True), share(False)


def confusion(items: Iterable[ScoredItem]) -> tuple[tuple[int, int, int, int], ...]:
    """How often each true score (row) was measured as 0, 1, 2 or refused (column)."""
    counts = Counter((one.true, one.measured) for one in items)
    return tuple((counts[true, 0], counts[true, 1], counts[true, 2], counts[true, None]) for true in range(3))


def format_patients(report: PatientsReport) -> str:
    """Confusion tables of the items, the groups by their own items, healthy walkers, named patterns."""
    groups = list(dict.fromkeys(one.group for one in report.limbs))
    lines = ["Rows: true score; columns: measured 0, 1, 2, refused. All groups, both limbs.", ""]
    lines.append("item   true 0            true 1            true 2            sens  spec   clear of an edge")
    for code in dict.fromkeys(one.code for one in report.items):
        of = [one for one in report.items if one.code == code]
        table = "  ".join(" ".join(f"{n:3d}" for n in row) + "  " for row in confusion(of))
        plain, clear = (sensitivity_and_specificity(x) for x in (of, [one for one in of if one.clear]))
        lines.append(f"{code:5} {table} {_percent(*plain)}  {_percent(*clear)}")
    lines += ["", "Items that define a group: sensitivity in its affected limbs, specificity in the healthy"]
    for group in groups:
        for code in patients_table().groups[group].items:
            of = [one for one in report.items if one.code == code]
            ill = [one for one in of if one.group == group and one.affected]
            well = [one for one in of if one.group == HEALTHY]
            both = sensitivity_and_specificity(ill)[0], sensitivity_and_specificity(well)[1]
            refused = sum(one.measured is None for one in ill)
            lines.append(f"{group:12} {code:5} {_percent(*both)}  refused {refused} of {len(ill)}")
    lines += ["", "Healthy children: part of the limbs above 0, measured (true)"]
    for code in dict.fromkeys(one.code for one in report.items):
        of = [o for o in report.items if o.code == code and o.group == HEALTHY and o.measured is not None]
        if of:
            measured = np.mean([bool(o.measured) for o in of])
            true = np.mean([bool(o.true) for o in of])
            lines.append(f"{code:5} {100 * measured:3.0f} % ({100 * true:3.0f} %) of {len(of)}")
    lines += ["", "Pattern named, by group and limb"]
    for group in groups:
        for affected in (True, False):
            named = [o.named or "none" for o in report.limbs if o.group == group and o.affected == affected]
            if named:
                said = ", ".join(f"{name} {n}" for name, n in Counter(named).most_common())
                lines.append(f"{group:12} {'affected' if affected else 'other':8} {said}")
    lines += [f"not measured: {group} {number}: {reason}" for group, number, reason in report.failed]
    return "\n".join(lines) + "\n"


def _percent(*shares: float) -> str:
    return " ".join("   -" if np.isnan(share) else f"{100 * share:3.0f}%" for share in shares)
