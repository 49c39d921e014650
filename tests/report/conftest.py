"""The made-up session, and what a report needs beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaitviewer.core.measures as cm
from gaitviewer.core.gait import View
from gaitviewer.core.output import Provenance
from tests.support import made_up_session


@pytest.fixture(scope="session")
def build_measures() -> Callable[..., cm.Measures]:
    return made_up_session.build


@pytest.fixture(scope="session")
def room() -> Callable[[str, View, int], NDArray[np.uint8]]:
    return made_up_session.frame_of


@pytest.fixture(scope="session")
def origin() -> tuple[tuple[str, Provenance], ...]:
    made = Provenance(
        "mediapipe 0.10.21 heavy", "ab" * 32, "cd" * 32, "0.1.0", "cpu", "2026-11-20T10:00:00Z", 41.2
    )
    return (("recording 1, side view", made), ("recording 1, front or back view", made))


@pytest.fixture(scope="session")
def settings(room: Any, origin: Any) -> dict[str, Any]:
    return {"pictures": room, "provenance": origin, "created": "2026-11-20T10:05:00Z"}
