"""Whether results of an earlier run still stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gaitviewer import paths
from gaitviewer.core.document import Document, Texts
from gaitviewer.core.gait import ByView
from gaitviewer.core.report_options import ReportOptions
from gaitviewer.store import open_library
from gaitviewer.workflow.analysis.request import AnalyzeRequest, make_session
from gaitviewer.workflow.analysis.results_cache import find_cached_results, remember


@pytest.fixture
def request_made(tmp_path: Path) -> AnalyzeRequest:
    video = tmp_path / "side.mp4"
    video.write_bytes(b"a video")
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.pdf").write_bytes(b"a report")
    pair = ByView[Path | None](video, None)
    made = AnalyzeRequest((pair,), make_session("P1"), out, keep=False)
    remember(made, "s1", [out / "report.pdf"], ["what it said"])
    return made


def test_unchanged_results_stand(request_made: AnalyzeRequest) -> None:
    found = find_cached_results(request_made)
    assert found is not None
    assert found.summary == ("what it said",)
    assert found.files == ((request_made.out / "report.pdf").resolve(),)


def _touch_report(request: AnalyzeRequest) -> AnalyzeRequest:
    (request.out / "report.pdf").write_bytes(b"another report")
    return request


def _lose_report(request: AnalyzeRequest) -> AnalyzeRequest:
    (request.out / "report.pdf").unlink()
    return request


def _change_video(request: AnalyzeRequest) -> AnalyzeRequest:
    path = request.recordings[0].sagittal
    assert path is not None
    path.write_bytes(b"another video")
    return request


def _lose_video(request: AnalyzeRequest) -> AnalyzeRequest:
    path = request.recordings[0].sagittal
    assert path is not None
    path.unlink()
    return request


def _damage_note(request: AnalyzeRequest) -> AnalyzeRequest:
    for note in (paths.cache_dir() / "results").iterdir():
        note.write_text("{broken")
    return request


CHANGES: list[Callable[[AnalyzeRequest], AnalyzeRequest]] = [
    _touch_report,
    _lose_report,
    _change_video,
    _lose_video,
    _damage_note,
    lambda request: replace(request, report=ReportOptions("Letter")),
    lambda request: replace(request, report=ReportOptions(anonymous=True)),
    lambda request: replace(request, report=ReportOptions(sections=frozenset({"scores"}))),
    lambda request: replace(request, offset_s=0.5),
    lambda request: replace(request, session=make_session("P1", height_m=1.3)),
    lambda request: replace(request, use_cache=False),
]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_has_changed_is_done_again(
    change: Callable[[AnalyzeRequest], AnalyzeRequest], request_made: AnalyzeRequest
) -> None:
    assert find_cached_results(change(request_made)) is None


def test_a_session_that_a_person_worked_on_is_done_again(request_made: AnalyzeRequest, tmp_path: Path) -> None:
    kept = replace(request_made, keep=True, library=tmp_path / "library.db")
    document = Document(replace(kept.session, id="s1"), ())
    with open_library(kept.library) as library:
        library.save_session(document)
    remember(kept, "s1", [kept.out / "report.pdf"], [])
    assert find_cached_results(kept) is not None
    with open_library(kept.library) as library:
        library.connection.execute("UPDATE sessions SET saved_utc = '2020-01-01T00:00:00+00:00'")
        library.connection.commit()
    remember(kept, "s1", [kept.out / "report.pdf"], [])
    with open_library(kept.library) as library:
        library.save_session(replace(document, texts=Texts(findings="walks well")))
    assert find_cached_results(kept) is None
