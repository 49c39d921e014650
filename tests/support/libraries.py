"""What lies in the user's library."""

from __future__ import annotations

from gaitviewer.core.document import Document
from gaitviewer.store import open_library


def stored(session_id: str) -> Document:
    """A session as it was saved."""
    with open_library() as library:
        return library.load_session(session_id)
