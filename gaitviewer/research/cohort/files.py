"""One subject of a synthetic cohort: made, written and read."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import BySide, ByView, View
from gaitviewer.core.learning import LabelledSession, MaskedPictures, SessionLabels
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.serialise import from_plain, load_arrays, parse_json
from gaitviewer.core.session import GIVEN, Footwear, Session, Sync, Trial, WalkingAid
from gaitviewer.core.session import Subject as SessionSubject
from gaitviewer.errors import FormatError, reason_of
from gaitviewer.messages import Message, message
from gaitviewer.research.cohort.labels import label_subject
from gaitviewer.research.cohort.pictures import SubjectPictures
from gaitviewer.synthesis.demo import DemoScene
from gaitviewer.synthesis.filming.cameras import Camera
from gaitviewer.synthesis.filming.film import film_trial, filming_table
from gaitviewer.synthesis.filming.pose_errors import observe_with_errors
from gaitviewer.synthesis.gait.subjects import SyntheticSubject, draw_subject, random_for
from gaitviewer.util import atomic

TRIALS = 2
_CAMERAS, _ERRORS = 100, 200  # parts of a subject's chance
_SYNC_SIGMA_S = 0.005
LARGEST_BYTES = 64 * 2**20  # of a subject, unpacked; one that is made here has less than 2 MB


def write_subject(path: Path, *, seed: int, index: int, shift: str) -> None:
    """Make a subject and write its numbers: keypoints, times, labels, facts, cameras."""
    subject = draw_subject(seed, index, shift=shift)
    arrays: dict[str, NDArray[Any]] = {}
    trials = []
    level = filming_table().cameras(shift).noise
    for number in range(TRIALS):
        scene = film_subject(subject, number, seed=seed, shift=shift)
        random = random_for(seed, index, _ERRORS + number)
        for view in View:
            pose = observe_with_errors(scene.views[view], random, level=level)
            for key, values in (("xy", pose.xy), ("score", pose.score), ("times", pose.times)):
                arrays[f"{number}_{view.value}_{key}"] = values
        trials.append(
            {
                "offset_s": scene.offset_s,
                "cameras": {view.value: asdict(scene.views[view].camera) for view in View},
            }
        )
    facts = {
        "trials": trials,
        "labels": _labels_out(label_subject(subject, seed=seed * 1_000_003 + index)),
        "facts": facts_of(subject),
        "age_years": round(subject.child.age_years, 2),
        "sex": subject.child.sex,
        "height_m": round(subject.gait.height_m, 3),
    }
    arrays["facts"] = np.frombuffer(json.dumps(facts, sort_keys=True).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    atomic.write_bytes(path, buffer.getvalue(), durable=False)


def film_subject(subject: SyntheticSubject, number: int, *, seed: int, shift: str) -> DemoScene:
    """One trial of a subject."""
    return film_trial(subject.gait, random_for(seed, subject.index, _CAMERAS + number), shift=shift)


def facts_of(subject: SyntheticSubject) -> dict[str, float | str]:
    """How somebody was drawn; for the analysis of results, never an input of a model."""
    facts: dict[str, float | str] = {
        "kind": subject.kind,
        "deviation": round(subject.deviation, 4),
        "severity": subject.level,
        "stride_time_s": round(subject.gait.stride_time_s, 3),
    }
    if subject.impairment is not None:
        facts["distribution"] = subject.impairment.distribution
        facts["pattern"] = " / ".join(limb.words for limb in subject.impairment.limbs)
        for limb, side in zip(subject.impairment.limbs, ("left", "right"), strict=True):
            facts[f"pattern_{side}"], facts[f"severity_{side}"] = limb.words, round(limb.severity, 3)
        facts |= {name: round(value, 4) for name, value in subject.impairment.axes.items()}
    if subject.curvature is not None:
        facts["curve"] = subject.curvature.kind
        facts["cobb_deg"] = round(subject.curvature.cobb_deg, 1)
        facts |= {f"asymmetry_{name}": round(v, 4) for name, v in subject.curvature.effects.items()}
    return facts


def _labels_out(labels: SessionLabels) -> dict[str, Any]:
    return {
        "evgs": [list(labels.evgs.left), list(labels.evgs.right)],
        "severity": labels.severity,
        "asymmetry": labels.asymmetry,
        "cobb_deg": labels.cobb_deg,
        "gait_variable_score": list(labels.gait_variable_score),
        "source": labels.source,
    }


@dataclass(frozen=True, slots=True)
class _TrialFacts:
    offset_s: float
    cameras: ByView[Camera]


@dataclass(frozen=True, slots=True)
class _LabelFacts:
    """Labels as they are stored; ``evgs`` and ``gait_variable_score`` are left, right."""

    evgs: tuple[tuple[int | None, ...], tuple[int | None, ...]]
    severity: int | None
    asymmetry: bool | None
    cobb_deg: float | None
    gait_variable_score: tuple[float | None, float | None]
    source: str

    def labels(self) -> SessionLabels:
        """The labels as the program has them."""
        return SessionLabels(
            evgs=BySide(*self.evgs),
            severity=self.severity,
            asymmetry=self.asymmetry,
            cobb_deg=self.cobb_deg,
            gait_variable_score=BySide(*self.gait_variable_score),
            source=self.source,
        )


@dataclass(frozen=True, slots=True)
class _SubjectFacts:
    """What is stored of a subject beside the arrays."""

    trials: tuple[_TrialFacts, ...]
    labels: _LabelFacts
    facts: dict[str, int | float | str]
    age_years: float
    sex: str
    height_m: float


def read_subject(path: Path, *, seed: int, index: int, shift: str) -> LabelledSession:
    """A subject's session.

    Raises:
        FormatError: the file is missing or damaged.
    """
    try:
        arrays = load_arrays(path, largest_bytes=LARGEST_BYTES)
        facts = from_plain(parse_json(arrays["facts"].tobytes()), _SubjectFacts)
        poses = [_poses_in(arrays, number, trial.cameras) for number, trial in enumerate(facts.trials)]
        labels = facts.labels.labels()
    except (OSError, ValueError, KeyError) as error:
        raise FormatError(message("error.research.cohort.damaged", path=path, reason=_why(error))) from error
    name = path.stem.replace("subject", "shifted" if shift == "shifted" else "synthetic")
    name = f"{name.split('-')[0]}-{seed}-{index:05d}"
    session = Session(
        id=name,
        subject=SessionSubject(name, sex=facts.sex),
        age_years=facts.age_years,
        height_m=facts.height_m,
        footwear=Footwear.BAREFOOT,
        walking_aid=WalkingAid.NONE,
        note="a synthetic walker",
    )
    trials, pictures = [], dict[tuple[str, View], MaskedPictures]()
    for number, table in enumerate(facts.trials):
        trial = Trial(
            f"t{number + 1}",
            ByView(None, None),
            Sync(table.offset_s, _SYNC_SIGMA_S, GIVEN, message("note.sync.same_clock")),
        )
        trials.append(TrialData(trial, poses[number]))
        for view in View:
            pictures[trial.id, view] = SubjectPictures(seed, index, shift, number, view)
    return LabelledSession(
        Document(session, tuple(trials)),
        labels,
        pictures,
        facts.facts,
        synthetic=True,
    )


def _why(error: Exception) -> Message:
    if isinstance(error, KeyError):
        return message("error.research.cohort.lacks", entry=str(error))
    return reason_of(error)


def _poses_in(
    arrays: Mapping[str, NDArray[Any]], number: int, cameras: ByView[Camera]
) -> ByView[PoseSequence | None]:
    def pose(view: View) -> PoseSequence:
        xy, score, times = (arrays[f"{number}_{view.value}_{key}"] for key in ("xy", "score", "times"))
        return PoseSequence(xy, score, times, cameras[view].width, cameras[view].height)

    return ByView(pose(View.SAGITTAL), pose(View.CORONAL))
