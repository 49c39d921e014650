"""The measuring core against motion capture: what must hold."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.gait import ByView, EventKind, GaitEvents, Side
from gaitviewer.core.measures import Measures
from gaitviewer.errors import AnalysisError, Cancelled, FormatError
from gaitviewer.formats.c3d import read_c3d
from gaitviewer.formats.trc import read_trc
from gaitviewer.messages import Message, message
from gaitviewer.research.validation import run as validation_run
from gaitviewer.research.validation.compare import FILE, MARKERS, PELVIS, compare
from gaitviewer.research.validation.items import CORONAL_ITEMS, FILE_ITEMS, MARKER_ITEMS
from gaitviewer.research.validation.projection import find_body
from gaitviewer.research.validation.run import (
    ValidationOptions,
    ValidationReport,
    format_report,
    measure_markers,
    report_as_json,
    validate_files,
)
from gaitviewer.research.validation.truth import Truth, find_truth


@pytest.fixture(scope="module")
def children(shared_data: Path) -> list[Path]:
    files = sorted((shared_data / "c3d").glob("*.c3d"))
    assert len(files) == 8
    return files


@pytest.fixture(scope="module")
def clean(children: list[Path]) -> ValidationReport:
    return validate_files(children)


@pytest.fixture(scope="module")
def one(children: list[Path]) -> tuple[Truth, Measures]:
    trial = read_c3d(children[0])
    truth = find_truth(trial, find_body(trial))
    return truth, measure_markers(children[0], truth.body, ValidationOptions(), trial.body)


@pytest.mark.parametrize(
    ("angle", "reference", "limit"),
    [
        ("knee_flexion", FILE, 2.0),
        ("ankle_dorsiflexion", FILE, 3.0),
        ("hip_flexion", MARKERS, 2.0),
        ("trunk_tilt", MARKERS, 2.0),
    ],
)
def test_angles_of_exact_keypoints(clean: ValidationReport, angle: str, reference: str, limit: float) -> None:
    row = clean.angle(angle, reference)
    assert row.trials == 8
    assert row.mae <= limit
    assert row.worst_trial <= limit
    assert row.mae_no_offset <= row.rmse_no_offset


def test_the_difference_to_the_pelvis_referred_hip_is_told(clean: ValidationReport) -> None:
    row = clean.angle("hip_flexion", PELVIS)
    assert row.mae > clean.angle("hip_flexion", MARKERS).mae
    assert row.mae_no_offset < 4.0
    assert "file (pelvis)" in format_report(clean)


def test_events_of_exact_keypoints(clean: ValidationReport) -> None:
    every, contacts, offs = clean.events
    assert (contacts.found, offs.found) == (37, 34)
    assert every.missed == 0
    assert every.extra == 0
    for row in clean.events:
        assert row.median_abs_ms <= 10.0


def test_scores_of_exact_keypoints(clean: ValidationReport) -> None:
    for numbers in (FILE_ITEMS, MARKER_ITEMS):
        row = clean.pooled(numbers)
        assert row.assessed == row.pairs == 16 * len(numbers)
        assert row.agreement >= 0.95, numbers
    for row in clean.items:
        if row.number in FILE_ITEMS:
            assert row.agreement >= 0.90, row.number


def test_healthy_children_score_as_their_own_angles_do(clean: ValidationReport) -> None:
    """A share of non-zero scores above 15 % must be the children's own: the truth has it as well."""
    for row in clean.items:
        if row.number in FILE_ITEMS + MARKER_ITEMS + CORONAL_ITEMS and row.nonzero_measured > 0.15:
            assert row.nonzero_measured <= row.nonzero_true + 0.07, row.number


@pytest.mark.slow
@pytest.mark.parametrize("rate_hz", [None, 60.0])
def test_noise_of_five_pixels_in_four_draws(children: list[Path], rate_hz: float | None) -> None:
    report = validate_files(children, ValidationOptions(rate_hz=rate_hz, noise_px=5.0, seeds=4))
    assert report.runs == 32
    assert report.angle("knee_flexion", FILE).mae <= 3.0
    assert report.events[0].median_abs_ms <= 20.0
    for numbers in (FILE_ITEMS, MARKER_ITEMS):
        assert report.pooled(numbers).clear_agreement >= 0.90, numbers


def test_a_turned_camera_is_worse_and_says_so(children: list[Path], clean: ValidationReport) -> None:
    turned = validate_files(children[:2], ValidationOptions(yaw_deg=25.0))
    assert turned.angle("knee_flexion", FILE).mae > 2 * clean.angle("knee_flexion", FILE).mae
    assert "yaw 25 deg" in format_report(turned)


def moved(measures: Measures, by_s: float, *, drop: tuple[EventKind, Side] | None = None) -> Measures:
    """The same measures with the side view's events moved, some left out."""
    (motion,) = measures.motions
    side_view = motion.views.sagittal
    assert side_view is not None
    events = tuple(
        GaitEvents(tuple(replace(e, time_s=e.time_s + by_s) for e in found.events if (e.kind, e.side) != drop))
        for found in side_view.events
    )
    views = ByView(replace(side_view, events=events), motion.views.coronal)
    return replace(measures, motions=(replace(motion, views=views),))


