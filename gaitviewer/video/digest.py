"""The identity of a file: the digest of its bytes, whatever it is called and wherever it lies."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gaitviewer.errors import VideoError
from gaitviewer.messages import message

_CHUNK_BYTES = 1 << 20


def digest_file(path: Path | str) -> str:
    """SHA-256 of a file's bytes as 64 hexadecimal digits, read in pieces of one megabyte.

    Raises:
        VideoError: the file is missing or cannot be read.
    """
    path = Path(path)
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        reason = error.strerror or message("error.video.no_reason")
        raise VideoError(message("error.video.not_read", file=path.name, reason=reason)) from error
    return digest.hexdigest()
