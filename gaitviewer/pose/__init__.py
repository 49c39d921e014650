"""Keypoints and outline of the walking subject, estimated in worker processes."""

from gaitviewer.pose.estimator import PoseEstimator
from gaitviewer.pose.masks import MaskSequence
from gaitviewer.pose.result import PoseResult
from gaitviewer.pose.runner import estimate_many
from gaitviewer.pose.source import FrameReader, FrameSource, VideoJob

"""Both views at once: the same as several videos."""

__all__ = [
    "FrameReader",
    "FrameSource",
    "MaskSequence",
    "PoseEstimator",
    "PoseResult",
    "VideoJob",
    "estimate_many",
]
