"""Pictures of real videos with the subject's outline, in the form that the learned systems read."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.learning import MaskedPicture, MaskedPictures
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import VideoStream
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.errors import VideoError
from gaitviewer.pose.masks import MaskSequence
from gaitviewer.workflow.sessions.masks import masks_of

_TRUNK = (Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER, Keypoint.RIGHT_HIP, Keypoint.LEFT_HIP)
_HEAD = (
    Keypoint.NOSE, Keypoint.LEFT_EYE, Keypoint.RIGHT_EYE, Keypoint.LEFT_EAR, Keypoint.RIGHT_EAR,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outline:
    """Radii of capsules around the keypoints, in heights of the body in the picture."""

    limb: float = 0.045
    trunk: float = 0.075
    head: float = 0.075


@dataclass(frozen=True, slots=True, eq=False)
class VideoPictures:
    """One view of one trial.

    Attributes:
        stream: the video.   pose: its keypoints.
        masks: the outlines that pose estimation kept; None = capsules around the keypoints.
        outline: their radii.
    """

    stream: VideoStream
    pose: PoseSequence
    masks: MaskSequence | None
    outline: Outline = Outline()

    def read(self, frames: Sequence[int]) -> Iterator[MaskedPicture]:
        """Pictures of those frame numbers, in increasing order.

        Raises:
            VideoError: the video is gone or damaged.
        """
        from gaitviewer.video import open_recorded

        wanted = list(dict.fromkeys(int(frame) for frame in frames))
        if not wanted:
            return
        with open_recorded(self.stream) as reader:
            left = iter(wanted)
            number = next(left)
            for at, rgb in reader.frames(wanted[0], wanted[-1] + 1):
                if at != number:
                    continue
                yield MaskedPicture(rgb, self._mask(at))
                number = next(left, -1)

    def _mask(self, frame: int) -> NDArray[np.bool_]:
        if self.masks is not None and frame < len(self.masks) and self.masks.seen[frame]:
            return self.masks.at(frame)
        size = (self.pose.width, self.pose.height)
        return capsule_mask(
            self.pose.xy[frame].astype(np.float64), size, self.pose.skeleton.edges, self.outline
        )


def capsule_mask(
    points: NDArray[np.float64],
    size: tuple[int, int],
    edges: Sequence[tuple[int, int]],
    outline: Outline | None = None,
) -> NDArray[np.bool_]:
    """[H, W] body-like outline around keypoints [K, 2]; missing points leave their part out.

    Args:
        points: pixels, NaN = not seen.
        size: width and height of the picture.
        edges: pairs of points that are joined.
        outline: radii.
    """
    from PIL import Image, ImageDraw

    outline = outline or Outline()
    image = Image.new("1", size)
    seen = np.isfinite(points).all(axis=1)
    if not seen.any():
        return np.asarray(image, np.bool_)
    pen = ImageDraw.Draw(image)
    tall = max(float(np.ptp(points[seen, 1])), 1.0)
    limb = outline.limb * tall
    for start, stop in edges:
        if seen[start] and seen[stop]:
            pen.line([*points[start], *points[stop]], fill=1, width=max(1, round(2 * limb)))
    for point in np.flatnonzero(seen):
        radius = (outline.head if point in _HEAD else limb) * tall / (tall if point not in _HEAD else 1.0)
        x, y = points[point]
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=1)
    if seen[list(_TRUNK)].all():
        corners = points[list(_TRUNK)]
        pen.polygon([*map(float, corners.reshape(-1))], fill=1)
        line = [*corners[:2].mean(axis=0), *corners[2:].mean(axis=0)]
        pen.line(line, fill=1, width=max(1, round(2 * outline.trunk * tall)))
    return np.asarray(image, np.bool_)


def open_pictures(document: Document) -> dict[tuple[str, View], MaskedPictures]:
    """Pictures of all videos of a session that are the very files it was made from, by (trial id, view)."""
    from gaitviewer.video import check_identity

    found: dict[tuple[str, View], MaskedPictures] = {}
    for data in document.trials:
        masks = masks_of(data)
        for view in View:
            stream, pose = data.trial.videos[view], data.poses[view]
            if stream is None or pose is None or not stream.path.is_file():
                continue
            try:
                check_identity(stream)
            except VideoError as error:
                logging.getLogger(__name__).warning("no pictures: %s", error)
                continue
            found[data.trial.id, view] = VideoPictures(stream, pose, masks[view])
    return found
