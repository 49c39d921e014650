"""A save writes what differs from what the library holds, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.document import Document, KeyImage, Texts
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import ByView, Side, View
from gaitviewer.store import open_library
from tests.support.long_session import with_frames, written_bytes

WHEN = "2026-01-01T00:00:00Z"


def same(one: Document, other: Document) -> bool:
    """Whether two documents hold the same, keypoints bit for bit."""
    for mine, theirs in zip(one.trials, other.trials, strict=True):
        for view in View:
            a, b = mine.poses[view], theirs.poses[view]
            if (a is None) != (b is None):
                return False
            if a is not None and b is not None and not np.array_equal(a.xy, b.xy, equal_nan=True):
                return False
        facts = [
            (t.trial.id, t.trial.sync, t.trial.excluded, t.excluded_strides, t.provenance, t.events)
            for t in (mine, theirs)
        ]
        if repr(facts[0]) != repr(facts[1]):  # NaN is in them, and as good as itself
            return False
    parts = ("session", "grades", "key_images", "hand_measures", "texts", "foot_zero_deg")
    return all(repr(getattr(one, name)) == repr(getattr(other, name)) for name in parts)


def graded(document: Document, *scores: int) -> Document:
    grades = tuple(Grade(item, Side.LEFT, score, "AB", WHEN) for item, score in enumerate(scores, start=1))
    return replace(document, grades=grades)


def moved(document: Document) -> Document:
    (data, *rest) = document.trials
    pose = data.poses.sagittal
    if pose is None:
        return replace(document, trials=())
    return replace(
        document, trials=(replace(data, poses=replace(data.poses, sagittal=pose.flipped_labels())), *rest)
    )


CHANGES: dict[str, Callable[[Document], Document]] = {
    "one grade": lambda d: replace(d, grades=(*d.grades, Grade(9, Side.RIGHT, 2, "AB", WHEN))),
    "another grade": lambda d: graded(d, 2, 1, 0),
    "fewer grades": lambda d: graded(d, 1),
    "a text": lambda d: replace(d, texts=Texts("walks on her toes")),
    "no text": lambda d: replace(d, texts=Texts()),
    "a key image": lambda d: replace(d, key_images=(KeyImage("t1", View.SAGITTAL, 3, 0.1),)),
    "a note": lambda d: replace(d, session=replace(d.session, note="tired")),
    "a diagnosis": lambda d: replace(
        d, session=replace(d.session, subject=replace(d.session.subject, diagnosis="another"))
    ),
    "keypoints": moved,
    "no keypoints": lambda d: replace(
        d, trials=tuple(replace(t, poses=ByView(None, None), provenance=ByView(None, None)) for t in d.trials)
    ),
    "a recording left out": lambda d: replace(
        d, trials=tuple(replace(t, trial=replace(t.trial, excluded="fell")) for t in d.trials)
    ),
    "a stride left out": lambda d: replace(
        d, trials=tuple(replace(t, excluded_strides=(("k", "turns"),)) for t in d.trials)
    ),
    "detected events": lambda d: replace(
        d, trials=tuple(replace(t, events=ByView(None, None)) for t in d.trials)
    ),
    "one recording less": lambda d: replace(d, trials=d.trials[:1]),
}


@pytest.mark.parametrize("first", [*CHANGES])
@pytest.mark.parametrize("then", ["one grade", "keypoints", "no text"])
def test_what_differs_is_there_after_each_save(
    tmp_path: Path, document: Document, first: str, then: str
) -> None:
    with open_library(tmp_path / "l.db") as library:
        before = graded(document, 0, 1)
        revision = library.save_session(before)
        for change in (CHANGES[first], CHANGES[then]):
            after = change(before)
            revision = library.save_session(after, opened=revision, before=before)
            assert same(library.load_session(document.session.id), after)
            before = after


def test_one_grade_writes_little_however_long_the_recording(tmp_path: Path, document: Document) -> None:
    with open_library(tmp_path / "l.db") as library:
        long = graded(with_frames(document, 3000), *[0, 1, 2] * 5)
        revision = library.save_session(long)
        one_more = replace(long, grades=(*long.grades, Grade(17, Side.RIGHT, 2, "AB", WHEN, note="late")))
        few = written_bytes(library, lambda: library.save_session(one_more, opened=revision, before=long))
        assert few < 10_000
        assert written_bytes(library, lambda: library.save_session(long)) > 100 * few
