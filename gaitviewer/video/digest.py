"""The identity of a file: the digest of its bytes, whatever it is called and wherever it lies."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gaitviewer.errors import VideoError

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
        reason = error.strerror or "it cannot be read"
        raise VideoError(f"{path.name} cannot be read ({reason}); check the path and try again.") from error
    return digest.hexdigest()
