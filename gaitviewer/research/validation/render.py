"""``gaitviewer validate --render``: motion capture filmed as a clothed body, measured from the pixels.

The walker's figure is put on the markers and filmed by the same two virtual cameras that see the markers
otherwise; the two videos go the way of any recording: video, pose estimator, measuring core.
"""

from __future__ import annotations

from pathlib import Path

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.core.session import GIVEN, Session, Sync, Trial, VideoStream
from gaitviewer.messages import message
from gaitviewer.research.validation.body import DrawnBody
from gaitviewer.research.validation.films import film_body, film_folder
from gaitviewer.research.validation.scenes import Scene
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
            folder = film_folder(drawn, scene)
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


def _trial(name: str, videos: ByView[Path]) -> Trial:
    from gaitviewer.video import digest_file, index_video

    def stream(view: View) -> VideoStream:
        path = videos[view]
        return VideoStream(view, path, digest_file(path), index_video(path))

    sync = Sync(0.0, 0.001, GIVEN, message("note.sync.same_start"))
    return Trial(name, ByView(stream(View.SAGITTAL), stream(View.CORONAL)), sync)
