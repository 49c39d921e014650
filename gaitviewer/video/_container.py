"""Opening a video file, and turning FFmpeg's errors into sentences."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from gaitviewer.errors import VideoError, reason_of
from gaitviewer.messages import Message, message

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
        raise VideoError(message("error.video.memory", file=path.name)) from error
    except READ_ERRORS as error:
        raise VideoError(_why_unreadable(path)) from error
    try:
        return container, _video_stream(path, container)
    except BaseException:
        container.close()
        raise


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise VideoError(message("error.video.is_folder", file=path.name or path))
    try:
        size = path.stat().st_size
    except OSError as error:
        raise VideoError(message("error.video.missing", path=path)) from error
    if size == 0:
        raise VideoError(message("error.video.empty", file=path.name))


def _why_unreadable(path: Path) -> Message:
    """Tell a video that was cut off from something that never was a video, by its first bytes."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        return message("error.video.not_permitted", file=path.name, reason=reason_of(error))
    kind = next((name for mark, place, name in _OTHER_FILES if head[place:].startswith(mark)), "")
    if kind:
        return message("error.video.other_kind", file=path.name, what=message(f"error.video.kind.{kind}"))
    if not head.strip(b"\0"):
        return message("error.video.zeros", file=path.name)
    if head[4:8] in (b"ftyp", b"mdat", b"moov", b"wide", b"free", b"skip") and head[8:12] != b"M4A ":
        return message("error.video.no_index", file=path.name)
    return message("error.video.no_video", file=path.name)


# What people give instead of a video: first bytes, where they stand, what it is (error.video.kind).
_OTHER_FILES = (
    (b"\x89PNG", 0, "png"),
    (b"\xff\xd8\xff", 0, "jpeg"),
    (b"GIF8", 0, "gif"),
    (b"WEBP", 8, "webp"),
    (b"II*\0", 0, "tiff"),
    (b"MM\0*", 0, "tiff"),
    (b"BM", 0, "bmp"),
    (b"ftyphei", 4, "heic"),
    (b"ftypmif1", 4, "heic"),
    (b"ftypavif", 4, "avif"),
    (b"%PDF", 0, "pdf"),
    (b"PK\x03\x04", 0, "zip"),
    (b"Rar!", 0, "rar"),
    (b"7z\xbc\xaf", 0, "sevenzip"),
    (b"DICM", 128, "dicom"),
    (b"ID3", 0, "sound"),
    (b"OggS", 0, "ogg"),
)


def video_tracks(container: InputContainer) -> list[VideoStream]:
    """The tracks that hold a recording: no cover picture, no strip of thumbnails; as they stand in the file."""
    aside = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    return [stream for stream in container.streams.video if not stream.disposition & aside]


def _video_stream(path: Path, container: InputContainer) -> VideoStream:
    """The track marked as the usual one; of several, or of none, the one with the largest pictures."""
    tracks = video_tracks(container)
    if not tracks:
        if container.streams.video:
            raise VideoError(message("error.video.only_still", file=path.name))
        if container.streams.audio:
            raise VideoError(message("error.video.only_sound", file=path.name))
        raise VideoError(message("error.video.no_pictures", file=path.name))
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
    return VideoError(message("error.video.encrypted", file=path.name))


def undecodable_error(path: Path, coding: str) -> VideoError:
    """What is said of a coding that is known and has no decoder here, or uses what that does not know."""
    if coding:
        return VideoError(message("error.video.undecodable_coding", file=path.name, coding=coding))
    return VideoError(message("error.video.undecodable", file=path.name))
