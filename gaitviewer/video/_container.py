"""Opening a video file, and turning FFmpeg's errors into sentences."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from gaitviewer.errors import VideoError

# Only real video containers: FFmpeg would otherwise read a text file as terminal art, and follow the
# addresses inside a play list.
_FORMATS = "mov,matroska,avi,mpegts,mpeg,asf,flv,ogg,mxf,dv,nut"
_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}

# Streams without an index: they may begin anywhere, also before the first picture that can be decoded, and stay
# whole where one is copied behind another.
STREAMS = frozenset(("mpegts", "mpeg"))

READ_ERRORS = (av.error.FFmpegError, OSError)
# Exit code of the probing child when it printed a sentence on why it refuses the file.
REFUSED = 2
_AGAIN = "copy the file again from the camera"


def open_container(path: Path) -> tuple[InputContainer, VideoStream]:
    """Open a file and pick the video track that is meant to be shown.

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
            head = file.read(4096)
    except OSError as error:
        return f"{path.name} cannot be read ({error.strerror}); check that you may open it."
    what = next((words for mark, place, words in _OTHER_FILES if head[place:].startswith(mark)), "")
    if what:
        return f"{path.name} is {what}; give the video recording itself."
    if not head.strip(b"\0"):
        return f"{path.name} begins with nothing but zeros, as after a copy that failed; {_AGAIN}."
    if head[4:8] in (b"ftyp", b"mdat", b"moov", b"wide", b"free", b"skip") and head[8:12] != b"M4A ":
        return f"{path.name} is incomplete: the index at its end is missing or damaged; {_AGAIN}."
    return f"{path.name} is not a video that can be read; give an MP4, MOV, MKV, WebM or AVI file."


# What people give instead of a video: first bytes, where they stand, what it is.
_OTHER_FILES = (
    (b"\x89PNG", 0, "a picture (PNG)"),
    (b"\xff\xd8\xff", 0, "a picture (JPEG)"),
    (b"GIF8", 0, "a picture (GIF)"),
    (b"WEBP", 8, "a picture (WebP)"),
    (b"II*\0", 0, "a picture (TIFF)"),
    (b"MM\0*", 0, "a picture (TIFF)"),
    (b"BM", 0, "a picture (BMP)"),
    (b"ftyphei", 4, "a picture (HEIC)"),
    (b"ftypmif1", 4, "a picture (HEIC)"),
    (b"ftypavif", 4, "a picture (AVIF)"),
    (b"%PDF", 0, "a PDF document"),
    (b"PK\x03\x04", 0, "a packed folder (ZIP) that must be unpacked first"),
    (b"Rar!", 0, "a packed folder (RAR) that must be unpacked first"),
    (b"7z\xbc\xaf", 0, "a packed folder (7z) that must be unpacked first"),
    (b"DICM", 128, "a DICOM file, from which the video must be exported first"),
    (b"ID3", 0, "only sound"),
    (b"OggS", 0, "only sound, or damaged at its beginning"),
)


def video_tracks(container: InputContainer) -> list[VideoStream]:
    """The tracks that hold a recording: no cover picture, no strip of thumbnails; as they stand in the file."""
    aside = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    return [stream for stream in container.streams.video if not stream.disposition & aside]


def _video_stream(path: Path, container: InputContainer) -> VideoStream:
    """The track marked as the usual one; of several, or of none, the one with the largest pictures."""
    tracks = video_tracks(container)
    if not tracks:
        what = "only sound" if container.streams.audio else "no pictures"
        if container.streams.video:
            what = "only a still picture"
        raise VideoError(f"{path.name} holds {what}; give the video recording.")
    usual = [stream for stream in tracks if stream.disposition & Disposition.default] or tracks
    stream = max(usual, key=_pixels)  # of alike ones the first
    if stream.codec_context is None:
        raise undecodable_error(path, "")
    return stream


def _pixels(stream: VideoStream) -> int:
    return 0 if stream.codec_context is None else stream.codec_context.width * stream.codec_context.height


def is_encrypted(path: Path, packet: Packet[VideoStream]) -> bool:
    """Whether a packet can only be decoded with a key: as its container says, or the packets of a stream do."""
    if packet.has_sidedata("encryption_info") or packet.has_sidedata("encryption_init_info"):
        return True
    with path.open("rb") as file:
        head = file.read(_TS_PACKET * 200)
    packets = [head[place : place + 4] for place in range(0, len(head), _TS_PACKET)]
    scrambled = sum(len(one) == 4 and one[0] == _TS_MARK and one[3] >> 6 > 1 for one in packets)
    return scrambled > len(packets) // 2 and all(one[:1] == bytes([_TS_MARK]) for one in packets)


# Packets of a transport stream (ISO/IEC 13818-1, 2.4.3.2): their size, and the byte that each begins with.
_TS_PACKET = 188
_TS_MARK = 0x47


def encrypted_error(path: Path) -> VideoError:
    """What is said of a file that only its key opens."""
    return VideoError(f"{path.name} is encrypted or copy-protected; give a copy without protection.")


def undecodable_error(path: Path, coding: str) -> VideoError:
    """What is said of a coding that is known and has no decoder here, or uses what that does not know."""
    named = f" ({coding})" if coding else ""
    return VideoError(f"{path.name} is coded in a way that cannot be decoded here{named}; convert it to H.264.")
