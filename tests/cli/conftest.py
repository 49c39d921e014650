"""Commands in the process of the tests."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_log_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs stay open until a process ends; these tests share one."""
    monkeypatch.setattr("gaitviewer.workflow.app.logs.start", lambda **rest: None)
