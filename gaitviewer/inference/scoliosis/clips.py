"""What the scoliosis model sees of a session: clips with knowledge map, numbers for the text, small video."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.knowledge_map.clips import MapClip, find_clips
from gaitviewer.analysis.knowledge_map.map import MapReading, read_map
from gaitviewer.analysis.knowledge_map.statements import statement_values
from gaitviewer.analysis.signal.cleaning import body_height_px
from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import View
from gaitviewer.core.learning import MaskedPicture, MaskedPictures
from gaitviewer.core.measures import Measures, ViewMotion
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.errors import AnalysisError
from gaitviewer.messages import Message, message

Box = tuple[float, float, float, float]
PicturesByView = Mapping[tuple[str, View], MaskedPictures]

_HIPS = (Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP)
_SIDE_BH = 1.25  # side of the crop, body heights
_LOWER_BH = 0.03  # its middle lies so far below the hips: half of the body is below them


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """The small video: frames, evenly over the clip, of size_px x size_px pixels around the subject."""

    frames: int = 24
    size_px: int = 64


@dataclass(frozen=True, slots=True, eq=False)
class ScoliosisClip:
    """One clip.

    Attributes:
        clip, reading: where it is, and its knowledge map.
        statements: [S] numbers behind the generated text.
        video: [T, H, W, 3] u8, or None without pictures.
        video_times_s: [T] seconds on the clip's clock (0 = its start); evenly spread without pictures.
    """

    clip: MapClip
    reading: MapReading
    statements: F8
    video: NDArray[np.uint8] | None
    video_times_s: F8


@runtime_checkable
class Croppable(Protocol):
    """Pictures that can be read at a small size directly."""

    def read_crop(self, frames: Sequence[int], box_px: Box, size_px: int) -> Iterator[MaskedPicture]:
        """A square part of the pictures."""
        ...


def read_clips(
    measures: Measures,
    pictures: PicturesByView,
    *,
    view: View = View.CORONAL,
    video: VideoSettings | None = None,
    most: int | None = None,
) -> tuple[tuple[ScoliosisClip, ...], tuple[Message, ...]]:
    """All clips of a session in one view, and why recordings gave none.

    Args:
        measures: of the session.
        pictures: by (trial, view); may be empty.
        view: coronal as published, or sagittal.
        video: size of the small video; None = no video is read.
        most: clips at most, the first of each recording first.
    """
    found: list[tuple[int, ViewMotion, MapClip]] = []
    reasons: list[Message] = []
    for motion in measures.motions:
        one, trial = motion.views[view], motion.trial.id
        if one is None or motion.trial.excluded:
            why = message("reason.view_missing", view=message(f"plane.{view.value}"))
            reasons.append(message("reason.of_recording", trial=trial, why=why))
            continue
        search = find_clips(one)
        found += [(number, one, clip) for number, clip in enumerate(search.clips)]
        reasons += [message("reason.of_recording", trial=trial, why=why) for why in search.reasons]
    found.sort(key=lambda entry: entry[0])
    clips: list[ScoliosisClip] = []
    for _, one, clip in found:
        if most is not None and len(clips) >= most:
            break
        try:
            clips.append(read_clip(one, clip, pictures, video))
        except AnalysisError as problem:
            reasons.append(problem.message)
    return tuple(clips), tuple(reasons)


def read_clip(
    motion: ViewMotion, clip: MapClip, pictures: PicturesByView, video: VideoSettings | None
) -> ScoliosisClip:
    """One clip of a view.

    Raises:
        AnalysisError: the subject is not seen well enough.
    """
    reading = read_map(motion, clip)
    numbers = statement_values(reading.map.values, reading.unknown)
    shown = pictures.get((clip.trial, clip.view))
    count = video.frames if video is not None else VideoSettings().frames
    times = np.linspace(0.0, clip.stop_s - clip.start_s, count)
    if shown is None or video is None:
        return ScoliosisClip(clip, reading, numbers, None, times)
    frames = nearest_frames(motion, clip, times)
    boxes = subject_boxes(motion, clip, frames)
    pixels = np.stack(
        [_crop(shown, frame, box, video.size_px) for frame, box in zip(frames, boxes, strict=True)]
        if isinstance(shown, Croppable)
        else [
            cut_out(picture.rgb, box, video.size_px)
            for picture, box in zip(_in_order(shown, frames), boxes, strict=True)
        ]
    )
    return ScoliosisClip(clip, reading, numbers, pixels, motion.pose.times[frames] - clip.start_s)


def nearest_frames(motion: ViewMotion, clip: MapClip, times: F8) -> list[int]:
    """Frame numbers nearest to ``times`` of the clip's clock."""
    moments = clip.start_s + times
    stamps = motion.pose.times
    after = np.clip(np.searchsorted(stamps, moments), 1, len(stamps) - 1)
    nearer = np.abs(stamps[after - 1] - moments) <= np.abs(stamps[after] - moments)
    return [int(n) for n in np.where(nearer, after - 1, after)]


def subject_boxes(motion: ViewMotion, clip: MapClip, frames: Sequence[int]) -> list[Box]:
    """A square around the subject in each frame that grows with him: straight and smooth, not shaking."""
    pose = motion.pose
    one = motion.passes[clip.pass_index]
    rows = np.arange(one.start, one.stop)
    times = pose.times[rows] - clip.start_s
    hips = pose.xy[rows][:, list(_HIPS)].astype(np.float64).mean(axis=1)
    height = body_height_px(pose)[rows]
    near = (times >= -0.2) & (times <= clip.stop_s - clip.start_s + 0.2)
    wanted = pose.times[list(frames)] - clip.start_s
    x, y = (_smooth(times, hips[:, axis], near, wanted) for axis in (0, 1))
    size = 1.0 / _smooth(times, 1.0 / height, near, wanted)
    middle = y + _LOWER_BH * size
    half = 0.5 * _SIDE_BH * size
    return [
        (float(a - h), float(b - h), float(a + h), float(b + h))
        for a, b, h in zip(x, middle, half, strict=True)
    ]


def _smooth(times: F8, values: F8, near: NDArray[np.bool_], wanted: F8) -> F8:
    good = near & np.isfinite(values)
    if good.sum() < 4:
        raise AnalysisError(message("error.model.subject_unseen"))
    return np.asarray(np.polyval(np.polyfit(times[good], values[good], 3), wanted), np.float64)


def _crop(pictures: Croppable, frame: int, box: Box, size_px: int) -> NDArray[np.uint8]:
    return next(iter(pictures.read_crop([frame], box, size_px))).rgb


def _in_order(pictures: MaskedPictures, frames: Sequence[int]) -> Iterator[MaskedPicture]:
    """Pictures of frame numbers that may repeat."""
    distinct = sorted(set(frames))
    found = dict(zip(distinct, pictures.read(distinct), strict=True))
    yield from (found[frame] for frame in frames)


def cut_out(rgb: NDArray[np.uint8], box: Box, size_px: int) -> NDArray[np.uint8]:
    """[size, size, 3] part of a picture, grey outside of it."""
    from PIL import Image

    scale = size_px / (box[2] - box[0])
    image = Image.fromarray(rgb)
    if scale < 1.0:  # shrunk first, so that no detail turns into noise
        factor = max(1, int(1.0 / scale))
        image = image.reduce(factor)
        box = (box[0] / factor, box[1] / factor, box[2] / factor, box[3] / factor)
    step = (box[2] - box[0]) / size_px
    matrix = (step, 0.0, box[0], 0.0, step, box[1])
    out = image.transform(
        (size_px, size_px), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=(114, 114, 114)
    )
    return np.asarray(out, np.uint8)
