"""Walks as they are, from their pictures: the files that went wrong, where they are at hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from gaitviewer import video
from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.walking.trial import read_trial
from gaitviewer.core.gait import ByView, Side
from gaitviewer.core.measures import Measures
from gaitviewer.core.session import Session, Subject, Trial
from gaitviewer.pose import FrameSource, VideoJob, estimate_many
from tests.support.said import codes

NAMES = ("control", "entry_stride_lost", "pole", "treadmill")


@pytest.fixture(scope="module")
def measured(shared_cases: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Measures]:
    jobs = {}
    for name in NAMES:
        path = shared_cases / f"{name}.mp4"
        source = FrameSource("gaitviewer.video:open_video", (str(path),))
        jobs[name] = VideoJob(source=source, info=video.index_video(path), name=path.name)
    found = estimate_many(jobs, use_cache=False, cache_dir=tmp_path_factory.mktemp("poses"))
    return {
        name: measure_session(
            Session("s", Subject("x"), height_m=1.6),
            [read_trial(Trial("t1", ByView(None, None)), ByView(found[name].pose, None))],
        )
        for name in NAMES
    }


def _strides(measures: Measures) -> list[tuple[str, float]]:
    return sorted((one.side.value, round(one.start_s, 1)) for one in measures.strides if one.counts)


def test_another_encoding_has_the_same_strides(measured: Mapping[str, Measures]) -> None:
    assert _strides(measured["entry_stride_lost"]) == _strides(measured["control"])
    for name in ("entry_stride_lost", "control"):
        assert sum(one.side is Side.LEFT and one.counts for one in measured[name].strides) == 2


def test_a_treadmill_is_measured_without_speed_and_lengths(measured: Mapping[str, Measures]) -> None:
    treadmill = measured["treadmill"]
    values = {one.name: one.values for one in treadmill.parameters}
    assert "finding.treadmill.is" in codes(one.text for one in treadmill.quality)
    for side in Side:
        time, stance = values["stride_time"][side], values["stance_percent"][side]
        assert time is not None
        assert stance is not None
        assert time.mean == pytest.approx(0.98, abs=0.02)
        assert stance.mean == pytest.approx(59.5, abs=2.0)
        assert values["speed"][side] is values["step_length"][side] is None
        assert sum(one.assessable for one in treadmill.evgs.measures[side]) == 11


def test_what_a_column_hides_is_left_out(measured: Mapping[str, Measures]) -> None:
    pole, control = measured["pole"], measured["control"]
    assert "finding.hidden.is" in codes(one.text for one in pole.quality)
    assert "finding.hidden.is" not in codes(one.text for one in control.quality)
    true = {(c.angle, c.stride.side, c.stride.pass_index): c.values for c in control.curves}
    for angle, most in (("knee_flexion", 4.0), ("hip_flexion", 3.0), ("ankle_dorsiflexion", 5.0)):
        mine = [c for c in pole.curves if c.angle == angle and c.stride.counts]
        assert mine
        for curve in mine:
            assert np.isnan(curve.values).any()
            off = np.abs(curve.values - true[angle, curve.stride.side, curve.stride.pass_index])
            assert np.nanmean(off) < most
    hidden = [one.item.code for one in pole.evgs.measures[Side.LEFT] if not one.assessable]
    assert {"WAD", "KFX", "HFX"} <= set(hidden)
