"""The session library: one SQLite file; the only package that knows sqlite-utils."""

from gaitviewer.store.copies import LibraryCopy, copies_of, latest_copy, restore_copy
from gaitviewer.store.library import Library, is_read_only, open_library
from gaitviewer.store.queries import OutputRow, RecordingRow, SessionRow
from gaitviewer.store.signatures import Snapshot

__all__ = [
    "Library",
    "LibraryCopy",
    "OutputRow",
    "RecordingRow",
    "SessionRow",
    "Snapshot",
    "copies_of",
    "is_read_only",
    "latest_copy",
    "open_library",
    "restore_copy",
]
