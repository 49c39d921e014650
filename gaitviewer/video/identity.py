"""Whether a file is still the one that a session was made from: before a picture of it is shown or used.

A file of the same name and length may be another child's video. What counts is the digest of its bytes; it is
taken once and remembered with size, times and inode of the file, so that only a file that was touched is read
again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path

from gaitviewer import paths
from gaitviewer.core.session import VideoStream
from gaitviewer.errors import VideoError
from gaitviewer.messages import message
from gaitviewer.util import atomic
from gaitviewer.util.file_stamp import FileStamp, stamp_of
from gaitviewer.video.digest import digest_file
from gaitviewer.video.reader import VideoReader, open_video

_MOST_FILES = 2000
_lock = threading.Lock()
_known: dict[str, tuple[list[int], str]] | None = None


def open_recorded(stream: VideoStream, *, cache_bytes: int | None = None) -> VideoReader:
    """Open the very video that a stream was made from.

    Raises:
        VideoError: the file is missing, is another one, or cannot be read.
    """
    stamp = stamp_of(stream.path)
    check_identity(stream)
    more = {} if cache_bytes is None else {"cache_bytes": cache_bytes}
    reader = open_video(stream.path, recorded_at_hz=stream.recorded_at_hz, **more)
    if reader.stamp != stamp:  # between the two looks at it
        reader.close()
        raise VideoError(message("error.video.changed_while_opened", file=stream.path.name))
    return reader


def check_identity(stream: VideoStream) -> None:
    """Refuse a file whose bytes are not those that the stream was made from.

    Raises:
        VideoError: the file is missing, cannot be read, or is another one.
    """
    if stream.sha256 and identity_of(stream.path) != stream.sha256:
        raise VideoError(message("error.video.other_file", file=stream.path.name))


def identity_of(path: Path) -> str:
    """SHA-256 of a file's bytes, taken anew only if the file was touched since it was taken last.

    Raises:
        VideoError: the file is missing or cannot be read.
    """
    stamp = stamp_of(path)
    key = str(path.absolute())
    with _lock:
        known = _remembered().get(key)
    if known is not None and stamp is not None and known[0] == _facts(stamp):
        return known[1]
    digest = digest_file(path)
    if stamp is not None and stamp_of(path) == stamp:  # else it was written while it was read
        with _lock:
            _remembered()[key] = (_facts(stamp), digest)
            _write()
    return digest


def _facts(stamp: FileStamp) -> list[int]:
    """A stamp as it stands in the note of files."""
    return [stamp.size, stamp.written_ns, stamp.changed_ns, stamp.inode]


def _file() -> Path:
    return paths.cache_dir() / "video-digests.json"


def _remembered() -> dict[str, tuple[list[int], str]]:
    """What is known of files, read once; a damaged note is none."""
    global _known
    if _known is None:
        _known = {}
        try:
            told = json.loads(_file().read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            told = {}
        if isinstance(told, Mapping):
            for key, value in told.items():
                if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str):
                    _known[key] = (value[0], value[1])
    return _known


def _write() -> None:
    """Keep the latest; a cache that cannot be written is left out."""
    known = _remembered()
    while len(known) > _MOST_FILES:
        del known[next(iter(known))]
    try:
        atomic.write_bytes(_file(), json.dumps(known).encode(), durable=False)
    except OSError:
        return


def forget_identities() -> None:
    """Let go of what was read from the note of files: the program's home is another one."""
    global _known
    with _lock:
        _known = None
