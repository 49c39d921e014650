"""Outlines of the person that pose estimation kept in the cache."""

from __future__ import annotations

from gaitviewer import paths
from gaitviewer.core.document import TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.pose.cache import load_result
from gaitviewer.pose.masks import MaskSequence


def masks_of(data: TrialData) -> ByView[MaskSequence | None]:
    """The outlines of each view; None where the cache no longer has them."""

    def of(view: View) -> MaskSequence | None:
        made, stream = data.provenance[view], data.trial.videos[view]
        if made is None or stream is None:
            return None
        known = load_result(paths.cache_dir(), made.inputs_digest, stream.info)
        return None if known is None else known.masks

    return ByView(of(View.SAGITTAL), of(View.CORONAL))