def test_an_event_that_comes_late_is_late(one: tuple[Truth, Measures]) -> None:
    truth, measures = one
    before = compare(truth, measures, seed=0)
    after = compare(truth, moved(measures, 0.03), seed=0)
    for first, second in zip(before.events, after.events, strict=True):
        assert first.error_ms is not None
        assert second.error_ms == pytest.approx(first.error_ms + 30.0)


def test_missed_and_extra_events_are_counted(one: tuple[Truth, Measures]) -> None:
    truth, measures = one
    drop = (EventKind.INITIAL_CONTACT, Side.LEFT)
    fewer = compare(truth, moved(measures, 0.0, drop=drop), seed=0)
    missed = [e for e in fewer.events if e.error_ms is None]
    assert missed
    assert {(e.kind, e.side) for e in missed} == {drop}
    far = compare(truth, moved(measures, 0.25), seed=0)
    assert all(e.error_ms is None for e in far.events)
    assert far.extra


def test_wrong_angles_are_seen(one: tuple[Truth, Measures]) -> None:
    truth, measures = one
    bent = tuple(
        replace(c, values=np.asarray(c.values) + (7.0 if c.angle == "knee_flexion" else 0.0))
        for c in measures.curves
    )
    right = compare(truth, measures, seed=0).angles
    wrong = compare(truth, replace(measures, curves=bent), seed=0).angles
    for a, b in zip(right, wrong, strict=True):
        assert b.errors - a.errors == pytest.approx(7.0 if a.angle == "knee_flexion" else 0.0)


def test_a_trial_that_cannot_be_measured_counts_as_missed(
    children: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Measures:
        raise AnalysisError(message("error.workflow.not_analysed"))

    monkeypatch.setattr(validation_run, "measure_markers", fail)
    report = validate_files(children[:1])
    assert report.events[0].found == 0
    assert report.events[0].missed > 5
    assert all(row.assessed == 0 for row in report.items)
    assert "This session has not been analysed yet" in format_report(report)
    json.dumps(report_as_json(report), allow_nan=False)


def test_the_report_as_text_and_as_data(clean: ValidationReport) -> None:
    text = format_report(clean)
    for word in ("knee_flexion", "initial contact", "toe-off", "KEX", "TSG", "8 trials", "450 px/m"):
        assert word in text
    assert max(len(line) for line in text.splitlines()) <= 112
    data = json.loads(json.dumps(report_as_json(clean), allow_nan=False))
    assert data["schema_version"] == 1
    assert len(data["items"]) == 17
    assert data["pooled"][FILE]["agreement"] == clean.pooled(FILE_ITEMS).agreement
    assert len(data["comparisons"]) == 8


def test_bad_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no file"):
        validate_files([])
    with pytest.raises(FormatError, match="does not exist"):
        validate_files([tmp_path / "none.c3d"])
    (tmp_path / "walk.csv").write_text("x")
    with pytest.raises(FormatError, match=r"walk\.csv is no marker file"):
        validate_files([tmp_path / "walk.csv"])


def test_it_can_be_stopped(children: list[Path]) -> None:
    def stop(fraction: float, note: Message) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        validate_files(children, tick=stop)


@pytest.fixture(scope="module")
def adults(shared_data: Path) -> dict[str, Measures]:
    """Ordinary walking, toe-in and trunk sway of one adult, as the two cameras see them."""
    found = {}
    for name in ("walking1", "walkingTI1", "walkingTS1"):
        path = shared_data / "opencap" / f"{name}.trc"
        trial = read_trc(path)
        found[name] = measure_markers(path, find_body(trial), ValidationOptions(noise_px=1.0))
    return found


def test_toe_in_is_told_by_foot_progression(adults: dict[str, Measures]) -> None:
    """These walks of 1.3 s hold one stride, of the right limb."""
    found = [m.foot_progression_deg.right for m in adults.values()]
    assert all(one is not None for one in found)
    ordinary, toe_in, sway = (one.mean for one in found if one is not None)
    assert toe_in < 0 < ordinary
    assert ordinary - toe_in > 8
    assert sway - toe_in > 8


def shift_range(measures: Measures) -> float:
    """Widest range of the lateral trunk shift over a stride, % of the leg length."""
    ranges = [
        float(np.nanmax(c.values) - np.nanmin(c.values))
        for c in measures.curves
        if c.angle == "trunk_lateral_shift" and np.isfinite(c.values).mean() > 0.8
    ]
    return float(np.median(ranges))


def test_trunk_sway_is_told_by_lateral_trunk_shift(adults: dict[str, Measures]) -> None:
    ordinary, toe_in, sway = (shift_range(adults[n]) for n in ("walking1", "walkingTI1", "walkingTS1"))
    assert sway > 2 * max(ordinary, toe_in)
