"""Strips of pictures around a stride, from which the clips of the video model are cut.

A strip is read once at 30 Hz and holds every clip of its stride at the greatest length; shorter clips are cut
out of it. The crop is a square of constant size that moves with the subject at constant speed. Everything is
turned to one walking direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import Direction, Side, Stride, View, WalkingPass
from gaitviewer.core.learning import MaskedPicture, MaskedPictures
from gaitviewer.core.measures import Measures, ViewMotion
from gaitviewer.core.serialise import read_resource
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.messages import NOTHING, Message, message, named

LONGEST = 32
"""Frames of the longest clip."""
_LEAST_HALF_PX = 8.0


@dataclass(frozen=True, slots=True)
class ClipKind:
    """Where a clip lies in a stride, and which items it is asked about.

    Attributes:
        name, view: e.g. "contact".   percent: of the cycle at its middle.   items: item numbers.
        why: why it lies there.
    """

    name: str
    view: View
    percent: float
    items: tuple[int, ...]
    why: str


@dataclass(frozen=True, slots=True)
class ClipCrop:
    """Section ``crop``; the file explains each entry."""

    stored_px: int
    strides: int
    strides_to_learn: int
    margin: float
    border: int


@dataclass(frozen=True, slots=True)
class ClipLimits:
    """Section ``limits``; the file explains each entry."""

    leg_points_seen: float
    frames_held: float


@dataclass(frozen=True, slots=True)
class ClipTable:
    """``resources/models/evgs_clips.toml``; ``outline``: radii of the capsules in body heights."""

    rate_hz: float
    kinds: tuple[ClipKind, ...]
    crop: ClipCrop
    limits: ClipLimits
    outline: Mapping[str, float]


@cache
def clip_table() -> ClipTable:
    """The data file of the clips."""
    return read_resource("models/evgs_clips.toml", ClipTable)


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Pictures around one stride of one limb.

    Attributes:
        stride: key of the stride.   trial, view, side, far: of it.
        flipped: the pictures are mirror images of the recorded ones.
        frames: [L, S, S, 3] u8.   mask: [L, S, S] bool.
        keypoints: [L, 23, 2] f32 pixels of the crop, labels as the subject's own sides; NaN = not seen.
        times: [L] seconds on the clock of the view.   boxes: [L, 4] of the crop in source pixels.
        held: [L] beyond the recording: the nearest picture is repeated.
        centres: row of the middle of each kind of clip (see :func:`clip_table`), -1 = not of this view.
    """

    stride: str
    trial: str
    view: View
    side: Side
    far: bool
    flipped: bool
    frames: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    keypoints: NDArray[np.float32]
    times: NDArray[np.float64]
    boxes: NDArray[np.float32]
    held: NDArray[np.bool_]
    centres: NDArray[np.int64]

    def rows(self, kind: int, frames: int) -> slice:
        """Rows of a clip."""
        start = int(self.centres[kind]) - frames // 2
        return slice(start, start + frames)

    def serves(self, kind: int, frames: int) -> Message:
        """Why there is no such clip of this strip; NOTHING if there is one."""
        if self.centres[kind] < 0:
            return message("reason.clip.another_view")
        table, rows = clip_table(), self.rows(kind, frames)
        if self.held[rows].mean() > table.limits.frames_held:
            return message("reason.clip.recording_ends")
        parts = ("HIP", "KNEE", "ANKLE", "HEEL", "BIG_TOE")
        leg = [Keypoint[f"{self.side.name}_{part}"] for part in parts]
        if np.isfinite(self.keypoints[rows][:, leg]).all(axis=2).mean() < table.limits.leg_points_seen:
            return message("reason.clip.leg_seldom_seen", side=named(self.side))
        return NOTHING


