"""A point that a person set is followed on through the video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.correction.points import follow
from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.errors import AnalysisError
from gaitviewer.messages import message, named


def track_on(
    document: Document,
    trial: str,
    view: View,
    frame: int,
    points: Sequence[int],
    *,
    longest: int = 60,
    tick: Tick = no_progress,
) -> Document:
    """Points of a frame followed on by optical flow, each until it is lost or comes to one that a person set.

    They are followed over ``longest`` frames at most.

    Raises:
        AnalysisError: none could be followed.
        VideoError: the video is gone, another one, or damaged.
        Cancelled: the tick stopped the work.
    """
    from gaitviewer.pose.flow import follow_points
    from gaitviewer.video import open_recorded

    data = next(data for data in document.trials if data.trial.id == trial)
    stream, pose = data.trial.videos[view], data.poses[view]
    seen = [] if pose is None else [one for one in points if np.isfinite(pose.xy[frame, one]).all()]
    if stream is None or pose is None or not seen:
        raise AnalysisError(message("error.correction.nothing_to_follow", frame=frame, view=named(view)))
    stop = min(frame + longest + 1, len(pose))
    with open_recorded(stream) as reader:

        def pictures() -> Iterator[NDArray[np.uint8]]:
            for number, picture in reader.frames(frame, stop):
                tick((number - frame) / max(1, stop - frame), message("progress.following"))
                yield picture

        tracks = follow_points(pictures(), pose.xy[frame, seen])
    found = {point: tracks[:, place] for place, point in enumerate(seen)}
    return follow(document, trial, view, frame, found)
