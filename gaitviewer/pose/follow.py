"""Follow the subject through a stretch of frames, forwards or backwards.

Runs in a worker. The estimator sees a crop around the subject, cut from the full picture; where it looks
next comes from its last answer, checked against the path of the sightings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gaitviewer.pose._cv import load
from gaitviewer.pose.estimator import BodyCircle, Estimate, PoseEstimator
from gaitviewer.pose.masks import SmallMask, pack_mask
from gaitviewer.pose.scan import cut_square
from gaitviewer.pose.settings import FollowSettings
from gaitviewer.pose.source import FrameReader
from gaitviewer.pose.tracking import BodyPath


@dataclass(frozen=True, slots=True, eq=False)
class TrackedCrop:
    """A square cut from a frame.

    Attributes:
        frame: frame number.      rgb: u8 [S, S, 3].
        left, top: its corner in the source picture, pixels.      scale: crop pixels per source pixel.
    """

    frame: int
    rgb: NDArray[np.uint8]
    left: int
    top: int
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One direction's answers, in source pixels.

    Attributes:
        frames: [N] frame numbers, increasing; frames in which the subject was not found are left out.
        xy: [N, 23, 2] f32.      score: [N, 23] f32.      masks: outlines by frame.
    """

    frames: NDArray[np.int64]
    xy: NDArray[np.float32]
    score: NDArray[np.float32]
    masks: dict[int, SmallMask] = field(default_factory=dict)


NO_RUN = Run(np.zeros(0, np.int64), np.zeros((0, 23, 2), np.float32), np.zeros((0, 23), np.float32))
"""Nobody looked."""


