"""What measures depend on: one list, for digests, for the cache, and for the window's "measure anew?"."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, is_dataclass, replace
from typing import Any

from gaitviewer import __version__
from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import BySide, ByView, GaitEvent, GaitEvents, HandEvent, View
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.remarks import ViewRemarks
from gaitviewer.core.serialise import canonical_digest
from gaitviewer.core.session import Rating, Session, Subject, Sync, Trial, VideoStream
from gaitviewer.core.timing import VideoInfo
from gaitviewer.messages import NOTHING, Message
from gaitviewer.workflow.analysis.leg_refiners import leg_refiner_digest


@dataclass(frozen=True, slots=True)
class ViewInputs:
    """One video of a recording, wherever it lies, and its keypoints; compared by identity where it is large."""

    sha256: str
    info: VideoInfo
    recorded_at_hz: float | None


@dataclass(frozen=True, slots=True)
class TrialInputs:
    """One recording, with what a person corrected."""

    id: str
    videos: ByView[ViewInputs | None]
    poses: ByView[PoseSequence | None]
    sync: Sync | None
    events: ByView[tuple[GaitEvents, ...] | None]
    excluded: str
    excluded_strides: tuple[tuple[str, str], ...]
    notes: tuple[Message, ...]
    nobody: tuple[View, ...] = ()
    remarks: ByView[ViewRemarks | None] = ByView(None, None)  # noqa: RUF009  frozen
    estimates: ByView[PoseSequence | None] = ByView(None, None)  # noqa: RUF009  frozen; where points were set
    hand_events: ByView[tuple[HandEvent, ...]] = ByView((), ())  # noqa: RUF009  frozen


@dataclass(frozen=True, slots=True)
class MeasureInputs:
    """Everything in a document that its measures depend on.

    ``leg_refiners`` are the digests of what puts the legs of each side view right, where anything does.

    Two of them are equal if they hold the very same arrays and the same values otherwise: quick enough for each
    edit. :func:`inputs_digest` compares the arrays too.
    """

    session: Session
    foot_zero_deg: BySide[float | None]
    trials: tuple[TrialInputs, ...]
    leg_refiners: tuple[str, ...] = ()


def measure_inputs(document: Document) -> MeasureInputs:
    """The part of a document that measures are made from: no grades, texts, pictures, or places of files."""
    return MeasureInputs(
        document.session,
        document.foot_zero_deg,
        tuple(_trial_inputs(data) for data in document.trials),
        tuple(found for data in document.trials if (found := leg_refiner_digest(data.provenance.sagittal))),
    )


def _trial_inputs(data: TrialData) -> TrialInputs:
    trial = data.trial
    return TrialInputs(
        id=trial.id,
        videos=trial.videos.map(_view_inputs),
        poses=data.poses,
        # The library does not keep the other offset, and nothing is measured with it.
        sync=None if trial.sync is None else replace(trial.sync, exchanged_s=None),
        events=data.events,
        excluded=trial.excluded,
        excluded_strides=data.excluded_strides,
        notes=trial.notes,
        nobody=tuple(view for view in View if shows_nobody(data, view)),
        remarks=data.remarks,
        estimates=data.corrections.map(lambda one: None if one is None else one.estimate),
        hand_events=data.hand_events,
    )


def shows_nobody(data: TrialData, view: View) -> bool:
    """Whether the video of a view was searched and nobody is in it; another video is another matter."""
    stream, made = data.trial.videos[view], data.provenance[view]
    if stream is None or made is None or data.poses[view] is not None:
        return False
    return made.inputs_digest == stream.sha256


def failure_of(data: TrialData, view: View) -> Message:
    """Why the video of a view could not be used; NOTHING if it could, or if it is another video now."""
    stream, remarks = data.trial.videos[view], data.remarks[view]
    if stream is None or remarks is None or data.poses[view] is not None or remarks.video != stream.sha256:
        return NOTHING
    return remarks.failure


def _view_inputs(stream: VideoStream | None) -> ViewInputs | None:
    return None if stream is None else ViewInputs(stream.sha256, stream.info, stream.recorded_at_hz)


def same_inputs(one: Document, other: Document | None) -> bool:
    """Whether the measures of two documents are the same, for what is open; keypoints by identity."""
    return other is not None and measure_inputs(one) == measure_inputs(other)


def inputs_digest(document: Document, *, program: str = __version__) -> str:
    """SHA-256 over everything that the measures depend on, the version of the program among it."""
    return canonical_digest({"program": program, "inputs": measure_inputs(document)})


def is_made_from(digest: str, document: Document, *, program: str = __version__) -> bool:
    """Whether a digest that was stored with a result, perhaps long ago, is that of this very content."""
    inputs = measure_inputs(document)
    before_refiners = canonical_digest({"program": program, "inputs": replace(inputs, leg_refiners=())})
    known = [inputs_digest(document, program=program), before_refiners]
    if not any(one for data in document.trials for one in data.hand_events):  # which were not known then
        known.append(_digest_of_words(document, program))
    return digest in known


def video_digests(trials: tuple[Trial, ...]) -> list[str]:
    """Digests of all videos, trial by trial."""
    streams = [trial.videos[view] for trial in trials for view in View]
    return [stream.sha256 for stream in streams if stream is not None]


# Until version 0.1.0 the digest was made of how the classes print. Results of that time are still recognised:
# these are the names and fields that the classes printed then; those of today have no say. Enumerations print
# as ever; a test knows a digest of that time.
_WORDS_OF: dict[type[Any], tuple[str, ...]] = {
    Session: (
        "Session", "id", "subject", "when", "age_years", "height_m", "leg_length_m", "footwear", "walking_aid",
        "mirrored", "surgery", "botulinum", "gmfcs", "cobb", "note",
    ),
    Subject: ("Subject", "pseudonym", "birth", "sex", "diagnosis", "affected"),
    Rating: ("Rating", "value", "rater", "when"),
    Sync: ("Sync", "offset_s", "sigma_s", "source", "note"),
    ByView: ("ByView", "sagittal", "coronal"),
    GaitEvents: ("GaitEvents", "events",),
    GaitEvent: ("GaitEvent", "kind", "side", "time_s", "sigma_s", "detectors", "agreed", "corrected"),
}  # fmt: skip


def _digest_of_words(document: Document, program: str) -> str:
    """The digest as it was made before :func:`inputs_digest`; never written any more."""
    facts = {
        "program": program,
        "videos": video_digests(tuple(d.trial for d in document.trials)),
        "session": _words(document.session),
        "foot_zero_deg": list(document.foot_zero_deg),
        "trials": [
            [_words(d.trial.sync), d.trial.excluded, d.excluded_strides, _words(d.events)]
            for d in document.trials
        ],
    }
    total = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for data in document.trials:
        for view in View:
            pose = data.poses[view]
            total.update(b"-" if pose is None else pose.xy.tobytes())
    return total.hexdigest()


def _words(value: Any) -> str:
    if isinstance(value, Message):
        return repr(str(value))
    if is_dataclass(value):
        kind, *names = _WORDS_OF[type(value)]
        return f"{kind}({', '.join(f'{name}={_words(getattr(value, name))}' for name in names)})"
    if isinstance(value, tuple):
        inner = ", ".join(_words(one) for one in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)
