"""Synthetic cohorts: the same for the same seed, resumable, labelled from clean data, read as sessions."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from gaitviewer.analysis.outcomes.norms import normal_band
from gaitviewer.core.gait import Side, View
from gaitviewer.core.learning import LabelledSession
from gaitviewer.core.serialise import parse_toml
from gaitviewer.errors import FormatError, SettingsError
from gaitviewer.messages import Message
from gaitviewer.research.cohort import labels as cohort_labels
from gaitviewer.research.cohort.files import film_subject
from gaitviewer.research.cohort.make import SyntheticCohort, make_cohort, open_cohort
from gaitviewer.research.cohort.pictures import SubjectPictures
from gaitviewer.research.cohort.pose_errors import describe, measure_residuals
from gaitviewer.research.cohort.summary import summarise, summary_lines
from gaitviewer.synthesis.filming.film import filming_table
from gaitviewer.synthesis.filming.pose_errors import PoseErrors, leg_px, pose_errors
from gaitviewer.synthesis.gait.subjects import draw_subject
from gaitviewer.workflow.analysis.measure import measure_document

SEED = 1


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> SyntheticCohort:
    return make_cohort(tmp_path_factory.mktemp("cohort") / "main", subjects=4, seed=SEED, workers=1)


@pytest.fixture(scope="module")
def sessions(cohort: SyntheticCohort) -> list[LabelledSession]:
    return [cohort.read(name) for name in cohort.session_ids()]


def test_sessions_hold_two_trials_in_two_views(sessions: list[LabelledSession]) -> None:
    assert len({s.subject for s in sessions}) == 4
    for session in sessions:
        assert session.synthetic
        assert len(session.document.trials) == 2
        assert session.document.session.height_m
        for data in session.document.trials:
            assert data.trial.sync is not None
            assert data.trial.sync.source == "given"
            for view in View:
                pose = data.poses[view]
                assert pose is not None
                assert 20 < pose.rate_hz < 65
                assert len(pose) / pose.rate_hz > 5.0
                assert (pose.width, pose.height) == (1280, 720)


def test_kinds_and_labels_fit_together(sessions: list[LabelledSession]) -> None:
    assert [s.facts["kind"] for s in sessions] == ["cp", "typical", "cp", "scoliosis"]
    for session in sessions:
        labels = session.labels
        patient = session.facts["kind"] == "cp"
        assert (labels.severity in (1, 2, 3, 4)) is patient
        assert (labels.asymmetry is None) is patient
        assert labels.source == cohort_labels.SOURCE
        for limb in labels.evgs:
            assert set(limb) <= {0, 1, 2, None}
            assert sum(score is not None for score in limb) >= 15
    assert sessions[1].labels.asymmetry is False
    assert sessions[3].labels.asymmetry is True


def test_production_code_measures_a_synthetic_session(sessions: list[LabelledSession]) -> None:
    measures = measure_document(sessions[1].document)
    counted = [
        stride
        for motion in measures.motions
        for view in View
        if (own := motion.views[view]) is not None
        for stride in own.strides
        if stride.counts
    ]
    assert len(counted) >= 12


def test_the_same_seed_gives_the_same_cohort_however_it_is_made(
    cohort: SyntheticCohort, tmp_path: Path
) -> None:
    folder = tmp_path / "again"

    def stop(fraction: float, note: Message) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_cohort(folder, subjects=4, seed=SEED, workers=1, tick=stop)
    assert len(list(folder.glob("*.npz"))) == 1
    with pytest.raises(FormatError, match="unfinished"):
        open_cohort(folder)
    made = []
    again = make_cohort(folder, subjects=4, seed=SEED, workers=2, tick=lambda f, note: made.append(note))
    assert len(made) == 3
    assert again.digest == cohort.digest
    assert open_cohort(folder).digest == cohort.digest
    untouched = make_cohort(folder, subjects=4, seed=SEED, workers=1, tick=stop)
    assert untouched.digest == cohort.digest


def test_foreign_newer_and_damaged_folders_are_refused(cohort: SyntheticCohort, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no synthetic cohort"):
        open_cohort(tmp_path)
    (tmp_path / "holiday.txt").write_text("beach")
    with pytest.raises(FormatError, match="not empty"):
        make_cohort(tmp_path, subjects=2, seed=1)
    with pytest.raises(FormatError, match="another cohort"):
        make_cohort(cohort.folder, subjects=4, seed=2)
    other = tmp_path / "other"
    other.mkdir()
    index = json.loads((cohort.folder / "cohort.json").read_text())
    for key, words in (("format", "newer"), ("edition", "newer")):
        (other / "cohort.json").write_text(json.dumps({**index, key: 999}))
        with pytest.raises(FormatError, match=words):
            open_cohort(other)
    (other / "cohort.json").write_text(json.dumps({**index, "edition": 0}))
    with pytest.raises(FormatError, match="older"):
        open_cohort(other)
    for text in (
        "{",
        "[" * 100_000,
        json.dumps({**index, "seed": "one"}),
        json.dumps({**index, "count": None}),
    ):
        (other / "cohort.json").write_text(text)
        with pytest.raises(FormatError, match="not the index"):
            open_cohort(other)
    (other / "cohort.json").write_text(json.dumps(index))
    (other / "subject-00000.npz").write_bytes(b"PK")
    with pytest.raises(FormatError, match="damaged"):
        open_cohort(other).read(cohort.session_ids()[0])
    with pytest.raises(SettingsError):
        make_cohort(tmp_path / "new", subjects=0, seed=1)
    with pytest.raises(SettingsError):
        make_cohort(tmp_path / "new", subjects=1, seed=1, shift="sideways")
    with pytest.raises(KeyError):
        cohort.read("synthetic-1-99999")


def test_any_damage_of_a_subject_is_one_clear_error(cohort: SyntheticCohort, tmp_path: Path) -> None:
    shutil.copytree(cohort.folder, tmp_path / "copy")
    copy = open_cohort(tmp_path / "copy")
    name = copy.session_ids()[0]
    path = copy.folder / "subject-00000.npz"
    good = path.read_bytes()
    random = np.random.default_rng(7)
    refused = []
    for number in range(60):
        content = bytearray(good)
        for place in random.integers(0, len(good), 1 + number % 3):
            content[place] ^= 1 << int(random.integers(8))
        if number % 4 == 0:
            del content[int(random.integers(len(good))) :]
        path.write_bytes(content)
        try:
            copy.read(name)
        except FormatError as error:
            refused.append(str(error))
    assert len(refused) > 40
    assert all("make the cohort again" in words and len(words) < 600 for words in refused)
    # Arrays of nothing, far larger than any subject, are not unpacked.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("facts.npy", bytes(300 * 2**20))
    with pytest.raises(FormatError, match="unpacks to 300 MB, more than the 64 MB"):
        copy.read(name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"age_years": "seven"}, "age_years: expected a number"),
        ({"trials": []}, ""),
        ({"trials": [{"offset_s": 0.1, "cameras": {}}]}, r"trials\[0\].cameras.sagittal: is missing"),
        ({"labels": 5}, "labels: expected a table"),
        ({"facts": {"kind": None}}, "facts.kind: expected"),
        ({"sex": ["F"]}, "sex: expected text"),
    ],
)
def test_facts_of_a_subject_are_checked(
    cohort: SyntheticCohort, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    shutil.copytree(cohort.folder, tmp_path / "copy")
    copy = open_cohort(tmp_path / "copy")
    path = copy.folder / "subject-00000.npz"
    with np.load(path) as stored:
        arrays = {key: stored[key] for key in stored.files}
    facts = json.loads(arrays["facts"].tobytes()) | change
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    np.savez_compressed(path, **arrays)
    name = copy.session_ids()[0]
    if not words:
        assert copy.read(name).document.trials == ()
        return
    with pytest.raises(FormatError, match=words):
        copy.read(name)


def test_labels_know_nothing_of_cameras_and_noise(sessions: list[LabelledSession]) -> None:
    subject = draw_subject(SEED, 0)
    labels = cohort_labels.label_subject(subject, seed=SEED * 1_000_003)
    assert labels == sessions[0].labels


def test_items_follow_the_walkers_own_quantities(sessions: list[LabelledSession]) -> None:
    for index, session in enumerate(sessions):
        gait = draw_subject(SEED, index).gait
        for side in Side:
            scores = session.labels.evgs[side]
            turned = abs(gait.limbs[side].knee_progression_deg)
            assert scores[7] == (0 if turned < 10.5 else 1 if turned < 25.5 else 2)
            valgus = gait.limbs[side].hindfoot_valgus_deg
            assert (scores[3] == 0) is (-0.5 <= valgus < 5.5)


def test_normal_walkers_lie_in_the_normal_band() -> None:
    shares: dict[str, list[float]] = {}
    for index in (1, 6, 11, 16, 21, 26):
        gait = draw_subject(SEED, index).gait
        truth = cohort_labels._truth_of(cohort_labels._straight_walk(gait, index))
        for angle in ("hip_flexion", "knee_flexion", "ankle_dorsiflexion"):
            band = normal_band(angle)
            assert band is not None
            for side in Side:
                curves = [
                    cohort_labels._cycle(truth, truth.angles[angle, side], stride)
                    for stride in truth.strides
                    if stride.side is side
                ]
                inside = np.abs(np.mean(curves, axis=0) - band.mean) <= 2 * band.sd
                shares.setdefault(angle, []).append(float(inside.mean()))
    for angle, found in shares.items():
        assert np.mean(found) >= 0.95, angle
        assert min(found) >= 0.80, angle


def test_shifted_cameras_and_noise_lie_outside_the_ordinary_ranges() -> None:
    usual_ranges, shifted_ranges = filming_table().none, filming_table().shifted
    for key in (
        "side_distance",
        "side_yaw_deg",
        "side_pitch_deg",
        "end_distance_m",
        "end_yaw_deg",
        "end_pitch_deg",
    ):
        ordinary, shifted = getattr(usual_ranges, key), getattr(shifted_ranges, key)
        assert shifted[0] > ordinary[1] or shifted[1] < ordinary[0], key
    assert not set(usual_ranges.rates_hz) & set(shifted_ranges.rates_hz)
    assert shifted_ranges.noise > usual_ranges.noise
    usual, moved = (film_subject(draw_subject(SEED, 1), 0, seed=SEED, shift=s) for s in ("none", "shifted"))
    assert usual.views.sagittal.camera != moved.views.sagittal.camera


def test_poses_lie_near_the_projected_walker_and_err_like_the_estimator(
    sessions: list[LabelledSession],
) -> None:
    found = []
    for index, session in enumerate(sessions[:2]):
        for number, data in enumerate(session.document.trials):
            scene = film_subject(draw_subject(SEED, index), number, seed=SEED, shift="none")
            for view in View:
                pose = data.poses[view]
                assert pose is not None
                filmed = scene.views[view]
                away = np.linalg.norm(pose.xy - filmed.points_px, axis=2) / leg_px(filmed)[:, None]
                assert 0.003 < float(np.nanmedian(away)) < 0.06
                near, far = away < np.nanquantile(away, 0.2), away > np.nanquantile(away, 0.95)
                assert pose.score[near].mean() > pose.score[far].mean()
                found.append(measure_residuals(filmed, pose))
    # Fitting the errors that were drawn gives the figures they were drawn from.
    again, given = parse_toml(describe(found, walkers=2, seed=SEED), PoseErrors), pose_errors()
    for fitted, drawn in ((again.sagittal, given.sagittal), (again.coronal, given.coronal)):
        assert fitted.never_seen == drawn.never_seen
        ratio = [fitted.jitter[name] / drawn.jitter[name] for name in ("hip", "knee", "heel")]
        assert 0.5 < float(np.median(ratio)) < 1.8
        bias = np.array([np.subtract(fitted.bias[n], drawn.bias[n]) for n in ("hip", "knee")])
        assert float(np.abs(bias).max()) < 0.03


def test_pictures_are_the_same_each_time_and_show_the_keypoints(sessions: list[LabelledSession]) -> None:
    data = sessions[0].document.trials[0]
    pictures = sessions[0].pictures["t1", View.SAGITTAL]
    assert isinstance(pictures, SubjectPictures)
    pose = data.poses.sagittal
    assert pose is not None
    frame = len(pose) // 4
    first, second = next(iter(pictures.read([frame]))), next(iter(pictures.read([frame])))
    assert np.array_equal(first.rgb, second.rgb)
    assert first.mask is not None
    assert first.rgb.shape == (pose.height, pose.width, 3)
    seen = pose.xy[frame][pose.seen[frame]]
    inside = [first.mask[round(float(y)), round(float(x))] for x, y in seen[4:]]
    assert np.mean(inside) > 0.7
    rows, columns = np.nonzero(first.mask)
    middle, half = (columns.mean(), rows.mean()), 0.6 * float(np.ptp(rows))
    box = (middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half)
    (crop,) = pictures.read_crop([frame], box, 160)
    assert crop.rgb.shape == (160, 160, 3)
    assert crop.mask is not None
    part = first.mask[max(0, round(box[1])) : round(box[3]), max(0, round(box[0])) : round(box[2])]
    assert crop.mask.mean() == pytest.approx(part.sum() / (2 * half) ** 2, rel=0.08)
    others = {sessions[i].pictures["t1", View.SAGITTAL].look.shirt for i in range(4)}  # type: ignore[attr-defined]
    assert len(others) == 4


def test_summary_counts_everybody(cohort: SyntheticCohort) -> None:
    summary = summarise(cohort)
    assert summary.kinds == {"cp": 2, "scoliosis": 1, "typical": 1}
    assert sum(summary.levels.values()) == 4
    assert summary.asymmetric == (1, 2)
    assert [item.number for item in summary.items] == list(range(1, 18))
    text = "\n".join(summary_lines(summary))
    assert "not" in text.splitlines()[-1]
    assert "KEX" in text
    assert json.dumps(summary.table())


def test_the_command_line_makes_and_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from gaitviewer.cli import main

    folder = tmp_path / "one"
    assert main(["cohort", "make", str(folder), "--subjects", "1", "--seed", "4", "--workers", "1"]) == 0
    assert main(["cohort", "show", str(folder)]) == 0
    assert "1 cp" in capsys.readouterr().out
    assert main(["cohort", "show", str(tmp_path)]) == 2


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_workers_end_with_a_command_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gaitviewer", "cohort", "make", str(tmp_path / "killed")]
    parent = subprocess.Popen(
        [*command, "--subjects", "40", "--seed", "3", "--workers", "2"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 60
        while not list(tmp_path.rglob("*.npz")):
            assert parent.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        workers = psutil.Process(parent.pid).children(recursive=True)
        assert len(workers) >= 2
        parent.send_signal(signal.SIGTERM)
        parent.wait(20)
        _, alive = psutil.wait_procs(workers, timeout=10)
        assert not alive
    finally:
        parent.kill()
        parent.wait()