def cut_crop(
    frame: int, rgb: NDArray[np.uint8], body: BodyCircle, square_scale: float, s: FollowSettings
) -> TrackedCrop:
    """The subject's surroundings; large ones are made smaller, for the estimator's input is small anyway."""
    side = s.crop_scale * square_scale * body.radius
    shrink = max(1, int(side / s.crop_min_px))
    square, left, top = cut_square(rgb, body.x, body.y, shrink * round(side / shrink))
    if shrink > 1:  # whole numbers only: averaging 2 x 2 pixels is ten times as fast as 2.4 x 2.4
        cv2 = load("cv2")
        wanted = (square.shape[1] // shrink, square.shape[0] // shrink)
        square = np.asarray(cv2.resize(square, wanted, interpolation=cv2.INTER_AREA), np.uint8)
    return TrackedCrop(frame, square, left, top, 1 / shrink)


def crops_in_order(
    reader: FrameReader,
    path: BodyPath,
    span: range,
    *,
    backward: bool,
    square_scale: float,
    settings: FollowSettings,
) -> Iterator[TrackedCrop]:
    """Crops along the path; backwards, a block is decoded forwards and kept, so memory stays bounded.

    Forwards everything is decoded in one go: each run of frames opens the file anew, and decodes from a key
    frame on.
    """

    def crops(frames: range) -> Iterator[TrackedCrop]:
        pictures = reader.frames(frames.start, frames.stop)
        return (cut_crop(i, rgb, path.at(i), square_scale, settings) for i, rgb in pictures)

    if not backward:
        yield from crops(span)
        return
    size = settings.block_frames
    for first in reversed(range(0, len(span), size)):
        yield from reversed(list(crops(span[first : first + size])))


class Follower:
    """Decides where to look next and whether an answer is still the same person."""

    def __init__(self, path: BodyPath, settings: FollowSettings) -> None:
        self._path = path
        self._settings = settings
        self._last: BodyCircle | None = None
        self._step = (0.0, 0.0)
        self._missed = 0

    @property
    def missed(self) -> int:
        """Frames since the subject was found."""
        return self._missed

    def looks(self, frame: int) -> list[BodyCircle]:
        """Where to look, best place first: near the last answer while it is fresh, and on the path.

        The estimator sometimes misses a person at the picture's edge in one square and sees them in a
        slightly other one; so there are several, until the subject is lost for good.
        """
        on_path = self._path.at(frame)
        if self._last is None or self._missed > 2:
            return [on_path]
        steps = self._missed + 1
        last = self._last
        ahead = BodyCircle(
            last.x + steps * self._step[0], last.y + steps * self._step[1], last.radius, last.tilt_rad
        )
        if self._missed > 1:
            return [ahead]
        wider = BodyCircle(ahead.x, ahead.y, 1.2 * ahead.radius, 0.0)
        return [ahead, wider, on_path]

    def miss(self) -> None:
        """The subject was not found in this frame."""
        self._missed += 1

    def accept(self, frame: int, looked: BodyCircle, found: BodyCircle) -> bool:
        """Whether ``found`` is the subject; if so it is where to look next."""
        if not self._fits(frame, looked, found):
            return False
        if self._last is not None and self._missed == 0:
            self._step = (
                0.6 * self._step[0] + 0.4 * (found.x - self._last.x),
                0.6 * self._step[1] + 0.4 * (found.y - self._last.y),
            )
        self._last = found
        self._missed = 0
        return True

    def _fits(self, frame: int, looked: BodyCircle, found: BodyCircle) -> bool:
        s = self._settings
        if self._path.distance(found, frame) > s.max_off_path:
            return False
        if self._last is None or self._missed > 2:
            return True
        room = self._missed + 1
        distance = float(np.hypot(found.x - looked.x, found.y - looked.y)) / looked.radius
        ratio = max(found.radius, looked.radius) / max(1e-6, min(found.radius, looked.radius))
        return distance <= s.max_step * room and ratio <= s.max_size_step**room


def follow(
    reader: FrameReader,
    estimator: PoseEstimator,
    path: BodyPath,
    *,
    span: range,
    backward: bool,
    rate_hz: float,
    size: tuple[int, int],
    settings: FollowSettings,
    report: Callable[[int], None],
) -> Run:
    """Estimate the subject's pose along a path in one direction.

    Args:
        reader: the video.
        estimator: a started estimator.
        path: where the subject was sighted.
        span: frames to look at; reaches beyond the path at both ends.
        backward: from the last frame to the first.
        rate_hz: frame rate.
        size: (width, height) of the source picture.
        settings: thresholds.
        report: is told how many frames are done.
    """
    estimator.reset()
    follower = Follower(path, settings)
    patience = max(3, round(settings.give_up_s * rate_hz))
    found: dict[int, Estimate] = {}
    masks: dict[int, SmallMask] = {}
    crops = crops_in_order(
        reader, path, span, backward=backward, square_scale=estimator.square_scale, settings=settings
    )
    for count, crop in enumerate(crops):
        answer = _look_for(follower, estimator, crop)
        if answer is not None:
            small = _outline(answer, crop, size)
            if small is not None:
                masks[crop.frame] = small
            corner = np.array([crop.left, crop.top], np.float32)
            xy = (answer.xy / np.float32(crop.scale) + corner).astype(np.float32)
            found[crop.frame] = Estimate(xy, answer.score, answer.body, None)
        report(count + 1)
        beyond = crop.frame < path.start if backward else crop.frame >= path.stop
        if beyond and follower.missed >= patience:
            break
    return _collect(found, masks)


def _look_for(follower: Follower, estimator: PoseEstimator, crop: TrackedCrop) -> Estimate | None:
    """The first answer in a crop that is the subject, in crop pixels."""
    for looked in follower.looks(crop.frame):
        answer = estimator.estimate(crop.rgb, looked.moved(-crop.left, -crop.top, crop.scale))
        if answer is not None and follower.accept(crop.frame, looked, _to_source(answer.body, crop)):
            return answer
    follower.miss()
    return None


def _outline(answer: Estimate, crop: TrackedCrop, size: tuple[int, int]) -> SmallMask | None:
    if answer.mask is None:
        return None
    return pack_mask(answer.mask, left_px=crop.left, top_px=crop.top, scale=crop.scale, size=size)


def _to_source(body: BodyCircle, crop: TrackedCrop) -> BodyCircle:
    in_source = body.moved(0, 0, 1 / crop.scale)
    return in_source.moved(crop.left, crop.top)


def _collect(found: dict[int, Estimate], masks: dict[int, SmallMask]) -> Run:
    frames = sorted(found)
    points = 23
    xy = np.stack([found[i].xy for i in frames]) if frames else np.zeros((0, points, 2), np.float32)
    score = np.stack([found[i].score for i in frames]) if frames else np.zeros((0, points), np.float32)
    return Run(np.array(frames, np.int64), xy, score, masks)
