"""Saliency drawn over the video that the model saw: skeleton, joints by their evidence, scale and statement."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gaitviewer.core.gait import Side
from gaitviewer.core.maps import SaliencyMap
from gaitviewer.core.measures import ViewMotion
from gaitviewer.core.numerals import significant
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.core.saliency import joint_xy
from gaitviewer.core.session import VideoStream
from gaitviewer.errors import VideoError
from gaitviewer.messages import message
from gaitviewer.report.figures.style import AGAINST, FAINT, LEFT_COLOUR, PALE, RIGHT_COLOUR, SALIENCY, font_file

Rgb = NDArray[np.uint8]
_MOST_HEIGHT = 720
_FOOT_PX = 64
_RADIUS = 0.032  # of a dot at the end of the scale, in heights of the picture
_FACE = ("nose", "eye", "ear")


def write_saliency_video(
    path: Path, drawn: SaliencyMap, motion: ViewMotion, stream: VideoStream | None, *, top: float,
    statement: str, tick: Tick = no_progress,
) -> None:  # fmt: skip
    """The walk that a map is about, frame by frame, with the evidence of the nearest cell of the map.

    Where the video is not at hand, the skeleton is drawn on a plain ground, and the foot of the picture tells.

    Args:
        path: file to write.
        drawn: the map, with at least one cell.
        motion: keypoints of its view.
        stream: the video; None = not at hand.
        top: where the scale ends, see :func:`~gaitviewer.core.saliency.scale_top`.
        statement: printed in every frame.
        tick: carries progress out.

    Raises:
        OutputError: it cannot be written.
        VideoError: the video is damaged.
    """
    from gaitviewer.video import write_video

    frames = frames_of(drawn, motion)
    times = motion.pose.times[frames]
    pictures = _pictures(drawn, motion, stream, frames, top=top, statement=statement, tick=tick)
    write_video(path, pictures, times=times - times[0])


def frames_of(drawn: SaliencyMap, motion: ViewMotion) -> NDArray[np.int64]:
    """[N] frame numbers from the first to the last cell of a map, at least one."""
    first, last = (int(np.argmin(np.abs(motion.pose.times - t))) for t in (drawn.times_s[0], drawn.times_s[-1]))
    return np.arange(first, last + 1)


def _pictures(
    drawn: SaliencyMap, motion: ViewMotion, stream: VideoStream | None, frames: NDArray[np.int64], *,
    top: float, statement: str, tick: Tick,
) -> Iterator[Rgb]:  # fmt: skip
    pose = motion.pose
    scale = min(1.0, _MOST_HEIGHT / pose.height)
    size = (2 * round(pose.width * scale / 2), 2 * round(pose.height * scale / 2))
    for count, (number, rgb) in enumerate(_source(stream, frames, size)):
        tick(count / len(frames), message("progress.saliency_video", frames=count, total=len(frames)))
        time_s = float(pose.times[number])
        cell = int(np.argmin(np.abs(drawn.times_s - time_s)))
        xy = np.asarray(pose.xy[number], np.float64) * (np.array(size) / (pose.width, pose.height))
        image = Image.new("RGB", (size[0], size[1] + _FOOT_PX), "white")
        image.paste(_ground(rgb, size), (0, 0))
        draw_skeleton(image, xy, motion)
        draw_joints(image, xy, motion, drawn, cell, top=top, radius_px=_RADIUS * size[1])
        missing = "" if rgb is not None else "; the video is not at hand"
        _foot(image, f"{statement or 'model answer'}{missing}", time_s, top)
        yield np.asarray(image)


def _source(
    stream: VideoStream | None, frames: NDArray[np.int64], size: tuple[int, int]
) -> Iterator[tuple[int, Rgb | None]]:
    """(frame number, picture or None), each number once."""
    from gaitviewer.video import open_recorded

    try:
        reader = None if stream is None else open_recorded(stream)
    except VideoError:
        reader = None  # moved, or another file by now: the skeleton still tells where the model looked
    if reader is None:
        yield from ((int(number), None) for number in frames)
        return
    with reader:
        yield from reader.frames(int(frames[0]), int(frames[-1]) + 1, max_height=size[1])


def _ground(rgb: Rgb | None, size: tuple[int, int]) -> Image.Image:
    if rgb is None:
        return Image.new("RGB", size, _ints(PALE))
    picture = Image.fromarray(rgb)
    return picture if picture.size == size else picture.resize(size)


def _ints(colour: object) -> tuple[int, int, int]:
    red, green, blue = colour.bitmap_rgb()  # type: ignore[attr-defined]  # reportlab ships no types
    return int(red), int(green), int(blue)


def draw_skeleton(image: Image.Image, xy: NDArray[np.float64], motion: ViewMotion) -> None:
    """Bones: left red, right blue, the middle grey; the face is left out."""
    pen, names = ImageDraw.Draw(image), motion.pose.skeleton.keypoints
    wide = max(2, image.height // 300)
    for a, b in motion.pose.skeleton.edges:
        face = any(names[k].endswith(_FACE) for k in (a, b))
        if face or not np.isfinite(xy[[a, b]]).all():
            continue
        sides = {next((s for s in Side if names[k].startswith(f"{s.value}_")), None) for k in (a, b)}
        colour = FAINT if len(sides) > 1 else LEFT_COLOUR if Side.LEFT in sides else RIGHT_COLOUR
        ends = [*map(float, xy[a]), *map(float, xy[b])]
        pen.line(ends, fill="white", width=wide + 2)
        pen.line(ends, fill=_ints(colour), width=wide)


def draw_joints(
    image: Image.Image, xy: NDArray[np.float64], motion: ViewMotion, drawn: SaliencyMap, cell: int, *,
    top: float, radius_px: float,
) -> None:  # fmt: skip
    """Dots whose area tells the evidence on the absolute scale; nothing where there is none."""
    pen = ImageDraw.Draw(image, "RGBA")  # lets what is below shine through
    for name, value in zip(drawn.keypoints, drawn.values[cell], strict=True):
        at = joint_xy(xy, motion.pose.skeleton, name)
        share = value / top if top > 0 else math.nan
        if not np.isfinite(at).all() or not abs(share) >= 0.02:
            continue
        _dot(pen, float(at[0]), float(at[1]), radius_px * math.sqrt(min(1.0, abs(share))), against=share < 0)


def _dot(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, *, against: bool = False) -> None:
    colour = _ints(AGAINST if against else SALIENCY)
    box = [x - radius, y - radius, x + radius, y + radius]
    pen.ellipse([box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1], outline=(255, 255, 255, 255))
    pen.ellipse(box, fill=None if against else (*colour, 190), outline=(*colour, 255), width=2)


def _foot(image: Image.Image, statement: str, time_s: float, top: float) -> None:
    """Statement, time and scale below the picture."""
    pen = ImageDraw.Draw(image)
    bold, plain = (ImageFont.truetype(str(font_file(name)), 13) for name in ("DejaVuSans-Bold", "DejaVuSans"))
    y = image.height - _FOOT_PX
    pen.text((10, y + 6), statement, font=bold, fill=_ints(SALIENCY))
    words = f"{time_s:.2f} s    left red, right blue    evidence, one scale:"
    pen.text((10, y + 34), words, font=plain, fill=(40, 48, 54))
    x = 10 + pen.textlength(words, font=plain) + 24
    dots, radius = ImageDraw.Draw(image, "RGBA"), min(18.0, _RADIUS * (image.height - _FOOT_PX))
    for share in (0.1, 0.4, 1.0):
        _dot(dots, x, y + 42, radius * math.sqrt(share))
        said = significant(share * top) + ("+" if share == 1.0 else "")
        pen.text((x + radius + 8, y + 34), said, font=plain, fill=(40, 48, 54))
        x += 2 * radius + 28 + pen.textlength(said, font=plain)
