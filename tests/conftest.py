"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gaitviewer.core.document import Document
    from gaitviewer.pose import PoseResult

SHARED = Path(__file__).resolve().parents[2] / "shared"


# Fixtures that take long to make; all tests that use one run in one process, so that it is made once.
COSTLY = ("demo", "real_poses")
# What takes longest runs first, so that no process waits for it at the end: those fixtures, then these rooms.
FIRST = (*COSTLY, "e2e", "research", "gui")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Several processes share the tests by whole files, or by costly fixtures."""

    def rank(item: pytest.Item) -> int:
        names = {*getattr(item, "fixturenames", ()), *item.path.relative_to(Path(__file__).parent).parts}
        return next((place for place, name in enumerate(FIRST) if name in names), len(FIRST))

    for item in items:
        costly = rank(item) < len(COSTLY)
        item.add_marker(pytest.mark.xdist_group(FIRST[rank(item)] if costly else str(item.path)))
    items.sort(key=rank)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real recordings, kept beside the project; tests that need them are skipped where they are absent."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("the real recordings (../shared/data) are not here")
    return folder


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """Small files that went wrong once, kept beside the project."""
    folder = SHARED / "cases"
    if not folder.is_dir():
        pytest.skip("the files that went wrong (../shared/cases) are not here")
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


@pytest.fixture(scope="session")
def walker_document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """The demo walk as an analysed session: perfect keypoints, and videos that show frame numbers.

    Each picture holds its number in binary in its top rows (see the counter of the video tests, scaled by 5).
    """
    import numpy as np

    from gaitviewer.core.document import Document, TrialData
    from gaitviewer.core.gait import ByView, View
    from gaitviewer.core.session import Footwear, Session, Subject, Trial, VideoStream, WalkingAid
    from gaitviewer.synthesis.demo import demo_scene
    from gaitviewer.video import digest_file, index_video, write_video
    from tests.support.walkers import observe

    scene = demo_scene(1, size=(960, 480))
    folder = tmp_path_factory.mktemp("walker")

    def picture(number: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
        image = np.full((480, 960, 3), 96, np.uint8)
        for bit in range(10):
            image[:160, 80 * bit : 80 * (bit + 1)] = 255 if number >> bit & 1 else 0
        image[160:, 2 * (number % 400) : 2 * (number % 400) + 40] = 160
        return image

    def stream(view: View) -> VideoStream:
        path = folder / f"walk-{'side' if view is View.SAGITTAL else 'front'}.mp4"
        times = scene.views[view].times
        write_video(path, (picture(n) for n in range(len(times))), times=times, gop=24)
        return VideoStream(view, path, digest_file(path), index_video(path))

    streams = ByView(stream(View.SAGITTAL), stream(View.CORONAL))
    sagittal, coronal = (
        observe(
            scene.views[view].motion.points,
            scene.views[view].camera,
            times=streams[view].info.times,
            noise_px=0.5,
            seed=3,
        )
        for view in View
    )
    session = Session(
        "walk1",
        Subject("P001"),
        height_m=scene.gait.height_m,
        footwear=Footwear.BAREFOOT,
        walking_aid=WalkingAid.NONE,
    )
    trial = Trial("t1", ByView[VideoStream | None](streams.sagittal, streams.coronal))
    return Document(session, (TrialData(trial, ByView(sagittal, coronal)),))
