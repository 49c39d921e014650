"""Opening a video file, and turning FFmpeg's errors into sentences."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from gaitviewer.errors import VideoError

# Only real video containers: FFmpeg would otherwise read a text file as terminal art, and follow the
# addresses inside a play list.
_FORMATS = "mov,matroska,avi,mpegts,mpeg,asf,flv,ogg,mxf,dv,nut"
_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}

READ_ERRORS = (av.error.FFmpegError, OSError)
# Exit code of the probing child when it printed a sentence on why it refuses the file.
REFUSED = 2
_AGAIN = "copy the file again from the camera"


def open_container(path: Path) -> tuple[InputContainer, VideoStream]:
    """Open a file and pick its first video stream (cover pictures of sound files do not count).

    Raises:
        VideoError: no such file, a folder, empty, not a video, cut off, without pictures, in a coding that
            cannot be decoded here, or memory ran out.
    """
    _check_file(path)
    try:
        container = av.open(f"file:{path}", options=_OPTIONS, metadata_errors="ignore")
    except MemoryError as error:
        raise VideoError(
            f"{path.name} needs more memory than there is; close other programs, or {_AGAIN}."
        ) from error
    except READ_ERRORS as error:
        raise VideoError(_why_unreadable(path)) from error
    try:
        return container, _video_stream(path, container)
    except BaseException:
        container.close()
        raise


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise VideoError(f"{path.name or path} is a folder; give the video file itself.")
    try:
        size = path.stat().st_size
    except OSError as error:
        raise VideoError(f"There is no file {path}; check the path.") from error
    if size == 0:
        raise VideoError(f"{path.name} is empty (0 bytes); {_AGAIN}.")


def _why_unreadable(path: Path) -> str:
    """Tell a video that was cut off from something that never was a video, by its first bytes."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        return f"{path.name} cannot be read ({error.strerror}); check that you may open it."
    if head[4:8] in (b"ftyp", b"mdat", b"moov", b"wide", b"free", b"skip") and head[8:12] != b"M4A ":
        return f"{path.name} is incomplete: the index at its end is missing or damaged; {_AGAIN}."
    return f"{path.name} is not a video that can be read; give an MP4, MOV, MKV, WebM or AVI file."


def _video_stream(path: Path, container: InputContainer) -> VideoStream:
    pictures = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not pictures:
        what = "only sound" if container.streams.audio else "no pictures"
        raise VideoError(f"{path.name} holds {what}; give the video recording.")
    stream = pictures[0]
    if stream.codec_context is None:
        raise VideoError(f"{path.name} is coded in a way that cannot be decoded here; convert it to H.264.")
    return stream
