"""The services by themselves, without a window: each does its part with those that it is handed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from gaitviewer import paths
from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, View
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.services.jobs import JobFailure, Jobs
from gaitviewer.gui.services.library_jobs import LibraryJobs
from gaitviewer.gui.services.services import Services
from gaitviewer.messages import message
from gaitviewer.store import open_library
from gaitviewer.workflow.analysis import run as analysis_run
from tests.support.libraries import stored


@pytest.fixture
def services(qapp: Any) -> Iterator[Services]:
    jobs = Jobs()
    made = Services(AppState(), jobs)
    yield made
    jobs.shutdown()


@pytest.fixture
def new(walker_document: Document) -> Document:
    """A session of the library that was not analysed yet."""
    bare = replace(walker_document.trials[0], poses=ByView(None, None))
    document = replace(walker_document, trials=(bare,))
    with open_library() as library:
        library.save_session(document)
    return document


class Estimator:
    """Gives the walker's keypoints, the sagittal ones first; ``go_on`` lets the coronal ones come."""

    def __init__(self, walker: Document) -> None:
        self.poses = walker.trials[0].poses
        self.go_on = threading.Event()

    def __call__(self, document: Document, *, came: Any, tick: Any, **how: Any) -> Document:
        (data,) = document.trials
        first = replace(data, poses=ByView(self.poses.sagittal, None))
        came(replace(document, trials=(first,)))
        tick(0.5, message("progress.pose", video="walk-front.mp4", frames=0, total=100))
        assert self.go_on.wait(60)
        return replace(document, trials=(replace(data, poses=self.poses),))


@pytest.fixture
def estimator(walker_document: Document, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estimator]:
    made = Estimator(walker_document)
    monkeypatch.setattr(analysis_run, "estimate_poses", made)
    yield made
    made.go_on.set()


def test_an_absent_library_is_not_made_by_looking_into_it(qtbot: QtBot, services: Services) -> None:
    with qtbot.waitSignal(services.listing.listed, timeout=30_000) as told:
        services.listing.list_sessions()
    assert told.args == [()]
    assert not services.library.file.exists()


def test_a_job_on_another_library_leaves_the_users_own_alone(
    qtbot: QtBot, services: Services, tmp_path: Path
) -> None:
    other = LibraryJobs(services.jobs, tmp_path / "other.db")
    seen: list[Path] = []
    other.start("look", lambda library, tick: library.path, title="Look", done=seen.append)
    qtbot.waitUntil(lambda: bool(seen), timeout=30_000)
    assert seen == [other.file]
    assert other.file.is_file()
    assert not paths.library_file().exists()


def test_a_library_that_cannot_be_opened_fails_the_job(
    qtbot: QtBot, services: Services, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no library " * 1000)
    heard: list[JobFailure] = []
    LibraryJobs(services.jobs, broken).start(
        "look", lambda library, tick: library.list_sessions(), title="Look", failed=heard.append
    )
    qtbot.waitUntil(lambda: bool(heard), timeout=30_000)
    assert heard[0].expected
    assert heard[0].message == message("error.store.damaged", path=broken)


def open_new(qtbot: QtBot, services: Services, new: Document) -> None:
    with qtbot.waitSignal(services.sessions.opened, timeout=30_000):
        services.sessions.open(new.session.id)


def test_an_analysis_goes_on_while_its_session_is_closed_and_is_shown_when_it_is_opened_again(
    qtbot: QtBot, services: Services, new: Document, estimator: Estimator
) -> None:
    state, analysis = services.state, services.analysis
    open_new(qtbot, services, new)
    with qtbot.waitSignal(analysis.partly, timeout=30_000):
        analysis.analyse()
    assert state.is_partial
    assert analysis.to_come() == {("t1", View.CORONAL)}
    services.sessions.close()
    assert analysis.analysing
    assert analysis.to_come() == frozenset()
    open_new(qtbot, services, new)
    assert state.is_partial
    assert state.document.trials[0].poses.sagittal is not None
    services.sessions.close()
    with qtbot.waitSignal(analysis.ended, timeout=30_000):
        estimator.go_on.set()
    assert state.document is None
    assert stored(new.session.id).trials[0].poses.coronal is not None
    open_new(qtbot, services, new)
    assert not state.is_partial
    assert analysis.to_come() == analysis.not_analysed() == frozenset()


def test_a_cancelled_analysis_leaves_nothing_of_itself(
    qtbot: QtBot, services: Services, new: Document, estimator: Estimator
) -> None:
    open_new(qtbot, services, new)
    with qtbot.waitSignal(services.analysis.partly, timeout=30_000):
        services.analysis.analyse()
    services.jobs.cancel("analyse")
    with qtbot.waitSignal(services.analysis.ended, timeout=30_000):
        estimator.go_on.set()
    open_new(qtbot, services, new)
    assert not services.state.is_partial
    assert services.analysis.not_analysed() == {("t1", View.SAGITTAL), ("t1", View.CORONAL)}
    assert stored(new.session.id).trials[0].poses.sagittal is None


def test_a_second_analysis_is_refused_and_the_window_is_told(
    qtbot: QtBot, services: Services, new: Document, estimator: Estimator
) -> None:
    open_new(qtbot, services, new)
    services.analysis.analyse()
    with qtbot.waitSignal(services.told, timeout=30_000) as told:
        services.analysis.analyse()
    assert "under way" in told.args[1]
    with qtbot.waitSignal(services.analysis.ended, timeout=30_000):
        estimator.go_on.set()


def test_what_nobody_else_deals_with_is_told_once(
    qtbot: QtBot, services: Services, walker_document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gaitviewer.workflow.analysis import measures_cache

    def broken(document: Document, **how: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(measures_cache, "cached_measures", broken)
    with open_library() as library:
        library.save_session(walker_document)
    heard: list[JobFailure] = []
    services.jobs.failed.connect(heard.append)
    open_new(qtbot, services, walker_document)
    qtbot.waitUntil(lambda: bool(heard), timeout=30_000)
    qtbot.waitUntil(lambda: not services.jobs.active, timeout=30_000)
    assert [failure.kind for failure in heard] == [ZeroDivisionError]
    assert heard[0].title == "Measuring"
