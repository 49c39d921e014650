"""``gaitviewer validate --render``: motion capture filmed as a clothed body, measured from the pixels.

The walker's figure is put on the markers and filmed by the same two virtual cameras that see the markers
otherwise; the two videos go the way of any recording: video, pose estimator, measuring core.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitviewer import paths
from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.core.serialise import canonical_digest
from gaitviewer.core.session import GIVEN, Session, Sync, Trial, VideoStream
from gaitviewer.messages import message
from gaitviewer.research.spoiling import Spoiling
from gaitviewer.research.validation.body import DrawnBody
from gaitviewer.research.validation.projection import place_cameras, resample
from gaitviewer.research.validation.scenes import Scene
from gaitviewer.synthesis.filming.cameras import Camera
from gaitviewer.synthesis.filming.pixels import render_pose
from gaitviewer.synthesis.filming.room import paint
from gaitviewer.util import private
from gaitviewer.util.temporary import TemporaryFolder
from gaitviewer.workflow.analysis.leg_refiners import describe_leg_refiner
from gaitviewer.workflow.analysis.measure import measure_document
from gaitviewer.workflow.analysis.run import estimate_poses

_FILMING = 0.4  # of the time


def measure_pixels(
    drawn: DrawnBody, scene: Scene, session: Session, *, tick: Tick = no_progress
) -> tuple[Measures, str]:
    """What the whole program says about a walk on motion capture that two virtual cameras film.

    Films are kept in the cache by all that they are drawn from, keypoints by the content of the films.

    Args:
        drawn: the walk.
        scene: who is drawn on it, and how it is filmed.
        session: facts of the child.
        tick: progress.

    Returns:
        The measures, and what put the legs right ("" for nothing).

    Raises:
        AnalysisError: no gait can be measured.
        PoseError: nobody is found in the videos.
        VideoError: a video cannot be written.
    """
    with TemporaryFolder() as temporary:
        folder = temporary
        if scene.options.use_cache:
            folder = paths.cache_dir() / "films" / _digest(drawn, scene)
            private.make_folder(folder)
        videos = film_body(drawn, scene, folder, tick=subprogress(tick, 0.0, _FILMING))
        trial = _trial(drawn.body.name, videos)
        document = Document(session, (TrialData(trial, ByView(None, None)),))
        document = estimate_poses(
            document,
            use_cache=scene.options.use_cache,
            pose_model=scene.options.pose_model,
            tick=subprogress(tick, _FILMING, 0.97),
        )
        measures = measure_document(document, tick=subprogress(tick, 0.97, 1.0))
        return measures, describe_leg_refiner(document.trials[0].provenance.sagittal)


def film_body(drawn: DrawnBody, scene: Scene, folder: Path, *, tick: Tick = no_progress) -> ByView[Path]:
    """Both videos of the walk in ``folder``; frame 0 is the first sample of the motion capture.

    The same walk and scene give the very same files; one that is there already is left.

    Raises:
        VideoError: a video cannot be written.
    """
    from gaitviewer.video import write_video

    times, points = resample(drawn.body, scene.options.rate_hz)
    cameras = place_cameras(drawn.body, scene.options)
    films = []
    for number, view in enumerate(View):
        path = folder / f"{view.value}.mp4"
        films.append(path)
        if path.exists():  # whole, or it would not have its name
            continue
        inner = subprogress(tick, number / 2, (number + 1) / 2)
        pictures = _pictures(drawn, scene, _even(cameras[view]), points, inner)
        if scene.spoiling is not None:
            pictures = _spoiled(pictures, scene.spoiling, np.random.default_rng([*scene.chance, number]))
        write_video(path, pictures, times=times, gop=30)
    return ByView(films[0], films[1])


def _digest(drawn: DrawnBody, scene: Scene) -> str:
    """Of all that the pictures are made from, the code that draws them included."""
    body, gait, options = drawn.body, drawn.gait, scene.options
    cameras = place_cameras(body, options)
    walk = (body.points, body.times, gait.height_m, gait.proportions, options.rate_hz)
    return canonical_digest(
        (_drawing_code(), *walk, *cameras, scene.look, scene.room, scene.spoiling, scene.chance)
    )


@cache
def _drawing_code() -> str:
    """SHA-256 of the modules that make the pictures."""
    package = Path(__file__).resolve().parents[2]
    modules = [Path(__file__), package / "research" / "spoiling.py", package / "video" / "writer.py"]
    total = hashlib.sha256()
    for path in (*modules, *sorted((package / "synthesis").rglob("*.py"))):
        total.update(path.read_bytes())
    return total.hexdigest()


def _even(camera: Camera) -> Camera:
    """Videos have even sizes."""
    return replace(camera, width=camera.width // 2 * 2, height=camera.height // 2 * 2)


def _pictures(
    drawn: DrawnBody, scene: Scene, camera: Camera, points: NDArray[np.float64], tick: Tick
) -> Iterator[NDArray[np.uint8]]:
    backdrop = paint(scene.room, camera)
    for number, moment in enumerate(points):
        tick(
            number / len(points),
            message("progress.filming", name=drawn.body.name, frames=number, total=len(points)),
        )
        if np.isfinite(moment).all():
            yield render_pose(moment, camera, backdrop=backdrop, gait=drawn.gait, look=scene.look).rgb
        else:
            yield backdrop.rgb


def _spoiled(
    pictures: Iterator[NDArray[np.uint8]], spoiling: Spoiling, random: np.random.Generator
) -> Iterator[NDArray[np.uint8]]:
    for picture in pictures:
        yield spoiling.apply(picture, random)


def _trial(name: str, videos: ByView[Path]) -> Trial:
    from gaitviewer.video import digest_file, index_video

    def stream(view: View) -> VideoStream:
        path = videos[view]
        return VideoStream(view, path, digest_file(path), index_video(path))

    sync = Sync(0.0, 0.001, GIVEN, message("note.sync.same_start"))
    return Trial(name, ByView(stream(View.SAGITTAL), stream(View.CORONAL)), sync)
