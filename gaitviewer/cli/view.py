"""``gaitviewer`` and ``gaitviewer view``: the window."""

from __future__ import annotations

import argparse

from gaitviewer.errors import SettingsError
from gaitviewer.messages import message


def run_view(options: argparse.Namespace) -> int:
    """Open the window.

    Raises:
        SettingsError: there is no display.
        StoreError: the session that was asked for is not there.
    """
    from gaitviewer.gui.shell.app import display_there, run

    if not display_there():
        raise SettingsError(message("error.cli.no_display"))
    session = options.session
    if session:
        from gaitviewer.workflow.sessions.queries import find_in

        session = find_in(options.library, session)
    return run(session_id=session, library=options.library, demo=options.demo)
