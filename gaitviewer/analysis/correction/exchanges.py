"""Where left and right may be exchanged: what a person is offered to put right at once."""

from __future__ import annotations

from gaitviewer.analysis.signal.prepared import prepare_view
from gaitviewer.analysis.walking.laterality import repair_flicker
from gaitviewer.analysis.walking.passes import find_passes
from gaitviewer.core.gait import View
from gaitviewer.core.pose import PoseSequence


def suspected_exchanges(shown: PoseSequence, view: View) -> tuple[tuple[int, int], ...]:
    """Frames ``start:stop`` in which the legs move on more steadily with left and right exchanged.

    Args:
        shown: keypoints with left and right as they are measured
            (:func:`gaitviewer.analysis.walking.trial.labelled_pose`).
        view: the camera's plane.
    """
    seen = prepare_view(shown)
    return tuple(
        (start, stop)
        for one in find_passes(seen, view)[0]
        for what, start, stop in repair_flicker(seen, one).stretches
        if what == "legs"
    )