def choose_strides(measures: Measures, *, most: int) -> tuple[tuple[ViewMotion, Stride], ...]:
    """Strides to look at: for each limb and view up to ``most`` that count, near ones where there are any."""
    found: list[tuple[ViewMotion, Stride]] = []
    for view in View:
        for side in Side:
            own = [
                (motion.views[view], stride)
                for motion in measures.motions
                if not motion.trial.excluded and motion.views[view] is not None
                for stride in motion.views[view].strides  # type: ignore[union-attr]  # checked in the line above
                if stride.side is side and stride.counts
            ]
            near = [pair for pair in own if not pair[1].far] or own
            at = np.unique(np.linspace(0, len(near) - 1, most).round().astype(int)) if near else []
            if len(at) == 1:
                at = [(len(near) - 1) // 2]
            found += [(motion, near[k][1]) for k in at if (motion := near[k][0]) is not None]
    return tuple(found)


def read_strips(
    measures: Measures,
    pictures: Mapping[tuple[str, View], MaskedPictures],
    *,
    size_px: int | None = None,
    most: int = 1,
) -> Iterator[Strip]:
    """Strips of a session.

    Args:
        measures: of the session.
        pictures: by (trial id, view).
        size_px: side of the crop; None = as the data file says.
        most: strides of each limb and view.
    """
    for motion, stride in choose_strides(measures, most=most):
        source = pictures.get((stride.trial, stride.view))
        if source is None:
            continue
        strip = read_strip(motion, stride, source, size_px=size_px or clip_table().crop.stored_px)
        if strip is not None:
            yield strip


def read_strip(motion: ViewMotion, stride: Stride, source: MaskedPictures, *, size_px: int) -> Strip | None:
    """The strip of one stride; None where the subject's place cannot be told.

    Args:
        motion: the view that the stride was found in.
        stride: which.
        source: its pictures.
        size_px: side of the crop.
    """
    walk, pose = motion.passes[stride.pass_index], motion.pose
    ticks, centres = _ticks(stride)
    times = stride.start_s + ticks / clip_table().rate_hz
    rows = _nearest(pose.times, times)
    inside = (rows >= walk.start) & (rows < walk.stop)
    track = _track(pose.xy[rows].astype(np.float64), times, inside)
    if track is None:
        return None
    left_top, half = track
    frames, mask, boxes = _read_moving(source, rows, left_top, 2 * half, size_px)
    scale = size_px / (boxes[:, 2] - boxes[:, 0])[:, None, None]
    points = (pose.xy[rows] + 0.5 - boxes[:, None, :2]) * scale - 0.5
    flipped = is_flipped(stride.side, walk)
    if flipped:
        frames, mask = frames[:, :, ::-1], mask[:, :, ::-1]
        points = points * np.array([-1.0, 1.0]) + np.array([size_px - 1.0, 0.0])
    step = 0.75 * max(1.0 / clip_table().rate_hz, 1.0 / pose.rate_hz)
    return Strip(
        stride.key, stride.trial, stride.view, stride.side, stride.far, flipped,
        np.ascontiguousarray(frames), np.ascontiguousarray(mask), points.astype(np.float32), times,
        boxes.astype(np.float32), np.abs(pose.times[rows] - times) > step, centres,
    )  # fmt: skip


def is_flipped(side: Side, walk: WalkingPass) -> bool:
    """Whether pictures are mirrored.

    From the side everybody walks to the right; from the end every limb is a right one: the mirror image of a
    left limb's clip is a right limb's clip.
    """
    if walk.view is View.SAGITTAL:
        return walk.direction is Direction.RIGHT_TO_LEFT
    return (side is Side.LEFT) != walk.mirrored


def _ticks(stride: Stride) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ticks of 1/30 s from contact that any clip of this stride needs, and the row of each clip's middle."""
    table = clip_table()
    middles = [
        round(kind.percent / 100.0 * stride.duration_s * table.rate_hz) if kind.view is stride.view else None
        for kind in table.kinds
    ]
    half = LONGEST // 2
    ticks = np.unique(np.concatenate([np.arange(m - half, m + half) for m in middles if m is not None]))
    centres = [-1 if m is None else int(np.searchsorted(ticks, m)) for m in middles]
    return ticks.astype(np.int64), np.asarray(centres, np.int64)


def _nearest(times: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the frame whose time is nearest to each wanted one."""
    after = np.clip(np.searchsorted(times, wanted), 1, len(times) - 1)
    back = wanted - times[after - 1] <= times[after] - wanted
    return np.where(back, after - 1, after).astype(np.int64)


def _track(
    points: NDArray[np.float64], times: NDArray[np.float64], inside: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], float] | None:
    """Upper left corner [L, 2] of the square around the subject, and half its side, pixels."""
    hips = points[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].mean(axis=1)
    seen = np.isfinite(points).all(axis=2)
    good = inside & np.isfinite(hips).all(axis=1) & (seen.sum(axis=1) >= 8)
    if good.sum() < 5:
        return None
    low, high = np.nanmin(points[good, :, 1], axis=1), np.nanmax(points[good, :, 1], axis=1)
    clock = times - times[good].mean()
    middle = np.stack(
        [
            np.polyval(np.polyfit(clock[good], hips[good, 0], 1), clock),
            np.polyval(np.polyfit(clock[good], (low + high) / 2, 1), clock),
        ],
        axis=1,
    )
    away = np.nanmax(np.abs(points[good] - middle[good, None]), axis=(1, 2))
    half = float(np.quantile(away, 0.98)) * (1.0 + clip_table().crop.margin)
    return (middle - half, half) if half >= _LEAST_HALF_PX else None


def _read_moving(
    source: MaskedPictures, rows: NDArray[np.int64], left_top: NDArray[np.float64], side: float, size_px: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.float64]]:
    """Crops [L, S, S, 3], masks [L, S, S] and their boxes [L, 4].

    One square that holds the whole strip is read, and the crops are cut out of it at whole pixels.
    """
    pixel = side / size_px
    shift = np.round((left_top - left_top.min(axis=0)) / pixel).astype(int)
    reach = size_px + int(shift.max())
    start = left_top.min(axis=0)
    box = (start[0], start[1], start[0] + reach * pixel, start[1] + reach * pixel)
    wanted = np.unique(rows)
    made = dict(zip(wanted.tolist(), read_crop(source, wanted.tolist(), box, reach), strict=True))
    frames = np.empty((len(rows), size_px, size_px, 3), np.uint8)
    mask = np.zeros((len(rows), size_px, size_px), np.bool_)
    for k, row in enumerate(rows.tolist()):
        x, y = shift[k]
        frames[k] = made[row].rgb[y : y + size_px, x : x + size_px]
        found = made[row].mask
        if found is not None:
            mask[k] = found[y : y + size_px, x : x + size_px]
    corner = start + shift * pixel
    return frames, mask, np.concatenate([corner, corner + side], axis=1)


def read_crop(
    source: MaskedPictures, frames: Sequence[int], box_px: tuple[float, float, float, float], size_px: int
) -> Iterator[MaskedPicture]:
    """A square part of pictures in a size of its own: by the source where it can, else cut and scaled."""
    quick = getattr(source, "read_crop", None)
    if quick is not None:
        yield from quick(frames, box_px, size_px)
        return
    for picture in source.read(frames):
        yield cut_out(picture, box_px, size_px)


def cut_out(picture: MaskedPicture, box_px: tuple[float, float, float, float], size_px: int) -> MaskedPicture:
    """A square of a picture, scaled; grey beyond its edge."""
    from PIL import Image

    height, width = picture.rgb.shape[:2]
    left, top, right, bottom = box_px
    scale = size_px / (right - left)
    inner = (max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height)))
    rgb = np.full((size_px, size_px, 3), clip_table().crop.border, np.uint8)
    mask = np.zeros((size_px, size_px), np.bool_)
    if inner[2] - inner[0] < 1 or inner[3] - inner[1] < 1:
        return MaskedPicture(rgb, mask)
    x0, y0 = round((inner[0] - left) * scale), round((inner[1] - top) * scale)
    wide = min(size_px - x0, max(1, round((inner[2] - inner[0]) * scale)))
    tall = min(size_px - y0, max(1, round((inner[3] - inner[1]) * scale)))
    part = (slice(y0, y0 + tall), slice(x0, x0 + wide))
    image = Image.fromarray(picture.rgb)
    rgb[part] = np.asarray(image.resize((wide, tall), Image.Resampling.BILINEAR, box=inner))
    if picture.mask is not None:
        outline = Image.fromarray(picture.mask.astype(np.uint8) * 255)
        mask[part] = np.asarray(outline.resize((wide, tall), Image.Resampling.BILINEAR, box=inner)) > 127
    return MaskedPicture(rgb, mask)
