"""A made-up, complete session (the one that the report's tests print) open in the window's state."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import Measures
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.playback.player import Player
from gaitviewer.workflow.app.settings import Settings


def _load_session() -> Any:
    """The report's made-up session: one for the whole project."""
    path = Path(__file__).parents[2] / "report" / "conftest.py"
    spec = importlib.util.spec_from_file_location("made_up_session", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_SESSION = _load_session()


class Pictures:
    """A video that is only its times."""

    def __init__(self, times: NDArray[np.float64]) -> None:
        self.times = times

    def ready(self, index: int) -> bool:
        return True

    def want(self, index: int) -> None:
        pass

    def play(self, index: int, loop: tuple[int, int] | None, *, late: bool = False) -> None:
        pass


@dataclass
class Desk:
    """An open session without its window."""

    state: AppState
    player: Player
    measures: Measures


@pytest.fixture(scope="session")
def measures() -> Measures:
    made: Measures = _SESSION.build()
    return made


@pytest.fixture(scope="session")
def document(measures: Measures) -> Document:
    trials = tuple(
        TrialData(m.trial, ByView(*(v.raw if (v := m.views[view]) else None for view in View)))
        for m in measures.motions
    )
    return Document(measures.session, trials)


@pytest.fixture
def open_desk(qapp: Any, measures: Measures, document: Document) -> Callable[..., Desk]:
    """``open_desk(**settings)``: the session with a player at 0 s and an offset of 1.2 s."""

    def make(*, measured: bool = True, **settings: Any) -> Desk:
        state, player = AppState(Settings(rater="AB", **settings)), Player()
        state.open_session(document, measures if measured else None)
        videos = measures.motions[0].trial.videos
        sources = ByView(*(Pictures(v.info.times) if (v := videos[view]) else None for view in View))
        player.open(sources, offset_s=1.2)
        player.go_to(0.0)
        return Desk(state, player, measures)

    return make


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()
