"""Strides beside which another person is: which of them can still be measured, and which are of two persons.

The search for the subject tells where somebody is beside, before or behind the subject. There, the legs are
believed if the estimator is sure of the near one. The trunk never is: its points may be the other one's.
Limits stand in ``resources/events.toml`` (section ``company``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.settings import motion_settings
from gaitviewer.core.gait import Side, Stride, WalkingPass
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.remarks import RemarkKind, ViewRemarks
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.messages import NOTHING, Message, message

Rows = NDArray[np.int64]
_PARTS = ("HIP", "KNEE", "ANKLE", "HEEL", "BIG_TOE")


def judge_company(
    strides: Sequence[Stride],
    pose: PoseSequence,
    passes: Sequence[WalkingPass],
    remarks: ViewRemarks,
) -> tuple[Stride, ...]:
    """Mark the strides beside which another person is, and exclude those in which the two are mixed.

    Args:
        strides: of all passes of one view.
        pose: its keypoints, not smoothed, sides right.
        passes: of the view.
        remarks: what the search for the subject noticed.
    """
    there = np.zeros(len(pose), np.bool_)
    for first, last in remarks.spans(RemarkKind.PERSON_BESIDE):
        there[first : last + 1] = True
    out = []
    for one in strides:
        rows = np.flatnonzero((pose.times >= one.start_s) & (pose.times <= one.stop_s))
        if there[rows].any():
            walk = passes[one.pass_index]
            beside = walk.start + np.flatnonzero(there[walk.start : walk.stop])
            why = _mixed(pose, rows, beside, walk.near)
            one = replace(one, beside=True, excluded=one.excluded or why)
        out.append(one)
    return tuple(out)


def _mixed(pose: PoseSequence, rows: Rows, beside: Rows, near: Side | None) -> Message:
    """Why the keypoints of a stride may be those of two persons; NOTHING if they are one's.

    Args:
        pose: keypoints of the view.
        rows: frames of the stride.
        beside: frames of its pass in which somebody is beside the subject.
        near: the near side of the pass, None in an end view.
    """
    limits = motion_settings().company
    sides = list(Side) if near is None else [near]
    legs = [Keypoint[f"{side.name}_{part}"] for side in sides for part in _PARTS]
    # Who walks between subject and camera does so for the whole pass, though a stride may look well by chance.
    sure = min(float(np.median(pose.score[frames][:, legs])) for frames in (rows, beside))
    if sure < limits.least_score:
        return message("reason.two_persons.legs", percent=100 * sure)
    change = _size_change(pose, rows)
    if change > limits.most_size_change:
        return message("reason.two_persons.size", percent=100 * change)
    return NOTHING


def _size_change(pose: PoseSequence, rows: Rows) -> float:
    """Standard deviation of the trunk's length about a straight line over time, of its mean; 0 if unknown."""
    k = Keypoint
    ends = [
        (pose.xy[rows, left] + pose.xy[rows, right]) / 2
        for left, right in ((k.LEFT_SHOULDER, k.RIGHT_SHOULDER), (k.LEFT_HIP, k.RIGHT_HIP))
    ]
    length = np.linalg.norm(ends[0] - ends[1], axis=1).astype(np.float64)
    seen = np.isfinite(length)
    if seen.sum() < 3:
        return 0.0
    line = np.polyval(np.polyfit(rows[seen], length[seen], 1), rows[seen])
    return float(np.std(length[seen] - line) / np.mean(length[seen]))
