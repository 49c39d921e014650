"""The main job on the demo walker, from pixels to files, against the walker's known truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from gaitviewer.cli import main
from gaitviewer.core.gait import BySide, ByView, EventKind, Side, View
from gaitviewer.core.measures import ViewMotion
from gaitviewer.errors import Cancelled
from gaitviewer.messages import Message, as_written
from gaitviewer.workflow.analysis.request import AnalyzeRequest, make_session
from gaitviewer.workflow.analysis.run import analyze
from tests.support import pdf

if TYPE_CHECKING:
    from tests.support.demo import Analysed, Cutter, Demo

pytestmark = pytest.mark.slow


def _seen(analysed: Analysed, view: View) -> ViewMotion:
    seen = analysed.result.measures.motions[0].views[view]
    assert seen is not None
    return seen


def test_all_files_are_written_and_readable(analysed: Analysed) -> None:
    from gaitviewer import formats

    names = {path.name for path in analysed.out.iterdir()}
    assert names == {
        "assessment.json", "kinematics.csv", "events.csv", "keypoints.parquet", "report.pdf"
    }  # fmt: skip
    found = formats.read_assessment(analysed.out / "assessment.json")
    assert found["models"] == []
    assert json.loads((analysed.out / "assessment.json").read_text(encoding="utf-8"))["schema_version"] == 2
    assert set(formats.read_keypoints(analysed.out / "keypoints.parquet")) == {
        ("t1", View.SAGITTAL), ("t1", View.CORONAL)
    }  # fmt: skip
    assert formats.read_events(analysed.out / "events.csv")
    assert formats.read_kinematics(analysed.out / "kinematics.csv")
    text = "".join(pdf.page_texts(analysed.out / "report.pdf"))
    assert "Research and education use" in text
    assert "KFX" in text


@pytest.mark.parametrize("view", list(View))
def test_the_walker_is_followed(analysed: Analysed, view: View) -> None:
    filmed = analysed.demo.scene.views[view]
    pose = _seen(analysed, view).raw
    hips = pose.xy[:, [11, 12]].mean(axis=1)
    truth = filmed.points_px[:, [11, 12]].mean(axis=1)
    leg = np.linalg.norm(filmed.points_px[:, 11] - filmed.points_px[:, 15], axis=1)
    inside = filmed.inside
    close = np.linalg.norm(hips - truth, axis=1) < 0.25 * leg
    assert close[inside].mean() >= 0.95


def test_directions_and_sides_are_right(analysed: Analysed) -> None:
    for view in View:
        true = {p.direction: p for p in analysed.demo.scene.views[view].passes()}
        found = _seen(analysed, view).passes
        assert {p.direction for p in found} == set(true)
        for one in found:
            assert one.near is true[one.direction].near


@pytest.mark.parametrize("side", list(Side))
def test_knee_flexion_comes_back_within_five_degrees(analysed: Analysed, side: Side) -> None:
    errors = []
    for curve in analysed.result.measures.curves:
        stride = curve.stride
        if curve.angle != "knee_flexion" or stride.side is not side or stride.far or not stride.counts:
            continue
        times = np.linspace(stride.start_s, stride.stop_s, curve.values.size)
        errors.append(np.abs(curve.values - _true_knee(analysed.demo, side, times)))
    assert errors, f"no stride of the {side.value} limb"
    assert float(np.nanmean(np.concatenate(errors))) <= 5.0


def _true_knee(demo: Demo, side: Side, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Knee flexion of the walker's own 3D joints, degrees."""
    filmed = demo.scene.views.sagittal
    hip, knee, ankle = (11, 13, 15) if side is Side.LEFT else (12, 14, 16)
    points = filmed.motion.points
    thigh, shank = points[:, knee] - points[:, hip], points[:, ankle] - points[:, knee]
    cosine = (thigh * shank).sum(axis=1) / (np.linalg.norm(thigh, axis=1) * np.linalg.norm(shank, axis=1))
    return np.interp(times, filmed.times, np.degrees(np.arccos(np.clip(cosine, -1, 1))))


@pytest.mark.parametrize("kind", list(EventKind))
def test_events_come_back_within_a_frame(analysed: Analysed, kind: EventKind) -> None:
    filmed = analysed.demo.scene.views.sagittal
    frame_s = 1 / filmed_rate(filmed.times)
    errors = []
    for found in _seen(analysed, View.SAGITTAL).events:
        for side in Side:
            true = np.array([e.time_s for e in filmed.events.of(kind, side)])
            errors += [float(np.abs(true - e.time_s).min()) for e in found.of(kind, side)]
    assert len(errors) >= 6
    assert np.median(errors) <= frame_s


def filmed_rate(times: NDArray[np.float64]) -> float:
    return float(1 / np.median(np.diff(times)))


def test_the_offset_between_the_views_is_found(analysed: Analysed) -> None:
    sync = analysed.result.measures.motions[0].sync
    assert sync is not None
    assert abs(sync.offset_s - analysed.demo.scene.offset_s) <= max(0.1, 2 * sync.sigma_s)


def test_every_sagittal_item_is_assessed_or_refused_with_a_reason(analysed: Analysed) -> None:
    for side in Side:
        for measure in analysed.result.measures.evgs.measures[side]:
            assert measure.assessable or measure.reason
            if measure.assessable:
                assert measure.evidence
        seen = [m for m in analysed.result.measures.evgs.measures[side] if m.assessable]
        assert len(seen) >= 12


