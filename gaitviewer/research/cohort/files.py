"""One subject of a synthetic cohort: made, written and read."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import BySide, ByView, View
from gaitviewer.core.learning import LabelledSession, MaskedPictures, SessionLabels
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Footwear, Session, Sync, Trial, WalkingAid
from gaitviewer.core.session import Subject as SessionSubject
from gaitviewer.errors import FormatError
from gaitviewer.research.cohort.labels import label_subject
from gaitviewer.research.cohort.pictures import SubjectPictures
from gaitviewer.synthesis.demo import DemoScene
from gaitviewer.synthesis.filming.cameras import Camera
from gaitviewer.synthesis.filming.film import film_trial
from gaitviewer.synthesis.filming.pose_errors import observe_with_errors
from gaitviewer.synthesis.gait.subjects import SyntheticSubject, draw_subject, random_for
from gaitviewer.synthesis.tables import read_table
from gaitviewer.util import atomic

TRIALS = 2
_CAMERAS, _ERRORS = 100, 200  # parts of a subject's chance
_SYNC_SIGMA_S = 0.005


def write_subject(path: Path, *, seed: int, index: int, shift: str) -> None:
    """Make a subject and write its numbers: keypoints, times, labels, facts, cameras."""
    subject = draw_subject(seed, index, shift=shift)
    arrays: dict[str, NDArray[Any]] = {}
    trials = []
    level = float(read_table("filming")[shift]["noise"])
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


def _labels_in(table: Mapping[str, Any]) -> SessionLabels:
    return SessionLabels(
        evgs=BySide(tuple(table["evgs"][0]), tuple(table["evgs"][1])),
        severity=table["severity"],
        asymmetry=table["asymmetry"],
        cobb_deg=table["cobb_deg"],
        gait_variable_score=BySide(*table["gait_variable_score"]),
        source=table["source"],
    )


def read_subject(path: Path, *, seed: int, index: int, shift: str) -> LabelledSession:
    """A subject's session.

    Raises:
        FormatError: the file is missing or damaged.
    """
    try:
        with np.load(path) as stored:
            arrays = {name: stored[name] for name in stored.files}
        facts = json.loads(arrays.pop("facts").tobytes())
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path} is missing or damaged ({error}): make the cohort again.") from error
    name = path.stem.replace("subject", "shifted" if shift == "shifted" else "synthetic")
    name = f"{name.split('-')[0]}-{seed}-{index:05d}"
    session = Session(
        id=name,
        subject=SessionSubject(name, sex=facts["sex"]),
        age_years=facts["age_years"],
        height_m=facts["height_m"],
        footwear=Footwear.BAREFOOT,
        walking_aid=WalkingAid.NONE,
        note="a synthetic walker",
    )
    trials, pictures = [], dict[tuple[str, View], MaskedPictures]()
    for number, table in enumerate(facts["trials"]):
        trial = Trial(
            f"t{number + 1}",
            ByView(None, None),
            Sync(table["offset_s"], _SYNC_SIGMA_S, "given", "both virtual cameras share a clock"),
        )
        cameras = ByView(*(_camera_in(table["cameras"][view.value]) for view in View))
        poses = ByView(*(_pose_in(arrays, number, view, cameras[view]) for view in View))
        trials.append(TrialData(trial, ByView[PoseSequence | None](poses.sagittal, poses.coronal)))
        for view in View:
            pictures[trial.id, view] = SubjectPictures(seed, index, shift, number, view)
    return LabelledSession(
        Document(session, tuple(trials)),
        _labels_in(facts["labels"]),
        pictures,
        facts["facts"],
        synthetic=True,
    )


def _camera_in(table: Mapping[str, Any]) -> Camera:
    places = {name: tuple(table[name]) for name in ("position", "look_at", "centre_px") if table[name]}
    return Camera(**{**table, **places})


def _pose_in(arrays: Mapping[str, NDArray[Any]], number: int, view: View, camera: Camera) -> PoseSequence:
    xy, score, times = (arrays[f"{number}_{view.value}_{key}"] for key in ("xy", "score", "times"))
    return PoseSequence(xy=xy, score=score, times=times, width=camera.width, height=camera.height)
