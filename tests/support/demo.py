"""The demo session as files: rendered, analysed, and cut to other recordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import ByView, View
from gaitviewer.synthesis.demo import DemoScene
from gaitviewer.workflow.analysis.run import AnalyzeResult


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
