"""Poses of the real recordings, estimated once for all tests that look at them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gaitviewer import video
from gaitviewer.pose import FrameSource, PoseResult, VideoJob, estimate_many

CLIPS = {
    "clinic_sagittal": "clinic/sagittal.mp4",
    "clinic_coronal": "clinic/coronal.mp4",
    "street_sagittal": "street/sagittal.mp4",
}


@pytest.fixture(scope="session")
def real_poses(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, PoseResult]:
    """What the program estimates on each of ``CLIPS``, by name; nothing is taken from an earlier run."""
    missing = [name for name in CLIPS.values() if not (shared_data / name).is_file()]
    if missing:
        pytest.skip(f"these real recordings are not here: {', '.join(missing)}")
    jobs = {clip: _job(shared_data / name, clip) for clip, name in CLIPS.items()}
    return estimate_many(jobs, use_cache=False, cache_dir=tmp_path_factory.mktemp("poses"))


def _job(path: Path, name: str) -> VideoJob:
    source = FrameSource("gaitviewer.video:open_video", (str(path),))
    return VideoJob(source=source, info=video.index_video(path), name=name)
