"""A whole two-view recording of the walker, with its truth: what the program shows without any video."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import segments
from gaitviewer.core.gait import ByView, Direction, EventKind, GaitEvents, Side, View, WalkingPass
from gaitviewer.synthesis.body.figure import Look
from gaitviewer.synthesis.filming.cameras import Camera, place_camera
from gaitviewer.synthesis.filming.pixels import RenderedFrame, render
from gaitviewer.synthesis.filming.room import Room
from gaitviewer.synthesis.gait.model import WalkerGait, normal_gait
from gaitviewer.synthesis.gait.path import across_and_back
from gaitviewer.synthesis.gait.walker import Walker, WalkerMotion, make_walker

_LENGTH_M = 3.0
_TURN_RADIUS_M = 0.32
_SHORTEST_PASS = 10
# Chosen so that each side pass holds two whole strides of the limb that is near the camera.
_START_PHASE = 0.83


@dataclass(frozen=True, slots=True, eq=False)
class FilmedView:
    """What one camera recorded.

    Attributes:
        view, camera: which.
        times: [T] seconds on this camera's own clock, from 0.
        motion: the walker at each frame; its times and events are on the scene's clock.
        starts_s: this camera's clock is the scene's minus this.
        look, room: how it is rendered.
    """

    view: View
    camera: Camera
    times: NDArray[np.float64]
    motion: WalkerMotion
    starts_s: float
    look: Look
    room: Room

    @property
    def points_px(self) -> NDArray[np.float64]:
        """[T, 23, 2] true keypoints in the picture."""
        return self.camera.project(self.motion.points)

    @property
    def events(self) -> GaitEvents:
        """True events on this camera's clock."""
        moved = (replace(e, time_s=e.time_s - self.starts_s) for e in self.motion.events.events)
        return GaitEvents(tuple(moved))

    @property
    def inside(self) -> NDArray[np.bool_]:
        """[T] whether all points lie in the picture."""
        size = np.array([self.camera.width, self.camera.height])
        points = self.points_px
        return np.asarray(((points >= 0) & (points < size)).all(axis=(1, 2)), np.bool_)

    def passes(self) -> tuple[WalkingPass, ...]:
        """Stretches of straight walking with the whole body in the picture."""
        good = self.motion.straight & self.inside
        found = []
        for start, stop in segments(good):
            if stop - start < _SHORTEST_PASS:
                continue
            direction = self._direction((start + stop) // 2)
            near = self._near((start + stop) // 2) if self.view is View.SAGITTAL else None
            found.append(WalkingPass(self.view, direction, start, stop, near))
        return tuple(found)

    def frames(self) -> Iterator[RenderedFrame]:
        """Render it."""
        return render(self.motion, self.camera, look=self.look, room=self.room)

    def _ahead(self, frame: int) -> NDArray[np.float64]:
        angle = np.radians(self.motion.heading_deg[frame])
        return np.asarray(self.camera.axes @ np.array([np.cos(angle), np.sin(angle), 0.0]), np.float64)

    def _direction(self, frame: int) -> Direction:
        right, _, away = self._ahead(frame)
        if self.view is View.SAGITTAL:
            return Direction.LEFT_TO_RIGHT if right > 0 else Direction.RIGHT_TO_LEFT
        return Direction.AWAY if away > 0 else Direction.TOWARDS

    def _near(self, frame: int) -> Side:
        angle = np.radians(self.motion.heading_deg[frame])
        left = self.camera.axes @ np.array([-np.sin(angle), np.cos(angle), 0.0])
        return Side.LEFT if left[2] < 0 else Side.RIGHT


@dataclass(frozen=True, slots=True, eq=False)
class DemoScene:
    """A child walks across the side camera's picture, turns and walks back; a second camera stands at the end.

    Attributes:
        gait, walker: who walks.
        views: what both cameras recorded.
        offset_s: ``coronal time = sagittal time + offset_s``.
    """

    gait: WalkerGait
    walker: Walker
    views: ByView[FilmedView]
    offset_s: float

    def contacts(self, side: Side) -> tuple[float, ...]:
        """True initial contacts on the sagittal camera's clock, seconds."""
        events = self.views.sagittal.events
        return tuple(event.time_s for event in events.of(EventKind.INITIAL_CONTACT, side))


def demo_scene(
    seed: int = 1,
    *,
    gait: WalkerGait | None = None,
    duration_s: float = 6.8,
    rates_hz: tuple[float, float] = (30.0, 25.0),
    offset_s: float = 0.32,
    size: tuple[int, int] = (1280, 720),
    look: Look | None = None,
) -> DemoScene:
    """The demo: a child of 1.35 m walks to the left, turns, and walks back to the right.

    Args:
        seed: draws the differences between the steps.
        gait: how the child walks; the normal gait if None.
        duration_s: of the sagittal video; the coronal one ends with it.
        rates_hz: frame rates of the sagittal and the coronal camera.
        offset_s: how much earlier the coronal camera started, seconds.
        size: of both pictures, pixels.
        look: of the body.
    """
    how = gait or normal_gait()
    way = across_and_back(
        length_m=_LENGTH_M, turn_radius_m=_TURN_RADIUS_M, start_xy=(0.0, 0.0), heading_deg=0.0, turn_left=False
    )
    walker = make_walker(how, seed=seed, longest_s=duration_s + 1.0, path=way, start_phase=_START_PHASE)
    return DemoScene(
        how, walker, ByView(*_film(walker, duration_s, rates_hz, offset_s, size, look or Look())), offset_s
    )


def _film(
    walker: Walker,
    duration_s: float,
    rates_hz: tuple[float, float],
    offset_s: float,
    size: tuple[int, int],
    look: Look,
) -> tuple[FilmedView, FilmedView]:
    width, height = size
    zoom = height / 720.0
    # He walks along +x, so a camera at his left sees him go to the left.
    side = place_camera(
        (1.62, -_TURN_RADIUS_M, 0.66), bearing_deg=90.0, pixels_per_metre=304.0 * zoom, distance_m=4.6,
        pitch_deg=2.5, width=width, height=height,
    )  # fmt: skip
    end = place_camera(
        (1.0, -_TURN_RADIUS_M, 0.62), bearing_deg=180.0, pixels_per_metre=330.0 * zoom, distance_m=4.1,
        pitch_deg=5.0, width=width, height=height,
    )  # fmt: skip
    room = Room()
    views = []
    for view, camera, rate, starts in (
        (View.SAGITTAL, side, rates_hz[0], 0.0), (View.CORONAL, end, rates_hz[1], -offset_s)
    ):  # fmt: skip
        times = np.arange(int((duration_s - starts) * rate)) / rate
        views.append(FilmedView(view, camera, times, walker.at(times + starts), starts, look, room))
    return views[0], views[1]
