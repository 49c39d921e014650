"""``gaitviewer validate --render``: motion capture filmed as a clothed body, measured from the pixels.

The walker's figure is put on the markers and filmed by the same two virtual cameras that see the markers
otherwise; the two videos go the way of any recording: video, pose estimator, measuring core.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.core.session import GIVEN, Session, Sync, Trial, VideoStream
from gaitviewer.messages import message
from gaitviewer.research.validation.body import DrawnBody
from gaitviewer.research.validation.projection import RATE_HZ, ValidationOptions, place_cameras, resample
from gaitviewer.synthesis.body.figure import Look
from gaitviewer.synthesis.filming.cameras import Camera
from gaitviewer.synthesis.filming.pixels import render_pose
from gaitviewer.synthesis.filming.room import Room, paint
from gaitviewer.util.temporary import TemporaryFolder
from gaitviewer.workflow.analysis.measure import measure_document
from gaitviewer.workflow.analysis.run import estimate_poses

_FILMING = 0.4  # of the time
_ROOM = Room(x=(-9.0, 11.0), y=(-3.2, 6.5), lane_y=(-0.7, 0.7))


def measure_pixels(
    drawn: DrawnBody, options: ValidationOptions, session: Session, *, tick: Tick = no_progress
) -> Measures:
    """What the whole program says about a walk on motion capture that two virtual cameras film.

    Args:
        drawn: the body.
        options: of the cameras.
        session: facts of the child.
        tick: progress.

    Raises:
        AnalysisError: no gait can be measured.
        PoseError: nobody is found in the videos.
        VideoError: a video cannot be written.
    """
    with TemporaryFolder() as folder:
        videos = film_body(drawn, options, folder, tick=subprogress(tick, 0.0, _FILMING))
        trial = _trial(drawn.body.name, videos)
        document = Document(session, (TrialData(trial, ByView(None, None)),))
        document = estimate_poses(
            document,
            use_cache=False,
            pose_model=options.pose_model,
            tick=subprogress(tick, _FILMING, 0.97),
        )
        return measure_document(document, tick=subprogress(tick, 0.97, 1.0))


def film_body(
    drawn: DrawnBody, options: ValidationOptions, folder: Path, *, tick: Tick = no_progress
) -> ByView[Path]:
    """Both videos of the walk in ``folder``; frame 0 is the first sample of the motion capture.

    Raises:
        VideoError: a video cannot be written.
    """
    from gaitviewer.video import write_video

    times, points = resample(drawn.body, options.rate_hz or RATE_HZ)
    cameras = place_cameras(drawn.body, options)
    paths = []
    for number, view in enumerate(View):
        camera = _even(cameras[view])
        path = folder / f"{view.value}.mp4"
        pictures = _pictures(drawn, camera, points, subprogress(tick, number / 2, (number + 1) / 2))
        write_video(path, pictures, times=times, gop=30)
        paths.append(path)
    return ByView(paths[0], paths[1])


def _even(camera: Camera) -> Camera:
    """Videos have even sizes."""
    return replace(camera, width=camera.width // 2 * 2, height=camera.height // 2 * 2)


def _pictures(
    drawn: DrawnBody, camera: Camera, points: NDArray[np.float64], tick: Tick
) -> Iterator[NDArray[np.uint8]]:
    backdrop = paint(_ROOM, camera)
    look = Look()
    for number, moment in enumerate(points):
        tick(
            number / len(points),
            message("progress.filming", name=drawn.body.name, frames=number, total=len(points)),
        )
        if np.isfinite(moment).all():
            yield render_pose(moment, camera, backdrop=backdrop, gait=drawn.gait, look=look).rgb
        else:
            yield backdrop.rgb


def _trial(name: str, videos: ByView[Path]) -> Trial:
    from gaitviewer.video import digest_file, index_video

    def stream(view: View) -> VideoStream:
        path = videos[view]
        return VideoStream(view, path, digest_file(path), index_video(path))

    sync = Sync(0.0, 0.001, GIVEN, message("note.sync.same_start"))
    return Trial(name, ByView(stream(View.SAGITTAL), stream(View.CORONAL)), sync)
