"""For the measuring tests: walking bodies, a walker seen by virtual cameras, and curves without a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.analysis.kinematics.stride_curves import StrideMeasures
from gaitviewer.core.gait import (
    ByView,
    Direction,
    EventKind,
    GaitEvent,
    GaitEvents,
    Side,
    Stride,
    View,
    WalkingPass,
)
from gaitviewer.core.measures import TrialMotion, ViewMotion
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Sync, Trial
from gaitviewer.synthesis.filming.cameras import Camera, coronal_camera, sagittal_camera
from gaitviewer.synthesis.gait.model import WalkerGait, normal_gait
from gaitviewer.synthesis.gait.walker import WalkerMotion, simulate
from tests.support import bodies
from tests.support.walkers import steady


def _walk(gait: WalkerGait | None = None, *, rate_hz: float = 60.0, seconds: float = 4.0) -> WalkerMotion:
    return simulate(
        gait or steady(normal_gait()), seed=1, duration_s=seconds, rate_hz=rate_hz, start_xy=(-2.4, 0.0)
    )


def _see(
    walk: WalkerMotion, camera: Camera, walking_pass: WalkingPass, *, trial: str = "t1", noise_px: float = 0.0
) -> ViewMotion:
    """What a perfect estimator and a perfect event finder give of a walk."""
    random = np.random.default_rng(7)
    xy = camera.project(walk.points)
    xy = xy + noise_px * random.standard_normal(xy.shape)
    score = np.isfinite(xy).all(axis=2).astype(np.float32)
    pose = PoseSequence(
        xy=xy.astype(np.float32), score=score, times=walk.times, width=camera.width, height=camera.height
    )
    events = GaitEvents(tuple(replace(e, sigma_s=0.005) for e in walk.events.events))
    return ViewMotion(
        pose=pose,
        raw=pose,
        passes=(walking_pass,),
        left_out=(),
        events=(events,),
        strides=_strides(events, walking_pass, trial),
    )


def _strides(events: GaitEvents, walking_pass: WalkingPass, trial: str) -> tuple[Stride, ...]:
    def first(found: tuple[GaitEvent, ...], low: float, high: float) -> float | None:
        return next((e.time_s for e in found if low < e.time_s < high), None)

    strides = []
    for side in Side:
        contacts = [e.time_s for e in events.of(EventKind.INITIAL_CONTACT, side)]
        for number, (start, stop) in enumerate(pairwise(contacts)):
            toe_off = first(events.of(EventKind.TOE_OFF, side), start, stop)
            assert toe_off is not None
            strides.append(
                Stride(
                    trial=trial,
                    view=walking_pass.view,
                    pass_index=0,
                    number=number,
                    side=side,
                    start_s=start,
                    toe_off_s=toe_off,
                    stop_s=stop,
                    opposite_toe_off_s=first(events.of(EventKind.TOE_OFF, side.other), start, stop),
                    opposite_contact_s=first(events.of(EventKind.INITIAL_CONTACT, side.other), start, stop),
                    event_sigma_s=0.005,
                    far=walking_pass.near is side.other,
                )
            )
    return tuple(strides)


def _side_view(
    gait: WalkerGait | None = None,
    *,
    near: Side = Side.RIGHT,
    trial: str = "t1",
    noise_px: float = 0.0,
    rate_hz: float = 60.0,
    roll_deg: float = 0.0,
    out_of_plane_deg: float = 0.0,
    pixels_per_metre: float = 300.0,
) -> ViewMotion:
    walk = _walk(gait, rate_hz=rate_hz)
    camera = sagittal_camera(near=near, width=1920, height=1080, pixels_per_metre=pixels_per_metre)
    walking_pass = WalkingPass(
        View.SAGITTAL,
        Direction.LEFT_TO_RIGHT if near is Side.RIGHT else Direction.RIGHT_TO_LEFT,
        0,
        len(walk),
        near=near,
        out_of_plane_deg=out_of_plane_deg,
    )
    return _see(walk, replace(camera, roll_deg=roll_deg), walking_pass, trial=trial, noise_px=noise_px)


def _end_view(
    gait: WalkerGait | None = None, *, towards: bool = True, trial: str = "t1", noise_px: float = 0.0
) -> ViewMotion:
    walk = _walk(gait)
    camera = coronal_camera(towards=towards, distance_m=9.0, width=1920, height=1080)
    direction = Direction.TOWARDS if towards else Direction.AWAY
    return _see(
        walk, camera, WalkingPass(View.CORONAL, direction, 0, len(walk)), trial=trial, noise_px=noise_px
    )


def _trial(side: ViewMotion | None, end: ViewMotion | None = None, *, trial: str = "t1") -> TrialMotion:
    return TrialMotion(Trial(trial, ByView(None, None)), ByView(side, end), Sync(0.0, 0.01, "given"))


def _curve_cycle(
    curves: Mapping[str, np.ndarray],
    *,
    toe_off: float = 59.0,
    side: Side = Side.LEFT,
    view: View = View.SAGITTAL,
    adjacent: float = 26.0,
) -> StrideMeasures:
    """A stride of one second known by its curves alone, with errorless events."""
    stride = Stride(
        "curve", view, 0, 0, side, 0.0, toe_off / 100.0, 1.0,
        opposite_toe_off_s=0.1, opposite_contact_s=0.5, event_sigma_s=0.0,
    )  # fmt: skip
    return StrideMeasures(stride, curves, adjacent_percent=adjacent)


@pytest.fixture(scope="session")
def side_view() -> Callable[..., ViewMotion]:
    """Makes the side view of a walker."""
    return _side_view


@pytest.fixture(scope="session")
def end_view() -> Callable[..., ViewMotion]:
    """Makes the coronal view of a walker."""
    return _end_view


@pytest.fixture(scope="session")
def make_trial() -> Callable[..., TrialMotion]:
    """Joins views to a trial."""
    return _trial


@pytest.fixture(scope="session")
def make_walk() -> Callable[..., WalkerMotion]:
    """Makes a walker's motion."""
    return _walk


@pytest.fixture(scope="session")
def curve_cycle() -> Callable[..., StrideMeasures]:
    """Makes a stride from curves."""
    return _curve_cycle


@pytest.fixture(scope="session")
def children(shared_data: Path) -> dict[str, bodies.Body]:
    """The eight children of the marker recordings, by file name."""
    return {path.stem: bodies.read_child(path) for path in sorted((shared_data / "c3d").glob("*.c3d"))}


@pytest.fixture(scope="session")
def walk() -> Callable[..., bodies.Body]:
    return bodies.plain_walk


@pytest.fixture(scope="session")
def from_side() -> Callable[..., PoseSequence]:
    return bodies.side_view


@pytest.fixture(scope="session")
def from_end() -> Callable[..., PoseSequence]:
    return bodies.end_view


@pytest.fixture(scope="session")
def one_after_another() -> Callable[..., bodies.Body]:
    return bodies.joined


@pytest.fixture(scope="session")
def mirrored() -> Callable[[PoseSequence], PoseSequence]:
    return bodies.mirror_image
