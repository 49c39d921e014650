"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gaitviewer.pose import PoseResult

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real recordings, kept beside the project; tests that need them are skipped where they are absent."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("the real recordings (../shared/data) are not here")
    return folder


@pytest.fixture(scope="session")
def shared_reference() -> Path:
    """Reference tables, kept beside the project."""
    folder = SHARED / "reference"
    if not folder.is_dir():
        pytest.skip("the reference tables (../shared/reference) are not here")
    return folder


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Library, settings, cache and logs of each test in a folder of its own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("GAITVIEWER_HOME", str(home))
    return home


CLIPS = {
    "clinic_sagittal": "clinic/sagittal.mp4",
    "clinic_coronal": "clinic/coronal.mp4",
    "street_sagittal": "street/sagittal.mp4",
}


@pytest.fixture(scope="session")
def real_poses(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, PoseResult]:
    """What the program estimates on each of ``CLIPS``, by name; nothing is taken from an earlier run."""
    from gaitviewer import video
    from gaitviewer.pose import FrameSource, VideoJob, estimate_many

    missing = [name for name in CLIPS.values() if not (shared_data / name).is_file()]
    if missing:
        pytest.skip(f"these real recordings are not here: {', '.join(missing)}")
    jobs = {}
    for clip, name in CLIPS.items():
        path = shared_data / name
        source = FrameSource("gaitviewer.video:open_video", (str(path),))
        jobs[clip] = VideoJob(source=source, info=video.index_video(path), name=clip)
    return estimate_many(jobs, use_cache=False, cache_dir=tmp_path_factory.mktemp("poses"))
