"""Sessions of long recordings, and how much a save writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.pose import PoseSequence
from gaitviewer.store.library import Library


def written_bytes(library: Library, save: Callable[[], object]) -> int:
    """How much a save adds to the write-ahead log."""
    library.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    log = library.path.with_name(library.path.name + "-wal")
    assert not log.exists() or log.stat().st_size == 0
    save()
    return log.stat().st_size


def with_frames(document: Document, count: int) -> Document:
    """The document with keypoints of so many frames."""
    rng = np.random.default_rng(3)

    def longer(pose: PoseSequence | None) -> PoseSequence | None:
        if pose is None:
            return None
        points = pose.xy.shape[1]
        return PoseSequence(
            rng.uniform(0, 700, (count, points, 2)).astype(np.float32),
            rng.uniform(0, 1, (count, points)).astype(np.float32),
            np.arange(count) / 60.0,
            pose.width,
            pose.height,
        )

    trials = tuple(replace(t, poses=ByView(*(longer(t.poses[v]) for v in View))) for t in document.trials)
    return replace(document, trials=trials)
