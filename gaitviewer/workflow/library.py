"""What the command line and the window ask of the library."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def session_rows(path: Path | None) -> list[dict[str, Any]]:
    """One row of plain values for each session, the latest visit first.

    Raises:
        StoreError: the library cannot be read.
    """
    from gaitviewer.store import open_library

    with open_library(path) as library:
        return [
            {
                "subject": row.subject,
                "date": row.when.isoformat() if row.when else "",
                "session": row.id,
                "recordings": row.trials,
                "saved": row.saved_utc,
                "files": row.outputs,
                "signed": f"{row.signed_by}, {row.signed_utc}" if row.signed_by else "",
            }
            for row in library.list_sessions()
        ]
