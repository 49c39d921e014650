"""The session library: one SQLite file; the only package that knows sqlite-utils."""

from gaitviewer.store.entries import OutputRow, RecordingRow, SessionRow, Snapshot
from gaitviewer.store.library import Library, open_library

__all__ = ["Library", "OutputRow", "RecordingRow", "SessionRow", "Snapshot", "open_library"]