def test_a_second_run_takes_the_poses_from_the_cache(
    analysed: Analysed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAITVIEWER_HOME", str(analysed.home))
    import gaitviewer.pose.runner as runner

    def never(*_: object, **__: object) -> None:
        raise AssertionError("poses were estimated again")

    monkeypatch.setattr(runner, "_run", never)
    videos = analysed.demo.videos
    request = AnalyzeRequest(
        (ByView[Path | None](videos.sagittal, videos.coronal),),
        analysed.result.document.session,
        tmp_path / "out",
    )
    again = analyze(request)
    first = [m.value for side in Side for m in analysed.result.measures.evgs.measures[side]]
    assert [m.value for side in Side for m in again.measures.evgs.measures[side]] == first


def test_an_analysis_never_throws_a_persons_work_away(
    analysed: Analysed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from gaitviewer.core.document import Texts
    from gaitviewer.core.evgs import Grade
    from gaitviewer.store import open_library

    monkeypatch.setenv("GAITVIEWER_HOME", str(analysed.home))
    library_file = tmp_path / "library.db"
    grade = Grade(11, Side.LEFT, 1, "AB", "2026-01-01T10:00:00+00:00", "stiff")
    data = analysed.result.document.trials[0]
    left_out = (("t1/sagittal/p0/left/0", "stumbled"),)
    worked = replace(
        analysed.result.document,
        trials=(replace(data, excluded_strides=left_out),),
        grades=(grade,),
        texts=Texts(findings="walks well"),
        foot_zero_deg=BySide(3.5, None),
    )
    with open_library(library_file) as library:
        library.save_session(worked)
    videos = analysed.demo.videos
    recordings = (ByView[Path | None](videos.sagittal, videos.coronal),)
    session = analysed.result.document.session
    again = analyze(AnalyzeRequest(recordings, session, tmp_path / "out", library=library_file))
    with open_library(library_file) as library:
        kept = library.load_session(session.id)
    assert kept.grades == (grade,)
    assert kept.texts.findings == "walks well"
    assert kept.trials[0].excluded_strides == left_out
    assert kept.foot_zero_deg == BySide(3.5, None)
    assert again.measures.flat_foot_zero_deg.left == pytest.approx(3.5)
    assert [s.key for s in again.measures.strides if s.excluded == as_written("stumbled")]


def test_sessions_lists_it(
    analysed: Analysed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GAITVIEWER_HOME", str(analysed.home))
    assert main(["sessions", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["subject"] for row in rows] == ["DEMO"]
    assert main(["sessions"]) == 0
    assert "DEMO" in capsys.readouterr().out


def test_a_portrait_video_with_rotation_is_analysed_upright(
    analysed: Analysed, cutter: Cutter, tmp_path: Path
) -> None:
    def sideways() -> object:
        for frame in cutter.frames(View.SAGITTAL, 0, 80):
            portrait = np.full((1280, 1280, 3), 200, np.uint8)[:, :1280]
            portrait[280:1000] = frame
            yield np.ascontiguousarray(np.rot90(portrait))

    path = cutter.write("phone.mp4", sideways(), rate_hz=30, rotation_deg=90)
    only = (ByView[Path | None](path, None),)
    result = analyze(AnalyzeRequest(only, make_session("R"), tmp_path / "out", keep=False))
    seen = result.measures.motions[0].views.sagittal
    assert seen is not None
    assert [p.direction for p in seen.passes] == [_seen(analysed, View.SAGITTAL).passes[0].direction]


def test_stopping_leaves_nothing_behind(demo: Demo, tmp_path: Path) -> None:
    import psutil

    def stop(fraction: float, note: Message) -> None:
        if fraction > 0.2:
            raise Cancelled

    out = tmp_path / "out"
    only = (ByView[Path | None](demo.videos.sagittal, None),)
    with pytest.raises(Cancelled):
        analyze(AnalyzeRequest(only, make_session("C"), out, use_cache=False), tick=stop)
    assert not out.exists() or list(out.iterdir()) == []
    names = [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]
    assert not [name for name in names if "spawn_main" in name]


def test_models_are_asked_where_their_sections_are_printed(
    analysed: Analysed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gaitviewer.formats import read_assessment

    monkeypatch.setenv("GAITVIEWER_HOME", str(analysed.home))
    videos, out = analysed.demo.videos, tmp_path / "out"
    given = ["analyze", "--sagittal", str(videos.sagittal), "--coronal", str(videos.coronal), "--subject", "M"]
    assert main([*given, "--out", str(out), "--no-library", "--sections", "models,doubts"]) == 0
    found = read_assessment(out / "assessment.json")
    assert {one["task"] for one in found["models"]} == {"severity", "evgs", "scoliosis"}
    assert all(one["statement"] for one in found["models"])
    (evgs,) = [one for one in found["models"] if one["task"] == "evgs"]
    words = " ".join(pdf.page_texts(out / "report.pdf"))
    sure = [row["probabilities"]["atypical"] for row in evgs["opinions"] if row["probabilities"]]
    assert sure
    for chance in sure:
        assert f"{round(100 * chance)} %" in words
    assert "Why you should doubt this" in words
    assert "explanations.npz" in capsys.readouterr().out


def test_what_explains_an_answer_is_exported_from_the_library(
    analysed: Analysed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gaitviewer.formats import read_explanations

    monkeypatch.setenv("GAITVIEWER_HOME", str(analysed.home))
    session = analysed.result.document.session.id
    (tmp_path / "taken").write_text("mine")
    assert main(["predict", session, "--model", "evgs", "--export", str(tmp_path / "taken")]) == 2
    assert "taken" in capsys.readouterr().err
    assert main(["predict", session, "--model", "evgs", "--export", str(tmp_path / "out")]) == 0
    assert "explanations.npz in" in capsys.readouterr().out
    arrays = read_explanations(tmp_path / "out" / session / "evgs-1" / "explanations.npz")
    assert arrays["evgs.attention.0.values"].ndim == 3
    assert {name.split(".")[1] for name in arrays} == {"attention", "occlusion"}
