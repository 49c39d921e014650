"""Real recordings in the kinds of file that went wrong once, from pixels to strides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gaitviewer.core.gait import ByView
from gaitviewer.core.measures import Measures
from gaitviewer.workflow.analysis.request import AnalyzeRequest, make_session
from gaitviewer.workflow.analysis.run import analyze
from tests.support.said import topics

pytestmark = pytest.mark.slow


@pytest.fixture
def measured(tmp_path: Path) -> Callable[[str], Measures]:
    """What is measured in the side view of a file; skips where the file is absent."""

    def run(name: str) -> Measures:
        path = Path(__file__).resolve().parents[3] / "shared" / "cases" / name
        if not path.is_file():
            pytest.skip(f"the file (../shared/cases/{name}) is not here")
        recordings = (ByView[Path | None](path, None),)
        return analyze(AnalyzeRequest(recordings, make_session("P1"), tmp_path / "out")).measures

    return run


def test_slow_motion_after_real_speed(measured: Callable[[str], Measures]) -> None:
    measures = measured("speed_ramp.mp4")
    counting = [stride for stride in measures.strides if stride.counts]
    assert counting
    assert all(stride.duration_s == pytest.approx(0.98, abs=0.05) for stride in counting)
    assert {stride.pass_index for stride in measures.strides if not stride.counts} == {1}
    (apart,) = [f.text for f in measures.quality if f.text.code == "finding.unlike_speeds.pass"]
    assert apart["stride_s"] == pytest.approx(4 * 0.98, abs=0.2)


def test_both_passes_of_joined_clips(measured: Callable[[str], Measures]) -> None:
    measures = measured("joined_clips.mts")
    seen = measures.motions[0].views.sagittal
    assert seen is not None
    assert [one.stop <= 96 for one in seen.passes] == [True, False]
    assert {stride.pass_index for stride in measures.strides if stride.counts} == {0, 1}
    assert all(stride.duration_s == pytest.approx(0.98, abs=0.05) for stride in measures.strides)
    assert not any(finding.text.code == "finding.frame_rate.uneven" for finding in measures.quality)


def test_a_mirrored_recording_is_warned_of(measured: Callable[[str], Measures]) -> None:
    assert "mirror_image" in topics(measured("mirror_matrix.mp4").quality)
