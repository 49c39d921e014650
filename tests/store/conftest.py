"""A session with everything in it that can be stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.document import Document, KeyImage, ManualMeasurement, Texts, TrialData
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import ByView, EventKind, GaitEvent, GaitEvents, Side, View
from gaitviewer.core.output import Provenance
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
from gaitviewer.messages import as_written, message
from gaitviewer.store import open_library

NAN = float("nan")


def make_pose(seed: int, frames: int = 40) -> PoseSequence:
    rng = np.random.default_rng(seed)
    xy = rng.normal(500, 100, (frames, 23, 2)).astype(np.float32)
    xy[3:6, 4] = np.nan
    score = rng.random((frames, 23)).astype(np.float32)
    score[3:6, 4] = 0
    origin = rng.integers(0, 3, (frames, 23)).astype(np.uint8)
    return PoseSequence(xy, score, np.arange(frames) / 29.97, 1080, 1920, origin)


def make_stream(view: View, digest: str, frames: int = 40) -> VideoStream:
    info = VideoInfo(
        1080,
        1920,
        90,
        np.arange(frames) / 29.97,
        30.0,
        None,
        "h264",
        0.125,
        (as_written("the file announces nothing"),),
    )
    return VideoStream(view, Path("/videos/Gång à pied/side.mp4"), digest, info, 240.0)


def build_document(session_id: str = "s1", seed: int = 1) -> Document:
    subject = Subject("P001", date(2015, 4, 3), "F", "cerebral palsy, GMFCS II", Affected.LEFT)
    session = Session(
        session_id,
        subject,
        when=date(2024, 2, 29),
        age_years=8.9,
        height_m=1.31,
        leg_length_m=None,
        footwear=Footwear.BAREFOOT,
        walking_aid=WalkingAid.CRUTCHES,
        mirrored=True,
        surgery=(date(2020, 1, 2), date(2021, 3, 4)),
        botulinum=(date(2022, 5, 6),),
        gmfcs=Rating("II", "Dr. N", date(2024, 1, 1)),
        cobb=Rating("12 deg", "X"),
        note="ein Hinweis: ≤ 5 %",
    )
    contact = GaitEvent(
        EventKind.INITIAL_CONTACT, Side.LEFT, 0.5, 0.012, (("a", 0.51), ("b", NAN)), False, True
    )
    toe_off = GaitEvent(EventKind.TOE_OFF, Side.RIGHT, 0.3, NAN)
    made = Provenance(
        "mediapipe 0.10.21", "ab" * 32, "cd" * 32, "0.1.0", "cpu", "2024-03-01T10:00:00+00:00", 12.5
    )
    both = TrialData(
        Trial(
            "t1",
            ByView(make_stream(View.SAGITTAL, "a" * 64), make_stream(View.CORONAL, "b" * 64)),
            Sync(0.25, NAN, "estimated from the gait", message("note.sync.agree")),
            notes=(as_written("one"), message("note.video.single_frame")),
        ),
        ByView(make_pose(seed), make_pose(seed + 1, 55)),
        events=ByView((GaitEvents((contact, toe_off)), GaitEvents(())), None),
        excluded_strides=(("t1/sagittal/p0/left/1", "stumbled"), ("t1/sagittal/p0/left/2", "")),
        provenance=ByView(made, None),
    )
    single = TrialData(
        Trial("t0", ByView(None, make_stream(View.CORONAL, "c" * 64)), excluded="wrong child"),
        ByView(None, None),
        events=ByView(None, ()),
    )
    grades = (
        Grade(3, Side.LEFT, 2, "rater A", "2024-03-02T08:00:00+00:00", "early"),
        Grade(3, Side.LEFT, None, "rater B", "2024-03-02T09:00:00+00:00"),
    )
    images = (
        KeyImage("t1", View.SAGITTAL, 12, 0.4004, "Erstkontakt: ≤ 5°"),
        KeyImage("t1", View.CORONAL, 0, 0.0),
    )
    by_hand = (
        ManualMeasurement(
            "goniometer", 132.5, "deg", "t1", View.CORONAL, 7, ((1.5, 2.0), (3.0, 4.25), (5.0, 6.0)),
            item=8, side=Side.RIGHT, rater="rater A", when="2024-03-02T08:00:00+00:00", note="hind foot",
        ),
        ManualMeasurement("distance", NAN, "px", "t1", View.SAGITTAL, 8, ()),
    )  # fmt: skip
    texts = Texts("Läuft auf Zehen.", "", "Botulinum erwägen\nKontrolle")
    return Document(session, (both, single), grades, images, by_hand, texts)


@pytest.fixture
def document() -> Document:
    return build_document()


@pytest.fixture
def make_document() -> Callable[..., Document]:
    return build_document


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A library that holds the session s1."""
    path = tmp_path / "l.db"
    with open_library(path) as opened:
        opened.save_session(build_document())
    return path
