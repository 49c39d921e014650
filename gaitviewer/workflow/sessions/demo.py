"""The demo session: the program's own walker, filmed by two virtual cameras."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gaitviewer import paths
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.core.session import Footwear, WalkingAid
from gaitviewer.messages import message
from gaitviewer.util import atomic, private
from gaitviewer.workflow.analysis.request import AnalyzeRequest, make_session

if TYPE_CHECKING:
    from gaitviewer.synthesis.demo import DemoScene, FilmedView

# Part of the folder's name: whoever changes how the walker moves or looks counts it up.
EDITION = 1
_SUBJECT = "DEMO-"
_GOP = 30


def is_demo(subject: str) -> bool:
    """Whether a subject is the program's own walker and no child."""
    return subject.startswith(_SUBJECT)


def demo_request(out: Path, *, seed: int = 1, tick: Tick = no_progress) -> AnalyzeRequest:
    """The analysis of a demo session; its videos are rendered if they are not in the cache.

    Raises:
        VideoError: the videos cannot be written.
    """
    from gaitviewer.synthesis.demo import demo_scene

    scene = demo_scene(seed)
    videos = demo_videos(scene, paths.cache_dir() / "demo" / f"{EDITION}-{seed}", tick=tick)
    session = make_session(
        f"{_SUBJECT}{seed}",
        height_m=scene.gait.height_m,
        footwear=Footwear.BAREFOOT,
        walking_aid=WalkingAid.NONE,
        note="A synthetic walker, rendered by the program.",
    )
    return AnalyzeRequest((ByView[Path | None](videos.sagittal, videos.coronal),), session, out)


def demo_videos(scene: DemoScene, folder: Path, *, tick: Tick = no_progress) -> ByView[Path]:
    """Render both views of a scene into ``folder``; videos that are there already are kept.

    Raises:
        OutputError: the folder cannot be made.
        VideoError: a video cannot be written.
    """
    from gaitviewer.video import write_video

    try:
        private.make_folder(folder)
    except OSError as error:
        raise atomic.explain(folder, error) from error
    made = []
    for number, view in enumerate(View):
        path = folder / f"{view.value}.mp4"
        filmed = scene.views[view]
        if not path.exists():
            inner = subprogress(tick, number / 2, (number + 1) / 2)
            write_video(path, _pictures(filmed, inner), times=filmed.times, gop=_GOP)
        made.append(path)
    return ByView(made[0], made[1])


def _pictures(filmed: FilmedView, tick: Tick) -> Iterator[NDArray[np.uint8]]:
    total = len(filmed.times)
    for number, frame in enumerate(filmed.frames()):
        tick(
            number / total, message("progress.filming_demo", view=filmed.view.value, frames=number, total=total)
        )
        yield frame.rgb
