"""What measures depend on: one list, told apart by content and not by how classes print."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.document import Document, Texts, TrialData
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import BySide, ByView, EventKind, GaitEvent, GaitEvents, Side, View
from gaitviewer.core.pose import PoseSequence
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
from gaitviewer.core.timing import VideoInfo
from gaitviewer.messages import as_written
from gaitviewer.store import open_library
from gaitviewer.workflow.analysis.inputs import inputs_digest, is_made_from, same_inputs

# What version 0.1.0 wrote into the assessment of ``small_document()`` when digests were made of words.
OLD_DIGEST = "7ebdb39dccd66511082193fbb95e9d51e7ac4ec1ed09d24b5f73eced79c08e30"


def small_document() -> Document:
    """Something of everything; nothing of it is measured."""
    times = np.arange(4) / 50
    pose = PoseSequence(np.arange(4 * 23 * 2).reshape(4, 23, 2) / 7, np.full((4, 23), 0.5), times, 640, 480)
    info = VideoInfo(640, 480, 0, times, 50.0, 4, "h264", notes=(as_written("odd"),))
    stream = VideoStream(View.SAGITTAL, Path("walk.mp4"), "ab" * 32, info, 240.0)
    event = GaitEvent(EventKind.TOE_OFF, Side.RIGHT, 0.04, 0.01, (("heel", 0.041),), False, True)
    session = Session(
        "s1",
        Subject("P-7", date(2015, 2, 3), "F", "diplegia", Affected.BOTH),
        when=date(2024, 5, 6),
        age_years=9.25,
        leg_length_m=0.61,
        footwear=Footwear.BAREFOOT,
        walking_aid=WalkingAid.HELD,
        surgery=(date(2020, 1, 2),),
        gmfcs=Rating("II", "N. N.", date(2024, 5, 1)),
        note="first\nvisit",
    )
    trial = Trial(
        "t1",
        ByView(stream, None),
        Sync(0.125, 0.01, "given", as_written("by hand"), 0.5),
        notes=(as_written("dark"),),
    )
    data = TrialData(
        trial,
        ByView(pose, None),
        events=ByView((GaitEvents((event,)),), None),
        excluded_strides=(("t1/sagittal/p0/left/1", "stumbled"),),
    )
    return Document(session, (data,), foot_zero_deg=BySide(2.5, None))


def with_data(document: Document, **values: object) -> Document:
    return replace(document, trials=(replace(document.trials[0], **values), *document.trials[1:]))


def with_recording(document: Document, **values: object) -> Document:
    return with_data(document, trial=replace(document.trials[0].trial, **values))


def with_stream(document: Document, **values: object) -> Document:
    stream = document.trials[0].trial.videos.sagittal
    return with_recording(document, videos=ByView(replace(stream, **values), None))


CHANGES: dict[str, Callable[[Document], Document]] = {
    "zero of the ankle": lambda d: replace(d, foot_zero_deg=BySide(2.5, 1.0)),
    "leg length": lambda d: replace(d, session=replace(d.session, leg_length_m=0.62)),
    "offset": lambda d: with_recording(d, sync=replace(d.trials[0].trial.sync, offset_s=0.126)),
    "no offset": lambda d: with_recording(d, sync=None),
    "recording left out": lambda d: with_recording(d, excluded="wrong child"),
    "stride left out": lambda d: with_data(d, excluded_strides=()),
    "events": lambda d: with_data(d, events=ByView(None, None)),
    "pose": lambda d: with_data(
        d, poses=ByView(replace(d.trials[0].poses.sagittal, score=np.full((4, 23), 0.6)), None)
    ),
    "no pose": lambda d: with_data(d, poses=ByView(None, None)),
    "video": lambda d: with_stream(d, sha256="cd" * 32),
    "slow motion": lambda d: with_stream(d, recorded_at_hz=120.0),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_the_window_and_the_digest_see_the_same_changes(change: Callable[[Document], Document]) -> None:
    before = small_document()
    after = change(before)
    assert not same_inputs(after, before)
    assert inputs_digest(after) != inputs_digest(before)
    assert not is_made_from(inputs_digest(before), after)


def test_what_is_not_measured_from_does_not_count() -> None:
    before = small_document()
    after = replace(
        with_stream(before, path=Path("/elsewhere/walk.mp4")),
        texts=Texts("fine"),
        grades=(Grade(1, Side.LEFT, 2, "N. N.", "2024-05-06T10:00:00+00:00"),),
    )
    after = with_recording(after, sync=replace(after.trials[0].trial.sync, exchanged_s=None))
    assert same_inputs(after, before)
    assert inputs_digest(after) == inputs_digest(before)
    assert not same_inputs(before, None)


def test_the_digest_is_the_same_after_the_library(tmp_path: Path) -> None:
    before = small_document()
    # A whole number comes back from a database as a number with a point.
    before = replace(before, session=replace(before.session, age_years=9))
    with open_library(tmp_path / "library.db") as library:
        library.save_session(before)
        after = library.load_session("s1")
    assert after.trials[0].poses.sagittal is not before.trials[0].poses.sagittal
    assert inputs_digest(after) == inputs_digest(before)


def test_results_of_the_time_when_digests_were_made_of_words_are_still_recognised() -> None:
    document = small_document()
    assert is_made_from(OLD_DIGEST, document, program="0.1.0")
    assert not is_made_from(OLD_DIGEST, document, program="0.0.9")
    assert not is_made_from(OLD_DIGEST, CHANGES["zero of the ankle"](document), program="0.1.0")
    assert inputs_digest(document, program="0.1.0") != OLD_DIGEST
