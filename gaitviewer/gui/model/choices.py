"""What a user chooses in the window goes into the settings at once."""

from __future__ import annotations

import logging
from typing import Any

from gaitviewer.errors import UserError
from gaitviewer.gui.model.state import AppState

_log = logging.getLogger(__name__)


def keep_settings(state: AppState, **values: Any) -> None:
    """Change the user's settings and write them; a refusing disk is logged, they hold in this window."""
    from gaitviewer.workflow.app import settings

    state.set_settings(settings.change(state.settings, **values))
    try:
        settings.save(state.settings)
    except UserError as error:
        _log.warning("the settings were not saved: %s", error)
