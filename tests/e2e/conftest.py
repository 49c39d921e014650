"""The demo session, rendered and analysed once for all end-to-end tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaitviewer.core.gait import ByView
from gaitviewer.synthesis.demo import demo_scene
from gaitviewer.workflow.analysis.request import AnalyzeRequest, make_session
from gaitviewer.workflow.analysis.run import analyze
from gaitviewer.workflow.sessions.demo import demo_videos
from tests.support.demo import Analysed, Cutter, Demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    scene = demo_scene(1)
    return Demo(scene, demo_videos(scene, tmp_path_factory.mktemp("demo")))


@pytest.fixture(scope="session")
def analysed(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Analysed:
    home = tmp_path_factory.mktemp("analysed-home")
    out = tmp_path_factory.mktemp("analysed") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAITVIEWER_HOME", str(home))
        session = make_session("DEMO", height_m=demo.scene.gait.height_m)
        recordings = (ByView[Path | None](demo.videos.sagittal, demo.videos.coronal),)
        result = analyze(AnalyzeRequest(recordings, session, out))
    return Analysed(demo, result, out, home)


@pytest.fixture
def cutter(demo: Demo, tmp_path: Path) -> Cutter:
    folder = tmp_path / "videos"
    folder.mkdir()
    return Cutter(demo, folder)
