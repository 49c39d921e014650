"""A subject that walks behind something: the walk goes on, what is hidden stays unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.walking.trial import read_trial, read_view
from gaitviewer.core.gait import ByView, EventKind, Side, View
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Session, Subject, Trial
from gaitviewer.core.skeleton import Keypoint
from tests.support.said import codes

WIDTH_PX = 100.0


def _behind(pose: PoseSequence, *, at: float = 0.5) -> tuple[PoseSequence, np.ndarray]:
    """The same walk with everything between two columns of the picture hidden, and what is."""
    left = at * pose.width - 0.5 * WIDTH_PX
    hidden = (pose.xy[..., 0] > left) & (pose.xy[..., 0] < left + WIDTH_PX)
    xy, score = pose.xy.copy(), pose.score.copy()
    xy[hidden], score[hidden] = np.nan, 0.0
    return pose.with_points(xy, score=score), hidden


@pytest.mark.parametrize("at", [0.35, 0.45, 0.55, 0.65])
def test_a_walk_goes_on_behind_something(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence], at: float
) -> None:
    whole = from_side(walk(), noise_px=1.0)
    pose, hidden = _behind(whole, at=at)
    free, seen = (read_view(one, View.SAGITTAL, trial_id="t1") for one in (whole, pose))
    assert [(one.start, one.stop) for one in seen.passes] == [(one.start, one.stop) for one in free.passes]
    assert "finding.hidden.is" in codes(one.text for one in seen.quality)
    assert "finding.hidden.is" not in codes(one.text for one in free.quality)
    # every event that is found is one of the walk, and is no surer than it can be
    for kind in EventKind:
        for side in Side:
            true = np.array([e.time_s for e in free.events[0].of(kind, side)])
            foot = [Keypoint[f"{side.name}_{part}"] for part in ("HEEL", "BIG_TOE")]
            for event in seen.events[0].of(kind, side):
                assert np.abs(true - event.time_s).min() < 0.07
                frame = int(np.searchsorted(pose.times, event.time_s))
                if hidden[frame][foot].all():
                    assert not event.agreed
                    assert event.sigma_s > 0.04
    assert len(seen.strides) >= len(free.strides) - 2


def test_what_is_hidden_is_measured_nowhere(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    whole = from_side(walk())
    pose, hidden = _behind(whole)
    trials = [read_trial(Trial("t1", ByView(None, None)), ByView(one, None)) for one in (whole, pose)]
    free, seen = (measure_session(Session("s", Subject("x")), [one]) for one in trials)
    known = {(c.angle, c.stride.side, round(c.stride.start_s, 1)): c for c in free.curves}
    judged = 0
    for curve in seen.curves:
        stride, side = curve.stride, curve.stride.side
        if curve.angle != "knee_flexion":
            continue
        leg = [Keypoint[f"{side.name}_{part}"] for part in ("HIP", "KNEE", "ANKLE")]
        times = pose.times[hidden[:, leg].any(axis=1)]
        percent = 100.0 * (times - stride.start_s) / stride.duration_s
        inside = percent[(percent > 3) & (percent < 97)]
        rows = np.unique(np.round(inside).astype(int))
        if len(rows) > 12:  # shorter gaps are bridged
            judged += 1
            assert np.isnan(curve.values[rows]).mean() >= 0.8
        same = known.get((curve.angle, side, round(stride.start_s, 1)))
        if same is not None:
            assert np.nanmax(np.abs(curve.values - same.values)) < 6.0
    assert judged >= 1


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_legs_that_come_out_exchanged_are_told_apart(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence], sign: float
) -> None:
    """The near leg stands lower in the picture and has the higher scores, on both sides of what hides it."""
    whole = from_side(walk(seconds=5.0, sign=sign), noise_px=1.0)
    near = "LEFT" if sign > 0 else "RIGHT"
    score = whole.score.copy()
    score[:, [k for k in Keypoint if k.name.startswith(near)]] += 0.08
    whole = whole.with_points(whole.xy, score=score)
    pose, _ = _behind(whole, at=0.55)
    hips = np.isfinite(pose.xy[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP], 0]).any(axis=1)
    out = int(np.flatnonzero(~hips)[-1]) + 1
    exchanged = pose.flipped_labels(out, len(pose))
    one, two = (read_view(p, View.SAGITTAL, trial_id="t1") for p in (pose, exchanged))
    later = slice(out + 20, len(pose))
    ankles = [Keypoint.LEFT_ANKLE, Keypoint.RIGHT_ANKLE]
    assert np.allclose(two.pose.xy[later][:, ankles], one.pose.xy[later][:, ankles], equal_nan=True)
    assert len(two.strides) == len(one.strides)
