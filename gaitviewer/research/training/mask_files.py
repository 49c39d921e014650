"""Outlines of a person that came as files: a picture for each frame, or a video."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitviewer.errors import FormatError, VideoError, reason_of
from gaitviewer.messages import message
from gaitviewer.pose.masks import MaskSequence, SmallMask, pack_mask

_BLACK = 127  # of a video, whose compression leaves grey


def read_masks(files: Sequence[Path], *, frames: int, width: int, height: int) -> MaskSequence:
    """The outlines of a clip.

    Args:
        files: PNG files with the frame's number at the end of their names, not black where the person is; or
            one mp4.
        frames: of the clip.
        width: of the clip.
        height: of the clip.

    Raises:
        FormatError: one is damaged, or of another size than the clip.
    """
    found: dict[int, SmallMask] = {}
    for path, number, mask in _outlines(files, frames):
        if mask.shape != (height, width):
            sizes = {
                "width": mask.shape[1],
                "height": mask.shape[0],
                "clip_width": width,
                "clip_height": height,
            }
            raise FormatError(
                message(
                    "error.format.cgv.mask", path=path, reason=message("error.format.cgv.mask_size", **sizes)
                )
            )
        small = pack_mask(mask, left_px=0.0, top_px=0.0, scale=1.0, size=(width, height))
        if small is not None and 0 <= number < frames:
            found[number] = small
    return MaskSequence.collect(found, frames=frames, width=width, height=height)


def _outlines(files: Sequence[Path], frames: int) -> Iterator[tuple[Path, int, NDArray[np.bool_]]]:
    from PIL import Image, UnidentifiedImageError

    from gaitviewer.video import open_video

    if files and files[0].suffix.lower() == ".mp4":
        try:
            with open_video(files[0]) as reader:
                for number, rgb in reader.frames(0, frames):
                    yield files[0], number, np.asarray(rgb.max(axis=2) > _BLACK)
        except VideoError as error:
            raise FormatError(
                message("error.format.cgv.mask", path=files[0], reason=reason_of(error))
            ) from error
        return
    numbers = [int((re.findall(r"\d+", path.stem) or [k])[-1]) for k, path in enumerate(files)]
    # As keypoints, they may be counted in the recording that the clip was cut from.
    start = min(numbers) if numbers and max(numbers) >= frames else 0
    for path, number in zip(files, numbers, strict=True):
        try:
            with Image.open(path) as picture:
                values = np.asarray(picture)
        except (OSError, UnidentifiedImageError, ValueError, SyntaxError) as error:
            raise FormatError(message("error.format.cgv.mask", path=path, reason=reason_of(error))) from error
        yield path, number - start, np.asarray(values != 0 if values.ndim == 2 else values[..., :3].any(axis=2))
