"""The demo session, rendered and analysed once for all end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gaitviewer.core.gait import ByView, View
from gaitviewer.synthesis.demo import DemoScene, demo_scene
from gaitviewer.workflow.analysis.request import AnalyzeRequest, make_session
from gaitviewer.workflow.analysis.run import AnalyzeResult, analyze
from gaitviewer.workflow.sessions.demo import demo_videos


@dataclass(frozen=True)
class Demo:
    """The walker's videos with their truth."""

    scene: DemoScene
    videos: ByView[Path]


@dataclass(frozen=True)
class Analysed:
    """The demo session after `analyze`, with the home in which its poses are cached."""

    demo: Demo
    result: AnalyzeResult
    out: Path
    home: Path


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


@dataclass(frozen=True)
class Cutter:
    """Makes other recordings out of the demo's frames."""

    demo: Demo
    folder: Path

    def frames(self, view: View, start: int = 0, stop: int | None = None) -> Iterator[NDArray[np.uint8]]:
        from gaitviewer.video import open_video

        with open_video(self.demo.videos[view]) as reader:
            for _, rgb in reader.frames(start, stop):
                yield rgb

    def write(self, name: str, frames: Iterable[NDArray[np.uint8]], **options: object) -> Path:
        from gaitviewer.video import write_video

        path = self.folder / name
        write_video(path, frames, **options)  # type: ignore[arg-type]
        return path


@pytest.fixture
def cutter(demo: Demo, tmp_path: Path) -> Cutter:
    folder = tmp_path / "videos"
    folder.mkdir()
    return Cutter(demo, folder)
