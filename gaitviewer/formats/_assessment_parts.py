"""Parts of the assessment as plain JSON values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gaitviewer.core.corrections import count_by_hand
from gaitviewer.core.document import Document
from gaitviewer.core.evgs import EvgsMeasure, EvgsSheet
from gaitviewer.core.gait import Side, Stride, View, WalkingPass
from gaitviewer.core.measures import QualityFinding, TrialMotion, ViewMotion
from gaitviewer.core.output import Answer, Opinion
from gaitviewer.core.serialise import to_plain
from gaitviewer.core.session import Session, VideoStream
from gaitviewer.formats.explanations import maps_of
from gaitviewer.messages import english

_DECIMALS = 6


def plain(value: Any) -> Any:
    """A core value as plain JSON: fields by name, NaN and infinity as null, six decimals, messages in English.

    Raises:
        TypeError: a path is in it (folders often say whose they are), or something that is no data.
    """
    return to_plain(value, decimals=_DECIMALS, refused=(Path, Mapping), in_words=True)


def session_facts(session: Session) -> dict[str, Any]:
    """Who and when, as given."""
    return dict(plain(session))


def trial_facts(motion: TrialMotion) -> dict[str, Any]:
    """A recording: its videos, and the walking passes found in them."""
    trial = motion.trial
    return {
        "id": trial.id,
        "excluded": trial.excluded,
        "notes": plain(trial.notes),
        "sync": plain(motion.sync if motion.sync is not None else trial.sync),
        "videos": {view.value: _video(trial.videos[view]) for view in View},
        "views": {view.value: _view(motion.views[view]) for view in View},
    }


def _video(stream: VideoStream | None) -> dict[str, Any] | None:
    if stream is None:
        return None
    info = stream.info
    return {
        # The name only: folders often say whose they are.
        "file": stream.path.name,
        "sha256": stream.sha256,
        "width": info.width,
        "height": info.height,
        "rotation_deg": info.rotation_deg,
        "frames": info.frame_count,
        "rate_hz": plain(info.rate_hz),
        "variable_rate": info.variable_rate,
        "duration_s": plain(info.duration_s),
        "announced_rate_hz": plain(info.announced_rate_hz),
        "announced_frames": info.announced_frames,
        "recorded_at_hz": plain(stream.recorded_at_hz),
        "time_scale": plain(info.time_scale),
        "codec": info.codec,
        "notes": plain(info.notes),
    }


def _view(motion: ViewMotion | None) -> dict[str, Any] | None:
    if motion is None:
        return None
    return {
        "frames_seen": int(motion.pose.seen.any(axis=1).sum()),
        "passes": [_pass(walking_pass) for walking_pass in motion.passes],
        "left_out": [plain(part) for part in motion.left_out],
    }


def _pass(walking_pass: WalkingPass) -> dict[str, Any]:
    """A walking pass; the speed of a belt only where there is one."""
    facts: dict[str, Any] = plain(walking_pass)
    if not walking_pass.on_treadmill:
        del facts["belt_px_s"]
    return facts


def finding_facts(finding: QualityFinding) -> dict[str, Any]:
    """A finding in sentences, with its code."""
    words = english()
    said = {"text": words.sentence(finding.text), "advice": words.sentence(finding.advice)}
    return {**plain(finding), **said, "code": finding.text.code}


def stride_facts(stride: Stride) -> dict[str, Any]:
    """A gait cycle with its name, so that evidence can point at it; ``beside`` only where somebody is."""
    facts = {"key": stride.key, **plain(stride)}
    if not stride.beside:
        del facts["beside"]
    return facts


def evgs_facts(sheet: EvgsSheet) -> dict[str, Any]:
    """Items and bands once, then what was measured for each limb, and the totals."""
    return {
        "items": [plain(measure.item) for measure in sheet.measures.left],
        **{side.value: [_measure(measure) for measure in sheet.measures[side]] for side in Side},
        "totals": {side.value: plain(sheet.total(side)) for side in Side},
    }


def _measure(measure: EvgsMeasure) -> dict[str, Any]:
    facts = dict(plain(measure))
    item = facts.pop("item")
    del facts["sigma"]  # the schema has none; the probabilities say it
    codes = {"reason_code": measure.reason.code}
    return {"number": item["number"], "code": item["code"], "unit": item["unit"]} | facts | codes


def provenance_facts(document: Document) -> list[dict[str, Any]]:
    """What made the keypoints of each recording."""
    return [
        {"trial": data.trial.id, "view": view.value} | plain(made)
        for data in document.trials
        for view in View
        if (made := data.provenance[view]) is not None and data.poses[view] is not None
    ]


def answer_facts(answer: Answer) -> dict[str, Any]:
    """What a model said; its maps by their names in the file of explanations."""
    output = answer.output
    return {
        "task": answer.task,
        "model": output.model,
        "synthetic": output.synthetic,
        "statement": output.statement,
        "out_of_date": answer.out_of_date,
        "opinions": [_opinion(opinion) for opinion in output.opinions],
        "basis": plain(output.basis),
        "findings": plain(output.findings),
        "texts": plain(output.texts),
        "ranking": plain(output.ranking),
        "origin": plain(output.origin),
        "provenance": plain(output.provenance),
        "maps": [
            {
                "array": f"{answer.task}.{name}",
                "kind": name.partition(".")[0],
                "trial": one.trial,
                "view": one.view.value,
                "target": one.target,
                "layer": getattr(one, "layer", ""),
            }
            for name, one, _ in maps_of(output)
        ],
    }


def _opinion(opinion: Opinion) -> dict[str, Any]:
    chances = opinion.probabilities
    known = chances is not None and all(math.isfinite(chance) for chance in chances)
    return {
        "name": opinion.name,
        "label": opinion.label,
        "reason": str(opinion.reason),
        "reason_code": opinion.reason.code,
        "probabilities": dict(zip(opinion.classes, plain(chances), strict=True)) if known else None,
    }


def by_hand_facts(document: Document) -> dict[str, Any]:
    """How many points persons set, by kind, and of how many events they spoke; empty where nobody did."""
    points, events = count_by_hand(document)
    if not points and not events:
        return {}
    return {"points": {kind.name.lower(): points[kind] for kind in sorted(points)}, "events": events}
