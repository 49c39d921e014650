"""The two kinds of work that are sent to workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gaitviewer.pose.estimator import PoseEstimator, Sighting
from gaitviewer.pose.follow import Run, follow
from gaitviewer.pose.scan import scan
from gaitviewer.pose.settings import load_settings
from gaitviewer.pose.source import VideoJob
from gaitviewer.pose.tracking import BodyPath

SCAN_COST = 2.0  # of searching one picture, in units of following the subject through one frame


@dataclass(frozen=True, slots=True, eq=False)
class ScanTask:
    """Search some pictures of a video for people. Returns a list of sightings."""

    key: int
    job: VideoJob
    frames: range

    @property
    def name(self) -> str:
        """The video."""
        return self.job.name

    @property
    def units(self) -> float:
        """Cost of one frame."""
        return SCAN_COST

    @property
    def weight(self) -> float:
        """Expected cost; searching goes first, for all else depends on it."""
        return 1e6 + SCAN_COST * len(self.frames)

    def perform(self, estimator: PoseEstimator, report: Callable[[int], None]) -> list[Sighting]:
        """Open the video and search it."""
        reader = self.job.source.open()
        try:
            return scan(
                reader,
                estimator,
                frames=self.frames,
                height_px=self.job.info.height,
                rate_hz=self.job.info.rate_hz,
                settings=load_settings().scan,
                report=report,
            )
        finally:
            reader.close()


@dataclass(frozen=True, slots=True, eq=False)
class FollowTask:
    """Follow the subject through one stretch in one direction. Returns a run."""

    key: int
    job: VideoJob
    stretch: int
    path: BodyPath
    span: range
    backward: bool

    @property
    def name(self) -> str:
        """The video."""
        return self.job.name

    @property
    def units(self) -> float:
        """Cost of one frame."""
        return 1.0

    @property
    def weight(self) -> float:
        """Expected cost: the frames of the path itself."""
        return float(self.path.stop - self.path.start)

    def perform(self, estimator: PoseEstimator, report: Callable[[int], None]) -> Run:
        """Open the video and follow."""
        reader = self.job.source.open()
        info = self.job.info
        try:
            return follow(
                reader,
                estimator,
                self.path,
                span=self.span,
                backward=self.backward,
                rate_hz=info.rate_hz,
                size=(info.width, info.height),
                settings=load_settings().follow,
                report=report,
            )
        finally:
            reader.close()
