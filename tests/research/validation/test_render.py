"""Motion capture filmed as a drawn body and measured from its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gaitviewer.cli.arguments import build_parser
from gaitviewer.core.gait import View
from gaitviewer.errors import SettingsError
from gaitviewer.formats.c3d import read_c3d
from gaitviewer.research.validation.body import complete_body
from gaitviewer.research.validation.compare import FILE, MARKERS
from gaitviewer.research.validation.films import film_body
from gaitviewer.research.validation.projection import find_body, place_cameras, resample
from gaitviewer.research.validation.run import (
    ValidationOptions,
    format_report,
    report_as_json,
    validate_files,
)
from gaitviewer.research.validation.scenes import find_scenes
from gaitviewer.video import open_video

SHORT = "HC033A10.c3d"  # 1.7 s


def test_a_filmed_body_gets_no_noise_added() -> None:
    with pytest.raises(SettingsError, match="noise"):
        ValidationOptions(render=True, noise_px=5.0)


def test_the_command_has_the_switch() -> None:
    options = build_parser().parse_args(["validate", "a.c3d", "--render"])
    assert options.render
    assert options.pixels_per_metre is None


@pytest.mark.slow
def test_the_body_is_filmed_where_its_points_are(shared_data: Path, tmp_path: Path) -> None:
    trial = read_c3d(shared_data / "c3d" / SHORT)
    drawn = complete_body(trial, find_body(trial))
    options = ValidationOptions(rate_hz=15.0, pixels_per_metre=120.0, render=True)
    (scene,) = find_scenes(options, "ab" * 32)
    videos = film_body(drawn, scene, tmp_path)
    times, points = resample(drawn.body, 15.0)
    cameras = place_cameras(drawn.body, options)
    for view in View:
        with open_video(videos[view]) as reader:
            np.testing.assert_allclose(reader.info.times, times, atol=1e-3)
            first, later = (reader.frame(i).astype(float) for i in (5, 15))
        changed = np.abs(first - later).max(axis=2) > 40
        rows, columns = np.nonzero(changed)
        body = cameras[view].project(points[[5, 15]]).reshape(-1, 2)
        low, high = body.min(axis=0), body.max(axis=0)
        assert abs(columns.min() - low[0]) < 15
        assert abs(columns.max() - high[0]) < 15
        assert abs(rows.max() - high[1]) < 15


@pytest.mark.slow
def test_the_whole_program_measures_motion_capture_from_pixels(shared_data: Path) -> None:
    said: list[str] = []
    options = ValidationOptions(pixels_per_metre=200.0, rate_hz=30.0, render=True)
    report = validate_files([shared_data / "c3d" / SHORT], options, tick=lambda share, note: said.append(note))
    assert not report.comparisons[0].failure
    assert report.angle("knee_flexion", FILE).mae_near < 10.0
    assert report.angle("trunk_tilt", MARKERS).mae < 4.0
    everything = report.events[0]
    assert everything.found >= 0.75 * (everything.found + everything.missed)
    assert everything.median_abs_ms < 1000 / 30
    text = format_report(report)
    assert "from the pixels of a drawn body" in text
    assert "near" in text.splitlines()[3]
    assert text.splitlines()[1].startswith("legs put right by ")
    assert report_as_json(report)["options"]["render"] is True
    assert any(note.code == "progress.filming" for note in said)
    assert any(note.code.startswith("progress.pose") for note in said)
