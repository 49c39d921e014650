"""Measures of a small session in which some things could not be measured."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.evgs import Band, EvgsItem, EvgsMeasure, EvgsSheet, Evidence, Grade
from gaitviewer.core.gait import (
    BySide,
    ByView,
    Direction,
    EventKind,
    GaitEvent,
    GaitEvents,
    LeftOut,
    Side,
    Stride,
    View,
    WalkingPass,
)
from gaitviewer.core.measures import (
    Curve,
    FindingSeverity,
    MeanCurve,
    Measures,
    Parameter,
    ProfileScore,
    QualityFinding,
    SagittalPattern,
    Stat,
    TrialMotion,
    VariableScore,
    ViewMotion,
)
from gaitviewer.core.output import Provenance
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Affected, Rating, Session, Subject, Sync, Trial, VideoStream
from gaitviewer.core.timing import VideoInfo
from gaitviewer.messages import NOTHING, Message, as_written, message

NAN = float("nan")
SEEN_NOT = as_written("the limb was not seen")
SESSION = Session(
    "s1",
    Subject("P001", date(2015, 4, 3), "F", "≥ unilateral", Affected.LEFT),
    when=date(2024, 2, 29),
    height_m=1.31,
    surgery=(date(2020, 1, 2),),
    gmfcs=Rating("II", "Dr. N"),
)


def _pose(seed: int) -> PoseSequence:
    rng = np.random.default_rng(seed)
    xy = rng.normal(500, 100, (30, 23, 2)).astype(np.float32)
    xy[4:7, 13] = np.nan
    score = rng.random((30, 23)).astype(np.float32)
    score[4:7, 13] = 0
    return PoseSequence(
        xy, score, np.arange(30) / 29.97, 1080, 1920, rng.integers(0, 3, (30, 23)).astype(np.uint8)
    )


def _stride(view: View, side: Side, number: int, excluded: Message = NOTHING) -> Stride:
    start = 0.1 + number
    return Stride("t1", view, 0, number, side, start, start + 0.6, start + 1.0, excluded=excluded)


def _motion(view: View, seed: int) -> ViewMotion:
    sagittal = view is View.SAGITTAL
    events = GaitEvents(
        (
            GaitEvent(EventKind.INITIAL_CONTACT, Side.LEFT, 0.2, 0.012, (("zeni", 0.21), ("hreljac", 0.19))),
            GaitEvent(EventKind.TOE_OFF, Side.RIGHT, 0.31, NAN, (("zeni", 0.3),), agreed=False, corrected=True),
        )
    )
    direction = Direction.LEFT_TO_RIGHT if sagittal else Direction.TOWARDS
    walking = (
        WalkingPass(view, direction, 2, 15, Side.RIGHT if sagittal else None, notes=(as_written("odd"),)),
        WalkingPass(view, direction, 18, 28),
    )
    strides = (
        _stride(view, Side.LEFT, 0),
        _stride(view, Side.LEFT, 1, as_written("stumbled")),
        _stride(view, Side.RIGHT, 0),
    )
    pose = _pose(seed)
    left_out = (LeftOut(0, 2, message("reason.standing")),)
    return ViewMotion(pose, pose, walking, left_out, (GaitEvents(()), events), strides)


def _measures_of(item: EvgsItem, side: Side) -> EvgsMeasure:
    stride = f"t1/sagittal/p0/{side.value}/0"
    if side is Side.RIGHT:
        return EvgsMeasure(item, side, None, "", None, None, None, False, None, (), (), SEEN_NOT)
    evidence = Evidence("t1", View.SAGITTAL, 12, 0.4004, ("left_hip", "left_knee"), stride, "knee_flexion")
    probabilities = (0.7, 0.2, 0.1)
    return EvgsMeasure(
        item,
        side,
        -3.25,
        "0",
        0,
        probabilities,
        1.25,
        True,
        None,
        (stride,),
        (evidence,),
        NOTHING,
        (as_written("far"),),
    )


@pytest.fixture
def measures() -> Measures:
    info = VideoInfo(1080, 1920, 90, np.arange(30) / 29.97, None, 30, "h264", 1.0, (as_written("odd"),))
    stream = VideoStream(View.SAGITTAL, Path("/secret/Lena/side.mp4"), "a" * 64, info)
    trial = Trial("t1", ByView(stream, None), notes=(as_written("one"),))
    motion = TrialMotion(
        trial,
        ByView(_motion(View.SAGITTAL, 1), _motion(View.CORONAL, 2)),
        Sync(0.2, NAN, "estimated from the gait"),
    )
    values = np.linspace(-10, 60, 101)
    values[90:] = np.nan
    curves = tuple(
        Curve("knee_flexion", stride, values + 7 * n)
        for n, stride in enumerate(motion.views.sagittal.strides)  # type: ignore[union-attr]
    )
    items = tuple(
        EvgsItem(
            n,
            code,
            code,
            View.SAGITTAL,
            "stance",
            "angle",
            "deg",
            (Band(1, None, -1, "low"), Band(0, 0, None, "high")),
            2.0,
        )
        for n, code in ((1, "IC"), (2, "HL"))
    )
    patterns = BySide(
        SagittalPattern(Side.LEFT, 1.5, -0.2, message("pattern.true_equinus"), 0.3, ((1.4, -0.1), (1.6, NAN))),
        SagittalPattern(Side.RIGHT, NAN, NAN, NOTHING, NAN, (), reason=SEEN_NOT),
    )
    return Measures(
        session=SESSION,
        motions=(motion,),
        curves=curves,
        means=(MeanCurve("knee_flexion", Side.LEFT, values, np.full(101, NAN), 1, 61.5),),
        bands=(),
        speed_group="free",
        speed_note=as_written("assumed"),
        parameters=(
            Parameter(
                "cadence",
                message("parameter.cadence"),
                "1/min",
                BySide(Stat(120.0, None, 1), None),
                (118.0, 9.0),
                "Schwartz 2008",
            ),
        ),
        variable_scores=(VariableScore("knee_flexion", Side.LEFT, 12.25, NAN),),
        profile_scores=(ProfileScore(Side.LEFT, 9.0, 4.0, ("knee_flexion",)),),
        patterns=patterns,
        evgs=EvgsSheet(BySide(*(tuple(_measures_of(item, side) for item in items) for side in Side))),
        quality=(
            QualityFinding(
                FindingSeverity.WARNING,
                message("topic.frame_rate"),
                as_written("30 Hz"),
                as_written("use 60 Hz"),
                ("IC",),
                "t1",
                View.SAGITTAL,
            ),
        ),
        flat_foot_zero_deg=BySide(4.5, None),
        foot_progression_deg=BySide(Stat(8.0, 1.0, 3), None),
    )


@pytest.fixture
def document(measures: Measures) -> Document:
    made = Provenance("mediapipe 0.10.21", "", "cd" * 32, "0.1.0", "cpu", "2024-03-01T10:00:00+00:00", 12.5)
    views = measures.motions[0].views
    assert views.sagittal is not None
    data = TrialData(measures.motions[0].trial, ByView(views.sagittal.raw, None), provenance=ByView(made, None))
    return Document(SESSION, (data,), (Grade(3, Side.LEFT, None, "A", "2024-03-02T08:00:00+00:00", "why"),))
