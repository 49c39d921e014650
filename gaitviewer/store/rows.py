"""A document as rows of the tables, and back. NaN is NULL in the tables."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import ByView, EventKind, GaitEvent, GaitEvents, Side, View
from gaitviewer.core.output import Provenance
from gaitviewer.core.pose import Origin, PoseSequence
from gaitviewer.core.serialise import from_stored, to_stored
from gaitviewer.core.session import (
    Affected,
    Footwear,
    Rating,
    Session,
    Subject,
    Sync,
    Trial,
    VideoStream,
    WalkingAid,
)
from gaitviewer.core.skeleton import BODY_FEET_23, Skeleton
from gaitviewer.core.timing import VideoInfo
from gaitviewer.errors import StoreError
from gaitviewer.messages import Message, message
from gaitviewer.store import arrays

Row = Mapping[str, Any]
SKELETONS: dict[str, Skeleton] = {BODY_FEET_23.name: BODY_FEET_23}


def subject_row(subject: Subject) -> dict[str, Any]:
    """The row of ``subjects``."""
    return {
        "pseudonym": subject.pseudonym,
        "birth": _date_text(subject.birth),
        "sex": subject.sex,
        "diagnosis": subject.diagnosis,
        "affected": subject.affected.value,
    }


def session_row(session: Session, *, now_utc: str) -> dict[str, Any]:
    """The row of ``sessions``, without its creation time."""
    return {
        "id": session.id,
        "subject": session.subject.pseudonym,
        "date": _date_text(session.when),
        "age_years": session.age_years,
        "height_m": session.height_m,
        "leg_length_m": session.leg_length_m,
        "footwear": session.footwear.value,
        "walking_aid": session.walking_aid.value,
        "mirrored": int(session.mirrored),
        "surgery": json.dumps([day.isoformat() for day in session.surgery]),
        "botulinum": json.dumps([day.isoformat() for day in session.botulinum]),
        "gmfcs": _rating_text(session.gmfcs),
        "cobb": _rating_text(session.cobb),
        "note": session.note,
        "saved_utc": now_utc,
    }


def session_of(row: Row, subject: Row) -> Session:
    """The session of a row of ``sessions`` and its row of ``subjects``."""
    return Session(
        id=row["id"],
        subject=Subject(
            pseudonym=subject["pseudonym"],
            birth=_date(subject["birth"]),
            sex=subject["sex"],
            diagnosis=subject["diagnosis"],
            affected=Affected(subject["affected"] or Affected.UNKNOWN.value),
        ),
        when=_date(row["date"]),
        age_years=row["age_years"],
        height_m=row["height_m"],
        leg_length_m=row["leg_length_m"],
        footwear=Footwear(row["footwear"]),
        walking_aid=WalkingAid(row["walking_aid"]),
        mirrored=bool(row["mirrored"]),
        surgery=tuple(date.fromisoformat(day) for day in json.loads(row["surgery"])),
        botulinum=tuple(date.fromisoformat(day) for day in json.loads(row["botulinum"])),
        gmfcs=_rating(row["gmfcs"]),
        cobb=_rating(row["cobb"]),
        note=row["note"],
    )


def trial_rows(document: Document) -> Iterator[dict[str, Any]]:
    """Rows of ``trials``."""
    for position, data in enumerate(document.trials):
        sync, events = data.trial.sync, data.events
        yield {
            "session": document.session.id,
            "id": data.trial.id,
            "position": position,
            "excluded": data.trial.excluded,
            "notes": _notes_text(data.trial.notes),
            "sync_offset_s": sync.offset_s if sync else None,
            "sync_sigma_s": sync.sigma_s if sync else None,
            "sync_source": sync.source if sync else None,
            "sync_note": to_stored(sync.note) if sync else None,
            # NULL = the detected events count; 0 = a person decided that there are no passes.
            "sagittal_event_passes": None if events.sagittal is None else len(events.sagittal),
            "coronal_event_passes": None if events.coronal is None else len(events.coronal),
        }


def trial_of(row: Row, videos: Mapping[View, VideoStream]) -> Trial:
    """The trial of a row of ``trials``."""
    sync = None
    if row["sync_source"] is not None:
        sync = Sync(
            _number(row["sync_offset_s"]),
            _number(row["sync_sigma_s"]),
            row["sync_source"],
            from_stored(row["sync_note"]),
        )
    return Trial(
        id=row["id"],
        videos=ByView(videos.get(View.SAGITTAL), videos.get(View.CORONAL)),
        sync=sync,
        excluded=row["excluded"],
        notes=_notes(row["notes"]),
    )


def recording_row(key: dict[str, str], stream: VideoStream) -> dict[str, Any]:
    """The row of ``recordings``."""
    info = stream.info
    return key | {
        "sha256": stream.sha256,
        "recorded_at_hz": stream.recorded_at_hz,
        "width": info.width,
        "height": info.height,
        "rotation_deg": info.rotation_deg,
        "times": arrays.pack(info.times),
        "announced_rate_hz": info.announced_rate_hz,
        "announced_frames": info.announced_frames,
        "codec": info.codec,
        "time_scale": info.time_scale,
        "notes": _notes_text(info.notes),
    }


def stream_of(row: Row) -> VideoStream:
    """The video stream of a row of ``recordings`` joined with the path of ``videos``."""
    info = VideoInfo(
        width=row["width"],
        height=row["height"],
        rotation_deg=row["rotation_deg"],
        times=arrays.unpack(row["times"]),
        announced_rate_hz=row["announced_rate_hz"],
        announced_frames=row["announced_frames"],
        codec=row["codec"],
        time_scale=row["time_scale"],
        notes=_notes(row["notes"]),
    )
    return VideoStream(View(row["view"]), Path(row["path"]), row["sha256"], info, row["recorded_at_hz"])


def pose_row(key: dict[str, str], pose: PoseSequence) -> dict[str, Any]:
    """The row of ``poses``."""
    if pose.skeleton.name not in SKELETONS:
        raise ValueError(f"keypoint layout {pose.skeleton.name} is not known to the store")
    return key | {
        "skeleton": pose.skeleton.name,
        "width": pose.width,
        "height": pose.height,
        "xy": arrays.pack(pose.xy),
        "score": arrays.pack(pose.score),
        "origin": arrays.pack(pose.origin),
        "times": arrays.pack(pose.times),
        "corrected": int(bool((pose.origin == Origin.CORRECTED).any())),
    }


def pose_of(row: Row) -> PoseSequence:
    """The keypoints of a row of ``poses``."""
    if row["skeleton"] not in SKELETONS:
        raise StoreError(message("error.store.keypoint_layout", skeleton=row["skeleton"]))
    return PoseSequence(
        xy=arrays.unpack(row["xy"]),
        score=arrays.unpack(row["score"]),
        origin=arrays.unpack(row["origin"]),
        times=arrays.unpack(row["times"]),
        width=row["width"],
        height=row["height"],
        skeleton=SKELETONS[row["skeleton"]],
    )


def provenance_row(key: dict[str, str], provenance: Provenance) -> dict[str, Any]:
    """The row of ``provenance``."""
    return key | {
        "model": provenance.model,
        "weights_digest": provenance.weights_digest,
        "inputs_digest": provenance.inputs_digest,
        "program": provenance.program,
        "device": provenance.device,
        "when": provenance.when,
        "seconds": provenance.seconds,
    }


def provenance_of(row: Row) -> Provenance:
    """The provenance of a row."""
    return Provenance(
        model=row["model"],
        weights_digest=row["weights_digest"],
        inputs_digest=row["inputs_digest"],
        program=row["program"],
        device=row["device"],
        when=row["when"],
        seconds=_number(row["seconds"]),
    )


def event_rows(key: dict[str, str], passes: Sequence[GaitEvents]) -> Iterator[dict[str, Any]]:
    """Rows of ``events``: one for each event of each pass."""
    for index, events in enumerate(passes):
        for position, event in enumerate(events.events):
            detectors = [[name, None if math.isnan(at) else at] for name, at in event.detectors]
            yield key | {
                "pass": index,
                "position": position,
                "kind": event.kind.value,
                "side": event.side.value,
                "time_s": event.time_s,
                "sigma_s": event.sigma_s,
                "detectors": json.dumps(detectors),
                "agreed": int(event.agreed),
                "corrected": int(event.corrected),
            }


def events_of(rows: Sequence[Row], passes: int | None) -> tuple[GaitEvents, ...] | None:
    """The corrected events of a view; None where nobody corrected any."""
    if passes is None:
        return None
    found: list[list[GaitEvent]] = [[] for _ in range(passes)]
    for row in rows:
        detectors = tuple((name, _number(at)) for name, at in json.loads(row["detectors"]))
        event = GaitEvent(
            EventKind(row["kind"]),
            Side(row["side"]),
            row["time_s"],
            _number(row["sigma_s"]),
            detectors,
            bool(row["agreed"]),
            bool(row["corrected"]),
        )
        found[row["pass"]].append(event)
    return tuple(GaitEvents(tuple(events)) for events in found)


def excluded_rows(session: str, data: TrialData) -> Iterator[dict[str, Any]]:
    """Rows of ``excluded_strides``."""
    for position, (stride, reason) in enumerate(data.excluded_strides):
        yield {
            "session": session,
            "trial": data.trial.id,
            "position": position,
            "stride": stride,
            "reason": reason,
        }


def grade_rows(document: Document) -> Iterator[dict[str, Any]]:
    """Rows of ``grades``."""
    for position, grade in enumerate(document.grades):
        yield {
            "session": document.session.id,
            "position": position,
            "item": grade.item,
            "side": grade.side.value,
            "score": grade.score,
            "rater": grade.rater,
            "when": grade.when,
            "note": grade.note,
        }


def grade_of(row: Row) -> Grade:
    """The grade of a row of ``grades``."""
    return Grade(row["item"], Side(row["side"]), row["score"], row["rater"], row["when"], row["note"])


def path_text(path: Path) -> str:
    """A path as the tables hold it.

    File names that are no valid UTF-8 cannot be stored as text; the digest still identifies the video.
    """
    return os.fsencode(path.absolute()).decode("utf-8", "replace")


def _notes_text(notes: Sequence[Message]) -> str:
    return json.dumps([to_stored(note) for note in notes])


def _notes(text: str) -> tuple[Message, ...]:
    return tuple(from_stored(note) for note in json.loads(text))


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _date_text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _rating_text(rating: Rating | None) -> str | None:
    if rating is None:
        return None
    return json.dumps({"value": rating.value, "rater": rating.rater, "when": _date_text(rating.when)})


def _rating(text: str | None) -> Rating | None:
    if text is None:
        return None
    facts = json.loads(text)
    return Rating(facts["value"], facts["rater"], _date(facts["when"]))
