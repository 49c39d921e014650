"""From a decoded picture to an upright array of pixels: pixel shape, rotation, mirroring, scaling, colour."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import av
import numpy as np
from av.buffer import Buffer
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from gaitviewer.core.timing import MIRRORED, TONE_MAPPED
from gaitviewer.errors import VideoError
from gaitviewer.messages import Message, message
from gaitviewer.video._container import (
    READ_ERRORS,
    STREAMS,
    encrypted_error,
    is_encrypted,
    open_container,
    undecodable_error,
)
from gaitviewer.video._tones import Tones

Rgb = NDArray[np.uint8]
PixelFormat = Literal["rgb24", "bgra"]  # bgra: what screens take without another conversion


@dataclass(frozen=True, slots=True)
class PictureLayout:
    """How the pictures of a file are to be shown.

    Attributes:
        width, height: size with square pixels, before rotation.
        transpose, flip_x, flip_y: first swap rows and columns, then flip left-right, then top-bottom.
        stored_width: width as stored; differs from ``width`` where pixels are not square.
        interlaced: the first picture is made of two half pictures.
        tones: the light levels and colours of a picture of high dynamic range, None of an ordinary one.
    """

    width: int
    height: int
    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False
    stored_width: int = 0
    interlaced: bool = False
    tones: Tones | None = None

    @property
    def upright_width(self) -> int:
        """Width as shown, pixels."""
        return self.height if self.transpose else self.width

    @property
    def upright_height(self) -> int:
        """Height as shown, pixels."""
        return self.width if self.transpose else self.height

    @property
    def mirrored(self) -> bool:
        """Whether the file asks to be shown as a mirror image."""
        return self.transpose ^ self.flip_x ^ self.flip_y

    @property
    def rotation_deg(self) -> int:
        """Clockwise rotation from the stored to the upright picture (before any mirroring)."""
        if self.transpose:
            return 270 if self.flip_y else 90
        return 180 if self.flip_y else 0

    def notes(self) -> list[Message]:
        """What is odd."""
        notes = []
        if self.mirrored:
            notes.append(message(MIRRORED))
        if self.stored_width not in (0, self.width):
            notes.append(message("note.video.oblong_pixels", width=self.width, stored=self.stored_width))
        if self.interlaced:
            notes.append(message("note.video.interlaced"))
        if self.tones is not None:
            notes.append(message(TONE_MAPPED, tones=self.tones.name))
        return notes


def first_picture_layout(path: Path, *, at_byte: int | None = None) -> PictureLayout:
    """Decode the first picture of a file for its true size, pixel shape, orientation and tones.

    Args:
        path: the video file.
        at_byte: begin at this place of the file (of joined recordings a later one), not at its start.

    Raises:
        VideoError: the file cannot be opened, or no picture in it can be decoded.
    """
    container, stream = open_container(path)
    try:
        stream.thread_type = "NONE"
        if at_byte is not None:
            container.seek(at_byte, stream=stream, unsupported_byte_offset=True)
        frame = _first_frame(path, container, stream)
        aspect = stream.sample_aspect_ratio
    except (NotImplementedError, av.error.PatchWelcomeError, av.error.DecoderNotFoundError) as error:
        raise undecodable_error(path, stream.codec_context.name) from error
    except READ_ERRORS as error:
        raise VideoError(message("error.video.first_frame_damaged", file=path.name)) from error
    finally:
        container.close()
    if frame is None:
        raise VideoError(message("error.video.no_frames", file=path.name))
    square = 1.0 if aspect is None or aspect <= 0 else float(aspect)
    transpose, flip_x, flip_y = _orientation(frame)
    width = max(1, round(frame.width * square))
    return PictureLayout(
        width=width,
        height=frame.height,
        transpose=transpose,
        flip_x=flip_x,
        flip_y=flip_y,
        stored_width=frame.width,
        interlaced=bool(frame.interlaced_frame),
        tones=Tones.of(frame),
    )


def _first_frame(path: Path, container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """The first picture that can be decoded; what comes before the first key frame cannot, and is no damage."""
    first: Packet[VideoStream] | None = None
    headless: Exception | None = None
    started = container.format.name not in STREAMS
    try:
        for packet in container.demux(stream):
            first = first or packet
            started = started or packet.is_keyframe
            try:
                for frame in packet.decode():
                    return frame
            except READ_ERRORS as error:
                if started:
                    raise
                headless = error
    except READ_ERRORS as error:
        if first is not None and is_encrypted(path, first):
            raise encrypted_error(path) from error
        raise
    if headless is not None:
        raise headless
    return None


def _orientation(frame: VideoFrame) -> tuple[bool, bool, bool]:
    """Swap, flip left-right, flip top-bottom, from the display matrix (to the nearest quarter turn)."""
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return False, False, False
    # Rows of the matrix are where the stored x and y axes point in the shown picture (y down).
    matrix = np.frombuffer(memoryview(cast(Buffer, data)), dtype=np.int32).reshape(3, 3).astype(np.float64)
    (xx, xy), (yx, yy) = matrix[0, :2], matrix[1, :2]
    if abs(xx) + abs(yy) >= abs(xy) + abs(yx):
        return False, bool(xx < 0), bool(yy < 0)
    return True, bool(yx < 0), bool(xy < 0)


class Converter:
    """Turns decoded pictures into upright arrays of one size and pixel format; one per thread and size."""

    def __init__(
        self,
        picture: PictureLayout,
        *,
        max_height: int | None = None,
        pixel_format: PixelFormat = "rgb24",
        rough: bool = False,
    ) -> None:
        """Prepare for pictures at most ``max_height`` pixels high (upright); they are never enlarged.

        ``rough`` ones are made in about 0.6 of the time, from some of the source's pixels only.
        """
        if max_height is not None and max_height < 1:
            raise ValueError(f"max_height is {max_height}, expected at least 1")
        scale = 1.0 if max_height is None else min(1.0, max_height / picture.upright_height)
        self._size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        self._picture = picture
        self._format = pixel_format
        smaller = Interpolation.FAST_BILINEAR if rough else Interpolation.AREA
        self._interpolation = smaller if scale < 1 else Interpolation.BILINEAR
        self._scaler = VideoReformatter()

    def convert(self, frame: VideoFrame) -> Rgb:
        """A fresh array u8 [H, W, 3 or 4], upright; the colour space is the one that the frame names."""
        width, height = self._size
        tones = self._picture.tones
        flat = self._scaler.reformat(
            frame,
            width,
            height,
            format=self._format if tones is None else tones.format,
            interpolation=self._interpolation,
            threads=1,
        )
        stored = flat.to_ndarray()
        if tones is None:
            return _turn(cast(Rgb, stored), self._picture)
        return _turn(
            tones.map(stored.astype(np.uint16, copy=False), alpha=self._format == "bgra"), self._picture
        )


def _turn(rgb: Rgb, picture: PictureLayout) -> Rgb:
    if picture.transpose:
        rgb = rgb.swapaxes(0, 1)
    if picture.flip_x:
        rgb = rgb[:, ::-1]
    if picture.flip_y:
        rgb = rgb[::-1]
    return np.ascontiguousarray(rgb)
