"""Published curves: numbers, signs, speed groups."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.analysis.outcomes import norms


def test_every_band_has_101_points_and_a_positive_spread() -> None:
    for group in norms.GROUPS:
        for angle in norms.SIGNS:
            band = norms.normal_band(angle, group)
            assert band is not None
            assert band.mean.shape == band.sd.shape == (101,)
            assert np.isfinite(band.mean).all()
            assert (band.sd > 0).all()


def test_known_points_of_the_free_group() -> None:
    knee = norms.normal_band("knee_flexion")
    assert knee is not None
    assert knee.mean[0] == pytest.approx(5.55, abs=0.01)
    assert knee.mean.max() == pytest.approx(59.1, abs=0.6)
    assert int(np.argmax(knee.mean)) in range(70, 76)


@pytest.mark.parametrize(
    ("file", "source", "group"),
    [
        ("schwartz2008_free_wide.csv", "schwartz2008", "free"),
        ("schwartz2008_verySlow_wide.csv", "schwartz2008", "very_slow"),
        ("schwartz2008_veryFast_wide.csv", "schwartz2008", "very_fast"),
        ("pinzone2014_centreOne_wide.csv", "pinzone2014", "centre_one"),
        ("pinzone2014_centreTwo_wide.csv", "pinzone2014", "centre_two"),
    ],
)
def test_our_figures_are_the_published_ones(shared_data: Path, file: str, source: str, group: str) -> None:
    with (shared_data / "normative" / file).open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    for angle, (column, sign) in norms.SIGNS.items():
        band = norms.normal_band(angle, group, source=source)
        assert band is not None
        mean = sign * np.array([float(row[f"{column}_mean"]) for row in rows])
        sd = np.array([float(row[f"{column}_sd"]) for row in rows])
        np.testing.assert_allclose(band.mean[::2], mean, atol=0.0051)
        np.testing.assert_allclose(band.sd[::2], sd, atol=0.0051)


def test_only_foot_progression_changes_its_sign() -> None:
    """Children toe out: external is positive here, negative in the published tables."""
    foot = norms.normal_band("foot_progression")
    assert foot is not None
    assert foot.mean[10:50].mean() > 5.0
    assert [angle for angle, (_, sign) in norms.SIGNS.items() if sign < 0] == ["foot_progression"]


def test_angles_without_a_norm_have_none() -> None:
    assert norms.normal_band("trunk_tilt") is None


def test_a_differing_definition_is_said() -> None:
    hip, knee = norms.normal_band("hip_flexion"), norms.normal_band("knee_flexion")
    assert hip is not None
    assert knee is not None
    assert knee.comparable
    assert not hip.comparable
    assert hip.note.code == "note.norm.hip_flexion"


@pytest.mark.parametrize(
    ("speed", "group"),
    [
        (0.10, "very_slow"), (0.226, "very_slow"), (0.227, "slow"), (0.362, "slow"), (0.363, "free"),
        (0.499, "free"), (0.5, "fast"), (0.635, "fast"), (0.636, "very_fast"), (0.9, "very_fast"),
    ],
)  # fmt: skip
def test_speed_groups_meet_without_gap(speed: float, group: str) -> None:
    assert norms.choose_speed_group(speed).name == group


def test_unknown_speed_is_assumed_free_and_says_so() -> None:
    group = norms.choose_speed_group(None)
    assert group.name == "free"
    assert group.note.code == "note.speed.assumed"
