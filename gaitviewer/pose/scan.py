"""A quick look through the video: who is where, several times a second.

Runs in a worker. The person detector sees the whole picture, windows of it now and then (for people far
away), and the surroundings of whoever was seen last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.remarks import Light
from gaitviewer.pose.estimator import BodyCircle, PoseEstimator, Sighting
from gaitviewer.pose.settings import ScanSettings
from gaitviewer.pose.source import FrameReader

_LOOK_SCALE = 3.8  # side of the square in which a find is looked at again, in radii: a whole body and air
_LOOK_SHIFT = 0.6  # radii that a find may move by being looked at again
_NEARER_LOOK_SCALE = 2.6  # the same, near enough to tell two persons apart where one hides a part of the other
_TWO_APART = (0.12, 0.7)  # radii between the hips of two persons of whom one is beside or behind the other
_TWO_ALIKE = 2.0  # ratio of their sizes, at most
_LIGHT_SCALE = 1.6  # side of the square in which the light is measured, in radii
_MOVED = 4.0  # grey levels: mean change of a window in which something happened


def cut_square(rgb: NDArray[np.uint8], x: float, y: float, side: float) -> tuple[NDArray[np.uint8], int, int]:
    """A square u8 [S, S, 3] around (x, y), black outside the picture, and its left and top, pixels."""
    size = max(8, round(side))
    left, top = round(x - size / 2), round(y - size / 2)
    height, width = rgb.shape[:2]
    out = np.zeros((size, size, 3), np.uint8)
    x0, x1 = max(0, left), min(width, left + size)
    y0, y1 = max(0, top), min(height, top + size)
    if x0 < x1 and y0 < y1:
        out[y0 - top : y1 - top, x0 - left : x1 - left] = rgb[y0:y1, x0:x1]
    return out, left, top


def clothes_colours(rgb: NDArray[np.uint8], body: BodyCircle) -> tuple[float, ...]:
    """Histogram [64] of the colours around hips and belly; zeros where they are out of the picture."""
    half = 0.16 * body.radius
    x, y = body.x, body.y
    height, width = rgb.shape[:2]
    rows = slice(max(0, int(y - 5 * half)), min(height, int(y + half)))
    columns = slice(max(0, int(x - half)), min(width, int(x + half) + 1))
    patch = rgb[rows, columns].reshape(-1, 3)
    if patch.shape[0] < 16:
        return (0.0,) * 64
    bins = (patch // 64).astype(np.int64) @ np.array([16, 4, 1])
    counts = np.bincount(bins, minlength=64).astype(np.float64)
    return tuple((counts / counts.sum()).tolist())


def light_around(rgb: NDArray[np.uint8], body: BodyCircle) -> Light | None:
    """Brightness around a person, from every fourth pixel of every fourth row of a picture u8 [H, W, 3]."""
    half = _LIGHT_SCALE / 2 * body.radius
    rows, columns = (slice(max(0, int(at - half)), max(1, int(at + half)), 4) for at in (body.y, body.x))
    patch = rgb[rows, columns]
    if not patch.size:
        return None
    grey = patch.mean(axis=2) / 255
    return Light(float(grey.mean()), float(grey.std()))


def two_persons(people: Sequence[BodyCircle], body: BodyCircle) -> bool:
    """Whether two of the people found in one picture are at ``body``, one before or beside the other."""

    def distance(one: BodyCircle, other: BodyCircle) -> float:
        return float(np.hypot(one.x - other.x, one.y - other.y)) / max(one.radius, other.radius)

    def alike(one: BodyCircle, other: BodyCircle) -> bool:
        return max(one.radius, other.radius) < _TWO_ALIKE * min(one.radius, other.radius)

    here = [one for one in people if distance(one, body) < _TWO_APART[1] and alike(one, body)]
    return any(
        _TWO_APART[0] <= distance(one, other) <= _TWO_APART[1] and alike(one, other)
        for one, other in combinations(here, 2)
    )


def drop_duplicates(people: list[tuple[BodyCircle, float]], distance: float) -> list[tuple[BodyCircle, float]]:
    """The surest of each group of finds that lie nearer to each other than ``distance`` radii."""
    kept: list[tuple[BodyCircle, float]] = []
    for body, score in sorted(people, key=lambda find: -find[1]):
        near = any(
            np.hypot(body.x - b.x, body.y - b.y) < distance * max(body.radius, b.radius) for b, _ in kept
        )
        if not near:
            kept.append((body, score))
    return kept


def _windows(width: int, height: int, settings: ScanSettings) -> Iterator[tuple[int, int, int]]:
    side = round(settings.window_side * min(width, height))
    step = side * (1 - settings.window_overlap)
    rows = np.linspace(0, height - side, 1 + int(np.ceil((height - side) / step)))
    columns = np.linspace(0, width - side, 1 + int(np.ceil((width - side) / step)))
    for top in rows:
        for left in columns:
            yield int(left), int(top), side


class Scanner:
    """Searches one picture after the other; remembers only where somebody was seen last."""

    def __init__(self, estimator: PoseEstimator, settings: ScanSettings) -> None:
        self._estimator = estimator
        self._settings = settings
        self._last: list[BodyCircle] = []
        self._seen: list[list[BodyCircle]] = []
        self._grey: NDArray[np.int16] | None = None

    def look(self, rgb: NDArray[np.uint8], *, windows: bool) -> list[tuple[BodyCircle, float]]:
        """Everybody in a picture u8 [H, W, 3]; ``windows``: search it in parts, too."""
        whole = [body for body, _ in self._estimator.find_people(rgb)]
        self._seen = [whole]
        finds = whole + self._last
        if windows:
            finds += self._search_windows(rgb)
        finds = [body for body, _ in drop_duplicates([(b, 1.0) for b in finds], 0.25)]
        confirmed = [again for body in finds if (again := self._look_again(rgb, body)) is not None]
        people = drop_duplicates(confirmed, self._settings.duplicate_distance)
        self._last = [body for body, _ in people]
        return people

    def sees_two(self, rgb: NDArray[np.uint8], body: BodyCircle) -> bool:
        """Whether the picture that was looked at last shows two persons at ``body``."""
        views = [*self._seen, [one for one, _ in self._in_square(rgb, body, _NEARER_LOOK_SCALE)]]
        return any(two_persons(people, body) for people in views)

    def _in_square(
        self, rgb: NDArray[np.uint8], body: BodyCircle, scale: float
    ) -> list[tuple[BodyCircle, float]]:
        square, left, top = cut_square(rgb, body.x, body.y, scale * body.radius)
        return [(found.moved(left, top), score) for found, score in self._estimator.find_people(square)]

    def _look_again(self, rgb: NDArray[np.uint8], body: BodyCircle) -> tuple[BodyCircle, float] | None:
        """The person nearest to a find, seen in a square that suits the find's size."""
        people = self._in_square(rgb, body, _LOOK_SCALE)
        self._seen.append([found for found, _ in people])
        nearest, best = _LOOK_SHIFT * body.radius, None
        for moved, score in people:
            shift = float(np.hypot(moved.x - body.x, moved.y - body.y))
            alike = 0.4 < moved.radius / max(body.radius, 1e-6) < 2.5
            big = moved.radius >= self._settings.min_radius_px
            if shift < nearest and alike and big and score >= self._settings.min_score:
                nearest, best = shift, (moved, score)
        return best

    def _search_windows(self, rgb: NDArray[np.uint8]) -> list[BodyCircle]:
        height, width = rgb.shape[:2]
        grey = rgb[::4, ::4].mean(axis=2).astype(np.int16)
        change = None if self._grey is None else np.abs(grey - self._grey)
        self._grey = grey
        found = []
        for left, top, side in _windows(width, height, self._settings):
            part = (slice(top // 4, (top + side) // 4), slice(left // 4, (left + side) // 4))
            if change is not None and float(np.percentile(change[part], 98)) < _MOVED:
                continue
            window = np.ascontiguousarray(rgb[top : top + side, left : left + side])
            found += [body.moved(left, top) for body, _ in self._estimator.find_people(window)]
        return found


def scan(
    reader: FrameReader,
    estimator: PoseEstimator,
    *,
    frames: range,
    height_px: int,
    rate_hz: float,
    settings: ScanSettings,
    report: Callable[[int], None],
) -> list[Sighting]:
    """Search the pictures ``frames`` of a video for people.

    Args:
        reader: the video.
        estimator: a started estimator.
        frames: which pictures.
        height_px: the video's own height.
        rate_hz: its frame rate.
        settings: thresholds.
        report: is told how many pictures are done.

    Returns:
        Sightings in source pixels, in order of frames.
    """
    scanner = Scanner(estimator, settings)
    window_every = max(1, round(rate_hz / frames.step / settings.window_rate_hz))
    sightings: list[Sighting] = []
    limit = min(settings.max_height_px, height_px)
    pictures = reader.frames(frames.start, frames.stop, step=frames.step, max_height=limit)
    for count, (frame, rgb) in enumerate(pictures):
        scale = height_px / rgb.shape[0]
        for body, score in scanner.look(rgb, windows=count % window_every == 0):
            colours = clothes_colours(rgb, body)
            light, doubled = light_around(rgb, body), scanner.sees_two(rgb, body)
            sightings.append(Sighting(frame, body.moved(0, 0, scale), score, colours, light, doubled))
        report(count + 1)
    return sightings
