"""Edits of all kinds in any order, as a person could make them, from a seeded generator."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gaitviewer.analysis.correction import points as by_hand
from gaitviewer.core import edits
from gaitviewer.core.content import content_digests
from gaitviewer.core.corrections import POINTS
from gaitviewer.core.document import Document, KeyImage, ManualMeasurement
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import BySide, EventKind, HandEvent, Side, View
from gaitviewer.core.pose import Origin
from gaitviewer.errors import AnalysisError

Rng = np.random.Generator
WHEN = "2026-01-01T00:00:00.000+00:00"


def digests(document: Document) -> dict[str, str]:
    """All that a document says, bit for bit, with what lies under corrected points."""
    below = [
        replace(data, poses=data.corrections.map(lambda one: None if one is None else one.estimate))
        for data in document.trials
    ]
    return content_digests(document) | {
        f"below {name}": digest
        for name, digest in content_digests(replace(document, trials=tuple(below))).items()
    }


def _side(rng: Rng) -> Side:
    return list(Side)[rng.integers(2)]


def _place(document: Document, rng: Rng) -> tuple[str, View, int]:
    """A recording and view with a video, and how many frames it has."""
    places = [(d.trial.id, v, d) for d in document.trials for v in d.trial.views]
    trial, view, data = places[rng.integers(len(places))]
    pose, stream = data.poses[view], data.trial.videos[view]
    assert stream is not None
    return trial, view, len(pose) if pose is not None else stream.info.frame_count


def _grade(d: Document, rng: Rng) -> Document:
    score = [0, 1, 2, None][rng.integers(4)]
    return edits.set_grade(
        d, Grade(int(rng.integers(1, 18)), _side(rng), score, "AB", WHEN, "x" * rng.integers(9))
    )


def _no_grade(d: Document, rng: Rng) -> Document:
    return edits.remove_grade(d, int(rng.integers(1, 18)), _side(rng), "AB")


def _text(d: Document, rng: Rng) -> Document:
    name = ("findings", "impression", "plan")[rng.integers(3)]
    text = getattr(d.texts, name)
    a, b = sorted(int(n) for n in rng.integers(0, len(text) + 1, 2))
    new = text[:a] + "".join(rng.choice(list("ab ≤ä\n"), rng.integers(5))) + text[b:]
    return replace(d, texts=replace(d.texts, **{name: new}))


def _facts(d: Document, rng: Rng) -> Document:
    return replace(
        d, session=replace(d.session, age_years=float(rng.uniform(3, 18)), note=f"n{rng.integers(9)}")
    )


def _image(d: Document, rng: Rng) -> Document:
    trial, view, frames = _place(d, rng)
    frame = int(rng.integers(frames))
    return edits.add_key_image(d, KeyImage(trial, view, frame, frame / 30.1))


def _image_again(d: Document, rng: Rng) -> Document:
    if not d.key_images:
        return d
    index = int(rng.integers(len(d.key_images)))
    return (
        edits.set_caption(d, index, f"c{rng.integers(9)}")
        if rng.random() < 0.6
        else edits.remove_key_image(d, index)
    )


def _measured(d: Document, rng: Rng) -> Document:
    trial, view, frames = _place(d, rng)
    points = tuple((float(x), float(y)) for x, y in rng.uniform(0, 500, (3, 2)))
    value = float("nan") if rng.random() < 0.1 else float(rng.uniform(0, 180))
    one = ManualMeasurement("goniometer", value, "deg", trial, view, int(rng.integers(frames)), points)
    return edits.set_measurements(d, trial, [one], views=[view])


def _offset(d: Document, rng: Rng) -> Document:
    trial, _, _ = _place(d, rng)
    return (
        edits.clear_offset(d, trial) if rng.random() < 0.3 else edits.set_offset(d, trial, rng.normal(), 0.01)
    )


def _left_out(d: Document, rng: Rng) -> Document:
    trial, view, _ = _place(d, rng)
    key = f"{trial}/{view.value}/p0/left/{rng.integers(3)}"
    match rng.integers(3):
        case 0:
            return edits.exclude_trial(d, trial, ("fell", "")[rng.integers(2)])
        case 1:
            return edits.exclude_strides(d, trial, [key], "stumbled")
    return edits.include_strides(d, trial, [key])


def _zero(d: Document, rng: Rng) -> Document:
    return edits.set_foot_zero(d, BySide(float(rng.normal()), None))


def _points(d: Document, rng: Rng) -> Document:
    trial, view, frames = _place(d, rng)
    count = int(rng.integers(1, 12))
    cells = rng.choice(frames * POINTS, count, replace=False)
    origin = rng.choice(
        [Origin.CORRECTED, Origin.SPREAD, Origin.HIDDEN, Origin.ABSENT, Origin.ESTIMATED], count
    )
    return edits.set_points(d, trial, view, cells, rng.uniform(0, 900, (count, 2)), origin)


def _operation(d: Document, rng: Rng) -> Document:
    """One of the operations on ranges and frames, where it is possible."""
    trial, view, frames = _place(d, rng)
    start = int(rng.integers(0, frames - 3))
    stop = int(rng.integers(start + 2, min(frames, start + 20)))
    points = by_hand.limb_of(int(rng.integers(POINTS)))
    with contextlib.suppress(AnalysisError):  # nothing is there to work on
        match rng.integers(6):
            case 0:
                return by_hand.swap_sides(d, trial, view, start, stop)
            case 1:
                return by_hand.interpolate(d, trial, view, start, stop, points)
            case 2:
                return by_hand.propagate(d, trial, view, start, range(start, stop), points)
            case 3:
                return by_hand.copy_frame(d, trial, view, start + 1, start)
            case 4:
                return by_hand.shift(d, trial, view, start, points, (1.5, -2.0))
            case 5:
                return by_hand.restore(d, trial, view, range(start, stop))
    return d


def _event(d: Document, rng: Rng) -> Document:
    trial, view, frames = _place(d, rng)
    (said,) = (data.hand_events[view] for data in d.trials if data.trial.id == trial)
    if said and rng.random() < 0.4:
        gone = int(rng.integers(len(said)))
        return edits.set_hand_events(d, trial, view, said[:gone] + said[gone + 1 :])
    kind = list(EventKind)[rng.integers(2)]
    new = HandEvent(kind, _side(rng), float(rng.uniform(0, frames / 30)), bool(rng.random() < 0.2))
    return edits.set_hand_events(d, trial, view, {*said, new})


KINDS: tuple[Callable[[Document, Rng], Document], ...] = (
    _grade, _no_grade, _text, _facts, _image, _image_again, _measured, _offset, _left_out, _zero, _points,
    _operation, _event,
)  # fmt: skip


def random_edit(document: Document, rng: Rng) -> tuple[str, Document]:
    """What was done and the document after it; sometimes the very same document."""
    kind = KINDS[rng.integers(len(KINDS))]
    return kind.__name__.strip("_"), kind(document, rng)
