"""Whether a file was touched: what the system knows of it, without reading it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What changes when a file is written, replaced or renamed.

    Attributes:
        size: bytes.   inode: its number.
        written_ns, changed_ns: times of its content and of its entry, nanoseconds.
    """

    size: int
    written_ns: int
    changed_ns: int
    inode: int


def stamp_of(path: Path) -> FileStamp | None:
    """The stamp of the file at a path; None where there is none that can be looked at."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return FileStamp(facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)
